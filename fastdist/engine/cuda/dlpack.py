"""Arrays that other libraries lend by DLPack alone, described as Numba takes them.

Source: the C header of DLPack 1.0, and the Python specification of the array API standard.
"""

from __future__ import annotations

import ctypes
from typing import Any

from fastdist.engine.device import DLPACK_DEVICES

LEGACY_STREAM = 1
"""The stream that waits for the others, by the number that the protocol gives it."""


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    )


_KINDS = {0: "i", 1: "u", 2: "f", 6: "b"}

_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)


class Lent:
    """An array with a ``__cuda_array_interface__``; the lender's memory is kept for as long as this is."""

    def __init__(self, array: Any) -> None:
        self._capsule = array.__dlpack__(stream=LEGACY_STREAM)
        self.__cuda_array_interface__ = described(self._capsule)


def described(capsule: Any, devices: tuple[int, ...] = DLPACK_DEVICES) -> dict[str, Any]:
    """The CUDA array interface of what a capsule holds: its pointer, shape, strides and dtype."""
    tensor = _Tensor.from_address(_pointer(capsule, b"dltensor"))
    if tensor.device_type not in devices:
        raise TypeError(
            f"an array by DLPack must be in a CUDA device's memory; it is on a device of type {tensor.device_type}"
        )
    if tensor.code not in _KINDS or tensor.lanes != 1:
        raise TypeError(
            f"an array by DLPack must be of real numbers; got type code {tensor.code} of {tensor.lanes} lanes"
        )
    size = tensor.bits // 8
    strides = None
    if tensor.strides:
        strides = tuple(size * stride for stride in tensor.strides[: tensor.ndim])
    return {
        "shape": tuple(tensor.shape[: tensor.ndim]),
        "strides": strides,
        "typestr": ("|" if size == 1 else "<") + f"{_KINDS[tensor.code]}{size}",
        "data": ((tensor.data or 0) + tensor.byte_offset, False),
        "version": 3,
    }
