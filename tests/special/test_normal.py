"""fastdist.special.normal against mpmath."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over

from fastdist.special import normal

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "normal.npz")
ULP = 2.0**-52
INF, NAN = np.inf, np.nan


@pytest.mark.parametrize(
    ("name", "ulps"), [("ndtr", 3), ("log_ndtr", 3.5), ("ndtri", 3.5), ("ndtri_exp", 5), ("folded_ndtri", 4)]
)
def test_agrees_with_mpmath(name, ulps):
    x, expected = REFERENCES[name]
    np.testing.assert_allclose(over(getattr(normal, name), x), expected, rtol=ulps * ULP)


def test_cdf_ends():
    x = np.array([0.0, -0.0, INF, -INF, NAN, -1e300, 1e300])
    np.testing.assert_array_equal(over(normal.ndtr, x), [0.5, 0.5, 1, 0, NAN, 0, 1])
    y = over(normal.log_ndtr, x)
    np.testing.assert_array_equal(y[2:], [0, -INF, NAN, -INF, 0])
    np.testing.assert_allclose(y[:2], -np.log(2), rtol=ULP)
    np.testing.assert_allclose(over(normal.log_ndtr, [-1e150, 38.0]), [-5e299, -2.8854298e-316], rtol=1e-6)


def test_quantile_ends():
    p = np.array([0.0, -0.0, 0.5, 1.0, NAN, -0.1, 1.1, INF, -INF])
    np.testing.assert_array_equal(over(normal.ndtri, p), [-INF, -INF, 0, INF, NAN, NAN, NAN, NAN, NAN])
    log_p = np.array([0.0, -0.0, -INF, NAN, 0.1, INF])
    np.testing.assert_array_equal(over(normal.ndtri_exp, log_p), [INF, INF, -INF, NAN, NAN, NAN])


def test_quantiles_are_inverses_in_the_far_tails():
    np.testing.assert_allclose(over(normal.ndtri, [5e-324]), -38.467405617144344, rtol=4 * ULP)
    log_p = -np.geomspace(1e-3, 1e300, 2000)
    np.testing.assert_allclose(over(normal.log_ndtr, over(normal.ndtri_exp, log_p)), log_p, rtol=1e-14)


def test_quantile_is_continuous_where_the_series_takes_over():
    log_p = np.linspace(-741, -739, 1001)
    steps = np.diff(over(normal.ndtri_exp, log_p))
    np.testing.assert_allclose(steps, steps.mean(), rtol=2e-3)


@pytest.mark.parametrize("name", ["ndtr", "log_ndtr", "ndtri", "ndtri_exp"])
def test_cpython_is_the_same_formula(name):
    x, expected = REFERENCES[name][:, :100]
    function = getattr(normal, name)
    np.testing.assert_allclose([function(v) for v in x.tolist()], expected, rtol=3e-13)
