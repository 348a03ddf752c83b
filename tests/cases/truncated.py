"""Distributions on a part of the support of others."""

from math import inf, nan

import numpy as np
from scipy import integrate, stats

import fastdist as fd
from cases.case import Case, Invalid


def _truncnorm(loc, scale, low, high):
    loc, scale, low, high = (np.asarray(v, float) for v in (loc, scale, low, high))
    return stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)


class _Cut:
    """What SciPy's frozen distributions would be on an interval; the discrete ones of integers."""

    def __init__(self, whole, low, high, discrete=False):
        self._whole, self._low, self._high, self._discrete = whole, low, high, discrete
        self._below = whole.cdf(low - 1 if discrete else low)
        self._above = whole.sf(high)
        self._mass = whole.cdf(high) - self._below

    def pdf(self, x):
        density = self._whole.pmf if self._discrete else self._whole.pdf
        return np.where((x >= self._low) & (x <= self._high), density(x), 0.0) / self._mass

    def logpdf(self, x):
        return np.log(self.pdf(x))

    pmf, logpmf = pdf, logpdf

    def cdf(self, x):
        return np.clip((self._whole.cdf(x) - self._below) / self._mass, 0.0, 1.0)

    def sf(self, x):
        return np.clip((self._whole.sf(x) - self._above) / self._mass, 0.0, 1.0)

    def logcdf(self, x):
        return np.log(self.cdf(x))

    def logsf(self, x):
        return np.log(self.sf(x))

    def ppf(self, p):
        return self._whole.ppf(self._below + p * self._mass)

    def isf(self, q):
        return self._whole.isf(self._above + q * self._mass)

    def interval(self, confidence):
        return self.ppf((1 - confidence) / 2), self.isf((1 - confidence) / 2)

    def expect(self, func):
        if self._discrete:
            k = np.arange(self._low, self._high + 1)
            return np.sum(func(k) * self.pdf(k))
        return integrate.quad(lambda x: func(x) * self.pdf(x), self._low, self._high, epsabs=1e-13, epsrel=1e-12)[0]

    def stats(self, _):
        mean = self.expect(lambda x: x)
        second, third, fourth = (self.expect(lambda x, n=n: (x - mean) ** n) for n in (2, 3, 4))
        return mean, second, third / second**1.5, fourth / second**2 - 3

    def mean(self):
        return self.stats("m")[0]

    def var(self):
        return self.stats("v")[1]

    def std(self):
        return np.sqrt(self.var())

    def median(self):
        return self.ppf(0.5)

    def moment(self, order):
        return self.expect(lambda x: x**order)

    def entropy(self):
        return -self.expect(lambda x: np.log(self.pdf(x)))


def _over(base):
    """The class of truncated distributions over that of `base`."""
    return type(fd.Truncated(base, validate_args=False))


CASES = (
    Case(
        _over(fd.Gamma(1.0, 1.0)),
        name="Truncated(Gamma)",
        ordinary=(
            {"concentration": 2.5, "rate": 1.0, "low": 1.0, "high": 4.0},
            {"concentration": 3.0, "rate": 2.0, "low": -1.0, "high": 3.0},
            {"concentration": 30.0, "rate": 0.125, "low": 200.0, "high": 260.0},
        ),
        extreme=(
            {"concentration": 2.5, "rate": 1.0, "low": 20.0, "high": inf},
            {"concentration": 0.5, "rate": 2.0, "low": 0.25, "high": 1.0},
            {"concentration": 0.1, "rate": 1.0, "low": 0.0, "high": 2.0},
            {"concentration": 30.0, "rate": 0.125, "low": 200.0, "high": 201.0},
            {"concentration": 1e3, "rate": 1.0, "low": 950.0, "high": 1e3},
        ),
        invalid=(
            Invalid(
                {"concentration": 1.0, "rate": 1.0, "low": 1.0, "high": 1.0}, ("TruncatedGamma", "low", "high", "1.0")
            ),
            Invalid({"concentration": 1.0, "rate": 1.0, "low": -1.0, "high": 0.0}, ("TruncatedGamma", "mass", "-1.0")),
            Invalid({"concentration": -2.5, "rate": 1.0, "low": 0.0, "high": 1.0}, ("concentration", "-2.5")),
            Invalid({"concentration": 1.0, "rate": 1.0, "low": nan, "high": 1.0}, ("TruncatedGamma", "low", "nan")),
            Invalid(
                {"concentration": 1.0, "rate": 1.0, "low": [0.0, 2.25], "high": 2.0},
                ("TruncatedGamma", "low", "2.25", "(1,)"),
            ),
        ),
        scipy=lambda concentration, rate, low, high: _Cut(
            stats.gamma(concentration, scale=1 / rate), max(low, 0.0), high
        ),
        reference="Truncated(Gamma)",
        # A derivative is the base's score less its mean: within 1e-4 of that, terms of order 1 / rate cancel.
        tolerance={"log_prob_grad": 3e-10},
        modes=(({"concentration": 2.5, "rate": 1.0, "low": 2.0, "high": 4.0}, 2.0),),
        regular=False,
    ),
    Case(
        _over(fd.Exponential(1.0)),
        name="Truncated(Exponential)",
        ordinary=(
            {"rate": 1.0, "low": 0.5, "high": 2.0},
            {"rate": 2.5, "low": -1.0, "high": 2.0},
            {"rate": 0.125, "low": 10.0, "high": 60.0},
        ),
        extreme=(
            {"rate": 1.0, "low": 1e3, "high": inf},
            {"rate": 2.5, "low": -1.0, "high": 1e-3},
            {"rate": 1e8, "low": 1e-9, "high": 1e-7},
            {"rate": 1e-300, "low": -inf, "high": inf},
        ),
        invalid=(
            Invalid({"rate": 1.0, "low": 2.0, "high": 1.5}, ("TruncatedExponential", "low", "2.0", "1.5")),
            Invalid({"rate": 1.0, "low": -2.0, "high": -1.5}, ("TruncatedExponential", "mass", "-1.5")),
            Invalid({"rate": 0.0, "low": 0.0, "high": 1.0}, ("TruncatedExponential", "rate", "0.0")),
        ),
        scipy=lambda rate, low, high: _Cut(stats.expon(scale=1 / rate), max(low, 0.0), high),
        reference="Truncated(Exponential)",
        # A derivative is the base's score less its mean: within 1e-4 of that, terms of order 1 / rate cancel.
        tolerance={"log_prob_grad": 3e-10},
        regular=False,
    ),
    Case(
        _over(fd.Poisson(1.0)),
        name="Truncated(Poisson)",
        ordinary=(
            {"rate": 4.0, "low": 2.0, "high": 9.0},
            {"rate": 10.5, "low": -1.0, "high": 12.0},
            {"rate": 70.25, "low": 65.0, "high": 120.0},
        ),
        extreme=(
            {"rate": 4.0, "low": 30.0, "high": 60.0},
            {"rate": 64.5, "low": 100.0, "high": inf},
            {"rate": 1e3, "low": 900.0, "high": 905.0},
            {"rate": 4.0, "low": 2.5, "high": 3.5},
        ),
        invalid=(
            Invalid({"rate": 4.0, "low": 3.0, "high": 2.5}, ("TruncatedPoisson", "low", "3.0", "2.5")),
            Invalid({"rate": 4.0, "low": 2.25, "high": 2.75}, ("TruncatedPoisson", "mass", "2.25", "2.75")),
            Invalid({"rate": -4.0, "low": 2.0, "high": 3.0}, ("TruncatedPoisson", "rate", "-4.0")),
        ),
        scipy=lambda rate, low, high: _Cut(stats.poisson(rate), max(low, 0.0), high, discrete=True),
        reference="Truncated(Poisson)",
        regular=False,
    ),
    Case(
        fd.TruncatedNormal,
        ordinary=(
            {"loc": 0.0, "scale": 1.0, "low": -1.0, "high": 2.0},
            {"loc": 1.0, "scale": 2.0, "low": 0.0, "high": 6.0},
            {"loc": -3.5, "scale": 2.5, "low": -9.0, "high": -5.0},
        ),
        extreme=(
            {"loc": 0.0, "scale": 1.0, "low": 40.0, "high": inf},
            {"loc": 0.0, "scale": 1.0, "low": -inf, "high": -1e3},
            {"loc": 2.0, "scale": 3.0, "low": -inf, "high": inf},
            {"loc": 0.0, "scale": 1.0, "low": 5.0, "high": 5.000000001},
            {"loc": 0.0, "scale": 1.0, "low": -1e-9, "high": 2e-9},
            {"loc": 0.0, "scale": 1.0, "low": 0.0, "high": inf},
            {"loc": 0.0, "scale": 1e8, "low": -1.0, "high": 1e3},
            {"loc": 1e8, "scale": 1e-3, "low": 1e8 - 1.0, "high": 1e8},
        ),
        invalid=(
            Invalid({"loc": 0.0, "scale": 1.0, "low": 1.0, "high": 1.0}, ("TruncatedNormal", "low", "high", "1.0")),
            Invalid({"loc": 0.0, "scale": 1.0, "low": 2.0, "high": 1.5}, ("TruncatedNormal", "low", "2.0", "1.5")),
            Invalid({"loc": 0.0, "scale": 1.0, "low": inf, "high": inf}, ("TruncatedNormal", "low", "inf")),
            Invalid({"loc": 0.0, "scale": -2.5, "low": 0.0, "high": 1.0}, ("TruncatedNormal", "scale", "-2.5")),
            Invalid({"loc": 0.0, "scale": 1.0, "low": nan, "high": 1.0}, ("TruncatedNormal", "low", "nan")),
            Invalid({"loc": inf, "scale": 1.0, "low": 0.0, "high": 1.0}, ("TruncatedNormal", "loc", "inf")),
            Invalid({"loc": 0.0, "scale": 1.0, "low": [0.0, 2.25], "high": 2.0}, ("TruncatedNormal", "2.25", "(1,)")),
        ),
        scipy=_truncnorm,
        reference="TruncatedNormal",
        modes=(
            ({"loc": 0.0, "scale": 1.0, "low": 1.5, "high": inf}, 1.5),
            ({"loc": 0.0, "scale": 1.0, "low": -3.0, "high": -1.5}, -1.5),
        ),
        regular=False,
    ),
)
