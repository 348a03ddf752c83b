"""Means of functions under a distribution: quadrature where it is continuous, sums where it is discrete."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

_TAILS = (0.0, 1e-300, 1e-100, 1e-30, 1e-10, 1e-4, 0.05, 0.5)
_TERMS = 1 << 16


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
    """Adaptive Gauss-Kronrod between quantiles that reach to the ends of float64."""
    from scipy.integrate import quad_vec  # takes longer to import than the whole of this package

    points = np.unique(np.concatenate([d.icdf(np.array(_TAILS)), d.isf(np.array(_TAILS))]))
    total = 0.0

    def density_weighted(x: float) -> Any:
        return func(x) * d.prob(x)

    for low, high in itertools.pairwise(points):
        finite = np.isfinite(low) and np.isfinite(high)
        if finite or d.prob(high if np.isinf(low) else low) > 0:
            total += quad_vec(density_weighted, low, high, epsrel=1e-12, epsabs=1e-300)[0]
    return float(total)


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
