"""A main process that speaks the recipe's protocol as it stands: bodies only, no metadata.

It does what the recipe does, its weaknesses included: Ok comes before anything is opened.
"""

from kinode_nb.process_lib import Address, Our, Request


async def ask_vfs(our: Our, path: str, action: object) -> object:
    answer = await our.send_and_await_response("vfs:distro:sys", {"path": path, "action": action})
    return answer.json()


async def init(our: Our) -> None:
    files = f"/{our.package_id}/files"
    await ask_vfs(our, files, "CreateDrive")
    async for message in our:
        if not isinstance(message, Request):
            continue
        match message.json():
            case "ListFiles":
                listing = await ask_vfs(our, files, "ReadDir")
                infos = []
                for entry in listing["ReadDir"]:
                    meta = await ask_vfs(our, entry["path"], "Metadata")
                    infos.append({"name": entry["path"], "size": meta["Metadata"]["len"]})
                await our.send_response({"ListFiles": infos}, to=message)
            case {"Download": download}:
                worker = await our.spawn(
                    f"{our.package_id}/pkg/worker.py",
                    request_capabilities=our.our_capabilities(),
                )
                await our.send_response({"Download": {"Ok": None}}, to=message)
                if not download["is_requestor"]:
                    source = message.source
                    process = source.process
                    download["target"] = {
                        "node": source.node,
                        "process": {
                            "process_name": process.process_name,
                            "package_name": process.package_name,
                            "publisher_node": process.publisher_node,
                        },
                    }
                await our.send_request(
                    Address(our.node, worker), {"Download": download}, expects_response=5
                )
            case {"Progress": progress}:
                our.print_to_terminal(0, f"{progress['name']} progress: {progress['progress']}%")
                await our.send_response("Progress", to=message)
