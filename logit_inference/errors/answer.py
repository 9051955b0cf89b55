"""What can be wrong with a question to a result: hypotheses, new rows, files, missing data."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError
from logit_inference.errors.wording import nearest, shorten


class HypothesisError(LogitInferenceError, ValueError):
    """A hypothesis cannot be read, or names what the fit does not have.

    Attributes
    ----------
    hypothesis : str
        The text that was read; empty where no text is to blame.
    name : str
        The coefficient or term that the error is about; empty where there is none.
    """

    def __init__(self, message: str, *, hypothesis: str = "", name: str = ""):
        self.hypothesis, self.name = hypothesis, name
        super().__init__(message)

    @classmethod
    def syntax(cls, hypothesis: str, complaint: str) -> HypothesisError:
        """Return the error for text that is no hypothesis."""
        return cls(
            f"cannot read the hypothesis {hypothesis!r}: {complaint}. Write for example "
            '"age = 0, smoke = 2*lwt"; backticks quote a name.',
            hypothesis=hypothesis,
        )

    @classmethod
    def combination(cls, text: str, complaint: str) -> HypothesisError:
        """Return the error for text that is no linear combination of coefficients."""
        return cls(
            f"cannot read the combination {text!r}: {complaint}. Write for example "
            '"smoke + 30 * smoke:age", without an equals sign; backticks quote a name.',
            hypothesis=text,
        )

    @classmethod
    def not_one(cls, count: int) -> HypothesisError:
        """Return the error for several combinations where one is profiled."""
        return cls(
            f"a profile is of one combination of coefficients, and these are {count}: ask for "
            'each by itself. conf_int(method="profile", names=[…]) and lincom() take several.'
        )

    @classmethod
    def unknown(
        cls, hypothesis: str, name: str, names: Sequence[str], terms: Sequence[str]
    ) -> HypothesisError:
        """Return the error for a name that is neither a coefficient nor a term."""
        close = nearest(name, [*names, *terms])
        guess = f" Did you mean {' or '.join(repr(near) for near in close)}?" if close else ""
        return cls(
            f"no coefficient {name!r} in {hypothesis!r}.{guess} "
            f"Coefficients: {shorten(list(names))}.",
            hypothesis=hypothesis,
            name=name,
        )

    @classmethod
    def ambiguous(cls, hypothesis: str, name: str, fits: Sequence[str]) -> HypothesisError:
        """Return the error for a name, not exactly spelled, that several names resemble."""
        return cls(
            f"{name!r} in {hypothesis!r} can mean {' or '.join(repr(fit) for fit in fits)}. "
            "Spell the one you mean exactly as it is listed here.",
            hypothesis=hypothesis,
            name=name,
        )

    @classmethod
    def term_alone(cls, hypothesis: str, term: str, columns: Sequence[str]) -> HypothesisError:
        """Return the error for a term of several columns inside an expression."""
        return cls(
            f"in {hypothesis!r} the term {term!r} has several columns, so it stands alone on its "
            "side of an equals sign. To combine it with anything else, name the column you mean: "
            f"{shorten(columns)}.",
            hypothesis=hypothesis,
            name=term,
        )

    @classmethod
    def empty(cls) -> HypothesisError:
        """Return the error for no restriction at all."""
        return cls('an empty hypothesis tests nothing; write for example "age = 0".')

    @classmethod
    def idle(cls, hypothesis: str = "", numbers: Sequence[str] = ()) -> HypothesisError:
        """Return the error for a restriction without a coefficient.

        ``numbers`` are names, in backticks, that the text can have meant by a number.
        """
        hint = (
            f" A name that begins with a number needs backticks: {numbers[0]}." if numbers else ""
        )
        return cls(
            f"in {repr(hypothesis) if hypothesis else 'the matrix'} a restriction holds no "
            f"coefficient: it is true or false whatever the data say.{hint}",
            hypothesis=hypothesis,
        )

    @classmethod
    def kind(cls, found: str, count: int) -> HypothesisError:
        """Return the error for something that is neither text nor numbers."""
        return cls(
            f"a hypothesis is text, a list of texts, a matrix with {count} columns, or a "
            f"tuple of a matrix and its values; {found} could not be read."
        )

    @classmethod
    def shape(cls, found: tuple[int, ...], names: Sequence[str]) -> HypothesisError:
        """Return the error for a matrix with another number of columns than coefficients."""
        return cls(
            f"a hypothesis matrix needs {len(names)} columns, one for each coefficient "
            f"({shorten(names)}); this one has shape {found}."
        )

    @classmethod
    def not_finite(cls) -> HypothesisError:
        """Return the error for a matrix or values with NaN or infinity."""
        return cls("a hypothesis matrix and its values must be finite.")

    @classmethod
    def not_estimable(cls, name: str) -> HypothesisError:
        """Return the error for a restriction of what cannot be estimated."""
        return cls(
            f"{name!r} cannot be estimated from these data, so nothing can be tested about it. "
            "Leave it out of the hypothesis.",
            name=name,
        )

    @classmethod
    def infinite(cls, name: str) -> HypothesisError:
        """Return the error for a Wald test of what has no finite estimate."""
        return cls(
            f"the coefficient of {name!r} has no finite maximum likelihood estimate, because its "
            "column separates rows by their outcome, so it has no standard error and no Wald test. "
            'Use the likelihood ratio, method="lr": it compares suprema of the likelihood, which '
            "are finite.",
            name=name,
        )

    @classmethod
    def dependent(cls, count: int) -> HypothesisError:
        """Return the error for restrictions that are not independent."""
        return cls(
            f"the {count} restrictions are not independent of each other: leave out those that "
            "follow from, or contradict, the rest."
        )


class PredictionError(LogitInferenceError, ValueError):
    """New rows lack something that the fit needs."""


class ModelFileError(LogitInferenceError, ValueError):
    """A saved model cannot be written or read."""


class DetachedError(LogitInferenceError, RuntimeError):
    """The answer needs the data, which this result no longer holds."""

    def __init__(self, what: str):
        super().__init__(
            f"{what} needs the rows of the fit, and this result was made without them "
            "(without_data() or load()). Ask the original result, or predict on new data."
        )
