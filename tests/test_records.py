"""Records that are made by assignment are frozen dataclasses in everything else."""

import copy
import inspect
import pickle
import typing
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from functools import cached_property

import pytest

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.models.result import LogitResult
from logit_inference.records import made_fast
from logit_inference.solve.fit import Fit
from logit_inference.solve.solution import Solution


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


def test_a_record_without_slots_keeps_its_dictionary():
    @made_fast
    @dataclass(frozen=True)
    class Open:
        x: float

        @cached_property
        def double(self):
            return 2 * self.x

    made = Open(2.0)
    assert (made.double, vars(made)) == (4.0, {"x": 2.0, "double": 4.0})
    assert copy.copy(made) == made == Open(2.0)
    with pytest.raises(FrozenInstanceError):
        made.x = 3.0


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


def test_its_annotations_can_be_read():
    hints = typing.get_type_hints(Fast.__init__)
    assert hints == typing.get_type_hints(Slow.__init__)
    assert inspect.signature(Fast, eval_str=True) == inspect.signature(Slow, eval_str=True)
    assert Fast.__init__.__module__ == Slow.__init__.__module__ == __name__
    for kind in (Solution, Evaluation, Fit, LogitResult):
        assert "Parameters" in kind.__doc__
        assert list(inspect.signature(kind).parameters) == [v.name for v in fields(kind)]


def test_a_subclass_is_made_as_what_it_is():
    class Third(Fast):
        __slots__ = ()

    assert type(Third(1.0)) is Third


def test_values_that_are_made_are_made_anew_for_each():
    @made_fast
    @dataclass(frozen=True, slots=True)
    class Made:
        a: float
        x: dict[str, float] = field(default_factory=dict)
        y: float = 2.0
        z: list[float] = field(default_factory=lambda: [1.0])

    one, other = Made(1.0), Made(1.0, z=[])
    assert (one.x, one.y, one.z, other.z) == ({}, 2.0, [1.0], [])
    assert one.x is not other.x
    given = {"a": 1.0}
    assert Made(1.0, given).x is given


def test_what_is_checked_is_checked_when_all_is_in_place():
    @made_fast
    @dataclass(frozen=True, slots=True)
    class Checked:
        x: float
        y: float = 0.0

        def __post_init__(self):
            if self.x < self.y:
                raise ValueError(f"{self.x} < {self.y}")

    assert Checked(1.0).y == 0.0
    with pytest.raises(ValueError, match=r"1\.0 < 2\.0"):
        Checked(1.0, 2.0)
    with pytest.raises(FrozenInstanceError):
        Checked(1.0).x = 2.0


@pytest.mark.parametrize("asked", [{"kw_only": True}, {"init": False, "default": 1.0}])
def test_values_that_are_not_given_by_place_are_refused(asked):
    @dataclass(frozen=True)
    class Named:
        x: float = field(**asked)

    with pytest.raises(TypeError, match="Named does more"):
        made_fast(Named)
