"""Means of functions under a distribution."""

import math

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd


def squared(x):
    return x * x


@pytest.mark.parametrize(
    ("d", "function", "exact"),
    [
        (fd.Normal(1.0, 2.0), squared, 5.0),
        (fd.Normal(0.0, 1.0), lambda x: 1.0 * (x > 1.25), float(mp.ncdf(-1.25))),
        (fd.Gamma(0.5, 1.0), np.log, float(mp.digamma(0.5))),
        (fd.Cauchy(0.0, 1.0), lambda x: 1.0 / (1.0 + x * x), 0.5),
        (fd.Pareto(1.0, 1.0625), lambda x: x, 17.0),
        (fd.Pareto(1.0, 0.25), lambda x: x**0.125, 2.0),
        (fd.Pareto(1.0, 2.25), squared, 9.0),
        (fd.Pareto(1.0, 2.0), squared, math.inf),
        (fd.HalfCauchy(1.0), lambda x: -x, -math.inf),
        (fd.Cauchy(0.0, 1.0), lambda x: x, math.nan),
        (fd.TransformedDistribution(fd.Normal(0.0, 1.0), fd.transforms.ExpTransform()), squared, math.exp(2.0)),
    ],
)
def test_of_numbers(d, function, exact):
    """Beyond the largest floats, and where a function is infinite at an end, it goes on as it did before."""
    np.testing.assert_allclose(d.expect(function), exact, rtol=2e-14)


@pytest.mark.slow
def test_batches():
    d = fd.TransformedDistribution(fd.Normal([0.0, 1.0], 1.0), fd.transforms.AffineTransform([1.0, 2.0], 2.0))
    np.testing.assert_allclose(d.expect(), [1.0, 4.0], rtol=1e-14)


def test_an_odd_function_is_no_reason_for_doubt():
    assert abs(fd.Normal(0.0, 1.0).expect(lambda x: np.cos(20.0 * x) * x)) < 1e-15


@pytest.mark.slow
def test_doubt_is_said():
    with pytest.warns(RuntimeWarning, match=r"Gamma\.expect: .* may be off by"):
        assert fd.Gamma(0.01, 1.0).expect(np.log) == pytest.approx(float(mp.digamma(0.01)), rel=1e-3)


@pytest.mark.slow
def test_sums_are_about_the_counts_that_matter():
    assert fd.Poisson(1e7).expect(lambda k: k / 1e7) == pytest.approx(1.0, rel=1e-13)


def test_too_many_counts():
    with pytest.raises(NotImplementedError, match=r"DiscreteUniform\.expect: 1e\+12 integers are too many"):
        fd.DiscreteUniform(0, 10**12).expect()


def test_high_moments_need_no_low_ones():
    d = fd.TransformedDistribution(fd.Normal(0.0, 1.0), fd.transforms.ExpTransform())
    assert d.moment(5) == pytest.approx(math.exp(12.5), rel=1e-13)


@pytest.mark.parametrize("func", [3, "x", [1.0]], ids=str)
def test_of_what_is_no_function(func):
    for d in (fd.Normal(0.0, 1.0), fd.Poisson(3.0)):
        with pytest.raises(TypeError, match=f"{type(d).__name__}.expect: func must be a function; got"):
            d.expect(func)
