"""Multivariate normal distribution."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from fastdist import constraints, linear
from fastdist.distributions import gaussian
from fastdist.distributions.elliptical import (
    COVARIANCE,
    DENSITY,
    FILL_SLOPES,
    MIX,
    PRECISION,
    SCALE_TRIL,
    SQUARED_LENGTH,
    Density,
    Elliptical,
    Form,
)
from fastdist.engine import rows
from fastdist.engine.device import negative, on_device
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.forward.rows import prepared
from fastdist.kl import Whole, register_kl
from fastdist.linear import Definite, Factor, Scattered
from fastdist.special.lanes import multiply_lanes, solve_lanes
from fastdist.special.matrices import signed_log_diagonal

HALF_LOG_2PI = 0.91893853320467274178
# Of a sum this much is left at least, if what takes from it is not to lose digits.
KEPT = 0.125


@kernel
def finish(square, numbers):
    return numbers[0] - 0.5 * square


@kernel
def far(square, numbers):
    return numbers[0] - 0.5 * square * (1.0 if square >= 0.0 else square)


@kernel
def log_prob_and_grad(x, c, w, in_x, in_loc, in_matrix):
    square = SQUARED_LENGTH(x, c, w)
    FILL_SLOPES(x, c, w, 1.0, 1.0, in_x, in_loc, in_matrix)
    return DENSITY(square, c[3:])


@kernel
def draw(noise, c, out):
    MIX(c[1], noise[0])
    for k in range(len(out)):
        out[k] = noise[0][k] + c[0][k]


@kernel
def of_log_scale(factor, inverse, more, sign):
    return sign * (signed_log_diagonal(factor, inverse) + more)


@functools.cache
def _scattered(precision: bool) -> Scattered:
    return Scattered(multiply_lanes if precision else solve_lanes)


class MultivariateNormal(Elliptical):
    r"""Multivariate normal (Gaussian) distribution.

    .. math:: p(x) = (2\pi)^{-D/2} |\Sigma|^{-1/2} \exp\left(-\tfrac12 (x-\mu)^T \Sigma^{-1} (x-\mu)\right)

    Parameters
    ----------
    loc : array_like of real, shape (..., D)
        Mean :math:`\mu`.
    covariance_matrix : array_like, shape (..., D, D)
        Symmetric positive definite :math:`\Sigma`.
    precision_matrix : array_like, shape (..., D, D)
        Symmetric positive definite :math:`\Sigma^{-1}`.
    scale_tril : array_like, shape (..., D, D)
        Lower triangular with a positive diagonal, :math:`\Sigma = L L^T`. Give exactly one of the three.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``multivariate_normal(loc, covariance_matrix)`` is the same distribution; a singular covariance is refused
    here, and the cdf is not defined. The parameters and their order are torch's. What is not given of the three
    matrices is derived on request, and kept.

    A covariance or a precision may be asymmetric by rounding, that of float32 included: its lower triangle counts.

    The density takes one triangular solve, with the Cholesky factor of the covariance, or one product with that of the
    precision, so that an ill-conditioned matrix costs no more digits than its own rounding does.

    Derivatives are in the matrix that was given. For `scale_tril` they are 0 above the diagonal. For a covariance or a
    precision they are symmetric: the change of the result with a symmetric change of the matrix is the sum over
    all entries of the product of the two, as in torch. :meth:`log_prob_and_grad` takes D times the memory of the
    values, :meth:`rsample_and_grad` the square of D times that of the draws;
    :meth:`log_likelihood_and_grad` keeps none of it.

    Raises
    ------
    ValueError
        If not exactly one matrix is given, if shapes do not agree, if `loc` is not finite, if a matrix is not finite,
        not symmetric or not positive definite: the error names its index in the batch, and the first leading minor
        that is not positive; or if `scale_tril` is not lower triangular with a positive diagonal.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.MultivariateNormal([0.0, 1.0], covariance_matrix=[[2.0, 1.0], [1.0, 3.0]])
    >>> d.log_prob([[0.0, 1.0], [1.0, 0.0]])
    array([-2.64259602, -3.34259602])
    >>> d.scale_tril
    array([[1.41421356, 0.        ], [0.70710678, 1.58113883]])
    >>> d.sample(3, rng=1).shape
    (3, 2)
    """

    covariance_matrix = Definite(constraints.positive_definite, derived=lambda d: d._of_matrix(COVARIANCE))
    precision_matrix = Definite(constraints.positive_definite, derived=lambda d: d._of_matrix(PRECISION))
    scale_tril = Factor(constraints.lower_cholesky, derived=lambda d: d._of_matrix(SCALE_TRIL))

    _density = Density(finish, far, log_prob_and_grad, draw, noise=(), numbers=1)
    _forms: ClassVar[dict[str, Form]] = {
        "covariance_matrix": COVARIANCE,
        "precision_matrix": PRECISION,
        "scale_tril": SCALE_TRIL,
    }

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool = True,
    ) -> None:
        matrices = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        self._freeze_matrix(validate_args, matrices, loc=loc)

    def _make_numbers(self) -> tuple[np.ndarray, ...]:
        return (self._of_log_scale(-1.0, HALF_LOG_2PI),)

    def _numbers_at(self, d: Any, factor: Any) -> list[Any]:
        given = [(factor, 2), *((number, 0) for number in self._signs(-1.0, HALF_LOG_2PI))]
        return prepared(of_log_scale, given, factor.shape[:-2], 1)

    def _of_log_scale(self, sign: float, each: float) -> Any:
        """The log of the scale and as much for each number of an event, times a sign: of the factor's batch."""
        given = self._factor, *self._signs(sign, each)
        return rows.prepare(of_log_scale, given, tuple(self._factor.shape)[:-2], 1, ()).batched()[0]

    def _signs(self, sign: float, each: float) -> tuple[float, float, float]:
        return -1.0 if self._form.precision else 1.0, self.event_shape[0] * each, sign

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        found = None
        if name == "log_prob_and_grad" and not (self.batch_shape or self._place or on_device(value)):
            found = self._summed(value)
        return super()._total(name, value) if found is None else found

    def _summed(self, value: Any) -> tuple[Any, ...] | None:
        """The log-likelihood and its derivatives, of the scatter of events; None where that is not finite."""
        total = super()._total("log_prob", value)[0]
        size, form, factor = self.event_shape[0], self._form, self._factor
        events = np.asarray(value).reshape(-1, size)
        n, inverse = len(events), linear.inverse(factor)
        if not np.isfinite(total) or not n:
            return None
        sums, scatter = _scattered(form.precision)(events, self._parameters["loc"].astype(F64), factor)
        # Of the standardised events: those times F^-T, or F^T, are the derivatives in `loc`.
        in_loc = (factor if form.precision else inverse).T @ sums
        if form is SCALE_TRIL:
            in_matrix = np.tril(inverse.T @ scatter) - np.diag(n / np.diagonal(factor))
        elif form is COVARIANCE:
            in_matrix = 0.5 * (linear.symmetric(inverse.T @ scatter @ inverse) - n * self._derived(PRECISION))
        else:
            in_matrix = 0.5 * (n * self._derived(COVARIANCE) - linear.symmetric(inverse @ scatter @ inverse.T))
        return total, -in_loc, in_loc, in_matrix

    def mean(self) -> Any:
        """The mean: `loc`."""
        return self._parameters["loc"]

    def covariance(self) -> Any:
        """Covariance matrix: `covariance_matrix`."""
        return self.covariance_matrix

    def variance(self) -> Any:
        """Variance of each number of an event: the diagonal of the covariance."""
        return self._once("variance", lambda: self._rounded(self._diagonal()))

    def entropy(self) -> Any:
        """Entropy in nats: half the log-determinant of 2 pi e times the covariance."""
        return self._once("entropy", lambda: self._of_batch(self._of_log_scale(1.0, HALF_LOG_2PI + 0.5)))

    def _side(self, d: Any = None) -> gaussian.Side:
        """At the parameters of `d`, which may carry tangents, if it is given."""
        return gaussian.Side(*self._place_at(d or self), self._form.precision)

    def _scale(self) -> gaussian.Scale:
        covariance, precision = (functools.partial(self._derived, form) for form in (COVARIANCE, PRECISION))
        return gaussian.Scale(self._derived(SCALE_TRIL), covariance, precision)

    def _named_slopes(self, in_loc: np.ndarray, in_matrix: Callable[[str], np.ndarray]) -> dict[str, Any]:
        """The derivatives of a divergence by name; ``in_matrix(name)`` gives that in the matrix as given."""
        (name,) = self._forms.keys() & self._parameters.keys()
        return {"loc": in_loc, name: in_matrix(name)}


def dense_divergence(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
    """By the Cholesky factors of both."""
    first, second = (d._plain._side(d) for d in (p, q))
    return gaussian.divergence(first, second, shape)


def _divergence_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    value, in_loc, m, z, delta = gaussian.slopes(p._side(), q._side(), shape)
    own, other = p._scale(), q._scale()
    first = p._named_slopes(in_loc, lambda name: gaussian.in_first(name, own, other, m, shape))
    second = q._named_slopes(negative(in_loc), lambda name: gaussian.in_second(name, other, own, m, z, delta, shape))
    return value, first, second


register_kl(MultivariateNormal, MultivariateNormal)(
    Whole(dense_divergence, _divergence_and_grad, on_device=True, moving=dense_divergence)
)


def of_traces(p: Any, q: Any, trace: np.ndarray, square: np.ndarray) -> np.ndarray | None:
    """The divergence from the trace of Q S and the square of the difference; None where that would lose digits."""
    size, logs = p.event_shape[0], q._log_scale() - p._log_scale()
    value = 0.5 * (trace + square - size) + logs
    return value if np.all(value > KEPT * (0.5 * (trace + size) + np.abs(logs))) else None


# To a covariance of low rank plus a diagonal -----------------------------------------------------


def _by_traces(p: Any, q: Any) -> np.ndarray | None:
    """From any large covariance S to one whose inverse Q is quickly applied; None where that would lose digits.

    It is half the trace of Q S and the square of the difference of the locations, and what the normalisers differ by.
    """
    size = p.event_shape[0]
    if size < gaussian.BLOCKS or p._form.precision:
        return None
    factor, (_, diagonal, *_) = p._scale().factor, q._centred()
    delta = np.subtract(p.loc, q.loc, dtype=F64)[..., np.newaxis]
    whole = (np.square(factor).sum(axis=-1) / diagonal).sum(axis=-1)
    trace = whole - np.square(np.matmul(q._taken(), factor)).sum(axis=(-2, -1))
    square = (delta * q._times_precision(delta)).sum(axis=(-2, -1))
    return of_traces(p, q, trace, square) if np.all(trace > KEPT * whole) else None


def _to_low_rank(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
    value = _by_traces(p, q)
    return dense_divergence(p, q, shape) if value is None else value


def _to_low_rank_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """The inverse covariance times W is not made of that of the covariance, in which it would cancel for large W."""
    value, own = _by_traces(p, q), p._scale()
    if value is None:
        other = q._scale()
        value, in_loc, m, z, delta = gaussian.slopes(p._side(), q._side(), shape)
        in_covariance = gaussian.in_second("covariance_matrix", other, own, m, z, delta, shape)
        in_diagonal = np.diagonal(in_covariance, axis1=-2, axis2=-1)
        first = p._named_slopes(in_loc, lambda name: gaussian.in_first(name, own, other, m, shape))
    else:
        delta = np.subtract(p.loc, q.loc, dtype=F64)[..., np.newaxis]
        crossed, in_loc = q._times_precision(own.factor), q._times_precision(delta)[..., 0]
        in_diagonal = q._precision_squares()[0] - np.square(crossed).sum(axis=-1) - np.square(in_loc)
        in_diagonal *= 0.5
        first = p._named_slopes(in_loc, lambda name: _in_own(name, own, crossed, q))
    pulled = q._pulled()
    spread = gaussian.times_square(own.factor, pulled) + gaussian.times_square(delta, pulled)
    second = {"loc": -in_loc, "cov_factor": pulled - q._times_precision(spread), "cov_diag": in_diagonal}
    return value, first, second


def _in_own(name: str, own: gaussian.Scale, crossed: np.ndarray, q: Any) -> np.ndarray:
    """The derivative in p's factor L or its covariance, of Q L."""
    if name != "scale_tril":
        return 0.5 * (q._precision() - own.inverse())
    inverses = 1.0 / np.diagonal(own.factor, axis1=-2, axis2=-1)
    return np.tril(crossed) - inverses[..., np.newaxis] * np.eye(inverses.shape[-1])


register_kl(MultivariateNormal, "LowRankMultivariateNormal")(
    Whole(_to_low_rank, _to_low_rank_and_grad, moving=dense_divergence)
)
