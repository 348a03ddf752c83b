"""What users give, as arrays of real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

BEYOND = "has an integer beyond the range of float64"


def as_reals(value: Any, who: str, what: str) -> np.ndarray:
    """`value` as an array of a real dtype."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{who}: {what} is not an array: {error}") from None
    refuse_mask(value, who, what)
    if array.dtype.kind in "fiub":
        return array
    if array.dtype.kind == "O" and all(isinstance(number, (int, float, np.floating)) for number in array.flat):
        try:  # integers beyond 64 bits are floats, as by themselves
            return array.astype(np.float64)
        except OverflowError:
            raise ValueError(f"{who}: {what} {BEYOND}") from None
    given = f"dtype {array.dtype}" if array.ndim else repr(value)
    raise TypeError(f"{who}: {what} must be real numbers; got {given}")


def as_float(value: float, who: str, what: str) -> float:
    """One of Python's numbers as a float."""
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{who}: {what} {BEYOND}") from None


def refuse_mask(value: Any, who: object, what: str) -> None:
    """A TypeError for an array of which numbers are masked: what is computed of it would lose the mask."""
    if type(value) is not np.ndarray and isinstance(value, np.ndarray) and np.any(getattr(value, "mask", False)):
        raise TypeError(f"{who}: {what} has masked numbers: give .filled(nan) or .compressed()")


def as_index(value: Any, who: str, what: str) -> int:
    """An integer that is no boolean."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{who}: {what} must be an int; got {value!r}")
    return value.__index__()


def axes(count: int) -> str:
    """A number of axes, in words."""
    return "1 axis" if count == 1 else f"{count} axes"
