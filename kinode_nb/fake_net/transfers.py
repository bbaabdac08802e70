"""Transfers, as the person sees them: one record each, kept true by what the workers report.

A worker tells its parent, in the metadata of its Progress, how far it is. The table watches the
parents' mail, so it knows every transfer of the net, whoever began it; it sends nothing itself.
"""

from collections.abc import Callable

import msgspec

from kinode_nb.runtime.clock import Clock
from kinode_nb.runtime.process import Process
from kinode_nb.types import Address, Message, TransferError, nearest
from kinode_nb.types.rows import TransferRow

_SAMPLES = 4096  # then every second one is forgotten
FINAL = ("done", "failed", "cancelled")


class Report(msgspec.Struct):
    """What a worker reports (packages/file_transfer, ``file_transfer_wire.Report``)."""

    status: str
    name: str
    provider: str
    received: int
    transfer: str = ""
    size: int = -1
    chunks: int = 0
    digest: str = ""
    verified: bool = False
    identical: bool = False
    path: str = ""
    error: str = ""


class _Metadata(msgspec.Struct, rename={"report": "file-transfer"}):
    report: Report


_decode = msgspec.json.Decoder(_Metadata).decode


class TransferRecord:
    """One transfer. Read it from any thread; only the runtime's thread changes it."""

    def __init__(
        self, id_: str, file: str, provider: str, requestor: str, package: str, clock: Clock
    ) -> None:
        """Begin to wait."""
        self.id = id_
        self.file = file
        self.provider = provider
        self.requestor = requestor
        self.package = package
        self.status = "waiting"
        self.report: Report | None = None
        self.error = ""
        self.path = ""
        self.worker: Address | None = None
        self.listeners: list[Callable[[], None]] = []
        self._clock = clock
        self.started = self._now()
        self.finished: int | None = None
        self._samples: list[tuple[int, int]] = [(self.started, 0)]

    def _now(self) -> int:
        return self._clock.now_ns() + self._clock.epoch_ns

    def row(self) -> TransferRow:
        """Return the state of now, for a table or a widget."""
        report = self.report
        size = report.size if report is not None and report.size >= 0 else None
        return TransferRow(
            id=self.id,
            file=self.file,
            provider=self.provider,
            requestor=self.requestor,
            package=self.package,
            bytes=size,
            received=report.received if report else 0,
            status=self.status,
            started_ns=self.started,
            finished_ns=self.finished,
            now_ns=self.finished or self._now(),
            chunks=report.chunks if report else 0,
            resumed=0,
            digest=report.digest if report else "",
            verified=report.verified if report else False,
            error=self.error,
            samples=tuple(self._samples),
        )

    def update(self, report: Report, why: str | None = None) -> None:
        """Take in a worker's report; what is final stays so. ``why`` is better than its error."""
        if self.status in FINAL:
            return
        self.report = report
        self.path = report.path
        self._sample(report.received)
        if report.status in FINAL:
            self._finish(report.status, report.error if why is None else why)
        else:
            self.status = report.status
        self._tell()

    def fail(self, reason: str) -> None:
        """End it without the worker's word."""
        if self.status not in FINAL:
            self._finish("failed", reason)
            self._tell()

    def _finish(self, status: str, error: str) -> None:
        self.error, self.finished = error, self._now()
        self.status = status  # last: other threads look at it first

    def _sample(self, received: int) -> None:
        self._samples.append((self._now(), received))
        if len(self._samples) > _SAMPLES:
            self._samples = self._samples[::2]

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


class TransferTable:
    """All transfers of a net, by id (``t1``, ``t2``, …)."""

    def __init__(
        self,
        clock: Clock,
        note: Callable[[str], None],
        explain: Callable[[TransferRecord], str],
    ) -> None:
        """Start empty.

        ``note`` is told what a person should know though nothing went wrong; ``explain`` may
        say why a provider did not answer.
        """
        self._note = note
        self._explain = explain
        self.records: dict[str, TransferRecord] = {}
        self.on_begun: list[Callable[[TransferRecord, int], None]] = []
        """Told of transfers that began without `begin`, and of the message that told so."""
        self._workers: dict[Address, TransferRecord] = {}
        self._clock = clock

    def begin(self, file: str, provider: str, requestor: str, package: str) -> TransferRecord:
        """Add a transfer that is about to be asked for."""
        id_ = f"t{len(self.records) + 1}"
        record = TransferRecord(id_, file, provider, requestor, package, self._clock)
        self.records[id_] = record
        return record

    def get(self, id_: str) -> TransferRecord:
        """Return a transfer by its id; raises TransferError."""
        try:
            return self.records[id_]
        except KeyError:
            raise TransferError(
                f"there is no transfer {id_!r}.{nearest(id_, self.records)} "
                "%kinode transfers lists them"
            ) from None

    def watch(self, process: Process) -> None:
        """Learn of transfers from the mail of a main process."""
        process.observer = self._observe

    def _observe(self, message: Message) -> None:
        if not message.metadata or not message.body.startswith(b'{"Progress"'):
            return
        if message.source.node != message.target.node:  # only a node's own workers are believed
            return
        try:
            report = _decode(message.metadata).report
        except msgspec.DecodeError:
            return
        record = self._record(message, report)
        if report.identical and record.status not in FINAL:
            self._note(f"{record.file} is there already, the same as on {record.provider}")
        why = self._explain(record) if report.error.startswith("Timeout") else ""
        record.update(report, f"Timeout: {why}" if why else None)

    def _record(self, message: Message, report: Report) -> TransferRecord:
        record = self._workers.get(message.source)
        if record is None:
            record = self.records.get(report.transfer)
            known = record is not None and record.requestor == message.target.node
            if record is None or not known:
                package = str(message.target.package_id)
                record = self.begin(report.name, report.provider, message.target.node, package)
            record.worker = message.source
            self._workers[message.source] = record
            if not known:
                for tell in list(self.on_begun):
                    tell(record, message.seq)
        return record

    def process_ended(self, process: Process, error: BaseException | None) -> None:
        """Fail the transfer of a worker that ended without a last word."""
        record = self._workers.pop(process.address, None)
        if record is not None:
            record.fail(f"its worker ended: {error}" if error else "its worker was ended")

    def node_stopped(self, node: str) -> None:
        """Fail what a stopped node was still receiving."""
        for record in self.records.values():
            if record.requestor == node:
                record.fail(f"{node} was stopped")
