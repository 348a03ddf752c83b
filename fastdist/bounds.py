"""Bounds on the divergence of mixtures, which has no closed form.

The upper one is the variational bound of J. R. Hershey and P. A. Olsen, "Approximating the Kullback Leibler divergence
between Gaussian mixture models", ICASSP 2007, doi:10.1109/ICASSP.2007.366913: both mixtures are split into as many
parts as there are pairs of components, of which the weights are chosen so that the parts' divergence is least. What
they call the variational approximation is no bound.

No lower bound follows from the divergences of components alone: each may be infinite where that of the mixtures is 0.
So it is of two that look at less than the distributions: at which of some intervals a number falls into, and at means
and variances along a direction (T. Nishiyama and I. Sason, "On relations between the relative entropy and
chi-squared-divergence, generalizations and applications", Entropy 22, 2020, 563, doi:10.3390/e22050563).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastdist.distribution import Distribution

# Quantiles of components between which intervals lie.
LEVELS = (1e-6, 1e-2, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0 - 1e-6)
# Each round brings the weights of the parts closer to the best ones, or the bound is the same to so much.
ROUNDS, SAME = 60, 1e-9
SMALLEST = 5e-324


class Bounds(NamedTuple):
    """Between what a divergence lies."""

    lower: Any
    upper: Any


def bounds(p: Distribution, q: Distribution, shape: tuple[int, ...], divergence: Callable[..., Any]) -> Bounds:
    """Those of a batch of this shape, from ``divergence(component, component)``."""
    (weights, parts), (others, other_parts) = (_components(d, shape) for d in (p, q))
    apart = np.empty((len(parts), len(other_parts), *shape))
    for i, part in enumerate(parts):
        for j, other in enumerate(other_parts):
            apart[i, j] = divergence(part, other)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        upper = np.maximum(upper_bound(weights, others, apart), 0.0)
        lower = np.zeros(shape)
        for known in (_of_intervals, _of_moments):
            try:
                found = known(p, q, [*parts, *other_parts], shape)
            except NotImplementedError:  # the components do not have what it takes
                continue
            lower = np.fmax(lower, found)
    return Bounds(np.minimum(lower, upper)[()], upper[()])


def _components(d: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, list[Distribution]]:
    """The weights, along a first axis, and the components: one where a distribution is no mixture."""
    if not hasattr(d, "_one_each"):
        return np.ones((1, *shape)), [d]
    weights = d._weights
    whole = np.broadcast_to(weights, (*shape, weights.shape[-1]))
    return np.ascontiguousarray(np.moveaxis(whole, -1, 0)), d._one_each()


def upper_bound(weights: np.ndarray, others: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """The least divergence of the parts: of weights, and of the divergences of all pairs, along the first axes.

    It is a convex function of the weights of p's parts and of q's; each of the two is set to its best in turn.
    """
    log_p, log_q = np.log(weights)[:, np.newaxis], np.log(others)[np.newaxis, :]
    log_parts = log_p + log_q
    bound = np.full(apart.shape[2:], np.inf)
    for _ in range(ROUNDS):
        # The weights of q's parts are in proportion to those of p's, and p's to exp(-divergence) times q's.
        tilted = log_q + _less(log_parts, _log_sum(log_parts, 0)) - apart
        total = _log_sum(tilted, 1)
        log_parts = log_p + _less(tilted, total)
        last, bound = bound, np.where(log_p > -np.inf, np.exp(log_p) * (log_p - total), 0.0).sum(axis=(0, 1))
        if not np.any(last - bound > SAME * bound):
            break
    return np.fmin(bound, _matched(log_p[:, 0], log_q[0], apart))


def _matched(log_p: np.ndarray, log_q: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """The bound that compares the components in their order, if there are as many."""
    if len(log_p) != len(log_q):
        return np.full(apart.shape[2:], np.inf)
    own = [p - q + apart[k, k] for k, (p, q) in enumerate(zip(log_p, log_q, strict=True))]
    return np.where(log_p > -np.inf, np.exp(log_p) * own, 0.0).sum(axis=0)


def _log_sum(logs: np.ndarray, axis: int) -> np.ndarray:
    top = logs.max(axis=axis, keepdims=True)
    finite = np.where(top > -np.inf, top, 0.0)
    return finite + np.log(np.exp(logs - finite).sum(axis=axis, keepdims=True))


def _less(logs: np.ndarray, total: np.ndarray) -> np.ndarray:
    """logs - total, and -inf for the log of 0."""
    return np.where(logs > -np.inf, logs - np.where(total > -np.inf, total, 0.0), -np.inf)


# Lower bounds ------------------------------------------------------------------------------------


def _of_intervals(p: Distribution, q: Distribution, parts: list[Distribution], shape: tuple[int, ...]) -> np.ndarray:
    """The divergence of the numbers of the interval that a draw falls into, between quantiles of components."""
    if p.event_shape:
        raise NotImplementedError
    levels = np.array(LEVELS).reshape(-1, *(1,) * len(shape))
    ends = [np.broadcast_to(part.icdf(levels), (len(LEVELS), *shape)) for part in parts]
    points = np.sort(np.concatenate(ends), axis=0)
    masses = [_masses(np.asarray(d.cdf(points), np.float64), np.asarray(d.sf(points), np.float64)) for d in (p, q)]
    own, other = masses[0], np.maximum(masses[1], SMALLEST)
    terms = np.where(own > 0.0, own * (np.log(own) - np.log(other)), 0.0) - own + other
    return np.maximum(terms, 0.0).sum(axis=0)


def _masses(cdf: np.ndarray, sf: np.ndarray) -> np.ndarray:
    """Those of the intervals between points, by the smaller tail."""
    between = np.where(cdf[1:] < 0.5, np.diff(cdf, axis=0), -np.diff(sf, axis=0))
    return np.maximum(np.concatenate([cdf[:1], between, sf[-1:]]), 0.0)


def _of_moments(p: Distribution, q: Distribution, parts: list[Distribution], shape: tuple[int, ...]) -> np.ndarray:
    """The largest bound by means and variances, of each number of an event and of the direction that tells most."""
    ndim = len(p.event_shape)
    means, variances = ([np.asarray(getattr(d, name)(), np.float64) for d in (p, q)] for name in ("mean", "variance"))
    found = _of_two_points(means[0] - means[1], *variances)
    found = np.fmax.reduce(found, axis=tuple(range(-ndim, 0))) if ndim else found
    if ndim == 1 and all(hasattr(d, "covariance") for d in (p, q)):
        covariances: list[Any] = [d.covariance() for d in (p, q)]  # type: ignore[attr-defined]
        gap = (means[0] - means[1])[..., np.newaxis]
        direction = np.matmul(np.linalg.pinv(covariances[0] + covariances[1], hermitian=True), gap)
        across = np.swapaxes(direction, -2, -1)
        spreads = [np.matmul(across, np.matmul(c, direction))[..., 0, 0] for c in covariances]
        found = np.fmax(found, _of_two_points(np.matmul(across, gap)[..., 0, 0], *spreads))
    return np.broadcast_to(found, shape)


def _of_two_points(gap: Any, variance: Any, other: Any) -> Any:
    """The divergence of the two distributions of two numbers that have these moments: none of others is less."""
    excess = gap * gap + other - variance
    width = np.hypot(2.0 * gap * np.sqrt(variance), excess) / np.abs(gap)
    first = 0.5 + 0.5 * excess / (gap * width)
    second = first - gap / width
    terms = [_term(first, second), _term(1.0 - first, 1.0 - second)]
    return np.where((gap != 0.0) & np.isfinite(width), terms[0] + terms[1], 0.0)


def _term(mass: Any, other: Any) -> Any:
    return np.where(mass > 0.0, mass * (np.log(mass) - np.log(np.maximum(other, SMALLEST))), 0.0)
