"""What an error says of itself: its class is its author's, and may fail at that."""

import traceback

_name = type.__dict__["__name__"].__get__


def words_of(error: BaseException) -> list[str]:
    """Return what Python shows below a traceback, line by line; whatever the error does.

    A process whose error cannot be shown has ended all the same.
    """
    try:
        return traceback.format_exception_only(error)
    except BaseException as failure:  # noqa: BLE001 - an author's code may raise anything
        return [f"{_name(type(error))}: <it cannot be shown: {_name(type(failure))}>\n"]
