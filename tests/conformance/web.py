"""A client of a node's port. Sockets are real, so time stands while it waits for one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.conformance.world import HERE, World

ROUTE = "/rpc:distro:sys/message"

T = TypeVar("T")


class Web:
    """Requests to one node, in the shape that curl, kit and browsers send them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.port = 0
        self._sockets: list[WebSocketClientConnection] = []
        self.client = AsyncHTTPClient(force_instance=True)

    async def __aenter__(self) -> Self:
        node = await self.world.boot(HERE, port=None)
        assert node.port is not None
        self.port = node.port
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.standing(self._close())

    async def _close(self) -> None:
        await self.world.net.stop()
        self.client.close()
        for each in self._sockets:
            each.close()
        await _ended()

    async def standing(self, awaited: Awaitable[T]) -> T:
        """Wait while time stands."""
        clock = self.world.clock
        clock.autojump = False
        try:
            return await awaited
        finally:
            clock.autojump = True

    async def fetch(
        self, path: str, method: str = "GET", body: bytes | str | None = None, **headers: str
    ) -> HTTPResponse:
        """Return the response; header names are written with ``_`` for ``-``."""
        return await self.standing(self._fetch(path, method, body, headers))

    async def begin(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> asyncio.Future[HTTPResponse]:
        """Send a request, and return when it has reached the process that it is for."""
        asked = asyncio.ensure_future(self._fetch(path, method, body, headers))
        seen = len(self.world.net.log.entries)
        await self.until(lambda: len(self.world.net.log.entries) > seen)
        await self.world.settle()
        return asked

    async def unanswered(self, path: str, method: str = "GET", body: str | None = None) -> Any:
        """Return the response to a request that only time will answer."""
        return await (await self.begin(path, method, body))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what comes over a socket."""
        while not condition():
            await self.standing(asyncio.sleep(0))

    def _fetch(
        self, path: str, method: str, body: bytes | str | None, headers: dict[str, str]
    ) -> Awaitable[HTTPResponse]:
        request = HTTPRequest(
            f"http://127.0.0.1:{self.port}{path}",
            method,
            {name.replace("_", "-"): value for name, value in headers.items()},
            body,
            follow_redirects=False,
            allow_nonstandard_methods=True,
            request_timeout=1000,
        )
        return self.client.fetch(request, raise_error=False)

    async def rpc(self, process: str, body: Any = None, **more: Any) -> Any:
        """Call the route; returns the JSON that it answers."""
        call = {"process": process, "expects_response": 5, "body": json.dumps(body), **more}
        response = await self.fetch(ROUTE, "POST", json.dumps(call))
        assert response.code == 200, response
        return json.loads(response.body)

    async def socket(self, path: str) -> WebSocketClientConnection:
        url = f"ws://127.0.0.1:{self.port}{path}"
        connection = await self.standing(websocket_connect(HTTPRequest(url)))
        self._sockets.append(connection)
        return connection


async def _ended() -> None:
    """Wait until the connections' tasks have ended too."""
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
