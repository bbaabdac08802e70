"""The node's listening socket. No HTTP library is loaded before somebody connects."""

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinode_nb.system.http_server_front import Front
    from kinode_nb.system.http_server_web import Web


class Door:
    """A listening socket, served from the first connection on."""

    def __init__(self, listener: socket.socket, front: "Callable[[], Front]") -> None:
        """Watch the socket on the running loop; ``front`` makes what answers the clients."""
        self._listener = listener
        self._front = front
        self._loop = asyncio.get_running_loop()
        self._web: Web | None = None
        self._loop.add_reader(listener.fileno(), self._first)

    def _first(self) -> None:
        from kinode_nb.system.http_server_web import serve

        self._loop.remove_reader(self._listener.fileno())
        self._web = serve(self._front())
        self._web.add_socket(self._listener)

    async def close(self) -> None:
        """Stop listening, and end the connections."""
        if self._web is None:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
        else:
            await self._web.close()
