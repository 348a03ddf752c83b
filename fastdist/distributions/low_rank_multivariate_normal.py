"""Multivariate normal distribution with a covariance of low rank plus a diagonal."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import Any

import numpy as np

from fastdist import constraints, linear
from fastdist.distributions import gaussian
from fastdist.distributions.elliptical import inside
from fastdist.distributions.in_lanes import InLanes, Lanes
from fastdist.distributions.multivariate_normal import HALF_LOG_2PI, MultivariateNormal, dense_divergence, finish
from fastdist.engine import rows
from fastdist.engine.bits import fma
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import RowProgram
from fastdist.engine.rows import Table
from fastdist.engine.seed import key_from
from fastdist.kl import Whole, register_kl
from fastdist.linear import Standardised
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special.gamma import deviance
from fastdist.special.lanes import LANES, add_products, set_lanes, solve_lanes, solve_transposed_lanes, square_lanes
from fastdist.special.matrices import (
    add_multiple,
    dot,
    infinite_length,
    solve_lower,
    solve_lower_transposed,
    sum_of_squares,
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
def divide_by_covariance(x, c, w, quotient):
    """Fill `quotient` with the inverse covariance times x - loc."""
    squared_length(x, c, w)
    for k in range(len(x)):
        quotient[k] = w[0][k] / c[DIAGONAL][k]
    return 0.0


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
_quotient = RowProgram("precision", divide_by_covariance, (0, 1), scratch=3)
_sampler = RowSampler(draw_event, (NORMAL, NORMAL))


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
        return self._once("own", self._make_own)

    def _make_own(self) -> tuple[np.ndarray, ...]:
        factor, diagonal = self._factor_and_diagonal()
        scales, across = np.sqrt(diagonal), np.swapaxes(factor, -2, -1)
        # A column without a number other than 0 has exponents of 0, like one of numbers about 1.
        exponents = (np.frexp(across)[1] - np.frexp(scales)[1][..., np.newaxis, :]).max(axis=-1)
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
        inverse = linear.inverse(own[ROOT])
        shares = np.matmul(np.swapaxes(inverse, -2, -1), np.matmul(inverse, own[WEIGHTED]))
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
        columns = self._times_precision(np.eye(size).reshape(*(1,) * self._own()[LOG_NORM].ndim, size, size))
        return 0.5 * (columns + np.swapaxes(columns, -2, -1))

    def _times_precision(self, vectors: np.ndarray) -> np.ndarray:
        """The inverse covariance times vectors along the last axis but one."""
        own, size = self._own(), self.event_shape[0]
        table = linear.written_out(list(zip(own, AXES, strict=True)), own[LOG_NORM].shape)
        events = np.moveaxis(vectors, -1, 0)
        _, columns = rows.evaluate(_quotient, events, table, (size,), ((), (size,)), F64, "precision_matrix")
        return np.moveaxis(columns, 0, -1)

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
        key = key_from(rng, self)
        full = self._shape(shape, "shape") + self.batch_shape
        size, rank = self._parameters["cov_factor"].shape[-2:]
        draws = np.empty((*full, size), self.dtype)
        self._fill(draws, key)
        identity = np.eye(size)
        for_factor, for_diagonal = (
            linear.noise(key, np.empty((*full, n)), slot) for slot, n in enumerate((rank, size))
        )
        in_factor = identity[:, :, np.newaxis] * for_factor[..., np.newaxis, np.newaxis, :]
        in_diagonal = identity * (0.5 * for_diagonal / self._own()[SCALES])[..., np.newaxis]
        in_loc = np.broadcast_to(identity.astype(self.dtype), (*full, size, size))
        return draws, {
            "loc": in_loc,
            "cov_factor": self._rounded(in_factor),
            "cov_diag": self._rounded(in_diagonal),
        }

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
        factor = linear.distinct(self._parameters["cov_factor"], 2).astype(F64, copy=False)
        diagonal = linear.distinct(self._parameters["cov_diag"], 1).astype(F64, copy=False)
        batch = np.broadcast_shapes(factor.shape[:-2], diagonal.shape[:-1])
        return np.broadcast_to(factor, batch + factor.shape[-2:]), np.broadcast_to(diagonal, batch + self.event_shape)

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

    def _scale(self) -> gaussian.Scale:
        return gaussian.Scale(self._side().factor, self._covariance, self._precision)


# Divergences. A number given those before it is normal, with a mean of w_i u, where u is what these say of the latent
# variables, and a variance: by the chain rule the divergence is a sum over the numbers of divergences of two normal
# distributions, that of p's and q's means over what p may have been before. The numbers before are in it by their
# innovations alone, of which a matrix of the size of the rank tells how u depends on them.


@kernel(heavy=True)
def append_row(root, row):
    """The upper triangular factor of root^T root + row row^T, by Givens' rotations."""
    for k in range(len(root)):
        if row[k] != 0.0:
            length = sqrt(fma(root[k, k], root[k, k], row[k] * row[k]))
            c, s = root[k, k] / length, row[k] / length
            for j in range(k, len(root)):
                a, b = root[k, j], row[j]
                root[k, j] = fma(c, a, s * b)
                row[j] = fma(c, b, -s * a)


@kernel(heavy=True)
def fill_innovations(factor, diagonal, gains, variances, root, row):
    """For each number what its innovation adds to u, for one unit of it, and its variance given the numbers before."""
    n, rank = factor.shape
    for k in range(rank):
        for j in range(rank):
            root[k, j] = 1.0 if k == j else 0.0
    for i in range(n):
        gain = gains[i]
        # root^-T w_i, whose square is what the latent variables add to the variance.
        for k in range(rank):
            gain[k] = factor[i, k]
        for k in range(rank):
            gain[k] /= root[k, k]
            add_multiple(-gain[k], root[k, k + 1 :], gain[k + 1 :])
        variances[i] = diagonal[i] + sum_of_squares(gain)
        for k in range(rank - 1, -1, -1):
            gain[k] = (gain[k] - dot(root[k, k + 1 :], gain[k + 1 :])) / root[k, k]
        scale = sqrt(diagonal[i])
        for k in range(rank):
            gain[k] /= variances[i]
            row[k] = factor[i, k] / scale
        append_row(root, row)


@kernel(heavy=True)
def compress(states, count):
    """Reflect the first `count` columns, by Householder, so that none is left beyond the square."""
    size = len(states)
    for i in range(size):
        pivot = states[i, i:count]
        length = sqrt(sum_of_squares(pivot))
        if length > 0.0:
            length = -length if pivot[0] > 0.0 else length
            pivot[0] -= length
            factor = -1.0 / (length * pivot[0])
            for k in range(i + 1, size):
                other = states[k, i:count]
                add_multiple(-factor * dot(pivot, other), pivot, other)
            pivot[0] = length
            for j in range(1, len(pivot)):
                pivot[j] = 0.0


@kernel(heavy=True)
def low_rank_divergence(
    loc, factor, gains, variances, other_loc, other, other_gains, other_variances, states, moved, mean
):
    """Of p and of q: location, factor and innovations.

    The rows of `states` are u of p, and that less u of q: how they depend on the innovations of p so far, which are
    reflected into fewer when there are too many. Where the factors are far apart the latter are less u of q alone.
    """
    n, rank = factor.shape
    total, count = 0.0, 0
    step, size = 0.0, 0.0
    for i in range(n):
        for k in range(rank):
            step, size = max(step, abs(factor[i, k] - other[i, k])), max(size, abs(other[i, k]))
    close = 1.0 if step < 0.5 * size else 0.0
    for k in range(rank):
        mean[k] = 0.0
    for i in range(n):
        w, gain, variance = other[i], other_gains[i], other_variances[i]
        if count == states.shape[1]:
            compress(states, count)
            count = len(states)
        # By how much p's mean exceeds q's.
        for j in range(count):
            moved[j] = 0.0
        for k in range(rank):
            own, rest = states[k], states[rank + k]
            gap = factor[i, k] - close * w[k]
            for j in range(count):
                moved[j] = fma(gap, own[j], fma(w[k], rest[j], moved[j]))
        apart = loc[i] - other_loc[i] - dot(w, mean)
        total += (deviance(variance, variances[i]) + sum_of_squares(moved[:count]) + apart * apart) / variance
        scale = sqrt(variances[i])
        for k in range(rank):
            add_multiple(-gain[k], moved[:count], states[rank + k, :count])
            states[k, count] = gains[i, k] * scale
            states[rank + k, count] = (close * gains[i, k] - gain[k]) * scale
            mean[k] = fma(gain[k], apart, mean[k])
        count += 1
    return 0.5 * total


def _padded(array: np.ndarray, rank: int) -> np.ndarray:
    """A factor or gains with columns of zeros behind."""
    if array.shape[-1] == rank:
        return array
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, rank - array.shape[-1])])


def _divergence(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
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
    inverse, in_loc, crossed = q._precision(), q._times_precision(delta), q._times_precision(factor)
    own, pulled = p._pulled(), q._pulled()
    gap = (other_diagonal - diagonal)[..., np.newaxis]
    # Of Q W_q the covariance of p and delta take their part; or, where W_p and W_q are close, their difference does.
    shift = _times_square(delta, pulled)
    spread = _times_square(factor, pulled) + diagonal[..., np.newaxis] * pulled + shift
    in_factor = pulled - q._times_precision(spread)
    if factor.shape[-1] == other.shape[-1]:
        step = other - factor
        close = np.abs(step).max(axis=(-2, -1), keepdims=True) < 0.5 * np.abs(other).max(axis=(-2, -1), keepdims=True)
        apart = np.matmul(step, _products(other, pulled)) + np.matmul(factor, _products(step, pulled)) + gap * pulled
        in_factor = np.where(close, q._times_precision(apart - shift), in_factor)
        crossed = np.where(close, pulled - q._times_precision(step), crossed)
    first = {
        "loc": in_loc[..., 0],
        "cov_factor": crossed - own,
        "cov_diag": 0.5 * np.diagonal(inverse - p._precision(), axis1=-2, axis2=-1),
    }
    in_diagonal = np.square(pulled).sum(axis=-1) - np.square(crossed).sum(axis=-1) - np.square(in_loc[..., 0])
    in_diagonal = 0.5 * (in_diagonal + np.matmul(np.square(inverse), gap)[..., 0])
    second = {"loc": -in_loc[..., 0], "cov_factor": in_factor, "cov_diag": in_diagonal}
    return _divergence(p, q, shape), first, second


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.matmul(np.swapaxes(a, -2, -1), b)


def _times_square(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a a^T b``."""
    return np.matmul(a, _products(a, b))


def _dense_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """Where one of the two has a covariance that is any matrix: by the Cholesky factors of both.

    The inverse covariance times W is not made of that of the covariance, in which it would cancel where W is large.
    """
    value, in_loc, m, z, delta = gaussian.slopes(p._side(), q._side(), shape)
    own, other = p._scale(), q._scale()

    def in_first(name: str) -> np.ndarray:
        return gaussian.in_first(name, own, other, m, shape)

    def in_second(name: str) -> np.ndarray:
        return gaussian.in_second(name, other, own, m, z, delta, shape)

    if isinstance(p, LowRankMultivariateNormal):
        factor, _ = p._factor_and_diagonal()
        in_factor = np.matmul(other.inverse(), factor) - p._pulled()
        in_diagonal = np.diagonal(in_first("covariance_matrix"), axis1=-2, axis2=-1)
        first = {"loc": in_loc, "cov_factor": in_factor, "cov_diag": in_diagonal}
        return value, first, q._named_slopes(-in_loc, in_second)
    pulled = q._pulled()
    spread = _times_square(own.factor, pulled) + _times_square(delta, pulled)
    in_diagonal = np.diagonal(in_second("covariance_matrix"), axis1=-2, axis2=-1)
    second = {"loc": -in_loc, "cov_factor": pulled - q._times_precision(spread), "cov_diag": in_diagonal}
    return value, p._named_slopes(in_loc, in_first), second


_kl_dense = Whole(dense_divergence, _dense_and_grad)
register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)(Whole(_divergence, _divergence_and_grad))
register_kl(LowRankMultivariateNormal, MultivariateNormal)(_kl_dense)
register_kl(MultivariateNormal, LowRankMultivariateNormal)(_kl_dense)
