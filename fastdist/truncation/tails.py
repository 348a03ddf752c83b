"""Masses of intervals, shares and quantiles: templates over a base.

All rest on the log of P(u < X <= v). Constants ``c`` begin with low, high, the ends clipped to the base's
support (the lower one exclusive if that is discrete), the base's mode, and the log of the mass.
"""

from math import exp, expm1, floor, log

from fastdist.engine.kernel import kernel
from fastdist.special.logs import log1mexp, logaddexp
from fastdist.special.quadrature import NODES_12, WEIGHTS_12

INF, NAN = float("inf"), float("nan")
LN2 = 0.6931471805599453
EPSILON = 1.1102230246251565e-16

# Two tails are close, from this log ratio on: then an integral has more digits than their difference,
CLOSE = -0.25
# unless it is off by more than that, at a kink or an end: in units of what rounding makes of the difference.
TRUST = 8.0
# Up to so many masses are added one by one.
TERMS = 512.0
# A step of this size relative to a number moves it.
LEAST_STEP = 2.0**-50
# Below this log mass its exponential, and those of the tails, lack digits.
TINY = -650.0
# Below this a share of the mass itself does.
LEAST = 1e-306


def of_the_base(*_):
    """In the place of a formula that :func:`fastdist.truncation.compose.filled` puts in."""
    raise NotImplementedError("a template: fastdist.truncation.compose puts the formulas of a base in")


LOG_PROB = LOG_CDF = LOG_SF = ICDF = ISF = LOG_INTEGRAL = LOG_MASS = SHARE = PIECE = of_the_base


# Masses ------------------------------------------------------------------------------------------


@kernel(heavy=True)
def panel(u, v, top, density):
    """The integral of the density over exp(top), from u to v, by Gauss's rule."""
    width, total = v - u, 0.0
    for i in range(6):
        step = width * NODES_12[i]
        total += WEIGHTS_12[i] * (exp(LOG_PROB(u + step, density) - top) + exp(LOG_PROB(v - step, density) - top))
    return width * total


@kernel(heavy=True)
def log_integral(u, v, mode, density):
    """The log of the mass of a short interval, in two parts if the mode is inside: there may be a kink."""
    if u < mode < v:
        top = LOG_PROB(mode, density)
        return top + log(PIECE(u, mode, top, density) + PIECE(mode, v, top, density))
    top = LOG_PROB(0.5 * u + 0.5 * v, density)
    return top + log(PIECE(u, v, top, density))


@kernel(heavy=True)
def log_sum(u, v, mode, density):
    """The log of the sum of masses from u + 1 to v; NaN if there are too many."""
    if v - u > TERMS:
        return NAN
    first, last = LOG_PROB(u + 1.0, density), LOG_PROB(v, density)
    top = first if first > last else last
    if u < mode < v:
        highest = LOG_PROB(mode, density)
        top = highest if highest > top else top
    total = 0.0
    for i in range(int(v - u)):  # counted, because of large numbers the next is the same
        total += exp(LOG_PROB(u + 1.0 + i, density) - top)
    return top + log(total) if top > -INF else top


@kernel(heavy=True)
def log_mass(u, v, mode, lower, upper, density):
    """log P(u < X <= v): the difference of two tails, or an integral where that loses digits."""
    if not u < v:
        return -INF if u == u and v == v else NAN
    top = LOG_CDF(v, lower)
    if top < -LN2:
        rest = LOG_CDF(u, lower)
    else:
        top = LOG_SF(u, upper)
        if top < -LN2:
            rest = LOG_SF(v, upper)
        else:
            top, rest = 0.0, logaddexp(LOG_CDF(u, lower), LOG_SF(v, upper))
    if top == -INF:
        return top
    gap = rest - top
    if gap < CLOSE or gap != gap:
        return top + log1mexp(gap)
    integral = LOG_INTEGRAL(u, v, mode, density)
    rounding, share = TRUST * EPSILON * (1.0 - top), -expm1(gap)
    difference = top + log1mexp(gap if gap < 0.0 else -0.0)
    certain = share > 8.0 * rounding
    if integral != integral or (certain and not abs(integral - difference) * share <= rounding):
        return difference
    return integral


# Shares ------------------------------------------------------------------------------------------


@kernel(heavy=True)
def share(x, c, lower, upper, density):
    """The log of the share on one side of x, and whether that is below it."""
    below = LOG_MASS(c[2], x, c[4], lower, upper, density) - c[5]
    if below <= -LN2 or below != below:
        return below, True
    above = LOG_MASS(x, c[3], c[4], lower, upper, density) - c[5]
    return (above, False) if above < 0.0 else (0.0 * above, False)


@kernel
def cdf(x, c, lower, upper, density):
    part, below = SHARE(x, c, lower, upper, density)
    return exp(part) if below else 1.0 - exp(part)


@kernel
def sf(x, c, lower, upper, density):
    part, below = SHARE(x, c, lower, upper, density)
    return 1.0 - exp(part) if below else exp(part)


@kernel
def log_cdf(x, c, lower, upper, density):
    part, below = SHARE(x, c, lower, upper, density)
    return part if below else log1mexp(part)


@kernel
def log_sf(x, c, lower, upper, density):
    part, below = SHARE(x, c, lower, upper, density)
    return log1mexp(part) if below else part


# Quantiles ---------------------------------------------------------------------------------------


@kernel(heavy=True)
def quantile(p, q, c, lower, upper, density, left, right):
    """The value with shares p below and q above: the base's quantile, then Newton's method if digits are lost."""
    a, b, mode, log_mass = c[2], c[3], c[4], c[5]
    if not log_mass < INF:
        return NAN
    from_a = p <= q
    x, goal = NAN, log(p if from_a else q) + log_mass
    if log_mass > TINY:
        mass = exp(log_mass)
        below, above = exp(LOG_CDF(a, lower)), exp(LOG_SF(b, upper))
        # Of a share below float64 the base knows a larger one, to begin from.
        deep = (p if from_a else q) * mass < LEAST
        least = LEAST if deep else 0.0
        under, over = least if deep and from_a else p * mass, least if deep and not from_a else q * mass
        to_left = below + under <= above + over
        x = ICDF(below + under, left) if to_left else ISF(above + over, right)
        x = a if x < a else (b if x > b else x)
        if not deep and ((below <= 3.0 * under) if to_left else (above <= 3.0 * over)):
            return x
        tail = below if below < 0.5 else exp(LOG_SF(a, upper))
        tail = tail if from_a else (above if above < 0.5 else exp(LOG_CDF(b, lower)))
        if (under if from_a else over) < 1e-6 * tail:
            x = NAN
    if x != x:  # close to an end: from the density there, or as in an exponential tail
        at_a, at_b = LOG_PROB(a, density), LOG_PROB(b, density)
        if log_mass > TINY:
            x = a + exp(goal - at_a) if from_a else b - exp(goal - at_b)
        else:
            x = a - log(q) * exp(log_mass - at_a) if at_a > at_b else b + log(p) * exp(log_mass - at_b)
    first, last = a, b
    if not first < x < last:
        x = 0.5 * a + 0.5 * b if b - a < INF else (b - 1.0 if a == -INF else a + 1.0)
    for _ in range(100):
        part = LOG_MASS(a, x, mode, lower, upper, density) if from_a else LOG_MASS(x, b, mode, lower, upper, density)
        gap = part - goal
        if (gap > 0.0) == from_a:
            last = x
        else:
            first = x
        step = gap * exp(part - LOG_PROB(x, density))
        new = x - step if from_a else x + step
        if not abs(step) > EPSILON * abs(x):
            return x
        if not first < new < last:
            # A mass is often like a power of the distance from its end.
            end = a if from_a else b
            inset = abs(x - end) * exp(-step / abs(x - end))
            closest = abs(end) * 2.0**-52 if end != 0.0 else 5e-324
            inset = inset if inset > closest else closest
            new = a + inset if from_a else b - inset
        if not first < new < last:
            new = 0.5 * first + 0.5 * last
            new = new if abs(new) < INF else (2.0 * x if x != 0.0 else 1.0)
        if abs(new - x) <= EPSILON * abs(x):
            return new
        x = new
    return x


@kernel(heavy=True)
def discrete_quantile(p, q, c, lower, upper, density, left, right, upper_tail):
    """The smallest integer whose cdf reaches p, or whose tail is at most q: bracketed, then halved."""
    a, b, log_mass = c[2], c[3], c[5]
    if not log_mass < INF:
        return NAN
    start = a + 1.0
    if log_mass > TINY:
        mass = exp(log_mass)
        below, above = exp(LOG_CDF(a, lower)) + p * mass, exp(LOG_SF(b, upper)) + q * mass
        start = ICDF(below, left) if below <= above else ISF(above, right)
    first, last = a, b
    k = start if start < b else (b - 1.0 if b < INF else a + 1.0)
    k = k if k > a else a + 1.0
    # A step that moves large numbers too, of which not every integer is a float.
    step = 1.0 + floor(abs(k) * LEAST_STEP)
    while last - first > 1.0 and first < k < last:
        part, is_below = SHARE(k, c, lower, upper, density)
        share = exp(part) if is_below != upper_tail else 1.0 - exp(part)
        if share <= q if upper_tail else share >= p:
            last = k
            k = last - step if last - step > first else first + floor(0.5 * (last - first))
        else:
            first = k
            k = first + step if first + step < last else last - floor(0.5 * (last - first))
        step = 2.0 * step
        if last - first <= 1.0:
            break
        if k <= first or k >= last:
            k = first + floor(0.5 * (last - first))
    return last
