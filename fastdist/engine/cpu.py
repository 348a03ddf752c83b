"""The CPU target: what replaces a formula's names, and how a function becomes machine code."""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import math
import os
import threading
import types as pytypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from fastdist.engine import bits, cache, elementary, single, tiles, trigonometric
from fastdist.engine.kernel import Cloner, fingerprint, is_heavy
from fastdist.engine.linked import LinkedCompiler, WideCompiler

_OPTIONS = {"error_model": "numpy", "nogil": True}
_lock = threading.RLock()


@intrinsic
def _float_bits(typingctx, x):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


@intrinsic
def _bits_float(typingctx, n):
    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), codegen


@intrinsic
def _float_bits32(typingctx, x):
    def codegen(context, builder, signature, args):
        return builder.sext(builder.bitcast(args[0], ir.IntType(32)), ir.IntType(64))

    return types.int64(types.float32), codegen


@intrinsic
def _bits_float32(typingctx, n):
    def codegen(context, builder, signature, args):
        return builder.bitcast(builder.trunc(args[0], ir.IntType(32)), ir.FloatType())

    return types.float32(types.int64), codegen


@intrinsic
def _fma(typingctx, a, b, c):
    kind = types.float32 if a == b == c == types.float32 else types.float64

    def codegen(context, builder, signature, args):
        return builder.fma(*args)

    return kind(kind, kind, kind), codegen


@intrinsic
def _to_int(typingctx, x):
    def codegen(context, builder, signature, args):
        return builder.fptosi(args[0], ir.IntType(64))

    return types.int64(types.float64), codegen


def _rounding(name: str) -> Any:
    @intrinsic
    def operation(typingctx, x):
        kind = x if isinstance(x, types.Float) else types.float64

        def codegen(context, builder, signature, args):
            function = builder.module.declare_intrinsic(f"llvm.{name}", [args[0].type])
            return builder.call(function, args)

        return kind(kind), codegen

    return operation


SUBSTITUTES: dict[Any, Any] = {
    math.log: elementary.log,
    math.log1p: elementary.log1p,
    math.exp: elementary.exp,
    math.expm1: elementary.expm1,
    math.pow: elementary.pow,
    math.cbrt: elementary.cbrt,
    math.sinh: elementary.sinh,
    math.cosh: elementary.cosh,
    math.tanh: elementary.tanh,
    math.asinh: elementary.asinh,
    math.atanh: elementary.atanh,
    math.sin: trigonometric.sin,
    math.cos: trigonometric.cos,
    math.tan: trigonometric.tan,
    math.atan: trigonometric.atan,
    math.atan2: trigonometric.atan2,
    math.floor: _rounding("floor"),
    math.ceil: _rounding("ceil"),
    math.trunc: _rounding("trunc"),
    bits.float_bits: _float_bits,
    bits.bits_float: _bits_float,
    bits.float_bits32: _float_bits32,
    bits.bits_float32: _bits_float32,
    bits.fma: _fma,
    bits.to_int: _to_int,
    tiles.fill_tile: tiles.compiled,
}

SINGLE_SUBSTITUTES: dict[Any, Any] = {
    **SUBSTITUTES,
    math.log: single.log,
    math.log1p: single.log1p,
    math.exp: single.exp,
    math.expm1: single.expm1,
}
"""In place of the above within a kernel marked ``single``, when it is computed in float32."""


# Nothing but jitted code calls a clone: its machine code, and what Python and C would call it through, are two fifths
# of its compilation.
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "pipeline_class": LinkedCompiler}
_OUTER: dict[str, Any] = {"no_cfunc_wrapper": True, "pipeline_class": WideCompiler}


def _jit(function: Any, heavy: bool, **options: Any) -> Any:
    # What is not said here Numba takes from whichever caller compiles the kernel first, for all that follow:
    # a sum's leave to reassociate would cancel the compensated steps of every formula.
    return numba.njit(function, forceinline=not heavy, error_model="numpy", fastmath=False, **options)


_clone = {
    "wide": Cloner(SUBSTITUTES, functools.partial(_jit, **_INNER)),
    "narrow": Cloner(SUBSTITUTES, functools.partial(_jit, **_INNER), SINGLE_SUBSTITUTES),
    "bare": Cloner(SUBSTITUTES, functools.partial(_jit, **_INNER, _nrt=False), tag="b"),
}


@functools.cache
def jitted(function: pytypes.FunctionType) -> Any:
    """A kernel as a lazily compiled Numba function, for Python and other jitted code."""
    with _lock:
        return _jit(_clone["wide"](function).py_func, heavy(function))


@functools.cache
def heavy(function: pytypes.FunctionType) -> bool:
    """Whether a kernel is too long to vectorise, by itself or through what it calls."""
    return is_heavy(function, SUBSTITUTES)


@functools.cache
def _edition() -> str:
    """A digest of what decides the options, the intrinsics and the names in all machine code."""
    files = [Path(__file__).with_name(name) for name in ("cpu.py", "kernel.py", "linked.py", "tiles.py")]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


@functools.cache
def _fingerprint(function: pytypes.FunctionType, narrow: bool) -> str:
    wide = fingerprint(function, SUBSTITUTES)
    return wide + fingerprint(function, SINGLE_SUBSTITUTES) if narrow else wide


def _define(name: str, source: str, kernels: dict[str, pytypes.FunctionType], cloner: str = "wide") -> Any:
    names: dict[str, Any] = {"np": np, "floor": SUBSTITUTES[math.floor], "__name__": __name__}
    names.update((key, _clone[cloner](function)) for key, function in kernels.items())
    exec(compile(source, f"<fastdist {name}>", "exec"), names)
    return names[name]


def function(name: str, source: str, kernels: dict[str, pytypes.FunctionType]) -> Any:
    """The function `name` of `source` as a lazily compiled Numba function."""
    with _lock:
        return numba.njit(_define(name, source, kernels), **_OPTIONS)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """A compiler makes objects by the million and drops few: to look for garbage among them is a tenth of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def build(
    name: str,
    source: str,
    kernels: dict[str, pytypes.FunctionType],
    signature: tuple[Any, ...],
    narrow: bool = False,
    reassociate: bool = False,
    bare: bool = False,
) -> Any:
    """Compile the function `name` of `source`, in which the names in `kernels` stand for kernels.

    Returns Numba's compile result: its ``entry_point`` takes exactly the types of `signature`
    and does not check them. `reassociate` lets the loop's own sums run in several lanes. What is `bare` makes
    no arrays, and does not count who refers to those that it is given: to take a row of an array then costs nothing.
    """
    address = cache.address(
        _edition(),
        source,
        name,
        repr(signature),
        repr((narrow, reassociate, bare)),
        *(f"{key}:{_fingerprint(kernels[key], narrow)}" for key in sorted(kernels)),
    )
    with _lock:
        result = cache.load(address)
        if result is None:
            fastmath = {"fastmath": {"reassoc", "nsz"}} if reassociate else {}
            cloner = "bare" if bare else ("narrow" if narrow else "wide")
            options = {"_nrt": False} if bare else {}
            dispatcher = numba.njit(_define(name, source, kernels, cloner), **_OUTER, **_OPTIONS, **fastmath, **options)
            with _no_collection():
                dispatcher.compile(signature)
            result = dispatcher.overloads[signature]
            cache.save(address, result)
        return result


def _after_fork() -> None:
    """Another thread of the parent may have held the lock."""
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
