"""The arrays of CuPy, PyTorch and Numba: how they come in, and how results go back as the caller's own kind.

Results for arrays of other libraries are CuPy's where CuPy is installed, else Numba's.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import math
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import cuda

from fastdist.engine.cuda.dlpack import Lent
from fastdist.engine.cuda.target import DIRECT, SIMULATED, cells_of, explained, several
from fastdist.engine.device import on_device

_Call = TypeVar("_Call", bound=Callable[..., Any])

SEVERAL = several()
"""Whether arrays may be on one device or another; else nobody asks."""


@functools.cache
def _kind_of_choice() -> str:
    """Whose arrays results are where no array of the caller's says so."""
    found = not SIMULATED and importlib.util.find_spec("cupy") is not None
    return importlib.import_module("cupy").__name__ if found else "numba"


class Place:
    """Where results go: whose arrays they are, and the stream on which what makes them is queued.

    Parameters
    ----------
    like : array
        One of the caller's arrays.
    """

    def __init__(self, like: Any) -> None:
        library = type(like).__module__.partition(".")[0]
        self.kind = library if library in ("cupy", "torch", "numba") else _kind_of_choice()
        self._like = like
        self.device = device_of(like) if SEVERAL else None
        pointer = 0
        if self.kind == "cupy":
            pointer = sys.modules["cupy"].cuda.get_current_stream().ptr
        elif self.kind == "torch":
            pointer = sys.modules["torch"].cuda.current_stream(like.device).cuda_stream
        elif hasattr(like, "__cuda_ndarray__"):
            pointer = int(like.stream) if like.stream else 0
        elif hasattr(like, "__cuda_array_interface__"):
            pointer = like.__cuda_array_interface__.get("stream") or 0
        self.pointer = pointer

    @property
    def stream(self) -> Any:
        """The stream as Numba knows it."""
        # 0, 1 and 2 name the default streams, which wait for each other.
        return cuda.external_stream(self.pointer) if self.pointer > 2 else 0

    @explained
    def empty(self, shape: tuple[int, ...], dtype: np.dtype) -> Any:
        """An array of the caller's kind."""
        if self.kind == "cupy":
            return sys.modules["cupy"].empty(shape, dtype)
        if self.kind == "torch":
            torch = sys.modules["torch"]
            return torch.empty(shape, dtype=getattr(torch, dtype.name), device=self._like.device)
        return cuda.device_array(shape, dtype, stream=self.stream)

    def broadcast(self, array: Any, shape: tuple[int, ...]) -> Any:
        """A view that repeats one of the place's arrays, or None for Numba's, which have none."""
        if self.kind == "cupy":
            return sys.modules["cupy"].broadcast_to(array, shape)
        return array.expand(shape) if self.kind == "torch" else None

    @explained
    def scratch(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
        """An array for the engine's own use."""
        return cuda.device_array(shape, dtype, stream=self.stream)

    @explained
    def copied(self, array: np.ndarray) -> Any:
        """An array of the host's, copied for the engine's own use."""
        return cuda.to_device(np.ascontiguousarray(array), stream=self.stream)


def device_of(array: Any) -> int | None:
    """The number of the device that an array is on, or None if it does not tell."""
    library = type(array).__module__.partition(".")[0]
    found = None
    if library == "torch":
        found = array.device.index
    elif library == "cupy":
        found = array.device.id
    elif hasattr(array, "__cuda_ndarray__"):
        found = getattr(getattr(getattr(array.gpu_data, "context", None), "device", None), "id", None)
    elif hasattr(array, "__dlpack_device__"):
        found = array.__dlpack_device__()[1]
    return None if found is None else int(found)


def _devices_of(value: Any) -> set[int | None]:
    """The numbers of the devices of what a call is given."""
    if isinstance(value, (tuple, list)):
        return set().union(*map(_devices_of, value))
    place = value if isinstance(value, Place) else getattr(value, "place", None)
    if isinstance(place, Place):
        return {place.device}
    return {device_of(value)} if on_device(value) else set()


def switched(function: _Call) -> _Call:
    """`function`, which works on the device where the arrays are that it is given; a TypeError if they are on several.

    The device that was current before is so again.
    """

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found = sorted(n for n in _devices_of((*args, *kwargs.values())) if n is not None)
        if len(found) > 1:
            raise TypeError(
                f"the arrays of a call are on different devices, cuda:{found[0]} and cuda:{found[1]}: copy one of them "
                "to where the other is"
            )
        with cuda.gpus[found[0]] if found else contextlib.nullcontext():
            return function(*args, **kwargs)

    return cast(_Call, wrapper)


def at_home(function: _Call) -> _Call:
    """The same as a decorator: with one device there is nothing to do."""
    return switched(function) if SEVERAL else function


def view(array: Any) -> Any:
    """Numba's view of anybody's array: nothing is copied, nobody waits."""
    if hasattr(array, "__cuda_ndarray__"):
        return array
    return cuda.as_cuda_array(array if hasattr(array, "__cuda_array_interface__") else Lent(array), sync=False)


class Contiguous:
    """A caller's contiguous array of a dtype that loops take, as a kernel takes it: no view of Numba's is made.

    Attributes
    ----------
    shape : tuple of int
    size : int
    dtype : numpy.dtype
    cells : tuple of int
        What a kernel takes of it as an array of one axis.
    """

    __slots__ = ("cells", "dtype", "shape", "size")

    ndim = 1

    def __init__(self, pointer: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape = shape
        self.size = size = math.prod(shape)
        self.dtype = dtype
        self.cells = cells_of(pointer, (size,), (dtype.itemsize,), dtype)

    @classmethod
    def of(cls, array: Any) -> Contiguous | None:
        """None where an array needs to be asked otherwise: its view does that."""
        library = type(array).__module__.partition(".")[0]
        if library == "torch":
            dtype = _torch_dtypes().get(array.dtype)
            if dtype is None or array.requires_grad or array.is_neg() or not array.is_contiguous():
                return None
            return cls(array.data_ptr(), tuple(array.shape), dtype)
        if library == "cupy":
            return cls(array.data.ptr, array.shape, array.dtype) if array.flags.c_contiguous else None
        if hasattr(array, "__cuda_ndarray__") and array.is_c_contiguous():
            return cls(array.device_ctypes_pointer.value or 0, array.shape, array.dtype)
        return None


@functools.cache
def _torch_dtypes() -> dict[Any, np.dtype]:
    torch = sys.modules["torch"]
    return {getattr(torch, name): np.dtype(name) for name in ("float32", "float64", "int64")}


def written(array: Any) -> Any:
    """A contiguous array of one axis, of the caller's kind, as a kernel that writes to it takes it."""
    found = Contiguous.of(array) if DIRECT is not None else None
    return flat(view(array)) if found is None else found


def kept(array: Any) -> Any:
    """Numba's array, which from now on says at once what a kernel takes of it."""
    array.cells = cells_of(array.device_ctypes_pointer.value or 0, array.shape, array.strides, array.dtype)
    return array


def flat(array: Any) -> Any:
    """A contiguous array with one axis."""
    return array if array.ndim == 1 else array.reshape(math.prod(array.shape))


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of an array anywhere, or of a number."""
    return tuple(value.shape) if hasattr(value, "shape") else np.shape(value)


def of_host(array: np.ndarray) -> Any:
    """A copy on the device, as CuPy's array where CuPy is installed, else as Numba's."""
    if _kind_of_choice() == "cupy":
        return importlib.import_module("cupy").asarray(array)
    return explained(cuda.to_device)(np.array(array, order="C"))


@at_home
def to_host(array: Any) -> np.ndarray:
    """A copy on the host."""
    return np.asarray(view(array).copy_to_host())
