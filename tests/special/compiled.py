"""Kernels over whole arrays, for the tests."""

import functools

import numpy as np
from numba import types

from fastdist.engine import cpu


@functools.cache
def _loop(kernel, inputs, outputs, single):
    """The compiled loop that applies `kernel` to `inputs` arrays and fills `outputs` arrays."""
    kind = types.float32 if single else types.float64
    xs = [f"x{i}" for i in range(inputs)]
    ys = [f"y{i}" for i in range(outputs)]
    targets = ", ".join(f"{y}[i]" for y in ys)
    call = ", ".join(f"{x}[i]" for x in xs)
    source = (
        f"def loop({', '.join(xs + ys)}):\n"
        f"    for i in range(y0.shape[0]):\n"
        f"        {targets} = F({call})\n"
    )  # fmt: skip
    given = types.Array(kind, 1, "C", readonly=True)
    filled = types.Array(kind, 1, "C")
    signature = (given,) * inputs + (filled,) * outputs
    return cpu.build("loop", source, {"F": kernel}, signature, narrow=single).entry_point


def over(kernel, *arrays, outputs=1, dtype=np.float64):
    """Apply `kernel` to broadcast arrays through the CPU target.

    Gives one array, or a tuple of `outputs` arrays for a kernel that returns a tuple. With
    ``dtype=np.float32`` the kernel is compiled narrow.
    """
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype) for a in arrays))
    shape = arrays[0].shape
    flat = [np.ascontiguousarray(a).ravel() for a in arrays]
    filled = [np.empty(flat[0].shape, dtype) for _ in range(outputs)]
    _loop(kernel, len(flat), outputs, np.dtype(dtype) == np.float32)(*flat, *filled)
    results = tuple(y.reshape(shape) for y in filled)
    return results[0] if outputs == 1 else results
