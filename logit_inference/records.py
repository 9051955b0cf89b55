"""Frozen records that are made as fast as others.

A frozen dataclass puts each of its values in place by a call, which takes ten times as long as an
assignment does. A fit makes twenty records of a hundred and fifty values: of a few hundred rows
that was a twentieth of its time.
"""

from __future__ import annotations

import sys
from dataclasses import MISSING, fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def made_fast(kind: type[Record]) -> type[Record]:
    """Return a frozen dataclass whose values are put in place by assignment.

    For records that every fit makes. While its values are put in place, a record is of another
    class with the same slots, or none, which is not frozen.

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
    plain = all(v.init and not v.kw_only and v.default_factory is MISSING for v in values)
    if hasattr(kind, "__post_init__") or not plain:
        raise TypeError(f"{kind.__name__} does more than put values in place when it is made")
    names = [value.name for value in values]
    twin = type(kind.__name__, (), {"__slots__": names} if "__slots__" in vars(kind) else {})
    assignments = "".join(f"        self.{name} = {name}\n" for name in names)
    scope: dict[str, Any] = {}
    exec(
        "def make(_put, _open):\n"
        f"    def __init__(self, {', '.join(names)}):\n"
        "        _frozen = self.__class__\n"
        "        _put(self, '__class__', _open)\n"
        f"{assignments}"
        "        self.__class__ = _frozen\n"
        "    return __init__\n",
        vars(sys.modules[kind.__module__]),  # where annotations mean what they say
        scope,
    )
    fast = scope["make"](object.__setattr__, twin)
    for what in ("__defaults__", "__annotations__", "__qualname__", "__doc__"):
        setattr(fast, what, getattr(slow, what))
    kind.__init__ = fast  # type: ignore[method-assign]  # as `dataclass` itself does
    return kind
