"""The marker of a formula, and how one formula is compiled for a target.

A kernel is a plain Python function of scalars with bare names (``from math import log``). It
runs in CPython as it stands. For a target, :class:`Cloner` copies the function and all the
kernels that it calls, with some names replaced: on the CPU ``log`` becomes a branch-free
logarithm that LLVM vectorises.
"""

from __future__ import annotations

import functools
import hashlib
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class Traits(NamedTuple):
    """What the engine may do with a kernel."""

    single: bool = False
    heavy: bool = False


def kernel(function: F | None = None, *, single: bool = False, heavy: bool = False) -> Any:
    """Mark `function` as a scalar formula that the engine compiles.

    Parameters
    ----------
    single : bool
        float32 input is computed in float32, because that loses no more than a few ulp. Without
        it a float32 input is widened, computed in float64 and rounded once.
    heavy : bool
        The formula holds loops or long branches that cannot vectorise. It is compiled as a
        function of its own and called, not inlined, and it is worth a thread at smaller sizes.
    """

    def mark(function: F) -> F:
        function.__fastdist__ = Traits(single, heavy)  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)


def traits(function: object) -> Traits | None:
    """The marks of a kernel, or None for anything else."""
    return getattr(function, "__fastdist__", None)


def expression(text: str, arguments: str, **kernels: Any) -> types.FunctionType:
    """A kernel that returns `text`, a formula over `arguments` and `kernels`."""
    defined: dict[str, Any] = {}
    exec(compile(f"def formula({arguments}):\n    return {text}", "<fastdist formula>", "exec"), dict(kernels), defined)
    return kernel(defined["formula"])


def together(*kernels: types.FunctionType) -> types.FunctionType:
    """The kernel of ``(x, c)`` that gives the results of several, of which :func:`some` may be asked for alone."""
    names = {f"part{i}": part for i, part in enumerate(kernels)}
    return in_parts(expression("".join(f"{name}(x, c), " for name in names), "x, c", **names), *kernels)


def in_parts(function: types.FunctionType, *kernels: types.FunctionType) -> types.FunctionType:
    """The kernel `function`, of which each result alone is that of one of the other kernels."""
    function.__parts__ = kernels  # type: ignore[attr-defined]
    return function


def some(function: types.FunctionType, count: int, wanted: Sequence[int]) -> types.FunctionType:
    """The kernel that gives a tuple of those results that are wanted of the `count` of a kernel of ``(x, c)``."""
    if tuple(wanted) == tuple(range(count)) and count > 1:
        return function
    if hasattr(function, "__parts__"):
        return together(*(function.__parts__[i] for i in wanted))
    results = "of(x, c)" if count > 1 else "(of(x, c),)"
    picked = expression(f"({', '.join(f'r[{i}]' for i in wanted)},)", "r")
    return expression(f"picked({results})", "x, c", picked=picked, of=function)


@functools.cache
def parts(function: types.FunctionType, count: int) -> tuple[types.FunctionType, ...]:
    """The kernels of each of the `count` results of a kernel of ``(x, c)``."""
    known: tuple[types.FunctionType, ...] | None = getattr(function, "__parts__", None)
    if known is None and count > 1:
        return tuple(expression(f"of(x, c)[{i}]", "x, c", of=function) for i in range(count))
    return known or (function,)


def filled(template: types.FunctionType, **kernels: Any) -> types.FunctionType:
    """The kernel of a template, with kernels in the place of its capital names."""
    function = types.FunctionType(template.__code__, {**template.__globals__, **kernels}, template.__name__)
    function.__fastdist__ = traits(template)  # type: ignore[attr-defined]
    return function


def callees(function: types.FunctionType, substitutes: Mapping[Any, Any]) -> dict[str, Any]:
    """The kernels, and the substitutes for other functions, that the names in `function` stand for."""
    found = {}
    for name in _names(function.__code__):
        value = function.__globals__.get(name)
        if callable(value) and value in substitutes:
            found[name] = substitutes[value]
        elif traits(value) is not None:
            found[name] = value
    return found


def is_heavy(function: types.FunctionType, substitutes: Mapping[Any, Any]) -> bool:
    """Whether `function` or anything that it calls is marked heavy."""
    marks = traits(function)
    if marks is not None and marks.heavy:
        return True
    return any(
        is_heavy(value, substitutes)
        for value in callees(function, substitutes).values()
        if isinstance(value, types.FunctionType)
    )


def fingerprint(function: types.FunctionType, substitutes: Mapping[Any, Any]) -> str:
    """SHA-256 over the code and the constants of `function` and of everything that it reaches."""
    digest = hashlib.sha256()
    seen: set[Any] = set()

    def visit(function: types.FunctionType) -> None:
        if function in seen:
            return
        seen.add(function)
        digest.update(repr(traits(function)).encode())
        _hash_code(function.__code__, digest)
        digest.update(repr(function.__defaults__).encode())
        for name in _names(function.__code__):
            value = function.__globals__.get(name)
            if isinstance(value, (bool, int, float, tuple, np.generic)):
                digest.update(f"{name}={value!r};".encode())
            elif isinstance(value, np.ndarray):
                digest.update(name.encode() + value.tobytes())
        for name, value in sorted(callees(function, substitutes).items()):
            digest.update(name.encode())
            if isinstance(value, types.FunctionType):
                visit(value)

    visit(function)
    return digest.hexdigest()


class Cloner:
    """Compile kernels and all that they call for one target and one precision.

    Parameters
    ----------
    substitutes : mapping
        From a name's value to what stands in its place: another kernel, or a compiled function.
    jit : callable
        ``jit(function, heavy)`` compiles a clone.
    single : mapping, optional
        Substitutes within kernels marked ``single``, which are then computed in float32.
    tag : str
        What tells functions that are called, not inlined, from those of another cloner for the same target.
    builtins : mapping, optional
        From the name of one of Python's own functions to what a target has in its place.
    """

    def __init__(
        self,
        substitutes: Mapping[Any, Any],
        jit: Callable[[Any, bool], Any],
        single: Mapping[Any, Any] | None = None,
        tag: str = "",
        builtins: Mapping[str, Any] | None = None,
    ) -> None:
        self._tag = tag
        self._builtins = builtins or {}
        self._substitutes = substitutes
        self._jit = jit
        self._single = single
        self._clones: dict[Any, Any] = {}

    def __call__(self, function: types.FunctionType) -> Any:
        """The compiled clone of `function`."""
        if function not in self._clones:
            marks = traits(function) or Traits()
            narrow = self._single is not None and marks.single
            substitutes = self._single if narrow and self._single is not None else self._substitutes
            names = {**self._builtins, **function.__globals__}
            for name, value in callees(function, substitutes).items():
                names[name] = self(value) if traits(value) is not None else value
            code = function.__code__
            if narrow:
                for name in _names(code):
                    if name in names:
                        names[name] = _to_single(names[name])
                code = code.replace(co_consts=tuple(_to_single(c) for c in code.co_consts))
            if marks.heavy:
                # A function of its own is linked by its name, also with what the disk cache holds from other
                # processes: two that have one name must be one function.
                content = fingerprint(function, substitutes)[:16] + ("s" if narrow else "") + self._tag
                code = code.replace(co_qualname=f"{code.co_qualname}_{content}")
            clone = types.FunctionType(code, names, function.__name__, function.__defaults__)
            self._clones[function] = self._jit(clone, marks.heavy)
        return self._clones[function]


def _names(code: types.CodeType) -> list[str]:
    names = list(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names.extend(_names(constant))
    return names


def _hash_code(code: types.CodeType, digest: Any) -> None:
    digest.update(code.co_code + repr((code.co_names, code.co_varnames)).encode())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _hash_code(constant, digest)
        else:
            digest.update(repr(constant).encode())


def _to_single(value: Any) -> Any:
    if type(value) is float:
        return np.float32(value)
    if type(value) is tuple and value and all(type(item) is float for item in value):
        return tuple(np.float32(item) for item in value)
    return value
