"""What is asked of effects: which, over which rows, with which uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logit_inference.effects.moments import Weighting
from logit_inference.effects.quantities import Effect
from logit_inference.effects.scales import Measure
from logit_inference.models.effect_rows import Asked


@dataclass(frozen=True)
class Options:
    """What is asked of effects beside what they are.

    Parameters
    ----------
    level : float or None
    covariance, cluster : as in `logit_inference.avg_comparisons`
    hypothesis, adjust, uncertainty : as there
    draws, seed : int
        Of simulation and resampling.
    letters : bool
    """

    level: float | None = None
    covariance: Any = None
    cluster: Any = None
    hypothesis: Any = None
    adjust: str | None = None
    uncertainty: str | None = None
    draws: int = 1000
    seed: int = 1
    letters: bool = False


@dataclass(frozen=True)
class Asking:
    """Effects, on which scale, over which rows, in which groups.

    Parameters
    ----------
    effects : sequence of Effect
    measure : Measure
    kind : {"response", "link", "odds"}
    asked : Asked
    groups : mapping of str to sequence of G values
        Values of ``by=`` in each group; empty where there is one.
    weighting : Weighting
    by_row : bool
        Whether each row is a group of its own.
    limits : (float, float)
        Of the scale that is shown.
    title : str
    """

    effects: Sequence[Effect]
    measure: Measure
    kind: str
    asked: Asked
    groups: Mapping[str, Sequence[Any]]
    weighting: Weighting
    by_row: bool
    limits: tuple[float, float]
    title: str
