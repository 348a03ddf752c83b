"""Rows of a table of categories, made once of its weights: normalised ones, logarithms, cdf, tail, what draws take."""

import functools
from math import exp, log, log1p
from typing import Any

import numpy as np

from fastdist.engine.kernel import filled, kernel
from fastdist.engine.row_programs import total_of

__all__ = [
    "draws_of_logits",
    "draws_of_probs",
    "fill_longer",
    "logs_of_logits",
    "logs_of_probs",
    "masses_and_logs",
    "masses_and_logs_of_logits",
    "normaliser",
    "of_logits",
    "of_probs",
    "prepare",
    "prepare_logs",
]

INF, NAN = float("inf"), float("nan")

# The constants are rows over the categories: log of the mass, the cdf and the tail. What follows makes them of the
# parameter, a row that is normalised.


@kernel
def _accumulate(below, above):
    """The cdf and the tail in place of the masses that `below` holds."""
    total = 0.0
    for k in range(len(below) - 1, -1, -1):
        above[k] = total
        total += below[k]
    total = 0.0
    for k in range(len(below)):
        total += below[k]
        # The larger of the two sums is the less accurate: take it from the other.
        below[k] = 1.0 - above[k] if above[k] < total else total
        above[k] = above[k] if above[k] < total else 1.0 - total


@kernel
def of_probs(probs, log_probs, below, above):
    total = 0.0
    for p in probs:  # in float32 it may be off by more than rounding here
        total += p
    for k in range(len(probs)):
        below[k] = probs[k] / total
        log_probs[k] = log(below[k])
    _accumulate(below, above)


@kernel
def of_logits(logits, log_probs, below, above):
    total = 0.0
    for k in range(len(logits)):
        below[k] = exp(logits[k])
        total += below[k]
    log_total = log(total)
    for k in range(len(logits)):
        log_probs[k] = logits[k] - log_total
        below[k] = below[k] / total
    _accumulate(below, above)


@kernel
def prepare(probs):
    """The constants of unnormalised `probs`."""
    p = probs / probs.sum()
    log_probs, below, above = np.empty_like(p), np.empty_like(p), np.empty_like(p)
    of_probs(p, log_probs, below, above)
    return log_probs, below, above


# For the logarithms of the cdf and the tail rows of these, beside those of the masses.

# From here on the logarithm of a sum of masses is as good as the sum.
LEAST = -650.0


@kernel
def _added(top, total, log_mass):
    """A mass and exp(top) * total, in the same form with the largest mass so far as its first factor."""
    if log_mass > top:
        return log_mass, 1.0 + total * exp(top - log_mass)
    return top, total + (exp(log_mass - top) if top > -INF else 0.0)


@kernel
def _take_logs(logs, below, above):
    """The logarithms of the cdf and the tail in place of these; masses below float64 are added by their own."""
    for k in range(len(logs)):
        p, q = below[k], above[k]
        below[k] = log(p) if p < 0.5 else log1p(-q)
        above[k] = log(q) if q < 0.5 else log1p(-p)
    top, total = -INF, 0.0
    for k in range(len(logs)):
        if below[k] >= LEAST:
            break
        top, total = _added(top, total, logs[k])
        below[k] = top + log(total)
    top, total = -INF, 0.0
    for k in range(len(logs) - 1, -1, -1):
        if above[k] >= LEAST:
            break
        above[k] = top + log(total)
        top, total = _added(top, total, logs[k])


@kernel
def logs_of_probs(probs, log_probs, below, above):
    of_probs(probs, log_probs, below, above)
    _take_logs(log_probs, below, above)


@kernel
def logs_of_logits(logits, log_probs, below, above):
    of_logits(logits, log_probs, below, above)
    _take_logs(log_probs, below, above)


@kernel
def prepare_logs(probs):
    """As :func:`prepare`, for the logarithms of the tails."""
    log_probs, below, above = prepare(probs)
    _take_logs(log_probs, below, above)
    return log_probs, below, above


# For draws the cdf alone, in which nothing follows the last category that is possible.


@kernel
def _sum_up(below):
    """The cdf in place of masses."""
    total, last = 0.0, 0
    for k in range(len(below)):
        last = k if below[k] > 0.0 else last
        total += below[k]
        below[k] = total
    for k in range(last):
        below[k] = below[k] / total
    for k in range(last, len(below)):
        below[k] = 1.0


@kernel
def draws_of_probs(probs, below):
    for k in range(len(probs)):
        below[k] = probs[k]
    _sum_up(below)


@kernel
def draws_of_logits(logits, below):
    for k in range(len(logits)):
        below[k] = exp(logits[k])
    _sum_up(below)


# A parameter that is off by rounding alone is kept as it was given: normalised twice is normalised once.


@kernel
def normalise_probs(weights, probs):
    """Weights over their sum; NaN if one is none, or all are 0."""
    largest, total = 0.0, 0.0
    for w in weights:
        largest = w if w > largest else largest
        total += w if 0.0 <= w < INF else NAN
    scale = 1.0
    if total == INF:
        scale, total = 1.0 / largest, 0.0
        for w in weights:
            total += scale * w
    off = not abs(total - 1.0) <= ROUNDING * len(weights)
    divisor = total if total > 0.0 else NAN
    for k in range(len(weights)):
        probs[k] = scale * weights[k] / divisor if off else weights[k]


@kernel
def normalise_logits(weights, logits):
    """Log weights less the log of their sum; NaN if one is none, or all are -inf."""
    largest = -INF
    for w in weights:
        largest = w if w > largest else largest
    total = 0.0
    for w in weights:
        total += exp(w - largest)
    log_total = log(total)
    off = not abs(largest + log_total) <= ROUNDING * len(weights)
    for k in range(len(weights)):
        logits[k] = weights[k] - largest - log_total if off else weights[k]


ROUNDING = 0.0


@functools.cache
def normaliser(name: str, dtype: np.dtype) -> Any:
    normalise = normalise_probs if name == "probs" else normalise_logits
    return filled(normalise, ROUNDING=4.0 * float(np.finfo(dtype).eps))


# Masses and their logarithms, as divergences take them.


@kernel
def masses_and_logs(probs, masses, logs):
    total = total_of(probs)
    for k in range(len(probs)):
        masses[k] = probs[k] / total
        logs[k] = log(masses[k])


@kernel
def masses_and_logs_of_logits(logits, masses, logs):
    for k in range(len(logits)):
        masses[k] = exp(logits[k])
    log_total = log(total_of(masses))
    for k in range(len(logits)):
        logs[k] = logits[k] - log_total
        masses[k] = exp(logs[k])


@kernel
def fill_longer(row, end, longer):
    """A row, and behind it `end` as often as there is room."""
    for k in range(len(longer)):
        longer[k] = row[k] if k < len(row) else end
