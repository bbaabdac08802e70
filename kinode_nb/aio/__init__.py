"""The same interface as coroutines, for callers with an event loop of their own.

``await net.boot()``, ``await node.send(…)``: names and arguments are those of `FakeNet`, `Node`
and `Transfer`, and so is what they raise. Attributes that do not wait (``node.name``,
``transfer.status``) stay as they are. A process may use it too: each call goes through a thread,
so nothing waits for itself. An interrupt, or a cancellation, ends the waiting and what was waited
for; a transfer goes on.
"""

from kinode_nb.aio.net import FakeNet, fakenet
from kinode_nb.aio.node import Node
from kinode_nb.aio.transfer import Transfer

__all__ = ["FakeNet", "Node", "Transfer", "fakenet"]
