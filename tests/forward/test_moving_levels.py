"""Quantiles at levels that move, beside the derivatives of exact quantiles."""

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd

LEVELS = np.array([1e-150, 1e-20, 0.01, 0.3, 0.5, 0.8, 1.0 - 1e-9, 1.0 - 2.0**-53])


def standard(quantile, mirrored=None):
    """The quantile of a location and a scale, of that of the lower tail and that of the upper one."""

    def scaled(p, upper, loc, scale):
        z = quantile(p) if not upper else (mirrored(p) if mirrored else -quantile(p))
        return loc + scale * z

    return scaled


def log_rest(p, upper):
    """The logarithm of the upper tail."""
    return mp.log(p) if upper else mp.log1p(-p)


def normal(p):
    return -mp.sqrt(2) * mp.erfinv(1 - 2 * p)


def bent(y, loc, scale, shape):
    return loc + scale * (mp.expm1(shape * y) / shape if shape else y)


def kumaraswamy(p, upper, a, b):
    return mp.exp(mp.log(-mp.expm1(log_rest(p, upper) / b)) / a)


def triangular(p, upper, low, high, peak):
    if upper:
        return -triangular(p, False, -high, -low, -peak)
    width, left = high - low, peak - low
    if p * width < left:
        return low + mp.sqrt(p * width * left)
    return high - mp.sqrt((1 - p) * width * (high - peak))


CASES = {
    fd.Normal: (standard(normal), [(0.5, 2.0), (1e8, 1e-3)]),
    fd.Laplace: (
        standard(lambda p: mp.log(2 * p) if 2 * p < 1 else -mp.log(2 - 2 * p)),
        [(0.5, 2.0), (1e8, 1e-3)],
    ),
    fd.Logistic: (standard(lambda p: mp.log(p) - mp.log1p(-p)), [(0.5, 2.0), (1e8, 1e-3), (-1e-300, 1e-300)]),
    fd.Cauchy: (standard(lambda p: -mp.cot(mp.pi * p)), [(0.5, 2.0), (1e8, 1e-3)]),
    fd.Gumbel: (
        standard(lambda p: -mp.log(-mp.log(p)), lambda q: -mp.log(-mp.log1p(-q))),
        [(0.5, 2.0), (1e8, 1e-3), (0.0, 1e-300)],
    ),
    fd.LogNormal: (lambda p, upper, *given: mp.exp(standard(normal)(p, upper, *given)), [(0.5, 2.0), (600.0, 1e-3)]),
    fd.HalfNormal: (
        lambda p, upper, scale: -scale * normal(p / 2 if upper else (1 - p) / 2),
        [(2.0,), (1e-3,)],
    ),
    fd.HalfCauchy: (lambda p, upper, s: s * (mp.cot if upper else mp.tan)(mp.pi * p / 2), [(2.0,), (1e-300,)]),
    fd.Rayleigh: (lambda p, upper, scale: scale * mp.sqrt(-2 * log_rest(p, upper)), [(2.0,), (1e-3,)]),
    fd.Exponential: (lambda p, upper, rate: -log_rest(p, upper) / rate, [(2.0,), (1e-8,)]),
    fd.Uniform: (
        lambda p, upper, low, high: high - (high - low) * p if upper else low + (high - low) * p,
        [(-1.0, 2.0), (1e8, 1e8 + 1.0)],
    ),
    fd.Weibull: (
        lambda p, upper, scale, k: scale * mp.exp(mp.log(-log_rest(p, upper)) / k),
        [(2.0, 0.7), (1e8, 1e8), (1.0, 1.0)],
    ),
    fd.Pareto: (
        lambda p, upper, scale, alpha: scale * mp.exp(-log_rest(p, upper) / alpha),
        [(2.0, 3.5), (1e8, 1e8)],
    ),
    fd.GeneralizedPareto: (
        lambda p, upper, *given: bent(-log_rest(p, upper), *given),
        [(0.5, 2.0, 0.3), (1e8, 1e-3, 0.0), (0.0, 1e-3, -2.0), (0.0, 1.0, -1.0)],
    ),
    fd.GeneralizedExtremeValue: (
        lambda p, upper, *given: bent(-mp.log(-mp.log1p(-p) if upper else -mp.log(p)), *given),
        [(0.5, 2.0, 0.3), (1e8, 1e-3, 0.0), (0.0, 1e-3, -2.0), (1.0, 1e8, 3.0)],
    ),
    fd.Kumaraswamy: (kumaraswamy, [(2.0, 3.0), (0.5, 0.75), (1e8, 0.001), (0.1, 30.0)]),
    fd.Triangular: (triangular, [(0.0, 1.0, 0.5), (1e8, 1e8 + 8.0, 1e8 + 1.0), (0.0, 1.0, 1.0)]),
}


@pytest.mark.parametrize(
    ("family", "given"),
    [(family, given) for family, (_, settings) in CASES.items() for given in settings],
    ids=lambda v: v.__name__ if isinstance(v, type) else str(v),
)
def test_slopes(family, given):
    """Those of the quantile itself: the density at a quantile that is rounded loses all digits beside a large place."""
    quantile = CASES[family][0]
    d = family(*given)
    exact = [mpf(v) for v in given]
    for upper, method in ((False, "icdf"), (True, "isf")):
        found = getattr(d, method)(fd.Dual(LEVELS, np.full(LEVELS.size, 2.0)))
        np.testing.assert_array_equal(found.primal, getattr(d, method)(LEVELS))
        with mp.workdps(400):
            want = np.array([float(2 * slope_at(quantile, mpf(p), upper, exact)) for p in LEVELS])
        np.testing.assert_allclose(found.tangent, want, rtol=2e-13)
        batch = getattr(d.expand((2, 1)), method)(fd.Dual(LEVELS, np.full(LEVELS.size, 2.0)))
        np.testing.assert_allclose(batch.tangent, [want, want], rtol=2e-13)


def slope_at(quantile, p, upper, given):
    step = min(p, 1 - p) * mpf(10) ** -60
    return (quantile(p + step, upper, *given) - quantile(p - step, upper, *given)) / (2 * step)


def test_ends():
    """At 0 and 1 the inverse of the density there; of levels whose inverses overflow what is left of it; else NaN."""
    p = np.array([0.0, 5e-324, 1.0, -0.1, 1.5, np.nan])
    for d, want in (
        (fd.Exponential(2.0), [0.5, 0.5, np.inf]),
        (fd.Rayleigh(1.0), [np.inf, np.sqrt(0.5) / np.sqrt(5e-324), np.inf]),
        (fd.Uniform(1.0, 3.0), [2.0, 2.0, 2.0]),
        (fd.Kumaraswamy(1.0, 1.0), [1.0, 1.0, 1.0]),
        (fd.Kumaraswamy(2.0, 1.0), [np.inf, 0.5 / np.sqrt(5e-324), 0.5]),
    ):
        for each in (d, d.expand((2, 1))):
            found = each.icdf(fd.Dual(p, np.ones(6)))
            np.testing.assert_allclose(np.atleast_2d(found.tangent)[-1], [*want, np.nan, np.nan, np.nan], rtol=1e-12)
    assert fd.Exponential(2.0).icdf(fd.Dual(1.0, 3.0)).tangent == np.inf
    assert fd.Exponential(2.0).isf(fd.Dual(0.25, 3.0)).tangent == -6.0
    assert fd.Normal(0.0, 1.0).icdf(fd.Dual(np.empty((0, 3)), np.empty((0, 3)))).tangent.shape == (0, 3)
