"""Poisson distribution."""

from __future__ import annotations

from math import exp, floor, log, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.bits import to_int
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import kernel
from fastdist.engine.loops import Program
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.alias import ALIAS, alias_tables
from fastdist.random.sampling import Sampler
from fastdist.special.gamma import deviance, stirling_error
from fastdist.special.incomplete_gamma import gammainc, gammaincc, log_gammainc, log_gammaincc
from fastdist.special.normal import ndtri

INF, NAN = float("inf"), float("nan")
HALF_LOG_2PI = 0.91893853320467274178

# One frozen rate up to here is drawn from an alias table of all counts that float64 can tell from never.
TABLE = 64.0
# Below this rate a count is found by adding up probabilities, above it by rejection.
SEARCH = 10.0


@kernel
def prepare(rate):
    return rate, log(rate) if rate > 0.0 else 0.0


@kernel
def log_prob(x, c):
    rate = c[0]
    saddle = -stirling_error(x) - deviance(x, rate) - 0.5 * log(x if x > 0.0 else 1.0) - HALF_LOG_2PI
    return saddle if x > 0.0 else -rate


@kernel
def log_prob_and_grad(x, c):
    rate = c[0]
    return log_prob(x, c), (x - rate) / rate if rate > 0.0 else (-1.0 if x == 0.0 else NAN)


@kernel
def cdf(x, c):
    return gammaincc(x + 1.0, c[0])


@kernel
def sf(x, c):
    return gammainc(x + 1.0, c[0])


@kernel
def log_cdf(x, c):
    return log_gammaincc(x + 1.0, c[0])


@kernel
def log_sf(x, c):
    return log_gammainc(x + 1.0, c[0])


@kernel
def cdf_and_grad(x, c):
    return gammaincc(x + 1.0, c[0]), -exp(log_prob(x, c))


@kernel
def _cornish_fisher(z, rate):
    """The quantile of a normal quantile, to about half a count."""
    root = sqrt(rate)
    return rate + root * (z + (z * z - 1.0) / (6.0 * root) + (z - z * z * z) / (72.0 * rate))


@kernel(heavy=True)
def _smallest(p, rate, guess, upper_tail):
    """The smallest count whose cdf reaches p (or whose sf is at most p): bracketed, then halved."""
    low = -1.0
    k = guess if guess > 0.0 else 0.0
    step = 1.0
    reached = gammainc(k + 1.0, rate) <= p if upper_tail else gammaincc(k + 1.0, rate) >= p
    if reached:
        high = k
        while high > 0.0:
            k = high - step if high > step else 0.0
            if gammainc(k + 1.0, rate) <= p if upper_tail else gammaincc(k + 1.0, rate) >= p:
                high = k
                step = 2.0 * step
            else:
                low = k
                break
    else:
        low = k
        high = k + step
        while not (gammainc(high + 1.0, rate) <= p if upper_tail else gammaincc(high + 1.0, rate) >= p):
            low = high
            step = 2.0 * step
            high = high + step
    while high - low > 1.0:
        k = low + floor(0.5 * (high - low))
        if gammainc(k + 1.0, rate) <= p if upper_tail else gammaincc(k + 1.0, rate) >= p:
            high = k
        else:
            low = k
    return high


@kernel
def icdf(p, c):
    rate = c[0]
    return _smallest(p, rate, floor(_cornish_fisher(ndtri(p), rate)), False) if 0.0 < rate < INF else rate


@kernel
def isf(q, c):
    rate = c[0]
    return _smallest(q, rate, floor(_cornish_fisher(-ndtri(q), rate)), True) if 0.0 < rate < INF else rate


@kernel
def prepare_draw(rate):
    """Constants of Hormann's transformed rejection with squeeze."""
    b = 0.931 + 2.53 * sqrt(rate)
    a = -0.059 + 0.02483 * b
    inv_alpha = 1.1239 + 1.1328 / (b - 3.4)
    return rate, exp(-rate), a, b, log(inv_alpha), 0.9277 - 3.6224 / (b - 2.0)


@kernel(heavy=True)
def draw(noise, c):
    u, v = noise[0], noise[1]
    rate, term, a, b, log_inv_alpha, v_squeeze = c
    if rate < SEARCH:
        k = 0.0
        while u > term and k < 200.0:
            u -= term
            k += 1.0
            term *= rate / k
        return k
    u -= 0.5
    us = 0.5 - abs(u)
    k = floor((2.0 * a / us + b) * u + rate + 0.43)
    if us >= 0.07 and v <= v_squeeze:
        return k
    if k < 0.0 or (us < 0.013 and v > us):
        return NAN
    log_accept = log(v) + log_inv_alpha - log(a / (us * us) + b)
    return k if log_accept <= log_prob(k, (rate, 0.0)) else NAN


@kernel
def mean(rate):
    return rate


@kernel
def skewness(rate):
    return 1.0 / sqrt(rate)


@kernel
def kurtosis(rate):
    return 1.0 / rate


@kernel
def mode(rate):
    return floor(rate)


@kernel(heavy=True)
def entropy(rate):
    if rate > 5000.0:
        t = 1.0 / rate
        series = t * (1.0 / 12.0 + t * (1.0 / 24.0 + t * (19.0 / 360.0 + t * (9.0 / 80.0))))
        return 0.5 * log(rate) + 0.5 + HALF_LOG_2PI - series
    if rate == 0.0:
        return 0.0
    spread = 12.0 * sqrt(rate) + 40.0
    k = floor(rate - spread) if rate > spread else 0.0
    c = (rate, 0.0)
    total = 0.0
    while k < rate + spread:
        log_p = log_prob(k, c)
        total -= exp(log_p) * log_p
        k += 1.0
    return total


@kernel
def lookup(x, c):
    """The entry of a count in a table; NaN where there is none."""
    inside = x >= 0.0 and x < len(c[0])
    return c[0][to_int(floor(x)) if inside else 0] if inside else NAN


_LOOKUP = Program("lookup", lookup)


def _most(rate: float) -> float:
    """More counts than are ever drawn: the chance of as many is below 1e-17."""
    return rate + 12.0 * np.sqrt(rate) + 40.0


class Poisson(Distribution):
    r"""Poisson distribution.

    .. math:: P(k) = \frac{\lambda^k e^{-\lambda}}{k!}, \quad k = 0, 1, 2, \dots

    Parameters
    ----------
    rate : array_like of nonnegative
        Mean :math:`\lambda`; 0 is a point mass at 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``poisson(mu)`` is the same distribution. Draws are int64, where torch gives floats: a
    count is an integer, and an int64 holds every count that a float64 holds exactly. The mass is
    Loader's saddle-point form (2000), which cancels no digits at any rate. One frozen rate up to 64
    is drawn from an alias table; other rates by adding up probabilities (below 10) or by the
    transformed rejection of Hormann (1993, doi:10.1016/0167-6687(93)90997-4). The mode of an
    integer rate is that rate, as in torch.

    Raises
    ------
    ValueError
        If `rate` is negative or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Poisson(rate=4.0)
    >>> d.prob([0, 4, 4.5])
    array([0.01831564, 0.19536681, 0.        ])
    >>> d.icdf(0.99)
    np.float64(9.0)
    """

    rate = Parameter(constraints.nonnegative)
    support = constraints.nonnegative_integer
    kernels = Kernels(
        prepare=prepare,
        quick=("cdf", "sf", "log_cdf", "log_sf"),
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=2, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=mean,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, rate: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, rate=rate)

    def _quick(self, name: str, n: int) -> tuple[Program, Constants] | None:
        """A table of the counts that matter, where it is short beside the values."""
        if not 8.0 * _most(self.rate) < n:
            return None
        if name not in self._interpolants:
            table = getattr(self, name)(np.arange(_most(self.rate)))
            self._interpolants[name] = Constants(table.reshape(1, 1, -1), ())
        return _LOOKUP, self._interpolants[name]

    def _sampling(self) -> tuple[Sampler, Constants]:
        if self.batch_shape or not 0.0 <= self.rate <= TABLE:
            return super()._sampling()
        if ALIAS not in self._constants:
            masses = self.prob(np.arange(_most(self.rate)))
            self._constants[ALIAS] = alias_tables(masses[np.newaxis], ())
        return ALIAS, self._constants[ALIAS]
