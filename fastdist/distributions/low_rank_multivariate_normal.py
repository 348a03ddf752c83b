"""Multivariate normal distribution with a covariance of low rank plus a diagonal."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices, linear
from fastdist.distributions import gaussian
from fastdist.distributions.elliptical import inside
from fastdist.distributions.in_lanes import InLanes, Lanes
from fastdist.distributions.low_rank_rows import (
    AXES,
    DIAGONAL,
    LARGEST_EXPONENT,
    LOG_NORM,
    ROOT,
    UNITS,
    WEIGHTED,
    draw_and_grad,
    draw_event,
    fill_constants,
    fill_covariance,
    fill_precision,
    fill_shares,
    fill_variance,
    log_prob,
    log_prob_and_grad,
    regressed_squares,
)
from fastdist.distributions.multivariate_normal import (
    HALF_LOG_2PI,
    MultivariateNormal,
    dense_divergence,
    finish,
    of_traces,
)
from fastdist.engine import rows
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import on_device
from fastdist.engine.evaluate import F64
from fastdist.engine.rows import Table
from fastdist.forward.dual import without_tangent
from fastdist.forward.rows import Operand
from fastdist.kl import Whole, register_kl
from fastdist.linear import Standardised
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special.low_rank_divergence import fill_innovations, low_rank_divergence
from fastdist.special.matrices import fill_diagonal, infinite_length
from fastdist.vector import Rows

INF = float("inf")

# From so many events on their sum is worth products of whole arrays, of which so many are held at a time.
MANY, PART = 1 << 5, 1 << 12

# Of at least so many numbers times the square of the rank a divergence is made of whole arrays, which BLAS divides into
# blocks.
BLOCKS = 20_000

_standardised = Standardised(regressed_squares, finish, finish, 1, (1, 2, 2, 2, 1), infinite_length)
_sampler = RowSampler(draw_event, (NORMAL, NORMAL))
_with_slopes = RowSampler(draw_and_grad, (NORMAL, NORMAL), results=(1, 3, 2))


def _together(factor: Any, diagonal: Any) -> tuple[Any, Any]:
    """The two parts of the covariance, of one batch."""
    batch = np.broadcast_shapes(factor.shape[:-2], diagonal.shape[:-1])
    return np.broadcast_to(factor, batch + factor.shape[-2:]), np.broadcast_to(diagonal, batch + diagonal.shape[-1:])


class LowRankMultivariateNormal(InLanes):
    r"""Multivariate normal distribution whose covariance is of low rank plus a diagonal.

    .. math:: p(x) = (2\pi)^{-D/2} |\Sigma|^{-1/2} \exp\left(-\tfrac12 (x-\mu)^T \Sigma^{-1} (x-\mu)\right),
       \quad \Sigma = W W^T + \operatorname{diag}(d)

    Parameters
    ----------
    loc : array_like of real, shape (..., D)
        Mean :math:`\mu`.
    cov_factor : array_like of real, shape (..., D, R)
        :math:`W`.
    cov_diag : array_like of positive, shape (..., D)
        :math:`d`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``multivariate_normal(loc, W @ W.T + np.diag(d))`` is the same distribution. Densities and draws take a time
    proportional to D R, and no D x D matrix is made; `covariance_matrix`, `precision_matrix` and `scale_tril` make one
    on request, as in torch.

    The density rests on the R x R matrix of Woodbury's formula (M. A. Woodbury, "Inverting modified matrices",
    Princeton 1950), whose factor comes from an orthogonal decomposition; but the squared length is taken as the least
    value of a sum of squares, because the formula itself cancels where W is large beside d. The solution is refined
    once, as in Å. Björck, "Stability analysis of the method of seminormal equations for linear least squares problems",
    Linear Algebra and its Applications 88 (1987) 31-48, doi:10.1016/0024-3795(87)90101-7.

    Derivatives are in the three parameters. :meth:`log_prob_and_grad` takes R times the memory of the values,
    :meth:`rsample_and_grad` D R times that of the draws; :meth:`log_likelihood_and_grad` keeps none of it.

    Raises
    ------
    ValueError
        If shapes do not agree, if `loc` or `cov_factor` is not finite, or if `cov_diag` is not positive.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.LowRankMultivariateNormal([0.0, 0.0], cov_factor=[[1.0], [2.0]], cov_diag=[1.0, 1.0])
    >>> d.covariance_matrix
    array([[2., 2.], [2., 5.]])
    >>> d.log_prob([1.0, 2.0])
    np.float64(-3.15042347)
    """

    loc = Parameter(constraints.real_vector)
    cov_factor = Parameter(constraints.independent(constraints.real, 2))
    cov_diag = Parameter(constraints.positive_vector)
    _on_device = True
    support = constraints.real_vector
    has_rsample = True
    rows = Rows(
        prepare=None,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        sampler=_sampler,
        scratch=3,
    )

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, cov_factor=cov_factor, cov_diag=cov_diag)
        (size,), ndim = self.event_shape, len(self.batch_shape)
        (rows_of_factor, rank), own = (tuple(self._parameters[n].shape)[ndim:] for n in ("cov_factor", "cov_diag"))
        if rows_of_factor != size or not rank or own != (size,):
            shapes = ", ".join(f"{name} has shape {value.shape}" for name, value in self._parameters.items())
            raise ValueError(f"LowRankMultivariateNormal: the shapes of events do not agree: {shapes}")

    # Constants ----------------------------------------------------------------------------------

    def _centred(self) -> tuple[np.ndarray, ...]:
        """The constants at a mean of 0, of the batch of the other two parameters: made once."""
        make = self._centred_of if self._place is None else self._centred_there
        return self._once("centred", lambda: make(*self._factor_and_diagonal()))

    def _centred_there(self, factor: Any, diagonal: Any) -> tuple[Any, ...]:
        """On a device, by a thread for each parameter set."""
        (size, rank), batch = tuple(factor.shape)[-2:], self._own_batch()
        shapes = (size,), (rank, size), (rank, size), (rank, rank), (rank,), (rank,)
        log_norm, *own, _ = linear.of_sets(fill_constants, [(factor, 2), (diagonal, 1)], batch, 1, shapes)
        return None, diagonal, *own, log_norm

    def _own_batch(self) -> tuple[int, ...]:
        """That of the covariance."""
        factor, diagonal = self._factor_and_diagonal()
        return np.broadcast_shapes(tuple(factor.shape)[:-2], tuple(diagonal.shape)[:-1])

    def _centred_of(self, factor: Any, diagonal: Any) -> tuple[Any, ...]:
        scales, across = np.sqrt(diagonal), np.swapaxes(factor, -2, -1)
        # A column without a number other than 0 has exponents of 0, like one of numbers about 1.
        own, others = (np.frexp(without_tangent(values))[1] for values in (across, scales))
        exponents = (own - others[..., np.newaxis, :]).max(axis=-1)
        exponents = np.clip(exponents, 0, LARGEST_EXPONENT)
        units = np.ldexp(1.0, -exponents)
        columns = across * units[..., np.newaxis] / scales[..., np.newaxis, :]
        stacked = np.concatenate([columns, units[..., np.newaxis] * np.eye(units.shape[-1])], axis=-1)
        upper = np.linalg.qr(np.swapaxes(stacked, -2, -1), mode="r")
        root = np.swapaxes(upper * np.sign(np.diagonal(upper, axis1=-2, axis2=-1))[..., np.newaxis], -2, -1)
        pivots = np.diagonal(root, axis1=-2, axis2=-1)
        log_scale = linear.log_product(np.concatenate([scales, pivots, 1.0 / units], axis=-1))
        weighted = columns / scales[..., np.newaxis, :]
        log_norm = -(log_scale + self.event_shape[0] * HALF_LOG_2PI)
        origin = np.zeros(self.event_shape)
        return origin, diagonal, scales, across, weighted, root, units, log_norm

    def _constants_at(self, d: Any) -> list[Operand]:
        loc, *given = (chain_rule.argument(d, name, value) for name, value in self._parameters.items())
        _, *own = self._centred_of(*_together(*given))
        return list(zip((loc, *own), AXES, strict=True))

    def _table(self) -> Table:
        return self._once("table", self._with_loc)

    def _slope_table(self) -> Table:
        return self._once("slopes", self._with_slopes)

    def _with_loc(self, *more: tuple[np.ndarray, int]) -> Table:
        _, *own = self._centred()
        loc = self._parameters["loc"] if self._place is None else self._own["loc"]
        given = [(loc, 1), *zip(own, AXES[1:], strict=True), *more]
        return linear.written_out(given, self.batch_shape)

    def _with_slopes(self) -> Table:
        return self._with_loc((self._shares(), 2), (linear.of_each(fill_diagonal, self._precision(), ndim=1), 1))

    def _of_centred(self, formula: Any, *shapes: tuple[int, ...]) -> Any:
        """What a formula of the constants but loc fills first, on a device."""
        _, *own = self._centred()
        no_loc = own[0]
        table = linear.written_out(list(zip((no_loc, *own), AXES, strict=True)), self._own_batch())
        return rows.of_sets(formula, table, shapes)[0]

    def _shares(self) -> np.ndarray:
        """W^T times the inverse covariance: made once."""
        return self._once("shares", self._make_shares)

    def _make_shares(self) -> np.ndarray:
        own = self._centred()
        if self._place is not None:
            return self._of_centred(fill_shares, tuple(own[WEIGHTED].shape)[-2:])
        shares = np.matmul(np.swapaxes(self._inverse_root(), -2, -1), self._taken())
        return shares * own[UNITS][..., np.newaxis]

    def _sets(self) -> int:
        return self._centred()[LOG_NORM].size

    def _lanes(self) -> Lanes:
        return self._once("lanes", self._make_lanes)

    def _make_lanes(self) -> Lanes:
        _, _, *own = self._centred()
        first = (array.reshape(array.shape[array.ndim - n :]) for array, n in zip(own, AXES[2:], strict=True))
        scales, across, *factors, log_norm = (np.ascontiguousarray(array) for array in first)
        size, rank = self.event_shape[0], len(across)
        factors = [scales, np.ascontiguousarray(across.T), *factors]
        return Lanes(_standardised, tuple(factors), (log_norm,), size + 2 * rank + 1)

    def _precision(self) -> np.ndarray:
        """The inverse covariance, in float64, of the batch of the covariance: its products with unit vectors."""
        return self._once("precision", self._make_precision)

    def _make_precision(self) -> np.ndarray:
        (size,) = self.event_shape
        if self._place is not None:
            rank = tuple(self._centred()[UNITS].shape)[-1:]
            return self._of_centred(fill_precision, (size, size), rank, rank)
        columns = self._times_precision(np.eye(size))
        return 0.5 * (columns + np.swapaxes(columns, -2, -1))

    def _precision_diagonal(self) -> np.ndarray:
        """That of the inverse covariance, made once."""
        return self._once("precision_diagonal", lambda: self._precision_squares()[0])

    def _precision_squares(self, vectors: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The diagonal of the inverse covariance, and the squares of its entries times vectors, without that matrix.

        It is diag(d)^-1 - B B^T. Where B takes most of an entry on the diagonal, rounding takes part of the rest: then
        the column itself is made. In one covariance there are fewer than twice as many as the rank.
        """
        _, diagonal, *_ = self._centred()
        batch = np.broadcast_shapes(diagonal.shape[:-1], () if vectors is None else vectors.shape[:-2])
        across, inverse = self._taken(), 1.0 / diagonal
        taken = np.square(across).sum(axis=-2)
        on = inverse - taken
        few = np.flatnonzero((taken > 0.5 * inverse).reshape(-1, diagonal.shape[-1]).any(axis=0))
        columns = self._times_precision(np.eye(self.event_shape[0])[:, few])
        on[..., few] = columns[..., few, np.arange(len(few))]
        if vectors is None:
            return on, on
        weights = vectors[..., 0]
        middle = np.matmul(across * weights[..., np.newaxis, :], np.swapaxes(across, -2, -1))
        squares = (np.matmul(middle, across) * across).sum(axis=-2) + (np.square(on) - np.square(taken)) * weights
        squares = np.broadcast_to(squares, batch + squares.shape[-1:]).copy()
        squares[..., few] = (np.square(columns) * weights[..., np.newaxis]).sum(axis=-2)
        return on, squares[..., np.newaxis]

    def _taken(self) -> np.ndarray:
        """B^T, where the inverse covariance is diag(d)^-1 - B B^T."""
        return self._once("taken", lambda: np.matmul(self._inverse_root(), self._centred()[WEIGHTED]))

    def _inverse_root(self) -> np.ndarray:
        return self._once("inverse_root", lambda: linear.inverse(self._centred()[ROOT]))

    def _times_precision(self, vectors: np.ndarray) -> np.ndarray:
        """The inverse covariance times vectors along the last axis but one."""
        rest, _ = self._regressed(vectors)
        return rest / self._centred()[DIAGONAL][..., np.newaxis]

    def _regressed(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What :func:`regress` leaves of vectors along the last axis but one, and u, of whole arrays."""
        _, _, _, across, weighted, root, units, _ = self._centred()
        inverse, units = linear.inverse(root), units[..., np.newaxis]
        rest, u = vectors, np.zeros(())
        for _ in range(2):
            step = np.matmul(inverse, np.matmul(weighted, rest) - units * u)
            step = units * np.matmul(np.swapaxes(inverse, -2, -1), step)
            rest, u = rest - np.matmul(np.swapaxes(across, -2, -1), step), u + step
        return rest, u

    # Sums over events -----------------------------------------------------------------------------

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        found, there = None, self._place is not None or on_device(value)
        if name == "log_prob_and_grad" and not (there or self.batch_shape):
            found = self._summed(value) if math.prod(np.shape(value)) >= MANY * self.event_shape[0] else None
        return super()._total(name, value) if found is None else found

    def _summed(self, value: Any) -> tuple[Any, ...] | None:
        """The log-likelihood and its derivatives, by products of whole arrays; None where that is not finite."""
        total = super()._total("log_prob", value)[0]
        if not np.isfinite(total):
            return None
        events = np.asarray(value).reshape(-1, self.event_shape[0])
        loc, diagonal, n = self._parameters["loc"].astype(F64), self._centred()[DIAGONAL], len(events)
        in_loc, in_diagonal, in_factor = np.zeros(1), np.zeros(1), -n * self._shares().T
        for start in range(0, n, PART):
            rest, u = self._regressed((events[start : start + PART] - loc).T)
            pull = rest / diagonal[:, np.newaxis]
            in_loc, in_diagonal = in_loc + pull.sum(axis=-1), in_diagonal + np.square(pull).sum(axis=-1)
            in_factor = in_factor + pull @ u.T
        inverse = np.diagonal(self._precision(), axis1=-2, axis2=-1)
        return total, -in_loc, in_loc, in_factor, 0.5 * (in_diagonal - n * inverse)

    # What is derived from the covariance ----------------------------------------------------------

    def _covariance(self) -> np.ndarray:
        """Of its own batch, in float64."""
        if self._place is not None:
            return self._of_parts(fill_covariance, self.event_shape * 2)
        _, diagonal, _, across, *_ = self._centred()
        product = linear.gram(np.swapaxes(across, -2, -1), True)
        return product + diagonal[..., np.newaxis] * np.eye(self.event_shape[0])

    def _matrix(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """A square matrix in the distribution's dtype and of its batch: made once."""
        shape = self.batch_shape + self.event_shape * 2
        if self._place is not None:
            return self._once(name, lambda: devices.rounded(self, make(), shape))
        return self._once(name, lambda: np.broadcast_to(self._rounded(make()), shape))

    def _of_parts(self, formula: Any, kind: tuple[int, ...]) -> Any:
        """What a formula fills of the two parts of the covariance."""
        factor, diagonal = self._factor_and_diagonal()
        return linear.of_sets(formula, [(factor, 2), (diagonal, 1)], self._own_batch(), 0, (kind,))[0]

    @property
    def covariance_matrix(self) -> np.ndarray:
        """The covariance."""
        return self._matrix("covariance_matrix", self._covariance)

    @property
    def precision_matrix(self) -> np.ndarray:
        """The inverse of the covariance."""
        return self._matrix("precision_matrix", self._precision)

    @property
    def scale_tril(self) -> np.ndarray:
        """The lower Cholesky factor of the covariance."""
        return self._matrix("scale_tril", lambda: linear.cholesky(self._covariance())[0])

    # Draws --------------------------------------------------------------------------------------

    def _row_sampling(self) -> tuple[RowSampler, Table, tuple[int, ...]]:
        return _sampler, self._table(), (tuple(self._parameters["cov_factor"].shape)[-1], self.event_shape[0])

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobian in each parameter.

        A Jacobian has the axes of the draws and behind them those of the parameter. It is the identity for `loc`, a
        view that cannot be written to, and diagonal for `cov_diag`; for `cov_factor` entry ``[..., i, j, k]`` is the
        derivative of number i of a draw in entry (j, k), which is 0 where i is not j.
        """
        size, rank = tuple(self._parameters["cov_factor"].shape)[-2:]
        kinds = (size, size, rank), (size, size)
        draws, in_factor, in_diagonal = self._draw_with_slopes(_with_slopes, shape, rng, kinds, (rank, size))
        if self._place is not None:
            in_loc = devices.identity(self, tuple(draws.shape))
        else:
            in_loc = np.broadcast_to(np.eye(size, dtype=self.dtype), in_diagonal.shape)
        return draws, {"loc": in_loc, "cov_factor": in_factor, "cov_diag": in_diagonal}

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        size, rank = tuple(self._parameters["cov_factor"].shape)[-2:]
        draws, for_factor, for_diagonal = self._with_noise(shape, rng, rank, size)
        loc, factor, diagonal = (chain_rule.argument(d, name, given) for name, given in self._parameters.items())
        common = np.matmul(factor, for_factor[..., np.newaxis])[..., 0]
        return chain_rule.with_value(draws, loc + common + np.sqrt(diagonal) * for_diagonal)

    # Summaries ----------------------------------------------------------------------------------

    def mean(self) -> Any:
        """The mean: `loc`."""
        return self._parameters["loc"]

    def mode(self) -> Any:
        """The mean, where the density is largest."""
        return self._parameters["loc"]

    def covariance(self) -> Any:
        """Covariance matrix: `covariance_matrix`."""
        return self.covariance_matrix

    def variance(self) -> Any:
        """Variance of each number of an event."""
        return self._once("variance", self._variance)

    def _variance(self) -> np.ndarray:
        variance, shape = self._of_parts(fill_variance, self.event_shape), self.batch_shape + self.event_shape
        if self._place is not None:
            return devices.rounded(self, variance, shape)
        return self._rounded(np.broadcast_to(variance, shape))

    def entropy(self) -> Any:
        """Entropy in nats: half the log-determinant of 2 pi e times the covariance."""
        return self._once("entropy", lambda: self._of_batch(self._entropy()))

    def _entropy(self) -> Any:
        log_norm = self._centred()[LOG_NORM]
        return gaussian.arithmetic(gaussian.DIFFERENCE, (0.5 * self.event_shape[0], log_norm), tuple(log_norm.shape))

    # Divergences --------------------------------------------------------------------------------

    def _factor_and_diagonal(self, d: Any = None) -> tuple[Any, Any]:
        """The two parts of the covariance, of its own batch. Here and below at the parameters of `d`, if given."""
        if self._place is not None:
            return self._own["cov_factor"], self._own["cov_diag"]
        factor = chain_rule.argument(d or self, "cov_factor", distinct(self._parameters["cov_factor"], 2))
        diagonal = chain_rule.argument(d or self, "cov_diag", distinct(self._parameters["cov_diag"], 1))
        return _together(factor.astype(F64, copy=False), diagonal.astype(F64, copy=False))

    def _pulled(self) -> np.ndarray:
        """The inverse covariance times W: so large a W takes no rounding with it that is not along its columns."""
        factor, _ = self._factor_and_diagonal()
        n, rank = factor.shape[-2:]
        return np.swapaxes(self._shares(), -2, -1) if rank < n else self._times_precision(factor)

    def _innovations(self, d: Any = None) -> tuple[Any, Any]:
        """What :func:`fill_innovations` fills, of the covariance's own batch: made once where nothing moves."""
        return self._make_innovations(d) if d and d._level else self._once("innovations", self._make_innovations)

    def _make_innovations(self, d: Any = None) -> tuple[Any, Any]:
        factor, diagonal = self._factor_and_diagonal(d)
        (n, rank), batch = factor.shape[-2:], diagonal.shape[:-1]
        shapes = (n, rank), (n,), (rank, rank), (rank,)
        gains, variances, *_ = linear.of_sets(fill_innovations, [(factor, 2), (diagonal, 1)], batch, 0, shapes)
        return gains, variances

    def _side(self, d: Any = None) -> gaussian.Side:
        """With the Cholesky factor of the covariance: the innovations are its columns."""
        lower = self._make_lower(d) if d and d._level else self._once("lower", self._make_lower)
        return gaussian.Side(chain_rule.argument(d or self, "loc", self._parameters["loc"]), lower)

    def _make_lower(self, d: Any = None) -> Any:
        gains, variances = self._innovations(d)
        factor, _ = self._factor_and_diagonal(d)
        scales = np.sqrt(variances)[..., np.newaxis]
        below = np.matmul(factor, np.swapaxes(gains * scales, -2, -1))
        return np.tril(below, -1) + scales * np.eye(self.event_shape[0])

    def _log_scale(self) -> np.ndarray:
        """Half the log-determinant of the covariance."""
        return -self._centred()[LOG_NORM] - self.event_shape[0] * HALF_LOG_2PI

    def _scale(self) -> gaussian.Scale:
        return gaussian.Scale(self._side().factor, self._covariance, self._precision)


# Divergences -----------------------------------------------------------------------------------


def _by_traces(p: Any, q: Any) -> np.ndarray | None:
    """Where the numbers are many; None where that would lose digits."""
    factor, diagonal = p._factor_and_diagonal()
    if factor.shape[-2] * factor.shape[-1] ** 2 < BLOCKS:
        return None
    delta = np.subtract(p.loc, q.loc, dtype=F64)[..., np.newaxis]
    crossed, pull = q._times_precision(factor), q._times_precision(delta)
    trace = (q._precision_diagonal() * diagonal).sum(axis=-1) + (factor * crossed).sum(axis=(-2, -1))
    return of_traces(p, q, trace, (delta * pull).sum(axis=(-2, -1)))


def _divergence(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
    found = None if p._level or q._level else _by_traces(p, q)
    if found is not None:
        return found
    rank, given = max(d._plain._parameters["cov_factor"].shape[-1] for d in (p, q)), []
    for d in (p, q):
        loc = chain_rule.argument(d, "loc", d._plain._parameters["loc"])
        (factor, _), (gains, variances) = d._plain._factor_and_diagonal(d), d._plain._innovations(d)
        zeros = np.zeros((*factor.shape[:-1], rank - factor.shape[-1]))
        factor, gains = (np.concatenate([columns, zeros], axis=-1) for columns in (factor, gains))
        given += [(loc, 1), (factor, 2), (gains, 2), (variances, 1)]
    shapes = (2 * rank, 4 * rank), (4 * rank,), (rank,)
    return linear.of_sets(low_rank_divergence, given, shape, 1, shapes)[0]


def _divergence_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Half the difference of the inverses P and Q of the covariances, and half Q (S_q - S_p - delta delta^T) Q."""
    (factor, diagonal), (other, other_diagonal) = p._factor_and_diagonal(), q._factor_and_diagonal()
    delta = np.subtract(p.loc, q.loc, dtype=F64)[..., np.newaxis]
    in_loc, crossed = q._times_precision(delta), q._times_precision(factor)
    own, pulled = p._pulled(), q._pulled()
    gap = (other_diagonal - diagonal)[..., np.newaxis]
    # Of Q W_q the covariance of p and delta take their part; or, where W_p and W_q are close, their difference does.
    shift = gaussian.times_square(delta, pulled)
    spread = gaussian.times_square(factor, pulled) + diagonal[..., np.newaxis] * pulled + shift
    in_factor = pulled - q._times_precision(spread)
    if factor.shape[-1] == other.shape[-1]:
        step = other - factor
        close = np.abs(step).max(axis=(-2, -1), keepdims=True) < 0.5 * np.abs(other).max(axis=(-2, -1), keepdims=True)
        apart = (
            np.matmul(step, gaussian.products(other, pulled))
            + np.matmul(factor, gaussian.products(step, pulled))
            + gap * pulled
        )
        in_factor = np.where(close, q._times_precision(apart - shift), in_factor)
        crossed = np.where(close, pulled - q._times_precision(step), crossed)
    first = {
        "loc": in_loc[..., 0],
        "cov_factor": crossed - own,
        "cov_diag": 0.5 * (q._precision_diagonal() - p._precision_diagonal()),
    }
    in_diagonal = np.square(pulled).sum(axis=-1) - np.square(crossed).sum(axis=-1) - np.square(in_loc[..., 0])
    in_diagonal = 0.5 * (in_diagonal + q._precision_squares(gap)[1][..., 0])
    second = {"loc": -in_loc[..., 0], "cov_factor": in_factor, "cov_diag": in_diagonal}
    return _divergence(p, q, shape), first, second


def _to_dense_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """To a covariance that is any matrix: by the Cholesky factors of both."""
    value, in_loc, m, z, delta = gaussian.slopes(p._side(), q._side(), shape)
    own, other = p._scale(), q._scale()
    (factor, _), inverse = p._factor_and_diagonal(), other.inverse()
    first = {
        "loc": in_loc,
        "cov_factor": np.matmul(inverse, factor) - p._pulled(),
        "cov_diag": 0.5 * (np.diagonal(inverse, axis1=-2, axis2=-1) - p._precision_diagonal()),
    }
    return value, first, q._named_slopes(-in_loc, lambda name: gaussian.in_second(name, other, own, m, z, delta, shape))


register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)(
    Whole(_divergence, _divergence_and_grad, moving=_divergence)
)
register_kl(LowRankMultivariateNormal, MultivariateNormal)(
    Whole(dense_divergence, _to_dense_and_grad, moving=dense_divergence)
)
