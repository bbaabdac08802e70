"""A transfer's progress as HTML: what the live widget starts from, and what a page keeps.

The widget's JavaScript fills the same elements with new words, so the two cannot look different.
"""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path
from typing import TypedDict

from kinode_nb.notebook.widgets.progress_text import describe, percent
from kinode_nb.types.rows import TransferRow

STYLE = Path(__file__).with_name("progress.css")
_PARTS = ("file", "route", "percent", "amount", "rate", "state", "digest")


class View(TypedDict):
    """What the widget shows; the keys of ``texts`` are the ``data-part`` of its elements."""

    status: str
    percent: int | None
    spoken: str
    announced: str
    texts: dict[str, str]


def view(row: TransferRow) -> View:
    """Return what a widget shows of one snapshot, as JSON can carry it."""
    text = describe(row)
    return View(
        status=row.status,
        percent=percent(row),
        spoken=text.spoken,
        announced=f"{text.file}: {'downloading' if row.status == 'running' else text.state}",
        texts={part: getattr(text, part) for part in _PARTS},
    )


def markup(row: TransferRow) -> str:
    """Return the elements, filled; without a style they still read as sentences in order."""
    shown = view(row)
    text = {part: html.escape(words) for part, words in shown["texts"].items()}
    label = html.escape(f"Download of {describe(row).file} from {row.provider}", quote=True)
    value = "" if shown["percent"] is None else f' value="{shown["percent"]}"'
    return (
        f'<div class="kinode-progress" data-status="{shown["status"]}">'
        f'<div><b data-part="file" title="{text["file"]}">{text["file"]}</b> '
        f'<span data-part="route">{text["route"]}</span> '
        f'<span data-part="percent">{text["percent"]}</span></div>\n'
        f'<progress max="100"{value} aria-label="{label}" '
        f'aria-valuetext="{html.escape(shown["spoken"])}"></progress>\n'
        f'<div><span data-part="amount">{text["amount"]}</span> '
        f'<span data-part="rate">{text["rate"]}</span> '
        f'<span data-part="state">{text["state"]}</span> '
        f'<span data-part="digest">{text["digest"]}</span></div>'
        "</div>"
    )


def page(row: TransferRow) -> str:
    """Return the elements with their style, for a page that has no widgets."""
    return f"<style>{style()}</style>{markup(row)}"


@cache
def style() -> str:
    """Return the style sheet that the widget and the page share."""
    return STYLE.read_text(encoding="utf-8")
