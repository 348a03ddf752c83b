"""Numbers with slopes, on which the kernels of summaries run in CPython."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from fastdist.engine import bits, elementary
from fastdist.engine.kernel import Cloner


class Number:
    """A float and its derivatives in some parameters."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: float, slopes: tuple[float, ...]) -> None:
        self.value = value
        self.slopes = slopes

    def moved(self, value: float, slope: float) -> Number:
        """What a function of one number gives, from its value and its derivative."""
        return Number(value, tuple(slope * s if s else 0.0 for s in self.slopes))

    def __add__(self, other: Any) -> Number:
        if isinstance(other, Number):
            return Number(self.value + other.value, tuple(map(float.__add__, self.slopes, other.slopes)))
        return Number(self.value + other, self.slopes)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Number:
        return self + -other

    def __rsub__(self, other: Any) -> Number:
        return -self + other

    def __neg__(self) -> Number:
        return self.moved(-self.value, -1.0)

    def __mul__(self, other: Any) -> Number:
        if isinstance(other, Number):
            return self.moved(0.0, other.value) + other.moved(self.value * other.value, self.value)
        return self.moved(self.value * other, float(other))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Number:
        if isinstance(other, Number):
            value = _ratio(self.value, other.value)
            return self.moved(0.0, _ratio(1.0, other.value)) + other.moved(value, -_ratio(value, other.value))
        return self.moved(_ratio(self.value, other), _ratio(1.0, other))

    def __rtruediv__(self, other: Any) -> Number:
        value = _ratio(other, self.value)
        return self.moved(value, -_ratio(value, self.value))

    def __pow__(self, power: Any) -> Number:
        if isinstance(power, Number):
            return _exp(power * _log(self))
        return self.moved(self.value**power, power * self.value ** (power - 1))

    def __rpow__(self, base: float) -> Number:
        return self.moved(base**self.value, base**self.value * math.log(base))

    def __mod__(self, other: float) -> Number:
        return self.moved(self.value % other, 1.0)

    def __abs__(self) -> Number:
        return self.moved(abs(self.value), math.copysign(1.0, self.value))

    def __lt__(self, other: Any) -> bool:
        return self.value < value_of(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= value_of(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > value_of(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= value_of(other)

    def __eq__(self, other: object) -> bool:
        return self.value == value_of(other)

    def __ne__(self, other: object) -> bool:
        return self.value != value_of(other)

    __hash__ = None  # type: ignore[assignment]

    def __int__(self) -> int:
        return int(self.value)


def value_of(number: Any) -> Any:
    """The float of a number with slopes."""
    return number.value if isinstance(number, Number) else number


def _ratio(x: float, y: float) -> float:
    if y:
        return x / y
    return math.nan if x == 0 or x != x else math.copysign(math.inf, x) * math.copysign(1.0, y)


def _lifted(function: Callable[[float], float], slope: Callable[[float, float], float]) -> Callable[[Any], Any]:
    """A function of a float for numbers with slopes; ``slope(x, value)`` is its derivative."""

    def lifted(x: Any) -> Any:
        if not isinstance(x, Number):
            return function(x)
        value = function(x.value)
        return x.moved(value, slope(x.value, value))

    return lifted


def _safe(function: Callable[[float], float]) -> Callable[[float], float]:
    """A function of :mod:`math` with the values of IEEE 754 where that raises."""

    def safe(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.inf
        except ValueError:
            return -math.inf if x == 0 else math.nan

    return safe


_log = _lifted(_safe(math.log), lambda x, value: _ratio(1.0, x))
_exp = _lifted(_safe(math.exp), lambda x, value: value)


def _log1p(x: float) -> float:
    return math.log1p(x) if x > -1 else (-math.inf if x == -1 else math.nan)


def _no_bits(x: Any) -> int:
    if isinstance(x, Number):
        raise TypeError("there is no rule for this formula with parameters that are Duals: it looks at the bits of one")
    found: int = bits.float_bits(x)  # type: ignore[no-untyped-call]
    return found


def _fma(a: Any, b: Any, c: Any) -> Any:
    return a * b + c


def _smaller_or_larger(function: Callable[..., Any]) -> Callable[..., Any]:
    def chosen(*numbers: Any) -> Any:
        return function(numbers, key=value_of)

    return chosen


SUBSTITUTES: dict[Any, Any] = {
    math.log: _log,
    math.exp: _exp,
    math.log1p: _lifted(_log1p, lambda x, value: _ratio(1.0, 1.0 + x)),
    math.expm1: _lifted(_safe(math.expm1), lambda x, value: value + 1.0),
    math.sqrt: _lifted(_safe(math.sqrt), lambda x, value: _ratio(0.5, value)),
    math.cbrt: _lifted(math.cbrt, lambda x, value: _ratio(1.0, 3.0 * value * value)),
    math.sin: _lifted(math.sin, lambda x, value: math.cos(x)),
    math.cos: _lifted(math.cos, lambda x, value: -math.sin(x)),
    math.tan: _lifted(math.tan, lambda x, value: 1.0 + value * value),
    math.atan: _lifted(math.atan, lambda x, value: 1.0 / (1.0 + x * x)),
    math.sinh: _lifted(_safe(math.sinh), lambda x, value: math.cosh(x)),
    math.cosh: _lifted(_safe(math.cosh), lambda x, value: math.sinh(x)),
    math.tanh: _lifted(math.tanh, lambda x, value: (1.0 - value) * (1.0 + value)),
    math.asinh: _lifted(math.asinh, lambda x, value: 1.0 / math.hypot(1.0, x)),
    math.atanh: _lifted(_safe(math.atanh), lambda x, value: _ratio(1.0, (1.0 - x) * (1.0 + x))),
    math.floor: lambda x: float(math.floor(value_of(x))),
    math.ceil: lambda x: float(math.ceil(value_of(x))),
    elementary.log_sum: lambda x, rest: _log(x + rest),
    elementary.exp_sum: lambda x, rest: _exp(x + rest),
    bits.fma: _fma,
    bits.float_bits: _no_bits,
    bits.to_int: lambda x: int(value_of(x)),
    max: _smaller_or_larger(max),
    min: _smaller_or_larger(min),
}

# What is no plain function is not cloned.
with_slopes = Cloner(
    {name: functools.partial(function) for name, function in SUBSTITUTES.items()}, lambda function, heavy: function
)
"""A kernel as a Python function of numbers with slopes."""
