"""A device that is not there: ``python dry_device.py``, then a line of JSON for each request.

Calls go all the way to it. What they would launch is held to the types of the arrays that it is given, and compiled to
assembly. A request is ``[group of calls]``; the answer is how many kernels there were, or an error.
"""

import contextlib
import ctypes
import sys
from pathlib import Path

import numpy as np
from numba import cuda, types
from numba.cuda import codegen, dispatcher
from numba.cuda.cudadrv import devicearray, devices

sys.path[:0] = [str(Path(__file__).parents[1])]

import assembly  # noqa: E402  (the stand-ins for a device that compilers ask)


class Memory:
    """Bytes of the host's in the place of a device's."""

    def __init__(self, content):
        self.content = content
        self._cuda_memsize_ = len(content)
        self.device_ctypes_pointer = ctypes.c_uint64(content.ctypes.data)

    def view(self, start, stop=None):
        return Memory(self.content[start:stop])


class Array(devicearray.DeviceNDArray):
    """Numba's own arrays, with their shapes and strides, in such memory."""

    def copy_to_host(self, ary=None, stream=0):
        return np.ndarray(self.shape, self.dtype, self.gpu_data.content, strides=self.strides).copy()

    def __array__(self, *_, **__):
        raise TypeError("an array on the device was taken for one on the host")


def to_device(host, stream=0):
    host = np.array(host, order="C")
    return Array(host.shape, host.strides, host.dtype, gpu_data=Memory(host.reshape(-1).view(np.uint8)))


devices._runtime.ensure_context = contextlib.nullcontext
cuda.to_device = to_device
cuda.device_array = lambda shape, dtype, stream=0: to_device(np.zeros(shape, dtype))

# What the library calls of Numba's is in place only now.
import composed  # noqa: E402
import vectors  # noqa: E402

from fastdist.distribution import Distribution  # noqa: E402
from fastdist.engine.cuda import arrays, target  # noqa: E402
from fastdist.engine.evaluate import F32, F64  # noqa: E402
from fastdist.engine.loops import output_type  # noqa: E402

GROUPS = {**composed.GROUPS, **vectors.GROUPS}
launched = []


class Kernel:
    """What `target.build` gives: nothing runs, but what is given must be of the types that it was compiled for."""

    def __init__(self, *text):
        self._text = text

    def __call__(self, blocks, threads, stream, *given):
        assert 0 < blocks < 1 << 31 and 0 < threads <= 1024, (blocks, threads)
        name, _, _, signature, *_ = self._text
        for place, (value, kind) in enumerate(zip(given, signature, strict=True)):
            if isinstance(kind, types.Array):
                own = getattr(value, "_numba_type_", None) or output_type(value.dtype)
                fits = (own.dtype, own.ndim) == (kind.dtype, kind.ndim) and kind.layout in ("A", own.layout)
            else:
                own, fits = type(value), np.ndim(value) == 0
            assert fits, f"{name}: argument {place} is {own}, and must be {kind}"
        launched.append(self._text)


build, target.build = target.build, Kernel
compiled = set()


def put(value):
    return value.to("cuda") if isinstance(value, Distribution) else arrays.of_host(np.asarray(value))


class Loaded:
    """A kernel as a driver would have it."""

    kernel = None


def as_numba_launches():
    """Whether the driver is handed what Numba would hand to it, in bytes; None where Numba does it.

    The kernel has all kinds of arguments.
    """
    if target.DIRECT is None:
        return None
    dispatcher._Kernel.bind = lambda kernel: None
    codegen.CUDACodeLibrary.get_cufunc = lambda library: Loaded
    handed = []
    target.DIRECT = target.Direct(
        lambda stream, grid, kernel, *cells: handed.extend(cells), dict, lambda stream: stream
    )
    signature = (*map(output_type, (F64, F32, F64), (1, 1, 2)), types.int64, types.float64, types.boolean, types.uint64)
    compiled = build("nothing", "def nothing(a, b, c, d, e, f, g):\n    return", {}, signature)
    x = to_device(np.zeros(6))
    given = (x, to_device(np.zeros(3, np.float32)), x.reshape((2, 3)), 7, 0.5, True, np.uint64((1 << 64) - 3))
    compiled(1, 8, 0, *map(arrays.written, given[:2]), *given[2:])
    own, (kernel,) = [], compiled._compiled.overloads.values()
    for kind, value in zip(kernel.argument_types, given, strict=True):
        kernel._prepare_args(kind, value, 0, [], own)
    return list(map(in_bytes, handed)) == list(map(in_bytes, own))


def in_bytes(cell):
    """The bytes of an argument, as cuda.core makes them of one of its kind."""
    from cuda.core._kernel_arg_handler import ParamHolder

    size = ctypes.sizeof(cell) if isinstance(cell, ctypes._SimpleCData) else 1 if isinstance(cell, bool) else 8
    holder = ParamHolder((cell,))
    return ctypes.string_at(ctypes.c_void_p.from_address(holder.ptr).value, size).hex()


CAPABILITIES = (9, 0), (7, 5)


def answer(group):
    """How many kernels a group of calls launches, all of which compile for both capabilities."""
    if group == "launch":
        return as_numba_launches()
    launched.clear()
    GROUPS[group](put)
    for name, source, kernels, signature, *narrow in launched:
        key = source, tuple(kernels.items()), signature, *narrow
        if key not in compiled:
            target.ptx(name, source, kernels, signature, *narrow, capabilities=CAPABILITIES)
            compiled.add(key)
    return len(launched)


if __name__ == "__main__":
    assembly.serve(answer)
