"""Profile intervals of real data against R: limits solved for exactly with R's arithmetic.

``confint`` interpolates a spline, which is good to about 1e-3 of a standard error; the stored
limits (``prof_exact`` in ``scripts/engine.R``) are roots of the profile deviance, to 1e-8 of one.
"""

import numpy as np
import pytest

import logit_inference as li
from tests.reference.glm_models import MODELS, stored

CLOSE = 1e-11  # of a standard error; the worst of 792 ends is off by 9e-13


@pytest.mark.parametrize("name", [name for name in MODELS if "profile_exact" in stored(name)])
def test_profile_intervals(name):
    model, R = MODELS[name], stored(name)
    fit = li.logit(model.formula, model.frame(), **model.options)
    for key, level in (("level_0.95", 0.95), ("level_0.9", 0.9)):
        theirs = np.array(R["profile_exact"][key]["values"], dtype=float)
        ours = fit.conf_int(level=level, method="profile")
        assert list(ours.index) == [model.our_name(r) for r in R["profile_exact"][key]["rows"]]
        assert (np.abs(ours.to_numpy() - theirs) / fit.bse.to_numpy()[:, None]).max() < CLOSE
