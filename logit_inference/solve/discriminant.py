"""How long a first step is: what discriminant analysis knows of the way from the null model.

Newton's first step from the model without slopes is the linear regression of the outcome on the
columns. Its direction is that of Fisher's linear discriminant; its length is not. The discriminant,
which is the maximum itself where the columns are normal among the events and among the non-events,
takes the scatter within the two, a share ``1 − R²`` of that of all rows along this direction.
"""

from __future__ import annotations

LONGEST = 4.0  # of a step that R² near one would make endless: the data are nearly separated


def first_length(squared: float, trials: float) -> float:
    """Return how many Newton steps long the first one should be, from 1 to 4.

    Parameters
    ----------
    squared : float
        The squared decrement at the null model: the score statistic of all slopes.
    trials : float
        Weighted number of trials, of which ``squared`` is the share R²; infinity where the search
        does not start at the null model.

    References
    ----------
    Haggstrom (1983), "Logistic regression and discriminant analysis by ordinary least squares",
    *Journal of Business & Economic Statistics* 1, 229-238.

    Examples
    --------
    >>> first_length(20.0, 100.0), first_length(99.0, 100.0), first_length(20.0, float("inf"))
    (1.25, 4.0, 1.0)
    """
    unexplained = 1.0 - squared / trials
    return min(1.0 / unexplained, LONGEST) if unexplained > 0.0 else LONGEST
