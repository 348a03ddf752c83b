"""Distributions with extra zeros."""

from math import nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid


class _WithZeros:
    """What SciPy's frozen distributions on the nonnegative integers would be with extra zeros."""

    def __init__(self, base, gate, last):
        self._base, self._gate = base, gate
        self._k = np.arange(0, last + 1.0)

    def pmf(self, k):
        return (1 - self._gate) * self._base.pmf(k) + self._gate * (np.asarray(k) == 0)

    def logpmf(self, k):
        return np.log(self.pmf(k))

    def cdf(self, k):
        return np.where(np.asarray(k) < 0, 0.0, self._gate + (1 - self._gate) * self._base.cdf(k))

    def sf(self, k):
        return np.where(np.asarray(k) < 0, 1.0, (1 - self._gate) * self._base.sf(k))

    def logcdf(self, k):
        return np.log(self.cdf(k))

    def logsf(self, k):
        return np.log(self.sf(k))

    def ppf(self, p):
        return self._k[np.searchsorted(self.cdf(self._k), p)]

    def isf(self, q):
        return self._k[np.searchsorted(-self.sf(self._k), -np.asarray(q))]

    def interval(self, confidence):
        return self.ppf((1 - confidence) / 2), self.isf((1 - confidence) / 2)

    def expect(self, func):
        return np.sum(func(self._k) * self.pmf(self._k))

    def mean(self):
        return self.expect(lambda k: k)

    def var(self):
        return self.expect(lambda k: (k - self.mean()) ** 2)

    def std(self):
        return np.sqrt(self.var())

    def median(self):
        return self.ppf(0.5)

    def moment(self, order):
        return self.expect(lambda k: k**order)

    def stats(self, _):
        third, fourth = (self.expect(lambda k, n=n: (k - self.mean()) ** n) for n in (3, 4))
        return self.mean(), self.var(), third / self.std() ** 3, fourth / self.var() ** 2 - 3

    def entropy(self):
        p = self.pmf(self._k)
        return -np.sum(p[p > 0] * np.log(p[p > 0]))


def _over(base):
    """The class of zero-inflated distributions over that of `base`."""
    return type(fd.ZeroInflated(base, 0.5))


CASES = (
    Case(
        _over(fd.Poisson(1.0)),
        name="ZeroInflated(Poisson)",
        ordinary=({"rate": 4.0, "gate": 0.25}, {"rate": 10.5, "gate": 0.5}, {"rate": 70.25, "gate": 0.125}),
        extreme=(
            {"rate": 4.0, "gate": 0.0},
            {"rate": 1e-3, "gate": 0.5},
            {"rate": 0.5, "gate": 1e-12},
            {"rate": 4.0, "gate": 1 - 2.0**-30},
            {"rate": 1e3, "gate": 1e-3},
            {"rate": 1e8, "gate": 0.75},
        ),
        invalid=(
            Invalid({"rate": 4.0, "gate": -0.25}, ("ZeroInflatedPoisson", "gate", "Interval", "-0.25")),
            Invalid({"rate": 4.0, "gate": 1.5}, ("ZeroInflatedPoisson", "gate", "1.5")),
            Invalid({"rate": 4.0, "gate": nan}, ("ZeroInflatedPoisson", "gate", "nan")),
            Invalid({"rate": -4.0, "gate": 0.5}, ("ZeroInflatedPoisson", "rate", "-4.0")),
            Invalid({"rate": 4.0, "gate": [0.5, 1.25]}, ("ZeroInflatedPoisson", "gate", "1.25", "(1,)")),
        ),
        scipy=lambda rate, gate: _WithZeros(stats.poisson(rate), gate, rate + 40 * rate**0.5 + 40),
        reference="ZeroInflated(Poisson)",
        undefined=(
            (
                {"rate": 4.0, "gate": 1.0},
                {"mean": 0.0, "variance": 0.0, "skewness": nan, "kurtosis": nan, "entropy": 0.0},
            ),
            (
                {"rate": 0.0, "gate": 0.5},
                {"mean": 0.0, "variance": 0.0, "skewness": nan, "kurtosis": nan, "entropy": 0.0},
            ),
        ),
        modes=(({"rate": 4.5, "gate": 0.125}, 4.0), ({"rate": 4.5, "gate": 0.25}, 0.0)),
        random=lambda rng, n: {"rate": 10.0 ** rng.uniform(-3.0, 10.0, n), "gate": rng.random(n) ** 4},
    ),
    Case(
        _over(fd.DiscreteUniform(0, 1)),
        name="ZeroInflated(DiscreteUniform)",
        ordinary=(
            {"low": 0, "high": 9, "gate": 0.25},
            {"low": 3, "high": 5, "gate": 0.5},
            {"low": 5, "high": 1000, "gate": 0.125},
        ),
        extreme=(
            {"low": 1, "high": 6, "gate": 1e-9},
            {"low": 7, "high": 7, "gate": 0.5},
            {"low": 1, "high": 10**12, "gate": 0.75},
        ),
        invalid=(
            Invalid({"low": -1, "high": 3, "gate": 0.5}, ("ZeroInflatedDiscreteUniform", "below 0", "-1.0")),
            Invalid({"low": 0, "high": 3, "gate": 2.5}, ("ZeroInflatedDiscreteUniform", "gate", "2.5")),
        ),
        scipy=lambda low, high, gate: _WithZeros(stats.randint(low, high + 1), gate, high),
        reference="ZeroInflated(DiscreteUniform)",
        modes=(({"low": 3, "high": 5, "gate": 0.125}, 3.0),),
        regular=False,
    ),
)
