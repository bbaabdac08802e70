"""Nets of fake nodes: where all parts of the runtime are put together (async)."""

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.transfers import FINAL, TransferRecord

__all__ = ["FINAL", "Net", "Node", "TransferRecord"]
