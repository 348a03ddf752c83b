"""Skellam distribution: the difference of two Poisson counts."""

from __future__ import annotations

from math import exp, floor, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, lattice
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.lattice import INEXACT
from fastdist.parameter import Parameter
from fastdist.random.counts import as_count
from fastdist.random.poisson import bell_hat, count_up
from fastdist.random.sampling import Sampler
from fastdist.special.skellam import (
    EXPANDED,
    LARGE,
    skellam_log_mass,
    skellam_log_mass_and_slopes,
    skellam_log_mass_far,
    skellam_root,
    skellam_tail,
)
from fastdist.tails import from_smaller, with_slopes

INF, NAN = float("inf"), float("nan")

# Below this variance two counts are found by adding up masses, above it their difference by rejection.
SEARCH = 32.0


@kernel
def prepare(rate1, rate2):
    return rate1, rate2, skellam_root(rate1, rate2)


@kernel
def log_prob(x, c):
    return skellam_log_mass(x, c[0], c[1], c[2])


@kernel
def log_prob_expanded(x, c):
    return skellam_log_mass_far(x, c[0], c[1], c[2])


@kernel
def log_prob_and_grad(x, c):
    return skellam_log_mass_and_slopes(x, c[0], c[1], c[2])


@kernel(heavy=True)
def smaller_tail(x, c):
    lower = x + 0.5 < c[0] - c[1]
    # The count after a large one may be no number: then what is from x on less the mass at x.
    known = abs(x) < INEXACT
    first = -x if lower else (x + 1.0 if known else x)
    exponent, factor = skellam_tail(first, c[1] if lower else c[0], c[0] if lower else c[1], c[2])
    if not lower and not known:
        own = exp(skellam_log_mass(x, c[0], c[1], c[2]) - exponent)
        factor -= own if own < 0.5 * factor else 0.0
    return exponent, factor, lower


TAILS = from_smaller(smaller_tail)
cdf, sf = TAILS["cdf"], TAILS["sf"]


@kernel
def falls(x, c):
    return log_prob(x, c), 1.0, log_prob(x + 1.0, c), -1.0


@kernel
def guess(z, c):
    """The quantile of a normal quantile by Cornish and Fisher, and its slope, about the standard deviation."""
    variance = c[0] + c[1]
    spread = sqrt(variance)
    lean = (c[0] - c[1]) / (variance if variance > 0.0 else 1.0)
    bend = (z * z * z - 3.0 * z) / 24.0 - lean * lean * (2.0 * z * z * z - 5.0 * z) / 36.0
    # The third order is of use where it is a correction.
    bend = bend / spread if variance > 10.0 else 0.0
    return (c[0] - c[1]) + (spread * z + lean * (z * z - 1.0) / 6.0 + bend), spread


@kernel
def ends(c):
    return -INF, INF


@kernel
def prepare_draw(rate1, rate2):
    variance = rate1 + rate2
    if variance < SEARCH:
        return rate1, rate2, 0.0, 0.0, 0.0, exp(-rate1), exp(-rate2), 0.0
    a, b, inverse_alpha, squeeze = bell_hat(sqrt(variance))
    # The middle of the hat leans with the mass, as Hormann's does for a Poisson distribution.
    centre = (rate1 - rate2) + (0.5 - 0.07 * ((rate1 - rate2) / variance))
    return rate1, rate2, skellam_root(rate1, rate2), a, b, inverse_alpha, squeeze, centre


@kernel(heavy=True)
def draw(noise, c):
    """Two counts by adding up masses, or their difference by transformed rejection."""
    u, v = noise[0], noise[1]
    rate1, rate2, root, a, b = c[0], c[1], c[2], c[3], c[4]
    if rate1 + rate2 < SEARCH:
        return count_up(u, c[5], rate1) - count_up(v, c[6], rate2)
    u -= 0.5
    us = 0.5 - abs(u)
    k = floor((2.0 * a / us + b) * u + c[7])
    if us >= 0.07 and v <= c[6]:
        return as_count(k)
    return as_count(k) if v * c[5] <= (a / (us * us) + b) * exp(skellam_log_mass(k, rate1, rate2, root)) else NAN


@kernel
def mean(rate1, rate2):
    return rate1 - rate2


@kernel
def variance(rate1, rate2):
    return rate1 + rate2


@kernel
def skewness(rate1, rate2):
    total = rate1 + rate2
    return (rate1 - rate2) / total / sqrt(total)


@kernel
def kurtosis(rate1, rate2):
    return 1.0 / (rate1 + rate2)


@kernel(heavy=True)
def mode(rate1, rate2):
    """The last count that is no less likely than the one before it.

    It is less than 1 away from the mean, as for every sum of independent counts of 0 or 1 and their negatives
    (Darroch 1964, doi:10.1214/aoms/1177703287), of which this distribution is a limit.
    """
    if rate1 == 0.0 or rate2 == 0.0:
        return floor(rate1) - floor(rate2)
    k = floor(rate1 - rate2) + 1.0
    root = skellam_root(rate1, rate2)
    for _ in range(2):
        k -= 1.0 if skellam_log_mass_and_slopes(k, rate1, rate2, root)[1] > 0.0 else 0.0
    return k


@kernel
def extent(rate1, rate2):
    return -INF, INF, rate1 - rate2, sqrt(rate1 + rate2)


class Integers(constraints.Constraint):
    """All integers."""

    is_discrete = True

    def check(self, value: Any) -> Any:
        value = np.asarray(value)
        return np.isfinite(value) & (value == np.floor(value))


class Skellam(Distribution):
    r"""Skellam distribution: the difference of two independent Poisson counts.

    .. math:: P(k) = e^{-\lambda_1 - \lambda_2} \left(\frac{\lambda_1}{\lambda_2}\right)^{k/2}
        I_k\left(2 \sqrt{\lambda_1 \lambda_2}\right), \quad k = \dots, -1, 0, 1, \dots

    Parameters
    ----------
    rate1 : array_like of nonnegative
        Mean :math:`\lambda_1` of the count.
    rate2 : array_like of nonnegative
        Mean :math:`\lambda_2` of what is subtracted from it. A rate of 0 leaves a Poisson distribution or its
        mirror image, two leave a point mass at 0.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``skellam(mu1, mu2)`` has ``mu1 = rate1`` and ``mu2 = rate2``, both positive; torch has no such
    distribution. The Bessel function :math:`I_k` is taken relative to the deviances of the saddle point, so that
    no terms cancel at any rates: see :mod:`fastdist.special.skellam`. Tails are sums where they are short, else
    Cauchy's integral through the saddle point. The mode of one integer rate, where the other is 0, is that rate.
    Draws come from an alias table for one frozen pair of moderate rates. Others are differences of two Poisson
    counts found by adding up masses, or from a variance of 32 on by the transformed rejection of Hormann (1993,
    doi:10.1016/0167-6687(93)90997-4) of the difference itself.

    Raises
    ------
    ValueError
        If `rate1` or `rate2` is negative or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Skellam(rate1=3.0, rate2=1.5)
    >>> d.prob([-1, 0, 1, 1.5])
    array([0.09559075, 0.15498613, 0.19118151, 0.        ])
    >>> d.icdf(0.99)
    np.float64(7.0)
    """

    rate1 = Parameter(constraints.nonnegative)
    rate2 = Parameter(constraints.nonnegative)
    support = Integers()
    kernels = Kernels(
        prepare=prepare,
        tabulated=True,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        **TAILS,
        **with_slopes(falls, TAILS, 2),
        **lattice.quantiles(cdf, sf, guess, ends),
        regime={"log_prob": log_prob_expanded},
        sampler=Sampler(draw, uniforms=2, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=lattice.entropy(prepare, log_prob, extent, skewness, kurtosis),
    )

    def __init__(self, rate1: Any, rate2: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, rate1=rate1, rate2=rate2)

    def _in_regime(self) -> bool:
        """The mass is by its expansion at every count, and its exponent without a correction."""
        n = 2.0 * np.sqrt(self.rate1) * np.sqrt(self.rate2)
        return bool(np.all((n >= EXPANDED) & (self.rate1 + self.rate2 < LARGE)))
