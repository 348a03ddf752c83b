"""Numbers with derivatives in compiled kernels: any kernel, as it stands, of pairs (value, tangent).

A pair is a type of Numba's. Its arithmetic is a few instructions each; a comparison, and so a branch, is decided by the
values. The functions of :mod:`math`, and whatever looks at the bits of a float, have derivatives that are declared
beside them (:func:`derivative`). A pair's parts may be pairs: those are second derivatives, and so on.

:func:`tangent` makes of a kernel another, of its arguments and their tangents, which the engine compiles and keeps like
any. A tangent that is 0 stays 0 whatever it is multiplied by, if that is infinite: nothing moves.
"""

from __future__ import annotations

import functools
import hashlib
import math
import operator
import types as pytypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.typeconv import Conversion
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, lower_cast, models, overload, register_model

from fastdist.engine import bits, cpu, elementary
from fastdist.engine.kernel import Cloner, expression, fingerprint, kernel
from fastdist.engine.linked import LinkedCompiler

__all__ = ["Pair", "derivative", "of_pairs", "tangent"]


# The type ----------------------------------------------------------------------------------------


class Pair(types.Type):
    """A value and its tangent, both of the type `part`."""

    def __init__(self, part: Any) -> None:
        self.part = part
        super().__init__(name=f"Pair({part})")

    def unify(self, context: Any, other: Any) -> Any:
        """The type of a name that is this in one branch and something else in another."""
        if isinstance(other, (types.Number, types.Boolean)):
            return self
        if isinstance(other, Pair):
            return self if _depth(self) >= _depth(other) else other
        return None

    def can_convert_from(self, context: Any, other: Any) -> Any:
        """Numbers, and pairs of fewer derivatives, have tangents that are 0."""
        less = isinstance(other, (types.Number, types.Boolean)) or (isinstance(other, Pair) and other != self)
        return Conversion.safe if less and _depth(other) < _depth(self) else None


def _depth(kind: Any) -> int:
    return 1 + _depth(kind.part) if isinstance(kind, Pair) else 0


def _deepest(kinds: Any) -> Any:
    return max(kinds, key=_depth)


@register_model(Pair)
class _PairModel(models.StructModel):
    def __init__(self, manager: Any, kind: Pair) -> None:
        super().__init__(manager, kind, [("value", kind.part), ("slope", kind.part)])


class _Code:
    """Instructions for floats and for pairs of whatever depth."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def parts(self, kind: Any, x: Any) -> tuple[Any, Any]:
        return self.builder.extract_value(x, 0), self.builder.extract_value(x, 1)

    def pair(self, kind: Any, value: Any, slope: Any) -> Any:
        x = ir.Constant(self.context.get_value_type(kind), ir.Undefined)
        return self.builder.insert_value(self.builder.insert_value(x, value, 0), slope, 1)

    def zero(self, kind: Any) -> Any:
        return ir.Constant(self.context.get_value_type(kind), None)

    def innermost(self, kind: Any, x: Any) -> Any:
        """The float that decides comparisons."""
        while isinstance(kind, Pair):
            kind, x = kind.part, self.builder.extract_value(x, 0)
        return x

    def each(self, function: str, kind: Any, *x: Any) -> Any:
        """An operation that acts on values and tangents alike."""
        if not isinstance(kind, Pair):
            return getattr(self.builder, function)(*x)
        parts = zip(*(self.parts(kind, one) for one in x), strict=True)
        return self.pair(kind, *(self.each(function, kind.part, *part) for part in parts))

    def scaled(self, kind: Any, slope: Any, factor: Any) -> Any:
        """A tangent times a factor, 0 where the tangent is."""
        if isinstance(kind, Pair):
            (s, ds), (f, df) = self.parts(kind, slope), self.parts(kind, factor)
            moved = self.each("fadd", kind.part, self.scaled(kind.part, ds, f), self.scaled(kind.part, df, s))
            return self.pair(kind, self.scaled(kind.part, s, f), moved)
        still = self.builder.fcmp_ordered("==", slope, self.zero(kind))
        return self.builder.select(still, self.zero(kind), self.builder.fmul(slope, factor))

    def mul(self, kind: Any, x: Any, y: Any) -> Any:
        if not isinstance(kind, Pair):
            return self.builder.fmul(x, y)
        (v, dv), (w, dw) = self.parts(kind, x), self.parts(kind, y)
        slope = self.each("fadd", kind.part, self.scaled(kind.part, dv, w), self.scaled(kind.part, dw, v))
        return self.pair(kind, self.mul(kind.part, v, w), slope)

    def div(self, kind: Any, x: Any, y: Any) -> Any:
        if not isinstance(kind, Pair):
            return self.builder.fdiv(x, y)
        part = kind.part
        (v, dv), (w, dw) = self.parts(kind, x), self.parts(kind, y)
        inverse = self.div(part, self.one(part), w)
        ratio = self.div(part, v, w)
        fall = self.scaled(part, dw, self.mul(part, ratio, inverse))
        return self.pair(kind, ratio, self.each("fsub", part, self.scaled(part, dv, inverse), fall))

    def one(self, kind: Any) -> Any:
        if not isinstance(kind, Pair):
            return ir.Constant(ir.DoubleType(), 1.0)
        return self.pair(kind, self.one(kind.part), self.zero(kind.part))


# Numbers beside pairs, and operators -------------------------------------------------------------


@lower_cast(types.Number, Pair)
@lower_cast(types.Boolean, Pair)
@lower_cast(Pair, Pair)
def _with_no_slope(context: Any, builder: Any, given: Any, kind: Any, x: Any) -> Any:
    code = _Code(context, builder)
    return code.pair(kind, context.cast(builder, x, given, kind.part), code.zero(kind.part))


def _define(operators: tuple[Any, ...], arity: int, result: Any, emit: Callable[..., Any]) -> None:
    """Operators of pairs: ``emit(code, kind, *arguments)`` with all arguments of one kind."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            kind = _deepest(args) if args else None
            fits = len(args) == arity and all(isinstance(a, (Pair, types.Number, types.Boolean)) for a in args)
            if not fits or not isinstance(kind, Pair):
                return None
            return signature(result or kind, *(kind,) * arity)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return emit(_Code(context, builder), sig.args[0], *args)

    for function in operators:
        infer_global(function)(type(f"Pair{function.__name__}", (Template,), {"key": function}))
        lower_builtin(function, *(Pair,) * arity)(lower)


def _compare(predicate: str) -> Callable[..., Any]:
    ordered = "fcmp_unordered" if predicate == "!=" else "fcmp_ordered"

    def emit(code: _Code, kind: Any, x: Any, y: Any) -> Any:
        return getattr(code.builder, ordered)(predicate, code.innermost(kind, x), code.innermost(kind, y))

    return emit


def _absolute(code: _Code, kind: Any, x: Any) -> Any:
    negative = code.builder.fcmp_ordered("<", code.innermost(kind, x), code.zero(types.float64))
    return code.builder.select(negative, code.each("fneg", kind, x), x)


def _chosen(predicate: str) -> Callable[..., Any]:
    """The second of two numbers where it compares so with the first, else the first: as Python's max and min."""
    second = _compare(predicate)
    return lambda code, kind, x, y: code.builder.select(second(code, kind, y, x), y, x)


_define((operator.add, operator.iadd), 2, None, lambda code, kind, x, y: code.each("fadd", kind, x, y))
_define((operator.sub, operator.isub), 2, None, lambda code, kind, x, y: code.each("fsub", kind, x, y))
_define((operator.mul, operator.imul), 2, None, lambda code, kind, x, y: code.mul(kind, x, y))
_define((operator.truediv, operator.itruediv), 2, None, lambda code, kind, x, y: code.div(kind, x, y))
_define((operator.neg,), 1, None, lambda code, kind, x: code.each("fneg", kind, x))
_define((abs,), 1, None, _absolute)
_define((max,), 2, None, _chosen(">"))
_define((min,), 2, None, _chosen("<"))
_define((int,), 1, types.int64, lambda code, kind, x: code.builder.fptosi(code.innermost(kind, x), ir.IntType(64)))
for _operator, _predicate in (
    *((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")),
    *((operator.eq, "=="), (operator.ne, "!=")),
):
    _define((_operator,), 2, types.boolean, _compare(_predicate))


def _part(index: int) -> Any:
    @intrinsic
    def part(context: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.extract_value(args[0], index)

        return x.part(x), codegen

    return part


@intrinsic
def _pair(context: Any, value: Any, slope: Any) -> Any:
    """A pair of two numbers, or of two pairs."""
    part = _deepest((value, slope))
    part = part if isinstance(part, Pair) else types.float64

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _Code(context, builder).pair(sig.return_type, *args)

    return Pair(part)(part, part), codegen


@intrinsic
def _scaled(context: Any, slope: Any, factor: Any) -> Any:
    """A tangent times a factor."""
    part = _deepest((slope, factor))
    part = part if isinstance(part, Pair) else types.float64

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _Code(context, builder).scaled(part, *args)

    return part(part, part), codegen


_value, _slope = _part(0), _part(1)


def _elements(kind: Any) -> tuple[Any, ...]:
    return tuple(kind.types) if isinstance(kind, types.BaseTuple) else (kind,)


@intrinsic
def _flat(context: Any, results: Any) -> Any:
    """The values and the tangents of one result or of several: value, tangent, value, tangent, ..."""
    kinds = _elements(results)
    deepest = _deepest(kinds)
    deepest = deepest if isinstance(deepest, Pair) else Pair(types.float64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        single = not isinstance(results, types.BaseTuple)
        parts = []
        for i, kind in enumerate(kinds):
            x = context.cast(builder, args[0] if single else builder.extract_value(args[0], i), kind, deepest)
            parts += [builder.extract_value(x, 0), builder.extract_value(x, 1)]
        return context.make_tuple(builder, sig.return_type, parts)

    return types.UniTuple(deepest.part, 2 * len(kinds))(results), codegen


# Functions with derivatives of their own ---------------------------------------------------------

_JIT: dict[str, Any] = {
    "error_model": "numpy",
    "forceinline": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "pipeline_class": LinkedCompiler,
}


class Rule:
    """What stands for a function in kernels of pairs; where no argument is one, it is the function itself."""

    def __init__(self, function: Any, slopes: pytypes.FunctionType | None, outputs: int) -> None:
        self.__name__ = f"{function.__name__}_of_pairs"
        self._function, self._slopes, self._outputs = function, slopes, outputs
        overload(self, strict=False, jit_options=_JIT)(self._implementation)

    def __call__(self, *args: Any) -> Any:
        raise TypeError(f"{self.__name__} is for compiled kernels")

    def digest(self) -> str:
        """Of the function and of its derivatives."""
        code = [cpu.SUBSTITUTES.get(self._function, self._function), self._slopes]
        return "".join(fingerprint(f, cpu.SUBSTITUTES) for f in code if isinstance(f, pytypes.FunctionType))

    def _implementation(self, *kinds: Any) -> Any:
        """The Python function that Numba compiles for arguments of these types."""
        depth = max(map(_depth, kinds))
        if not depth:
            return self._plain()
        names = [f"x{i}" for i in range(len(kinds))]
        moving = [i for i, kind in enumerate(kinds) if _depth(kind) == depth]
        values = ", ".join(f"value({name})" if i in moving else name for i, name in enumerate(names))
        lines = [f"def {self.__name__}({', '.join(names)}):", f"    result = RULE({values})"]
        if self._slopes is None:
            lines += ["    return result"]
        else:
            lines += [f"    slopes = SLOPES(result, {values})"]
            results = [f"r{i}" for i in range(self._outputs)] or ["result"]
            lines += [f"    {', '.join(results)} = result"] if self._outputs else []
            for k, result in enumerate(results):
                place = f"[{k}]" if self._outputs else ""
                terms = [f"scaled(slope(x{i}), slopes{place}{f'[{i}]' if len(kinds) > 1 else ''})" for i in moving]
                lines += [f"    {result} = pair({result}, {' + '.join(terms)})"]
            lines += [f"    return {', '.join(results)}"]
        names_of_rule: dict[str, Any] = {
            "RULE": self,
            "value": _value,
            "slope": _slope,
            "pair": _pair,
            "scaled": _scaled,
            "SLOPES": self._slopes and cpu.jitted(of_pairs(depth - 1)(self._slopes)),
        }
        exec("\n".join(lines), names_of_rule)
        return names_of_rule[self.__name__]

    def _plain(self) -> Any:
        substitute = cpu.SUBSTITUTES.get(self._function, self._function)
        if isinstance(substitute, pytypes.FunctionType):
            compiled = cpu.jitted(substitute)
            if not cpu.heavy(substitute):
                return compiled.py_func
            substitute = compiled
        names = {"function": substitute}
        exec("def plain(*args):\n    return function(*args)", names)
        return names["plain"]


_rules: dict[Any, Rule] = {}


def derivative(function: Any, outputs: int = 0) -> Callable[[Any], Any]:
    """Declare the derivatives of a function, for where a kernel of pairs calls it.

    The kernel that is decorated takes the result and the arguments, and gives the derivative in the argument, or a
    tuple of those in each. A function that gives a tuple of `outputs` has a tuple of such.
    """

    def declare(slopes: Any) -> Any:
        _rules[function] = Rule(function, slopes, outputs)
        return slopes

    return declare


@functools.cache
def _edition() -> str:
    """A digest of what decides the machine code of pairs: these instructions, and all rules."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for rule in sorted(_rules.values(), key=lambda rule: rule.__name__):
        digest.update(f"{rule.__name__}:{rule.digest()};".encode())
    return digest.hexdigest()


def _marked(function: pytypes.FunctionType, heavy: bool) -> Any:
    """A clone as a kernel, whose fingerprint knows of the rules."""
    code = function.__code__
    code = code.replace(co_consts=(*code.co_consts, _edition()))
    clone = pytypes.FunctionType(code, function.__globals__, function.__name__, function.__defaults__)
    return kernel(clone, heavy=heavy)


@functools.cache
def of_pairs(depth: int | None = None) -> Cloner:
    """What makes of a kernel, and of all that it calls, one with rules in the place of the functions that have one.

    The derivatives that a rule needs at some depth of pairs are clones of their own. They may call the kernel that is
    being compiled for a deeper one: Numba would take that for recursion, and leave its symbol for later.
    """
    return Cloner(_rules, _marked)


# Kernels of arguments and tangents ---------------------------------------------------------------


@functools.cache
def tangent(function: pytypes.FunctionType, arity: int) -> pytypes.FunctionType:
    """The kernel of arguments and their tangents that gives each result of a kernel with its tangent after it."""
    names = [f"x{i}" for i in range(arity)]
    pairs = ", ".join(f"pair({name}, d{name})" for name in names)
    given = ", ".join([*names, *(f"d{name}" for name in names)])
    return expression(f"flat(formula({pairs}))", given, flat=_flat, pair=_pair, formula=of_pairs()(function))


# Elementary functions ----------------------------------------------------------------------------


def _declared(functions: dict[Any, str], arguments: str) -> None:
    known = (math.cos, math.sin, math.cosh, math.sinh, math.exp, math.log, math.sqrt, math.pow)
    names = {f.__name__: f for f in known}
    for function, text in functions.items():
        derivative(function)(expression(text, f"r, {arguments}", **names))


_declared(
    {
        math.log: "1.0 / x",
        math.log1p: "1.0 / (1.0 + x)",
        math.exp: "r",
        elementary.exp: "r",
        elementary.exp_within: "r",
        elementary.log: "1.0 / x",
        math.expm1: "exp(x)",
        math.sqrt: "0.5 / r",
        math.cbrt: "1.0 / (3.0 * r * r)",
        math.sin: "cos(x)",
        math.cos: "-sin(x)",
        math.tan: "1.0 + r * r",
        math.atan: "1.0 / (1.0 + x * x)",
        math.sinh: "cosh(x)",
        math.cosh: "sinh(x)",
        math.tanh: "4.0 * exp(-2.0 * abs(x)) / (1.0 + exp(-2.0 * abs(x))) / (1.0 + exp(-2.0 * abs(x)))",
        math.asinh: "1.0 / sqrt(1.0 + x * x)",
        math.atanh: "1.0 / ((1.0 - x) * (1.0 + x))",
    },
    "x",
)
_declared(
    {
        elementary.log_sum: "1.0 / (x + rest), 1.0 / (x + rest)",
        elementary.exp_sum: "r, r",
        math.pow: "rest * pow(x, rest - 1.0), r * log(x)",
        math.atan2: "rest / (x * x + rest * rest), -x / (x * x + rest * rest)",
    },
    "x, rest",
)
_declared({bits.fma: "y, x, 1.0"}, "x, y, z")
for _function in (math.floor, math.ceil, math.trunc, bits.to_int):
    _rules[_function] = Rule(_function, None, 0)
