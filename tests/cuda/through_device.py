"""The engine of the host by way of the device: with ``--device=cuda`` every suite tests the device's loops too.

Calls of the engine go to the device, for single numbers too, and what they give comes back. Empty arrays, and what the
host alone computes, stay where they are.
"""

import math
import sys

import numpy as np

from fastdist.engine import elementwise, evaluate, rows
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.loops import Program
from fastdist.random import rows as random_rows
from fastdist.random import sampling

# Elements of a result that a simulated device is asked for: of those it computes some thousands a second.
SIMULATED = 200

_WITH_SLOPES = "draws with derivatives are the host's, and not the same bits"
SKIPPED = {
    "vector/test_vector.py::test_rsample_and_grad[ExpRelaxedCategorical": _WITH_SLOPES,
    "vector/test_vector.py::test_rsample_and_grad[RelaxedOneHotCategorical": _WITH_SLOPES,
    "kl/test_pairs.py::test_batches_and_dtypes": "divergences of single numbers are the host's, and not the same bits",
}
_LONG = "large arrays, which simulated devices are not asked for, are not the same bits as small ones"
SKIPPED_IN_SIMULATION = {
    "::test_unchecked_parameters_never_hang_or_crash": "Python's integers take no NaN, and Python's loops are slow",
    "conformance/test_shapes.py::test_long_runs": _LONG,
    "mixtures/test_numbers.py::test_draws": _LONG,
    "vector/test_vector.py::test_a_draw_depends_on_its_number_alone": _LONG,
    "vector/test_vector.py::test_broadcasting": _LONG,
}

active = True
"""Whether calls go to the device: not in tests that compare it with the host."""


def reason(nodeid):
    """Why a test is skipped that cannot pass by way of the device, or None."""
    from fastdist.engine.cuda import target

    reasons = {**SKIPPED, **(SKIPPED_IN_SIMULATION if target.SIMULATED else {})}
    return next((text for part, text in reasons.items() if part in nodeid), None)


def install():
    """Let calls for arrays of numbers go to the device and come back."""
    from fastdist.engine.cuda import evaluate as numbers
    from fastdist.engine.cuda import rows as events
    from fastdist.engine.cuda import target

    most = SIMULATED if target.SIMULATED else math.inf

    def there(value):
        """An array, or a list of numbers, on the device."""
        if not isinstance(value, (np.ndarray, list, tuple)):
            return value
        array = np.asarray(value)
        return numbers.of_host(array.astype(array.dtype.newbyteorder("=")))

    def back(result):
        return numbers.to_host(result)[()]

    def fits(*shapes):
        """Whether these broadcast to an array that goes to the device."""
        try:
            return active and 0 < math.prod(np.broadcast_shapes(*shapes)) <= most
        except ValueError:  # the host says so
            return False

    def goes(value, batch_shape, out=None):
        if not isinstance(value, (np.ndarray, list, tuple, float, int)) or not (
            out is None or isinstance(out, np.ndarray)
        ):
            return False
        try:
            array = np.asarray(value)
        except ValueError:
            return False
        return array.dtype.kind in "fiub" and array.itemsize <= 8 and fits(array.shape, batch_shape)

    def stored(found, out, who):
        """A result, where a caller has a place for it."""
        if out is None:
            return found
        evaluate.destination(out, np.shape(found), np.asarray(found).dtype, who)
        out[...] = found
        return out

    def instead(function, but=""):
        """A decorator: the decorated function is given the original, and takes its place everywhere but in a module."""

        def decorated(make):
            by = make(function)
            for module in [m for name, m in sys.modules.items() if name.startswith("fastdist") and name != but]:
                for name, value in list(vars(module).items()):
                    if value is function:
                        setattr(module, name, by)

        return decorated

    def moved(value, constants):
        return there(value), numbers.placed(constants, numbers.new_place())

    @instead(evaluate.pointwise)
    def _(on_host):
        def pointwise(program, value, constants, own, weak, who, out=None, quick=None):
            if type(constants) is not Constants or not goes(value, constants.batch_shape, out):
                return on_host(program, value, constants, own, weak, who, out, quick)
            found = numbers.pointwise(program, *moved(value, constants), own, weak, who)
            return tuple(map(back, found)) if program.outputs > 1 else stored(back(found), out, who)

        return pointwise

    def scalar(program, shape):
        """In the place of :meth:`fastdist.engine.loops.Program.scalar`."""

        def entry(*given):
            *scalars, value = given
            constants = Constants(np.array(scalars, F64)[:, np.newaxis], ())
            return evaluate.pointwise(program, float(value), constants, F64, True, program.name)

        return entry

    Program.scalar = scalar

    @instead(evaluate.events)
    def _(on_host):
        def events(program, value, constants, ndim, own, who, out=None):
            if type(constants) is not Constants or not goes(value, constants.batch_shape, out):
                return on_host(program, value, constants, ndim, own, who, out)
            x, placed = moved(value, constants)
            return stored(back(numbers.events(program, x, placed, ndim, own, who)), out, who)

        return events

    @instead(evaluate.total)
    def _(on_host):
        def total(program, value, constants, own, who):
            if type(constants) is not Constants or not goes(value, constants.batch_shape):
                return on_host(program, value, constants, own, who)
            return tuple(map(back, numbers.total(program, *moved(value, constants), own, who)))

        return total

    def all_there(parameters, batch_shape):
        """Parameters on the device, or None if they do not go there."""
        plain = all(isinstance(p, (float, np.ndarray)) for p in parameters)
        return tuple(there(np.asarray(p)) for p in parameters) if plain and parameters and fits(batch_shape) else None

    @instead(evaluate.prepare)
    def _(on_host):
        def prepare(kernel, parameters, batch_shape):
            given = all_there(parameters, batch_shape)
            if given is None:
                return on_host(kernel, parameters, batch_shape)
            return Constants(numbers.to_host(numbers.prepare(kernel, given, batch_shape).array), batch_shape)

        return prepare

    @instead(evaluate.of_parameters)
    def _(on_host):
        def of_parameters(kernel, parameters, batch_shape, dtype):
            given = all_there(parameters, batch_shape)
            if given is None:
                return on_host(kernel, parameters, batch_shape, dtype)
            return back(numbers.of_parameters(kernel, given, batch_shape, dtype))

        return of_parameters

    @instead(elementwise.elementwise, but="fastdist.forward.kernels")  # derivatives by Duals are the host's
    def _(on_host):
        def over(kernel, operands, shape, dtype):
            arrays = [v for v in operands if isinstance(v, np.ndarray)]
            plain = all(isinstance(v, (float, int, np.ndarray)) for v in operands)
            if not arrays or not plain or not fits(shape):
                return on_host(kernel, operands, shape, dtype)
            return tuple(map(back, numbers.elementwise(kernel, tuple(map(there, operands)), shape, dtype, "operands")))

        return over

    def events_go(value, table, event_shape, kinds, out=None):
        if not goes(value, (), out) or not math.prod(event_shape):
            return False
        cut = np.ndim(value) - len(event_shape)
        if cut < 0 or np.shape(value)[cut:] != event_shape:
            return False
        size = max(math.prod(kind) for kind in (event_shape, *kinds))
        return fits((*np.shape(value)[:cut], size), (*table.batch_shape, 1))

    @instead(rows.evaluate)
    def _(on_host):
        def evaluated(program, value, table, event_shape, kinds, own, who, out=None, of_log=False):
            if not events_go(value, table, event_shape, kinds, out):
                return on_host(program, value, table, event_shape, kinds, own, who, out, of_log)
            found = events.evaluate(program, there(value), table, event_shape, kinds, own, who, None, of_log)
            first, *others = map(numbers.to_host, found)
            return stored(first, out, who), *others

        return evaluated

    @instead(rows.single)
    def _(on_host):
        def single(program, table, event_shape):
            own = on_host(program, table, event_shape)

            def event(x):
                if not fits((*event_shape, 1)):
                    return own(x)
                return back(events.evaluate(program, there(x), table, event_shape, ((),), F64, program.name)[0])

            return event

        return single

    @instead(rows.total)
    def _(on_host):
        def total(program, value, table, event_shape, kinds, own, who):
            if not events_go(value, table, event_shape, kinds):
                return on_host(program, value, table, event_shape, kinds, own, who)
            return tuple(map(back, events.total(program, there(value), table, event_shape, kinds, who)))

        return total

    @instead(sampling.draw)
    def _(on_host):
        def draw(sampler, constants, out, key):
            if type(constants) is not Constants or not fits(out.shape):
                return on_host(sampler, constants, out, key)
            drawn = numbers.draw(sampler, constants, out.shape, out.dtype, key, numbers.new_place())
            out[...] = numbers.to_host(drawn)
            return None

        return draw

    @instead(random_rows.draw)
    def _(on_host):
        def draw(sampler, table, outs, ndim, key, width=None):
            (out, *others) = outs
            if others or not fits(out.shape) or out.dtype not in (F32, F64, np.int64):
                return on_host(sampler, table, outs, ndim, key, width)
            cut = out.ndim - ndim
            place = numbers.new_place()
            drawn = events.draw(sampler, table, out.shape[:cut], out.shape[cut:], out.dtype, key, width, place)
            out[...] = numbers.to_host(drawn)
            return None

        return draw

    @instead(random_rows.single)
    def _(on_host):
        def single(sampler, table, event_shape, dtype, width):
            own = on_host(sampler, table, event_shape, dtype, width)

            def event(key):
                if not fits((*event_shape, 1)):
                    return own(key)
                drawn = events.draw(sampler, table, (), event_shape, dtype, key, width, numbers.new_place())
                return numbers.to_host(drawn)

            return event

        return single
