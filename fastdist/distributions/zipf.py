"""Zipf (zeta) distribution."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, exp, expm1, floor, log, log1p, pow, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.bits import LARGEST, LARGEST_COUNT, fma
from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.zeta import (
    hurwitz_log_slope,
    power_sum,
    power_sum_log_slope,
    scaled_hurwitz_zeta,
    scaled_hurwitz_zeta_and_slope,
    zeta_without_pole,
    zetam1,
)
from fastdist.tails import from_smaller, from_smaller_with_slope

INF, NAN = float("inf"), float("nan")
LOG_3_HALVES, LOG_5_HALVES = 0.40546510810816438198, 0.91629073187415506518
# Terms of a sum before an integral takes over.
TERMS = 2.0**17
# From this power on 2 is the only other count whose mass is more than 1e-35 of that of all but 1.
TWO = 200.0


@kernel
def prepare(power):
    return power, log1p(zetam1(power))


@kernel
def log_prob(x, c):
    return -fma(c[0], log(x), c[1])


@kernel
def prepare_grad(power):
    return power, log1p(zetam1(power)), hurwitz_log_slope(power, 1.0)


@kernel
def log_prob_and_grad(x, c):
    log_x = log(x)
    return -fma(c[0], log_x, c[1]), c[2] - log_x


# Tails -------------------------------------------------------------------------------------------


@kernel
def prepare_tails(power):
    return power, 1.0 + zetam1(power), zeta_without_pole(power)[0]


@kernel(heavy=True)
def tail(x, c):
    power, zeta, without_pole = c[0], c[1], c[2]
    q = x + 1.0
    exponent = (1.0 - power) * log(q)
    factor = scaled_hurwitz_zeta(power, q) / zeta
    if exp(exponent) * factor <= 0.5:
        return exponent, factor, False
    return 0.0, power_sum(power, x, without_pole) / zeta, True


BOTH = from_smaller(tail)
cdf, sf = BOTH["cdf"], BOTH["sf"]
TAILS: dict[str, Any] = {name: (prepare_tails, formula) for name, formula in BOTH.items()}


@kernel
def prepare_slopes(power):
    without_pole, turned_slope = zeta_without_pole(power)
    return power, 1.0 + zetam1(power), without_pole, turned_slope, hurwitz_log_slope(power, 1.0)


@kernel(heavy=True)
def tail_and_fall(x, c):
    """What `tail` gives, and how fast the cdf falls with the power, over the exponential."""
    power, zeta, without_pole, turned_slope, mean_log = c
    q = x + 1.0
    length = log(q)
    exponent = (1.0 - power) * length
    value, slope = scaled_hurwitz_zeta_and_slope(power, q)
    factor = value / zeta
    if exp(exponent) * factor <= 0.5:
        return exponent, factor, False, factor * (mean_log - (length + slope / value))
    factor = power_sum(power, x, without_pole) / zeta
    return 0.0, factor, True, factor * (power_sum_log_slope(power, x, without_pole, turned_slope) - mean_log)


SLOPES: dict[str, Any] = {
    name: (prepare_slopes, formula) for name, formula in from_smaller_with_slope(tail_and_fall).items()
}


# Quantiles ---------------------------------------------------------------------------------------


@kernel(heavy=True)
def _smallest(p, c, upper):
    """The smallest count whose cdf reaches p, or whose tail is at most p: bracketed from a guess, then halved.

    The tail above x is about (x + 1/2)**(1 - power) / (power - 1) over zeta, which is off by less than a count
    where x is beyond the power, and by nothing from 1e8 on. Counts beyond 2**53 are those that float64 has.
    """
    power, zeta, without_pole = c
    e = power - 1.0
    if not e > 0.0:
        return NAN
    if sf(1.0, c) <= p if upper else cdf(1.0, c) >= p:
        return 1.0
    log_total = log1p(e * without_pole) if e < 1.0 else log(e * zeta)
    log_k = -((log(p) if upper else log1p(-p)) + log_total) / e
    start = exp(log_k) - 0.5
    start = start if start > 2.0 else 2.0
    k = 1.0 * ceil(start if start < LARGEST else LARGEST)
    step = 4e-16 * (1.0 + log_k) * k
    step = step if step > 1.0 else 1.0
    low, high = 1.0, INF
    while high - low > 1.0:
        if sf(k, c) <= p if upper else cdf(k, c) >= p:
            high = k
            k = k - floor(step)
        else:
            low = k
            k = k + floor(step)
        step = 2.0 * step
        if not low < k < high:
            k = low + floor(0.5 * (high - low)) if high < INF else LARGEST
        if not low < k < high:
            break
    return high


@kernel
def icdf(p, c):
    return _smallest(p, c, False)


@kernel
def isf(q, c):
    return _smallest(q, c, True)


# Draws -------------------------------------------------------------------------------------------


@kernel
def prepare_draw(power):
    """Constants of the rejection-inversion: where the hat begins, and from where on a rounding is never rejected."""
    e = power - 1.0
    start = log1p(e + expm1(-e * LOG_3_HALVES)) / e
    sure = 2.0 - exp(-log1p(expm1(-e * LOG_5_HALVES) + e * pow(2.0, -power)) / e)
    return e, 1.0 / e, start, sure


@kernel
def draw(noise, c):
    """x has the density of the hat, x**-power from 3/2 on; it is rounded to k, or rejected."""
    e, inverse, start, sure = c
    log_x = -fma(log_of_uniform(noise[0]), inverse, start)
    x = exp(log_x)
    far = x >= LARGEST_COUNT
    k = 1.0 * floor((1.0 if far else x) + 0.5)
    k = k if k > 1.0 else 1.0
    near = k - x <= sure
    taken = expm1(e * (log(k) - log_x)) <= expm1(-e * log1p(0.5 / k)) + e / k
    return LARGEST_COUNT if far else (k if near or taken else NAN)


# Summaries ---------------------------------------------------------------------------------------


@kernel(heavy=True)
def _powers(power, order):
    """The means of X - 1 to the powers from 1 to `order`, below power - 1: no digits cancel in them at any power."""
    m1, m2, m3, m4, k = 0.0, 0.0, 0.0, 0.0, 2.0
    zeta = 1.0 + zetam1(power)
    while k < power + 12.0:
        d = k - 1.0
        term = d * exp(-power * log(k))
        m1 += term
        m2 += term * d
        m3 += term * d * d
        m4 += term * d * d * d
        if not term * d * d * d > 1e-19 * m1:
            return m1 / zeta, m2 / zeta, m3 / zeta, m4 / zeta
        k += 1.0
    r = 1.0 / k
    scale = exp((1.0 - power) * log(k))
    z0, z1 = scaled_hurwitz_zeta(power, k), scaled_hurwitz_zeta(power - 1.0, k)
    m1 += scale * k * (z1 - r * z0)
    if order > 1.0:
        z2 = scaled_hurwitz_zeta(power - 2.0, k)
        m2 += scale * k * k * (z2 - r * (2.0 * z1 - r * z0))
        if order > 2.0:
            z3 = scaled_hurwitz_zeta(power - 3.0, k)
            m3 += scale * k * k * k * (z3 - r * (3.0 * z2 - r * (3.0 * z1 - r * z0)))
            if order > 3.0:
                z4 = scaled_hurwitz_zeta(power - 4.0, k)
                rest = z4 - r * (4.0 * z3 - r * (6.0 * z2 - r * (4.0 * z1 - r * z0)))
                m4 += scale * k * k * (k * k) * rest
    return m1 / zeta, m2 / zeta, m3 / zeta, m4 / zeta


@kernel
def mean(power):
    return 1.0 + _powers(power, 1.0)[0] if power > 2.0 else (INF if power == power else NAN)


@kernel
def variance(power):
    m1, m2, _, _ = _powers(power, 2.0 if power > 3.0 else 0.0)
    return m2 - m1 * m1 if power > 3.0 else (INF if power == power else NAN)


@kernel
def skewness(power):
    if not power > 4.0:
        return INF if power > 3.0 else NAN
    if power > TWO:
        return pow(2.0, 0.5 * power)
    m1, m2, m3, _ = _powers(power, 3.0)
    v = m2 - m1 * m1
    return (m3 - m1 * (3.0 * m2 - 2.0 * m1 * m1)) / (v * sqrt(v))


@kernel
def kurtosis(power):
    if not power > 5.0:
        return INF if power > 3.0 else NAN
    if power > TWO:
        return pow(2.0, power)
    m1, m2, m3, m4 = _powers(power, 4.0)
    v = m2 - m1 * m1
    return (m4 - m1 * (4.0 * m3 - m1 * (6.0 * m2 - 3.0 * m1 * m1))) / (v * v) - 3.0


@kernel
def mode(power):
    return 1.0


@kernel
def entropy(power):
    return fma(power, hurwitz_log_slope(power, 1.0), log1p(zetam1(power)))


class Zipf(Distribution):
    r"""Zipf distribution, also called zeta distribution.

    .. math:: P(k) = \frac{k^{-s}}{\zeta(s)}, \quad k = 1, 2, 3, \dots

    Parameters
    ----------
    power : array_like, above 1
        Exponent :math:`s`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``zipf(a)`` and NumPy's ``zipf(a)`` have ``a = power``; torch has no such class. The moment of order n
    is infinite for `power` at most n + 1. The tails are Hurwitz zeta functions by Euler-Maclaurin summation
    (DLMF 25.11.43), or where the lower tail is the smaller one a sum of powers in which the pole of zeta at 1 has
    been cancelled: both are accurate however close `power` is to 1, and however far out. A quantile beyond 2**53
    is the smallest such integer that float64 has, and inf where that is beyond its range. Draws are by
    the rejection-inversion of Hormann and Derflinger (1996, doi:10.1145/235025.235029). They are int64: what is
    larger than 2**63 - 1024, the last float64 before the end of int64, is drawn as that number.

    Raises
    ------
    ValueError
        If `power` is not above 1, or not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Zipf(power=2.0)
    >>> d.prob([1, 2, 10])
    array([0.6079271 , 0.15198178, 0.00607927])
    >>> d.icdf([0.5, 0.99])
    array([ 1., 61.])
    >>> fd.Zipf(power=[2.0, 3.0]).mean()
    array([       inf, 1.36843278])
    """

    power = Parameter(constraints.greater_than(1.0))
    support = constraints.positive_integer
    kernels = Kernels(
        prepare=prepare,
        tabulated=True,
        log_prob=log_prob,
        log_prob_and_grad=(prepare_grad, log_prob_and_grad),
        **TAILS,
        icdf=(prepare_tails, icdf),
        isf=(prepare_tails, isf),
        **SLOPES,
        sampler=Sampler(draw, uniforms=1, rejects=True, prepare=prepare_draw),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, power: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, power=power)

    def expect(self, func: Callable[[Any], Any] | None = None) -> Any:
        """Mean of ``func(x)``: a sum over the counts to 2**17, and an integral beyond, where `func` must be smooth.

        `func` takes an array of values and gives an array of the same shape; without it the mean
        of x itself is given. A mean that does not exist is infinite.
        """
        if func is None:
            return self.mean()
        powers = np.asarray(self.power, np.float64)
        means = [_expected(Zipf(power), func) for power in powers.ravel().tolist()]
        return np.reshape(means, powers.shape).astype(self.dtype)[()]


def _expected(d: Zipf, func: Callable[[Any], Any]) -> float:
    """The mean of ``func`` for one power."""
    k = np.arange(1.0, TERMS + 1.0)
    head = float(np.sum(func(k) * d.prob(k)))

    def weighted(x: np.ndarray) -> np.ndarray:
        """The function times the mass, between counts too, times x."""
        mass = np.exp(d.log_prob(1.0) - (d.power - 1.0) * np.log(x))
        return np.where(mass > 0.0, func(x) * mass, 0.0)

    with np.errstate(over="ignore", invalid="ignore"):
        near, far = weighted(np.array([1e20, 1e24]))
        if abs(far) >= abs(near) > 0.0:
            return float(np.copysign(np.inf, far))
        # Octave by octave, in the logarithm, from half a step before the first count on: Euler-Maclaurin by midpoints.
        start = TERMS + 0.5
        octaves = start * 2.0 ** np.arange(1000.0)[:, np.newaxis]
        nodes, weights = np.polynomial.legendre.leggauss(16)
        rest = 0.5 * np.log(2.0) * np.sum(weighted(octaves * 2.0 ** (0.5 + 0.5 * nodes)) @ weights)
        before, after = weighted(np.array([start - 0.5, start + 0.5])) / np.array([start - 0.5, start + 0.5])
    return float(head + rest + (after - before) / 24.0)
