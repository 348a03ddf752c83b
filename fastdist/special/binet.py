"""How far the Binet function J(x) = log Gamma(x) - (x - 1/2) log x + x - log(2 pi) / 2 lies above its tangents.

A Bregman divergence of log Gamma is in Stirling's form a sum of three that are not negative:

    log Gamma(x) - log Gamma(a) - (x - a) digamma(a)
        = (x log(x/a) - x + a) + (x/a - 1 - log(x/a)) / 2 + (J(x) - J(a) - (x - a) J'(a)),

so that nothing cancels however large the numbers are, or however close to each other: the first two are
:func:`fastdist.special.gamma.deviance` of (x, a), and of (a, x) over 2 a. The third is here. J is convex, being the
Laplace transform of a positive measure (DLMF 5.9.10).

==================  ==========================  ============================
function            domain tested               largest relative error seen
==================  ==========================  ============================
binet_curvature     1e-300 .. 1e300             1.3e-15
binet_divergence    1e-100 .. 1e12, any ratio   9.1e-16
gammaln_divergence  1e-100 .. 1e12, any ratio   5.5e-16, its slope 4.0e-16
gammaln_above_one   1e-17 .. 1e13               7.2e-16
==================  ==========================  ============================

The error of `binet_divergence` is relative to half the deviance above, beside which it is never the larger part.
"""

from math import expm1, log

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.excess import log_excess, ratio_excess
from fastdist.special.gamma import (
    deviance,
    digamma,
    digamma_series,
    log_gamma1p,
    stirling_error,
    trigamma,
    trigamma_gap,
)
from fastdist.special.logs import exp_excess, log_quotient
from fastdist.special.quadrature import NODES_8, WEIGHTS_8

__all__ = [
    "beyond_deviance",
    "binet_curvature",
    "binet_divergence",
    "binet_parts",
    "binet_slope",
    "gamma_negentropy",
    "gammaln_above_one",
    "gammaln_divergence",
    "gumbel_divergence",
    "log_gamma1p_beyond",
    "moderate_binet_divergence",
    "tetragamma",
]

# J(x) over t = 1 / (x + 1/2) for x from 1 up, highest power of t first (``tools/fit_binet_divergence.py``).
BINET = (
    -0.001915688296687652, 0.015110058530082501, -0.05553699897124192, 0.1259690696400737, -0.19647531966906465,
    0.22157223538520546, -0.18385445160767308, 0.11070110321228678, -0.04516957078967655, 0.009848678690884318,
    9.410443952172196e-05, 0.0002946335541347427, -0.0007653969311712016, 0.00021809027137031873,
    0.0010789047543302809, 0.0011160612078649982, 0.0018353182668522103, 0.006249999965955181, 0.018055555556331596,
    0.041666666666658574, 0.08333333333333336,
)  # fmt: skip
# Beside what a derivative multiplies it by.
BINET_POWERS = tuple((c, float(len(BINET) - i)) for i, c in enumerate(BINET))
# How far log Gamma(1 + r) is above its tangent at 1, over (r - 1)**2, for r up to 2.
ABOVE_ONE = (
    1.2735810918419215e-07, 7.970416982236823e-05, 0.0035325014191083318, 0.05009045208517749, 0.3136355436130646,
    0.9869138701943587, 1.6209441244019307, 1.3231240510011624, 0.42278433509846713,
)  # fmt: skip
BELOW_ONE = (
    2.102030509081427e-05, 0.0015314321725259767, 0.0325625728108877, 0.29901778583572924, 1.3922237752987618,
    3.5246834833514735, 4.8957203429336, 3.4948205459412365, 1.0,
)  # fmt: skip
EULER = 0.5772156649015329
# (2 k + 1) B(2 k) for k from 8 to 1.
TETRAGAMMA = (-7.092156862745098 * 17.0, 17.5, -691.0 / 210.0, 5.0 / 6.0, -0.3, 1.0 / 6.0, -1.0 / 6.0, 0.5)


@kernel
def binet_curvature(x):
    """x**2 times the second derivative of the Binet function, for x > 0: 1/2 at 0, and 1 / (6 x) at infinity."""
    small = x < 1.0
    z = 1.0 + x if small else x
    r = 1.0 / z
    gap = trigamma_gap(z)
    return fma(x * x, r * (1.0 + r * (0.5 + r * gap)), 0.5 - x) if small else r * gap


@kernel
def binet_slope(x):
    """The derivative of the Binet function, for x > 0: -1 / (12 x**2) at infinity."""
    r = 1.0 / x
    return -r * r * digamma_series(x) if x >= 2.0 else 0.5 * r - (log(x) - digamma(x))


@kernel
def gamma_negentropy(a):
    """The divergence of a gamma distribution of shape a from the normal one of its mean and variance, and its slope.

    It is half of 1/a, less J(a) and (1 - a) J'(a): 1 / (3 a) at infinity.
    """
    return 0.5 / a - stirling_error(a) + (a - 1.0) * binet_slope(a), ((a - 1.0) * binet_curvature(a) - 0.5) / a / a


@kernel
def binet_divergence(x, a):
    """(J(x) - J(a) - (x - a) J'(a), J'(x) - J'(a)) for x, a > 0."""
    beyond, rise, _ = binet_parts(x, a)
    return beyond, rise


@kernel
def beyond_deviance(x, a):
    """How far log Gamma(x) is above its tangent at a, beyond the deviance of x from a."""
    beyond, _, excess = binet_parts(x, a)
    return 0.5 * excess + beyond


@kernel
def moderate_binet_divergence(x, a):
    """The first of :func:`binet_divergence` in less time, for x, a >= 1 with a product below 1e300."""
    upper, lower = x + 0.5, a + 0.5
    inverse = 1.0 / (upper * lower)
    beyond, _ = _binet_from_one(lower * inverse, upper * inverse, x - a)
    return beyond


@kernel
def _binet_from_one(u, w, d):
    """The two of :func:`binet_divergence` for x, a >= 1, of u = 1 / (x + 1/2), w = 1 / (a + 1/2) and d = x - a.

    There J is a polynomial f of u. Its divided differences, which Horner's scheme gives beside its value, make both:
    the first is (w - u)**2 (f'(w) / u + f[w, w, u]).
    """
    value, slope, bend, turn, lean = 0.0, 0.0, 0.0, 0.0, 0.0
    for c, m in BINET_POWERS:
        bend = fma(bend, u, slope)
        slope = fma(slope, w, value)
        value = fma(value, w, c)
        # The derivative in x is minus the square of the variable times f': m c of one power more.
        lean = fma(lean, u, turn)
        turn = fma(turn, w, m * c)
    bend, slope = fma(bend, u, slope), fma(slope, w, value)
    lean, turn = fma(lean, u, turn), turn * w
    lean, turn = fma(lean, u, turn), turn * w
    moved = (d * u) * w
    return moved * (d * w) * fma(u, bend, slope), moved * lean


@kernel
def binet_parts(x, a):
    """The two of :func:`binet_divergence`, and x/a - 1 - log(x/a).

    Below 1 J(x) = J(x + 1) + (x + 1/2) log(1 + 1/x) - 1 is used for both, in terms that do not cancel.
    """
    d = x - a
    small = x < 1.0 or a < 1.0
    upper, lower = (1.0 + x, 1.0 + a) if small else (x, a)
    beyond, risen = _binet_from_one(1.0 / (upper + 0.5), 1.0 / (lower + 0.5), d)
    own, other = d / a, d / lower
    apart = own / upper
    ratio = (x / upper) * (lower / a) if small else 1.0
    first, second = ratio_excess(x, a), log_excess(upper / lower, other)
    third = log_excess(ratio if ratio > 1e-300 else 1e-300, apart if small else 0.0)
    step = 0.5 * (first - second) + (x * third - own * (other / upper))
    rise = third - apart + 0.5 * (own / x + other / upper)
    return beyond + step if small else beyond, risen + rise if small else risen, first


@kernel
def gammaln_divergence(x, a):
    """(log Gamma(x) - log Gamma(a) - (x - a) digamma(a), digamma(x) - digamma(a)) for x, a > 0."""
    beyond, slope, excess = binet_parts(x, a)
    value = deviance(x, a) + 0.5 * excess + beyond
    return value, log_quotient(x, a) + 0.5 * ((x - a) / a) / x + slope


@kernel
def log_gamma1p_beyond(x):
    """How far log Gamma(1 + x) is above its tangent at 0, and the slope of that, for x > 0."""
    near = x if x < 0.5 else 0.0
    total, moved = 0.0, 0.0
    for i in range(4):
        for node in (NODES_8[i], 1.0 - NODES_8[i]):
            curvature = WEIGHTS_8[i] * trigamma(1.0 + near * node)
            total += (1.0 - node) * curvature
            moved += curvature
    close = x < 0.5
    value = x * x * total if close else log_gamma1p(x) + EULER * x
    return value, x * moved if close else digamma(1.0 + x) + EULER


@kernel(heavy=True)
def tetragamma(x):
    """The third derivative of log Gamma, for x > 0: from 16 up by its asymptotic series (DLMF 5.15.8), below by steps.

    Largest relative error seen: 6e-16.
    """
    total = 0.0
    while x < 16.0:
        total += 2.0 / (x * x * x)
        x += 1.0
    r = 1.0 / x
    t = r * r
    series = 0.0
    for c in TETRAGAMMA:
        series = fma(series, t, c)
    return -(total + t * (r + fma(t, series, 1.0)))


@kernel
def gammaln_above_one(x, log_factorial):
    """log Gamma(x) + EULER (x - 1), how far log Gamma is above its tangent at 1, from log Gamma(1 + x)."""
    gap, near = x - 1.0, x if x < 2.0 else 1.0
    above, below = 0.0, 0.0
    for c in ABOVE_ONE:
        above = fma(above, near, c)
    for c in BELOW_ONE:
        below = fma(below, near, c)
    beyond = gap * gap * (above / below) if x < 2.0 else log_factorial - (1.0 - EULER) * gap
    return log_excess(x, gap) + beyond


@kernel
def gumbel_divergence(d, ratio):
    """The divergence of two Gumbel distributions whose scales have a ratio, the second's loc d of its scales above.

    exp(u) - 1 - u with u = d + log Gamma(1 + ratio), and log Gamma's divergence of the ratio from 1. With it go
    its derivatives in d and in the ratio, and d and the ratio times these: they may overflow.
    """
    log_factorial = log_gamma1p(ratio)
    u = d + log_factorial
    pull = expm1(u)
    value = exp_excess(u) + gammaln_above_one(ratio, log_factorial)
    steep, rise = digamma(1.0 + ratio), gammaln_divergence(ratio, 1.0)[1]
    return value, pull, pull * steep + rise, pull * (d + ratio * steep) + ratio * rise
