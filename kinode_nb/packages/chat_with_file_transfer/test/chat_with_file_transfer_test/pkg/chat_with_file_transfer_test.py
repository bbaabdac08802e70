"""Two nodes talk, and one gets a file from the other, all with one package."""

from kinode_nb.process_lib import Address, Our, ProcessId, tester, vfs

PROCESS = "chat-with-file-transfer:chat-with-file-transfer:template.os"
FILE = "chat-with-file-transfer:template.os/files/my_file.txt"
CONTENTS = b"hi"


@tester.test
async def init(our: Our, nodes: list[str]) -> None:
    """Have a file written there, talk, and download."""
    other = Address(nodes[1], ProcessId.parse(PROCESS))
    write = {"WriteFile": {"name": "my_file.txt", "contents": list(CONTENTS)}}
    await our.send_request(other, write)
    caps = await our.send_and_await_response(PROCESS, "Caps")
    our.save_capabilities(caps.capabilities)
    await talk(our, other)
    await download(our, other)


async def talk(our: Our, other: Address) -> None:
    """Say something, and find it in the other's history."""
    sent = {"Send": {"target": other.node, "message": "hello"}}
    answer = await our.send_and_await_response(PROCESS, sent, timeout=15)
    assert answer.json() == "Send"
    theirs = await our.send_and_await_response(other, {"History": our.node})
    assert theirs.json() == {"History": [{"author": our.node, "content": "hello"}]}


async def download(our: Our, other: Address) -> None:
    """Ask for the file, and read it in our own package's drive when it has come."""
    process = other.process
    target = {
        "node": other.node,
        "process": {
            "process_name": process.process_name,
            "package_name": process.package_name,
            "publisher_node": process.publisher_node,
        },
    }
    wanted = {"name": "my_file.txt", "target": target, "is_requestor": True}
    answer = await our.send_and_await_response(PROCESS, {"Download": wanted}, timeout=15)
    assert answer.json() == {"Download": {"Ok": None}}

    async def arrived() -> bool:
        return await vfs.exists(our, FILE) and await vfs.File(our, FILE).read() == CONTENTS

    await tester.until(arrived)
