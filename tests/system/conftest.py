import pytest

from tests.system.vfs_nodes import Node


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path / "home")
