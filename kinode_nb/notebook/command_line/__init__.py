"""The verbs of the command line: one file each, and one line each in the tuple below.

`boot` serves nodes of its own; `start`, `remove` and `inject` speak HTTP with a node that runs
elsewhere, as kit does. `run-tests` boots nodes of its own, and stops them.
"""

from kinode_nb.notebook.command_line.build import BUILD
from kinode_nb.notebook.command_line.build_start_package import BUILD_START_PACKAGE
from kinode_nb.notebook.command_line.demo import DEMO
from kinode_nb.notebook.command_line.inject import INJECT
from kinode_nb.notebook.command_line.kernel import KERNEL
from kinode_nb.notebook.command_line.new import NEW
from kinode_nb.notebook.command_line.remove import REMOVE
from kinode_nb.notebook.command_line.run_tests import RUN_TESTS
from kinode_nb.notebook.command_line.serve import SERVE
from kinode_nb.notebook.command_line.start import START
from kinode_nb.notebook.command_line.view_api import VIEW_API
from kinode_nb.notebook.commands.verb import Verb

COMMANDS: tuple[Verb, ...] = (
    DEMO,
    SERVE,
    NEW,
    BUILD,
    BUILD_START_PACKAGE,
    START,
    REMOVE,
    VIEW_API,
    RUN_TESTS,
    INJECT,
    KERNEL,
)
