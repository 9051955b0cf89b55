"""The words that messages are built of: labels, lists, and names that are near to others."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


def plain(label: Any) -> Any:
    """Return a row label as the plain Python value that people read.

    Examples
    --------
    >>> import numpy as np
    >>> plain(("b", np.int64(5)))  # a label of a MultiIndex
    ('b', 5)
    """
    if isinstance(label, tuple):
        return tuple(plain(part) for part in label)
    return label.item() if hasattr(label, "item") else label


def excerpt(text: str, most: int = 300) -> str:
    """Return the text, or its beginning where it is longer than a message should be."""
    return text if len(text) <= most else f"{text[:most]}…"


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """Return the known names closest to ``word``, best first, also across case.

    Examples
    --------
    >>> nearest("agee", ["age", "lwt"])
    ['age']
    """
    by_lower = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(str(word).lower(), list(by_lower), n=3, cutoff=0.6)
    return [by_lower[name] for name in close]


def shorten(items: Sequence[object], most: int = 8) -> str:
    """Return the items as a comma list with an ellipsis after ``most`` of them."""
    shown = ", ".join(str(item) for item in items[:most])
    return shown + (", …" if len(items) > most else "")


def did_you_mean(word: str, known: Sequence[str], what: str) -> str:
    """Return the tail of a message about an unknown name: a guess and what there is."""
    close = nearest(word, known)
    guess = f" Did you mean {' or '.join(repr(name) for name in close)}?" if close else ""
    return f"{guess} {what}: {shorten(list(known))}."
