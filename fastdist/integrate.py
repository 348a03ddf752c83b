"""Means of functions under a distribution: quadrature where it is continuous, sums where it is discrete."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

# The integral is over the log odds of quantiles, out to a tail of exp(-690) = 1e-300; where its pieces meet, on either
# side; the terms of a sum that are held at a time; and the intervals after which the integrator gives what it has.
REACH = 690.0
PIECES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
_TERMS = 1 << 16
_PRECISION, _INTERVALS = 1e-12, 2000


def quantile(d: Any, s: float) -> np.ndarray:
    """The quantile whose log odds are `s`, of each parameter set: from the nearer tail."""
    tail = math.exp(-abs(s)) / (1.0 + math.exp(-abs(s)))
    return np.asarray((d.icdf if s < 0 else d.isf)(np.full(d.batch_shape, tail)), np.float64)


def log_weight(s: float) -> float:
    """The log of what a step in the log odds adds to the cdf."""
    return -abs(s) - 2.0 * math.log1p(math.exp(-abs(s)))


def over_log_odds(term: Callable[[float], Any], marks: Any = ()) -> tuple[Any, Any]:
    """The integral of ``term(s)`` over log odds of quantiles, in one of which pieces meet at `marks`, and its error.

    On this scale every tail falls exponentially, and no density has a pole or a kink.
    """
    from scipy.integrate import quad_vec  # takes longer to import than the whole of this package

    points = np.unique([*PIECES, *(-s for s in PIECES), *marks])
    found: tuple[Any, Any] = quad_vec(
        term, -REACH, REACH, epsrel=_PRECISION, epsabs=1e-300, norm="max", points=points, limit=_INTERVALS
    )
    return found


def expect(d: Any, func: Callable[[Any], Any]) -> Any:
    """Mean of ``func`` under `d`, element by element of the batch."""
    if d.event_shape:
        raise NotImplementedError(f"{type(d).__name__}.expect works on univariate distributions")
    one = _sum if d.support.is_discrete else _integral
    results = np.empty(d.batch_shape)
    ndim = len(d.batch_shape)
    for index in np.ndindex(d.batch_shape):
        own = {name: np.asarray(value)[index] if ndim else value for name, value in d._parameters.items()}
        results[index] = one(type(d)(**own, validate_args=False), func)
    return results.astype(d.dtype, copy=False)[()]


def _integral(d: Any, func: Callable[[Any], Any]) -> float:
    return float(over_log_odds(lambda s: func(quantile(d, s)[()]) * math.exp(log_weight(s)))[0])


def _sum(d: Any, func: Callable[[Any], Any]) -> float:
    """Terms from the lower end until the rest is beyond float64's precision."""
    low, high = d.icdf(0.0), d.isf(1e-300)
    low = low if np.isfinite(low) else d.icdf(1e-300)
    total, start = 0.0, low
    while start <= high:
        k = np.arange(start, min(high + 1, start + _TERMS))
        total += float(np.sum(func(k) * d.prob(k)))
        start += _TERMS
    return total
