"""Moments, mode and entropy: templates over a base."""

from math import cosh, exp, sinh

from fastdist.engine.kernel import kernel
from fastdist.truncation.tails import TERMS, of_the_base

INF, NAN = float("inf"), float("nan")
PI = 3.141592653589793
DISCRETE = False


# An interval that is so many times as wide as the bulk of the mass is integrated in parts, each so many times as wide
# as the one before it; and so many integers are summed at most.
WIDTH = 8.0
MOST_INTEGERS = 10000000

LOG_PROB = QUANTILE = PIECE = SIDE = of_the_base


@kernel
def around(d, m2, m3, m4):
    """Moments around the mean from those around a number that lies d below it."""
    square = d * d
    return m2 - square, m3 - d * (3.0 * m2 - 2.0 * square), m4 - d * (4.0 * m3 - d * (6.0 * m2 - 3.0 * square))


@kernel(heavy=True)
def piece(u, v, unit, center, log_mass, density):
    """Integrals of (x - center)**k times the density for k up to 4, and of it times its log, from u to v.

    The double-exponential rule (Takahasi and Mori 1974), which forgives singular ends.
    """
    s0, s1, s2, s3, s4, s5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    bounded = v - u < INF
    for i in range(-208, 209):
        t = 0.03125 * i
        if bounded:
            share = 1.0 / (1.0 + exp(PI * sinh(abs(t))))
            start, step = (u, (v - u) * share) if t < 0.0 else (v, -(v - u) * share)
            w = (v - u) * PI * cosh(t) * share * (1.0 - share)
        else:
            span = unit * exp(0.5 * PI * sinh(t))
            start, step = (u, span) if u > -INF else (v, -span)
            w = span * 0.5 * PI * cosh(t)
        x = start + step
        if u <= x <= v and w < INF:
            f = LOG_PROB(x, density) - log_mass
            if -INF < f < INF:
                w = w * exp(f)
                if w > 0.0:
                    d = (start - center) + step  # what x has lost to rounding is in it
                    s0 += w
                    s5 += w * f
                    s1 += w * d
                    s2 += w * d * d
                    s3 += w * d * d * d
                    s4 += w * d * d * d * d
    return s0, s1, s2, s3, s4, s5


@kernel(heavy=True)
def side(inner, outer, unit, center, log_mass, density):
    """The integrals of :func:`piece` between two ends, the inner one of which is where the mass is."""
    rising = inner < outer
    width = WIDTH * unit
    s0, s1, s2, s3, s4, s5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    last = not (width > 0.0 and abs(outer - inner) < INF)
    for _ in range(512):
        reached = inner + width if rising else inner - width
        last = last or not (reached < outer if rising else reached > outer)
        reached = outer if last else reached
        low, high = (inner, reached) if rising else (reached, inner)
        t0, t1, t2, t3, t4, t5 = PIECE(low, high, unit, center, log_mass, density)
        s0, s1, s2, s3, s4, s5 = s0 + t0, s1 + t1, s2 + t2, s3 + t3, s4 + t4, s5 + t5
        if last:
            break
        inner = reached
        width *= WIDTH
    return s0, s1, s2, s3, s4, s5


@kernel(heavy=True)
def central_moments(c, lower, upper, density, left, right):
    """Mean, central moments 2 to 4, and entropy, by quadrature between the ends, the median and the mode."""
    a, b, mode, log_mass = c[2], c[3], c[4], c[5]
    if not log_mass < INF:
        return NAN, NAN, NAN, NAN, NAN
    quarter = QUANTILE(0.25, 0.75, c, lower, upper, density, left, right)
    middle = QUANTILE(0.5, 0.5, c, lower, upper, density, left, right)
    unit = middle - quarter
    first, second = middle, middle
    if a < mode < b:
        first, second = (mode, middle) if mode < middle else (middle, mode)
    mean, d, m2, m3, m4, entropy = middle, 0.0, 0.0, 0.0, 0.0, 0.0
    for _ in range(2):
        s0, s1, s2, s3, s4, s5 = SIDE(first, a, unit, mean, log_mass, density)
        t0, t1, t2, t3, t4, t5 = SIDE(second, b, unit, mean, log_mass, density)
        s0, s1, s2, s3, s4, s5 = s0 + t0, s1 + t1, s2 + t2, s3 + t3, s4 + t4, s5 + t5
        if first < second:
            t0, t1, t2, t3, t4, t5 = PIECE(first, second, unit, mean, log_mass, density)
            s0, s1, s2, s3, s4, s5 = s0 + t0, s1 + t1, s2 + t2, s3 + t3, s4 + t4, s5 + t5
        d, m2, m3, m4, entropy = s1 / s0, s2 / s0, s3 / s0, s4 / s0, -s5 / s0
        mean = mean + d
    m2, m3, m4 = around(d, m2, m3, m4)
    return mean, m2, m3, m4, entropy


@kernel(heavy=True)
def discrete_moments(c, lower, upper, density, left, right):
    """Mean, central moments 2 to 4, and entropy, by sums over all integers that float64 can tell from never."""
    a, b, log_mass = c[2], c[3], c[5]
    if not log_mass < INF:
        return NAN, NAN, NAN, NAN, NAN
    start = a + 1.0 if b - a <= TERMS else QUANTILE(1e-30, 1.0, c, lower, upper, density, left, right, False)
    stop = b if b - a <= TERMS else QUANTILE(1.0, 1e-30, c, lower, upper, density, left, right, True)
    if not stop - start < MOST_INTEGERS:
        return NAN, NAN, NAN, NAN, NAN
    mean, d, m2, m3, m4, entropy = start, 0.0, 0.0, 0.0, 0.0, 0.0
    for _ in range(3):
        s0, s1, s2, s3, s4, s5, n = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        while n <= stop - start:
            k = start + n
            f = LOG_PROB(k, density) - log_mass
            w = exp(f)
            x = k - mean
            s0 += w
            s5 += w * f if w > 0.0 else 0.0
            s1 += w * x
            s2 += w * x * x
            s3 += w * x * x * x
            s4 += w * x * x * x * x
            n += 1.0
        d, m2, m3, m4, entropy = s1 / s0, s2 / s0, s3 / s0, s4 / s0, -s5 / s0
        mean = mean + d
    m2, m3, m4 = around(d, m2, m3, m4)
    return mean, m2, m3, m4, entropy


@kernel
def heaviness(sign, density):
    """How far the density falls like a power of the value, far out: its exponent, or inf."""
    near, far = LOG_PROB(sign * 1e100, density), LOG_PROB(sign * 1e120, density)
    return (near - far) / 46.051701859880914 if near > -INF and far > -INF else INF


@kernel
def mode(c, density):
    """Of the base's mode, taken into the interval, and the two ends the highest point."""
    first = c[2] + 1.0 if DISCRETE else c[2]
    x = first if c[4] < first else (c[3] if c[4] > c[3] else c[4])
    top = LOG_PROB(x, density)
    if LOG_PROB(first, density) > top:
        return first
    return c[3] if LOG_PROB(c[3], density) > top else x


SOURCE = """
def mean({arguments}):
    c = PREPARE({arguments})
    left, right = HEAVINESS(-1.0, {density}), HEAVINESS(1.0, {density})
    left_open, right_open = c[2] == -INF and left < 2.000001, c[3] == INF and right < 2.000001
    if left_open or right_open:
        return NAN if left_open and right_open else (INF if right_open else -INF)
    return MOMENTS(c, {spans})[0]

def order({arguments}, c):
    left, right = HEAVINESS(-1.0, {density}), HEAVINESS(1.0, {density})
    left, right = left if c[2] == -INF else INF, right if c[3] == INF else INF
    return (left if left < right else right) - 1.000001

def variance({arguments}):
    c = PREPARE({arguments})
    k = ORDER({arguments}, c)
    return MOMENTS(c, {spans})[1] if k > 2.0 else (INF if k > 1.0 else NAN)

def skewness({arguments}):
    c = PREPARE({arguments})
    _, m2, m3, _, _ = MOMENTS(c, {spans})
    return m3 / (m2 * sqrt(m2)) if ORDER({arguments}, c) > 3.0 else NAN

def kurtosis({arguments}):
    c = PREPARE({arguments})
    k = ORDER({arguments}, c)
    _, m2, _, m4, _ = MOMENTS(c, {spans})
    return m4 / (m2 * m2) - 3.0 if k > 4.0 else (INF if k > 2.0 else NAN)

def entropy({arguments}):
    c = PREPARE({arguments})
    return MOMENTS(c, {spans})[4]

def mode({arguments}):
    c = PREPARE({arguments})
    return MODE_OF(c, {density})
"""
