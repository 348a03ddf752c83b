"""Point mass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.forward.dual import level_of, made, without_tangent
from fastdist.kernels import Kernels
from fastdist.kl import Whole, register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler

INF, NAN = float("inf"), float("nan")

# The guards of the support, which is the value alone, leave the formulas next to nothing to say.


@kernel
def prepare(value):
    return (value,)


@kernel
def bounds(c):
    return c[0], c[0]


@kernel
def nothing(x, c):
    return 0.0


@kernel
def log_prob_and_grad(x, c):
    return 0.0, 0.0, 0.0


@kernel
def quantile(p, c):
    return c[0]


@kernel
def sample_grad(x, c):
    return 1.0


@kernel
def draw(noise, c):
    return c[0]


@kernel
def mean(value):
    return value


@kernel
def zero(value):
    return 0.0


@kernel
def undefined(value):
    return NAN


class Delta(Distribution):
    r"""Point mass at a real number.

    .. math:: P(X = v) = 1

    Parameters
    ----------
    value : array_like of real
        The only value :math:`v`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy and torch have no such distribution; Pyro's and NumPyro's ``Delta(v)`` have ``v = value``. As there, the
    log density is that with respect to the mass: 0 at `value` and -inf elsewhere. The cdf is a step, and every
    quantile is `value`. Draws are copies of `value`, and their derivative in it is 1. The derivatives of the
    log density and of the cdf are 0: almost everywhere they are flat, and where they are not they have none.
    Skewness and kurtosis are not defined, and NaN.

    Raises
    ------
    ValueError
        If `value` is not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Delta(value=2.5)
    >>> d.log_prob([2.5, 2.0])
    array([  0., -inf])
    >>> d.cdf([2.0, 2.5])
    array([0., 1.])
    """

    value = Parameter(constraints.real)
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        log_prob=nothing,
        log_prob_and_grad=log_prob_and_grad,
        cdf=nothing,
        sf=nothing,
        log_cdf=nothing,
        log_sf=nothing,
        icdf=quantile,
        isf=quantile,
        cdf_and_grad=log_prob_and_grad,
        sampler=Sampler(draw, uniforms=1),
        sample_grad=sample_grad,
        mean=mean,
        variance=zero,
        skewness=undefined,
        kurtosis=undefined,
        median=mean,
        mode=mean,
        entropy=zero,
    )

    def __init__(self, value: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, value=value)

    @constraints.dependent_property()
    def support(self) -> Any:
        """The value alone."""
        return constraints.interval(self.value, self.value)

    def _at_duals(self, name: str, d: Any, value: Any) -> Any:
        """Quantiles are the value itself, the others step where it is: else they do not move."""
        plain = without_tangent(value)
        place, result = chain_rule.argument(d, "value", self.value), getattr(self, name)(plain)
        if name in chain_rule.QUANTILES and level_of(place):
            still = 0.0 * np.where(np.isfinite(plain), value, 0.0)
            return np.where(np.isnan(result), result, place + still)
        deepest = max(value, place, key=level_of)
        still = np.zeros((len(deepest._directions), *np.shape(result)), result.dtype)
        return made(result, still, deepest._single, deepest._level)

    def expect(self, func: Callable[[Any], Any] | None = None) -> Any:
        """``func(value)``."""
        return np.asarray(self.value if func is None else func(self.value), self.dtype)[()]


def kl_delta(p: Delta, q: Distribution, shape: tuple[int, ...]) -> Any:
    """The negative log mass that q has at the value; infinite where q has a density, and mass at no number."""
    return -q.log_prob(p.value) if q.support.is_discrete else INF


def kl_delta_and_grad(p: Delta, q: Distribution, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    value = np.broadcast_to(kl_delta(p, q, shape), shape)
    in_p = {"value": NAN}
    if not q.support.is_discrete:
        return value, in_p, dict.fromkeys(q._parameters, NAN)
    in_q = {name: -np.asarray(slope) for name, slope in q.log_prob_and_grad(p.value)[1].items()}
    for name, slope in in_q.items():
        finite = np.isfinite(value)[(..., *(np.newaxis,) * (slope.ndim - value.ndim))]
        in_q[name] = np.where(finite, slope, NAN)
    return value, in_p, in_q


def kl_to_delta(p: Distribution, q: Delta, shape: tuple[int, ...]) -> Any:
    """0 where p is at that value, too; else infinite."""
    discrete = isinstance(p, Delta) or p.support.is_discrete
    return np.where(np.equal(p.log_prob(q.value), 0.0), 0.0, INF) if discrete else INF


def kl_to_delta_and_grad(p: Distribution, q: Delta, shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    return kl_to_delta(p, q, shape), dict.fromkeys(p._parameters, NAN), {"value": NAN}


register_kl(Delta, Distribution)(Whole(kl_delta, kl_delta_and_grad))
register_kl(Distribution, Delta)(Whole(kl_to_delta, kl_to_delta_and_grad))
register_kl(Delta, Delta)(Whole(kl_to_delta, kl_to_delta_and_grad))
