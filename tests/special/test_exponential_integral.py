"""fastdist.special.exponential_integral against mpmath and SciPy."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import exponential_integral

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "exponential_integral.npz")
INF, NAN = np.inf, np.nan
NAMES = ["exp1_scaled", "exp1_scaled_plus_log"]


@pytest.mark.parametrize(("name", "absolute"), [("exp1_scaled", 0.0), ("exp1_scaled_plus_log", 2e-16)])
def test_agrees_with_mpmath(name, absolute):
    """The sum with the logarithm passes through 0."""
    t, expected = REFERENCES[name]
    np.testing.assert_allclose(over(getattr(exponential_integral, name), t), expected, rtol=2e-15, atol=absolute)


def test_agrees_with_scipy():
    t = np.geomspace(1e-10, 600, 500)
    got = over(exponential_integral.exp1_scaled, t)
    np.testing.assert_allclose(got, np.exp(t) * scipy.special.exp1(t), rtol=2e-13)


def test_ends():
    t = np.array([0.0, INF, NAN, -1.0, 5e-324, 1.7e308])
    got = over(exponential_integral.exp1_scaled, t)
    np.testing.assert_array_equal(got[:4], [INF, 0, NAN, NAN])
    np.testing.assert_allclose(got[4:], [-np.euler_gamma - np.log(5e-324), 1 / 1.7e308], rtol=1e-15)
    small = over(exponential_integral.exp1_scaled_plus_log, [1e-300, 5e-324])
    np.testing.assert_allclose(small, -np.euler_gamma, rtol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_cpython_is_the_same_formula(name):
    t, expected = REFERENCES[name][:, ::10]
    function = getattr(exponential_integral, name)
    np.testing.assert_allclose([function(v) for v in t.tolist()], expected, rtol=1e-14, atol=1e-15)
