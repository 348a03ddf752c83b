"""Tails of categories whose masses are below float64."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd


@pytest.mark.parametrize(
    "logits",
    [
        [0.0, -800.0, -801.0],
        [-800.0, -740.0, -1e4, 0.0],
        [0.0, -700.0, -708.0, -720.0, -np.inf],
        [-np.inf, -800.0, -1.0, 0.0, -745.0, -900.0],
    ],
    ids=str,
)
def test_logarithms_of_tails_below_float64(logits):
    d, k = fd.Categorical(logits=logits), np.arange(len(logits))
    with mp.workdps(40):
        masses = [mp.exp(mp.mpf(v)) for v in logits]
        total = sum(masses)
        for got, sums in (
            (d.log_cdf(k), [sum(masses[: j + 1]) for j in k]),
            (d.log_sf(k), [sum(masses[j + 1 :], mp.mpf(0)) for j in k]),
        ):
            expected = [float(mp.log(s / total)) if s else -np.inf for s in sums]
            np.testing.assert_allclose(got, expected, rtol=1e-15, atol=1e-300)
            assert np.array_equal(got[k], [float(v) for v in got])
