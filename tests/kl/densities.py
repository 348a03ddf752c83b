"""Textbook log densities of the families of numbers, and parameter sets between which divergences are finite."""

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
from mpmath import mpf

import fastdist as fd

INF = mp.inf
LINE, HALF_LINE, UNIT = (-INF, INF), (mpf(0), INF), (mpf(0), mpf(1))
COUNTS, TRIAL = (0, INF), (0, 1)


class Family(NamedTuple):
    """``log_density(x, *parameters)`` within the ends of a support, and three sets of parameters for either side.

    Whatever families p and q are of, the sets of the same place go together.
    """

    log_density: Callable[..., Any]
    ends: Any
    as_p: list[tuple[Any, ...]]
    as_q: list[tuple[Any, ...]]
    discrete: bool = False
    kink: Callable[..., Any] | None = None
    """Where the density is not smooth, of the parameters."""

    def support(self, parameters: tuple[Any, ...]) -> Any:
        """The ends of the support."""
        return self.ends(*parameters) if callable(self.ends) else self.ends

    def log_at(self, x: Any, parameters: tuple[Any, ...]) -> Any:
        """The log density anywhere."""
        low, high = self.support(parameters)
        return self.log_density(x, *parameters) if low <= x <= high else -INF


# Densities -----------------------------------------------------------------------------------------


def normal(x, loc, scale):
    return -(((x - loc) / scale) ** 2) / 2 - mp.log(scale) - mp.log(2 * mp.pi) / 2


def gamma(x, a, rate):
    return a * mp.log(rate) - mp.loggamma(a) + (a - 1) * mp.log(x) - rate * x


def inverse_gamma(x, a, rate):
    return a * mp.log(rate) - mp.loggamma(a) - (a + 1) * mp.log(x) - rate / x


def beta(x, a, b):
    return mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b) + (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-x)


def kumaraswamy(x, a, b):
    return mp.log(a * b) + (a - 1) * mp.log(x) + (b - 1) * mp.log1p(-(x**a))


def student_t(x, df, loc, scale):
    norm = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2 - mp.log(scale)
    return norm - (df + 1) / 2 * mp.log1p(((x - loc) / scale) ** 2 / df)


def cauchy(x, loc, scale):
    return -mp.log(mp.pi * scale) - mp.log1p(((x - loc) / scale) ** 2)


def continuous_bernoulli(x, p):
    norm = mp.log(2 * mp.atanh(1 - 2 * p) / (1 - 2 * p))
    return norm + x * mp.log(p) + (1 - x) * mp.log1p(-p)


def truncated_normal(x, loc, scale, low, high):
    return normal(x, loc, scale) - mp.log(mp.ncdf((high - loc) / scale) - mp.ncdf((low - loc) / scale))


def inverse_gaussian(x, mean, shape):
    return (mp.log(shape / (2 * mp.pi * x**3)) - shape * ((x - mean) / mean) ** 2 / x) / 2


def weibull(x, scale, k):
    return mp.log(k / scale) + (k - 1) * mp.log(x / scale) - (x / scale) ** k


def gumbel(x, loc, scale):
    z = (x - loc) / scale
    return -z - mp.exp(-z) - mp.log(scale)


def von_mises(x, loc, k):
    return k * mp.cos(x - loc) - mp.log(2 * mp.pi * mp.besseli(0, k))


def binomial(k, n, p):
    return mp.log(mp.binomial(n, k)) + k * mp.log(p) + (n - k) * mp.log1p(-p)


def negative_binomial(k, r, p):
    return mp.loggamma(k + r) - mp.loggamma(r) - mp.loggamma(k + 1) + r * mp.log1p(-p) + k * mp.log(p)


FAMILIES = {
    # On the line
    fd.Normal: Family(
        normal, LINE, [(0.5, 1.0), (-2.0, 0.25), (3.0, 7.0)], [(-1.0, 2.0), (0.75, 0.5), (2.5, 10.0)]
    ),
    fd.Laplace: Family(
        lambda x, loc, scale: -abs(x - loc) / scale - mp.log(2 * scale),
        LINE,
        [(0.5, 1.0), (-2.0, 0.25), (3.0, 0.75)],
        [(0.625, 2.0), (0.25, 0.5), (-1.0, 3.0)],
        kink=lambda loc, scale: loc,
    ),
    fd.Gumbel: Family(gumbel, LINE, [(0.5, 1.0), (-2.0, 0.75), (3.0, 2.0)], [(-1.0, 2.0), (0.25, 0.875), (2.5, 4.0)]),
    fd.Cauchy: Family(cauchy, LINE, [(0.5, 1.0), (-2.0, 0.25), (3.0, 7.0)], [(-1.0, 2.0), (-1.75, 0.5), (2.5, 10.0)]),
    fd.StudentT: Family(
        student_t,
        LINE,
        [(3.5, 0.5, 1.0), (2.5, -2.0, 0.25), (20.0, 3.0, 7.0)],
        [(1.25, -1.0, 2.0), (7.0, 0.75, 0.5), (0.75, 2.5, 10.0)],
    ),
    # On the half-line
    fd.Exponential: Family(lambda x, rate: mp.log(rate) - rate * x, HALF_LINE, [(2.0,), (0.25,), (1.0,)],
                           [(0.5,), (3.0,), (1.25,)]),
    fd.Gamma: Family(gamma, HALF_LINE, [(2.5, 1.0), (1.25, 0.5), (30.0, 12.0)], [(0.5, 3.0), (4.0, 2.0), (25.0, 8.0)]),
    fd.Chi2: Family(
        lambda x, df: gamma(x, df / 2, mpf(1) / 2), HALF_LINE, [(1.0,), (5.0,), (0.25,)], [(3.0,), (2.5,), (0.75,)]
    ),
    fd.InverseGamma: Family(
        inverse_gamma, HALF_LINE, [(2.5, 1.0), (1.25, 2.0), (20.0, 30.0)], [(0.5, 3.0), (4.0, 2.0), (15.0, 25.0)]
    ),
    fd.LogNormal: Family(
        lambda x, m, s: normal(mp.log(x), m, s) - mp.log(x),
        HALF_LINE,
        [(0.5, 1.0), (-2.0, 0.25), (1.0, 0.75)],
        [(-1.0, 2.0), (0.75, 0.5), (0.5, 3.0)],
    ),
    fd.Weibull: Family(
        weibull, HALF_LINE, [(2.0, 3.0), (0.5, 0.75), (1.0, 1.25)], [(1.5, 2.0), (2.0, 0.5), (1.25, 3.0)]
    ),
    fd.HalfNormal: Family(
        lambda x, s: normal(x, 0, s) + mp.log(2), HALF_LINE, [(1.0,), (0.25,), (7.0,)], [(2.0,), (0.5,), (3.0,)]
    ),
    fd.HalfCauchy: Family(
        lambda x, s: cauchy(x, 0, s) + mp.log(2), HALF_LINE, [(1.0,), (0.25,), (7.0,)], [(2.0,), (0.5,), (3.0,)]
    ),
    fd.Rayleigh: Family(
        lambda x, s: mp.log(x / s**2) - (x / s) ** 2 / 2, HALF_LINE, [(1.0,), (0.25,), (7.0,)], [(2.0,), (0.5,), (3.0,)]
    ),
    fd.InverseGaussian: Family(
        inverse_gaussian, HALF_LINE, [(1.0, 2.0), (0.5, 0.25), (3.0, 20.0)], [(2.0, 1.5), (0.75, 3.0), (4.0, 10.0)]
    ),
    fd.Pareto: Family(
        lambda x, s, a: mp.log(a / x) + a * mp.log(s / x),
        lambda s, a: (s, INF),
        [(2.0, 3.0), (0.25, 2.5), (1.0, 7.0)],
        [(0.125, 2.5), (0.25, 0.75), (0.0625, 4.0)],
    ),
    # On an interval
    fd.Beta: Family(beta, UNIT, [(2.0, 3.0), (0.5, 0.75), (20.0, 1.0)], [(1.5, 5.0), (0.25, 2.0), (15.0, 2.5)]),
    fd.Kumaraswamy: Family(
        kumaraswamy, UNIT, [(2.0, 3.0), (0.5, 0.75), (20.0, 1.5)], [(1.5, 5.0), (0.25, 2.0), (15.0, 2.5)]
    ),
    fd.ContinuousBernoulli: Family(
        continuous_bernoulli, UNIT, [(0.25,), (0.625,), (0.999,)], [(0.5625,), (0.125,), (0.75,)]
    ),
    fd.Uniform: Family(
        lambda x, low, high: -mp.log(high - low),
        lambda low, high: (low, high),
        [(0.25, 0.75), (0.5, 1.0), (0.125, 0.875)],
        [(-0.5, 1.5), (0.0, 1.0), (-3.0, 2.0)],
    ),
    fd.TruncatedNormal: Family(
        truncated_normal,
        lambda loc, scale, low, high: (low, high),
        [(0.5, 1.0, -1.0, 2.0), (0.25, 2.0, 0.5, 0.75), (5.0, 2.0, -1.0, 2.0)],
        [(-0.5, 2.0, -1.5, 2.5), (-3.0, 1.5, 0.25, 4.0), (0.0, 3.0, -1.0, 2.0)],
    ),
    fd.VonMises: Family(
        von_mises,
        lambda loc, k: (-mp.pi, mp.pi),
        [(0.5, 1.0), (3.0, 7.0), (1.0, 0.25)],
        [(1.5, 2.0), (2.0, 7.5), (-1.0, 3.0)],
    ),
    # On the integers
    fd.Bernoulli: Family(
        lambda k, p: mp.log(p) if k else mp.log1p(-p),
        TRIAL, [(0.25,), (0.875,), (1e-3,)], [(0.5,), (0.125,), (0.75,)], discrete=True
    ),
    fd.Binomial: Family(
        binomial,
        lambda n, p: (0, int(n)),
        [(7, 0.25), (40, 0.75), (1, 0.125)],
        [(9, 0.5), (40, 0.625), (20, 0.0625)],
        discrete=True,
    ),
    fd.Categorical: Family(
        lambda k, p: mp.log(mpf(p[k])),
        lambda p: (0, len(p) - 1),
        [([0.5, 0.25, 0.25],), ([0.125, 0.875],), ([0.25, 0.125, 0.5, 0.125],)],
        [([0.25, 0.125, 0.625],), ([0.5, 0.25, 0.25],), ([0.125, 0.5, 0.125, 0.25],)],
        discrete=True,
    ),
    fd.DiscreteUniform: Family(
        lambda k, low, high: -mp.log(high - low + 1),
        lambda low, high: (int(low), int(high)),
        [(0, 3), (2, 2), (-3, 9)],
        [(-1, 3), (0, 9), (-4, 11)],
        discrete=True,
    ),
    fd.Geometric: Family(
        lambda k, p: mp.log(p) + k * mp.log1p(-p),
        COUNTS, [(0.25,), (0.875,), (0.125,)], [(0.5,), (0.125,), (0.75,)], discrete=True
    ),
    fd.Poisson: Family(
        lambda k, rate: k * mp.log(rate) - rate - mp.loggamma(k + 1),
        COUNTS,
        [(3.0,), (0.25,), (50.0,)],
        [(4.0,), (1.5,), (30.0,)],
        discrete=True,
    ),
    fd.NegativeBinomial: Family(
        negative_binomial,
        COUNTS,
        [(2.5, 0.25), (0.5, 0.75), (20.0, 0.5)],
        [(2.5, 0.5), (3.0, 0.625), (7.25, 0.75)],
        discrete=True,
    ),
}  # fmt: skip

# Between these only other sets have a finite divergence.
SETS_OF_PAIRS = {
    (fd.Binomial, fd.Bernoulli): ([(1, 0.25), (1, 0.875), (1, 1e-3)], [(0.5,), (0.125,), (0.75,)]),
}
# Of these there are finite ones only for a rate of 0: `test_counts_without_end`.
FINITE_FOR_NOTHING = {(fd.Poisson, fd.Bernoulli), (fd.Poisson, fd.Binomial)}
