"""Lines as a node's terminal takes them: where one ends, and the notebook's values in it.

A terminal splits nothing: all after the first word goes to the script as it stands, quotes too. So
only what makes a cell convenient is done here, and nothing inside single quotes.
"""

from kinode_nb.notebook.words import SPACE, Expand, UnclosedQuoteError, put_in, split

_KIT = "kit"


def is_kit(text: str) -> bool:
    """Tell whether the line is one of kit's, a verb, whose words are split as a shell does."""
    return text.split(maxsplit=1)[:1] == [_KIT]


def is_whole(text: str) -> bool:
    """Tell whether the line ends here: else a backslash or an open quote goes on below."""
    if goes_on(text):
        return False
    if not is_kit(text):
        return _open_quote(text) < 0
    try:
        split(text)
    except UnclosedQuoteError:
        return False
    return True


def goes_on(text: str) -> bool:
    """Tell whether the last character is a backslash that is no escaped one."""
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def filled(text: str, expand: Expand) -> str:
    """Return the line with ``$name`` and ``{expression}`` replaced, but in single quotes."""
    line, parts, at = text.strip(SPACE), [], 0
    while at < len(line):
        end = _quoted_until(line, at)
        if end > at:
            parts.append(line[at:end])
            at = end
            continue
        value, after = put_in(line, at, expand)
        parts.append(value)
        at = after
    return "".join(parts)


def _quoted_until(line: str, at: int) -> int:
    """Return where the single quotes that begin a word here end.

    That is ``at`` where none begin, and -1 where nothing closes them.
    """
    if line[at] != "'" or (at > 0 and line[at - 1] not in SPACE):
        return at
    return line.find("'", at + 1) + 1 or -1


def _open_quote(line: str) -> int:
    """Return where a word begins with a single quote that nothing closes; -1: nowhere."""
    at = 0
    while at < len(line):
        end = _quoted_until(line, at)
        if end < 0:
            return at
        at = max(end, at + 1)
    return -1
