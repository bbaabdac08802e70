"""The verbs of ``%kinode``: one file each, and one line each in the tuple below."""

from kinode_nb.notebook.commands.boot import BOOT
from kinode_nb.notebook.commands.build import BUILD
from kinode_nb.notebook.commands.build_start_package import BUILD_START_PACKAGE
from kinode_nb.notebook.commands.download import DOWNLOAD
from kinode_nb.notebook.commands.help import HELP_VERB
from kinode_nb.notebook.commands.hi import HI
from kinode_nb.notebook.commands.history import HISTORY
from kinode_nb.notebook.commands.inject import INJECT
from kinode_nb.notebook.commands.kill import KILL
from kinode_nb.notebook.commands.later import LATER
from kinode_nb.notebook.commands.list_files import LIST_FILES
from kinode_nb.notebook.commands.log import LOG
from kinode_nb.notebook.commands.nest import NEST
from kinode_nb.notebook.commands.new import NEW
from kinode_nb.notebook.commands.nodes import NODES
from kinode_nb.notebook.commands.packages import PACKAGES
from kinode_nb.notebook.commands.processes import PROCESSES
from kinode_nb.notebook.commands.put import PUT
from kinode_nb.notebook.commands.remove import REMOVE
from kinode_nb.notebook.commands.reset import RESET
from kinode_nb.notebook.commands.run_tests import RUN_TESTS
from kinode_nb.notebook.commands.send import SEND
from kinode_nb.notebook.commands.start import START
from kinode_nb.notebook.commands.stop import STOP
from kinode_nb.notebook.commands.terminal import TERMINAL
from kinode_nb.notebook.commands.transfers import TRANSFERS
from kinode_nb.notebook.commands.use import USE
from kinode_nb.notebook.commands.verb import Verb
from kinode_nb.notebook.commands.view_api import VIEW_API
from kinode_nb.types import UsageError, nearest

VERBS: tuple[Verb, ...] = (
    BOOT,
    NODES,
    USE,
    STOP,
    START,
    REMOVE,
    PACKAGES,
    PROCESSES,
    KILL,
    SEND,
    HISTORY,
    PUT,
    LIST_FILES,
    DOWNLOAD,
    TRANSFERS,
    LOG,
    TERMINAL,
    HI,
    INJECT,
    NEW,
    BUILD,
    BUILD_START_PACKAGE,
    VIEW_API,
    RUN_TESTS,
    RESET,
    NEST,
    HELP_VERB,
    *LATER,
)

BY_NAME = {name: verb for verb in VERBS for name in verb.names}


def find(name: str, prompt: str = "%kinode") -> Verb:
    """Return the verb of that name or alias; raises UsageError with the nearest one."""
    verb = BY_NAME.get(name) or BY_NAME.get(name.replace("_", "-"))
    if verb is None:
        known = [each for each in BY_NAME if BY_NAME[each].is_there and len(each) > 1]
        hint = nearest(name, known) or f" {prompt} help lists them."
        raise UsageError(f"there is no verb {name!r}.{hint}")
    return verb
