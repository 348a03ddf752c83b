r"""The standard normal distribution on an interval [a, b]: shares of its mass, quantiles and moments.

The interval is turned so that a >= -b: either a >= 0, an interval in the upper tail, or it holds 0 inside. With
Q(t) = exp(t*t/2) ndtr(-t), the mass of [u, v] in the tail, over exp(-u*u/2), is

    Q(u) - Q(v) exp(-y),    y = (v - u) (u + v) / 2,

which underflows nowhere. Where the two terms are close, it is the Taylor series of the density around
the middle, integrated term by term (in Hermite polynomials, DLMF 18.10.9). Lengths are given beside the
ends that they lie between: a difference of ends would have lost their digits.

============ ======================= ======================================
function     largest relative error  on
============ ======================= ======================================
share        2e-15                   intervals from 1e-300 to infinite, ends up to 1e150
moments      1e-15                   the same
============ ======================= ======================================
"""

from math import exp, log, log1p, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.elementary import exp_sum
from fastdist.engine.kernel import kernel
from fastdist.special.normal import ndtri_exp, tail_parts
from fastdist.special.quadrature import NODES_32, WEIGHTS_32

__all__ = [
    "TERMS",
    "excess_moments",
    "interval_constants",
    "log_share",
    "moments_in_units",
    "place",
    "quantile",
    "share",
    "tilted_mean",
]

INF = float("inf")
SQRT_2PI, INV_SQRT_2PI = 2.5066282746310002, 0.3989422804014327

# A length of which the fourth power is a normal number by far.
SHORT = 1e-50
TERMS = 12
"""How many constants an interval has."""
A, B, WIDTH, Q_A, Q_B, P_A, P_B, F_A, F_B, MASS, LOG_MASS, SPLIT = range(TERMS)

# Below these the two tails are so close that the series has more digits than their difference.
NARROW_RISE, NARROW_WIDTH = 0.125, 0.4
# As a share of where it stands, how close to an end a quantile is found from that end.
CLOSE = 1e-4
# From here on all of a tail is that close to its beginning.
STEEP = 1e10
# exp(-FAR) is beyond the precision of the fourth moment.
FAR = 52.0


@kernel
def _series(middle, h):
    """The mean of exp(-middle t - t*t/2) over [-h, h]."""
    x, y = middle * h, h * h
    u1 = x
    u2 = 0.5 * fma(x, u1, -y)
    u3 = fma(x, u2, -y * u1) * (1.0 / 3.0)
    u4 = fma(x, u3, -y * u2) * 0.25
    u5 = fma(x, u4, -y * u3) * 0.2
    u6 = fma(x, u5, -y * u4) * (1.0 / 6.0)
    u7 = fma(x, u6, -y * u5) * (1.0 / 7.0)
    u8 = fma(x, u7, -y * u6) * 0.125
    u9 = fma(x, u8, -y * u7) * (1.0 / 9.0)
    u10 = fma(x, u9, -y * u8) * 0.1
    u11 = fma(x, u10, -y * u9) * (1.0 / 11.0)
    u12 = fma(x, u11, -y * u10) * (1.0 / 12.0)
    u13 = fma(x, u12, -y * u11) * (1.0 / 13.0)
    u14 = fma(x, u13, -y * u12) * (1.0 / 14.0)
    far = u10 * (1.0 / 11.0) + (u12 * (1.0 / 13.0) + u14 * (1.0 / 15.0))
    return 1.0 + (u2 * (1.0 / 3.0) + (u4 * 0.2 + (u6 * (1.0 / 7.0) + (u8 * (1.0 / 9.0) + far))))


@kernel
def _mass(u, v, d, q_u, q_v, p_u, p_v):
    """The mass of [u, v], d long, over exp(-s*s/2) with s the end nearer to 0; over 1 if 0 is between."""
    across = u < 0.0 and v >= 0.0
    right = u >= 0.0
    s = u if right else -v
    h = 0.5 * d
    middle = u + h if across else s + h
    narrow = d * abs(middle) <= NARROW_RISE and d <= NARROW_WIDTH
    e = exp(-(0.5 * middle * middle if across else h * (s + 0.5 * h)) if narrow else -d * (s + h))
    near = d * INV_SQRT_2PI * e * _series(middle, h)
    same = (q_u if right else q_v) - (q_v if right else q_u) * e
    return near if narrow else (1.0 - p_u - p_v if across else same)


@kernel
def interval_constants(a, b, width):
    """What the other functions need of [a, b] with a >= -b, `width` long: ends, tails, densities, mass, a split."""
    tail = a >= 0.0
    e_a, q_a = tail_parts(abs(a))
    e_b, q_b = tail_parts(b)
    drop = exp(-width * (a + 0.5 * width)) if tail else e_b
    p_a, p_b = (q_a if tail else e_a * q_a), drop * q_b
    f_a, f_b = (1.0 if tail else e_a) * INV_SQRT_2PI, drop * INV_SQRT_2PI
    mass = _mass(a, b, width, q_a, q_b, p_a, p_b)
    c = (a, b, width, q_a, q_b, p_a, p_b, f_a, f_b, mass, log(mass), 0.0)
    t, d, _, _ = _start(0.5, 0.5, c)
    split = d if tail else t
    return a, b, width, q_a, q_b, p_a, p_b, f_a, f_b, mass, c[LOG_MASS], split


@kernel
def place(t, d, e, c):
    """Where t is in [a, b]: the mass on its side, and what that is relative to.

    Returns whether t is below the middle, the mass over a factor, the log of the factor, the factor, and
    its ratio to the density at t. That density is relative to the one at max(a, 0), without 1 / sqrt(2 pi);
    the factor is this density or 1.
    """
    tail = c[A] >= 0.0
    lower = (d if tail else t) < c[SPLIT]
    size = abs(t)
    _, q = tail_parts(size)
    short = size if size < 1e10 else 1e10
    step = d if d < 1e300 else 1e300
    slope = c[A] + 0.5 * step if tail else 0.5 * short
    step = step if tail else short
    drop = step * slope
    rest = fma(step, slope, -drop)
    fall = exp_sum(-drop, -(rest if abs(rest) < 1e-3 else 0.0))
    p = fall * q
    u, v = (c[A] if lower else t), (t if lower else c[B])
    q_u, q_v = (c[Q_A] if lower else q), (q if lower else c[Q_B])
    p_u, p_v = (c[P_A] if lower else p), (p if lower else c[P_B])
    mass = _mass(u, v, d if lower else e, q_u, q_v, p_u, p_v)
    # What _mass is relative to is the density at t, or that at a, or 1.
    at_t = (not tail and t < 0.0) if lower else t >= 0.0
    log_fall = -(d * (c[A] + 0.5 * d) if tail else 0.5 * size * size)
    return lower, mass, (log_fall if at_t else 0.0), (fall if at_t else 1.0), (1.0 if at_t else 1.0 / fall)


@kernel
def share(t, d, e, c):
    """Whether t is below the middle of [a, b], and the share of the mass on its side; d = t - a, e = b - t."""
    lower, mass, _, factor, _ = place(t, d, e, c)
    return lower, mass * factor / c[MASS]


@kernel
def log_share(t, d, e, c):
    """As :func:`share`, in logs."""
    lower, mass, log_factor, _, _ = place(t, d, e, c)
    return lower, log(mass) + log_factor - c[LOG_MASS]


@kernel
def _inset(ratio, rise):
    """How far from an end the mass is `ratio` times the density there, which grows like exp(rise * distance)."""
    x = ratio * rise
    return log1p(x) / rise if abs(x) > 1e-8 else ratio * (1.0 - 0.5 * x)


@kernel
def _start(near, far, c):
    """A point with shares `near` below and `far` above; its distances to a and b; where it was found from.

    That is -1 for a, 1 for b and 0 for neither: the distance from there is good to some digits.
    """
    a, b = c[A], c[B]
    tail = a >= 0.0
    below, above = near * c[MASS], far * c[MASS]
    left, right = c[P_A] + below, c[P_B] + above
    from_left = not tail and left < right
    left_over = (c[Q_A] - below if near < 0.5 else right) if tail else (left if from_left else right)
    z = ndtri_exp(log(left_over) - (0.5 * a * a if tail else 0.0))
    t = z if from_left else -z
    reach = CLOSE * (abs(t) if abs(t) > 1.0 else 1.0)
    # In the tail, from the hazard rate at a and its slope; elsewhere the density rises from a.
    ratio = below / c[F_A]
    hazard = c[F_A] / c[Q_A]
    used = -log1p(-below / c[Q_A]) if below < 0.5 * c[Q_A] else -log(right / c[Q_A])
    bend = sqrt(1.0 + 2.0 * ((hazard - a) / hazard) * used)
    in_tail = 2.0 * used / hazard / (1.0 + bend) if used < INF else INF
    d = in_tail if tail else _inset(ratio, -a)
    e = _inset(above / c[F_B] if above > 0.0 else 0.0, b)
    at_a = t - a < reach or a > STEEP
    at_b = not at_a and b - t < reach
    t = a + d if at_a else (b - e if at_b else t)
    to_a = d if at_a else (c[WIDTH] - e if at_b else t - a)
    to_b = e if at_b else (c[WIDTH] - d if at_a else b - t)
    return t, to_a, to_b, -1.0 if at_a else (1.0 if at_b else 0.0)


@kernel
def quantile(near, far, c):
    """The point with shares `near` below and `far` above, from a (-1), from b (1) or from 0: distance and origin.

    One step of Halley's method from a first point that is good to a few digits where it is close to an
    end, and to all but the rounding of a normal quantile elsewhere.
    """
    t, d, e, origin = _start(near, far, c)
    lower, mass, _, factor, lift = place(t, d, e, c)
    goal = (near if lower else far) * c[MASS]
    gap = (mass - goal / factor) * lift * SQRT_2PI
    gap = gap if lower else -gap
    step = gap / (1.0 + 0.5 * gap * t)
    distance = d if origin < 0.0 else (e if origin > 0.0 else t)
    closer = abs(step) < 0.5 * abs(distance) or (origin == 0.0 and abs(step) < 1e-3)
    step = step if closer else 0.0
    return distance + (step if origin > 0.0 else -step), origin


@kernel
def _reach(slope, end):
    """The t > 0, up to `end`, from which on exp(-slope t - t*t/2) is beyond float64's precision."""
    steep = slope if slope > 1.0 else 1.0
    far = FAR / (0.5 * slope + 0.5 * steep * sqrt((slope / steep) * (slope / steep) + 2.0 * FAR / steep / steep))
    return far if far < end else end


@kernel(heavy=True)
def _powers(slope, length, sign, center, unit, size):
    """Means of exp(-slope t - t*t/2) x**k over [0, length], for k up to 4, with x = (sign t - center) / unit.

    Those for k from 2 on are over size / unit.
    """
    s0, s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(16):
        for node in (NODES_32[i], 1.0 - NODES_32[i]):
            t = node * length
            w = WEIGHTS_32[i] * exp(-t * (slope + 0.5 * t))
            distance = sign * t - center
            x = distance / unit
            s0 += w
            s1 += w * x
            w = w * (distance / size * x)
            s2 += w
            s3 += w * x
            s4 += w * (x * x)
    return s0, s1, s2, s3, s4


@kernel
def _both_sides(slope, left, right, center, unit, size):
    """As :func:`_powers`, over [-left, right] with slope 0 if left is not 0."""
    s0, s1, s2, s3, s4 = _powers(slope, right, 1.0, center, unit, size)
    if left > 0.0:
        t0, t1, t2, t3, t4 = _powers(0.0, left, -1.0, center, unit, size)
        p, q = right / (left + right), left / (left + right)
        return p * s0 + q * t0, p * s1 + q * t1, p * s2 + q * t2, p * s3 + q * t3, p * s4 + q * t4
    return s0, s1, s2, s3, s4


@kernel(heavy=True)
def moments_in_units(a, b, width):
    """A length, and in its units mean above max(a, 0) and central moments 2 to 4 of the normal distribution on [a, b].

    It is 1, or what counts of the interval if that is so short that its powers may not be numbers of float64.
    """
    slope = a if a >= 0.0 else 0.0
    left = _reach(0.0, -a) if a < 0.0 else 0.0
    right = _reach(slope, width if a >= 0.0 else b)
    unit = right if 0.0 < right < SHORT else 1.0
    s0, s1, _, _, _ = _both_sides(slope, left, right, 0.0, unit, unit)
    mean = s1 / s0
    s0, s1, s2, s3, s4 = _both_sides(slope, left, right, mean * unit, unit, unit)
    return unit, mean + s1 / s0, s2 / s0, s3 / s0, s4 / s0


@kernel
def excess_moments(a, b, width):
    """Mean above max(a, 0), and central moments 2 to 4, of the normal distribution on [a, b]."""
    unit, mean, second, third, fourth = moments_in_units(a, b, width)
    square = unit * unit
    return unit * mean, square * second, square * unit * third, square * square * fourth


@kernel(heavy=True)
def tilted_mean(slope, low, high, length):
    """Means under the density exp(-slope t - t*t/2) on [low, high], `length` long, for slope >= 0.

    Returns the mean of t, a typical size of t that is at least 1, and the mean of t (2 slope + t) over that.
    """
    if low < 0.0 < high:
        s0, s1, s2, _, _ = _both_sides(slope, _reach(0.0, -low), _reach(slope, high), 0.0, 1.0, 1.0)
        return s1 / s0, 1.0, 2.0 * slope * (s1 / s0) + s2 / s0
    sign, away = (1.0, low) if low >= 0.0 else (-1.0, -high)
    fall, size = slope + away, 1.0 + away
    s0, s1, s2, _, _ = _powers(fall, _reach(fall, length), sign, -sign * away, 1.0, size)
    first = s1 / s0
    return first, size, 2.0 * slope * (first / size) + s2 / s0
