"""Moments, mode and entropy: templates over a base."""

from math import cosh, exp, log, sinh

from fastdist.engine.kernel import kernel
from fastdist.truncation.tails import TERMS, of_the_base

INF, NAN = float("inf"), float("nan")
PI = 3.141592653589793
DISCRETE = False


# An interval that is so many times as wide as the bulk of the mass is integrated in parts, each so many times as wide
# as the one before it; and so many integers are summed at most.
WIDTH = 8.0
MOST_INTEGERS = 10000000

# Points of the double-exponential rule: they reach from the least to the largest numbers.
STEP, STEPS = 0.03125, 220
# Where densities are infinite at an end: how far the power of the distance goes, relative to an end and from 0, and
# what is still nearer; by how much the exponent may have moved there; and a share of the mass to begin from.
INSET, LEAST, NEARER, STEADY, REACHED = 2.0**-26, 1e-285, 1e-15, 1e-10, 1e-6
# What rounding makes of a density beside the log of the mass; the log of what does not count in a moment.
ROUNDING, NEGLIGIBLE = 1e-14, -23.0

LOG_PROB = QUANTILE = SHARE = PIECE = SIDE = TAIL_SIDE = AT_POLE = AT_POLES = HEAVINESS = of_the_base


@kernel
def around(d, m2, m3, m4):
    """Moments around the mean from those around a number that lies d below it."""
    square = d * d
    return m2 - square, m3 - d * (3.0 * m2 - 2.0 * square), m4 - d * (4.0 * m3 - d * (6.0 * m2 - 3.0 * square))


@kernel
def node(t, u, v, unit):
    """The end that a point of the double-exponential rule from u to v is counted from, its distance, and its weight."""
    if v - u < INF:
        share = 1.0 / (1.0 + exp(PI * sinh(abs(t))))
        start, step = (u, (v - u) * share) if t < 0.0 else (v, -(v - u) * share)
        return start, step, STEP * (v - u) * PI * cosh(t) * share * (1.0 - share)
    span = unit * exp(0.5 * PI * sinh(t))
    start, step = (u, span) if u > -INF else (v, -span)
    return start, step, STEP * span * 0.5 * PI * cosh(t)


@kernel(heavy=True)
def piece(u, v, unit, center, c, lower, upper, density):
    """Integrals of (x - center)**k times the density for k up to 4, and of it times its log, from u to v.

    The double-exponential rule (Takahasi and Mori 1974), which forgives singular ends.
    """
    s0, s1, s2, s3, s4, s5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(-STEPS, STEPS + 1):
        start, step, w = node(STEP * i, u, v, unit)
        x = start + step
        if u <= x <= v and w < INF:
            f = LOG_PROB(x, density) - c[5]
            if -INF < f < INF:
                # In halves: next to a pole and far out a density may overflow or underflow where its integral does not.
                root = exp(0.5 * f)
                w = w * root * root
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
def tail_piece(u, v, unit, center, c, lower, upper, density):
    """What a part that lies on one side of `center` adds to the means of (x - center)**k: integrals of the tail there.

    A tail is finite where the density has a pole, and what of the mass lies next to an end, closer than float64
    can tell, is in it.
    """
    s1, s2, s3, s4 = 0.0, 0.0, 0.0, 0.0
    right = u >= center
    for i in range(-STEPS, STEPS + 1):
        start, step, w = node(STEP * i, u, v, unit)
        x = start + step
        if u <= x <= v and w < INF:
            part, below = SHARE(x, c, lower, upper, density)
            w = w * (1.0 - exp(part) if below == right else exp(part))
            if w > 0.0:
                d = (start - center) + step
                w = w if right else -w
                s1 += w
                s2 += 2.0 * w * d
                s3 += 3.0 * w * d * d
                s4 += 4.0 * w * d * d * d
    return 0.0, s1, s2, s3, s4, 0.0


@kernel(heavy=True)
def side(inner, outer, unit, center, c, lower, upper, density):
    """The integrals of a piece between two ends, the inner one of which is where the mass is."""
    rising = inner < outer
    width = WIDTH * unit
    s0, s1, s2, s3, s4, s5 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    last = not (width > 0.0 and abs(outer - inner) < INF)
    for _ in range(512):
        reached = inner + width if rising else inner - width
        last = last or not (reached < outer if rising else reached > outer)
        reached = outer if last else reached
        low, high = (inner, reached) if rising else (reached, inner)
        t0, t1, t2, t3, t4, t5 = PIECE(low, high, unit, center, c, lower, upper, density)
        s0, s1, s2, s3, s4, s5 = s0 + t0, s1 + t1, s2 + t2, s3 + t3, s4 + t4, s5 + t5
        if last:
            break
        inner = reached
        width *= WIDTH
    return s0, s1, s2, s3, s4, s5


@kernel(heavy=True)
def at_pole(end, inset, far, c, lower, upper, density):
    """The integral of the density times its log between an end where it has a pole and `far`.

    Next to the end it is a power of the distance, of which the share of the mass there gives the exponent; where
    that still moves at the smallest numbers the integral is NaN.
    """
    near = end + inset
    part, below = SHARE(near, c, lower, upper, density)
    mass = exp(part) if below == (inset > 0.0) else 1.0 - exp(part)
    log_density = LOG_PROB(near, density) - c[5]
    power = abs(inset) * exp(log_density) / mass
    if end == 0.0:
        nearer = NEARER * inset
        part, below = SHARE(nearer, c, lower, upper, density)
        rest = exp(part) if below == (inset > 0.0) else 1.0 - exp(part)
        moved = abs(nearer) * exp(LOG_PROB(nearer, density) - c[5]) / rest - power
        if not mass * abs(moved) <= STEADY * power:
            return NAN
    inside = mass * (log_density + (1.0 - power) / power)
    return inside + SIDE(near, far, abs(inset), end, c, lower, upper, density)[5]


@kernel(heavy=True)
def moments_at_poles(at_a, at_b, c, lower, upper, density, left, right):
    """As :func:`central_moments` where the density is infinite at an end: moments are integrals of the tails."""
    a, b = c[2], c[3]
    far = 0.5 * a + 0.5 * b
    if not at_b:
        far = QUANTILE(1.0, REACHED, c, lower, upper, density, left, right)
    elif not at_a:
        far = QUANTILE(REACHED, 1.0, c, lower, upper, density, left, right)
    unit = ((far - a) if at_a else (b - far)) / WIDTH
    mean, d, m2, m3, m4 = far, 0.0, 0.0, 0.0, 0.0
    for _ in range(2):
        _, s1, s2, s3, s4, _ = TAIL_SIDE(mean, a, unit, mean, c, lower, upper, density)
        _, t1, t2, t3, t4, _ = TAIL_SIDE(mean, b, unit, mean, c, lower, upper, density)
        d, m2, m3, m4 = s1 + t1, s2 + t2, s3 + t3, s4 + t4
        mean = mean + d
    m2, m3, m4 = around(d, m2, m3, m4)
    s5, t5 = 0.0, 0.0
    if at_a:
        s5 = AT_POLE(a, INSET * abs(a) if a != 0.0 else LEAST, far, c, lower, upper, density)
    else:
        _, _, _, _, _, s5 = SIDE(far, a, unit, far, c, lower, upper, density)
    if at_b:
        t5 = AT_POLE(b, -INSET * abs(b) if b != 0.0 else -LEAST, far, c, lower, upper, density)
    else:
        _, _, _, _, _, t5 = SIDE(far, b, unit, far, c, lower, upper, density)
    return mean, m2, m3, m4, -(s5 + t5)


@kernel(heavy=True)
def central_moments(c, lower, upper, density, left, right):
    """Mean, central moments 2 to 4, and entropy, by quadrature between the ends, the median and the mode."""
    a, b, mode, log_mass = c[2], c[3], c[4], c[5]
    if not log_mass < INF:
        return NAN, NAN, NAN, NAN, NAN
    at_a, at_b = LOG_PROB(a, density) == INF, LOG_PROB(b, density) == INF
    if at_a or at_b:
        return AT_POLES(at_a, at_b, c, lower, upper, density, left, right)
    quarter = QUANTILE(0.25, 0.75, c, lower, upper, density, left, right)
    middle = QUANTILE(0.5, 0.5, c, lower, upper, density, left, right)
    unit = middle - quarter
    first, second = middle, middle
    if a < mode < b:
        first, second = (mode, middle) if mode < middle else (middle, mode)
    mean, d, m2, m3, m4, entropy = middle, 0.0, 0.0, 0.0, 0.0, 0.0
    for _ in range(2):
        s0, s1, s2, s3, s4, s5 = SIDE(first, a, unit, mean, c, lower, upper, density)
        t0, t1, t2, t3, t4, t5 = SIDE(second, b, unit, mean, c, lower, upper, density)
        s0, s1, s2, s3, s4, s5 = s0 + t0, s1 + t1, s2 + t2, s3 + t3, s4 + t4, s5 + t5
        if first < second:
            t0, t1, t2, t3, t4, t5 = PIECE(first, second, unit, mean, c, lower, upper, density)
            s0, s1, s2, s3, s4, s5 = s0 + t0, s1 + t1, s2 + t2, s3 + t3, s4 + t4, s5 + t5
        d, m2, m3, m4, entropy = s1 / s0, s2 / s0, s3 / s0, s4 / s0, -s5 / s0
        mean = mean + d
    if not abs(s0 - 1.0) < 1e-3 - ROUNDING * log_mass:  # some of it lies beyond all numbers
        return NAN, NAN, NAN, NAN, NAN
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
def heaviness(sign, far, density):
    """How far the density falls like a power of the value, far out: its exponent, or inf."""
    at_near, at_far = LOG_PROB(sign * 1e-20 * far, density), LOG_PROB(sign * far, density)
    return (at_near - at_far) / 46.051701859880914 if at_near > -INF and at_far > -INF else INF


@kernel(heavy=True)
def far_out(c, lower, upper, density, left, right):
    """The exponents on both sides, inf where the values end; a spread, a number far out, and the log density there."""
    spread = 1.0
    if not DISCRETE:
        spread = QUANTILE(0.75, 0.25, c, lower, upper, density, left, right)
        spread -= QUANTILE(0.25, 0.75, c, lower, upper, density, left, right)
    # At the end of all numbers, of which a small spread leaves some aside: distances in its units may overflow.
    far = 1e300 * spread if spread < 1e5 else 1e305
    at_left, at_right, height = INF, INF, -INF
    if c[2] == -INF:
        at_left, height = HEAVINESS(-1.0, far, density), LOG_PROB(-far, density) - c[5]
    if c[3] == INF:
        at_right, above = HEAVINESS(1.0, far, density), LOG_PROB(far, density) - c[5]
        height = above if above > height else height
    return at_left, at_right, spread, far, height


@kernel
def resolved(value, k, spread, far, height):
    """A moment of order k; NaN if what the values beyond `far` add to it counts."""
    size = log(abs(value)) if value != 0.0 else -INF
    size = size if size > k * log(spread) else k * log(spread)
    return value if (k + 1.0) * log(far) + height < size + NEGLIGIBLE or height == -INF else NAN


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
    left, right, spread, far, height = FAR_OUT(c, {spans})
    left_open, right_open = left < 2.000001, right < 2.000001
    if left_open or right_open:
        return NAN if left_open and right_open else (INF if right_open else -INF)
    return RESOLVED(MOMENTS(c, {spans})[0], 1.0, spread, far, height)

def variance({arguments}):
    c = PREPARE({arguments})
    left, right, spread, far, height = FAR_OUT(c, {spans})
    k = (left if left < right else right) - 1.000001
    return RESOLVED(MOMENTS(c, {spans})[1], 2.0, spread, far, height) if k > 2.0 else (INF if k > 1.0 else NAN)

def skewness({arguments}):
    c = PREPARE({arguments})
    left, right, spread, far, height = FAR_OUT(c, {spans})
    _, m2, m3, _, _ = MOMENTS(c, {spans})
    k = (left if left < right else right) - 1.000001
    return RESOLVED(m3, 3.0, spread, far, height) / (m2 * sqrt(m2)) if k > 3.0 else NAN

def kurtosis({arguments}):
    c = PREPARE({arguments})
    left, right, spread, far, height = FAR_OUT(c, {spans})
    _, m2, _, m4, _ = MOMENTS(c, {spans})
    k = (left if left < right else right) - 1.000001
    return RESOLVED(m4, 4.0, spread, far, height) / (m2 * m2) - 3.0 if k > 4.0 else (INF if k > 2.0 else NAN)

def entropy({arguments}):
    c = PREPARE({arguments})
    return MOMENTS(c, {spans})[4]

def mode({arguments}):
    c = PREPARE({arguments})
    return MODE_OF(c, {density})
"""
