"""The blocking interface to a net of fake nodes, safe from any thread."""

from kinode_nb.portal.bridge import Portal
from kinode_nb.portal.net import FakeNet, close_all, fakenet
from kinode_nb.portal.node import Node
from kinode_nb.portal.transfer import Transfer

__all__ = ["FakeNet", "Node", "Portal", "Transfer", "close_all", "fakenet"]
