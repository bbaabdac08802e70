"""A worker that speaks the recipe's protocol as it stands."""

from kinode_nb.process_lib import Address, LazyLoadBlob, Our, ProcessId, Request

CHUNK = 1_048_576


async def ask_vfs(our: Our, path: str, action: object, blob: LazyLoadBlob | None = None) -> object:
    answer = await our.send_and_await_response(
        "vfs:distro:sys", {"path": path, "action": action}, blob=blob
    )
    return answer.json()


async def init(our: Our) -> None:
    first = await our.receive()
    download = first.json()["Download"]
    await our.send_response({"Download": {"Ok": None}})
    path = f"/{our.package_id}/files/{download['name']}"
    await ask_vfs(our, path, {"OpenFile": {"create": True}})
    target = Address(download["target"]["node"], ProcessId(**download["target"]["process"]))
    if download["is_requestor"]:
        await receive(our, first.source, target, download["name"], path)
    else:
        await send(our, target, download["name"], path)


async def receive(our: Our, parent: Address, provider: Address, name: str, path: str) -> None:
    me = our.address
    await our.send_request(
        provider,
        {
            "Download": {
                "name": name,
                "target": {
                    "node": me.node,
                    "process": {
                        "process_name": me.process.process_name,
                        "package_name": me.process.package_name,
                        "publisher_node": me.process.publisher_node,
                    },
                },
                "is_requestor": False,
            }
        },
        expects_response=5,
    )
    size = None
    async for message in our:
        if not isinstance(message, Request):
            continue
        match message.json():
            case {"Size": size}:
                pass
            case {"Chunk": chunk}:
                await ask_vfs(our, path, "WriteAll", our.get_blob())
                percent = 100 * (chunk["offset"] + chunk["length"]) // size
                await our.send_request(
                    parent, {"Progress": {"name": name, "progress": percent}}, expects_response=5
                )
                if percent >= 100:
                    return


async def send(our: Our, target: Address, name: str, path: str) -> None:
    size = (await ask_vfs(our, path, "Len"))["Len"]
    await our.send_request(target, {"Size": size})
    for offset in range(0, size, CHUNK):
        length = min(CHUNK, size - offset)
        await ask_vfs(our, path, {"ReadExact": {"length": length}})
        await our.send_request(
            target,
            {"Chunk": {"name": name, "offset": offset, "length": length}},
            blob=LazyLoadBlob(our.get_blob().bytes),
        )
