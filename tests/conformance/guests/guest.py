"""The guest of the Python host: does what tests/conformance/steps.py describes."""

import asyncio
import json

from kinode_nb.process_lib import (
    Capability,
    LazyLoadBlob,
    OnExit,
    Request,
    Response,
    SendError,
    SpawnError,
)
from kinode_nb.types import Address, ProcessError

DIRECTOR = "our@director:notebook:template.os"


async def init(our):
    guest = Guest(our)
    async for message in our:
        if isinstance(message, Request) and message.metadata == "script":
            if not await guest.play(**message.json()):
                return
        else:
            await guest.tell(idle=guest.shown(message))


class Guest:
    def __init__(self, our):
        self.our = our

    async def tell(self, **report):
        await self.our.send_request(DIRECTOR, json.dumps(report).encode())

    async def play(self, run, steps):
        for number, step in enumerate(steps):
            if step["do"] == "leave":
                return False
            arguments = {key: value for key, value in step.items() if key != "do"}
            got = await getattr(self, f"do_{step['do']}")(**arguments)
            await self.tell(run=run, step=number, got=got)
        await self.tell(run=run, done=True)
        return True

    def shown(self, message):
        error = isinstance(message, SendError)
        request = message.message if error else message
        carried = message.blob if error else self.our.get_blob()
        return {
            "kind": message.kind if error else type(message).__name__,
            "source": str(message.source),
            "body": message.body.decode("latin-1"),
            "metadata": message.metadata,
            "inherit": request.inherit,
            "expects": getattr(request, "expects_response", None),
            "capabilities": [shown_capability(each) for each in message.capabilities],
            "context": message.context if error or isinstance(message, Response) else None,
            "blob": shown_blob(carried),
        }

    async def do_send(self, target, body, expects=None, context=None, **more):
        await self.our.send_request(
            target, body.encode("latin-1"), expects, context=context, **read(more)
        )

    async def do_await(self, target, body, expects=5, **more):
        try:
            response = await self.our.send_and_await_response(
                target, body.encode("latin-1"), expects, **read(more)
            )
        except SendError as error:
            return self.shown(error)
        return self.shown(response)

    async def do_respond(self, body, **more):
        await self.our.send_response(body.encode("latin-1"), **read(more))

    async def do_receive(self):
        return self.shown(await self.our.receive())

    async def do_serve(self, times, answer):
        while times is None or times > 0:
            message = await self.our.receive()
            if isinstance(message, Request):
                body = message.body.decode("latin-1")
                await self.do_respond(**{"body": body, **answer})
                times = None if times is None else times - 1

    async def do_blobs(self):
        our = self.our
        return {
            "has": our.has_blob(),
            "get": shown_blob(our.get_blob()),
            "last": shown_blob(our.last_blob()),
        }

    async def do_spawn(self, name, path, grants, on_exit="None", requests=(), public=False):
        try:
            id_ = await self.our.spawn(
                path,
                name,
                OnExit.from_json(on_exit),
                [read_capability(each) for each in requests],
                [(who, params) for who, params in grants],
                public,
            )
        except SpawnError as error:
            return {"Err": error.kind}
        except ProcessError as error:  # a name that no process can have
            return {"Err": str(error)}
        return {"Ok": str(id_)}

    async def do_capabilities(self):
        return [shown_capability(each) for each in self.our.our_capabilities()]

    async def do_save(self, capabilities):
        self.our.save_capabilities([read_capability(each) for each in capabilities])

    async def do_drop(self, capabilities):
        self.our.drop_capabilities([read_capability(each) for each in capabilities])

    async def do_get_state(self):
        state = self.our.get_state()
        return None if state is None else state.decode("latin-1")

    async def do_set_state(self, state):
        self.our.set_state(state.encode("latin-1"))

    async def do_clear_state(self):
        self.our.clear_state()

    async def do_get_on_exit(self):
        return str(self.our.get_on_exit())

    async def do_set_on_exit(self, on_exit):
        self.our.set_on_exit(OnExit.from_json(on_exit))

    async def do_print(self, verbosity, text):
        self.our.print_to_terminal(verbosity, text)

    async def do_our(self):
        return str(self.our.address)

    async def do_linger(self, target, body):
        async def send_when_ended():
            try:
                await asyncio.Event().wait()
            finally:
                await self.our.send_request(target, body.encode("latin-1"))

        self.lingering = asyncio.create_task(send_when_ended())

    async def do_trap(self):
        raise RuntimeError("told to")


def read(arguments):
    """Return what the protocol writes as the objects that `Our` takes."""
    found = dict(arguments)
    if found.get("blob"):
        found["blob"] = LazyLoadBlob(found["blob"]["data"].encode("latin-1"), found["blob"]["mime"])
    if "capabilities" in found:
        found["capabilities"] = [read_capability(each) for each in found["capabilities"]]
    return found


def read_capability(shown):
    return Capability(Address.parse(shown["issuer"]), shown["params"])


def shown_capability(capability):
    return {"issuer": str(capability.issuer), "params": capability.params}


def shown_blob(blob):
    return None if blob is None else {"mime": blob.mime, "data": blob.bytes.decode("latin-1")}
