"""Transfers files between nodes, and lends its worker to other packages."""
