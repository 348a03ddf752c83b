"""Cholesky factors of batches of matrices, and triangular factors applied to many events.

Many small matrices go to compiled loops, few large ones to LAPACK. Many events against one factor are laid out in
lanes (:mod:`fastdist.special.lanes`) or multiplied in tiles (:mod:`fastdist.engine.tiles`), a single one is worked on
by itself (:mod:`fastdist.special.matrices`): the same sums in the same order, so that the results are the same to the
last bit.
"""

from __future__ import annotations

import contextlib
import functools
import math
from typing import Any, ClassVar

import numpy as np
from numba import types

from fastdist.engine import cpu, rows, threads
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F64, SUM_SLOTS
from fastdist.engine.row_programs import CONSTANTS, FLOATS, WALK, packed, place, total_of
from fastdist.engine.rows import Table, Walk
from fastdist.engine.seed import Key
from fastdist.engine.tiles import HEIGHT, WIDTH
from fastdist.forward.dual import Dual
from fastdist.forward.rows import prepared
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL
from fastdist.random.sampling import noise_loop
from fastdist.special import matrices
from fastdist.special.lanes import LANES, SPARE, moved, multiply_tile, solve_lanes

# Matrices of so many columns and more are LAPACK's: below, its calls cost more than its blocks save.
LAPACK = 33

# So few events are not worth the lanes that stay empty.
FEW = 12
# Numbers of all events of a chunk, and how many chunks of events in lanes a thread may take at a time.
CHUNK, MOST = 1 << 13, 8

INF = float("inf")


# Batches of matrices -------------------------------------------------------------------------------


def written_out(constants: list[tuple[Any, int]], batch_shape: tuple[int, ...]) -> Table:
    """The constants, each with how many axes it has for one parameter set, written out over all of them."""
    if any(on_device(array) for array, _ in constants):
        found: Table = cuda("sets").written_out(constants, batch_shape)
        return found
    arrays = []
    for array, ndim in constants:
        event = array.shape[array.ndim - ndim :]
        full = array if array.shape == batch_shape + event else np.broadcast_to(array, batch_shape + event)
        arrays.append(np.ascontiguousarray(full, F64).reshape(math.prod(batch_shape), *event))
    return Table(tuple(arrays), batch_shape)


def of_sets(
    formula: Any,
    constants: list[tuple[Any, int]],
    batch_shape: tuple[int, ...],
    numbers: int,
    shapes: tuple[tuple[int, ...], ...],
) -> tuple[np.ndarray, ...]:
    """``formula(*constants, *rows)`` over the parameter sets, in threads: gives `numbers`, and fills rows of `shapes`.

    Each constant comes with how many axes it has for one set. The results have the axes of the batch, and are Duals if
    a constant is one.
    """
    if any(isinstance(array, Dual) for array, _ in constants):
        return tuple(prepared(formula, constants, batch_shape, numbers, shapes))
    if any(on_device(array) for array, _ in constants):
        written = written_out(constants, batch_shape).batched()
        return rows.prepare(formula, written, batch_shape, numbers, shapes).batched()
    given = written_out([(np.asarray(array), ndim) for array, ndim in constants], batch_shape).arrays
    sets, size = math.prod(batch_shape), max((math.prod(shape) for shape in shapes), default=1)
    outs = tuple(np.empty((sets, *shape)) for shape in ((),) * numbers + shapes)

    def work(start: int, stop: int) -> None:
        parts = tuple(array[start:stop] for array in given)
        rows.prepare(formula, parts, (stop - start,), numbers, shapes, tuple(out[start:stop] for out in outs))

    threads.run(work, sets, max(1, CHUNK // max(size, 1)))
    return tuple(out.reshape(batch_shape + out.shape[1:]) for out in outs)


def cholesky(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower Cholesky factors of matrices along the last two axes, and where one does not exist.

    Returns
    -------
    factors : ndarray
        float64; NaN where a matrix is not positive definite.
    minors : ndarray of int
        The order of the first leading minor that is not positive, 0 for a positive definite matrix.
    """
    if on_device(matrix):
        return _cholesky_on_device(matrix)
    matrix = np.ascontiguousarray(matrix, F64)
    batch, size = matrix.shape[:-2], matrix.shape[-1]
    if size >= LAPACK and np.isfinite(matrix).all():
        try:
            return np.linalg.cholesky(matrix), np.zeros(batch, np.int64)
        except np.linalg.LinAlgError:
            pass  # one of them: which, and why, the loops below find out
    sets = math.prod(batch)
    flat, factors, minors = matrix.reshape(sets, size, size), np.empty((sets, size, size)), np.empty(sets)

    def work(start: int, stop: int) -> None:
        into = minors[start:stop], factors[start:stop]
        rows.prepare(matrices.cholesky, (flat[start:stop],), (stop - start,), 1, ((size, size),), into)

    threads.run(work, sets, max(1, CHUNK // max(size**2, 1)))
    return factors.reshape(matrix.shape), minors.astype(np.int64).reshape(batch)


def _cholesky_on_device(matrix: Any) -> tuple[Any, Any]:
    """The same by a thread for each matrix; CuPy has large ones."""
    batch, size = tuple(matrix.shape)[:-2], tuple(matrix.shape)[-1]
    if size >= LAPACK:
        with contextlib.suppress(np.linalg.LinAlgError):  # one of them has none: which, and why, the loops find out
            factors = cuda("solver").cholesky(matrix)
            return factors, _number_of_each(matrices.no_minor, factors, 2)
    minors, factors = rows.prepare(matrices.cholesky, (matrix,), batch, 1, ((size, size),)).batched()
    return factors, minors


def reverse_cholesky(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower factors M of ``matrix = M^T M``: the inverse of M is the Cholesky factor of the inverse.

    The second result says which does not exist, as that of :func:`cholesky`.
    """
    if on_device(matrix):
        factors, minors = cholesky(of_each(matrices.fill_turned, matrix))
        return of_each(matrices.fill_turned, factors), minors
    factors, minors = cholesky(np.swapaxes(matrix, -2, -1)[..., ::-1, ::-1])  # of the same lower triangle
    return np.ascontiguousarray(np.swapaxes(factors, -2, -1)[..., ::-1, ::-1]), minors


def of_each(formula: Any, matrix: Any, *numbers: float, ndim: int = 2) -> Any:
    """What ``formula(matrix, *numbers, result)`` fills for each matrix: one of its size, or its diagonal."""
    *batch, size, _ = matrix.shape
    if isinstance(matrix, Dual):
        given = [(matrix, 2), *((number, 0) for number in numbers)]
        return prepared(formula, given, tuple(batch), 0, ((size,) * ndim,))[0]
    (found,) = rows.prepare(formula, (matrix, *numbers), tuple(batch), 0, ((size,) * ndim,)).batched()
    return found


def factor_at(matrix: Any, lower: bool, reverse: bool) -> Any:
    """The factors of matrices that carry tangents, or of their reverse: of lower ones themselves."""
    batch, square = matrix.shape[:-2], (matrix.shape[-2:],)

    def filled(formula: Any, matrix: Any, numbers: int = 0) -> Any:
        return prepared(formula, [(matrix, 2)], batch, numbers, square)[-1]

    if lower:
        return filled(matrices.fill_lower, matrix)
    # A change of one entry alone counts for half in each of the two: the kernels read the lower triangle only.
    matrix = 0.5 * matrix + 0.5 * np.swapaxes(matrix, -2, -1)
    if not reverse:
        return filled(matrices.cholesky, matrix, 1)
    return filled(matrices.fill_turned, filled(matrices.cholesky, filled(matrices.fill_turned, matrix), 1))


def inverse(factor: np.ndarray) -> np.ndarray:
    """The inverses of lower triangular matrices."""
    if on_device(factor) and tuple(factor.shape)[-1] >= LAPACK:
        return cuda("solver").inverse(factor)
    return of_each(matrices.invert_lower, factor)


def gram(factor: np.ndarray, lower_first: bool) -> np.ndarray:
    """``factor @ factor^T``, or ``factor^T @ factor``, symmetric to the last bit; inf where that overflows."""
    if on_device(factor):
        if tuple(factor.shape)[-1] >= LAPACK:
            return cuda("solver").gram(factor, lower_first)
        return of_each(matrices.fill_gram, factor, float(lower_first))
    other = np.swapaxes(factor, -2, -1)
    with np.errstate(over="ignore"):
        product = np.matmul(factor, other) if lower_first else np.matmul(other, factor)
    return symmetric(product)


def symmetric(matrix: np.ndarray) -> np.ndarray:
    """The symmetric matrices with the lower triangles of these."""
    return np.tril(matrix) + np.swapaxes(np.tril(matrix, -1), -2, -1)


def half_log_determinant(factor: np.ndarray, sign: float = 1.0) -> np.ndarray:
    """The logarithms of the products of the diagonals, times a sign."""
    return _number_of_each(matrices.signed_log_diagonal, factor, 2, sign)


def log_product(factors: np.ndarray) -> np.ndarray:
    """The logarithms of products along the last axis."""
    return _number_of_each(matrices.log_product, factors, 1)


def _number_of_each(formula: Any, array: Any, ndim: int, *numbers: float) -> Any:
    """A number for each part of `array`, which may be a Dual, that has `ndim` axes."""
    if isinstance(array, Dual):
        given = [(array, ndim), *((number, 0) for number in numbers)]
        return prepared(formula, given, array.shape[: array.ndim - ndim], 1)[0]
    return rows.prepare(formula, (array, *numbers), tuple(array.shape)[: array.ndim - ndim], 1, ()).batched()[0]


class Factor(Parameter):
    """A parameter that is a lower triangular matrix with a positive diagonal."""

    flaw = staticmethod(matrices.not_a_factor)


class Definite(Parameter):
    """A parameter that is a symmetric positive definite matrix; the error says what keeps one from it.

    On a device it is checked for symmetry; whether it is positive definite shows when it is factored.
    """

    flaw = staticmethod(matrices.asymmetry)

    def check(self, value: np.ndarray, who: str) -> None:
        if value.shape[-2] != value.shape[-1]:
            raise ValueError(f"{who}: parameter {self.name} must be square matrices; got shape {value.shape}")
        wide = distinct(value, 2).astype(F64, copy=False)
        flaws = _number_of_each(matrices.asymmetry, wide, 2)
        if flaws.any():
            finite = flaws.ravel()[np.argmax(flaws != 0)] < INF
            self._refuse(wide, who, flaws == 0, "it is not symmetric" if finite else "it is not finite")
        _, minors = cholesky(wide)
        if minors.any():
            order = minors.ravel()[np.argmax(minors != 0)]
            self._refuse(wide, who, minors == 0, f"its leading minor of order {order} is not positive")

    def _refuse(self, value: np.ndarray, who: str, valid: np.ndarray, why: str) -> None:
        index = tuple(int(i) for i in np.unravel_index(int(np.argmin(valid)), valid.shape))
        place = f" at index {index}" if index else ""
        raise ValueError(f"{self.message(value[index], who, place)}: {why}")


# One factor against many events --------------------------------------------------------------------


class Standardised:
    """A function of the squared length of standardised events x - loc, for one set of factors.

    Parameters
    ----------
    squares : function
        ``squares(factors, lanes)``: fills the last row of lanes with the squared lengths of the events in the first.
    finish : function
        ``finish(square, numbers)``.
    far : function
        In its place where that is not finite, and where a square overflows: then it gets what `length` gives.
    numbers : int
        How many constants of a parameter set these two take.
    kinds : tuple of int
        How many axes each of the factors has.
    length : function
        ``length(x, loc, z)`` of an event and the first numbers that `squares` has left in its lane: minus the length,
        inf where that overflows, too, and for an event that is not finite, and NaN for one that holds NaN.
    """

    def __init__(
        self,
        squares: Any,
        finish: Any,
        far: Any,
        numbers: int,
        kinds: tuple[int, ...] = (2,),
        length: Any = matrices.far_length,
    ) -> None:
        self._kernels = {"PLACE": place, "SQUARES": squares, "LENGTH": length, "FINISH": finish, "FAR": far}
        self._numbers = numbers
        self._kinds = kinds

    @functools.cached_property
    def _entry(self) -> Any:
        numbers = [f"n{i}" for i in range(self._numbers)]
        factors = [f"f{i}" for i in range(len(self._kinds))]
        given = ", ".join([*factors, *numbers])
        source = "\n".join(
            [
                f"def loop(x, xi, xl, xa, loc, mi, ml, ma, ci, cl, ca, start, {given}, lanes, out):",
                "    size = loc.shape[1]",
                "    square = lanes[len(lanes) - 1]",
                f"    for first in range(0, len(out), {LANES}):",
                f"        count = min({LANES}, len(out) - first)",
                "        part = out[first : first + count]",
                "        for b in range(count):",
                "            k = start + first + b",
                "            i = first + b if xl == 0 else PLACE(k, xi, xl, xa)",
                "            event, middle = x[i], loc[PLACE(k, mi, ml, ma)]",
                "            for d in range(size):",
                "                lanes[d, b] = event[d] - middle[d]",
                f"        SQUARES(({''.join(f'{f}, ' for f in factors)}), lanes)",
                "        if cl != 0 and len(ci) == 1:",
                "            s = ci[0]",
                f"            c = {packed(numbers, 's')}",
                "            for b in range(count):",
                "                part[b] = FINISH(square[b], c)",
                "        else:",
                "            for b in range(count):",
                "                s = PLACE(start + first + b, ci, cl, ca)",
                f"                part[b] = FINISH(square[b], {packed(numbers, 's')})",
                "        for b in range(count):",
                "            if not -np.inf < part[b] < np.inf:",
                "                k = start + first + b",
                "                v = square[b]",
                "                if not v < np.inf:",
                "                    i = first + b if xl == 0 else PLACE(k, xi, xl, xa)",
                "                    v = LENGTH(x[i], loc[PLACE(k, mi, ml, ma)], lanes[:size, b])",
                "                s = PLACE(k, ci, cl, ca)",
                f"                part[b] = FAR(v, {packed(numbers, 's')})",
            ]
        )
        signature = (
            CONSTANTS[2],
            *WALK,
            CONSTANTS[2],
            *WALK,
            *WALK,
            types.int64,
            *(CONSTANTS[ndim] for ndim in self._kinds),
            *(CONSTANTS[1],) * self._numbers,
            FLOATS[2],
            FLOATS[1],
        )
        return cpu.build("loop", source, self._kernels, signature, bare=True).entry_point

    def __call__(
        self,
        x: np.ndarray,
        loc: np.ndarray,
        factors: tuple[np.ndarray, ...],
        numbers: tuple[np.ndarray, ...],
        out: np.ndarray,
        count: int,
    ) -> None:
        """Fill `out`, C-contiguous, for events `x`, locations and numbers that broadcast to its shape.

        Lanes get `count` rows.
        """
        shape = out.shape
        x_walk, events = _followed(x, 1, shape)
        loc_walk, locs = _followed(loc, 1, shape)
        set_walk, _ = _followed(numbers[0], 0, shape)
        constants = [np.ascontiguousarray(n, F64).reshape(-1) for n in numbers]
        results = out.reshape(-1)
        direct = not x_walk.length
        if not direct:
            events = np.ascontiguousarray(events, F64)
        locs = np.ascontiguousarray(locs, F64)

        def work(start: int, stop: int) -> None:
            part = np.ascontiguousarray(events[start:stop], F64) if direct else events
            lanes = np.zeros((count, LANES))
            wide = results[start:stop] if results.dtype == F64 else np.empty(stop - start)
            self._entry(part, *x_walk, locs, *loc_walk, *set_walk, start, *factors, *constants, lanes, wide)
            if results.dtype != F64:
                results[start:stop] = wide

        _in_lanes(work, len(results), count)


def _followed(operand: np.ndarray, ndim: int, shape: tuple[int, ...]) -> tuple[Walk, np.ndarray]:
    """How an operand follows a result of `shape`, and the operand as an array of its events."""
    batch, event = operand.shape[: operand.ndim - ndim], operand.shape[operand.ndim - ndim :]
    return rows.walk(batch, shape), operand.reshape(math.prod(batch), *event)


def _in_lanes(work: Any, n: int, size: int) -> None:
    """``work(start, stop)`` over `n` events of `size` numbers, in chunks of whole lanes."""
    threads.run(work, n, max(1, CHUNK // (LANES * size)) * LANES, MOST)


class Scattered:
    """The sum of the standardised events x - loc, and that of their outer products with themselves, for one factor.

    Parameters
    ----------
    apply : function
        :func:`fastdist.special.lanes.solve_lanes` or :func:`fastdist.special.lanes.multiply_lanes`.
    """

    def __init__(self, apply: Any) -> None:
        self._kernels = {"APPLY": apply, "TOTAL": total_of, "DOT": matrices.dot}

    @functools.cached_property
    def _entry(self) -> Any:
        source = "\n".join(
            [
                "def loop(x, loc, factor, lanes, total, outer):",
                "    size = len(factor)",
                f"    for first in range(0, len(x), {LANES}):",
                f"        for b in range({LANES}):",
                "            for d in range(size):",
                "                lanes[d, b] = x[first + b, d] - loc[d] if first + b < len(x) else 0.0",
                "        APPLY(factor, lanes)",
                "        for i in range(size):",
                "            total[i] += TOTAL(lanes[i])",
                "            for j in range(i + 1):",
                "                outer[i, j] += DOT(lanes[i], lanes[j])",
            ]
        )
        signature = CONSTANTS[2], CONSTANTS[1], CONSTANTS[2], FLOATS[2], FLOATS[1], FLOATS[2]
        return cpu.build("loop", source, self._kernels, signature, bare=True).entry_point

    def __call__(self, x: np.ndarray, loc: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The two sums over all events `x`, the same for any number of threads."""
        n, size = x.shape
        chunk = max(CHUNK, -(-n // SUM_SLOTS))
        slots = -(-n // chunk)
        totals, outers = np.zeros((slots, size)), np.zeros((slots, size, size))

        def work(start: int, stop: int) -> None:
            part, slot = np.ascontiguousarray(x[start:stop], F64), start // chunk
            self._entry(part, loc, factor, np.zeros((size + SPARE, LANES)), totals[slot], outers[slot])

        threads.run(work, n, chunk)
        outer = outers.sum(axis=0)
        return totals.sum(axis=0), symmetric(outer)


class Mixed:
    """Draws ``loc + radius * F noise`` for one factor F, which is lower triangular."""

    _kernels: ClassVar[dict[str, Any]] = {"PLACE": place, "MULTIPLY": multiply_tile, "ADD": moved}
    _source = "\n".join(
        [
            "def loop(noise, radius, loc, mi, ml, ma, start, columns, tile, out):",
            "    size = out.shape[1]",
            "    spare = columns.shape[1] - size",
            f"    for first in range(0, len(out), {HEIGHT}):",
            "        MULTIPLY(noise, first, columns, tile)",
            f"        for e in range(min({HEIGHT}, len(out) - first)):",
            "            event, own, r = out[first + e], tile[e, spare:], radius[first + e]",
            "            middle = loc[PLACE(start + first + e, mi, ml, ma)]",
            "            for d in range(np.uint64(size)):",
            "                event[d] = ADD(r, own[d], middle[d])",
        ]
    )

    @functools.cached_property
    def _entry(self) -> Any:
        signature = FLOATS[2], CONSTANTS[1], CONSTANTS[2], *WALK, types.int64, CONSTANTS[2], FLOATS[2], FLOATS[2]
        return cpu.build("loop", self._source, self._kernels, signature, bare=True).entry_point

    def layout(self, factor: np.ndarray) -> np.ndarray:
        """What the loop takes of a factor."""
        size = len(factor)
        return np.concatenate([np.zeros((size, -size % WIDTH)), factor.T], axis=1)

    def scratch(self, size: int) -> np.ndarray:
        """What the loop works in."""
        return np.zeros((HEIGHT, size + -size % WIDTH))

    def __call__(self, key: Key, radius: Any, loc: np.ndarray, layout: np.ndarray, out: np.ndarray) -> None:
        """Fill `out`, C-contiguous, with a factor's layout; ``radius(start, stop)`` gives the radii of events."""
        loc_walk, locs = _followed(loc, 1, out.shape[:-1])
        locs, size = np.ascontiguousarray(locs, F64), out.shape[-1]
        events = out.reshape(-1, size)

        def work(start: int, stop: int) -> None:
            count = stop - start
            rows = np.zeros((count + -count % HEIGHT, size))
            noise(key, rows[:count], start=start)
            part = events[start:stop] if out.dtype == F64 else np.empty((count, size))
            self._entry(rows, radius(start, stop), locs, *loc_walk, start, layout, self.scratch(size), part)
            if out.dtype != F64:
                events[start:stop] = part

        _in_lanes(work, len(events), size)


class Solved(Mixed):
    """Draws ``loc + radius * F^-1 noise``."""

    _kernels: ClassVar[dict[str, Any]] = {"PLACE": place, "SOLVE": solve_lanes, "ADD": moved}
    _source = "\n".join(
        [
            "def loop(noise, radius, loc, mi, ml, ma, start, factor, lanes, out):",
            "    size = len(factor)",
            f"    for first in range(0, len(out), {LANES}):",
            f"        count = min({LANES}, len(out) - first)",
            "        for b in range(count):",
            "            event = noise[first + b]",
            "            for d in range(size):",
            "                lanes[d, b] = event[d]",
            "        SOLVE(factor, lanes)",
            "        for b in range(count):",
            "            event, middle = out[first + b], loc[PLACE(start + first + b, mi, ml, ma)]",
            "            for d in range(size):",
            "                event[d] = ADD(radius[first + b], lanes[d, b], middle[d])",
        ]
    )

    def layout(self, factor: np.ndarray) -> np.ndarray:
        return factor

    def scratch(self, size: int) -> np.ndarray:
        return np.zeros((size + SPARE, LANES))


def noise(key: Key, out: np.ndarray, slot: int = 0, start: int = 0) -> np.ndarray:
    """Fill `out` with the standard normals of events, from number `start` on, that a sampler has in a slot."""
    first = start * out.shape[-1]
    noise_loop(NORMAL)(out.reshape(-1), first, first + out.size, slot, *key)
    return out
