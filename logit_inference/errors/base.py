"""What every error of the package has in common, and errors about arguments of any function."""

from __future__ import annotations

from typing import Any

from logit_inference.errors.wording import excerpt

MOST = 200  # characters of a value that a message shows, in one line: arrays are longer


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
        shown = excerpt(" ".join(repr(value).split()), MOST)
        super().__init__(f"{argument}={shown} is not understood. Write {allowed}.")

    @classmethod
    def refused(cls, argument: str, value: object, reason: str, instead: str) -> ArgumentError:
        """Return the error for a value that has a meaning elsewhere, and why not here."""
        error = cls(argument, value, instead)
        shown = excerpt(" ".join(repr(value).split()), MOST)
        error.args = (f"{argument}={shown} is refused: {reason}. Write {instead}.",)
        return error

    @classmethod
    def of_result(cls, found: str, reason: str, instead: str) -> ArgumentError:
        """Return the error for a result of a kind that a function has no answer for."""
        error = cls("result", found, instead)
        error.args = (f"result={found} is refused: {reason}. Write {instead}.",)
        return error


class TableError(LogitInferenceError, ValueError):
    """The columns of a table do not fit together."""

    def __init__(self, where: str, found: str, instead: str):
        self.where, self.found, self.instead = where, found, instead
        super().__init__(f"{where}: {found}. {instead}")
