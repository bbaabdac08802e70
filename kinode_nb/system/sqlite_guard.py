"""What a statement may touch: its own database, in ways that stay inside it.

SQLite asks the guard about each thing that a statement does, while it prepares it. Kinode asks
nobody, so there ``ATTACH`` and ``VACUUM INTO`` reach any file of the machine, and who may only
read can write by ``WITH … DELETE``.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_WRITING = frozenset(
    {
        sqlite3.SQLITE_ALTER_TABLE,
        sqlite3.SQLITE_ANALYZE,
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_CREATE_INDEX,
        sqlite3.SQLITE_CREATE_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_INDEX,
        sqlite3.SQLITE_CREATE_TEMP_TABLE,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_VIEW,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_VIEW,
        sqlite3.SQLITE_CREATE_VTABLE,
        sqlite3.SQLITE_DELETE,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_DROP_INDEX,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_DROP_TEMP_INDEX,
        sqlite3.SQLITE_DROP_TEMP_TABLE,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER,
        sqlite3.SQLITE_DROP_TEMP_VIEW,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_VIEW,
        sqlite3.SQLITE_DROP_VTABLE,
        sqlite3.SQLITE_INSERT,
        sqlite3.SQLITE_REINDEX,
        sqlite3.SQLITE_SAVEPOINT,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_UPDATE,
    }
)
_LOOKING = frozenset(
    {
        "application_id",
        "auto_vacuum",
        "collation_list",
        "compile_options",
        "data_version",
        "encoding",
        "foreign_key_check",
        "foreign_key_list",
        "foreign_keys",
        "freelist_count",
        "function_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "journal_mode",
        "max_page_count",
        "module_list",
        "page_count",
        "page_size",
        "pragma_list",
        "quick_check",
        "recursive_triggers",
        "schema_version",
        "synchronous",
        "table_info",
        "table_list",
        "table_xinfo",
        "user_version",
    }
)
"""Pragmas that tell something; some of them can be set too."""
_ABOUT = frozenset(
    {
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)
"""Pragmas whose argument says what to look at."""
_SETTING = frozenset(
    {
        "application_id",
        "auto_vacuum",
        "defer_foreign_keys",
        "encoding",
        "foreign_keys",
        "incremental_vacuum",
        "max_page_count",
        "optimize",
        "page_size",
        "recursive_triggers",
        "user_version",
        "wal_checkpoint",
    }
)
_HARMFUL = frozenset({"fts3_tokenizer", "load_extension"})  # pointers, and code of the machine
_OF_CONNECTION = frozenset(
    {
        "defer_foreign_keys",
        "foreign_keys",
        "max_page_count",
        "recursive_triggers",
    }
)
"""Pragmas that are set for the connection, and not in the file."""
_NOWHERE = frozenset({"", ":memory:"})


class Guard:
    """SQLite's authorizer for one connection."""

    def __init__(self) -> None:
        """Let everything pass that stays inside, until a statement is watched."""
        self.reason: str | None = None
        """Why the statement was refused, where it was."""
        self.wrote_unallowed = False
        """Whether it was refused because it writes."""
        self.left_something = False
        """Whether the connection was given what no file has: temporary, attached, or a setting."""
        self._may_write = True

    @contextmanager
    def watching(self, *, may_write: bool) -> Iterator[None]:
        """Judge one statement of somebody who may write, or may not."""
        self.reason, self.wrote_unallowed = None, False
        self._may_write = may_write
        try:
            yield
        finally:
            self._may_write = True

    def __call__(
        self, action: int, first: str | None, second: str | None, db: str | None, _inner: object
    ) -> int:
        """Allow or deny one thing that a statement does."""
        if action in _WRITING and not self._may_write:
            self.wrote_unallowed = True
            return sqlite3.SQLITE_DENY
        if action == sqlite3.SQLITE_ATTACH and first not in _NOWHERE:
            return self._deny(
                "files cannot be attached or written to: a process has its own databases, "
                "and ':memory:'"
            )
        if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in _HARMFUL:
            return self._deny(f"the function {second} is not available to processes")
        if action == sqlite3.SQLITE_PRAGMA:
            return self._pragma((first or "").lower(), second)
        if action == sqlite3.SQLITE_ATTACH or (db == "temp" and action in _WRITING):
            self.left_something = True
        return sqlite3.SQLITE_OK

    def _pragma(self, name: str, value: str | None) -> int:
        if name in _ABOUT or (name in _LOOKING and value is None):
            return sqlite3.SQLITE_OK
        if name not in _SETTING:
            return self._deny(
                f"PRAGMA {name} is not available to processes"
                if name not in _LOOKING
                else f"PRAGMA {name} can be read, but not set"
            )
        if not self._may_write:
            self.wrote_unallowed = True
            return sqlite3.SQLITE_DENY
        if name in _OF_CONNECTION:
            self.left_something = True
        return sqlite3.SQLITE_OK

    def _deny(self, reason: str) -> int:
        self.reason = reason
        return sqlite3.SQLITE_DENY
