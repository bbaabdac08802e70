import pytest

from tests.system import database_nodes
from tests.system.vfs_nodes import Node


@pytest.fixture
def node(tmp_path):
    return Node(tmp_path / "home")


@pytest.fixture
def base(tmp_path):
    """A node with kv, sqlite and timer."""
    return database_nodes.Node(tmp_path / "home")
