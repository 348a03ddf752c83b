"""Compile loops to assembly without a device: ``python assembly.py``, then a line of JSON for each request.

A request is ``[distribution, method, precision, capabilities]``; the answer tells of the assembly, or is the error. It
runs in a process of its own, because in that of the tests Numba simulates devices.
"""

import gc
import inspect
import json
import re
import sys

import numba.cuda.dispatcher
import numpy as np
from numba import types
from numba.cuda.cudadrv import devices

import fastdist
from fastdist.engine import loops
from fastdist.engine.bits import fma
from fastdist.engine.cuda import programs, target
from fastdist.engine.kernel import kernel


class Device:
    """What a compiler asks of a device."""

    compute_capability = (9, 0)


class Context:
    """And of its context."""

    device = Device()


numba.cuda.dispatcher.get_current_device = Device
devices.get_context = lambda *_: Context()


def text(name, method, dtype):
    """The loop of a method, for one parameter set."""
    family = getattr(fastdist, name)._family
    if method == "sample":
        sampler = family.kernels.sampler
        prepare = sampler.prepare or family.kernels.prepare
    else:
        prepare, _ = family.kernels[method]
    shape = shape_of(family, prepare)
    if method == "sample":
        draws = np.dtype(np.int64) if family.support.is_discrete else dtype
        return programs.draw(sampler.program, shape, draws, True, sampler.pairs, sampler.redraw)
    return programs.pointwise(family.program(method), shape, dtype, dtype, True)


def shape_of(family, prepare):
    """The constants that `prepare` makes."""
    if family.kernels.rows:
        return loops.Shape(family.kernels.rows, 1)
    return loops.Shape(loops.parameter_scalar(prepare, len(inspect.signature(prepare).parameters))[1] or 1)


@kernel
def product_and_sum(x):
    return x * x + 3.0


@kernel
def fused(x):
    return fma(x, x, 3.0)


def small(formula):
    """The assembly of a kernel of one number."""
    source = "def loop(x, out):\n    k = cuda.grid(1)\n    out[k] = FORMULA(x[k])"
    array = types.Array(types.float64, 1, "C")
    return target.ptx("loop", source, {"FORMULA": formula}, (array, array))[0]


def toolkit():
    """Whether there is one."""
    try:
        return bool(small(product_and_sum))
    except Exception:
        return False


ABOUT_THE_COMPILER = {
    "toolkit": toolkit,
    "fused": lambda: small(product_and_sum),
    "fma": lambda: small(fused),
}


def described(name, method, precision, capabilities):
    """What tests ask about the assembly of a method."""
    found = target.ptx(*text(name, method, np.dtype(precision)), capabilities=tuple(map(tuple, capabilities)))
    return {
        "targets": [re.search(r"\.target (\w+)", assembly)[1] for assembly in found],
        "double": len(re.findall(r"(?:add|sub|mul|fma|div|sqrt)\S*\.f64", found[0])),
        "accesses": re.findall(r"(ld|st)\.global\.\w*f(?:32|64)\s", found[0]),
        "wraps": len(re.findall(r"shr\.s64\s.*, 63;", found[0])),
    }


def answer(name, method, precision, capabilities):
    """What a request is answered with."""
    asked = ABOUT_THE_COMPILER.get(method)
    return asked() if asked else described(name, method, precision, capabilities)


def serve(answer):
    """A line of JSON for each that comes in: what `answer` gives for it, or the error."""
    gc.set_threshold(200_000, 10, 10)  # compilers make objects by the million
    for line in sys.stdin:
        try:
            found = answer(*json.loads(line))
        except Exception as error:
            lines = [line for line in str(error).splitlines() if not line.startswith("Failed in")]
            found = f"{type(error).__name__}: {' '.join(lines[:12])}"
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    serve(answer)
