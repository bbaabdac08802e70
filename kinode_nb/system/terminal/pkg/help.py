"""``help [COMMAND]``: how the terminal's own scripts are written."""

from kinode_nb.process_lib import Our, script

_B, _E = "\x1b[1m", "\x1b[0m"
_TEXTS = {
    "alias": (
        "<name> <process-id>",
        "give a script a short name; with no process id the name is taken away",
        "alias say send:chat:template.os",
    ),
    "cat": (
        "<vfs-file-path>",
        "print a file of any drive",
        "cat /terminal:sys/pkg/scripts.json",
    ),
    "echo": ("<text>", "print the text", "echo foo"),
    "help": ("[<command>]", "this, or how one command is written", "help m"),
    "hi": ("<node> <text>", "say something on another node's terminal", "hi fake2.dev hello world"),
    "kfetch": ("", "the node at a glance", ""),
    "kill": (
        "<process-id>",
        "end a process, whatever its OnExit says",
        "kill chat:chat:template.os",
    ),
    "m": (
        "<address> '<json>'",
        (
            "send a Request to a process, <node>@<process>:<package>:<publisher>; `our` is this "
            "node. Quote JSON that has spaces. With -a the Response is awaited, so many seconds"
        ),
        "m our@echo:echo:template.os '\"hi\"' -a 5",
    ),
    "net-diagnostics": ("", "how the network is", ""),
    "peer": ("<name>", "who a node is, if it is known", "peer fake2.dev"),
    "peers": ("", "the nodes that this one is connected with", ""),
    "top": (
        "[<process-id>] [-c]",
        "what the kernel knows of a process, or of all; -c shows their capabilities",
        "top net:distro:sys",
    ),
}
_TITLE = "\n====================\nKinode Terminal Help\n====================\n"


@script
async def init(_: Our, args: str) -> str:
    """Return the whole help, or that of one command."""
    name = args.strip().replace("_", "-")
    if not name:
        listed = "".join(f"{_text(each)}\n" for each in _TEXTS)
        return f"{_TITLE}{listed}"
    if name in _TEXTS:
        return _text(name)
    return f"No help found for command {_B}{args}{_E}"


def _text(name: str) -> str:
    usage, meaning, example = _TEXTS[name]
    head = f"\n{_B}{name}{_E}{' ' if usage else ''}{usage}: {meaning}."
    return f"{head}\n    - Example: {_B}{example}{_E}" if example else head
