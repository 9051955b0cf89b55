"""A progress bar for what takes long; tqdm draws it, and nothing else of the package knows tqdm."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from logit_inference.errors import ArgumentError, MissingPackageError

PATIENCE = 1.0  # seconds before a bar is worth looking at


@contextmanager
def progress_bar(total: int, title: str, shown: bool | None) -> Iterator[Callable[[int], None]]:
    """Yield a function that is told how many of ``total`` steps more are done.

    Parameters
    ----------
    total : int
    title : str
        What is being done.
    shown : bool or None
        None shows a bar where a person looks on (a terminal, a notebook), tqdm is installed and it
        takes longer than a second.

    Raises
    ------
    MissingPackageError
        With ``shown=True`` where tqdm is not installed.

    Examples
    --------
    >>> with progress_bar(3, "bootstrap", shown=False) as advance:
    ...     advance(3)
    """
    if shown is not None and not isinstance(shown, bool):
        raise ArgumentError("progress", shown, "True, False, or None to show it to people only")
    if shown is False or (shown is None and not _is_watched()):
        yield _ignore
        return
    try:
        from tqdm import tqdm  # of tqdm.auto a notebook without widgets would complain
    except ImportError as problem:
        if shown:
            raise MissingPackageError("tqdm", "progress", "a progress bar") from problem
        yield _ignore
        return
    delay = 0.0 if shown else PATIENCE
    with tqdm(total=total, desc=title, delay=delay, leave=False) as bar:
        yield bar.update


def _is_watched() -> bool:
    """Say whether a person looks at what is written: a terminal, or a notebook."""
    notebook = type(sys.stderr).__module__.startswith("ipykernel")
    return notebook or (sys.stderr is not None and sys.stderr.isatty())


def _ignore(count: int) -> None:
    pass
