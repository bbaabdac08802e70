"""A node's HTTP: its port, the process http-server, and what is between the two."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from kinode_nb.process_lib import Our, ProcessId
from kinode_nb.runtime.kernel import Kernel
from kinode_nb.runtime.system_calls import ProcessCalls
from kinode_nb.system.http_server import HttpServer, Settings
from kinode_nb.system.http_server_door import Door

if TYPE_CHECKING:
    from kinode_nb.system.http_server_front import Front


class Web:
    """What one node has of HTTP; without a listener processes bind their paths in vain."""

    def __init__(
        self, listener: socket.socket | None, timeout: float, password: str | None
    ) -> None:
        """Have a port: ``timeout`` (seconds) and ``password`` are as `Net.boot` says."""
        self.port: int | None = listener.getsockname()[1] if listener else None
        self._listener = listener
        self._timeout = timeout
        self._password = password
        self._door: Door | None = None

    def process(self, kernel: Kernel) -> HttpServer:
        """Return the program of the node's http-server."""
        clock = kernel.scheduler.clock
        self._server = HttpServer(
            Settings(
                kernel.node,
                bits=kernel.random.getrandbits,
                now=lambda: (clock.now_ns() + clock.epoch_ns) / 1e9,
                timeout=self._timeout,
                password=self._password,
            )
        )
        return self._server

    def open(self, calls: Callable[[], ProcessCalls]) -> None:
        """Let clients in; ``calls`` makes system calls in the name of http-server."""
        if self._listener is not None and self.port is not None:
            port = self.port

            def front() -> "Front":
                from kinode_nb.system.http_server_front import Front

                return Front(self._server, _Asker(calls), port)

            self._door = Door(self._listener, front)

    def forget(self, process: ProcessId) -> None:
        """Unbind and close what a process has had that has ended."""
        self._server.forget(process)

    async def close(self) -> None:
        """Let nobody in any more, and end all connections."""
        if self._door is not None:
            await self._door.close()


class _Asker:
    """Makes the handles that http-server sends with: an `Asker` of ``http_server_asking``."""

    def __init__(self, calls: Callable[[], ProcessCalls]) -> None:
        self._calls = calls

    def __call__(self, *, rsvp: bool = True) -> Our:
        calls = self._calls()
        if not rsvp:
            calls.rsvp = None
        return Our(calls)
