"""Loops around formulas, as text that is compiled once for each formula and dtype.

A loop runs over flat, contiguous memory from `start` to `stop`. The flat range is cut into runs
of `length` elements. Inside a run the constants either advance with the element (parameters along
the last axes) or stay (parameters along the first axes, or scalar). Both cases are inner loops
over contiguous memory, so LLVM vectorises them.
"""

from __future__ import annotations

import functools
import types as pytypes
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numba import types

from fastdist.engine import cpu
from fastdist.engine.bits import LARGEST
from fastdist.engine.guard import Guard
from fastdist.engine.kernel import traits

BLOCK = 512
"""Elements whose results a sum holds at a time."""

ATTEMPTS = 10_000
"""Proposals after which a draw is NaN: only parameters that are not valid reject so many."""

SIZE = types.uintp
_LITERALS = {"INF": "np.inf", "NAN": "np.nan", "ZERO": "0.0", "ONE": "1.0"}
_LARGEST = {"np.float64": LARGEST, "np.float32": float(np.finfo(np.float32).max)}


def _scalar(dtype: Any) -> Any:
    return {np.dtype(np.int64): types.int64, np.dtype(np.float32): types.float32}.get(np.dtype(dtype), types.float64)


def input_type(dtype: Any, ndim: int = 1) -> types.Array:
    return types.Array(_scalar(dtype), ndim, "C", readonly=True)


def output_type(dtype: Any, ndim: int = 1) -> types.Array:
    return types.Array(_scalar(dtype), ndim, "C")


def _indent(depth: int, lines: Iterable[str]) -> list[str]:
    return ["    " * depth + line for line in lines]


def function_source(name: str, arguments: Iterable[str], *body: str, narrow: bool = False) -> str:
    kind = "np.float32" if narrow else "np.float64"
    literals = [f"{key} = {kind}({value})" for key, value in {**_LITERALS, "LARGEST": repr(_LARGEST[kind])}.items()]
    return "\n".join([f"def {name}({', '.join(arguments)}):", *_indent(1, literals), *_indent(1, body)])


class Shape(NamedTuple):
    """The constants of a formula: how many there are, and how many axes one of them has."""

    size: int
    ndim: int = 0

    @property
    def names(self) -> list[str]:
        """The names under which a loop holds them."""
        return [f"c{i}" for i in range(self.size)]

    def load(self, index: str, narrow: bool = False) -> list[str]:
        """Statements that take the constants of one parameter set out of the array ``c``."""
        return [
            f"c{i} = " + (f"np.float32(c[{i}, {index}])" if narrow else f"c[{i}, {index}]") for i in range(self.size)
        ]

    def pack(self) -> str:
        """The tuple that a formula takes."""
        return "(" + "".join(f"{name}, " for name in self.names) + ")"


class Program:
    """One formula with its guard, compiled on demand for scalars, arrays and sums.

    Parameters
    ----------
    name : str
        What the formula computes.
    kernel : function
        ``kernel(x, constants)``: a float, or a tuple of `outputs` floats.
    guard : Guard, optional
        Where the formula holds, and the results elsewhere.
    outputs : int
        How many results the kernel has.
    bounds : function, optional
        ``bounds(constants)``: the ends of a support that depends on the parameters.
    summed : tuple of int
        Which results :meth:`total` adds up.
    """

    def __init__(
        self,
        name: str,
        kernel: pytypes.FunctionType,
        guard: Guard | None = None,
        outputs: int = 1,
        bounds: pytypes.FunctionType | None = None,
        summed: tuple[int, ...] = (0,),
    ) -> None:
        self.name = name
        self.guard = guard
        self.outputs = outputs
        self.summed = summed
        self.heavy = cpu.heavy(kernel)
        marks = traits(kernel)
        self.single = marks is not None and marks.single
        self.kernels = {"FORMULA": kernel}
        if guard is not None and guard.needs_bounds:
            if bounds is None:
                raise TypeError(f"{name}: a support that depends on parameters needs a bounds kernel")
            self.kernels["BOUNDS"] = bounds
        self._built: dict[Any, Any] = {}
        self.results = [f"r{i}" for i in range(outputs)]

    def body(self, constants: Shape) -> list[str]:
        """Statements that set the results from ``v`` and the constants."""
        formula = [f"{', '.join(self.results)} = FORMULA(v, {constants.pack()})"]
        return formula if self.guard is None else self.guard.lines(formula, self.results, constants.pack())

    def _build(self, key: Any, name: str, source: str, signature: tuple[Any, ...], **options: Any) -> Any:
        if key not in self._built:
            kernels = {**self.kernels, **options.pop("kernels", {})}
            # Constants that are rows would be counted as they are taken.
            options["bare"] = key[1].ndim > 0 and not options.get("narrow")
            self._built[key] = cpu.build(name, source, kernels, signature, **options).entry_point
        return self._built[key]

    def scalar(self, constants: Shape) -> Any:
        """``f(c0, c1, ..., x)``: one value."""
        key = ("scalar", constants)
        if key in self._built:
            return self._built[key]
        source = function_source(
            "scalar", [*constants.names, "v"], *self.body(constants), f"return {', '.join(self.results)}"
        )
        kind = input_type(float, constants.ndim) if constants.ndim else types.float64
        return self._build(key, "scalar", source, (kind,) * constants.size + (types.float64,))

    def loop(self, constants: Shape, dtype: Any, given: Any = None) -> Any:
        """``f(x, c, out0, ..., start, stop, length, advance, origin, shift)`` over flat arrays of `dtype`.

        ``x``, of dtype `given` if that is another, begins at element `origin`, the results at element `shift`.
        """
        given = dtype if given is None else given
        key = ("loop", constants, dtype, given)
        if key in self._built:
            return self._built[key]
        narrow = dtype == np.float32
        value = "v = x[k - origin]" if narrow or given == np.float64 else "v = np.float64(x[k - origin])"
        outs = [f"out{i}" for i in range(self.outputs)]
        store = [f"{out}[k - shift] = {result}" for out, result in zip(outs, self.results, strict=True)]
        source = function_source(
            "loop",
            ["x", "c", *outs, "start", "stop", "length", "advance", "origin", "shift"],
            *self._runs(constants, [value, *self.body(constants), *store], narrow),
            narrow=narrow,
        )
        arrays = (input_type(given), input_type(float, 2 + constants.ndim), *(output_type(dtype),) * self.outputs)
        return self._build(key, "loop", source, (*arrays, SIZE, SIZE, SIZE, types.boolean, SIZE, SIZE), narrow=narrow)

    def checked(self, constants: Shape, given: Any) -> Any:
        """``f(x, c, out)`` for one parameter set and values of dtype `given`: how many results are NaN."""
        key = ("checked", constants, given)
        if key in self._built:
            return self._built[key]
        source = function_source(
            "checked",
            ["x", "c", "out"],
            *constants.load("0"),
            "missing = 0",
            "for k in range(len(out)):",
            "    v = np.float64(x[k])",
            *_indent(1, self.body(constants)),
            "    out[k] = r0",
            "    missing += r0 != r0",
            "return missing",
        )
        signature = input_type(given), input_type(float, 2 + constants.ndim), output_type(float)
        return self._build(key, "checked", source, signature)

    def computed(self, dtype: np.dtype) -> np.dtype:
        """The precision in which results of `dtype` are computed: float32 where that loses no more than a few ulp."""
        return dtype if self.single else np.dtype(np.float64)

    def draw(self, constants: Shape, dtype: Any, noise: int, redraw: pytypes.FunctionType | None = None) -> Any:
        """``f(x0, ..., c, out, start, stop, length, advance[, k0, k1])``: noise to draws.

        The `noise` arrays begin at element `start`; the formula takes their values as a tuple.
        With `redraw`, a NaN from the formula is a rejected proposal: noise is drawn again by
        ``redraw(element, attempt, k0, k1)`` until one is accepted.
        """
        key = ("draw", constants, dtype, noise, redraw)
        if key in self._built:
            return self._built[key]
        inputs = [f"x{i}" for i in range(noise)]
        value = f"v = ({''.join(f'{x}[k - start], ' for x in inputs)})"
        body = self.body(constants)
        if redraw is None:
            source = function_source(
                "draw",
                [*inputs, "c", "out", "start", "stop", "length", "advance"],
                *self._runs(constants, [value, *body, "out[k] = r0"]),
            )
            arrays = (input_type(float),) * noise + (input_type(float, 2 + constants.ndim), output_type(dtype))
            return self._build(key, "draw", source, (*arrays, SIZE, SIZE, SIZE, types.boolean))
        source = function_source(
            "draw",
            [*inputs, "c", "out", "start", "stop", "length", "advance", "k0", "k1"],
            # The noise is spent: its first array keeps which proposals were rejected.
            *self._runs(constants, [value, *body, "out[k] = r0 if r0 == r0 else ZERO", "x0[k - start] = r0"]),
            "for k in range(start, stop):",
            "    if x0[k - start] != x0[k - start]:",
            "        run = k // length",
            "        i = k - run * length if advance else run % np.uint64(c.shape[1])",
            *_indent(2, constants.load("i")),
            "        attempt = np.uint64(1)",
            "        r0 = NAN",
            f"        while r0 != r0 and attempt < np.uint64({ATTEMPTS}):",
            "            v = REDRAW(k, attempt, k0, k1)",
            *_indent(3, body),
            "            attempt += np.uint64(1)",
            "        out[k] = r0",
        )
        arrays = (output_type(float),) * noise + (input_type(float, 2 + constants.ndim), output_type(dtype))
        signature = (*arrays, SIZE, SIZE, SIZE, types.boolean, *(types.uint64,) * 2)
        return self._build(key, "draw", source, signature, kernels={"REDRAW": redraw})

    def one(self, constants: Shape, dtype: Any, redraw: pytypes.FunctionType) -> Any:
        """``f(c0, ..., k0, k1)``: the draw of element 0 for one parameter set."""
        key = ("one", constants, dtype, redraw)
        if key in self._built:
            return self._built[key]
        source = function_source(
            "one",
            [*constants.names, "k0", "k1"],
            "attempt = np.uint64(0)",
            "r0 = NAN",
            f"while r0 != r0 and attempt < np.uint64({ATTEMPTS}):",
            "    v = REDRAW(np.uint64(0), attempt, k0, k1)",
            *_indent(1, self.body(constants)),
            "    attempt += np.uint64(1)",
            "return np.int64(r0)" if dtype == np.int64 else "return r0",
        )
        kind = input_type(float, constants.ndim) if constants.ndim else types.float64
        signature = (kind,) * constants.size + (types.uint64,) * 2
        return self._build(key, "one", source, signature, kernels={"REDRAW": redraw})

    def inline(self, prepare: pytypes.FunctionType, parameters: list[str], constants: Shape) -> Any:
        """``f(x, parameter, ...)`` as a lazily compiled function for a user's own jitted code."""
        source = function_source(
            self.name,
            ["v", *parameters],
            f"{', '.join(constants.names)}, = PREPARE({', '.join(parameters)})",
            *self.body(constants),
            f"return {', '.join(self.results)}",
        )
        return cpu.function(self.name, source, {**self.kernels, "PREPARE": prepare})

    def _runs(self, constants: Shape, element: list[str], narrow: bool = False) -> list[str]:
        """The loop over runs and, in it, the loops over a run's elements."""
        if self.heavy and not constants.ndim:  # nothing vectorises: one loop serves both cases
            inner = [
                "for k in range(e, end):",
                "    i = k - base if advance else run % m",
                *_indent(1, constants.load("i", narrow) + element),
            ]
        else:
            inner = [
                "if advance:",
                "    for k in range(e, end):",
                *_indent(2, constants.load("k - base", narrow) + element),
                "else:",
                *_indent(1, constants.load("run % m", narrow)),
                "    for k in range(e, end):",
                *_indent(2, element),
            ]
        return [
            "m = np.uint64(c.shape[1])",
            "e = start",
            "while e < stop:",
            "    run = e // length",
            "    base = run * length",
            "    end = min(base + length, stop)",
            *_indent(1, inner),
            "    e = end",
        ]

    def events(self, constants: Shape) -> Any:
        """``f(x, c, out, terms, first, last, size, length, advance)``: the sums over events of `size` elements.

        ``x``, ``out`` and the scratch ``terms``, which has the size of ``x``, begin with event `first`.
        """
        key = ("events", constants)
        if key in self._built:
            return self._built[key]
        element = ["v = x[k - origin]", *self.body(constants), "terms[k - origin] = r0"]
        source = function_source(
            "events",
            ["x", "c", "out", "terms", "first", "last", "size", "length", "advance"],
            "start, stop = first * size, last * size",
            "origin = start",
            *self._runs(constants, element),
            "for j in range(last - first):",
            "    s = 0.0",
            "    for k in range(j * size, (j + np.uint64(1)) * size):",
            "        s += terms[k]",
            "    out[j] = s",
        )
        arrays = (input_type(float), input_type(float, 2 + constants.ndim), output_type(float), output_type(float))
        signature = (*arrays, SIZE, SIZE, SIZE, SIZE, types.boolean)
        return self._build(key, "events", source, signature, reassociate=True)

    def total(self, constants: Shape) -> Any:
        """``f(x, c, sums, scratch, start, stop, length, advance, slot)``: adds up instead of storing.

        ``sums`` has the axes (result, slot, element of a run where constants advance), ``scratch``
        the axes (result, element of a block). The results of a block are stored before they are
        added, because LLVM vectorises a loop of formulas and a loop of sums but seldom both at once.
        """
        key = ("total", constants)
        if key in self._built:
            return self._built[key]
        value = ["v = x[k]", *self.body(constants)]
        kept = [(i, self.results[result]) for i, result in enumerate(self.summed)]
        source = function_source(
            "total",
            ["x", "c", "sums", "scratch", "start", "stop", "length", "advance", "slot"],
            "if advance:",
            "    e = start",
            "    while e < stop:",
            "        for j in range(length):",
            "            k = e + j",
            *_indent(3, constants.load("j") + value),
            *(f"            sums[{i}, slot, j] += {result}" for i, result in kept),
            "        e += length",
            "else:",
            *_indent(1, constants.load("0")),
            *(f"    s{i} = 0.0" for i, _ in kept),
            "    b = start",
            "    while b < stop:",
            f"        end = min(b + np.uint64({BLOCK}), stop)",
            "        for k in range(b, end):",
            *_indent(3, value),
            *(f"            scratch[{i}, k - b] = {result}" for i, result in kept),
            "        for k in range(end - b):",
            *(f"            s{i} += scratch[{i}, k]" for i, _ in kept),
            "        b = end",
            *(f"    sums[{i}, slot, 0] = s{i}" for i, _ in kept),
        )
        constant = input_type(float, 2 + constants.ndim)
        arrays = (input_type(float), constant, output_type(float, 3), output_type(float, 2))
        signature = (*arrays, SIZE, SIZE, SIZE, types.boolean, SIZE)
        return self._build(key, "total", source, signature, reassociate=True)


@functools.cache
def to_narrow() -> Any:
    """``f(wide, out, start)``: rounds float64 to float32; what is too large for it is infinite, without a warning."""
    source = function_source(
        "to_narrow", ["wide", "out", "start"], "for k in range(len(wide)):", "    out[start + np.uint64(k)] = wide[k]"
    )
    signature = input_type(float), output_type(np.float32), SIZE
    return cpu.build("to_narrow", source, {}, signature).entry_point


@functools.cache
def parameter_scalar(kernel: pytypes.FunctionType, arity: int) -> tuple[Any, int | None]:
    """``f(p0, p1, ...)`` for one parameter set, and the length of the tuple that it gives."""
    arguments = [f"p{i}" for i in range(arity)]
    source = function_source("prepare", arguments, f"return PREPARE({', '.join(arguments)})")
    result = cpu.build("prepare", source, {"PREPARE": kernel}, (types.float64,) * arity)
    return result.entry_point, getattr(result.signature.return_type, "count", None)


@functools.cache
def parameter_loop(kernel: pytypes.FunctionType, arity: int) -> tuple[Any, int | None]:
    """``f(parameters, out, start, stop)`` over parameter sets, and how many numbers each gives."""
    _, count = parameter_scalar(kernel, arity)
    stores = ["out[0, k] = r"] if count is None else [f"out[{i}, k] = r[{i}]" for i in range(count)]
    source = function_source(
        "prepare",
        ["p", "out", "start", "stop"],
        "for k in range(start, stop):",
        f"    r = PREPARE({', '.join(f'p[{i}, k]' for i in range(arity))})",
        *_indent(1, stores),
    )
    signature = (input_type(float, 2), output_type(float, 2), SIZE, SIZE)
    return cpu.build("prepare", source, {"PREPARE": kernel}, signature).entry_point, count


@functools.cache
def row_loop(kernel: pytypes.FunctionType, count: int) -> Any:
    """``f(rows, out, start, stop)``: ``kernel(row, out_row, ...)`` over parameter sets, for `count` rows of results."""
    results = ", ".join(f"out[{i}, s]" for i in range(count))
    source = function_source(
        "prepare",
        ["rows", "out", "start", "stop"],
        "for s in range(start, stop):",
        f"    PREPARE(rows[s], {results})",
    )
    signature = (input_type(float, 2), output_type(float, 3), SIZE, SIZE)
    return cpu.build("prepare", source, {"PREPARE": kernel}, signature).entry_point
