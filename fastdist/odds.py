"""Parameters that are a probability or its log odds, whichever is given: ``probs`` or ``logits``."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.engine.kernel import kernel
from fastdist.parameter import Parameter
from fastdist.special.logs import logit


@kernel
def log_odds(weight, by_logits):
    """The log odds."""
    return weight if by_logits > 0.0 else logit(weight)


@kernel
def log_odds_slope(weight, by_logits):
    """The derivative of the log odds in the parameter that is given."""
    return 1.0 if by_logits > 0.0 else 1.0 / (weight * (1.0 - weight))


def _probs(d: Any) -> Any:
    return np.exp(-np.logaddexp(0, -d.logits))


def _logits(d: Any) -> Any:
    return np.log(d.probs) - np.log1p(-d.probs)


def inner_probs() -> Parameter:
    """A probability that is neither 0 nor 1."""
    return Parameter(constraints.open_interval(0.0, 1.0), derived=_probs)


def finite_logits() -> Parameter:
    """Its log odds."""
    return Parameter(constraints.real, derived=_logits)
