"""Masses of counts by the terms of Stirling's formula, for any number of trials.

Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000). Her two deviances of the
counts from their means are taken as one divergence, from the distance of a count from its mean to the last
digit: with 1e15 trials the rounding of the mean would show in the tenth digit of the mass.
"""

from math import log

from fastdist.engine.kernel import kernel
from fastdist.special.beta import beta_divergence, saddle_offset
from fastdist.special.beta_tail import NORMAL_FROM, REACH, TINY, betainc_constants, fraction, near_tail
from fastdist.special.gamma import stirling_error

__all__ = [
    "binomial_mass_constants",
    "divergence_constants",
    "log_binomial_mass",
    "near_count_tail",
    "trial_divergence",
]

HALF_LOG_2PI = 0.9189385332046728
# A chance below this is taken for it in a logarithm, and the difference of the logarithms put back.
LEAST, LOG_LEAST = 1e-307, -706.893623549172
# The exponential of a smaller logarithm would lose more than 1e-15 to its rounding: next to the mass of a count,
# that of the tail would show.
DEEP = -12.0


@kernel
def divergence_constants(p, q, rest, log_p, log_q):
    """What :func:`trial_divergence` needs of chances p and q, the smaller of which is short by a fraction `rest`."""
    shift = rest / q if p < q else -rest / p
    excess_p, excess_q = LOG_LEAST - log_p if p < LEAST else 0.0, LOG_LEAST - log_q if q < LEAST else 0.0
    return p, q, LEAST if p < LEAST else p, LEAST if q < LEAST else q, shift, excess_p, excess_q


@kernel
def trial_divergence(a, b, c):
    """a log(a / (n p)) + b log(b / (n q)) for n = a + b trials and positive a and b."""
    offset = saddle_offset(a, b, c[0], c[1])
    return beta_divergence(a, b, c[2], c[3], offset) - offset * c[4] + (a * c[5] + b * c[6])


@kernel
def binomial_mass_constants(n, p, q, rest, log_p, log_q):
    """What :func:`log_binomial_mass` needs of n trials: after the chances n, the log masses of 0 and n, a constant."""
    some = n > 0.0
    none, every = n * log_q if some else 0.0, n * log_p if some else 0.0
    lead = stirling_error(n if some else 1.0) - HALF_LOG_2PI
    return *divergence_constants(p, q, rest, log_p, log_q), n, none, every, lead


@kernel
def log_binomial_mass(x, c):
    """Log of the chance of x successes, for an integer x in [0, n]."""
    n = c[7]
    y = n - x
    inner = x > 0.0 and y > 0.0
    a = x if inner else 1.0
    b = y if inner else 1.0
    lead = c[10] - stirling_error(a) - stirling_error(b) - 0.5 * log(a * (b / (a + b)))
    within = lead - trial_divergence(a, b, c)
    return within if inner else (c[9] if y == 0.0 else c[8])


@kernel(heavy=True)
def near_count_tail(a, b, x, y, log_mass, ratio):
    """(log_power, factor, lower) of I_x(a, b), whose kernel x**a y**b / B(a, b) is a mass times `ratio`.

    As :func:`fastdist.special.beta_tail.near_tail`, which it asks where the continued fraction would be long, or
    where the logarithm of the mass is so large that its rounding shows.
    """
    shift = saddle_offset(a, b, x, y)
    low = a if a < b else b
    if low < TINY or log_mass < DEEP or (low >= NORMAL_FROM and abs(shift) < REACH * low):
        power, factor, _, lower = near_tail(x, y, betainc_constants(a, b))
        return power, factor, lower
    lower = shift >= 0.0 if a >= 1.0 and b >= 1.0 else x * (b if b > 1.0 else 1.0) <= y * (a if a > 1.0 else 1.0)
    factor = fraction(a, b, x, y, shift) if lower else fraction(b, a, y, x, -shift)
    return log_mass, ratio * factor, 1.0 if lower else 0.0
