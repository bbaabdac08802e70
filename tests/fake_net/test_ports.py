"""Ports: on the loopback address, the next free one, and one line when taken."""

import contextlib

import pytest

from kinode_nb.fake_net import ports
from kinode_nb.types import NodeError, UsageError


def test_the_default_is_the_next_free_one_on_loopback() -> None:
    with contextlib.closing(ports.bind(None)) as first, contextlib.closing(ports.bind(None)) as two:
        assert first.getsockname()[0] == "127.0.0.1"
        assert two.getsockname()[1] > first.getsockname()[1] >= ports.FIRST


def test_a_port_in_use_is_told_with_a_free_one() -> None:
    with contextlib.closing(ports.bind(None)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(NodeError, match=rf"port {number} is in use: \d+ is free"):
            ports.bind(number)


@pytest.mark.parametrize("port", [0, -1, 65536, "eighty", ""])
def test_what_is_no_port_is_told(port: int | str) -> None:
    with pytest.raises(UsageError, match="is no port"):
        ports.bind(port)


def test_none_binds_nothing() -> None:
    assert ports.bind("none") is None


def test_under_jupyterhub_none_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ada/")
    assert ports.bind(None) is None
