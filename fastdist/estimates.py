"""Means of a log density under another distribution, by quadrature, by summation and by draws."""

from __future__ import annotations

import contextlib
import math
from typing import Any, NamedTuple

import numpy as np

from fastdist.distribution import Distribution
from fastdist.engine.elementwise import elementwise
from fastdist.engine.evaluate import F64
from fastdist.integrate import LONGEST, PRECISION, REACH, STRETCH, beyond, log_weight, over_log_odds, quantile
from fastdist.special.logs import exp_excess

# Quantiles of q that are ends of pieces.
LEVELS = (1e-8, 1e-2, 0.5)
# Numbers that are smaller have lost digits: what p has there is not seen, but counts in the error.
SMALLEST = 1e-305
# How a tail falls that is not seen is told from one so many times as wide.
WIDER = 2.0**16
# A smaller divergence is integrated so that no digits cancel.
CLOSE = 0.01
# More of q than this is missing because p has a gap there, not because of rounding.
GAP = 1e-7
# Numbers that are held at a time.
PART = 1 << 20
# The noise of an integrand is taken at so many points within these log odds.
EPSILON, WITHIN, POINTS = 2.0**-52, 40.0, 41


class Estimate(NamedTuple):
    """An estimate with its error: the standard error of a mean over draws, or a bound on that of a quadrature."""

    value: Any
    error: Any


def _terms(what: str, log_p: Any, log_q: Any, log_weight: Any, log_other: Any) -> Any:
    """What points of p's weight and of q's add to the integral: p's, times log p - log q or -log q.

    For a divergence q's weight is added and p's taken away, which are one in all: no term is negative, nor cancels
    where p is about q.
    """
    weight = np.exp(log_weight)
    with np.errstate(invalid="ignore", over="ignore"):
        if what == "cross_entropy":
            return np.where(weight > 0, -weight * log_q, 0.0)
        ratio = log_p - log_q
        (excess,) = elementwise(exp_excess, (np.clip(-ratio, -1.0, 1.0),), np.shape(ratio), F64)
        near = weight * excess
        far = weight * (ratio - 1.0) + np.exp(log_other)
        # Neither has mass there, or both densities are infinite.
        found = np.where(np.isnan(ratio), 0.0, np.where(np.abs(ratio) < 1.0, near, far))
        return np.where(weight > 0, found, np.exp(log_other))


def quadrature(what: str, p: Distribution, q: Distribution, shape: tuple[int, ...]) -> Estimate:
    """The divergence or the cross entropy of distributions of numbers, with the error that the integrator claims."""
    for name, d in (("p", p), ("q", q)):
        if d.event_shape:
            raise NotImplementedError(
                f"{what}: quadrature is for distributions of numbers, and {name} is a {type(d).__name__} of events "
                f"of shape {d.event_shape}; take method='monte-carlo'"
            )
    if bool(p.support.is_discrete) != bool(q.support.is_discrete):
        return Estimate(np.full(shape, np.inf)[()], np.zeros(shape)[()])
    value, error = (_summed if p.support.is_discrete else _integrated)(what, p, q, shape)
    value = np.maximum(value, 0.0) if what == "kl_divergence" else value
    return Estimate(np.asarray(value)[()], np.asarray(error)[()])


def _escapes(p: Distribution, q: Distribution) -> Any:
    """Whether p has mass, be it less than any float, beyond the ends of q's support: of numbers that are not counts."""
    if _periodic(q):
        return np.bool_(False)
    with np.errstate(all="ignore"):
        return np.asarray(p.log_cdf(q.support.lower) > -np.inf) | np.asarray(p.log_sf(q.support.upper) > -np.inf)


def _periodic(q: Distribution) -> bool:
    """Whether a density goes on beyond its support."""
    return getattr(getattr(q, "kernels", None), "density_support", None) is not None


def _at_end(p: Distribution, x: Any) -> Any:
    """Whether numbers are rounded to an end of p's support, where densities say nothing."""
    return (x == p.support.lower) | (x == p.support.upper)


def _outside(p: Distribution, q: Distribution, low: Any, high: Any) -> Any:
    """What q has beyond the ends, and p has not."""
    return np.asarray(q.cdf(low)) + q.sf(high) - p.cdf(low) - p.sf(high)


def _unseen(mass: Any, wider: Any, log: Any, before: Any) -> Any:
    """By how much mass that is not seen may change an integral, from the logarithm that is integrated next to it.

    Where densities are powers that grows on average by what it grew by from a wider part, over how the mass fell.
    """
    growth = np.abs(log - before) / np.log(wider / mass)
    each = 1.0 + np.abs(log) + np.where(np.isfinite(growth), growth, 0.0)
    return np.where(mass > 0.0, mass * np.where(np.isfinite(log), each, 1.0), 0.0)


def _at_ends(p: Distribution, integrated: Any) -> Any:
    """What p has between an end of its support and the float next to it."""
    found = 0.0
    for end, inwards, mass in ((p.support.lower, 1.0, p.cdf), (p.support.upper, -1.0, p.sf)):
        first = np.nextafter(end, inwards * np.inf)
        second = np.where(np.isinf(end), first / WIDER, end + WIDER * (first - end))
        found = found + _unseen(mass(first), mass(second), integrated(first), integrated(second))
    return found


class _Integrand:
    """What is integrated over log odds of p's quantiles; `lost` says where the integral is known to be infinite."""

    def __init__(self, what: str, p: Distribution, q: Distribution, shape: tuple[int, ...]) -> None:
        self._what, self._p, self._q, self._shape = what, p, q, shape
        self.lost: Any = np.bool_(False)

    def log(self, x: Any) -> Any:
        """The logarithm of which p's mean is taken."""
        log_q = np.asarray(self._q.log_prob(x))
        return -log_q if self._what == "cross_entropy" else np.asarray(self._p.log_prob(x)) - log_q

    def _seen(self, x: Any, log_p: Any) -> Any:
        return (np.abs(x) > SMALLEST) & np.isfinite(log_p) & ~_at_end(self._p, x)

    def _point(self, s: float) -> tuple[Any, ...]:
        x, weight = quantile(self._p, s), log_weight(s)
        log_p, log_q = np.asarray(self._p.log_prob(x)), np.asarray(self._q.log_prob(x))
        seen = self._seen(x, log_p)
        log_other = np.where(seen, weight - np.where(seen, log_p, 0.0) + log_q, -np.inf)
        return log_p, log_q, weight, log_other, seen

    def _flat(self, terms: Any) -> Any:
        return np.broadcast_to(np.where(self.lost, 0.0, terms), self._shape).ravel()

    def mean(self, s: float) -> Any:
        """p's weight times the logarithm."""
        x, weight = quantile(self._p, s), math.exp(log_weight(s))
        seen, log = self._seen(x, self._p.log_prob(x)), self.log(x)
        return self._flat(np.where(seen & (weight > 0.0) & ~np.isnan(log), weight * log, 0.0))

    def excess(self, s: float) -> Any:
        """The same with q's weight added and p's taken away, so that it is never negative."""
        *logs, seen = self._point(s)
        return self._flat(np.where(seen, _terms(self._what, *logs), 0.0))

    def other(self, s: float) -> Any:
        """What q has there."""
        return self._flat(np.exp(self._point(s)[3]))

    def size(self, s: float) -> Any:
        """How large the integrand is, by the part that may grow."""
        x = quantile(self._p, s)
        seen = self._seen(x, self._p.log_prob(x))
        return np.broadcast_to(np.where(seen, math.exp(-abs(s)) * np.abs(self.log(x)), 0.0), self._shape)

    def noise(self) -> float:
        """What rounding of the log densities makes of :meth:`excess`: to ask for more would take for ever."""
        total = 0.0
        for s in np.linspace(-WITHIN, WITHIN, POINTS):
            log_p, log_q, weight, _, seen = self._point(s)
            rounding = np.abs(log_p - log_q) * (np.abs(log_p) + np.abs(log_q)) * EPSILON
            total += math.exp(weight) * np.max(np.where(seen & np.isfinite(rounding), rounding, 0.0), initial=0.0)
        return total * 2.0 * WITHIN / (POINTS - 1)


def _integrated(what: str, p: Distribution, q: Distribution, shape: tuple[int, ...]) -> tuple[Any, Any]:
    if math.prod(shape) == 0:
        return np.zeros(shape), np.zeros(shape)
    integrand = _Integrand(what, p, q, shape)
    with np.errstate(all="ignore"):
        marks = [np.asarray(method(np.full(q.batch_shape, level))) for method in (q.icdf, q.isf) for level in LEVELS]
        places = np.concatenate([np.ravel(p.log_cdf(x) - p.log_sf(x)) for x in marks])
        places = places[np.abs(places) < REACH]
        places = np.round(places[:: max(1, len(places) // 24)], 3)
        places_of_sizes = (REACH, REACH - STRETCH, REACH - 2.0 * STRETCH)
        tails = [beyond(*(integrand.size(side * s) for s in places_of_sizes)) for side in (-1.0, 1.0)]
        rest, unsure = (sum(parts) for parts in zip(*tails, strict=True))
        escapes = _escapes(p, q)
        integrand.lost = np.isinf(rest) | escapes
        total, error = over_log_odds(integrand.mean, places, least=CLOSE * PRECISION)
        lost = integrand.lost | ~np.isfinite(total.reshape(shape))
        value, error = total.reshape(shape) + rest, np.full(shape, error)
        close = (value < CLOSE) & ~lost
        if what == "kl_divergence" and close.any():
            integrand.lost = ~close
            small, small_error = _of_close(integrand, p, q, places, shape)
            value, error = np.where(close, small + rest, value), np.where(close, small_error, error)
        low, high = quantile(p, -REACH), quantile(p, REACH)
        (start, stop), wider = (
            [np.clip(factor * end, low, high) for end in (-SMALLEST, SMALLEST)] for factor in (1.0, WIDER)
        )
        unseen, more = p.cdf(stop) - p.cdf(start), p.cdf(wider[1]) - p.cdf(wider[0])
        unseen = _unseen(unseen, more, integrand.log(stop), integrand.log(wider[1])) + _at_ends(p, integrand.log)
    unsure = np.where(escapes, 0.0, unsure)
    return np.where(lost, np.inf, value), np.where(lost, unsure, error + unsure + np.where(unseen > 0, unseen, 0.0))


def _of_close(integrand: _Integrand, p: Distribution, q: Distribution, places: Any, shape: Any) -> tuple[Any, Any]:
    """The divergence of distributions that are close, of which no term cancels another."""
    total, error = over_log_odds(integrand.excess, places, least=integrand.noise())
    low, high = quantile(p, -REACH), quantile(p, REACH)
    start, stop = (np.clip(end, low, high) for end in (-SMALLEST, SMALLEST))
    own, others = p.cdf(stop) - p.cdf(start), q.cdf(stop) - q.cdf(start)
    value = total.reshape(shape) + others - own
    if _periodic(q):
        return value, error
    # Where p has a gap, no quantile of it leads to what q has there.
    found, noise = over_log_odds(integrand.other, places, precision=GAP)
    skipped = 1.0 - found.reshape(shape) - (q.cdf(low) + q.sf(high) + others)
    skipped = np.where(skipped > max(GAP, 4.0 * noise), skipped, 0.0)
    return value + _outside(p, q, low, high) + skipped, error + np.where(skipped > 0.0, noise, 0.0)


def _summed(what: str, p: Distribution, q: Distribution, shape: tuple[int, ...]) -> tuple[Any, Any]:
    tail = np.full(p.batch_shape, math.exp(-REACH))
    lows, highs = np.asarray(p.icdf(tail), np.float64), np.asarray(p.isf(tail), np.float64)
    low, high = lows.min(initial=np.inf), highs.max(initial=-np.inf)
    if high - low >= LONGEST:
        raise NotImplementedError(f"{what}: the {high - low:.3g} integers that p takes are too many to sum")
    value, size = np.zeros(shape), np.zeros(shape)
    step = max(1, PART // max(1, math.prod(shape)))
    start = low
    while start <= high:
        k = np.arange(start, min(high + 1.0, start + step))
        x = k.reshape(-1, *(1,) * len(shape))
        log_p, log_q = p.log_prob(x), q.log_prob(x)
        terms = _terms(what, np.asarray(log_p), np.asarray(log_q), np.asarray(log_p), np.asarray(log_q))
        value += np.broadcast_to(terms, (len(k), *shape)).sum(axis=0)
        size += np.broadcast_to(np.abs(terms), (len(k), *shape)).sum(axis=0)
        start += step
    if what == "kl_divergence":
        value += _outside(p, q, low - 1.0, high)
    # Infinity is none of the sum's errors.
    return value, np.where(np.isinf(value), 0.0, size * 2.0**-52)


def monte_carlo(what: str, p: Distribution, q: Distribution, shape: tuple[int, ...], n: int, rng: Any) -> Estimate:
    """The mean over `n` draws from p, with its standard error, which is infinite if a draw is an end of the support.

    Divergences that are infinite by the supports alone, of numbers that are not counts, need no draws.
    """
    if isinstance(n, bool) or not hasattr(n, "__index__") or n.__index__() < 2:
        raise ValueError(f"{what}: n must be an integer of at least 2; got {n!r}")
    x = np.asarray(p.sample((n.__index__(),), rng=rng))
    x = x.reshape(x.shape[:1] + (1,) * (len(shape) - len(p.batch_shape)) + x.shape[1:])
    lost, escapes = np.bool_(False), np.bool_(False)
    if not (p.event_shape or p.support.is_discrete or q.support.is_discrete):
        rounded = _at_end(p, x)
        x = np.where(rounded, np.nextafter(x, np.where(x == p.support.lower, np.inf, -np.inf)), x)
        lost = rounded.any(axis=0)
        with contextlib.suppress(NotImplementedError):
            escapes = _escapes(p, q)
    terms = -np.asarray(q.log_prob(x), np.float64)
    with np.errstate(invalid="ignore"):
        if what == "kl_divergence":
            terms = terms + p.log_prob(x)
        terms = np.broadcast_to(terms, (len(x), *shape))
        mean = terms.mean(axis=0)
        mean = np.where(escapes, np.inf, mean)
        error = np.where(np.isfinite(mean), terms.std(axis=0, ddof=1) / math.sqrt(len(x)), 0.0)
        error = np.where(lost & ~escapes | np.isnan(mean), np.inf, error)
    return Estimate(mean[()], error[()])
