"""What the test build does before all else: the first message is the test's, and prepares it.

``"Caps"`` asks for the right to read the drive ``files``, which comes with the Response.
``{"WriteFile":{"name":…,"contents":[…]}}`` puts a file there; nobody waits for an answer.
"""

from kinode_nb.process_lib import KinodeError, Our, Request, vfs


async def prepare(our: Our) -> None:
    """Take the first message, and do as it says; another one is told, and lost."""
    our.print_to_terminal(0, "awaiting setup...")
    message = await our.receive()
    said = message.json() if isinstance(message, Request) else None
    drive = f"/{our.package_id}/files"
    match said:
        case "Caps":
            held = our.get_capability("vfs:distro:sys", {"kind": "read", "drive": drive})
            if held is None:
                raise KinodeError(f"the right to read {drive} is not held")
            await our.send_response(b"", capabilities=[held])
        case {"WriteFile": {"name": str(name), "contents": list(contents)}}:
            await vfs.File(our, f"{drive}/{name}").write(bytes(contents))
        case _:
            our.print_to_terminal(0, "a test build takes Caps or WriteFile first")
    our.print_to_terminal(0, "setup done")
