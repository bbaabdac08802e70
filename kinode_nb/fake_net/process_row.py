"""A process's row of the table of processes."""

from kinode_nb.runtime.process import Process
from kinode_nb.types.rows import ProcessRow


def process_row(process: Process, status: str) -> ProcessRow:
    """Return the row of a process: ``running``, ``blocking`` or ``ended``."""
    return ProcessRow(
        node=process.address.node,
        process=str(process.id),
        package=str(process.id.package_id),
        language=process.language,
        status=status,
        public=process.public,
        on_exit=str(process.on_exit),
        queued=len(process.mailbox.queue),
        received=process.received,
        sent=process.sent,
        restarts=process.restarts,
        capabilities=tuple(sorted(map(str, process.capabilities))),
    )
