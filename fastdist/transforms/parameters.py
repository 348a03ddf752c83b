"""Parameters of transforms, on the host or on a device: what they must satisfy, how they compare and are shown."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastdist import devices
from fastdist.engine.device import cuda, negative, on_device, plus
from fastdist.engine.evaluate import F32, F64


class Condition(NamedTuple):
    """A condition on each number of a parameter."""

    what: str
    """What an error says that it must be."""
    holds: Callable[[Any], Any]
    """``holds(values)``, of NumPy's."""
    accepts: Callable[[float], bool]
    """The same of one float."""
    inside: str
    """The same over ``v``, as a loop on a device says it."""


FINITE = Condition("finite", np.isfinite, math.isfinite, "v - v == ZERO")
NOT_ZERO = Condition(
    "finite and not 0",
    lambda v: np.isfinite(v) & np.not_equal(v, 0),
    lambda v: 0.0 < abs(v) < math.inf,
    "v - v == ZERO and v != ZERO",
)
POSITIVE = Condition(
    "positive and finite",
    lambda v: np.isfinite(v) & np.greater(v, 0),
    lambda v: 0.0 < v < math.inf,
    "v - v == ZERO and v > ZERO",
)


def moved(value: Any, name: str, who: str) -> Any:
    """A copy of a parameter that is on a device: float32 as it is, else float64."""
    engine, dtype = cuda(), cuda().dtype_of(value)
    if dtype.kind not in "fiub":
        raise TypeError(f"{who}: parameter {name} must be real numbers; got dtype {dtype}")
    own = F32 if dtype.kind == "f" and dtype.itemsize <= 4 else F64
    return engine.moved(value, engine.shape_of(value), own, engine.Place(value))


def holds(value: Any, condition: Condition) -> bool:
    """Whether a condition holds for all numbers of a parameter on a device: one number comes back."""
    return devices.holds(value, condition.inside)


def difference(a: Any, b: Any) -> Any:
    """``a - b``, where either may be on a device."""
    if on_device(a) or on_device(b):
        return plus(a, negative(b)) if on_device(a) else negative(plus(b, negative(a)))
    return a - b


def same(a: Any, b: Any) -> bool:
    """Whether two parameters are equal; on a device, whether they are one array."""
    if on_device(a) or on_device(b):
        return a is b
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return bool(a == b)


def shown(value: Any) -> str:
    """A parameter, as a repr shows it."""
    if on_device(value):
        return devices.described(value)
    if isinstance(value, np.ndarray):
        return np.array2string(value, separator=", ", threshold=20)
    return repr(float(value)) if isinstance(value, np.generic) else repr(value)
