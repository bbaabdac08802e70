"""A node's HTTP as a person has it: where it is, and how long it waits."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from kinode_nb.portal import FakeNet
from kinode_nb.process_lib import Address, Our
from kinode_nb.types import UsageError
from kinode_nb.types.capabilities import HTTP_SERVER, messaging
from tests.system.http_nodes import free_port


def test_an_address_that_a_browser_can_open(net: FakeNet) -> None:
    node = net.boot()
    assert node.url() == f"http://127.0.0.1:{node.port}/"
    with urllib.request.urlopen(node.url("login")) as page:
        assert page.status == 200


def test_behind_jupyter_server_proxy_the_address_is_the_hubs(
    net: FakeNet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    assert net.boot().port is None
    port = free_port()
    node = net.boot(port=port)
    assert node.url("/chat:chat:template.os") == f"/user/ann/proxy/{port}/chat:chat:template.os"


def test_how_long_an_answer_may_take_is_an_option(net: FakeNet) -> None:
    node = net.boot(http_timeout=0.05)
    call = json.dumps({"process": "nobody:is:there", "expects_response": 15}).encode()
    with pytest.raises(urllib.error.HTTPError, match="408") as caught:
        urllib.request.urlopen(node.url("/rpc:distro:sys/message"), call)
    caught.value.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl_reaches_a_process_as_kit_does(net: FakeNet) -> None:
    async def answer(our: Our) -> None:
        async for _ in our:
            await our.send_response("Ack")

    node = net.boot()
    server = Address(node.name, HTTP_SERVER)
    node.spawn(answer, "echo", public=True, capabilities=[messaging(server)])
    call = {
        "node": None,
        "process": "echo:notebook:template.os",
        "inherit": False,
        "expects_response": 15,
        "body": '"hi"',
        "metadata": None,
        "context": None,
        "mime": "application/octet-stream",
        "data": None,
    }
    words = ["curl", "-sS", "-X", "POST", "-H", "Content-Type: application/json"]
    url = f"http://localhost:{node.port}/rpc:distro:sys/message"
    done = subprocess.run([*words, "-d", json.dumps(call), url], capture_output=True, check=True)
    assert json.loads(done.stdout) == {"body": list(b'"Ack"'), "lazy_load_blob": None}


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), "15", True, None])
def test_a_time_that_is_none_is_told(net: FakeNet, seconds: object) -> None:
    with pytest.raises(UsageError, match="http_timeout is a number of seconds above 0"):
        net.boot(http_timeout=seconds)
    assert net.nodes().empty


def test_a_password_is_text(net: FakeNet) -> None:
    with pytest.raises(UsageError, match="a password must be text"):
        net.boot(password=1)


def test_other_options_are_another_node(net: FakeNet) -> None:
    node = net.boot("a.dev", port="none", http_timeout=2)
    assert net.boot("a.dev", port="none", http_timeout=2.0).name == node.name
    with pytest.raises(Exception, match="--fresh"):
        net.boot("a.dev", port="none")
