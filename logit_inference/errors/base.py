"""What every error of the package has in common, and errors about arguments of any function."""

from __future__ import annotations

from typing import Any


class LogitInferenceError(Exception):
    """Base of every error that this package raises on purpose.

    An error survives pickling, so that it reads the same when a worker process raised it.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to rebuild the error without its constructor, whose arguments are gone."""
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    cls: type[LogitInferenceError], args: tuple[Any, ...], fields: dict[str, Any]
) -> LogitInferenceError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(fields)
    return error


class LogitInferenceWarning(UserWarning):
    """Base of every warning: the result is right, and may surprise."""


class ArgumentError(LogitInferenceError, ValueError):
    """An argument has a value that means nothing here."""

    def __init__(self, argument: str, value: object, allowed: str):
        self.argument, self.value = argument, value
        super().__init__(f"{argument}={value!r} is not understood. Write {allowed}.")

    @classmethod
    def refused(cls, argument: str, value: object, reason: str, instead: str) -> ArgumentError:
        """Return the error for a value that has a meaning elsewhere, and why not here."""
        error = cls(argument, value, instead)
        error.args = (f"{argument}={value!r} is refused: {reason}. Write {instead}.",)
        return error


class ExtraError(LogitInferenceError, ImportError):
    """Something needs a library that is not installed; ``extra`` brings it."""

    def __init__(self, what: str, library: str, extra: str):
        self.what, self.library, self.extra = what, library, extra
        super().__init__(
            f"{what} needs {library}, which is not installed. "
            f'Write: pip install "logit-inference[{extra}]".'
        )


class TableError(LogitInferenceError, ValueError):
    """The columns of a table do not fit together."""

    def __init__(self, where: str, found: str, instead: str):
        self.where, self.found, self.instead = where, found, instead
        super().__init__(f"{where}: {found}. {instead}")
