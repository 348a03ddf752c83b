"""log Gamma, its derivatives, Stirling's error and the deviance."""

from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import gamma

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "gamma.npz")
BOOST = np.load(Path(scipy.special.__file__).parent / "tests" / "data" / "boost.npz")

# twice the largest relative error seen
BOUNDS = {
    "gammaln": 9e-16,
    "log_gamma1p": 1.2e-15,
    "digamma": 9e-16,
    "trigamma": 4.6e-16,
    "stirling_error": 1.9e-15,
    "deviance": 7.6e-16,
}


def relative(value, truth):
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(value - truth) / np.abs(truth)
    return np.where(value == truth, 0.0, error)


@pytest.mark.parametrize("name", BOUNDS)
def test_against_mpmath(name):
    *inputs, truth = REFERENCES[name].T
    kept = (np.abs(truth) > 1e-307) & np.isfinite(truth)
    assert np.max(relative(over(getattr(gamma, name), *inputs), truth)[kept]) < BOUNDS[name]


@pytest.mark.parametrize("name", ["gammaln", "digamma"])
def test_negative_arguments(name):
    x, truth = REFERENCES[name + "_negative"].T
    with np.errstate(over="ignore"):
        slope = scipy.special.digamma(x) if name == "gammaln" else (np.pi / np.sin(np.pi * x)) ** 2
    allowed = 4e-15 * np.maximum(np.abs(truth), 1.0) * np.maximum(np.abs(x), 1.0) + 2e-16 * np.abs(slope * x)
    assert np.all((np.abs(over(getattr(gamma, name), x) - truth) < allowed) | (truth == np.inf))


@pytest.mark.parametrize("table", [k for k in BOOST if k.startswith("digamma_") or "test_gamma_data" in k])
def test_scipys_tables(table):
    rows = BOOST[table]
    x = rows[:, 0]
    if "gammap1m1" in table:
        value, truth = np.expm1(over(gamma.log_gamma1p, x)), rows[:, 1]
        peer = np.expm1(scipy.special.gammaln(1.0 + x))
    elif "test_gamma" in table:
        value, truth, peer = over(gamma.gammaln, x), rows[:, 2], scipy.special.gammaln(x)
    else:
        value, truth, peer = over(gamma.digamma, x), rows[:, 1], scipy.special.digamma(x)
    error = relative(value, truth)
    assert np.max(error) < (1e-13 if "neg" in table else 1.9e-15)
    assert np.max(error) < max(1e-15, np.max(relative(peer, truth)))


def test_special_values():
    inf, nan = np.inf, np.nan
    np.testing.assert_array_equal(
        over(gamma.gammaln, [0.0, 1.0, 2.0, inf, nan, -3.0, 5e-324]),
        [inf, 0.0, 0.0, inf, nan, inf, 744.4400719213812],
    )
    np.testing.assert_array_equal(over(gamma.log_gamma1p, [0.0, 1.0, inf, nan, -1.0]), [0.0, 0.0, inf, nan, inf])
    np.testing.assert_array_equal(over(gamma.digamma, [0.0, inf, nan]), [-inf, inf, nan])
    np.testing.assert_array_equal(over(gamma.trigamma, [0.0, inf, nan]), [inf, 0.0, nan])
    np.testing.assert_array_equal(over(gamma.stirling_error, [0.0, inf, nan]), [inf, 0.0, nan])
    np.testing.assert_array_equal(
        over(gamma.deviance, [0.0, 0.0, 2.0, inf, 1.0, 3.0, nan, 1.0], [0.0, 2.5, 0.0, 1.0, inf, 3.0, 1.0, nan]),
        [0.0, 2.5, inf, inf, inf, 0.0, nan, nan],
    )


@pytest.mark.parametrize("name", ["gammaln", "log_gamma1p", "digamma", "trigamma", "stirling_error"])
def test_plain_python(name):
    kernel = getattr(gamma, name)
    x = np.array([1e-8, 0.3, 0.99, 1.0, 1.46, 2.0, 2.7, 3.0, 17.5, 1e10])
    np.testing.assert_allclose([kernel(v) for v in x.tolist()], over(kernel, x), rtol=4e-15, atol=1e-16)


def test_plain_python_deviance():
    x, m = np.array([1e-8, 0.3, 2.0, 2.7, 17.5, 1e10]), np.array([1.0, 0.31, 7.0, 2.7, 17.0, 1e10 + 3])
    plain = [gamma.deviance(u, v) for u, v in zip(x.tolist(), m.tolist(), strict=True)]
    np.testing.assert_allclose(plain, over(gamma.deviance, x, m), rtol=4e-15)


def test_deviance_of_a_gap():
    """Far below the rounding of the two numbers."""
    for m, gap in ((1e30, 1e13), (1e30, -1e15), (3.0, 1e-12), (1e100, 1e99), (2.0, 50.0)):
        with mp.workdps(120):
            x, mean = mp.mpf(m) + mp.mpf(gap), mp.mpf(m)
            expected = x * mp.log(x / mean) - mp.mpf(gap)
        assert gamma.deviance_of_gap(float(x), m, gap) == pytest.approx(float(expected), rel=1e-15)
