"""What the exact formulas share: points and grids, tails of the gamma and beta distributions, derivatives.

Incomplete gamma and beta functions are power series and continued fractions (DLMF 8.11.4, 8.9.2,
8.17.22), differentiated term by term or by central differences in numbers of twice the digits.
"""

from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
from mpmath import mpf

mp.mp.dps = 70
STEP = mpf(10) ** -22
NEAR, FAR_DIGITS = mpf(10) ** -15, 750
ENOUGH = mpf(10) ** -62


class Point(NamedTuple):
    """A distribution at one value. Gradients are in the value, then in each parameter."""

    log_prob: mpf
    log_prob_grad: tuple
    log_cdf: mpf
    log_sf: mpf
    cdf_grad: tuple


def complement(log_p):
    """log(1 - exp(log_p))."""
    p = mp.exp(log_p)
    return mp.log(-mp.expm1(log_p)) if p > mpf("0.1") else mp.log1p(-p)


def slope_of(function, at):
    step = STEP * at
    return (function(at + step) - function(at - step)) / (2 * step)


# Incomplete gamma functions --------------------------------------------------------------------


def gamma_fraction(a, x):
    """Legendre's continued fraction: the upper incomplete gamma function is exp(-x) x**a times this."""
    b = x + 1 - a
    c = mp.inf
    d = 1 / b
    h = d
    i = 0
    while True:
        i += 1
        term = -i * (i - a)
        b += 2
        d = 1 / (term * d + b)
        c = b + term / c
        h *= d * c
        if abs(d * c - 1) < ENOUGH:
            return h


def gamma_tails(a, x):
    """log P(a, x), log Q(a, x) and dP/da."""
    if x < a + 1:
        term, total, rest, slope, n = mpf(1), mpf(1), mpf(0), mpf(0), 0
        while term > ENOUGH * total:
            n += 1
            term *= x / (a + n)
            rest -= 1 / (a + n)
            total += term
            slope += term * rest
        log_p = a * mp.log(x) - x - mp.loggamma(a + 1) + mp.log(total)
        return log_p, complement(log_p), mp.exp(log_p) * (mp.log(x) - mp.digamma(a + 1) + slope / total)
    log_q = a * mp.log(x) - x - mp.loggamma(a) + mp.log(gamma_fraction(a, x))
    slope = mp.log(x) - mp.digamma(a) + slope_of(lambda a: mp.log(gamma_fraction(a, x)), a)
    return complement(log_q), log_q, -mp.exp(log_q) * slope


# Incomplete beta functions ---------------------------------------------------------------------


def _beta_fraction(a, b, x):
    c = mpf(1)
    d = 1 / (1 - (a + b) * x / (a + 1))
    h = d
    m = 0
    while True:
        m += 1
        for term in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):  # fmt: skip
            d = 1 / (1 + term * d)
            c = 1 + term / c
            h *= d * c
        if abs(d * c - 1) < ENOUGH:
            return h


def beta_tails(a, b, x, y):
    """log I_x(a, b), log I_y(b, a) with y = 1 - x, dI/da and dI/db."""
    if x > (a + 1) / (a + b + 2):
        upper, lower, slope_b, slope_a = beta_tails(b, a, y, x)
        return lower, upper, -slope_a, -slope_b
    log_x, log_y = mp.log(x), (mp.log(y) if x > 0.5 else mp.log1p(-x))
    log_beta = mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)
    log_p = a * log_x + b * log_y - mp.log(a) - log_beta + mp.log(_beta_fraction(a, b, x))
    whole = mp.digamma(a + b)
    slope_a = log_x - 1 / a - mp.digamma(a) + whole + slope_of(lambda a: mp.log(_beta_fraction(a, b, x)), a)
    slope_b = log_y - mp.digamma(b) + whole + slope_of(lambda b: mp.log(_beta_fraction(a, b, x)), b)
    p = mp.exp(log_p)
    return log_p, complement(log_p), p * slope_a, p * slope_b


INF, NAN = mp.inf, mp.nan


class Grid(NamedTuple):
    """Where a family is evaluated.

    Attributes
    ----------
    point : callable
        ``point(value, *parameters)`` gives a :class:`Point`.
    moments : callable
        ``moments(*parameters)``: mean, variance, skewness, excess kurtosis, entropy.
    parameters : list of tuple
    lower, upper : float or callable
        The ends of the support, or what gives them for given parameters.
    guess : callable, optional
        SciPy's distribution, to start a search for a quantile.
    scale : callable, optional
        ``scale(*parameters)``: a typical value and a typical distance from it, where the mean or the
        variance does not exist.
    quantile : callable, optional
        ``quantile(level, upper, *parameters)``, where a search would not do.
    within : callable, optional
        ``within(value, *parameters)``: whether the log density is within the range of float64.
    """

    point: Any
    moments: Any
    parameters: list
    lower: Any = -np.inf
    upper: Any = np.inf
    discrete: bool = False
    vector: bool = False
    guess: Any = None
    scale: Any = None
    quantile: Any = None
    within: Any = None

    def ends(self, parameters):
        """The ends of the support for one parameter set."""
        return tuple(float(end(*parameters) if callable(end) else end) for end in (self.lower, self.upper))


def differentiated(log_prob, log_tails):
    """A family from its log density and the logs of its cdf and tail alone: derivatives are central differences.

    The larger tail is as good as the smaller one's complement, so only the smaller is differentiated.
    """

    def point(x, *parameters):
        sizes = [abs(v) for v in (x, *parameters) if v]
        if mp.mp.dps < FAR_DIGITS and (min(sizes) < NEAR or max(sizes) > 1 / NEAR):
            with mp.workdps(FAR_DIGITS):  # beside numbers of order 1, a step of the tiniest counts too
                return point(x, *parameters)
        arguments = (x, *parameters)
        log_cdf, log_sf = log_tails(*arguments)
        which, sign = (0, 1) if log_cdf < log_sf else (1, -1)
        tail = sign * mp.exp(min(log_cdf, log_sf))
        grad = _gradient(log_prob, arguments)
        slopes = _gradient(lambda *a: log_tails(*a)[which], arguments, first=1)
        value = log_prob(*arguments)
        return Point(value, grad, log_cdf, log_sf, (mp.exp(value), *(tail * s for s in slopes)))

    return point


def _gradient(function, arguments, first=0):
    """Derivatives in the arguments from number `first` on."""
    found = []
    for i in range(first, len(arguments)):
        step = STEP * (abs(arguments[i]) or min(abs(arguments[0]) or 1, mpf("1e-3")))
        ends = [function(*arguments[:i], arguments[i] + s, *arguments[i + 1 :]) for s in (step, -step)]
        found.append((ends[0] - ends[1]) / (2 * step))
    return tuple(found)


def tails_of(log_small, is_lower):
    """Both log tails from the log of the smaller one."""
    return (log_small, complement(log_small)) if is_lower else (complement(log_small), log_small)
