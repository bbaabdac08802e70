"""What vfs answers when it does not do what it was asked to.

The names are Kinode's (``kinode/src/vfs.rs``); what other system processes answer too is in
`refusals`.
"""

import errno

from kinode_nb.system.refusals import Refused, io_error

NO_BLOB = "NoBlob"
UNZIP_ERROR = "UnzipError"

OUT_OF_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


def parse_error(text: str, host_path: str) -> Refused:
    """Return a ``ParseError``; its path is the machine's, as in Kinode."""
    return Refused({"ParseError": {"error": text, "path": host_path}})


def early_eof() -> Refused:
    """Return what a read beyond the end of a file gives (tokio's text)."""
    return io_error("early eof")
