"""A file that the second node offers is listed there, and arrives here byte for byte."""

from kinode_nb.process_lib import Address, Our, ProcessId, tester, vfs

PROCESS = "file-transfer:file-transfer:template.os"
FILE = "file-transfer:template.os/files/my_file.txt"
CONTENTS = b"hi"


@tester.test
async def init(our: Our, nodes: list[str]) -> None:
    """Have a file written there, look at both lists, and download."""
    provider = Address(nodes[1], ProcessId.parse(PROCESS))
    write = {"WriteFile": {"name": "my_file.txt", "contents": list(CONTENTS)}}
    await our.send_request(provider, write)
    caps = await our.send_and_await_response(PROCESS, "Caps")
    our.save_capabilities(caps.capabilities)

    ours = await our.send_and_await_response(PROCESS, "ListFiles")
    assert ours.json() == {"ListFiles": []}
    theirs = await our.send_and_await_response(provider, "ListFiles")
    assert theirs.json() == {"ListFiles": [{"name": FILE, "size": len(CONTENTS)}]}

    wanted = {"name": "my_file.txt", "target": as_json(provider), "is_requestor": True}
    answer = await our.send_and_await_response(PROCESS, {"Download": wanted}, timeout=15)
    assert answer.json() == {"Download": {"Ok": None}}

    async def arrived() -> bool:
        return await vfs.exists(our, FILE) and await vfs.File(our, FILE).read() == CONTENTS

    await tester.until(arrived)


def as_json(address: Address) -> dict[str, object]:
    """Return an address as a body has it."""
    process = address.process
    return {
        "node": address.node,
        "process": {
            "process_name": process.process_name,
            "package_name": process.package_name,
            "publisher_node": process.publisher_node,
        },
    }
