"""The derivative of P(a, x) in a, over the leading factor x**a exp(-x) / Gamma(a + 1).

Each region's expansion (see :mod:`fastdist.special.incomplete_gamma_regions`) is differentiated term
by term. Divided by the leading factor nothing underflows, in either tail.
"""

from math import log, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.incomplete_gamma_regions import (
    ETA_EVEN,
    ETA_ODD,
    ETA_TERMS,
    SMALLEST,
    UNIFORM_FROM,
    UNIFORM_HIGHEST,
    UNIFORM_LOWEST,
    deviance_from,
    deviance_root,
    fraction_steps,
    root_rates,
    series_terms,
)


@kernel
def _log_offset(x, c):
    """log x - digamma(a + 1)."""
    ratio = x * (c[1] if c[0] >= 1.0 else 1.0)
    return log(ratio if ratio > 0.0 else SMALLEST) - c[5]


@kernel(heavy=True)
def _series_slope(x, c):
    """(log x - digamma(a + 1)) S + dS/da for the sum S of `_series`."""
    a = c[0]
    slope_log = _log_offset(x, c)
    term, total, harmonic, slope = 1.0, 1.0, 0.0, 0.0
    k = 1.0
    for _ in range(int(series_terms(a, x)) + 2):
        inverse = 1.0 / (a + k)
        term *= x * inverse
        harmonic += inverse
        total += term
        slope = fma(term, harmonic, slope)
        k += 1.0
    return slope_log * total - slope


@kernel(heavy=True)
def _fraction_slope(x, c):
    """(log x - digamma(a)) F + dF/da for the fraction F of `_fraction`."""
    a = c[0]
    r = 1.0 / x
    r2 = r * r
    above_last, above = 0.0, 1.0
    below_last, below = 1.0, fma(1.0 - a, r, 1.0)
    above_slope_last, above_slope = 0.0, 0.0
    below_slope_last, below_slope = 0.0, -r
    k = 1.0
    b = below
    for _ in range(int(fraction_steps(a, r)) + 1):
        b = fma(2.0, r, b)
        n = k * (a - k) * r2
        s = k * r2
        above_slope_last, above_slope = (
            above_slope,
            fma(b, above_slope, -r * above) + fma(n, above_slope_last, s * above_last),
        )
        below_slope_last, below_slope = (
            below_slope,
            fma(b, below_slope, -r * below) + fma(n, below_slope_last, s * below_last),
        )
        above_last, above = above, fma(b, above, n * above_last)
        below_last, below = below, fma(b, below, n * below_last)
        k += 1.0
    inverse = 1.0 / below
    value = above * inverse
    return fma(_log_offset(x, c) + c[1], value, fma(-value, below_slope, above_slope) * inverse)


@kernel(heavy=True)
def _uniform_slope(x, c):
    """-(dP/da) / (x**a exp(-x) / Gamma(a + 1)) by the derivative of the uniform expansion.

    The derivative of the erfc term and exp(-a eta**2 / 2) share the leading factor, so that neither
    is computed: with d(eta)/da = (1 - lambda) / (a eta) there remains
    log(lambda) (1 / eta + S) - S / (2 a) - S' (lambda - 1) / (a eta) + dS/da, times exp(J(a)).
    """
    a, inverse, _, _, _, _ = c
    unit = sqrt(2.0 * inverse)
    root = deviance_root(deviance_from(a, x, inverse), a, x)
    eta = root * unit
    rise, rate = root_rates(root, a, x)
    even, odd, even_da, odd_da = 0.0, 0.0, 0.0, 0.0
    total, slope, total_da = 0.0, 0.0, 0.0
    for i in range(ETA_TERMS):
        n = 2.0 * (ETA_TERMS - i)
        # a dS/da keeps the size of S
        odd_da = (n + 1.0) * inverse * (odd_da - odd)
        odd = fma((n + 1.0) * inverse, odd, ETA_EVEN[i])
        slope = fma(slope, eta, total)
        total = fma(total, eta, odd)
        total_da = fma(total_da, eta, odd_da)
        even_da = n * inverse * (even_da - even)
        even = fma(n * inverse, even, ETA_ODD[i])
        slope = fma(slope, eta, total)
        total = fma(total, eta, even)
        total_da = fma(total_da, eta, even_da)
    # S = total / Gamma*, Gamma* = 1 + odd / a
    star = fma(odd, inverse, 1.0)
    star_da = (odd_da - odd) * inverse  # a d Gamma* / da
    bracket = total_da - total * (star_da / star) - 0.5 * total - 0.5 * rise * unit * slope
    return rate * rise / unit * star + (rate * (x - a) * total + bracket * inverse)


@kernel(heavy=True)
def slope_ratio(x, c):
    """-(dP/da) / (x**a exp(-x) / Gamma(a + 1)), never negative."""
    a = c[0]
    if a >= UNIFORM_FROM and UNIFORM_LOWEST * a < x < UNIFORM_HIGHEST * a:
        return _uniform_slope(x, c)
    if x < (1.5 if a < 1.0 else a + 0.8 * sqrt(a)):
        return -_series_slope(x, c)
    return (a / x) * _fraction_slope(x, c)


@kernel(heavy=True)
def sample_slope(x, c):
    """x / a times `slope_ratio`, also where x / a or a / x leaves float64."""
    a = c[0]
    if a < 1.0 and x >= 1.5:
        return _fraction_slope(x, c)
    return x * c[1] * slope_ratio(x, c)
