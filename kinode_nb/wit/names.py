"""WIT's kebab-case names as Rust, JSON and Python spell them.

The JSON of a Kinode message is made from the Rust names that wit-bindgen gives (its crate
``wit-bindgen-rust``, ``to_rust_ident``): a field that is a Rust keyword ends in ``_`` there.
"""

from __future__ import annotations

import keyword

_RUST_KEYWORDS = frozenset(
    """
    abstract as async await become box break const continue crate do dyn else enum extern false
    final fn for if impl in let loop macro match mod move mut override priv pub ref return self
    static struct super trait true try type typeof unsafe unsized use virtual where while yield
    """.split()  # noqa: SIM905 - as a list literal these would be fifty lines
)


def upper_camel(name: str) -> str:
    """Return ``FooBar`` for ``foo-bar``: a type, or a case as it stands in JSON."""
    return "".join(word.capitalize() for word in name.split("-"))


def snake(name: str) -> str:
    """Return ``foo_bar`` for ``foo-bar``: a module or a function."""
    return name.lower().replace("-", "_")


def json_field(name: str) -> str:
    """Return ``foo_bar`` for ``foo-bar``: a field as it stands in JSON; ``type_`` for ``type``."""
    return f"{snake(name)}_" if name in _RUST_KEYWORDS else snake(name)


def python_name(name: str) -> str:
    """Return the name with a ``_`` behind it where Python could not say it: ``from_``, ``None_``.

    ``name`` is a field or a case as it stands in JSON.
    """
    return f"{name}_" if keyword.iskeyword(name) else name
