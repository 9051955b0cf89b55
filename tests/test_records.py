"""Records that are made by assignment are frozen dataclasses in everything else."""

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from logit_inference.records import made_fast


@dataclass(frozen=True, slots=True)
class Slow:
    x: float
    y: float = 1.0

    @property
    def total(self):
        return self.x + self.y


@made_fast
@dataclass(frozen=True, slots=True)
class Fast:
    x: float
    y: float = 1.0

    @property
    def total(self):
        return self.x + self.y


def test_it_is_made_and_compared_like_any_other():
    assert Fast(1.0) == Fast(1.0, 1.0) == Fast(y=1.0, x=1.0)
    assert (Fast(2.0).total, repr(Fast(2.0)), type(Fast(2.0))) == (3.0, "Fast(x=2.0, y=1.0)", Fast)
    assert hash(Fast(2.0)) == hash(Slow(2.0))
    assert replace(Fast(2.0), y=5.0) == Fast(2.0, 5.0)
    assert inspect.signature(Fast) == inspect.signature(Slow)
    for again in (copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))):
        assert again(Fast(2.0)) == Fast(2.0)


def test_it_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Fast(1.0).x = 2.0
    with pytest.raises(FrozenInstanceError):
        del Fast(1.0).x
    with pytest.raises((AttributeError, TypeError)):
        Fast(1.0).z = 2.0


@pytest.mark.parametrize("values", [(), (1.0, 2.0, 3.0)])
def test_wrong_numbers_of_values_are_refused(values):
    with pytest.raises(TypeError, match=r"__init__\(\)"):
        Fast(*values)


def test_what_does_more_when_it_is_made_is_refused():
    @dataclass(frozen=True, slots=True)
    class Made:
        x: dict[str, float] = field(default_factory=dict)

    @dataclass(frozen=True, slots=True)
    class Checked:
        x: float

        def __post_init__(self):
            assert self.x

    for kind in (Made, Checked):
        with pytest.raises(TypeError, match=f"{kind.__name__} does more"):
            made_fast(kind)
