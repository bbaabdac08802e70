"""Chat that also transfers files, with the worker of file-transfer."""
