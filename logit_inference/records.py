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
        Where some of its values are not given by place or by name.

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
    if not all(value.init and not value.kw_only for value in values):
        raise TypeError(f"{kind.__name__} does more than put values in place when it is made")
    names = [value.name for value in values]
    made = {v.name: v.default_factory for v in values if v.default_factory is not MISSING}
    absent = dict(zip(reversed(names), reversed(slow.__defaults__ or ()), strict=False))
    twin = type(kind.__name__, (), {"__slots__": names} if "__slots__" in vars(kind) else {})
    lines = [
        f"self.{name} = {name}"
        + (f" if {name} is not _absent[{name!r}] else _made[{name!r}]()" if name in made else "")
        for name in names
    ]
    after = ["self.__post_init__()"] if hasattr(kind, "__post_init__") else []
    scope: dict[str, Any] = {}
    exec(
        "def make(_put, _open, _absent, _made):\n"
        f"    def __init__(self, {', '.join(names)}):\n"
        "        _frozen = self.__class__\n"
        "        _put(self, '__class__', _open)\n"
        + "".join(f"        {line}\n" for line in [*lines, "self.__class__ = _frozen", *after])
        + "    return __init__\n",
        vars(sys.modules[kind.__module__]),  # where annotations mean what they say
        scope,
    )
    fast = scope["make"](object.__setattr__, twin, absent, made)
    for what in ("__defaults__", "__annotations__", "__qualname__", "__doc__"):
        setattr(fast, what, getattr(slow, what))
    kind.__init__ = fast  # type: ignore[method-assign]  # as `dataclass` itself does
    return kind
