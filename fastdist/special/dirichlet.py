"""The divergence of Dirichlet distributions, part by part, without cancellation.

Of concentrations a and c with the sums A and C it is the sum of G(c_i, a_i) less G(C, A), with the Bregman divergence G
of log Gamma that :func:`fastdist.special.binet.gammaln_divergence` gives. The largest terms of Stirling's formula
telescope: the deviances of c_i from a_i, less that of C from A, are those of c_i from a_i C / A, and none is negative.
The other terms are not negative as a whole, but they cancel where one concentration is nearly all of the sum. That one
and the sum are taken together, by :func:`share_divergence`, in terms of what all others sum to.

================  ==========================  ===========================
function          domain tested               largest relative error seen
================  ==========================  ===========================
curvature_fall    1e-12 .. 1e12, any ratio    9.1e-16
================  ==========================  ===========================
"""

from math import log1p

from fastdist.engine.kernel import kernel
from fastdist.special.beta import log_curvature
from fastdist.special.binet import beyond_deviance, binet_curvature, binet_divergence, binet_slope
from fastdist.special.gamma import deviance, deviance_of_gap
from fastdist.special.logs import log_quotient
from fastdist.special.quadrature import NODES_8, WEIGHTS_8

__all__ = [
    "binet_bend",
    "binet_rises",
    "curvature_fall",
    "part_divergence",
    "part_slopes",
    "share_divergence",
    "share_slopes",
    "total_slopes",
]

# J''(x) = sum SERIES[k] / x**(2k+3), highest power first: the Bernoulli numbers (DLMF 5.11.1).
SERIES = (54.971177944862156, -7.092156862745098, 1.1666666666666667, -0.2531135531135531, 0.07575757575757576,
          -0.03333333333333333, 0.023809523809523808, -0.03333333333333333, 0.16666666666666666)  # fmt: skip
LARGE = 12.0
# Where the rest is at most this part of the other, it is the rest over which differences are taken.
SMALL_SHARE = 0.125
# A result this many times smaller than what it is made of is made of other parts.
LOSS = 32.0
# A deviance from a rounded mean is off by up to 2**-105 of that: this much of it is no part of such a result.
SQUARED_ULP = 2.0**-46


@kernel(heavy=True)
def curvature_fall(x, h):
    """J''(x) - J''(x + h) for x > 0 and h >= 0, J being the Binet function: relative to a few ulp also for tiny h.

    By J''(x) = 1 / (2 x**2 (x + 1)**2) + J''(x + 1) up to large numbers, and by the divided difference of the
    asymptotic series there.
    """
    total = 0.0
    while x < LARGE:
        y = x + h
        low, high = x * (x + 1.0), y * (y + 1.0)
        inverse, other = 1.0 / low, 1.0 / high
        total += 0.5 * (h * inverse * other) * (x + y + 1.0) * (inverse + other)
        x += 1.0
    r, s = 1.0 / x, 1.0 / (x + h)
    t, u = r * r, s * s
    value, slope = 0.0, 0.0
    for c in SERIES:
        slope = slope * u + value
        value = value * t + c
    return total + h * r * s * ((t + r * s + u) * value + u * s * (r + s) * slope)


@kernel
def binet_bend(x):
    """J''(x)."""
    return binet_curvature(x) / x / x


@kernel(heavy=True)
def binet_rises(x, h):
    """(J(x + h) - J(x), J'(x + h) - J'(x)) for h that is small beside x."""
    value, slope = 0.0, 0.0
    for i in range(4):
        for node in (NODES_8[i], 1.0 - NODES_8[i]):
            value += WEIGHTS_8[i] * binet_slope(x + node * h)
            slope += WEIGHTS_8[i] * binet_bend(x + node * h)
    return h * value, h * slope


@kernel(heavy=True)
def _binet_share(c, d, a, b):
    """The Binet function's divergence of c from a less that of c + d from a + b, and its derivative in c alone."""
    move, rest = c - a, d - b
    both = move + rest
    total, other = a + b, c + d
    if b < SMALL_SHARE * a and abs(move) < 0.2 * a and abs(both) < 0.2 * total:
        value, slope = 0.0, 0.0
        for i in range(4):
            for node in (NODES_8[i], 1.0 - NODES_8[i]):
                x, y = a + node * move, b + node * rest
                fall, bend = curvature_fall(x, y), binet_bend(x + y)
                value += WEIGHTS_8[i] * (1.0 - node) * (fall * move * move - bend * rest * (move + both))
                slope += WEIGHTS_8[i] * (fall * move - bend * rest)
        return value, slope
    if b < SMALL_SHARE * a and d < SMALL_SHARE * c:
        near, near_slope = binet_rises(a, b)
        far, far_slope = binet_rises(c, d)
        return near - far + move * near_slope + rest * binet_slope(total), near_slope - far_slope
    own, all_of_it = binet_divergence(c, a), binet_divergence(other, total)
    return own[0] - all_of_it[0], own[1] - all_of_it[1]


@kernel
def _lead(c, d, a, b):
    """c / a less the same of the totals."""
    return b / (a + b) * (c / a - d / b) if b > 0.0 else 0.0


@kernel(heavy=True)
def share_divergence(c, d, a, b):
    """What one concentration, a or c beside all others' sum b or d, and the totals add."""
    total, other = a + b, c + d
    scale = other / total
    lead = _lead(c, d, a, b)
    over = lead / scale
    excess = 0.5 * over * over * log_curvature(over) if over > -0.25 else deviance(1.0, c / a / scale)
    part = 0.5 * ((other - total) / other * lead + excess)
    return deviance_of_gap(c, a * scale, a * lead) + (part + _binet_share(c, d, a, b)[0])


@kernel(heavy=True)
def share_slopes(c, d, a, b):
    """The derivatives in c and in a of the whole divergence."""
    total, other = a + b, c + d
    lead = _lead(c, d, a, b)
    over = lead / (other / total)
    rise = log1p(over) if abs(over) < 0.5 else log_quotient(c, a * (other / total))
    in_c = rise + (0.5 * (b / a / total - d / c / other) + _binet_share(c, d, a, b)[1])
    tilt = (total - other) / total * (b / total) - lead
    return in_c, 0.5 * (tilt / a) - lead + (curvature_fall(a, b) * (a - c) + binet_bend(total) * (d - b))


@kernel(heavy=True)
def part_divergence(c, a, scale):
    """What every other concentration adds, if the totals have this ratio."""
    return deviance(c, a * scale) + beyond_deviance(c, a)


@kernel(heavy=True)
def total_slopes(other, total):
    """What :func:`part_slopes` takes of the totals: parts of the derivatives in each of them."""
    gap = (other - total) / total
    return 0.5 * (gap / other) + binet_divergence(other, total)[1], gap * ((0.5 + binet_curvature(total)) / total)


@kernel(heavy=True)
def part_slopes(c, a, scale, in_other, in_total):
    """The derivatives of the whole divergence in what every other concentration is."""
    gap = (c - a) / a
    in_c = log_quotient(c, a * scale) + (0.5 * (gap / c) + binet_divergence(c, a)[1] - in_other)
    return in_c, (scale - c / a) - (gap * ((0.5 + binet_curvature(a)) / a) - in_total)
