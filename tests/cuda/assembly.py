"""Compile loops to assembly without a device: ``python assembly.py``, then a line of JSON for each request.

A request is ``[distribution, method, precision, capability]``; the answer tells of the assembly, or is the error. It
runs in a process of its own, because in that of the tests Numba simulates devices.
"""

import inspect
import json
import re
import sys
from types import FunctionType

import numba.cuda.dispatcher
import numpy as np
from numba import types
from numba.cuda.cudadrv import devices
from vectors import DISTRIBUTIONS

import fastdist
from fastdist.engine import loops
from fastdist.engine.bits import fma
from fastdist.engine.cuda import programs, rows, target
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import TermProgram


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


def rows_text(name, method):
    """The loop of a method of a distribution of rows."""
    d = DISTRIBUTIONS[name]
    if method == "sample":
        sampler, table, _ = d._row_sampling()
        noise = tuple(kind if isinstance(kind, FunctionType) else kind.each(table) for kind in sampler.noise)
        return rows.draw_text(sampler, table.kinds, noise, np.dtype(np.int64) if d.support.is_discrete else F64)
    gradient = method == "log_prob_and_grad"
    kinds = d._slopes(not d.support.is_discrete)[1] if gradient else ((),)
    program = d.rows.program(method, tuple(len(kind) for kind in kinds))
    table = d._slope_table() if gradient else d._table()
    whole = program.whole if isinstance(program, TermProgram) else program
    return rows.formula_text(whole, table.kinds, len(d.event_shape))


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
    return target.ptx("loop", source, {"FORMULA": formula}, (array, array))


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


def described(name, method, precision, capability):
    """What tests ask about the assembly of a method."""
    found = rows_text(name, method) if name in DISTRIBUTIONS else text(name, method, np.dtype(precision))
    assembly = target.ptx(*found, capability=tuple(capability))
    return {
        "target": re.search(r"\.target (\w+)", assembly)[1],
        "double": len(re.findall(r"(?:add|sub|mul|fma|div|sqrt)\S*\.f64", assembly)),
    }


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            asked = ABOUT_THE_COMPILER.get(request[1])
            answer = asked() if asked else described(*request)
        except Exception as error:
            lines = [line for line in str(error).splitlines() if not line.startswith("Failed in")]
            answer = f"{type(error).__name__}: {' '.join(lines[:12])}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
