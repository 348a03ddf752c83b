"""A device that is not there: ``python dry_device.py``, then a line of JSON for each request.

Calls go all the way to it. What they would launch is held to the types of the arrays that it is given, and compiled to
assembly. A request is ``[group of calls, capability]``; the answer is how many kernels there were, or an error.
"""

import contextlib
import ctypes
import sys
from pathlib import Path

import numpy as np
from numba import cuda, types
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

GROUPS = {**composed.GROUPS, **vectors.GROUPS}
launched = []


class Kernel:
    """What `target.build` gives: nothing runs, but what is given must be of the types that it was compiled for."""

    def __init__(self, *text):
        self._text = text

    def __getitem__(self, grid):
        blocks, threads, _ = grid
        assert 0 < blocks < 1 << 31 and 0 < threads <= 1024, grid
        return self

    def __call__(self, *given):
        name, _, _, signature, *_ = self._text
        for place, (value, kind) in enumerate(zip(given, signature, strict=True)):
            if isinstance(kind, types.Array):
                own = value._numba_type_
                fits = (own.dtype, own.ndim) == (kind.dtype, kind.ndim) and kind.layout in ("A", own.layout)
            else:
                own, fits = type(value), np.ndim(value) == 0
            assert fits, f"{name}: argument {place} is {own}, and must be {kind}"
        launched.append(self._text)


target.build = Kernel
compiled = set()


def put(value):
    return value.to("cuda") if isinstance(value, Distribution) else arrays.of_host(np.asarray(value))


def answer(group, capability):
    """How many kernels a group of calls launches, all of which compile."""
    launched.clear()
    GROUPS[group](put)
    for name, source, kernels, signature, *narrow in launched:
        key = source, tuple(kernels.items()), signature, *narrow, tuple(capability)
        if key not in compiled:
            target.ptx(name, source, kernels, signature, *narrow, capability=tuple(capability))
            compiled.add(key)
    return len(launched)


if __name__ == "__main__":
    assembly.serve(answer)
