"""The shapes of issue 3: how large, who competes, and what ratios are wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OURS = "logit_inference"
FORMULA = "logit(formula)"
GLUM_LOOSER = "glum, 1e-7"  # the gradient at which it stops; 1e-8 otherwise


@dataclass(frozen=True)
class Target:
    """A ratio to reach: that of a peer at least, that of our own other entry point at most."""

    sense: str
    value: float

    def met(self, ratio: float) -> bool:
        return ratio >= self.value if self.sense == "≥" else ratio <= self.value

    def __str__(self) -> str:
        return f"{self.sense} {self.value:g}"


@dataclass(frozen=True)
class Shape:
    """One case.

    ``kind`` says what the data are (see `data.make`), ``quick_n`` how many rows ``--quick`` takes,
    ``contenders`` who runs, ours first. ``cpu_targets`` and ``memory_targets`` hold at ``n`` rows:
    CPU time relative to the first contender, peak memory as a share of the caller's own data.
    """

    name: str
    n: int
    quick_n: int
    p: int
    contenders: tuple[str, ...]
    kind: str
    cpu_targets: Mapping[str, Target]
    memory_targets: Mapping[str, Target] = field(default_factory=dict)


def _at_least(
    statsmodels: float | None, glum: float, scikit_learn: float | None
) -> dict[str, Target]:
    """Return the ratios to reach; that to glum at either tolerance."""
    ratios = {
        "statsmodels": statsmodels,
        "glum": glum,
        GLUM_LOOSER: glum,
        "scikit-learn": scikit_learn,
    }
    return {name: Target("≥", ratio) for name, ratio in ratios.items() if ratio is not None}


_PEERS = (OURS, "statsmodels", "glum", "scikit-learn")
_LARGE = (OURS, "statsmodels", "glum", GLUM_LOOSER, "scikit-learn")
_TABLE = (OURS, "glum", GLUM_LOOSER)
_REFITS = (OURS, "statsmodels Logit", "statsmodels GLM")
REFITS = 1000
CLOSE = Target("≤", 1e-9)  # our coefficients, in standard errors
_LEAN = {OURS: Target("≤", 0.10)}
# Against the faster of the two ways of statsmodels, so against both.
_REFIT_TARGETS = {name: Target("≥", 40) for name in _REFITS[1:]}
_FORMULA_CPU = {FORMULA: Target("≤", 2.5)}
_FORMULA_MEMORY = _LEAN | {FORMULA: Target("≤", 1.5)}

_ALL = (
    Shape("200x5", 200, 200, 5, _PEERS, "arrays", _at_least(4, 15, 5)),
    Shape("1e4x10", 10_000, 10_000, 10, _PEERS, "arrays", _at_least(2.5, 4, 2.5)),
    Shape("1e5x20", 100_000, 100_000, 20, _PEERS, "arrays", _at_least(5.5, 4, 2.5), _LEAN),
    Shape("1e6x10", 1_000_000, 100_000, 10, _LARGE, "arrays", _at_least(5.5, 4, 2.5), _LEAN),
    Shape("1e6x50", 1_000_000, 50_000, 50, _LARGE, "arrays", _at_least(9, 6, 3.5), _LEAN),
    Shape("1e5x200", 100_000, 10_000, 200, _PEERS, "arrays", _at_least(9, 6, 3.5), _LEAN),
    Shape("2e4x1000", 20_000, 5_000, 1000, _PEERS, "arrays", _at_least(9, 6, 3.5), _LEAN),
    Shape("mixed", 1_000_000, 50_000, 563, _TABLE, "mixed", _at_least(None, 2, None)),
    Shape("discrete", 5_000_000, 200_000, 15, _TABLE, "discrete", _at_least(None, 20, None)),
    Shape("bootstrap", 200, 200, 5, _REFITS, "bootstrap", _REFIT_TARGETS),
    Shape(
        *("formula", 1_000_000, 200_000, 11, (OURS, FORMULA)),
        *("formula", _FORMULA_CPU, _FORMULA_MEMORY),
    ),
)
SHAPES = {shape.name: shape for shape in _ALL}
