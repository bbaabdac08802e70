"""Names of programs: where Kinode's packages have Wasm, ours may have Python."""

from collections.abc import Callable

_WASM = ".wasm"


def program_name(name: str, is_there: Callable[[str], bool]) -> str | None:
    """Return which of a program's possible names is there; None when none is.

    ``x-y.wasm`` means itself, else ``x-y.py``, else ``x_y.py``; so does ``x_y.wasm``: manifests,
    scripts and spawns stay as Kinode has them while the code is Python. Any other name means only
    itself.
    """
    names = [name]
    if name.endswith(_WASM):
        folder, slash, file = name.removesuffix(_WASM).rpartition("/")
        stems = dict.fromkeys((file, file.replace("-", "_"), file.replace("_", "-")))
        names += [f"{folder}{slash}{stem}.py" for stem in stems]
    return next(filter(is_there, names), None)
