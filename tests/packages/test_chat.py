"""Chat, between real nodes, by real messages."""

import threading

import pytest

from kinode_nb.portal import FakeNet, Node
from kinode_nb.process_lib import Our
from kinode_nb.types import PackageError, SendError

Two = tuple[Node, Node]
CHAT = "chat-with-file-transfer:chat-with-file-transfer:template.os"


def said(node: Node, peer: str) -> list[tuple[str, str]]:
    frame = node.history(peer)
    return list(zip(frame["author"], frame["content"], strict=True))


def test_a_message_is_archived_on_both_sides(two: Two) -> None:
    one, other = two
    one.send("fake2.dev", "hello ✓")
    other.send("fake.dev", "hello yourself")
    both = [("fake.dev", "hello ✓"), ("fake2.dev", "hello yourself")]
    assert said(one, "fake2.dev") == both
    assert said(other, "fake.dev") == both
    assert "fake.dev: hello ✓" in other.terminal()


def test_bodies_are_kinodes(two: Two) -> None:
    one, _ = two
    assert one.request(CHAT, b'{"Send":{"target":"fake2.dev","message":"x"}}').body == b'"Send"'
    assert one.request(CHAT, {"History": "fake2.dev"}).body == (
        b'{"History":[{"author":"fake.dev","content":"x"}]}'
    )
    assert one.request(CHAT, {"History": "nobody.dev"}).body == b'{"History":[]}'


def test_our_is_the_own_node(two: Two) -> None:
    one, _ = two
    assert one.request(CHAT, {"Send": {"target": "our", "message": "to myself"}}).json() == "Send"
    assert said(one, "fake.dev")[-1] == ("fake.dev", "to myself")


def test_both_directions_at_once_never_time_out(net: FakeNet, two: Two) -> None:
    one, other = two
    failures: list[BaseException] = []

    def talk(speaker: Node, listener: str) -> None:
        try:
            for number in range(50):
                speaker.send(listener, f"{number}")
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=talk, args=(one, "fake2.dev")),
        threading.Thread(target=talk, args=(other, "fake.dev")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(said(one, "fake2.dev")) == len(said(other, "fake.dev")) == 100
    log = net.log(kind="send_error")
    assert log.empty


def test_a_stopped_node_is_offline_and_nothing_is_archived(two: Two) -> None:
    one, other = two
    other.stop()
    with pytest.raises(SendError, match=r"Offline: fake2\.dev is offline") as caught:
        one.send("fake2.dev", "anyone?")
    assert caught.value.kind == "Offline"
    assert caught.value.target.node == "fake2.dev"
    assert said(one, "fake2.dev") == []


def test_an_unknown_node_is_offline_with_the_nearest_name(two: Two) -> None:
    with pytest.raises(SendError, match=r"Did you mean 'fake2\.dev'\?"):
        two[0].send("fak2.dev", "hello")


def test_a_node_without_the_package_lets_the_sender_time_out(net: FakeNet, two: Two) -> None:
    net.boot("third.dev", port="none")
    third = net.node("third.dev")
    with pytest.raises(PackageError, match="start one"):
        third.send("fake.dev", "hello")
    assert "chat-with-file-transfer" in str(two[0].packages()["package"].tolist())


def test_another_node_may_not_speak_in_our_name_nor_read_our_chats(two: Two) -> None:
    one, other = two
    one.send("fake2.dev", "between us")
    with pytest.raises(SendError, match="Timeout"):
        other.request(
            f"fake.dev@{CHAT}", {"Send": {"target": "fake2.dev", "message": "forged"}}, timeout=1
        )
    with pytest.raises(SendError, match="Timeout"):
        other.request(f"fake.dev@{CHAT}", {"History": "third.dev"}, timeout=1)
    assert other.request(f"fake.dev@{CHAT}", {"History": "fake2.dev"}).json() == {
        "History": [{"author": "fake.dev", "content": "between us"}]
    }


def test_the_plain_chat_package_can_be_chosen(net: FakeNet, two: Two) -> None:
    one, other = two
    net.start("chat")
    one.send("fake2.dev", "in the other room", package="chat")
    assert other.history("fake.dev").empty
    assert other.history("fake.dev", package="chat")["content"].tolist() == ["in the other room"]


def test_a_body_that_is_none_of_the_chats_does_not_end_it(two: Two) -> None:
    one, _ = two

    async def rude(our: Our) -> None:
        await our.send_request(CHAT, {"Nonsense": 1})
        await our.send_request(CHAT, b"\xff")

    one.spawn(rude, name="rude")
    one.send("fake2.dev", "still there")
    assert said(one, "fake2.dev") == [("fake.dev", "still there")]
    assert one.processes()["restarts"].max() == 0
