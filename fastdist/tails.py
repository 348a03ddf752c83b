"""Both tails and their logarithms from the smaller one: where a family computes that to full accuracy."""

from __future__ import annotations

from math import exp, log, log1p
from types import FunctionType
from typing import Any

from fastdist.engine.kernel import filled, kernel


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
