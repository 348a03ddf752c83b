"""The arrays of CuPy, PyTorch and Numba: how they come in, and how results go back as the caller's own kind."""

from __future__ import annotations

import importlib.util
import math
import sys
from typing import Any

import numpy as np
from numba import cuda

from fastdist.engine.cuda.target import SIMULATED, explained


class Place:
    """Where results go: whose arrays they are, and the stream on which what makes them is queued.

    Parameters
    ----------
    like : array
        One of the caller's arrays.
    """

    def __init__(self, like: Any) -> None:
        library = type(like).__module__.partition(".")[0]
        self.kind = library if library in ("cupy", "torch") else "numba"
        self._like = like
        self.stream: Any = 0
        pointer = 0
        if self.kind == "cupy":
            pointer = sys.modules["cupy"].cuda.get_current_stream().ptr
        elif self.kind == "torch":
            pointer = sys.modules["torch"].cuda.current_stream(like.device).cuda_stream
        elif not SIMULATED:
            pointer = like.__cuda_array_interface__.get("stream") or 0
        if pointer > 2:  # 0, 1 and 2 name the default streams, which wait for each other
            self.stream = cuda.external_stream(pointer)

    @explained
    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        """An array of the caller's kind."""
        if self.kind == "cupy":
            return sys.modules["cupy"].empty(shape, dtype)
        if self.kind == "torch":
            torch = sys.modules["torch"]
            return torch.empty(shape, dtype=getattr(torch, dtype.name), device=self._like.device)
        return cuda.device_array(shape, dtype, stream=self.stream)

    @explained
    def scratch(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
        """An array for the engine's own use."""
        return cuda.device_array(shape, dtype, stream=self.stream)

    @explained
    def copied(self, array: np.ndarray) -> Any:
        """An array of the host's, copied for the engine's own use."""
        return cuda.to_device(np.ascontiguousarray(array), stream=self.stream)


def view(array: Any) -> Any:
    """Numba's view of anybody's array: nothing is copied, nobody waits."""
    if hasattr(array, "__cuda_ndarray__"):
        return array
    return cuda.as_cuda_array(array, sync=False)


def flat(array: Any) -> Any:
    """A contiguous array with one axis."""
    return array.reshape(math.prod(array.shape))


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array anywhere, or of a number."""
    return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)


def of_host(array: np.ndarray) -> Any:
    """A copy on the device, as CuPy's array where CuPy is installed, else as Numba's."""
    if not SIMULATED and importlib.util.find_spec("cupy") is not None:
        return importlib.import_module("cupy").asarray(array)
    return explained(cuda.to_device)(np.array(array))


def to_host(array: Any) -> np.ndarray:
    """A copy on the host."""
    return np.asarray(view(array).copy_to_host())
