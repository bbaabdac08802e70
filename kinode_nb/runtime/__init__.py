"""One node's kernel: it decides, and does no I/O of its own."""
