"""The blocking interface to a net of fake nodes, safe from any thread."""

from kinode_nb.portal.awaiting import awaited
from kinode_nb.portal.bridge import Portal
from kinode_nb.portal.interrupts import InterruptedWait
from kinode_nb.portal.net import FakeNet, close_all, fakenet
from kinode_nb.portal.node import Node
from kinode_nb.portal.package_tests import run_tests
from kinode_nb.portal.test_results import Results
from kinode_nb.portal.transfer import Transfer

__all__ = [
    "FakeNet",
    "InterruptedWait",
    "Node",
    "Portal",
    "Results",
    "Transfer",
    "awaited",
    "close_all",
    "fakenet",
    "run_tests",
]
