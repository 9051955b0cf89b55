"""Tails of weighted sums of chi-squares against closed forms and simulation."""

import numpy as np
import pytest
from scipy import stats

from logit_inference.inference.rao_scott import mixture_tail


def test_one_and_equal_scales_are_chi_square_and_F_to_the_saddlepoint():
    for x in (0.01, 0.5, 2.0, 10.0, 60.0):
        # The saddlepoint's relative error for one degree of freedom is up to a tenth.
        assert mixture_tail(2.0 * x, [2.0]) == pytest.approx(stats.chi2.sf(x, 1), rel=0.1)
        many = mixture_tail(x * 3.0, [3.0] * 8)
        assert many == pytest.approx(stats.chi2.sf(x, 8), rel=0.01)
        assert mixture_tail(4.0 * x, [1.0] * 4, 11.0) == pytest.approx(
            stats.f.sf(x, 4, 11), rel=0.03
        )
    assert mixture_tail(0.0, [1.0]) == 1.0


def test_unequal_scales_by_simulation():
    rng = np.random.default_rng(0)
    scales, df = [3.0, 1.0, 0.2], 9.0
    draws = rng.chisquare(1.0, (400_000, 3)) @ scales / (rng.chisquare(df, 400_000) / df)
    for x in (1.0, 4.2, 12.0, 30.0):  # 4.2 is the mean of the sum, where the formula is 0/0
        share = (draws > x).mean()
        assert mixture_tail(x, scales, df) == pytest.approx(share, rel=0.03)
