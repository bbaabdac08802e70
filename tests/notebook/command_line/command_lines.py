"""Command lines, run in this process."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Runs one command line of these words: (exit code, output, errors)."""
