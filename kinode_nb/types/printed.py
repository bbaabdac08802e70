"""What was printed, as a terminal shows it (``terminal/mod.rs``)."""

from kinode_nb.types.messages import Event

_RUNTIME = "distro:sys"


def terminal_text(event: Event) -> str:
    """Return a print with the package of its process; the runtime's modules say who they are."""
    package = str(event.source.package_id)
    return event.body if package == _RUNTIME else f"{package}: {event.body}"


def as_unicode(text: str) -> str:
    """Return a text that can be encoded: half a surrogate pair stands as its escape."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text
