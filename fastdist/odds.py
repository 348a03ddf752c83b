"""Parameters that are a probability or its log odds, whichever is given: ``probs`` or ``logits``."""

from __future__ import annotations

from math import cosh, exp, inf, log, log1p, sinh, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, devices
from fastdist.engine.bits import fma
from fastdist.engine.device import on_device
from fastdist.engine.kernel import kernel
from fastdist.parameter import Parameter
from fastdist.special.beta import log_pair
from fastdist.special.logs import expit, log_expit, logit

# Below it the smaller chance is so small that what its rounding loses is nothing beside it.
TINY = 1e-280


@kernel
def log_odds(weight, by_logits):
    """The log odds."""
    return weight if by_logits > 0.0 else logit(weight)


@kernel
def log_odds_slope(weight, by_logits):
    """The derivative of the log odds in the parameter that is given."""
    return 1.0 if by_logits > 0.0 else 1.0 / (weight * (1.0 - weight))


@kernel
def chances(weight, by_logits):
    """(p, q, log p, log q) with q = 1 - p, each relative to its own size."""
    given = by_logits > 0.0
    p = expit(weight) if given else weight
    q = expit(-weight) if given else 1.0 - weight
    log_p = log_expit(weight) if given else log(weight)
    log_q = log_expit(-weight) if given else log1p(-weight)
    return p, q, log_p + 0.0, log_q + 0.0  # no log of 1 is -0


@kernel
def smaller_rest(weight, by_logits):
    """What the rounding of the smaller chance of :func:`chances` lost, as a fraction of it."""
    size = abs(weight)
    odds = exp(-size)
    if by_logits == 0.0 or not odds > TINY:
        return 0.0
    high, low = log_pair(odds, 0.0)
    lost = (-size - high) - low  # the exponential is short of exp(-size) by this fraction
    whole = 1.0 + odds
    part = odds - (whole - 1.0)
    small = odds / whole
    return (fma(-small, whole, odds) - small * part) / odds + lost / whole


@kernel
def chance_slope(weight, by_logits):
    """The derivative of p in the parameter that is given."""
    p, q, _, _ = chances(weight, by_logits)
    return p * q if by_logits > 0.0 else 1.0


@kernel
def trial_skewness(weight, by_logits):
    """The skewness of one trial, (q - p) / sqrt(p q)."""
    return -2.0 * sinh(0.5 * weight) if by_logits > 0.0 else 2.0 * (0.5 - weight) / sqrt(weight * (1.0 - weight))


@kernel
def trial_kurtosis(weight, by_logits):
    """The excess kurtosis of one trial, 1 / (p q) - 6."""
    return 2.0 * cosh(weight) - 4.0 if by_logits > 0.0 else 1.0 / (weight * (1.0 - weight)) - 6.0


def _probs(d: Any) -> Any:
    if on_device(d.logits):
        return devices.of_array(expit, d.logits, d)
    return np.exp(-np.logaddexp(0, -d.logits))


def _logits(d: Any) -> Any:
    """Around 1/2, where the logarithms would cancel, from the distance to it, which is exact."""
    p = d.probs
    if on_device(p):
        return devices.of_array(logit, p, d)
    middle = (p > 0.25) & (p < 0.75)
    with np.errstate(divide="ignore"):
        outside = np.log(p) - np.log1p(-p)
    return np.where(middle, 2.0 * np.arctanh(np.where(middle, 2.0 * p - 1.0, 0.0)), outside)[()]


def inner_probs() -> Parameter:
    """A probability that is neither 0 nor 1."""
    return Parameter(constraints.open_interval(0.0, 1.0), derived=_probs)


def finite_logits() -> Parameter:
    """Its log odds."""
    return Parameter(constraints.real, derived=_logits)


def unit_probs() -> Parameter:
    """A probability that may be 0 or 1."""
    return Parameter(constraints.unit_interval, derived=_probs)


def extended_logits() -> Parameter:
    """Its log odds, infinite for 0 and 1."""
    return Parameter(constraints.real, infinite=True, derived=_logits)


class LeftOpenInterval(constraints.interval):
    """lower < value <= upper."""

    closed_lower = False


def positive_probs() -> Parameter:
    """A probability that is not 0."""
    return Parameter(LeftOpenInterval(0.0, 1.0), derived=_probs)


def positive_logits() -> Parameter:
    """Its log odds, which may be inf."""
    return Parameter(LeftOpenInterval(-inf, inf), derived=_logits)


def probs_below_one() -> Parameter:
    """A probability that is not 1."""
    return Parameter(constraints.half_open_interval(0.0, 1.0), derived=_probs)


def logits_below_inf() -> Parameter:
    """Its log odds, which may be -inf."""
    return Parameter(constraints.half_open_interval(-inf, inf), derived=_logits)
