"""How far variates are from a point on average, E|X - y|, and their shares on its two sides.

The mean distance is smallest at the median, where the shares are equal: its derivative in y is P(X < y) - P(X > y).
That of `gumbel_distance` and of `normal_distance` is right to 1e-15, relative, and that of `gamma_distance` to what the
incomplete gamma function is.
"""

from math import exp, expm1, log

from fastdist.engine.kernel import kernel
from fastdist.special.erf import erf
from fastdist.special.exponential_integral import _entire_part, exp1_scaled
from fastdist.special.gamma import digamma
from fastdist.special.incomplete_gamma_regions import gammainc_constants, smaller_tail
from fastdist.special.incomplete_gamma_slope import slope_ratio

__all__ = ["gamma_distance", "gumbel_distance", "normal_distance"]

EULER = 0.5772156649015329
SQRT_HALF, SQRT_HALF_PI = 0.7071067811865476, 1.2533141373155003


@kernel
def normal_distance(y):
    """E|Z - y| / E|Z| - 1 for a standard normal Z, its slope times E|Z|, and exp(-y*y / 2)."""
    share = erf(SQRT_HALF * y)
    fall = expm1(-0.5 * y * y)
    return fall + SQRT_HALF_PI * y * share, share, exp(-0.5 * y * y)


@kernel(heavy=True)
def gumbel_distance(y):
    """E|G - y| for a standard Gumbel G, its slope s, and E|G - y| - y s.

    The part below y is on average the integral of the cdf, which is the exponential integral E1(exp(-y)).
    """
    x = exp(-y)
    below = exp(-x)
    if x > 1.0:
        tail = below * exp1_scaled(x) if below > 0.0 else 0.0
        rest = EULER + 2.0 * tail
        return rest - y, 2.0 * below - 1.0, rest - 2.0 * y * below
    rest = 2.0 * _entire_part(x) - EULER
    return rest + y, 2.0 * below - 1.0, rest - 2.0 * y * expm1(-x)


@kernel(heavy=True)
def gamma_distance(a, y):
    """E|G - y| for a gamma variate G of shape a and rate 1, its slopes in a and in y, and y times twice its density."""
    if y <= 0.0:
        return a - y, 1.0, -1.0, 0.0
    c = gammainc_constants(a)
    above, e, m, d = smaller_tail(y, c)
    scale = exp(e)
    share = 2.0 * scale * m - 1.0
    share = -share if above else share
    twice = 2.0 * a * d * scale
    # The derivative of the cdf in a is -slope_ratio d scale; that of log y - digamma(a) is in the density's.
    in_a = -share + twice * (log(y) - digamma(a)) - 2.0 * (y - a) * (slope_ratio(y, c) * d * scale)
    return (y - a) * share + twice, in_a, share, twice
