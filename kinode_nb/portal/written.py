"""Processes that a person writes in a cell, or as text."""

import os
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinode_nb.fake_net import beginning
from kinode_nb.fake_net.beginning import Begun, Wish
from kinode_nb.fake_net.node import Node
from kinode_nb.hosts import cell_source
from kinode_nb.hosts.borrowing import borrowed, hinting
from kinode_nb.hosts.written import Hint, WrittenProgram, no_hint
from kinode_nb.portal.bridge import Portal
from kinode_nb.process_lib.our import check_program
from kinode_nb.process_lib.syscalls import Program, Written
from kinode_nb.types import Address, Capability, OnExit, UsageError

_ADVICE = "{name} is a notebook variable: --with {name} copies it in, or import it in the cell"
_ON_EXITS = {"none": OnExit.NONE, "restart": OnExit.RESTART}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a process that was begun, as far as its first message."""

    address: Address
    replaced: bool
    """Another process of its name was ended for it."""
    ended: bool
    """It has ended already, without an error."""
    stands_in: bool = False
    """It has the name of one that its package's manifest begins."""


def begin(portal: Portal, nodes: Sequence[Node], program: Program, wish: Wish) -> list[Outcome]:
    """Begin a process on each of a net's nodes, once all that can be checked is right.

    Raises AddressError, PackageError, UsageError, and CrashError for one that an error has ended
    before it waited for its first message.
    """

    def run() -> list[Begun]:
        ids = [beginning.checked(node, wish) for node in nodes]
        return [
            beginning.begin(node, program, id_, wish) for node, id_ in zip(nodes, ids, strict=True)
        ]

    names = {node.name for node in nodes}
    started = portal.do(
        run,
        # the one that is replaced may be what holds the runtime up
        ends=lambda found: found.address.node in names and _is_meant(found.address, wish),
    )
    for each in started:
        portal.call(beginning.settle(each))
    return [
        Outcome(each.address, each.replaced, each.process.ended, each.stands_in) for each in started
    ]


def _is_meant(address: Address, wish: Wish) -> bool:
    """Tell whether a process is the one that a wish replaces."""
    own = beginning.OWN_PACKAGE
    package = own.package_name if wish.package is None else wish.package.partition(":")[0]
    return wish.name is not None and (
        address.process.process_name == wish.name.replace("_", "-")
        and address.process.package_name == package.replace("_", "-")
    )


def read_on_exit(given: object) -> OnExit:
    """Return what becomes of a process at its end; raises UsageError."""
    if isinstance(given, OnExit):
        return given
    if not isinstance(given, str) or given.lower() not in _ON_EXITS:
        raise UsageError(f"on_exit is 'none', 'restart', or an OnExit, not {given!r}")
    return _ON_EXITS[given.lower()]


def begin_text(
    portal: Portal,
    nodes: Sequence[Node],
    name: str,
    source: str | Written,
    *,
    public: bool = True,
    package: str | None = None,
    networking: bool = True,
    capabilities: Sequence[Capability] | None = None,
    on_exit: str | OnExit = "none",
    given: Mapping[str, Any] | None = None,
    header: str | None = None,
    notebook: Container[str] = (),
) -> list[Outcome]:
    """Begin a process from its text, or from a program, on each of the nodes.

    What the options mean is said in `ProcessOptions`. Raises what `begin` does.
    """
    wish = Wish(
        name,
        package=package,
        public=public,
        networking=networking,
        capabilities=None if capabilities is None else tuple(capabilities),
        on_exit=read_on_exit(on_exit),
    )
    if isinstance(source, str):
        hint = hinting(lambda: notebook, _ADVICE)
        source = text_program(name.replace("_", "-"), source, header=header, given=given, hint=hint)
    return begin(portal, nodes, source, wish)


def text_program(
    name: str,
    body: str,
    *,
    header: str | None = None,
    given: Mapping[str, Any] | None = None,
    hint: Hint = no_hint,
) -> WrittenProgram:
    """Return a program from its text; ``header`` is what stands after ``%%kinode`` above it.

    ``given`` is copied into it now. Raises UsageError.
    """
    file = cell_source.title(name)
    program = WrittenProgram(
        title=file,
        lines=cell_source.lines_of(header, body),
        skipped=cell_source.skipped(header),
        code=cell_source.compiled(header, body, file),
        given=borrowed(given or {}),
        hint=hint,
    )
    program.show()
    return program


def program(init: Callable[..., Any] | str | os.PathLike[str]) -> Callable[..., Any] | Path:
    """Return what a process can run; raises UsageError."""
    if isinstance(init, str | os.PathLike):
        path = Path(init).expanduser().absolute()
        if path.suffix != ".py" or not path.is_file():
            raise UsageError(
                f"there is no .py file {str(init)!r} to run: give an async function "
                "`async def init(our)`, or the path of a file that has one"
            )
        return path
    check_program(init)
    return init
