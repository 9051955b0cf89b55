"""Frozen records that are made as fast as others.

A frozen dataclass puts each of its values in place by a call, which takes ten times as long as an
assignment does. A fit makes twenty records of a hundred and fifty values: of a few hundred rows
that was a twentieth of its time.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def made_fast(kind: type[Record]) -> type[Record]:
    """Return a frozen dataclass whose values are put in place by assignment.

    For records that every fit makes, with slots and without a ``__post_init__``. While its values
    are put in place, a record is of another class with the same slots, which is not frozen.

    Raises
    ------
    TypeError
        Where making one does more than that.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @made_fast
    ... @dataclass(frozen=True, slots=True)
    ... class Pair:
    ...     x: float
    ...     y: float = 0.0
    >>> Pair(1.0)
    Pair(x=1.0, y=0.0)
    """
    slow: Any = kind.__init__
    values = fields(kind)  # type: ignore[arg-type]  # it is a dataclass
    if hasattr(kind, "__post_init__") or any(v.default_factory is not MISSING for v in values):
        raise TypeError(f"{kind.__name__} does more than put values in place when it is made")
    names = [value.name for value in values]
    scope: dict[str, Any] = {
        "_put": object.__setattr__,
        "_open": type(kind.__name__, (), {"__slots__": tuple(names)}),
        "_frozen": kind,
    }
    assignments = "".join(f"    self.{name} = {name}\n" for name in names)
    exec(
        f"def __init__(self, {', '.join(names)}):\n"
        "    _put(self, '__class__', _open)\n"
        f"{assignments}"
        "    self.__class__ = _frozen\n",
        scope,
    )
    fast = scope["__init__"]
    for what in ("__defaults__", "__annotations__", "__qualname__", "__doc__"):
        setattr(fast, what, getattr(slow, what))
    kind.__init__ = fast  # type: ignore[method-assign]
    return kind
