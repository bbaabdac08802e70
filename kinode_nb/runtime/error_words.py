"""What an error says of itself: its class is its author's, and may fail at that."""

import traceback

_name = type.__dict__["__name__"].__get__


def words_of(error: BaseException) -> list[str]:
    """Return what Python shows below a traceback, line by line; whatever the error does.

    A class of kinode_nb's goes by its bare name, which is the one that people import.
    A process whose error cannot be shown has ended all the same.
    """
    try:
        lines, kind = traceback.format_exception_only(error), type(error)
        if not kind.__module__.startswith("kinode_nb."):
            return lines
        name = f"{kind.__module__}.{kind.__qualname__}"
        return [
            kind.__name__ + each[len(name) :] if each.startswith(name) else each for each in lines
        ]
    except BaseException as failure:  # noqa: BLE001 - an author's code may raise anything
        return [f"{_name(type(error))}: <it cannot be shown: {_name(type(failure))}>\n"]
