"""Formulas of rows and matrices at Duals: what the engine compiles of them for arrays of pairs."""

from __future__ import annotations

import functools
import itertools
import math
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from numba import types
from numba.core.errors import NumbaError

from fastdist.engine import cpu
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import expression
from fastdist.engine.pairs import Pair, of_pairs
from fastdist.engine.row_programs import Flat, RowProgram, TermProgram, flat_line, packed, stage_kernels
from fastdist.forward.dual import Dual, duals_in, made, without_tangent

# An array, or a Dual, and how many axes it has for one event or parameter set.
Operand = tuple[Any, int]


def prepared(
    formula: FunctionType,
    given: list[Operand],
    batch_shape: tuple[int, ...],
    numbers: int,
    shapes: tuple[tuple[int, ...], ...] = (),
) -> list[Any]:
    """``formula(*given, *rows)`` for each parameter set: the `numbers` that it gives, and the rows of `shapes`."""
    arguments = [f"a{i}" for i in range(len(given))]
    rows = [f"o{i}[j]" for i in range(numbers, numbers + len(shapes))]
    call = f"FORMULA({', '.join([*arguments, *rows])})"
    results = ", ".join(f"o{i}[j]" for i in range(numbers))
    loop = _Loop((f"{results} = {call}" if numbers else call,), (("FORMULA", formula),), 0)
    return _run(loop, given, batch_shape, ((),) * numbers + shapes, 0)


def evaluated(
    program: RowProgram | TermProgram, value: Any, constants: list[Operand], event_shape: tuple[int, ...]
) -> Any:
    """The first result of a program for each event of `value`."""
    program = program.whole if isinstance(program, TermProgram) else program
    given = [(value, len(event_shape)), *constants]
    shape = np.broadcast_shapes(*(np.shape(v)[: np.ndim(v) - axes] for v, axes in given))
    width = max([1, math.prod(event_shape), *(np.shape(v)[-1] for v, axes in constants if axes)])
    if "INSIDE" in program.kernels:
        plain = [(without_tangent(v), axes) for v, axes in given]
        given += [(_run(_guard_of(program, len(constants)), plain, shape, ((),), width)[0], 0)]
    (result,) = _run(_loop_of(program, len(constants)), given, shape, ((),), width)
    missing = np.isnan(without_tangent(value)).any(axis=tuple(range(-len(event_shape), 0)))
    return np.where(missing, np.nan, result) if np.any(missing) else result


class _Loop(NamedTuple):
    """The body of a loop over events: of arguments ``a0``, ``a1``, ... and rows of scratch it fills ``o0[j]``, ..."""

    body: tuple[str, ...]
    kernels: tuple[tuple[str, FunctionType], ...]
    scratch: int


@functools.cache
def _loop_of(program: RowProgram, constants: int) -> _Loop:
    """The loop of the stages of a program, one event after the other."""
    lines = []
    for i, stage in enumerate(program.stages[:-1]):
        if isinstance(stage, Flat):
            lines += [f"for k in range(len(w{stage.row}[0])):", f"    {flat_line(i, stage, 'w{}[0, k]')}"]
        else:
            lines.append(f"STAGE{i}(a0, c, w)")
    lines.append(f"o0[j] = STAGE{len(program.stages) - 1}(a0, c, w)")
    if "INSIDE" in program.kernels:  # found out before, of what carries no tangents
        lines = [f"if a{constants + 1} > 0.0:", *(f"    {line}" for line in lines), "else:", "    o0[j] = -np.inf"]
    scratch = f"w = {packed([f'w{i}' for i in range(program.scratch)], '0')}"
    body = (_constants_line(constants), scratch, *lines)
    # Called from a kernel, a function of a number has the derivative that is declared for it.
    called = {
        f"STAGE{i}": expression("of(*x)", "*x", of=stage.formula)
        for i, stage in enumerate(program.stages)
        if isinstance(stage, Flat)
    }
    return _Loop(body, tuple({**stage_kernels(program.stages), **called}.items()), program.scratch)


@functools.cache
def _guard_of(program: RowProgram, constants: int) -> _Loop:
    """The loop that says whether an event lies in the support."""
    body = (_constants_line(constants), "o0[j] = 1.0 if INSIDE(a0, c) else 0.0")
    return _Loop(body, (("INSIDE", program.kernels["INSIDE"]),), 0)


def _constants_line(constants: int) -> str:
    return f"c = ({''.join(f'a{i + 1}, ' for i in range(constants))})"


@functools.cache
def _entry(loop: _Loop, given: tuple[int, ...], outs: tuple[int, ...], depth: int) -> Any:
    """The compiled loop over arrays of pairs of a depth; those `given` have one event or as many as the results."""
    counts = {"g": len(given), "w": loop.scratch, "o": len(outs)}
    lines = [
        f"def loop({', '.join(f'{letter}{i}' for letter, count in counts.items() for i in range(count))}):",
        "    for j in range(len(o0)):",
        *(f"        a{i} = g{i}[j if len(g{i}) > 1 else 0]" for i in range(len(given))),
        *(f"        {line}" for line in loop.body),
    ]
    number: Any = types.float64
    for _ in range(depth):
        number = Pair(number)
    ndims = (*given, *(1,) * loop.scratch, *outs)
    signature = tuple(types.Array(number, 1 + ndim, "C") for ndim in ndims)
    clone = of_pairs()
    kernels = {name: clone(formula) if depth else formula for name, formula in loop.kernels}
    try:
        return cpu.build("loop", "\n".join(lines), kernels, signature, bare=True).entry_point
    except NumbaError as error:
        raise TypeError("a formula of rows has no rule for this derivative") from error


# Duals as arrays of pairs ------------------------------------------------------------------------


def _run(
    loop: _Loop, given: list[Operand], shape: tuple[int, ...], kinds: tuple[tuple[int, ...], ...], width: int
) -> list[Any]:
    """The results of a loop over events of `shape`, each with axes of its own: Duals if any of `given` is one."""
    levels = sorted(set().union(*(_levels(value) for value, _ in given)), reverse=True)
    depth = len(levels)
    entry = _entry(loop, tuple(axes for _, axes in given), tuple(map(len, kinds)), depth)
    cell = np.dtype((np.void, 8 << depth))
    n = math.prod(shape)

    def computed(chosen: tuple[int, ...]) -> list[np.ndarray]:
        """The results, numbers of pairs along a last axis, in one direction of each level."""
        outs = [np.zeros((n, *kind, 1 << depth)) for kind in kinds]
        if n:
            arrays = [_cells(value, axes, shape, levels, chosen) for value, axes in given]
            scratch = [np.zeros((1, width, 1 << depth)) for _ in range(loop.scratch)]
            entry(*(array.view(cell)[..., 0] for array in (*arrays, *scratch, *outs)))
        return [out.reshape(shape + out.shape[1:]) for out in outs]

    directions = [_directions_of([value for value, _ in given], level) for level in levels]
    found = {chosen: computed(chosen) for chosen in itertools.product(*(range(count) for count, _ in directions))}

    def joined(k: int, chosen: tuple[int, ...], start: int, stop: int) -> Any:
        """Result k in directions that begin with those `chosen`: what these numbers of each pair are."""
        place = len(chosen)
        if place == depth:
            return found[chosen][k][..., start][()]
        middle = (start + stop) // 2
        count, single = directions[place]
        tangents = np.stack([joined(k, (*chosen, j), middle, stop) for j in range(count)])
        return made(joined(k, (*chosen, 0), start, middle), tangents, single, levels[place])

    return [joined(k, (), 0, 1 << depth) for k in range(len(kinds))]


def _levels(value: Any) -> set[int]:
    """Of a Dual, and of those that it is made of."""
    return {value._level} | _levels(value.primal) | _levels(value._directions) if isinstance(value, Dual) else set()


def _directions_of(values: list[Any], level: int) -> tuple[int, bool]:
    """How many directions the Duals of a level have, also those below others, and whether each has a single one."""
    found: list[Dual] = []

    def visit(value: Any) -> None:
        if isinstance(value, Dual):
            found.extend([value] if value._level == level else [])
            visit(value.primal)
            visit(value._directions)

    for value in values:
        visit(value)
    return len(duals_in(found, level)[0]._directions), all(dual._single for dual in found)


def _cells(value: Any, axes: int, shape: tuple[int, ...], levels: list[int], chosen: tuple[int, ...]) -> np.ndarray:
    """Pairs along a last axis, of one event or of as many as there are in a shape."""
    numbers = _numbers(value, levels, chosen)
    cut = numbers.ndim - 1 - axes
    batch, kind = numbers.shape[:cut], numbers.shape[cut:]
    if math.prod(batch) == 1:
        return np.ascontiguousarray(numbers.reshape((1, *kind)))
    return np.ascontiguousarray(np.broadcast_to(numbers, shape + kind).reshape((-1, *kind)))


def _numbers(value: Any, levels: list[int], chosen: tuple[int, ...]) -> np.ndarray:
    """The value and its tangents in one direction of each level: value and tangent of the first are halves."""
    if not levels:
        return np.asarray(value, F64)[..., np.newaxis]
    moves = isinstance(value, Dual) and value._level == levels[0]
    parts = (value.primal, value._directions[chosen[0]]) if moves else (value, np.zeros(np.shape(value)))
    return np.concatenate([_numbers(part, levels[1:], chosen[1:]) for part in parts], axis=-1)
