"""Whether an array lives on a device, asked without CUDA, and the way to what computes there."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

_ON_HOST = (float, int, bool, list, tuple, type(None), np.ndarray, np.generic)


def on_device(value: Any) -> bool:
    """Whether `value` is an array in the memory of a CUDA device."""
    if isinstance(value, _ON_HOST):
        return False
    return hasattr(value, "__cuda_array_interface__") or hasattr(value, "__cuda_ndarray__")


def refuse(value: Any, who: str) -> None:
    """Raise a TypeError for a value on a device, where only the host computes: nothing is copied in silence."""
    if on_device(value):
        raise TypeError(f"{who}: this is computed on the host only, and the value is on a device: copy it to the host")


@functools.cache
def cuda() -> Any:
    """The functions of :mod:`fastdist.engine.cuda.evaluate`, imported when first used."""
    return importlib.import_module("fastdist.engine.cuda.evaluate")


@functools.cache
def cuda_rows() -> Any:
    """Those of :mod:`fastdist.engine.cuda.rows`."""
    return importlib.import_module("fastdist.engine.cuda.rows")


def negative(value: Any) -> Any:
    """``-value``, which arrays of Numba's do not know."""
    return cuda().negative(value) if on_device(value) else -value
