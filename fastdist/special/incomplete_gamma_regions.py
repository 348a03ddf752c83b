"""How the smaller one of P(a, x) and Q(a, x) is computed, region by region.

============================  ==================================================================
a >= 12, 0.3 < x / a < 2.36   the uniform expansion of Temme (DLMF 8.12), its coefficients by the
                              backward recurrence of Gil, Segura and Temme
a < 1, x < 1.5, P > 1/2       1 - x**a / Gamma(a + 1) and an alternating series, both free of 1 - P
x below a + 0.8 sqrt(a)       the series with positive terms (DLMF 8.11.4)
the rest                      Legendre's continued fraction (DLMF 8.9.2)
============================  ==================================================================

The leading factor x**a exp(-x) / Gamma(a + 1) is exp(-deviance(a, x)) times a scale that depends
on `a` alone; below a = 1 it is x**a exp(-x) times 1 / Gamma(a + 1). The exponent and the rest are
handed on apart, so that logarithms go on where exp underflows. The loops hold no division and have
counted lengths.

A. Gil, J. Segura, N. M. Temme, "Efficient and accurate algorithms for the computation and inversion
of the incomplete gamma function ratios", SIAM J. Sci. Comput. 34 (2012), doi:10.1137/120872553.
"""

from math import exp, expm1, log, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.engine.pairs import derivative
from fastdist.special.gamma import (
    deviance,
    deviance_bend,
    deviance_series,
    digamma,
    digamma_gap,
    log_gamma1p,
    stirling_error,
)

NAN = float("nan")
SMALLEST = 5e-324
TWO_PI = 6.283185307179586

# Below 12 the backward recurrence of the uniform expansion loses digits.
UNIFORM_FROM = 12.0
UNIFORM_LOWEST, UNIFORM_HIGHEST = 0.3, 2.36

# Taylor coefficients of eta / (lambda - 1), where eta**2 / 2 = lambda - 1 - log(lambda):
# those of the odd powers, highest first, and of the even powers from 2 on.
ETA_ODD = (
    -6.969230253185693e-20,
    1.1686939738559576e-17,
    -1.6522531216398162e-16,
    -1.9752288294349442e-15,
    2.8534893807047445e-14,
    3.371763262400985e-13,
    -5.0276692801141755e-12,
    -5.830772132550426e-11,
    9.14769958223679e-10,
    1.0261809784240309e-08,
    -1.7665952736826078e-07,
    -1.85406221071516e-06,
    3.919263178522438e-05,
    0.0003527336860670194,
    -0.014814814814814815,
    -0.3333333333333333,
)
ETA_EVEN = (
    2.835145432176937e-20,
    -4.770037049820485e-18,
    2.5305430097478883e-18,
    8.099521156704561e-16,
    -5.139111834242572e-16,
    -1.392388722418162e-13,
    1.1004392031956135e-13,
    2.4361948020667415e-11,
    -2.5514193994946248e-11,
    -4.382036018453353e-09,
    6.707853543401498e-09,
    8.296711340953087e-07,
    -2.185448510679992e-06,
    -0.0001787551440329218,
    0.0011574074074074073,
    0.08333333333333333,
)
ETA_TERMS = 16
ETA_TERMS_SHORT = 8


@kernel
def _scale(a, log_small):
    """a**a exp(-a) / Gamma(a + 1) from 1 up, 1 / Gamma(a + 1) = exp(-log_small) below."""
    large = a >= 1.0
    factor = exp(-(stirling_error(a) if large else log_small))
    factor = factor / (sqrt(TWO_PI * a) if large else 1.0)
    return factor if a >= 0.0 else NAN


@kernel
def _digamma_offset(a):
    """digamma(a + 1), less log a from 1 up."""
    large = 1.0 / a - digamma_gap(a if a >= 2.0 else 2.0)
    small = digamma(1.0 + a)
    return small if a < 1.0 else (small - log(a) if a < 2.0 else large)


@kernel
def gammainc_constants(a):
    """What the incomplete gamma functions need of `a` alone: the argument c of those whose name ends in _prepared.

    A tuple: a, 1/a, 1/(a + 1), the scale of the leading factor, log Gamma(a + 1), and
    digamma(a + 1) less log a from 1 up.
    """
    log_factorial = log_gamma1p(a)
    return a, 1.0 / a, 1.0 / (a + 1.0), _scale(a, log_factorial), log_factorial, _digamma_offset(a)


@kernel
def value_constants(a):
    """The part of `gammainc_constants` that P and Q need, without what serves derivatives and inverses."""
    log_small = log_gamma1p(a if a < 1.0 else 1.0)
    return a, 1.0 / a, 1.0 / (a + 1.0), _scale(a, log_small), log_small, 0.0


@kernel(heavy=True)
def deviance_from(a, x, inverse):
    """deviance(a, x) for inverse = 1 / a, with a branch in place of the logarithm."""
    if 0.36 < x * inverse < 2.8:
        gap = a - x
        v = gap / (a + x)
        return v * fma(2.0 * a, deviance_series(v), gap)
    return deviance(a, x)


@kernel
def deviance_root(deviation, a, x):
    """The root of a deviance(a, x), with the sign of x - a: it is smooth at x = a."""
    root = sqrt(deviation)
    return root if x >= a else -root


@kernel
def root_rates(root, a, x):
    """(x - a) / root and log(x / a) / (x - a), also at x = a."""
    total = a + x
    v = (a - x) / total
    near = 0.36 * a < x < 2.8 * a
    apart = 1.0 if near else x - a
    rise = sqrt(total / fma(2.0 * (a / total), v * deviance_bend(v), 1.0)) if near else apart / root
    return rise, 2.0 * (1.0 + deviance_series(v)) / total if near else log(x / a) / apart


@derivative(deviance_root)
@kernel
def deviance_root_slopes(result, deviation, a, x):
    # The deviance follows the others.
    rise, rate = root_rates(result, a, x)
    return 0.0, -0.5 * rise * rate, 0.5 * rise / x


@kernel(heavy=True)
def _erfcx(y):
    """exp(y * y) erfc(y) for y >= 0: (1 + 2 y) times it is a polynomial in (y - 3.75) / (y + 3.75).

    Form by M. M. Shepherd and J. G. Laframboise (Math. Comp. 36, 1981), coefficients interpolated in
    50 digits: relative error below 6e-18 before rounding.
    """
    u = (y - 3.75) / (y + 3.75)
    u2 = u * u
    u4 = u2 * u2
    u8 = u4 * u4
    a = fma(u2, fma(u, 0.08227673849014516, 0.003585415485463775), fma(u, -0.14024059858554697, 1.2375126308378275))
    b = fma(u2, fma(u, 0.028362277418940665, -0.058693398590212366), fma(u, 0.09230432116037876, -0.10880393014171785))
    c = fma(
        u2,
        fma(u, -0.0002901540809795271, 0.0002937136342850081),
        fma(u, 0.0017556258530017257, -0.009746579552504244),
    )
    d = fma(
        u2,
        fma(u, -9.735619015182663e-07, -1.1444412439171722e-05),
        fma(u, 2.2384240314224437e-05, 5.1649211390702855e-05),
    )
    e = fma(
        u2,
        fma(u, 2.3261913276696566e-08, -2.591069687796658e-07),
        fma(u, -5.721597255990987e-08, 1.752057970166318e-06),
    )
    f = fma(
        u2,
        fma(u, 3.110310719839165e-10, -5.28428697963142e-09),
        fma(u, -3.743568033634583e-09, 3.8965452548985966e-08),
    )
    low = fma(u8, fma(u4, d, c), fma(u4, b, a))
    high = fma(u8, 4.434959070009628e-10, fma(u4, f, e))
    return fma(u8 * u8, high, low) / fma(2.0, y, 1.0)


@kernel(heavy=True)
def _series(x, c):
    """Sum of x**k / ((a + 1) ... (a + k)) over k >= 0 (DLMF 8.11.4).

    From its end as one fraction, two terms a step, without a division in the loop. For large `a`
    both x and the factors a + k are divided by a + 1, so that their products do not overflow.
    """
    a, _, r, _, _, _ = c
    unit, first = (r, 1.0) if a >= UNIFORM_FROM else (1.0, a + 1.0)
    z = x * unit
    z2 = z * z
    steps = int(0.5 * series_terms(a, x) + 0.5)
    above, below = 1.0, 1.0
    k = 2.0 * steps - 1.0
    for _ in range(steps):
        d = fma(k, unit, first)
        both = fma(k - 1.0, unit, first) * d
        above = fma(z2, above, below * fma(z, d, both))
        below = below * both
        k -= 2.0
    return above / below


@kernel
def series_terms(a, x):
    """How many terms the series needs for 17 digits: counted, and bounded by three straight lines in x."""
    steep, middle, flat = fma(7.0, x, 13.0), fma(3.2, x, 16.5), fma(1.5, x, 24.5)
    n = steep if steep < middle else middle
    n = n if n < flat else flat
    return 34.0 if a >= UNIFORM_FROM and n > 34.0 else n


@kernel
def fraction_steps(a, r):
    """How many steps the continued fraction needs for 17 digits, by r = 1 / x: counted."""
    return 12.0 if a >= UNIFORM_FROM else fma(102.0, r, 7.0)


@kernel(heavy=True)
def _fraction(x, c):
    """exp(x) x**(1 - a) Gamma(a, x) by Legendre's continued fraction (DLMF 8.9.2).

    By the forward recurrences of its numerators and denominators, in units of powers of x.
    """
    a = c[0]
    r = 1.0 / x
    r2 = r * r
    above_last, above = 0.0, 1.0
    below_last, below = 1.0, fma(1.0 - a, r, 1.0)
    k = 1.0
    b = below
    for _ in range(int(fraction_steps(a, r))):
        b = fma(2.0, r, b)
        n = k * (a - k) * r2
        above_last, above = above, fma(b, above, n * above_last)
        below_last, below = below, fma(b, below, n * below_last)
        k += 1.0
    return above / below


@kernel(heavy=True)
def _uniform_sum(eta, c):
    """exp(J(a)) S(eta) where Q(a, x) = erfc(eta sqrt(a / 2)) / 2 + exp(-a eta**2 / 2) S(eta) / sqrt(2 pi a).

    With eta**2 / 2 = lambda - 1 - log(lambda), lambda = x / a, and eta / (lambda - 1) = sum of f_n eta**n,
    the coefficients of exp(J) S follow from b_(n-1) = f_n + (n + 1) b_(n+1) / a, from far above down
    (the differential equation that S satisfies). Even and odd ones run side by side.
    """
    inverse = c[1]
    square = eta * eta
    start = 0
    # close to the mean of a large shape half of the terms give all the digits
    if c[0] > 100.0 and square < 0.1:
        start = ETA_TERMS - ETA_TERMS_SHORT
    even, odd = 0.0, 0.0
    even_sum, odd_sum = 0.0, 0.0
    weight = 2.0 * (ETA_TERMS - start) * inverse
    step = 2.0 * inverse
    for i in range(start, ETA_TERMS):
        odd = fma(weight + inverse, odd, ETA_EVEN[i])
        even = fma(weight, even, ETA_ODD[i])
        odd_sum = fma(odd_sum, square, odd)
        even_sum = fma(even_sum, square, even)
        weight -= step
    return fma(eta, odd_sum, even_sum)


@kernel(heavy=True)
def smaller_tail(x, c):
    """Either P or Q, in pieces: one that is not so small that the other were lost by 1 - P or 1 - Q.

    Returns whether it is Q, its factors exp(e) and m, and d where exp(e) d = x**a exp(-x) / Gamma(a + 1).
    """
    a, inverse, _, scale, _, _ = c
    if a >= UNIFORM_FROM and UNIFORM_LOWEST * a < x < UNIFORM_HIGHEST * a:
        deviation = deviance_from(a, x, inverse)
        upper = x >= a
        root = deviance_root(deviation, a, x)
        tail = 0.5 * _erfcx(root if upper else -root)
        rest = scale * _uniform_sum(root * sqrt(2.0 * inverse), c)
        return upper, -deviation, tail + (rest if upper else -rest), scale
    a_over_x = a / x
    a_over_x = a_over_x if a_over_x > 0.0 else SMALLEST
    if a < 1.0:
        power = a * log(x)
        if x < 1.5:
            leading = exp(power) * scale
            if leading > 0.5:
                term, total, k = 1.0, 0.0, 1.0
                for _ in range(22):
                    term *= -x / k
                    total += term / (a + k)
                    k += 1.0
                return True, 0.0, -expm1(power - c[4]) - leading * a * total, leading * exp(-x)
            return False, power - x, scale * _series(x, c), scale
        return True, power - x, scale * a_over_x * _fraction(x, c), scale
    e = -deviance_from(a, x, inverse)
    if x < a + 0.8 * sqrt(a):
        return False, e, scale * _series(x, c), scale
    return True, e, scale * a_over_x * _fraction(x, c), scale
