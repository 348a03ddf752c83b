"""The divergence of rows of masses, or of their logarithms, term by term.

It is a sum of the deviances p log(p / q) + q - p, of which none is negative. Where p log(p / q) hardly cancels that
alone is summed; masses that are all close to each other have a quicker formula too.
"""

import functools
from math import exp, expm1

from fastdist.engine.bits import fma
from fastdist.engine.elementary import exp_within
from fastdist.engine.kernel import expression, filled, kernel
from fastdist.special.gamma import deviance, deviance_series
from fastdist.special.logs import log_quotient

__all__ = ["OF_LOGS", "OF_MASSES", "TOTAL", "fill_slopes_of", "near_term", "rough_term", "rough_total"]

INF, NAN = float("inf"), float("nan")


@kernel
def rough_term(log_p, log_q):
    """Of logarithms alone: an exponential costs less than to read the mass from memory.

    A mass that is subnormal, or 0 in float64, counts only where its ratio is hardly a number: that is left to NaN.
    """
    log_ratio = log_p - log_q
    lost = NAN if log_ratio > 1e280 else 0.0
    return (exp_within(max(log_p, -708.0)) * log_ratio if log_p > -708.0 else lost,)


@kernel
def rough_total(value):
    return value if value > ROUGH else NAN


# From this divergence D on: the sizes of its terms add up to no more than D + sqrt(2 D).
ROUGH = 1.0 / 16.0


@kernel
def near_term(p, q):
    """The deviance of masses within a factor of 3 of each other, else NaN."""
    gap, total = p - q, p + q
    v = gap / (total if total > 0.0 else 1.0)
    return (v * fma(2.0 * p, deviance_series(v), gap) if abs(v) < 0.5 else NAN,)


@kernel
def deviance_of_logs(a, b):
    """deviance(exp(a), exp(b)), also where a mass is below float64: in units of the larger one the smaller is 1 + t."""
    d = b - a
    rising = d > 0.0
    top = exp(b if rising else a)
    size = abs(d) if d == d else 0.0
    t = expm1(-size)
    p = 1.0 + t if rising else 1.0
    gap = t if rising else -t
    v = gap / (2.0 + t)
    close = abs(v) < 0.5
    near = v * (2.0 * p * deviance_series(v if close else 0.0) + gap)
    far = (-p if rising else p) * (size if p > 0.0 else 0.0) - gap
    y = top * (near if close else far)
    return y if top > 0.0 else (INF if b == -INF and a > -INF else 0.0)


OF_MASSES = expression("(deviance(p, q),)", "p, q", deviance=deviance)
OF_LOGS = expression("(deviance_of_logs(a, b),)", "a, b", deviance_of_logs=deviance_of_logs)
TOTAL = expression("total", "total")


@kernel
def masses_and_ratio(p, q):
    """Both masses, and the logarithm of their ratio."""
    return p, q, log_quotient(p, q)


@kernel
def masses_and_ratio_of_logs(a, b):
    return exp(a), exp(b), a - b


@kernel
def in_first_mass(p, excess):
    return excess if p > 0.0 else -INF


@kernel
def in_first_log(p, excess):
    return p * excess if p > 0.0 else 0.0


@kernel
def in_second_mass(p, q):
    return (q - p) / q if p > 0.0 else 1.0


@kernel
def in_second_log(p, q):
    return q - p


@kernel
def fill_slopes(first, second, value, in_first, in_second):
    """All relative to the likeliest: where it is almost sure its own logarithm is almost the whole divergence."""
    best = 0
    for k in range(len(first)):
        best = k if first[k] > first[best] else best
    _, _, top = MASSES(first[best], second[best])
    mean = 0.0
    for k in range(len(first)):
        p, q, log_ratio = MASSES(first[k], second[k])
        in_first[k] = log_ratio - top
        mean += p * in_first[k] if p > 0.0 else 0.0
        in_second[k] = IN_SECOND(p, q) if value < INF else NAN
    for k in range(len(first)):
        p, _, _ = MASSES(first[k], second[k])
        in_first[k] = IN_FIRST(p, in_first[k] - mean) if value < INF else NAN


MASSES = IN_FIRST = IN_SECOND = masses_and_ratio


@functools.cache
def fill_slopes_of(first_by_logits, second_by_logits):
    """:func:`fill_slopes` of rows by what each side is given by: logarithms of both where one is by logarithms."""
    return filled(
        fill_slopes,
        MASSES=masses_and_ratio_of_logs if first_by_logits or second_by_logits else masses_and_ratio,
        IN_FIRST=in_first_log if first_by_logits else in_first_mass,
        IN_SECOND=in_second_log if second_by_logits else in_second_mass,
    )
