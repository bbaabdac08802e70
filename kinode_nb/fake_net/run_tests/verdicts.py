"""What came of a test: its status, its place in the source, and why."""

import linecache
from pathlib import PurePosixPath

import msgspec

from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.run_tests.denials import Denials
from kinode_nb.fake_net.run_tests.sources import Sources, is_file
from kinode_nb.hosts.tasks import ProcessTasks
from kinode_nb.process_lib.places import Place, place_of
from kinode_nb.process_lib.reasons import quote, story
from kinode_nb.process_lib.reasons import reason as reason_of
from kinode_nb.process_lib.tester import FailResponse, Outcome, Report
from kinode_nb.runtime.process import Process
from kinode_nb.types import Answer, KinodeError, ProcessId
from kinode_nb.types.capabilities import TESTER
from kinode_nb.types.test_rows import Status

_SHOWN = 80  # characters of a line of code


class Verdict(msgspec.Struct, frozen=True):
    """The part of a row that the answer to a Run decides."""

    status: Status
    place: Place = Place()
    reason: str = ""
    traceback: str = ""


def _folder(test: str) -> str:
    """Return the folder of a test's modules, as they are called."""
    return f"/{TESTER.package_id}/tests/{test}"


class Verdicts:
    """Judges the tests that run on one node."""

    def __init__(self, node: Node, sources: Sources) -> None:
        """Watch the test processes of the node from now on."""
        self._node = node
        self._sources = sources
        self._denials = Denials(node)
        self._ended: dict[str, BaseException | None] = {}
        node.kernel.on_end.append(self._note_end)

    def _note_end(self, process: Process, error: BaseException | None) -> None:
        if process.id.package_id == TESTER.package_id:
            self._ended[str(process.id)] = error

    def begin(self) -> None:
        """Judge what happens from now on."""
        self._denials.begin()

    def judge(self, test: str, answer: Answer) -> Verdict:
        """Return what the tester's answer to a Run of this one test means."""
        folder = _folder(test)
        verdict = self._judged(folder, answer)
        if verdict.status in ("passed", "error"):
            return verdict
        denied = self._sources.named(self._denials.told(folder))
        reason = "; ".join(filter(None, (verdict.reason, denied)))
        place = verdict.place if verdict.place.file else self._sources.init_of(folder)
        return msgspec.structs.replace(verdict, place=place, reason=reason)

    def unanswered(self, test: str, error: KinodeError) -> Verdict:
        """Return what it means that the tester has ended, or the node."""
        place = self._sources.init_of(_folder(test))
        return Verdict("error", place, f"the tester did not answer: {error}")

    def _judged(self, folder: str, answer: Answer) -> Verdict:
        try:
            outcome = msgspec.json.decode(answer.body, type=Outcome).run
            failure = outcome.get("Err")
            report = msgspec.json.decode(answer.metadata or '{"status":"failed"}', type=Report)
        except msgspec.DecodeError as error:
            return Verdict("error", reason=f"the tester's answer makes no sense: {error}")
        if failure is None:
            return Verdict("passed")
        is_told = bool(report.traceback)  # by the test itself
        if report.status == "crashed" and not is_told and report.process in self._ended:
            return self._crashed(self._ended[report.process], folder)
        if report.status == "hung":
            return self._hung(report, folder)
        place = self._told(failure, folder)
        return Verdict(report.status, place, report.reason, self._sources.named(report.traceback))

    def _told(self, failure: FailResponse, folder: str) -> Place:
        """Return the place that an Err tells, in the source."""
        if failure.file.startswith(f"{TESTER.package_id}/"):  # the test itself, as tester names it
            return Place()
        return self._in_source(Place(failure.file, failure.line, failure.column), folder)

    def _in_source(self, place: Place, folder: str) -> Place:
        """Return a place told from a test's folder as it is seen from the working one.

        A file that is not there, as of a test that is written otherwise, is named as it was told.
        """
        named = self._sources.named(str(PurePosixPath(folder) / place.file)) if place.file else ""
        return msgspec.structs.replace(place, file=named if is_file(named) else place.file)

    def _crashed(self, error: BaseException | None, folder: str) -> Verdict:
        """Return how a test ended that had answered nothing."""
        if error is None:
            return Verdict("crashed", reason="it returned without an answer to the Run")
        place = self._in_source(place_of(error, folder), folder)
        return Verdict("crashed", place, reason_of(error), self._sources.named(story(error)))

    def _hung(self, report: Report, folder: str) -> Verdict:
        """Return where a test waits that has not answered."""
        process = self._node.kernel.processes.get(ProcessId.parse(report.process))
        running = None if process is None else process.running
        frames = running.waits_in() if isinstance(running, ProcessTasks) else []
        own = [each for each in frames if each.f_code.co_filename.startswith(f"{folder}/")]
        if not (own or frames):
            return Verdict("hung", reason=report.reason)
        frame = (own or frames)[-1]
        quote(frame)
        file, line = frame.f_code.co_filename, frame.f_lineno
        source = linecache.getline(file, line, frame.f_globals).strip()[:_SHOWN]
        place = self._in_source(Place(file, line), folder)
        return Verdict("hung", place, f"{report.reason}; it waits in: {source}")

    def clear(self) -> None:
        """End what tests have left: the next one begins on a node without them."""
        for process in list(self._node.kernel.processes.values()):
            if process.id.package_id == TESTER.package_id and process.id != TESTER:
                self._node.lifecycle.kill(process)
