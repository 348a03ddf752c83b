"""Matrix normal distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, linear
from fastdist.distributions import gaussian
from fastdist.distributions.gaussian import Quotient, Weights, diagonal_excess
from fastdist.distributions.in_lanes import InLanes, Lanes
from fastdist.distributions.multivariate_normal import HALF_LOG_2PI, finish
from fastdist.engine.broadcast import distinct
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import kernel
from fastdist.engine.rows import Table
from fastdist.forward.rows import Operand
from fastdist.kl import Whole, register_kl
from fastdist.linear import Standardised
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special.lanes import solve_lanes, square_lanes
from fastdist.special.matrices import (
    add_multiple,
    infinite_length,
    multiply_lower,
    multiply_lower_rows,
    solve_lower,
    solve_lower_rows,
    solve_lower_transposed,
    solve_lower_transposed_rows,
    sum_of_squares,
)
from fastdist.vector import Rows

INF = float("inf")

# With the factors A of the rows and B of the columns an event is x = loc + A z B^T, where z is of standard normals.
LOC, ROWS, COLUMNS, LOG_NORM = range(4)


@kernel
def inside(x, c):
    holds = True
    for v in x.flat:
        holds = holds and -INF < v < INF
    return holds


@kernel
def squared_length(x, c, w):
    """Fill the first row of scratch with z."""
    n, m = x.shape
    z = w[0].reshape((n, m))
    for i in range(n):
        for j in range(m):
            z[i, j] = x[i, j] - c[LOC][i, j]
    solve_lower_rows(c[ROWS], z)
    for i in range(n):
        solve_lower(c[COLUMNS], z[i])
    square = sum_of_squares(w[0])
    return square if square < INF else infinite_length(x.reshape(n * m), c[LOC].reshape(n * m), w[0])


@kernel(heavy=True)
def squares(factors, lanes):
    """As `squared_length`, for each lane: in the last row."""
    n, m = len(factors[0]), len(factors[1])
    for j in range(m):
        solve_lanes(factors[0], lanes[j : n * m : m])
    for i in range(n):
        solve_lanes(factors[1], lanes[i * m : (i + 1) * m])
    square_lanes(lanes, n * m)


@kernel
def log_prob(x, c, w):
    return c[LOG_NORM] - 0.5 * squared_length(x, c, w)


@kernel
def log_prob_and_grad(x, c, w, in_x, in_loc, in_rows, in_columns):
    n, m = x.shape
    square = squared_length(x, c, w)
    # A^-T z in the second row of scratch, z B^-1 in the third, and both in the derivative in loc.
    z, left, right = w[0].reshape((n, m)), w[1].reshape((n, m)), w[2].reshape((n, m))
    for i in range(n):
        for j in range(m):
            left[i, j] = right[i, j] = z[i, j]
    solve_lower_transposed_rows(c[ROWS], left)
    for i in range(n):
        solve_lower_transposed(c[COLUMNS], right[i])
        for j in range(m):
            in_loc[i, j] = left[i, j]
        solve_lower_transposed(c[COLUMNS], in_loc[i])
        for j in range(m):
            in_x[i, j] = -in_loc[i, j]
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(m if j <= i else 0):
                total += left[i, k] * z[j, k]
            in_rows[i, j] = total
        in_rows[i, i] -= m / c[ROWS][i, i]
    for i in range(m):
        for j in range(m):
            in_columns[i, j] = 0.0
    for k in range(n):
        for i in range(m):
            add_multiple(right[k, i], z[k, : i + 1], in_columns[i, : i + 1])
    for i in range(m):
        in_columns[i, i] -= n / c[COLUMNS][i, i]
    return c[LOG_NORM] - 0.5 * square


@kernel
def draw_event(noise, c, out):
    n, m = out.shape
    z = noise[0].reshape((n, m))
    for i in range(n):
        multiply_lower(c[COLUMNS], z[i])
    multiply_lower_rows(c[ROWS], z)
    for i in range(n):
        for j in range(m):
            out[i, j] = z[i, j] + c[LOC][i, j]


_standardised = Standardised(squares, finish, finish, 1, (2, 2), infinite_length)


class MatrixNormal(InLanes):
    r"""Matrix normal distribution.

    .. math:: p(X) = (2\pi)^{-nm/2} |A|^{-m} |B|^{-n} \exp\left(-\tfrac12 \|A^{-1} (X - M) B^{-T}\|_F^2\right)

    Parameters
    ----------
    loc : array_like of real, shape (..., n, m)
        Mean :math:`M`.
    scale_tril_row : array_like, shape (..., n, n)
        Lower triangular :math:`A` with a positive diagonal; the rows' covariance is :math:`A A^T`.
    scale_tril_column : array_like, shape (..., m, m)
        Lower triangular :math:`B` with a positive diagonal; the columns' covariance is :math:`B B^T`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``matrix_normal(loc, rowcov=A @ A.T, colcov=B @ B.T)`` is the same distribution; torch has none, and the
    parameters are those of numpyro. Only the product of the scales of A and B matters. An event is a matrix:
    :meth:`variance` has its axes, and :meth:`covariance`, of an event read row by row, is the Kronecker product of the
    two covariances.

    Derivatives in A and B are 0 above the diagonal. Those of draws take n m times the memory of A and B for each draw.

    Raises
    ------
    ValueError
        If shapes do not agree, if `loc` is not finite, or if a factor is not lower triangular with a positive diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdist as fd
    >>> d = fd.MatrixNormal(np.zeros((2, 3)), scale_tril_row=np.eye(2), scale_tril_column=2 * np.eye(3))
    >>> d.log_prob(np.ones((2, 3)))
    np.float64(-10.42251428)
    >>> d.sample(5, rng=1).shape
    (5, 2, 3)
    """

    loc = Parameter(constraints.independent(constraints.real, 2))
    scale_tril_row = Parameter(constraints.lower_cholesky)
    scale_tril_column = Parameter(constraints.lower_cholesky)
    support = constraints.independent(constraints.real, 2)
    has_rsample = True
    rows = Rows(
        prepare=None,
        inside=inside,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        sampler=RowSampler(draw_event, (NORMAL,), results=(2,)),
        scratch=3,
    )

    def __init__(self, loc: Any, scale_tril_row: Any, scale_tril_column: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale_tril_row=scale_tril_row, scale_tril_column=scale_tril_column)
        n, m = self.event_shape
        expected = {"scale_tril_row": (n, n), "scale_tril_column": (m, m)}
        if not n * m or any(self._parameters[name].shape[-2:] != shape for name, shape in expected.items()):
            shapes = ", ".join(f"{name} has shape {value.shape}" for name, value in self._parameters.items())
            raise ValueError(f"MatrixNormal: the shapes of events do not agree: {shapes}")

    def _factors(self) -> tuple[np.ndarray, np.ndarray]:
        """The factors of rows and columns, each of its own batch, in float64."""
        row, column = (self._parameters[name] for name in ("scale_tril_row", "scale_tril_column"))
        return distinct(row, 2).astype(F64, copy=False), distinct(column, 2).astype(F64)

    def _log_norm(self) -> np.ndarray:
        """Log density at `loc`: made once."""
        return self._once("log_norm", lambda: self._log_norm_of(*self._factors()))

    def _log_norm_of(self, row: Any, column: Any) -> Any:
        n, m = self.event_shape
        log_scale = m * linear.half_log_determinant(row) + n * linear.half_log_determinant(column)
        return -(log_scale + n * m * HALF_LOG_2PI)

    def _constants_at(self, d: Any) -> list[Operand]:
        loc, row, column = (chain_rule.argument(d, name, given) for name, given in self._parameters.items())
        return [(loc, 2), (row, 2), (column, 2), (self._log_norm_of(row, column), 0)]

    def _table(self) -> Table:
        if "table" not in self._tables:
            row, column = self._factors()
            constants = [(self._parameters["loc"], 2), (row, 2), (column, 2), (self._log_norm(), 0)]
            self._tables["table"] = linear.written_out(constants, self.batch_shape)
        return self._tables["table"]

    def _sets(self) -> int:
        return self._log_norm().size

    def _lanes(self) -> Lanes:
        n, m = self.event_shape
        row, column = self._factors()
        factors = np.ascontiguousarray(row.reshape(n, n)), np.ascontiguousarray(column.reshape(m, m))
        return Lanes(_standardised, factors, (self._log_norm(),), n * m + 1)

    def rsample_and_grad(self, shape: Any = (), *, rng: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draws with their Jacobian in each parameter.

        A Jacobian has the axes of the draws and behind them those of the parameter: entry ``[..., i, j, k, l]`` is the
        derivative of entry (i, j) of a draw in entry (k, l). That of `loc` is the identity, a view that cannot be
        written to.
        """
        n, m = self.event_shape
        draws, z = self._with_noise(shape, rng, n * m)
        full, z = draws.shape[:-2], z.reshape(draws.shape)
        row, column = self._factors()
        rows, columns = np.eye(n), np.eye(m)
        # x_ij - loc_ij is the sum over l <= i of A_il (z B^T)_lj, and that over l <= j of (A z)_il B_jl.
        across, down = np.matmul(z, np.swapaxes(column, -2, -1)), np.matmul(row, z)
        in_row = np.einsum("ik,kl,...lj->...ijkl", rows, np.tri(n), across)
        in_column = np.einsum("jk,kl,...il->...ijkl", columns, np.tri(m), down)
        identity = np.einsum("ik,jl->ijkl", rows, columns).astype(self.dtype)
        return draws, {
            "loc": np.broadcast_to(identity, (*full, n, m, n, m)),
            "scale_tril_row": self._rounded(in_row),
            "scale_tril_column": self._rounded(in_column),
        }

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        n, m = self.event_shape
        draws, z = self._with_noise(shape, rng, n * m)
        loc, row, column = (chain_rule.argument(d, name, given) for name, given in self._parameters.items())
        across = np.matmul(z.reshape(draws.shape), np.swapaxes(column * np.tri(m), -2, -1))
        return chain_rule.with_value(draws, loc + np.matmul(row * np.tri(n), across))

    def mean(self) -> Any:
        """The mean: `loc`."""
        return self._parameters["loc"]

    def mode(self) -> Any:
        """The mean, where the density is largest."""
        return self._parameters["loc"]

    def variance(self) -> Any:
        """Variance of each entry of an event."""
        with np.errstate(over="ignore"):
            row, column = (np.square(factor).sum(axis=-1) for factor in self._factors())
            variance = row[..., :, np.newaxis] * column[..., np.newaxis, :]
        return self._rounded(np.broadcast_to(variance, self.batch_shape + self.event_shape))

    def covariance(self) -> Any:
        """Covariance matrix of an event read row by row."""
        row, column = (linear.gram(factor, True) for factor in self._factors())
        product = np.einsum("...ik,...jl->...ijkl", row, column)
        size = self.event_shape[0] * self.event_shape[1]
        matrix = product.reshape(*product.shape[:-4], size, size)
        return self._rounded(np.broadcast_to(matrix, (*self.batch_shape, size, size)))

    def entropy(self) -> Any:
        """Entropy in nats."""
        half = 0.5 * self.event_shape[0] * self.event_shape[1]
        return self._once("entropy", lambda: self._of_batch(half - self._log_norm()))


# Divergences. M is the Kronecker product of those of the rows and of the columns.


@kernel(heavy=True)
def crossed_excess(row, column, other_row, other_column):
    """The sum over the diagonal of M of what it adds to twice a divergence."""
    total = 0.0
    for i in range(len(row)):
        for j in range(len(column)):
            total += diagonal_excess(row[i, i] * column[j, j], other_row[i, i] * other_column[j, j])
    return total


@kernel(heavy=True)
def solve_both(loc, other, row, column, z):
    """Fill z with what standardises the difference of two locations; gives its square."""
    for i in range(len(row)):
        for j in range(len(column)):
            z[i, j] = loc[i, j] - other[i, j]
    solve_lower_rows(row, z)
    square = 0.0
    for i in range(len(row)):
        solve_lower(column, z[i])
        square += sum_of_squares(z[i])
    return square if square == square else INF


@kernel(heavy=True)
def solve_both_transposed(z, row, column, solved):
    for i in range(len(row)):
        for j in range(len(column)):
            solved[i, j] = z[i, j]
    solve_lower_transposed_rows(row, solved)
    for i in range(len(row)):
        solve_lower_transposed(column, solved[i])


def _parts(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, Quotient, Quotient]:
    """The divergence, z, and M of rows and of columns."""
    (row, column), (other_row, other_column) = p._factors(), q._factors()
    rows, columns = gaussian.quotient(other_row, row, shape), gaussian.quotient(other_column, column, shape)
    factors = [(row, 2), (column, 2), (other_row, 2), (other_column, 2)]
    (on,) = linear.of_sets(crossed_excess, factors, shape, 1, ())
    below = rows.squares() * columns.below + rows.below * columns.squares() + rows.below * columns.below
    locs = [(d._parameters["loc"], 2) for d in (p, q)]
    square, z = linear.of_sets(solve_both, [*locs, *factors[2:]], shape, 1, (p.event_shape,))
    # Where M overflows, what is not a number is infinite.
    return 0.5 * (on + np.where(np.isnan(below), INF, below) + square), z, rows, columns


def _divergence(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
    return _parts(p, q, shape)[0]


def _divergence_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    value, z, rows, columns = _parts(p, q, shape)
    (row, column), (n, m) = q._factors(), p.event_shape
    (in_loc,) = linear.of_sets(solve_both_transposed, [(z, 2), (row, 2), (column, 2)], shape, 0, (p.event_shape,))
    in_p, in_q = {"loc": in_loc}, {"loc": -in_loc}
    turned = np.swapaxes(z, -2, -1)
    kinds = ("scale_tril_row", rows, columns, m, z), ("scale_tril_column", columns, rows, n, turned)
    for i, (name, part, other, count, own) in enumerate(kinds):
        # A row's M counts as often as the squares of the columns' M say, and the rest once for each column.
        weights = Weights(other.squares() + other.below, count, other.surplus())
        first, second = (gaussian.Scale(d._factors()[i]) for d in (p, q))
        in_p[name] = gaussian.in_first("scale_tril", first, second, part, shape, weights)
        in_q[name] = gaussian.in_second("scale_tril", second, first, part, own, own, shape, weights)
    return value, in_p, in_q


register_kl(MatrixNormal, MatrixNormal)(Whole(_divergence, _divergence_and_grad))
