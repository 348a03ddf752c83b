"""Entropies of mixtures: integrals between quantiles of the components, or sums over the integers between them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

# What is added up, of arrays of values.
Term = Callable[[np.ndarray], np.ndarray]

# Between these quantiles of each component it is integrated.
LEVELS = (0.0, 1e-300, 1e-100, 1e-30, 1e-10, 1e-4, 0.05, 0.5)

# Points are at least so far apart, relative to their size.
CLOSE = 2.0**-46

# So much mass next to an end is not worth a warning.
UNSEEN = 1e-13

# At most so many integers are summed, so many at a time.
LONGEST, PART = 1 << 27, 1 << 16


def integral(term: Term, points: np.ndarray) -> float:
    """That between neighbouring points."""
    from scipy.integrate import tanhsinh  # takes longer to import than the whole of this package

    # Of an interval of few floats the integrator has no nodes.
    apart = np.diff(points) >= np.where(np.isfinite(points[:-1]), CLOSE * np.abs(points[:-1]), 0.0)
    points = points[np.concatenate([[True], apart])]
    return float(np.sum(tanhsinh(term, points[:-1], points[1:], rtol=1e-13, atol=1e-300).integral))


def total(term: Term, points: np.ndarray) -> float:
    """The sum over the integers from the first point that is finite to the last."""
    low, high = points[np.isfinite(points)][[0, -1]]
    if high - low > LONGEST:
        raise NotImplementedError(f"the entropy of a mixture: {high - low:.3g} integers are too many to be summed")
    result = 0.0
    while low <= high:
        result += float(np.sum(term(np.arange(low, min(high, low + PART) + 1.0))))
        low += PART + 1.0
    return result


def mean_of(log_p: Any, value: Any) -> np.ndarray:
    """p times a value: 0 where the density is 0 or infinite."""
    counted = np.isfinite(log_p)
    return np.multiply(np.exp(log_p, where=counted, out=np.zeros(np.shape(log_p))), np.where(counted, value, 0.0))


def warn_of_unseen(method: Callable[[str, Any], Any], points: np.ndarray) -> None:
    """Warn if there is mass between an end of the support and the float next to it, by ``method(name, value)``."""
    first, last = np.nextafter(points[0], np.inf), np.nextafter(points[-1], -np.inf)
    unseen = max(float(method("cdf", first)), float(method("sf", last)))
    if unseen > UNSEEN:
        text = f"the entropy of a mixture leaves out a mass of {unseen:.1e} between the last floats of its support"
        warnings.warn(text, RuntimeWarning, stacklevel=5)
