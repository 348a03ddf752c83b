"""Means of functions under a distribution: quadrature where it is continuous, sums where it is discrete."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

# The integral is over the log odds of quantiles, out to a tail of exp(-690) = 1e-300; where its pieces meet, on either
# side; the terms of a sum that are held at a time, and the most of them; and the intervals after which the integrator
# gives what it has.
REACH = 690.0
PIECES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
_TERMS, LONGEST = 1 << 16, 1 << 27
PRECISION, _INTERVALS = 1e-12, 2000
# What lies beyond the reach is judged by how fast the integrand falls over the last stretches of this length, which
# rounding may change by so much. A smaller integrand there falls fast, as the weight does.
STRETCH, NOISE, NOTHING = 60.0, 1e-14, 1e-280
# Where a typical size of a function is taken. A mean that may be off by more of it is given with a warning.
_TYPICAL, _DOUBTFUL = (-3.0, -1.0, 0.0, 1.0, 3.0), 1e-8


def quantile(d: Any, s: float) -> np.ndarray:
    """The quantile whose log odds are `s`, of each parameter set: from the nearer tail."""
    tail = math.exp(-abs(s)) / (1.0 + math.exp(-abs(s)))
    return np.asarray((d.icdf if s < 0 else d.isf)(np.full(d.batch_shape, tail)), np.float64)


def log_weight(s: float) -> float:
    """The log of what a step in the log odds adds to the cdf."""
    return -abs(s) - 2.0 * math.log1p(math.exp(-abs(s)))


def over_log_odds(
    term: Callable[[float], Any],
    marks: Any = (),
    ends: tuple[float, float] = (-REACH, REACH),
    precision: float = PRECISION,
    least: float = 0.0,
) -> tuple[Any, Any]:
    """The integral of ``term(s)`` over log odds of quantiles, in one of which pieces meet at `marks`, and its error.

    It is sought until that is below `precision` of it, or below `least`. On this scale every tail falls exponentially,
    and no density has a pole or a kink.
    """
    from scipy.integrate import quad_vec  # takes longer to import than the whole of this package

    points = np.unique([*PIECES, *(-s for s in PIECES), *marks])
    points = points[(points > ends[0]) & (points < ends[1])]
    found: tuple[Any, Any] = quad_vec(
        term, *ends, epsrel=precision, epsabs=max(least, 1e-300), norm="max", points=points, limit=_INTERVALS
    )
    return found


def beyond(last: Any, middle: Any, first: Any, stretch: float = STRETCH) -> tuple[Any, Any]:
    """The integral beyond the last of three values a stretch apart, of what falls exponentially, and its error.

    It is infinite if they grow. If that cannot be told, the error is infinite too.
    """
    rate, earlier = np.log(middle / last) / stretch, np.log(first / middle) / stretch
    unsure = np.abs(rate - earlier) + NOISE
    rest = np.where(rate > unsure, last / rate, np.inf)
    error = np.where(rate > unsure, rest * (unsure / rate), np.where(rate < -unsure, 0.0, np.inf))
    none = last <= NOTHING
    return np.where(none, 0.0, rest), np.where(none | np.isinf(last), 0.0, error)


def expect(d: Any, func: Callable[[Any], Any]) -> Any:
    """Mean of ``func`` under `d`, element by element of the batch."""
    if d.event_shape:
        raise NotImplementedError(f"{type(d).__name__}.expect works on univariate distributions")
    who = f"{type(d).__name__}.expect"
    one = _sum if d.support.is_discrete else _integral
    results = np.empty(d.batch_shape)
    for index in np.ndindex(d.batch_shape):
        results[index] = one(_element(d, index) if index else d, func, who)
    return results.astype(d.dtype, copy=False)[()]


def _element(d: Any, index: tuple[int, ...]) -> Any:
    """The distribution of one parameter set."""
    if "transforms" in vars(d):  # their parameters are not among its own
        return _Element(d, index)
    return type(d)(**{name: np.asarray(value)[index] for name, value in d._parameters.items()}, validate_args=False)


class _Element:
    """Quantiles of one parameter set, taken from those of all."""

    batch_shape = ()

    def __init__(self, d: Any, index: tuple[int, ...]) -> None:
        self._all, self._index = d, index

    def icdf(self, p: Any) -> Any:
        return self._all.icdf(np.full(self._all.batch_shape, p))[self._index]

    def isf(self, q: Any) -> Any:
        return self._all.isf(np.full(self._all.batch_shape, q))[self._index]


def _integral(d: Any, func: Callable[[Any], Any], who: str) -> float:
    def term(s: float) -> float:
        return float(func(quantile(d, s)[()])) * math.exp(log_weight(s))

    def with_size(s: float) -> np.ndarray:
        """The integrand, and a smooth bound on its size: errors are measured in that, for the integral may be 0."""
        value = term(s)
        return np.array([value, math.hypot(value, typical * math.exp(log_weight(s)))])

    with np.errstate(all="ignore"):
        typical = float(np.mean([abs(term(s)) * math.exp(-log_weight(s)) for s in _TYPICAL]))
        ends = -_reach(lambda s: term(-s)), _reach(term)
        total, error = over_log_odds(with_size, ends=ends)
        for end in ends:
            stretch = min(STRETCH, abs(end) / 3.0)
            last, middle, first = np.array([term(end - math.copysign(i * stretch, end)) for i in range(3)])
            rest, unsure = beyond(abs(last), abs(middle), abs(first), stretch)
            total, error = total + rest * np.array([np.sign(last), 1.0]), error + unsure
    value, size = map(float, total)
    if math.isfinite(value) and not error <= _DOUBTFUL * size:
        warnings.warn(f"{who}: {value:.8g} may be off by {float(error):.1e}", RuntimeWarning, stacklevel=4)
    return value


def _reach(term: Callable[[float], float]) -> float:
    """How far the integrand is finite: a function may not be at an end of the support, or of floats, that is met."""
    low, high = 0.0, REACH
    if math.isfinite(term(high)) or not math.isfinite(term(low)):
        return high
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if math.isfinite(term(middle)) else (low, middle)
    return low


def _sum(d: Any, func: Callable[[Any], Any], who: str) -> float:
    """Terms from the lower end until the rest is beyond float64's precision."""
    low, high = d.icdf(1e-300), d.isf(1e-300)
    if high - low >= LONGEST:
        raise NotImplementedError(f"{who}: {high - low:.3g} integers are too many to sum")
    total, start = 0.0, low
    while start <= high:
        k = np.arange(start, min(high + 1, start + _TERMS))
        total += float(np.sum(func(k) * d.prob(k)))
        start += _TERMS
    return total
