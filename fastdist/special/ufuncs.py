"""Derivatives of SciPy's incomplete gamma and beta functions and their inverses, for Duals: by the kernels here."""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from typing import Any

import numpy as np
from scipy import special

from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.forward.kernels import applied
from fastdist.forward.ufuncs import partials
from fastdist.special.beta import beta_log_kernel
from fastdist.special.incomplete_beta import betainc_grad
from fastdist.special.incomplete_gamma import gammainc_da_prepared
from fastdist.special.incomplete_gamma_regions import gammainc_constants, smaller_tail

INF = float("inf")


@kernel(heavy=True)
def gammainc_slopes(a, x):
    """The derivatives of P(a, x) in a and x."""
    c = gammainc_constants(a)
    if not 0.0 < x < INF:
        return 0.0, 0.0 if x > 0.0 or a > 1.0 else (1.0 if a == 1.0 else INF)
    _, exponent, _, factor = smaller_tail(x, c)
    return gammainc_da_prepared(x, c)[2], exp(exponent) * factor * a / x


@kernel(heavy=True)
def betainc_slopes(a, b, x):
    """The derivatives of I_x(a, b) in a, b and x."""
    y = 1.0 - x
    _, _, in_a, in_b = betainc_grad(a, b, x, y)
    if not 0.0 < x < 1.0:
        shape = a if x == 0.0 else b
        return in_a, in_b, 0.0 if shape > 1.0 else (INF if shape < 1.0 else (b if x == 0.0 else a))
    return in_a, in_b, exp(beta_log_kernel(a, b, x, y)) / (x * y)


def _rules(slopes: Any, name: str, sign: float) -> list[Callable[..., Any]]:
    """One for each argument of a function that `slopes` has the derivatives of, up to the sign."""

    def rule(k: int) -> Callable[..., Any]:
        def partial(result: Any, *arguments: Any) -> Any:
            found = applied(slopes, arguments, np.broadcast_shapes(*map(np.shape, arguments)), F64, name)
            return sign * found[k]

        return partial

    return [rule(k) for k in range(slopes.__code__.co_argcount)]


def _inverse(slopes: Any, name: str, sign: float) -> list[Callable[..., Any]]:
    """The rules of the inverse in the last argument: by those of the function at the result."""
    forward = _rules(slopes, name, sign)

    def rule(k: int) -> Callable[..., Any]:
        def partial(result: Any, *arguments: Any) -> Any:
            at = *arguments[:-1], result
            slope = 1.0 / forward[-1](None, *at)
            return slope if k == len(at) - 1 else -forward[k](None, *at) * slope

        return partial

    return [rule(k) for k in range(len(forward))]


partials(special.gammainc, *_rules(gammainc_slopes, "gammainc", 1.0))
partials(special.gammaincc, *_rules(gammainc_slopes, "gammaincc", -1.0))
partials(special.gammaincinv, *_inverse(gammainc_slopes, "gammaincinv", 1.0))
partials(special.gammainccinv, *_inverse(gammainc_slopes, "gammainccinv", -1.0))
partials(special.betainc, *_rules(betainc_slopes, "betainc", 1.0))
partials(special.betaincc, *_rules(betainc_slopes, "betaincc", -1.0))
partials(special.betaincinv, *_inverse(betainc_slopes, "betaincinv", 1.0))
partials(special.betainccinv, *_inverse(betainc_slopes, "betainccinv", -1.0))
