from __future__ import annotations

import re
from html.parser import HTMLParser

from kinode_nb.notebook.widgets.progress_html import markup, page, style, view
from kinode_nb.notebook.widgets.progress_text import describe
from tests.notebook.widgets.fake_transfer import done, failed, row, running


class Elements(HTMLParser):
    """What a browser makes of markup: the elements' attributes, and all of the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def one(self, name: str) -> dict[str, str | None]:
        (found,) = (attrs for tag, attrs in self.tags if tag == name)
        return found


def test_it_is_a_real_progress_element_with_a_name_and_a_value_in_words():
    bar = Elements(markup(done())).one("progress")
    assert bar == {
        "max": "100",
        "value": "100",
        "aria-label": "Download of my_file.txt from fake2.dev",
        "aria-valuetext": "100 %, 1.0 GiB of 1.0 GiB, done, verified",
    }


def test_without_a_total_the_bar_has_no_value_while_it_runs_but_has_one_in_the_end():
    assert "value" not in Elements(markup(running(5, None))).one("progress")
    assert Elements(markup(failed("gone"))).one("progress")["value"] == "0"


def test_without_a_style_its_words_are_those_of_the_line():
    for shown in (row(), running(5), done(), failed("gone")):
        words = Elements(markup(shown)).text.split()
        assert sorted(words) == sorted(describe(shown).line.split())


def test_a_name_cannot_become_markup():
    name = '"><script>alert(1)</script>&amp;'
    source = markup(row(file=name, status="failed", error=f"no {name}", provider=name))
    elements = Elements(source)
    assert {tag for tag, _ in elements.tags} == {"div", "b", "span", "progress"}
    assert elements.one("b")["title"] == name
    assert elements.one("progress")["aria-label"] == f"Download of {name} from {name}"


def test_every_text_of_a_view_has_its_element():
    shown = view(done())
    parts = re.findall(r'data-part="(\w+)"', markup(done()))
    assert sorted(parts) == sorted(shown["texts"])


def test_only_a_change_of_state_is_announced():
    assert view(running(5))["announced"] == view(running(6))["announced"]
    assert view(running(5))["announced"] == "my_file.txt: downloading"
    assert view(done())["announced"] == "my_file.txt: done, verified"
    assert view(failed("gone"))["announced"] == "my_file.txt: failed: gone"


def test_a_page_brings_its_style_and_asks_nothing_of_the_network():
    source = page(done())
    assert style() in source
    assert "http" not in source
    assert "@import" not in source
    assert "url(" not in source
