"""Both tails and their logarithms from the smaller one, and the derivatives of all from those of the cdf."""

from __future__ import annotations

from math import exp, log, log1p
from types import FunctionType
from typing import Any

from fastdist.engine.kernel import expression, filled, kernel

INF = float("inf")


def of_the_family(*_: Any) -> Any:
    """In the place of the family's formula."""
    raise NotImplementedError("a template: from_smaller puts the formula of a family in")


SMALLER = of_the_family


@kernel
def _cdf(x, c):
    exponent, factor, lower = SMALLER(x, c)
    tail = exp(exponent) * factor
    return tail if lower else 1.0 - tail


@kernel
def _sf(x, c):
    exponent, factor, lower = SMALLER(x, c)
    tail = exp(exponent) * factor
    return 1.0 - tail if lower else tail


@kernel
def _log_cdf(x, c):
    exponent, factor, lower = SMALLER(x, c)
    return exponent + log(factor) if lower else log1p(-exp(exponent) * factor)


@kernel
def _log_sf(x, c):
    exponent, factor, lower = SMALLER(x, c)
    return log1p(-exp(exponent) * factor) if lower else exponent + log(factor)


def from_smaller(tail: FunctionType) -> dict[str, Any]:
    """The kernels `cdf`, `sf`, `log_cdf` and `log_sf`.

    Parameters
    ----------
    tail : function
        ``tail(x, c)`` gives ``(exponent, factor, lower)``: exp(exponent) times factor is the lower or the upper
        tail, whichever is not much larger than the other.
    """
    templates = {"cdf": _cdf, "sf": _sf, "log_cdf": _log_cdf, "log_sf": _log_sf}
    return {name: filled(template, SMALLER=tail) for name, template in templates.items()}


@kernel
def _known(parts, c):
    return parts[0], parts[1], parts[2]


@kernel
def _cdf_and_slope(tail, parts):
    return tail, -exp(parts[0]) * parts[3]


@kernel
def _log_cdf_and_slope(tail, parts):
    return tail, -_over(parts[0], tail) * parts[3]


@kernel
def _log_sf_and_slope(tail, parts):
    return tail, _over(parts[0], tail) * parts[3]


def from_smaller_with_slope(tail_and_fall: FunctionType) -> dict[str, Any]:
    """The kernels that :func:`with_slopes` makes, for one parameter, where a tail and its fall share their terms.

    Parameters
    ----------
    tail_and_fall : function
        ``tail_and_fall(x, c)`` gives what `tail` gives in :func:`from_smaller`, and what times exp(exponent) the cdf
        falls with the parameter.
    """
    tails, found = from_smaller(_known), {}
    for name, pick in (("cdf", _cdf_and_slope), ("log_cdf", _log_cdf_and_slope), ("log_sf", _log_sf_and_slope)):
        joined = expression("pick(tail(parts, c), parts)", "parts, c", pick=pick, tail=tails[name])
        found[f"{name}_and_grad"] = expression("joined(parts(x, c), c)", "x, c", joined=joined, parts=tail_and_fall)
    return found


@kernel
def _over(log_size, log_tail):
    return exp(log_size - log_tail) if log_tail > -INF else 0.0


def with_slopes(falls: FunctionType, tails: dict[str, FunctionType], parameters: int) -> dict[str, Any]:
    """The kernels `cdf_and_grad`, `log_cdf_and_grad` and `log_sf_and_grad` of a distribution on the integers.

    A tail may be too small for float64, and its derivative too; their quotient is not.

    Parameters
    ----------
    falls : function
        ``falls(x, c)``: for each parameter the logarithm of how fast the cdf falls with it, and the sign of that, or
        another factor.
    tails : dict
        The kernels `cdf`, `log_cdf` and `log_sf`.
    parameters : int
        How many there are.
    """
    found = {}
    for name, sign, size in (("cdf", "-", "exp({})"), ("log_cdf", "-", "over({}, t)"), ("log_sf", "", "over({}, t)")):
        slopes = (f"{sign}{size.format(f'f[{2 * i}]')} * f[{2 * i + 1}]" for i in range(parameters))
        joined = expression(", ".join(["t", *slopes]), "t, f", exp=exp, over=_over)
        text = "joined(tail(x, c), falls(x, c))"
        found[f"{name}_and_grad"] = expression(text, "x, c", joined=joined, tail=tails[name], falls=falls)
    return found
