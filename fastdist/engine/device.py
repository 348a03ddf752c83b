"""Whether an array lives on a device, asked without CUDA, and the way to what computes there."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np

DLPACK_DEVICES = (2, 13)
"""The numbers of CUDA's own memory, and of that which it shares with the host."""

_ON_HOST = (float, int, bool, list, tuple, type(None), np.ndarray, np.generic)


def on_device(value: Any) -> bool:
    """Whether `value` is an array in the memory of a CUDA device."""
    if isinstance(value, _ON_HOST):
        return False
    # Interfaces are made anew whenever they are asked for: Numba's arrays and PyTorch's say it at less cost.
    if hasattr(value, "__cuda_ndarray__"):
        return True
    of_torch = getattr(value, "is_cuda", None)
    if of_torch is not None:
        return bool(of_torch)
    if hasattr(value, "__cuda_array_interface__"):
        return True
    return hasattr(value, "__dlpack_device__") and value.__dlpack_device__()[0] in DLPACK_DEVICES


def refuse(value: Any, who: str) -> None:
    """Raise a TypeError for a value on a device, where only the host computes: nothing is copied in silence."""
    if on_device(value):
        raise TypeError(f"{who}: this is computed on the host only, and the value is on a device: copy it to the host")


@functools.cache
def cuda(module: str = "evaluate") -> Any:
    """The functions of a module of :mod:`fastdist.engine.cuda`, imported when first used."""
    return importlib.import_module(f"fastdist.engine.cuda.{module}")


# What arrays of Numba's do not know ---------------------------------------------------------------


def described(array: Any) -> Any:
    """What has the array's `shape`, `ndim` and NumPy's `dtype`."""
    return cuda().Described(array) if on_device(array) else array


def negative(value: Any) -> Any:
    """``-value``."""
    return cuda().negative(value) if on_device(value) else -value


def plus(a: Any, b: Any) -> Any:
    """``a + b``, where both are on the host or both on a device."""
    return cuda().plus(a, b) if on_device(a) else a + b


def summed(value: Any, ndim: int) -> Any:
    """The sum over the last `ndim` axes, one at least."""
    return cuda().summed(value, ndim) if on_device(value) else np.sum(value, axis=tuple(range(-ndim, 0)))


def plain(value: Any) -> Any:
    """A NumPy scalar in the place of an array without axes, where it is on the host."""
    return value if on_device(value) else value[()]


def entry(array: Any, k: int) -> Any:
    """``array[..., k]``."""
    return cuda().entry(array, k) if on_device(array) else array[..., k]
