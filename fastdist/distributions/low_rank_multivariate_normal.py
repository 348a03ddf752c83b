"""Multivariate normal distribution with a covariance of low rank plus a diagonal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, linear
from fastdist.distributions import gaussian
from fastdist.distributions.elliptical import inside
from fastdist.distributions.in_lanes import InLanes, Lanes
from fastdist.distributions.multivariate_normal import (
    HALF_LOG_2PI,
    MultivariateNormal,
    dense_divergence,
    finish,
    of_traces,
)
from fastdist.engine.bits import fma
from fastdist.engine.broadcast import distinct
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.rows import Table
from fastdist.forward.dual import without_tangent
from fastdist.forward.rows import Operand
from fastdist.kl import Whole, register_kl
from fastdist.linear import Standardised
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special.lanes import LANES, add_products, set_lanes, solve_lanes, solve_transposed_lanes, square_lanes
from fastdist.special.low_rank_divergence import fill_innovations, low_rank_divergence
from fastdist.special.matrices import (
    add_multiple,
    infinite_length,
    solve_lower,
    solve_lower_transposed,
)
from fastdist.vector import Rows

INF = float("inf")

# With the factor W and the diagonal d, the covariance is W W^T + diag(d), and the squared length of y = x - loc is the
# least value over u of (y - W u)^T diag(d)^-1 (y - W u) + u^T u: a sum of squares in which nothing cancels, where
# Woodbury's formula subtracts two numbers that agree in all their digits if W is large beside d. An error in u only
# enters squared. Where u is best, (y - W u) / d is the inverse covariance times y.
#
# The normal equations are of V = diag(d)^-1/2 W diag(m), with powers of two m that bring its columns below 1.
#
# The constants are loc, d, its roots, W^T, V^T diag(d)^-1/2, the lower Cholesky factor of diag(m)^2 + V^T V, m, and the
# log density at loc; for derivatives also W^T times the inverse covariance, and the diagonal of the latter.
LOC, DIAGONAL, SCALES, FACTOR, WEIGHTED, ROOT, UNITS, LOG_NORM, SHARES, INVERSE = range(10)
AXES = 1, 1, 1, 2, 2, 2, 1, 0

# From so many events on their sum is worth products of whole arrays, of which so many are held at a time.
MANY, PART = 1 << 5, 1 << 12

# Of at least so many numbers times the square of the rank a divergence is made of whole arrays, which BLAS divides into
# blocks.
BLOCKS = 20_000

# Beyond, a power of two and its inverse are no normal numbers.
LARGEST_EXPONENT = 1000


@kernel(heavy=True)
def regress(y, c, u, step):
    """Fill u with what makes the squared length least, and take W u from y."""
    for k in range(len(u)):
        u[k] = 0.0
    # The second round corrects what the rounding of the factor has left.
    for _ in range(2):
        for k in range(len(u)):
            total = -c[UNITS][k] * u[k]
            for i in range(len(y)):
                total = fma(c[WEIGHTED][k, i], y[i], total)
            step[k] = total
        solve_lower(c[ROOT], step)
        solve_lower_transposed(c[ROOT], step)
        for k in range(len(u)):
            step[k] *= c[UNITS][k]
            u[k] += step[k]
            add_multiple(-step[k], c[FACTOR][k], y)


@kernel
def squared_length(x, c, w):
    """Fill the first two rows of scratch with y - W u and u."""
    y, u = w[0][: len(x)], w[1][: len(c[ROOT])]
    for k in range(len(x)):
        y[k] = x[k] - c[LOC][k]
    regress(y, c, u, w[2][: len(u)])
    total = 0.0
    for k in range(len(x)):
        z = y[k] * (1.0 / c[SCALES][k])
        total = fma(z, z, total)
    for v in u:
        total = fma(v, v, total)
    return total if total < INF else infinite_length(x, c[LOC], y)


@kernel(heavy=True)
def regressed_squares(factors, lanes):
    """As `squared_length`, for each lane: in the last row."""
    scales, factor, weighted, root, units = factors
    size, rank = len(scales), len(root)
    y, u, step = lanes[:size], lanes[size : size + rank], lanes[size + rank : size + 2 * rank]
    for k in range(rank):
        set_lanes(u[k], 0.0)
    for _ in range(2):
        for k in range(rank):
            for b in range(LANES):
                step[k, b] = -units[k] * u[k, b]
        add_products(weighted, 1.0, y, step)
        solve_lanes(root, step)
        solve_transposed_lanes(root, step)
        for k in range(rank):
            for b in range(LANES):
                step[k, b] *= units[k]
                u[k, b] += step[k, b]
        add_products(factor, -1.0, step, y)
    for i in range(size):
        inverse = 1.0 / scales[i]
        for b in range(LANES):
            y[i, b] *= inverse
    square_lanes(lanes, size + rank)


@kernel
def log_prob(x, c, w):
    return c[LOG_NORM] - 0.5 * squared_length(x, c, w)


@kernel
def log_prob_and_grad(x, c, w, in_x, in_loc, in_factor, in_diagonal):
    square = squared_length(x, c, w)
    rest, u = w[0], w[1]
    for i in range(len(x)):
        pull = rest[i] / c[DIAGONAL][i]
        in_loc[i] = pull
        in_x[i] = -pull
        in_diagonal[i] = 0.5 * (pull * pull - c[INVERSE][i])
        for k in range(len(c[ROOT])):
            in_factor[i, k] = pull * u[k] - c[SHARES][k, i]
    return c[LOG_NORM] - 0.5 * square


@kernel
def draw_event(noise, c, out):
    deviation = noise[1]
    for i in range(len(out)):
        deviation[i] *= c[SCALES][i]
    for k in range(len(noise[0])):
        add_multiple(noise[0][k], c[FACTOR][k], deviation)
    for i in range(len(out)):
        out[i] = deviation[i] + c[LOC][i]


_standardised = Standardised(regressed_squares, finish, finish, 1, (1, 2, 2, 2, 1), infinite_length)
_sampler = RowSampler(draw_event, (NORMAL, NORMAL))


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
        (size,), factor = self.event_shape, self._parameters["cov_factor"]
        if factor.shape[-2] != size or not factor.shape[-1] or self._parameters["cov_diag"].shape[-1] != size:
            shapes = ", ".join(f"{name} has shape {value.shape}" for name, value in self._parameters.items())
            raise ValueError(f"LowRankMultivariateNormal: the shapes of events do not agree: {shapes}")

    # Constants ----------------------------------------------------------------------------------

    def _own(self) -> tuple[np.ndarray, ...]:
        """The constants at a mean of 0, of the batch of the other two parameters: made once."""
        return self._once("own", lambda: self._own_of(*self._factor_and_diagonal()))

    def _own_of(self, factor: Any, diagonal: Any) -> tuple[Any, ...]:
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
        _, *own = self._own_of(*_together(*given))
        return list(zip((loc, *own), AXES, strict=True))

    def _table(self) -> Table:
        return self._once("table", self._with_loc)

    def _slope_table(self) -> Table:
        return self._once("slopes", self._with_slopes)

    def _with_loc(self, *more: tuple[np.ndarray, int]) -> Table:
        _, *own = self._own()
        given = [(self._parameters["loc"], 1), *zip(own, AXES[1:], strict=True), *more]
        return linear.written_out(given, self.batch_shape)

    def _with_slopes(self) -> Table:
        return self._with_loc((self._shares(), 2), (np.diagonal(self._precision(), axis1=-2, axis2=-1), 1))

    def _shares(self) -> np.ndarray:
        """W^T times the inverse covariance: made once."""
        return self._once("shares", self._make_shares)

    def _make_shares(self) -> np.ndarray:
        own = self._own()
        shares = np.matmul(np.swapaxes(self._inverse_root(), -2, -1), self._taken())
        return shares * own[UNITS][..., np.newaxis]

    def _sets(self) -> int:
        return self._own()[LOG_NORM].size

    def _lanes(self) -> Lanes:
        return self._once("lanes", self._make_lanes)

    def _make_lanes(self) -> Lanes:
        _, _, *own = self._own()
        first = (array.reshape(array.shape[array.ndim - n :]) for array, n in zip(own, AXES[2:], strict=True))
        scales, across, *factors, log_norm = (np.ascontiguousarray(array) for array in first)
        size, rank = self.event_shape[0], len(across)
        factors = [scales, np.ascontiguousarray(across.T), *factors]
        return Lanes(_standardised, tuple(factors), (log_norm,), size + 2 * rank + 1)

    def _precision(self) -> np.ndarray:
        """The inverse covariance, in float64, of the batch of the covariance: its products with unit vectors."""
        return self._once("precision", self._make_precision)

    def _make_precision(self) -> np.ndarray:
        size = self.event_shape[0]
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
        _, diagonal, *_ = self._own()
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
        return self._once("taken", lambda: np.matmul(self._inverse_root(), self._own()[WEIGHTED]))

    def _inverse_root(self) -> np.ndarray:
        return self._once("inverse_root", lambda: linear.inverse(self._own()[ROOT]))

    def _times_precision(self, vectors: np.ndarray) -> np.ndarray:
        """The inverse covariance times vectors along the last axis but one."""
        rest, _ = self._regressed(vectors)
        return rest / self._own()[DIAGONAL][..., np.newaxis]

    def _regressed(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What :func:`regress` leaves of vectors along the last axis but one, and u, of whole arrays."""
        _, _, _, across, weighted, root, units, _ = self._own()
        inverse, units = linear.inverse(root), units[..., np.newaxis]
        rest, u = vectors, np.zeros(())
        for _ in range(2):
            step = np.matmul(inverse, np.matmul(weighted, rest) - units * u)
            step = units * np.matmul(np.swapaxes(inverse, -2, -1), step)
            rest, u = rest - np.matmul(np.swapaxes(across, -2, -1), step), u + step
        return rest, u

    # Sums over events -----------------------------------------------------------------------------

    def _total(self, name: str, value: Any) -> tuple[Any, ...]:
        found = None
        if name == "log_prob_and_grad" and not self.batch_shape and np.size(value) >= MANY * self.event_shape[0]:
            found = self._summed(value)
        return super()._total(name, value) if found is None else found

    def _summed(self, value: Any) -> tuple[Any, ...] | None:
        """The log-likelihood and its derivatives, by products of whole arrays; None where that is not finite."""
        total = super()._total("log_prob", value)[0]
        if not np.isfinite(total):
            return None
        events = np.asarray(value).reshape(-1, self.event_shape[0])
        loc, diagonal, n = self._parameters["loc"].astype(F64), self._own()[DIAGONAL], len(events)
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
        _, diagonal, _, across, *_ = self._own()
        product = linear.gram(np.swapaxes(across, -2, -1), True)
        return product + diagonal[..., np.newaxis] * np.eye(self.event_shape[0])

    def _matrix(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """A square matrix in the distribution's dtype and of its batch: made once."""
        size = self.event_shape
        return self._once(name, lambda: np.broadcast_to(self._rounded(make()), self.batch_shape + size + size))

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
        return _sampler, self._table(), (self._parameters["cov_factor"].shape[-1], self.event_shape[0])

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobian in each parameter.

        A Jacobian has the axes of the draws and behind them those of the parameter. It is the identity for `loc`, a
        view that cannot be written to, and diagonal for `cov_diag`; for `cov_factor` entry ``[..., i, j, k]`` is the
        derivative of number i of a draw in entry (j, k), which is 0 where i is not j.
        """
        size, rank = self._parameters["cov_factor"].shape[-2:]
        draws, for_factor, for_diagonal = self._with_noise(shape, rng, rank, size)
        identity = np.eye(size)
        in_factor = identity[:, :, np.newaxis] * for_factor[..., np.newaxis, np.newaxis, :]
        in_diagonal = identity * (0.5 * for_diagonal / self._own()[SCALES])[..., np.newaxis]
        in_loc = np.broadcast_to(identity.astype(self.dtype), in_diagonal.shape)
        return draws, {
            "loc": in_loc,
            "cov_factor": self._rounded(in_factor),
            "cov_diag": self._rounded(in_diagonal),
        }

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        size, rank = self._parameters["cov_factor"].shape[-2:]
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
        _, diagonal, _, across, *_ = self._own()
        with np.errstate(over="ignore"):
            variance = np.square(across).sum(axis=-2) + diagonal
        return self._rounded(np.broadcast_to(variance, self.batch_shape + self.event_shape))

    def entropy(self) -> Any:
        """Entropy in nats: half the log-determinant of 2 pi e times the covariance."""
        half = 0.5 * self.event_shape[0]
        return self._once("entropy", lambda: self._of_batch(half - self._own()[LOG_NORM]))

    # Divergences --------------------------------------------------------------------------------

    def _factor_and_diagonal(self) -> tuple[np.ndarray, np.ndarray]:
        """The two parts of the covariance, of its own batch."""
        factor = distinct(self._parameters["cov_factor"], 2).astype(F64, copy=False)
        return _together(factor, distinct(self._parameters["cov_diag"], 1).astype(F64, copy=False))

    def _pulled(self) -> np.ndarray:
        """The inverse covariance times W: so large a W takes no rounding with it that is not along its columns."""
        factor, _ = self._factor_and_diagonal()
        n, rank = factor.shape[-2:]
        return np.swapaxes(self._shares(), -2, -1) if rank < n else self._times_precision(factor)

    def _innovations(self) -> tuple[np.ndarray, np.ndarray]:
        """What :func:`fill_innovations` fills, of the covariance's own batch."""
        return self._once("innovations", self._make_innovations)

    def _make_innovations(self) -> tuple[np.ndarray, np.ndarray]:
        factor, diagonal = self._factor_and_diagonal()
        (n, rank), batch = factor.shape[-2:], diagonal.shape[:-1]
        shapes = (n, rank), (n,), (rank, rank), (rank,)
        gains, variances, *_ = linear.of_sets(fill_innovations, [(factor, 2), (diagonal, 1)], batch, 0, shapes)
        return gains, variances

    def _side(self) -> gaussian.Side:
        """With the Cholesky factor of the covariance, made once: the innovations are its columns."""
        return gaussian.Side(self._parameters["loc"], self._once("lower", self._make_lower))

    def _make_lower(self) -> np.ndarray:
        gains, variances = self._innovations()
        factor, _ = self._factor_and_diagonal()
        scales = np.sqrt(variances)
        below = np.matmul(factor, np.swapaxes(gains * scales[..., np.newaxis], -2, -1))
        return np.tril(below, -1) + scales[..., np.newaxis] * np.eye(self.event_shape[0])

    def _log_scale(self) -> np.ndarray:
        """Half the log-determinant of the covariance."""
        return -self._own()[LOG_NORM] - self.event_shape[0] * HALF_LOG_2PI

    def _scale(self) -> gaussian.Scale:
        return gaussian.Scale(self._side().factor, self._covariance, self._precision)


# Divergences -----------------------------------------------------------------------------------


def _padded(array: np.ndarray, rank: int) -> np.ndarray:
    """A factor or gains with columns of zeros behind."""
    if array.shape[-1] == rank:
        return array
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, rank - array.shape[-1])])


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
    found = _by_traces(p, q)
    if found is not None:
        return found
    rank = max(d._parameters["cov_factor"].shape[-1] for d in (p, q))
    given = []
    for d in (p, q):
        (factor, _), (gains, variances) = d._factor_and_diagonal(), d._innovations()
        given += [(d._parameters["loc"], 1), (_padded(factor, rank), 2), (_padded(gains, rank), 2), (variances, 1)]
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


register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)(Whole(_divergence, _divergence_and_grad))
register_kl(LowRankMultivariateNormal, MultivariateNormal)(Whole(dense_divergence, _to_dense_and_grad))
