"""Classes of WIT types keep nothing that is put on them: all nodes share them.

They are whole when they know their shape (`shape.keep_shape`); from then on they refuse. Values are
made as fast as those of other classes: only setting an attribute of a class is another one.
"""

import copyreg
import enum
import pickle
from typing import Any, NoReturn

import msgspec

from kinode_nb.wit.shape import shape_of

_CACHES = frozenset({"__msgspec_cache__"})
"""What msgspec keeps on the classes that it reads and writes."""


class Frozen(type):
    """The metaclass of a class that refuses what is set on it or deleted."""

    def __setattr__(cls, name: str, value: object) -> None:
        if name not in _CACHES:
            _refuse(cls)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        _refuse(cls)
        super().__delattr__(name)


class FrozenStruct(Frozen, msgspec.StructMeta):
    """The same for a Struct."""


class FrozenEnum(Frozen, enum.EnumMeta):
    """The same for an Enum or a Flag."""


class Members:
    """What members of an Enum or a Flag have besides: they are shared as their class is."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if not (name.startswith("_") and name.endswith("_")):  # those are for enum itself
            _refuse(type(self))
        super().__setattr__(name, value)


def _refuse(cls: type) -> None:
    if shape_of(cls) is not None:
        raise AttributeError(f"{cls.__qualname__} is shared by all who load its WIT: frozen")


def _unpicklable(cls: type) -> NoReturn:
    raise pickle.PicklingError(
        f"{cls.__qualname__} is made of WIT text, and cannot be pickled: pass what "
        "kinode_nb.wit.encode makes of its values"
    )


_reduce: Any = _unpicklable
for _metaclass in (Frozen, FrozenStruct, FrozenEnum):
    copyreg.pickle(_metaclass, _reduce)
