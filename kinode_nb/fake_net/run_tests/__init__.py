"""``run-tests``: the tests of packages, on nodes of their own, through ``tester:tester:sys``."""

from kinode_nb.fake_net.run_tests.group import GroupRun

__all__ = ["GroupRun"]
