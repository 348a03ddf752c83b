"""Images of supports: the intervals into which chains of maps carry them."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.transforms.chain import Link
from fastdist.transforms.transform import Transform


def _domain(step: Transform) -> Any:
    """The constraint on each number that a transform takes."""
    domain = step.domain
    while isinstance(domain, constraints.independent):
        domain = domain.base_constraint
    return domain


def bounded(step: Transform) -> bool:
    """Whether a transform does not take all numbers."""
    domain = _domain(step)
    return domain is not constraints.real and domain.lower is not None


def between(low: Any, high: Any, support: Any, direction: int) -> Any:
    """The interval into which a support is mapped, by its ends."""
    closed_low, closed_high = support.closed_lower, support.closed_upper
    if direction < 0:
        closed_low, closed_high = closed_high, closed_low
    elif direction == 0:
        closed_low = closed_high = closed_low or closed_high
    if np.all(np.isinf(low)) and np.all(np.isinf(high)):
        return constraints.real
    if np.all(np.isinf(high)):
        return (constraints.greater_than_eq if closed_low else constraints.greater_than)(low)
    if np.all(np.isinf(low)):
        return constraints.less_than(high)
    return (constraints.interval if closed_low or closed_high else constraints.open_interval)(low, high)


def known_image(support: Any, links: tuple[Link, ...], direction: int) -> Any:
    """The image of a support if it is the same for all parameters, or None."""
    low, high = support.lower, support.upper
    for formula, inverted in links:
        if formula.affine and (low, high) == (-inf, inf):
            continue
        if low is None or formula.parameters:
            return None
        step = formula.inverse if inverted else formula.forward
        try:
            low, high = sorted((step(low, ()), step(high, ())))
        except (ArithmeticError, ValueError):  # CPython's functions have no value where they are infinite
            return None
    return None if low is None else between(low, high, support, direction)


def mapped(steps: list[Transform], support: Any, check: bool = False) -> tuple[Any, Any]:
    """The ends of a support as transforms map them: with `check`, what each is given must lie in its domain."""
    low, high = support.lower, support.upper
    for step in steps:
        if check:
            check_domain(step, low, high)
        # A float takes a transform's shortest way.
        ends = [step(float(end) if np.ndim(end) == 0 else end) for end in (low, high)]
        low, high = (min(ends), max(ends)) if np.ndim(ends[0]) == 0 else (np.minimum(*ends), np.maximum(*ends))
    return low, high


def check_domain(step: Transform, low: Any, high: Any) -> None:
    """Raise a ValueError if values between two ends are not all in the domain of a transform."""
    domain = _domain(step)
    if domain.lower is None:
        return
    fits = (low >= domain.lower) & (high <= domain.upper)
    if fits if np.ndim(fits) == 0 else fits.all():
        return
    raise ValueError(
        f"TransformedDistribution: {step!r} takes values in {domain!r}, but is given some between {low} and {high}"
    )
