"""Matrix normal distribution."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastdist import chain_rule, constraints, devices, linear
from fastdist.distributions import gaussian
from fastdist.distributions.gaussian import Quotient, Weights, diagonal_excess
from fastdist.distributions.in_lanes import InLanes, Lanes
from fastdist.distributions.multivariate_normal import HALF_LOG_2PI, finish
from fastdist.engine.broadcast import distinct
from fastdist.engine.device import negative
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import expression, kernel
from fastdist.engine.rows import Table
from fastdist.forward.dual import Dual
from fastdist.forward.rows import Operand
from fastdist.kl import Whole, register_kl
from fastdist.linear import Factor, Standardised
from fastdist.parameter import Parameter
from fastdist.random.rows import NORMAL, RowSampler
from fastdist.special.lanes import solve_lanes, square_lanes
from fastdist.special.matrices import (
    add_multiple,
    fill_lower,
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


@kernel
def draw_and_grad(noise, c, out, in_rows, in_columns):
    n, m = out.shape
    z, across = noise[0].reshape((n, m)), noise[1].reshape((n, m))
    for i in range(n):
        for j in range(m):
            across[i, j] = z[i, j]
        multiply_lower(c[COLUMNS], across[i])
    # x - loc is A times z B^T, and A z times B^T.
    multiply_lower_rows(c[ROWS], z)
    for i in range(n):
        for j in range(m):
            for k in range(n):
                for b in range(n):
                    in_rows[i, j, k, b] = across[b, j] if k == i and b <= i else 0.0
            for k in range(m):
                for b in range(m):
                    in_columns[i, j, k, b] = z[i, b] if k == j and b <= j else 0.0
    multiply_lower_rows(c[ROWS], across)
    for i in range(n):
        for j in range(m):
            out[i, j] = across[i, j] + c[LOC][i, j]


@kernel
def fill_variance(row, column, variance):
    for i in range(len(row)):
        for j in range(len(column)):
            variance[i, j] = sum_of_squares(row[i, : i + 1]) * sum_of_squares(column[j, : j + 1])


@kernel
def fill_kronecker(row, column, product):
    m = len(column)
    for i in range(len(product)):
        for j in range(len(product)):
            product[i, j] = row[i // m, j // m] * column[i % m, j % m]


LOG_NORM_OF = expression(
    "-(m * log_row + n * log_column + n * m * HALF_LOG_2PI)",
    "n, m, log_row, log_column",
    HALF_LOG_2PI=HALF_LOG_2PI,
)
_with_slopes = RowSampler(draw_and_grad, (NORMAL,), scratch=1, results=(2, 4, 4))
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
    scale_tril_row = Factor(constraints.lower_cholesky)
    scale_tril_column = Factor(constraints.lower_cholesky)
    _on_device = True
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
        names = "scale_tril_row", "scale_tril_column"
        if self._place is not None:
            return self._once("factors", lambda: tuple(linear.of_each(fill_lower, self._own[name]) for name in names))
        row, column = (self._parameters[name] for name in names)
        return distinct(row, 2).astype(F64, copy=False), distinct(column, 2).astype(F64)

    def _log_norm(self) -> np.ndarray:
        """Log density at `loc`: made once."""
        return self._once("log_norm", lambda: self._log_norm_of(*self._factors()))

    def _log_norm_of(self, row: Any, column: Any) -> Any:
        logs = linear.half_log_determinant(row), linear.half_log_determinant(column)
        batch = np.broadcast_shapes(*(tuple(log.shape) for log in logs))
        return gaussian.arithmetic(LOG_NORM_OF, (*self.event_shape, *logs), batch)

    def _place_at(self, d: Any) -> tuple[Any, Any, Any]:
        """The location and the factors at the parameters of `d`, which may carry tangents."""
        row, column = self._factors()
        given = {**self._parameters, "scale_tril_row": row, "scale_tril_column": column}
        loc, *factors = (chain_rule.argument(d, name, value) for name, value in given.items())
        # Only what is on and below the diagonal counts.
        row, column = (f * np.tri(f.shape[-1]) if isinstance(f, Dual) else f for f in factors)
        return loc, row, column

    def _constants_at(self, d: Any) -> list[Operand]:
        loc, row, column = self._place_at(d)
        return [(loc, 2), (row, 2), (column, 2), (self._log_norm_of(row, column), 0)]

    def _table(self) -> Table:
        if "table" not in self._tables:
            row, column = self._factors()
            loc = self._parameters["loc"] if self._place is None else self._own["loc"]
            constants = [(loc, 2), (row, 2), (column, 2), (self._log_norm(), 0)]
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
        kinds = tuple(self.event_shape + square for square in ((n, n), (m, m)))
        draws, in_row, in_column = self._draw_with_slopes(_with_slopes, shape, rng, kinds)
        if self._place is not None:
            in_loc = devices.identity(self, tuple(draws.shape))
        else:
            in_loc = np.broadcast_to(np.eye(n * m, dtype=self.dtype).reshape(n, m, n, m), (*draws.shape, n, m))
        return draws, {"loc": in_loc, "scale_tril_row": in_row, "scale_tril_column": in_column}

    def _nested_draws(self, d: Any, shape: Any, rng: Any) -> Any:
        n, m = self.event_shape
        draws, z = self._with_noise(shape, rng, n * m)
        loc, row, column = self._place_at(d)
        across = np.matmul(z.reshape(draws.shape), np.swapaxes(column, -2, -1))
        return chain_rule.with_value(draws, loc + np.matmul(row, across))

    def mean(self) -> Any:
        """The mean: `loc`."""
        return self._parameters["loc"]

    def mode(self) -> Any:
        """The mean, where the density is largest."""
        return self._parameters["loc"]

    def variance(self) -> Any:
        """Variance of each entry of an event."""
        return self._of_factors(fill_variance, self._factors(), self.event_shape)

    def covariance(self) -> Any:
        """Covariance matrix of an event read row by row."""
        grams = (linear.gram(factor, True) for factor in self._factors())
        return self._of_factors(fill_kronecker, grams, (self.event_shape[0] * self.event_shape[1],) * 2)

    def _of_factors(self, formula: Any, matrices: Any, kind: tuple[int, ...]) -> Any:
        """What a formula fills of a matrix for the rows and one for the columns."""
        given = [(matrix, 2) for matrix in matrices]
        return self._rounded(linear.of_sets(formula, given, self.batch_shape, 0, (kind,))[0])

    def entropy(self) -> Any:
        """Entropy in nats."""
        return self._once("entropy", lambda: self._of_batch(self._entropy()))

    def _entropy(self) -> Any:
        half, log_norm = 0.5 * self.event_shape[0] * self.event_shape[1], self._log_norm()
        return gaussian.arithmetic(gaussian.DIFFERENCE, (half, log_norm), tuple(log_norm.shape))


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
def solve_both(loc, other, row, column, z, turned):
    """Fill z, and z transposed, with what standardises the difference of two locations; gives its square."""
    for i in range(len(row)):
        for j in range(len(column)):
            z[i, j] = loc[i, j] - other[i, j]
    solve_lower_rows(row, z)
    square = 0.0
    for i in range(len(row)):
        solve_lower(column, z[i])
        square += sum_of_squares(z[i])
        for j in range(len(column)):
            turned[j, i] = z[i, j]
    return square if square == square else INF


@kernel(heavy=True)
def solve_both_transposed(z, row, column, solved):
    for i in range(len(row)):
        for j in range(len(column)):
            solved[i, j] = z[i, j]
    solve_lower_transposed_rows(row, solved)
    for i in range(len(row)):
        solve_lower_transposed(column, solved[i])


@kernel
def half_sum(on, square, row_squares, row_below, column_squares, column_below):
    """The divergence, of the squares on the diagonals of M of rows and of columns, and of those below."""
    below = row_squares * column_below + row_below * column_squares + row_below * column_below
    # Where M overflows, what is not a number is infinite.
    return 0.5 * (on + (below if below == below else INF) + square)


class Parts(NamedTuple):
    """The divergence, z and z transposed, and M of rows and of columns."""

    value: np.ndarray
    z: np.ndarray
    turned: np.ndarray
    rows: Quotient
    columns: Quotient


def _parts(p: Any, q: Any, shape: tuple[int, ...]) -> Parts:
    (loc, row, column), (other, other_row, other_column) = (d._plain._place_at(d) for d in (p, q))
    rows, columns = gaussian.quotient(other_row, row, shape), gaussian.quotient(other_column, column, shape)
    factors = [(row, 2), (column, 2), (other_row, 2), (other_column, 2)]
    (on,) = linear.of_sets(crossed_excess, factors, shape, 1, ())
    kinds = p.event_shape, p.event_shape[::-1]
    square, z, turned = linear.of_sets(solve_both, [(loc, 2), (other, 2), *factors[2:]], shape, 1, kinds)
    numbers = on, square, rows.squares()[0], rows.below, columns.squares()[0], columns.below
    (value,) = linear.of_sets(half_sum, [(number, 0) for number in numbers], shape, 1, ())
    return Parts(value, z, turned, rows, columns)


def _divergence(p: Any, q: Any, shape: tuple[int, ...]) -> np.ndarray:
    return _parts(p, q, shape).value


def _divergence_and_grad(p: Any, q: Any, shape: tuple[int, ...]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    value, z, turned, rows, columns = _parts(p, q, shape)
    (row, column), (n, m) = q._factors(), p.event_shape
    (in_loc,) = linear.of_sets(solve_both_transposed, [(z, 2), (row, 2), (column, 2)], shape, 0, (p.event_shape,))
    in_p, in_q = {"loc": in_loc}, {"loc": negative(in_loc)}
    kinds = ("scale_tril_row", rows, columns, m, z), ("scale_tril_column", columns, rows, n, turned)
    for i, (name, part, other, count, own) in enumerate(kinds):
        # A row's M counts as often as the squares of the columns' M say, and the rest once for each column.
        _, weight, surplus = other.squares()
        weights = Weights(weight, count, surplus)
        first, second = (gaussian.Scale(d._factors()[i]) for d in (p, q))
        in_p[name] = gaussian.in_first("scale_tril", first, second, part, shape, weights)
        in_q[name] = gaussian.in_second("scale_tril", second, first, part, own, own, shape, weights)
    return value, in_p, in_q


register_kl(MatrixNormal, MatrixNormal)(Whole(_divergence, _divergence_and_grad, on_device=True, moving=_divergence))
