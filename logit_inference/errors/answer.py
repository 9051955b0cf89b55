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
    def nothing_finite(cls) -> HypothesisError:
        """Return the error for intervals of coefficients of which none is finite."""
        return cls(
            "no coefficient has a finite estimate: the data are completely separated. Likelihood-"
            "ratio intervals of single coefficients are in conf_int()."
        )

    @classmethod
    def not_joint(cls, name: str) -> HypothesisError:
        """Return the error for what goes to infinity among simultaneous intervals."""
        return cls(
            f"{name!r} goes to infinity and has no normal distribution, so that no simultaneous "
            "interval holds it. Leave it out; its own likelihood-ratio limits are in conf_int() "
            "and lincom() without simultaneous=.",
            name=name,
        )

    @classmethod
    def not_rows(cls, found: str, count: int) -> HypothesisError:
        """Return the error for a combination that is neither text nor numbers."""
        return cls(
            f"a combination of coefficients is text, a list of texts, or rows of {count} numbers; "
            f"{found} could not be read."
        )

    @classmethod
    def no_row(cls, hypothesis: str, name: str, count: int) -> HypothesisError:
        """Return the error for a row of a table of effects that is not there."""
        rows = "its one row is b1" if count == 1 else f"its rows are b1 to b{count}"
        return cls(
            f"no row {name!r} in {hypothesis!r}: b1 is the first effect of the table, and {rows}.",
            hypothesis=hypothesis,
            name=name,
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
    def nothing(cls, names: Sequence[str]) -> HypothesisError:
        """Return the error for no combination at all."""
        first = names[-1] if names else "age"
        return cls(
            f"no combination of coefficients is asked for. Write for example {first!r} or "
            f'"2*{first}"; several are a list, or parted by commas. Coefficients: '
            f"{shorten(list(names))}."
        )

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
            'Use the likelihood ratio: test(…, method="lr"), or method="score".',
            name=name,
        )

    @classmethod
    def no_variance(cls, count: int, rank: int, kind: str) -> HypothesisError:
        """Return the error for more restrictions than a covariance has dimensions."""
        why = "so few units vary" if rank else "all of the population is in the sample"
        instead = "Test fewer together" if rank else "Nothing is left to test by chance"
        return cls(
            f"the covariance ({kind}) has rank {rank}, and the hypothesis needs {count}: {why}. "
            f"{instead}."
        )

    @classmethod
    def too_low_rank(cls, count: int, rank: int) -> HypothesisError:
        """Return the error for more restrictions than a covariance has directions to vary in."""
        return cls(
            f"{count} restrictions cannot be tested together: their covariance has rank {rank} at "
            "most, because clusters are few or negative eigenvalues were set to zero. Test fewer "
            "of them at once."
        )

    @classmethod
    def too_few_df(cls, count: int, df: float | None) -> HypothesisError:
        """Return the error for more restrictions than the clusters have degrees of freedom."""
        return cls(
            f"{count} restrictions have {df:.2f} degrees of freedom together: clusters are too few "
            "to test so many at once. Test fewer of them, one by one with adjusted p-values (lincom"
            '(…, adjust="holm")), or with method="wild".'
        )

    @classmethod
    def dependent(cls, count: int) -> HypothesisError:
        """Return the error for restrictions that are not independent."""
        return cls(
            f"the {count} restrictions are not independent of each other: leave out those that "
            "follow from, or contradict, the rest."
        )


class ComparisonError(LogitInferenceError, ValueError):
    """Two models cannot be compared by a test.

    Attributes
    ----------
    reason : str
        ``"rows"``, ``"outcome"``, ``"weights"``, ``"offset"``, ``"estimator"``, ``"not nested"``,
        ``"same model"``, ``"missing"``, ``"table"`` or ``"term"``.
    counts : dict of str to int
        Missing values of each new variable.
    """

    def __init__(self, message: str, reason: str, counts: dict[str, int] | None = None):
        self.reason, self.counts = reason, dict(counts or {})
        super().__init__(message)

    @classmethod
    def rows(cls, found: str) -> ComparisonError:
        """Return the error for fits of different rows."""
        return cls(
            f"the fits do not use the same rows: {found}. Log-likelihoods of different rows do not "
            "compare. Fit all models to the rows that have every variable of the largest one, "
            "for example to data.dropna(subset=[…]).",
            "rows",
        )

    @classmethod
    def order(cls) -> ComparisonError:
        """Return the error for fits of the same rows in another order."""
        return cls(
            "the fits use their rows in different orders: row by row the outcomes or the labels "
            "differ, while over all rows they are the same. Columns cannot be compared row by row "
            "then. Fit all models to one table.",
            "rows",
        )

    @classmethod
    def outcome(cls, one: str, other: str) -> ComparisonError:
        """Return the error for fits of different outcomes."""
        return cls(
            f"the outcomes differ ({one}; {other}), so the log-likelihoods are of different data "
            "and do not compare. Fit the same outcome, coded the same way.",
            "outcome",
        )

    @classmethod
    def weights(cls, what: str) -> ComparisonError:
        """Return the error for fits of different weights, or other kinds of them."""
        return cls(
            f"the {what} of the fits differ, so their log-likelihoods are of different data and do "
            "not compare. Fit both with the same.",
            "weights",
        )

    @classmethod
    def conditioning(cls) -> ComparisonError:
        """Return the error for a conditional fit beside one that is not."""
        return cls(
            "one fit is conditional on the numbers of cases in sets and another is not: their "
            "log-likelihoods are of different data and do not compare. Fit both the same way.",
            "sets",
        )

    @classmethod
    def offset(cls) -> ComparisonError:
        """Return the error for models with different offsets."""
        return cls(
            "the offsets of the two formulas differ, and a formula is tested within the offset of "
            "the fit. Write the same offset in both; or fit both models, and "
            "li.compare(small, large) tests them where the difference of the offsets is a "
            "combination of the larger one's columns.",
            "offset",
        )

    @classmethod
    def estimator(cls, one: str, other: str) -> ComparisonError:
        """Return the error for fits by different estimators."""
        return cls(
            f"one fit is by {one} and another by {other}: they maximise different functions, whose "
            "maxima do not compare. Fit all models by the same estimator.",
            "estimator",
        )

    @classmethod
    def not_nested(cls, smaller: str, columns: Sequence[str]) -> ComparisonError:
        """Return the error for a formula that is not a smaller one."""
        return cls(
            f"{smaller!r} is not nested in the fit: {shorten(list(columns))} is no combination of "
            "its columns. Fit the larger model and test there, or compare AIC with "
            "li.compare().",
            "not nested",
        )

    @classmethod
    def same_model(cls, formula: str) -> ComparisonError:
        """Return the error for a formula that spans what the fit spans."""
        return cls(
            f"{formula!r} is the same model as the fit: its columns span the same space, so there "
            "is nothing to test. Leave out the term that you mean to test.",
            "same model",
        )

    @classmethod
    def missing(cls, counts: dict[str, int], n_rows: int, n_used: int) -> ComparisonError:
        """Return the error for new variables that miss values in rows of the fit."""
        each = shorten([f"{name} ({count})" for name, count in counts.items()])
        names = ", ".join(repr(name) for name in counts)
        return cls(
            f"{n_rows} of the {n_used} rows of the fit miss a value of a new variable: {each}. A "
            "model with it would use fewer rows, and its likelihood would not compare. Fit again "
            f"to the rows that have it, for example to data.dropna(subset=[{names}]).",
            "missing",
            counts,
        )

    @classmethod
    def table_changed(cls, found: str) -> ComparisonError:
        """Return the error for a table that is not that of the fit any more."""
        return cls(
            f"the table of the fit has changed since: {found}. New columns computed from it would "
            "belong to other rows. Fit again.",
            "table",
        )

    @classmethod
    def nothing_new(cls, term: str) -> ComparisonError:
        """Return the error for a term to be added that is there already."""
        return cls(
            f"{term!r} is in the model already, so there is nothing to add. To test what is in it, "
            "use drop1() or test().",
            "term",
        )


class PredictionError(LogitInferenceError, ValueError):
    """New rows lack something that the fit needs."""


class ModelFileError(LogitInferenceError, ValueError):
    """A saved model cannot be written, read, or asked what it does not know."""

    @classmethod
    def no_probabilities(cls, path: str) -> ModelFileError:
        """Return the error for predictions of a conditional fit, where probabilities are wanted."""
        return cls(
            f"{path} is a conditional logistic regression: without intercepts of sets no row has a "
            "probability of its own. In Python, li.load(path).predict(rows) has log odds, to be "
            "compared within a set."
        )


class DetachedError(LogitInferenceError, RuntimeError):
    """The answer needs the data, which this result no longer holds."""

    def __init__(self, what: str):
        super().__init__(
            f"{what} needs the rows of the fit, and this result was made without them "
            "(without_data() or load()). Ask the original result, or predict on new data."
        )
