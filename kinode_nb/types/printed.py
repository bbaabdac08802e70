"""What was printed, as a terminal shows it (``terminal/mod.rs``)."""

from kinode_nb.types.messages import Event

_RUNTIME = "distro:sys"


def terminal_text(event: Event) -> str:
    """Return a print with the package of its process; the runtime's modules say who they are."""
    package = str(event.source.package_id)
    return event.body if package == _RUNTIME else f"{package}: {event.body}"
