"""Masses and tails of draws from an urn: without putting back (hypergeometric), and with one more (beta-binomial).

Each is the other's analytic continuation: the urn of `a` and `b` is one of -a successes and -b failures. The masses
are quotients of gamma functions in Loader's form: the terms of Stirling's formula, and how far the counts are from
their means as sums of positive terms, which take that distance from one exact cross product.

Sources: C. Loader, "Fast and accurate computation of binomial probabilities" (2000); W. Kahan's difference of
products, analysed by C.-P. Jeannerod, N. Louvet and J.-M. Muller, doi:10.1090/S0025-5718-2013-02679-8; DLMF 5.11.
"""

from math import exp, log, log1p, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.beta import (
    LARGE,
    STIRLING,
    beta_divergence,
    digamma_gap_fall,
    digamma_rise,
)
from fastdist.special.gamma import deviance_series, stirling_error
from fastdist.special.lattice_tail import itself, lattice_tail, surprise

__all__ = [
    "beta_binomial_constants",
    "beta_binomial_entropy",
    "beta_binomial_mass",
    "beta_binomial_scores",
    "beta_binomial_tail",
    "difference_of_products",
    "digamma_rise_gap",
    "gammaln_rise_gap",
    "hypergeometric_constants",
    "hypergeometric_entropy",
    "hypergeometric_mass",
    "hypergeometric_scores",
    "hypergeometric_tail",
]

TWO_PI = 6.283185307179586
# Concentrations may be this small, and from HUGE on their products with counts are scaled down.
TINIEST, HUGE, SCALE = 1e-290, 1e280, 2.0**-100
# Where a mass would have to rise by more than exp(CLIMB) and fall again, its rise is not told from the slope.
CLIMB = 4.0
# An exponential below this is left to the logarithm, because a sum may lift it.
FAR = -600.0
# A tail of more than this is taken from the other one.
LOG_MOST = -0.2876820724517809


@kernel
def difference_of_products(a, b, c, d):
    """a b - c d to 1.5 ulp."""
    product = c * d
    return fma(a, b, -product) + fma(-c, d, product)


@kernel
def _stirling_error(x):
    """The same, and 0 at 0: of a count that is not there."""
    return stirling_error(x) if x > 0.0 else 0.0


# Differences of differences of gamma functions ------------------------------------------------------


@kernel
def _binet_rise(b, a):
    """J(a + b) - J(b) for b >= 16, for Binet's function J: by the divided difference of its series."""
    i = 1.0 / b
    j = 1.0 / (b + a)
    t = i * i
    s = j * j
    value = 0.0
    slope = 0.0
    for c in STIRLING:
        slope = slope * s + value
        value = value * t + c
    return -a * i * j * (value + j * (i + j) * slope)


@kernel(heavy=True)
def gammaln_rise_gap(b, a, n):
    """The sum of log(1 + a / (b + i)) over i from 0 to n - 1, for a, b > 0 and a whole n: relative to a few ulp.

    It is log Gamma(a + b + n) - log Gamma(b + n) - log Gamma(a + b) + log Gamma(b).
    """
    total = 0.0
    big = b
    left = n
    while big < LARGE and left > 0.0:
        h = a / big
        total += log1p(h) if h < 1e300 else log(a) - log(big)
        big += 1.0
        left -= 1.0
    if not left > 0.0:
        return total
    top, far = big + a, big + left
    share = (a / big) * (left / (top + left))
    main = a * log1p(left / top) + left * log1p(a / far) - (big - 0.5) * log1p(share)
    return total + main + (_binet_rise(far, a) - _binet_rise(big, a))


@kernel(heavy=True)
def digamma_rise_gap(p, i, q, j, cross):
    """digamma(p + i) - digamma(p) - (digamma(q + j) - digamma(q)), where cross is i q - j p without rounding."""
    excess = cross / p / (q + j)
    if abs(excess) < 0.5:
        return log1p(excess) + (digamma_gap_fall(p, i) - digamma_gap_fall(q, j))
    return digamma_rise(p, i) - digamma_rise(q, j)


# Beta-binomial: a state is (x, a, y, b), successes and failures with their concentrations --------------


@kernel
def beta_binomial_constants(n, a, b):
    """n, a, b, about the median, and the terms of Stirling's formula that all masses share."""
    total = a + b
    rest = stirling_error(total) - stirling_error(a) - stirling_error(b)
    rest += _stirling_error(n) - stirling_error(total + n)
    low = a if a < b else b
    share = a / total
    if low < 1.0:
        shrink = exp(-0.7 * (1.0 - low) / low)
        share = share * shrink if a <= b else 1.0 - (b / total) * shrink
    return n, a, b, n * share, rest


@kernel
def _beta_binomial_divergence(x, a, y, b):
    """How far (a, x) and (b, y) are from one chance: sums of positive terms."""
    # Beside counts neither limit changes anything but what overflows.
    a = a if a > TINIEST else TINIEST
    b = b if b > TINIEST else TINIEST
    whole = x + a + (y + b)
    chance, other = (a + b) / whole, (x + y) / whole
    scale = SCALE if whole > HUGE else 1.0
    offset = difference_of_products(scale * a, y, scale * b, x) / (scale * whole)
    return beta_divergence(a, x, chance, other, offset) + beta_divergence(b, y, chance, other, -offset)


@kernel
def _beta_binomial_mass(s, rest):
    """The mass of a state, as the log of one part and the square of the rest: near the mean the first is small."""
    x, a, y, b = s
    if not (x > 0.0 and y > 0.0):
        return 0.0 - (gammaln_rise_gap(a, b, x) if x > 0.0 else gammaln_rise_gap(b, a, y)), 1.0
    n, total = x + y, a + b
    whole = n + total
    apart = _beta_binomial_divergence(x, a, y, b)
    top = (a / total) * (b / (b + y)) * (n / (a + x) / x) * (whole / y) / TWO_PI
    steps = (stirling_error(a + x) - stirling_error(x)) + (stirling_error(b + y) - stirling_error(y))
    return steps + rest - apart, top


@kernel(heavy=True)
def beta_binomial_mass(k, c):
    """The log mass at k."""
    n, a, b, rest = c[0], c[1], c[2], c[4]
    exponent, square = _beta_binomial_mass((k, a, n - k, b), rest)
    return exponent + 0.5 * log(square)


@kernel
def _beta_binomial_ratio(j, s):
    x, a, y, b = s
    x, y = x + j, y - j
    return (y / (x + 1.0)) * ((x + a) / (y - 1.0 + b))


@kernel
def _beta_binomial_rise(h, s):
    return _beta_binomial_climb(h, s[0] + h, s[2] - h, s)


@kernel
def _beta_binomial_climb(h, up, down, s):
    """The rise over h counts, to so many successes and failures."""
    x, a, y, b = s
    top, bottom = a + x, b + y
    # log of the quotient of the odds here, without and with the urn's own
    tilt = difference_of_products(b, x, a, y) / top / y
    slope = log1p(tilt) if abs(tilt) < 0.5 else log((x / top) * (bottom / y))
    if h * slope < -CLIMB:
        apart = _beta_binomial_divergence(up, a, down, b) - _beta_binomial_divergence(x, a, y, b)
    else:
        apart = beta_divergence(a, up, a / top, x / top, -a * (h / top))
        apart += h * slope + beta_divergence(b, down, b / bottom, y / bottom, b * (h / bottom))
    factor = (up / x) * (down / y) * ((a + up) / top) * ((b + down) / bottom)
    steps = (stirling_error(a + up) - stirling_error(top)) - (stirling_error(up) - stirling_error(x))
    steps += (stirling_error(b + down) - stirling_error(bottom)) - (stirling_error(down) - stirling_error(y))
    return steps - 0.5 * log(factor) - apart


@kernel
def _beta_binomial_slopes(h, s):
    x, a, y, b = s
    x, y = x + h + 0.5, y - h + 0.5
    top, bottom = a + x, b + y
    slope = log((top / x) * (y / bottom)) - 0.5 * (1.0 / top + 1.0 / x - 1.0 / bottom - 1.0 / y)
    return slope, -(a / x / top + b / y / bottom)


@kernel
def _beta_binomial_room(s):
    return s[0], s[2]


@kernel
def _beta_binomial_move(j, s):
    return s[0] + j, s[1], s[2] - j, s[3]


@kernel
def _before_beta_binomial_end(j, s):
    """Of a number of counts that few floats are near enough the failures are j by name."""
    h = s[2] - j
    return h, _beta_binomial_climb(h, s[0] + h, j, s), (s[0] + h, s[1], j, s[3])


@kernel
def _mirror(s):
    return s[2], s[3], s[0], s[1]


@kernel
def _beta_binomial_falls(s):
    return s[3] >= 1.0


_BETA_BINOMIAL = {
    "RATIO": _beta_binomial_ratio,
    "RISE": _beta_binomial_rise,
    "SLOPES": _beta_binomial_slopes,
    "ROOM": _beta_binomial_room,
    "MOVE": _beta_binomial_move,
    "BEFORE_END": _before_beta_binomial_end,
    "MIRROR": _mirror,
    "FALLS": _beta_binomial_falls,
}
_beta_binomial_sum = lattice_tail(itself, **_BETA_BINOMIAL)
_beta_binomial_surprise = lattice_tail(surprise, **_BETA_BINOMIAL)


@kernel(heavy=True)
def beta_binomial_tail(k, c):
    """(exponent, factor, whether lower): exp(exponent) factor is the smaller tail at k, for 0 <= k < n.

    Of two tails that are both close to a half either may come.
    """
    n, a, b, middle, rest = c[0], c[1], c[2], c[3], c[4]
    upper = k >= middle
    for _ in range(2):
        s = (k + 1.0, a, n - k - 1.0, b) if upper else (n - k, b, k, a)
        exponent, square = _beta_binomial_mass(s, rest)
        factor = sqrt(square) * _beta_binomial_sum(s)
        if exponent + log(factor) <= LOG_MOST:
            break
        upper = not upper
    far = exponent < FAR
    return exponent + log(factor) if far else exponent, 1.0 if far else factor, not upper


@kernel(heavy=True)
def beta_binomial_entropy(k, c):
    """The entropy, by summation from the mode k to both sides."""
    n, a, b, rest = c[0], c[1], c[2], c[4]
    up, down = (k, a, n - k, b), (n - k, b, k, a)
    exponent, square = _beta_binomial_mass(up, rest)
    log_top = exponent + 0.5 * log(square)
    mass = _beta_binomial_sum(up) + _beta_binomial_sum(down) - 1.0
    return 0.0 - exp(log_top) * (mass * log_top + (_beta_binomial_surprise(up) + _beta_binomial_surprise(down)))


@kernel(heavy=True)
def beta_binomial_scores(k, c):
    """The derivatives of the log mass in n, a and b."""
    n, a, b = c[0], c[1], c[2]
    x, y = k, n - k
    cross = difference_of_products(b, x, a, y)
    in_n = digamma_rise_gap(y + 1.0, x, y + b, x + a, cross - (x + a))
    # Of the two pairs of arguments that are the same distances apart, the closer one cancels less.
    if b + y < x:
        in_a = digamma_rise_gap(a, b, a + x, b + y, cross)
    else:
        in_a = digamma_rise_gap(a, x, a + b, n, cross)
    if a + x < y:
        in_b = digamma_rise_gap(b, a, b + y, a + x, -cross)
    else:
        in_b = digamma_rise_gap(b, y, a + b, n, -cross)
    return in_n, in_a, in_b


# Hypergeometric: a state is the four cells (x, w, u, v) of the table: drawn and undrawn successes x and u, drawn
# and undrawn failures v and w. x and w grow together, and u and v fall.


@kernel
def hypergeometric_constants(population, successes, draws):
    """L = population - successes - draws, successes, draws, the mean, and what all masses share."""
    failures, undrawn = population - successes, population - draws
    rest = _stirling_error(successes) + _stirling_error(failures) - _stirling_error(population)
    rest += _stirling_error(draws) + _stirling_error(undrawn)
    return failures - draws, successes, draws, successes * (draws / (population if population > 0.0 else 1.0)), rest


@kernel
def _deviance_of(x, mean, gap):
    """x log(x / mean) - gap, where gap is x - mean with all its digits."""
    v = gap / (x + mean)
    near = v * fma(2.0 * x, deviance_series(v), gap)
    return near if abs(v) < 0.5 else x * log(x / mean) - gap


@kernel
def _hypergeometric_mass(s, rest):
    """As :func:`_beta_binomial_mass`."""
    x, w, u, v = s
    if not (x > 0.0 and w > 0.0 and u > 0.0 and v > 0.0):
        if x == 0.0 or w == 0.0:
            return 0.0 - gammaln_rise_gap((w if x == 0.0 else x) + 1.0, u, v), 1.0
        return 0.0 - gammaln_rise_gap((v if u == 0.0 else u) + 1.0, x, w), 1.0
    successes, failures, draws, undrawn = x + u, v + w, x + v, u + w
    population = successes + failures
    gap = difference_of_products(x, w, u, v) / population
    apart = _deviance_of(x, successes * (draws / population), gap)
    apart += _deviance_of(w, failures * (undrawn / population), gap)
    apart += _deviance_of(u, successes * (undrawn / population), -gap)
    apart += _deviance_of(v, failures * (draws / population), -gap)
    top = (successes / x) * (undrawn / u) * (failures / w) * (draws / v) / population / TWO_PI
    cells = (stirling_error(x) + stirling_error(w)) + (stirling_error(u) + stirling_error(v))
    return rest - cells - apart, top


@kernel
def hypergeometric_mass(k, c):
    """The log mass at k."""
    others, successes, draws, rest = c[0], c[1], c[2], c[4]
    exponent, square = _hypergeometric_mass((k, others + k, successes - k, draws - k), rest)
    return exponent + 0.5 * log(square)


@kernel
def _hypergeometric_ratio(j, s):
    x, w, u, v = s
    return ((u - j) / (x + j + 1.0)) * ((v - j) / (w + j + 1.0))


@kernel
def _hypergeometric_rise(h, s):
    x, w, u, v = s
    tilt = difference_of_products(x, w, u, v) / u / v
    slope = log1p(tilt) if abs(tilt) < 0.5 else log((x / u) * (w / v))
    x1, w1, u1, v1 = x + h, w + h, u - h, v - h
    apart = _deviance_of(x1, x, h) + _deviance_of(w1, w, h) + _deviance_of(u1, u, -h) + _deviance_of(v1, v, -h)
    factor = (x1 / x) * (w1 / w) * (u1 / u) * (v1 / v)
    steps = (stirling_error(x1) - stirling_error(x)) + (stirling_error(w1) - stirling_error(w))
    steps += (stirling_error(u1) - stirling_error(u)) + (stirling_error(v1) - stirling_error(v))
    return -(h * slope + apart + steps + 0.5 * log(factor))


@kernel
def _hypergeometric_slopes(h, s):
    x, w, u, v = s
    x, w, u, v = x + h + 0.5, w + h + 0.5, u - h + 0.5, v - h + 0.5
    return log((u / x) * (v / w)), -(1.0 / x + 1.0 / w + 1.0 / u + 1.0 / v)


@kernel
def _hypergeometric_room(s):
    x, w, u, v = s
    return x if x < w else w, u if u < v else v


@kernel
def _hypergeometric_move(j, s):
    return s[0] + j, s[1] + j, s[2] - j, s[3] - j


@kernel
def _before_hypergeometric_end(j, s):
    h = _hypergeometric_room(s)[1] - j
    return h, _hypergeometric_rise(h, s), _hypergeometric_move(h, s)


@kernel
def _hypergeometric_falls(s):
    return True


_HYPERGEOMETRIC = {
    "RATIO": _hypergeometric_ratio,
    "RISE": _hypergeometric_rise,
    "SLOPES": _hypergeometric_slopes,
    "ROOM": _hypergeometric_room,
    "MOVE": _hypergeometric_move,
    "BEFORE_END": _before_hypergeometric_end,
    "MIRROR": _mirror,
    "FALLS": _hypergeometric_falls,
}
_hypergeometric_sum = lattice_tail(itself, **_HYPERGEOMETRIC)
_hypergeometric_surprise = lattice_tail(surprise, **_HYPERGEOMETRIC)


@kernel(heavy=True)
def hypergeometric_tail(k, c):
    """As :func:`beta_binomial_tail`, for k from the lowest count of the support to one below the highest."""
    others, successes, draws, middle, rest = c[0], c[1], c[2], c[3], c[4]
    upper = k >= middle
    for _ in range(2):
        if upper:
            s = (k + 1.0, others + k + 1.0, successes - k - 1.0, draws - k - 1.0)
        else:
            s = (successes - k, draws - k, k, others + k)
        exponent, square = _hypergeometric_mass(s, rest)
        factor = sqrt(square) * _hypergeometric_sum(s)
        if exponent + log(factor) <= LOG_MOST:
            break
        upper = not upper
    far = exponent < FAR
    return exponent + log(factor) if far else exponent, 1.0 if far else factor, not upper


@kernel(heavy=True)
def hypergeometric_entropy(k, c):
    """The entropy, by summation from the mode k to both sides."""
    others, successes, draws, rest = c[0], c[1], c[2], c[4]
    up, down = (k, others + k, successes - k, draws - k), (successes - k, draws - k, k, others + k)
    exponent, square = _hypergeometric_mass(up, rest)
    log_top = exponent + 0.5 * log(square)
    mass = _hypergeometric_sum(up) + _hypergeometric_sum(down) - 1.0
    return 0.0 - exp(log_top) * (mass * log_top + (_hypergeometric_surprise(up) + _hypergeometric_surprise(down)))


@kernel(heavy=True)
def hypergeometric_scores(k, c):
    """The derivatives of the log mass, continued by gamma functions, in the population, successes and draws."""
    others, successes, draws = c[0], c[1], c[2]
    x, w, u, v = k, others + k, successes - k, draws - k
    cross = difference_of_products(x, w, u, v)
    undrawn = u + w
    in_population = digamma_rise_gap(w + 1.0, v, undrawn + 1.0, draws, -cross - x)
    in_successes = digamma_rise_gap(u + 1.0, x, w + 1.0, v, cross + x - v)
    in_draws = digamma_rise_gap(v + 1.0, x, w + 1.0, u, cross + x - u)
    return in_population, in_successes, in_draws
