"""One ``[[tests]]`` of a tests.toml: its packages, its nodes, and its tests one after the other.

kit sends one Run with all tests, and stops at the first that fails. Here each has a Run of its own,
on the same nodes, so that all of them are told.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from kinode_nb.fake_net.net import Net
from kinode_nb.fake_net.node import Node
from kinode_nb.fake_net.run_tests import nodes as test_nodes
from kinode_nb.fake_net.run_tests import scripts, test_packages
from kinode_nb.fake_net.run_tests.asking import Asking
from kinode_nb.fake_net.run_tests.output import Output
from kinode_nb.fake_net.run_tests.sources import Sources, shown
from kinode_nb.fake_net.run_tests.test_packages import Built, TestPackage
from kinode_nb.fake_net.run_tests.verdicts import Verdict, Verdicts
from kinode_nb.kit import tests_toml
from kinode_nb.kit.tests_toml import TestsFile
from kinode_nb.process_lib.places import Place
from kinode_nb.types import KinodeError, PackageError
from kinode_nb.types.test_rows import Status, TestRow


class GroupRun:
    """Runs one group on a net of its own. ``rows`` and ``notes`` grow while it does."""

    def __init__(self, net: Net, path: Path, file: TestsFile, number: int) -> None:
        """Run nothing yet; ``path`` is that of the tests.toml, where groups count from 1."""
        group = file.tests[number - 1]
        self.rows: list[TestRow] = []
        self.notes: list[str] = []
        self._net = net
        self._file = file
        self._group = group
        self._path = path
        self._where = f"{shown(path)}: [[tests]] {number}"
        self._folder = path.resolve().parent
        self._sources = Sources()
        self._names = tuple(each.name for each in group.nodes)
        self._output = Output(net.log, group.nodes, self._sources)
        self._scripts = scripts.SetupScripts(group.setup_scripts, self._folder)
        self._current: TestPackage | None = None
        self._began = time.monotonic()
        self._deadline: float | None = None
        self._blocked: Verdict | None = None

    async def run(self) -> None:
        """Run all tests, and then the test scripts; what goes wrong is in the rows."""
        with self._scripts:
            try:
                self._scripts.start()
                built = await asyncio.to_thread(
                    test_packages.build, self._group, self._folder, self._where
                )
                self.notes += built.notes
                nodes = await self._set_up(built)
            except KinodeError as error:
                self._give_up("error", str(error))
            else:
                await self._run_all(built, nodes)
        self.notes += self._scripts.notes

    async def _run_all(self, built: Built, nodes: Sequence[Node]) -> None:
        asking = Asking(nodes, self._group.timeout_secs)
        verdicts = Verdicts(nodes[0], self._sources)
        for test in built.tests:
            await self._run_test(test, asking, verdicts)
        for script in self._group.test_scripts:
            await self._run_script(script)

    async def _set_up(self, built: Built) -> list[Node]:
        """Boot the nodes, and put on them what the tests need; raises KinodeError."""
        nodes: list[Node] = []
        for wanted in self._group.nodes:
            home = test_nodes.home_of(self._folder, wanted) if self._keeps_homes else None
            node, note = await test_nodes.boot(self._net, wanted, home)
            self.notes += [note] if note else []
            nodes.append(node)
            drives = {f"{id_}/pkg": folder / "pkg" for id_, folder in built.folders.items()}
            self._sources.add(node.home, drives)
        async with self._within(self._group.timeout_secs):
            for node in nodes:
                await test_nodes.set_up(node, built.setup)
            await self._load(nodes[0], built.tests)
        if self._blocked is not None:
            raise PackageError(self._blocked.reason)
        return nodes

    @property
    def _keeps_homes(self) -> bool:
        """Whether the homes that the file names are used: somebody will look into them."""
        group = self._group
        return self._file.persist_home or bool(group.setup_scripts or group.test_scripts)

    async def _load(self, master: Node, tests: Sequence[TestPackage]) -> None:
        """Write the tests where tester looks for them."""
        for test in tests:
            if test.package is not None:
                inside = f"tester:sys/tests/{test.name}"
                await test_nodes.unpack(master, f"/{inside}", test.package)
                self._sources.add(master.home, {inside: test.folder / "pkg"})
        capabilities = test_packages.capabilities(tests)
        await test_nodes.write(master, "/tester:sys/tests/capabilities.json", capabilities)

    async def _run_test(self, test: TestPackage, asking: Asking, verdicts: Verdicts) -> None:
        self._begin(test)
        verdicts.begin()
        if test.package is None:
            status: Status = "crashed" if test.traceback else "error"
            self._add(test, Verdict(status, test.place, test.problem, test.traceback))
            return
        try:
            async with self._within(self._group.timeout_secs):
                answer = await asking.ask(test.name, test.written)
            verdict = verdicts.judge(test.name, answer)
        except KinodeError as error:
            verdict = verdicts.unanswered(test.name, error)
        if self._blocked is not None:
            verdict = self._blocked
        verdicts.clear()
        self._add(test, verdict)

    def _begin(self, test: TestPackage) -> None:
        self._current, self._blocked, self._began = test, None, time.monotonic()
        self._output.begin()

    async def _run_script(self, script: str) -> None:
        began = time.monotonic()
        try:
            code, said = await scripts.run(script, self._folder, self._group.timeout_secs)
        except KinodeError as error:
            self._add_script(script, "error", str(error))
            return
        status: Status = "hung" if code is None else "failed" if code else "passed"
        reason = f"it ended with exit code {code}" if code else ""
        if code is None:
            reason = f"it has not ended within {self._group.timeout_secs} s"
        self._add_script(script, status, reason, time.monotonic() - began, said)

    def _add_script(
        self, script: str, status: Status, reason: str, seconds: float = 0, said: str = ""
    ) -> None:
        self.rows.append(
            TestRow(
                tests_file=shown(self._path),
                test=script,
                nodes=self._names,
                status=status,
                seconds=seconds,
                reason=reason,
                output=said,
            )
        )

    def _add(self, test: TestPackage, verdict: Verdict) -> None:
        place = verdict.place
        said = self._scripts.said() if verdict.status != "passed" else ""
        self.rows.append(
            TestRow(
                tests_file=shown(self._path),
                test=test.name,
                package=test.id,
                nodes=self._names,
                status=verdict.status,
                seconds=time.monotonic() - self._began,
                file=place.file,
                line=place.line or None,
                reason=verdict.reason,
                traceback=verdict.traceback,
                output="\n".join(filter(None, (self._output.text(), said))),
            )
        )
        self._current = None

    def _give_up(self, status: Status, reason: str) -> None:
        """Say of all tests that have no row yet why they have not been run."""
        for written in self._group.test_package_paths[len(self.rows) :]:
            test = TestPackage(written, tests_toml.place(self._folder, written))
            self._add(test, Verdict(status, reason=reason))
        for script in self._group.test_scripts:
            self._add_script(script, "skipped", "the tests before it could not be run")

    # What is asked from other threads, while a process may hold up the one of the net.

    def is_overdue(self, seconds: float) -> bool:
        """Tell whether a process that has not yielded for some seconds is to be ended."""
        if self._deadline is None:
            return seconds >= self._group.timeout_secs
        return time.monotonic() >= self._deadline

    def blocked(self, file: str, line: int, reason: str) -> None:
        """Note that a process was ended, or is to be, since it did not yield."""
        self._blocked = Verdict(
            "hung", Place(self._sources.named(file), line), self._sources.named(reason)
        )

    def stuck(self, reason: str) -> None:
        """Take note that a process cannot be ended: nothing more can be run."""
        if self._current is not None:
            self._add(self._current, self._blocked or Verdict("hung", reason=reason))
        self._give_up("skipped", f"a process of an earlier test could not be ended: {reason}")

    @contextlib.asynccontextmanager
    async def _within(self, seconds: float) -> AsyncIterator[None]:
        """Have what never yields ended when these seconds are over."""
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = None
