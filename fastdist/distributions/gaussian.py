"""How far normal distributions of vectors are from each other, and other families of a matrix for which it is alike.

With the lower factors L of p's covariance and K of q's, and with z = K^-1 of the difference of the locations, all is in
the lower triangular matrix M = K^-1 L, which is 1 where the two covariances are equal:

    2 D(p || q) = sum_i (m_ii**2 - 1 - log m_ii**2) + sum_{j < i} m_ij**2 + |z|**2,

of which no term is negative. A column of M whose diagonal entry is close to 1 is kept less 1, and solves for a column
of the difference of the factors: covariances that are close lose no digits by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastdist import linear
from fastdist.engine.bits import fma
from fastdist.engine.device import on_device
from fastdist.engine.elementwise import elementwise
from fastdist.engine.evaluate import F64
from fastdist.engine.kernel import expression, filled, kernel
from fastdist.forward.dual import without_tangent
from fastdist.special.gamma import deviance
from fastdist.special.matrices import (
    add_multiple,
    dot,
    fill_turned,
    infinite_length,
    multiply_lower,
    multiply_lower_rows,
    multiply_lower_transposed,
    solve_lower,
    solve_lower_transposed,
    solve_lower_transposed_rows,
    sum_of_squares,
)

INF = float("inf")


@kernel
def diagonal_excess(x, y):
    """r**2 - 1 - log(r**2) for the ratio r of x to y, both positive."""
    gap = (x - y) / y
    return gap * gap + 2.0 * (deviance(y, x) / y)


@kernel(heavy=True)
def fill_quotient(factor, other, quotient, close):
    """Fill `quotient` with ``factor^-1 other`` of lower triangular matrices, less 1 in the columns where `close` is 1.

    Gives the sums over the diagonal and below it.
    """
    n = len(factor)
    for j in range(n):
        close[j] = 1.0 if abs(other[j, j] - factor[j, j]) < 0.5 * factor[j, j] else 0.0
    on, below = 0.0, 0.0
    for i in range(n):
        row = quotient[i]
        for j in range(i + 1):
            row[j] = fma(-close[j], factor[i, j], other[i, j])
        for j in range(i + 1, n):
            row[j] = 0.0
        for k in range(i):
            add_multiple(-factor[i, k], quotient[k, : k + 1], row[: k + 1])
        for j in range(i + 1):
            row[j] /= factor[i, i]
        on += diagonal_excess(other[i, i], factor[i, i])
        below += sum_of_squares(row[:i])
    # Where M overflows, what is not a number is infinite.
    return on, below if below == below else INF


@kernel
def finite_square(loc, other, z):
    """The square of z, or what it is where it overflows."""
    square = sum_of_squares(z)
    return square if square < INF else infinite_length(loc, other, z)


@kernel(heavy=True)
def fill_of_difference(loc, other, factor, z):
    """Fill z with what APPLY makes of the factor and loc - other; gives its square."""
    for k in range(len(z)):
        z[k] = loc[k] - other[k]
    APPLY(factor, z)
    return finite_square(loc, other, z)


@kernel(heavy=True)
def fill_of_vector(factor, z, result):
    """Fill `result` with what APPLY makes of the factor and z."""
    for k in range(len(z)):
        result[k] = z[k]
    APPLY(factor, result)


APPLY = solve_lower
solve_difference, multiply_difference = (filled(fill_of_difference, APPLY=f) for f in (solve_lower, multiply_lower))
fill_solved, fill_multiplied = (
    filled(fill_of_vector, APPLY=f) for f in (solve_lower_transposed, multiply_lower_transposed)
)


# Derivatives. Those in p's covariance L L^T and in the inverse of q's are halves of differences of inverses and of
# covariances. That in the inverse of p's is less half of M^T M - 1 between L and L^T, and that in K K^T less half of
# M M^T - 1 + z z^T between K^-T and K^-1. Other families have a weight before M's part, and one before the rest; by how
# much the first exceeds the second they know best.


@kernel
def square_excess(v, close):
    """The square of an entry on the diagonal of M; less 1 where the entry is kept less 1."""
    return v * (v + 2.0 * close)


@kernel
def sums_of_squares(quotient, close, below):
    """The sum of the squares on the diagonal of M, that of all, and by how much the latter exceeds its size."""
    on, surplus = 0.0, 0.0
    for i in range(len(close)):
        v = quotient[i, i] + close[i]
        on = fma(v, v, on)
        surplus += square_excess(quotient[i, i], close[i]) - (1.0 - close[i])
    return on, on + below, surplus + below


@kernel(heavy=True)
def fill_first_in_scale_tril(factor, other, quotient, close, weight, rest, surplus, slope):
    """``weight other^-T M - rest factor^-T`` on and below the diagonal."""
    n = len(factor)
    for i in range(n):
        for j in range(n):
            slope[i, j] = weight * quotient[i, j]
    solve_lower_transposed_rows(other, slope)
    for i in range(n):
        for j in range(i + 1, n):
            slope[i, j] = 0.0
        x, y = factor[i, i], other[i, i]
        slope[i, i] += weight * ((x - y) / x / y) + surplus / x if close[i] > 0.0 else -rest / x


@kernel(heavy=True)
def fill_first_in_precision(factor, quotient, close, weight, rest, surplus, slope):
    """``-factor (weight M^T M - rest) factor^T / 2``."""
    n = len(factor)
    for i in range(n):
        for j in range(i):
            slope[i, j] = (quotient[i, i] + close[i]) * quotient[i, j]
        slope[i, i] = square_excess(quotient[i, i], close[i])
    for k in range(n):
        for i in range(k):
            add_multiple(quotient[k, i], quotient[k, : i + 1], slope[i, : i + 1])
    for i in range(n):
        for j in range(i + 1):
            own = (surplus if close[i] > 0.0 else -rest) if i == j else 0.0
            slope[i, j] = slope[j, i] = -0.5 * fma(weight, slope[i, j], own)
    multiply_lower_rows(factor, slope)
    turn(slope)
    multiply_lower_rows(factor, slope)
    mirror(slope)


@kernel
def fill_pull(quotient, close, z, weight, rest, surplus, pull):
    """``weight M M^T - rest + z z^T``."""
    for i in range(len(quotient)):
        for j in range(i):
            total = fma(quotient[i, j], quotient[j, j] + close[j], dot(quotient[i, :j], quotient[j, :j]))
            pull[i, j] = pull[j, i] = fma(weight, total, dot(z[i], z[j]))
        total = square_excess(quotient[i, i], close[i]) + sum_of_squares(quotient[i, :i])
        pull[i, i] = fma(weight, total, surplus if close[i] > 0.0 else -rest) + sum_of_squares(z[i])


@kernel(heavy=True)
def fill_second_in_scale_tril(factor, quotient, close, z, weight, rest, surplus, slope):
    """Less ``factor^-T`` times that, on and below the diagonal."""
    fill_pull(quotient, close, z, weight, rest, surplus, slope)
    solve_lower_transposed_rows(factor, slope)
    for i in range(len(factor)):
        for j in range(len(factor)):
            slope[i, j] = -slope[i, j] if j <= i else 0.0


@kernel(heavy=True)
def fill_second_in_covariance(factor, quotient, close, z, weight, rest, surplus, slope):
    """Less half of that between ``factor^-T`` and ``factor^-1``."""
    fill_pull(quotient, close, z, weight, rest, surplus, slope)
    solve_lower_transposed_rows(factor, slope)
    turn(slope)
    solve_lower_transposed_rows(factor, slope)
    for i in range(len(factor)):
        for j in range(i + 1):
            slope[i, j] = slope[j, i] = -0.5 * slope[i, j]


@kernel
def fill_backwards(row, backwards):
    for k in range(len(row)):
        backwards[k] = row[len(row) - 1 - k]


@kernel(heavy=True)
def fill_product(a, b, product):
    """``a b`` of lower triangular matrices."""
    for i in range(len(a)):
        for j in range(len(a)):
            product[i, j] = 0.0
        for k in range(i + 1):
            add_multiple(a[i, k], b[k, : k + 1], product[i, : k + 1])


@kernel
def fill_identity(matrix, identity):
    for i in range(len(matrix)):
        for j in range(len(matrix)):
            identity[i, j] = 1.0 if i == j else 0.0


@kernel
def turn(matrix):
    """Transpose in place."""
    for i in range(len(matrix)):
        for j in range(i):
            matrix[i, j], matrix[j, i] = matrix[j, i], matrix[i, j]


@kernel
def mirror(matrix):
    """Write the lower triangle above the diagonal."""
    for i in range(len(matrix)):
        for j in range(i):
            matrix[j, i] = matrix[i, j]


Shape = tuple[int, ...]


class Quotient(NamedTuple):
    """M of two factors, with the sum over the diagonal of what M adds to twice a divergence, and that below it."""

    on: np.ndarray
    below: np.ndarray
    matrix: np.ndarray
    close: np.ndarray
    """1 for a column of the matrix that is less 1, else 0."""

    def squares(self) -> tuple[np.ndarray, ...]:
        """The sum of the squares on the diagonal of M, that of all, and by how much the latter exceeds its size."""
        batch = tuple(self.close.shape)[:-1]
        return linear.of_sets(sums_of_squares, [(self.matrix, 2), (self.close, 1), (self.below, 0)], batch, 3, ())


def quotient(factor: np.ndarray, other: np.ndarray, shape: Shape) -> Quotient:
    """``factor^-1 other``."""
    size = tuple(factor.shape)[-1]
    return Quotient(*linear.of_sets(fill_quotient, [(factor, 2), (other, 2)], shape, 2, ((size, size), (size,))))


class Scale(NamedTuple):
    """A covariance, or what is in its place: its lower factor, and it and its inverse where they are kept."""

    factor: np.ndarray
    kept: Callable[[], np.ndarray] | None = None
    kept_inverse: Callable[[], np.ndarray] | None = None

    def covariance(self) -> np.ndarray:
        """The covariance itself."""
        return linear.gram(self.factor, True) if self.kept is None else self.kept()

    def inverse(self) -> np.ndarray:
        """Its inverse."""
        if self.kept_inverse is None:
            return linear.gram(linear.inverse(self.factor), False)
        return self.kept_inverse()


class Weights(NamedTuple):
    """What stands before M's part and before the rest, and by how much the first exceeds the second."""

    weight: Any = 1.0
    rest: Any = 1.0
    surplus: Any = 0.0


EVEN = Weights()


# Derivatives in matrices of so many columns and more are products and solutions of whole matrices, which BLAS divides
# into blocks: below, the kernels above are faster.
BLOCKS = 200


def solved_transposed(factor: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """``factor^-T matrix`` of stacks."""
    from scipy.linalg.blas import dtrsm  # takes longer to import than the whole of this package

    batch = np.broadcast_shapes(factor.shape[:-2], matrix.shape[:-2])
    result = np.empty(batch + matrix.shape[-2:])
    factors, matrices = (np.broadcast_to(a, batch + a.shape[-2:]) for a in (factor, matrix))
    for index in np.ndindex(batch):
        # Of arrays in C's order, which transposed are in Fortran's: the solution's transpose.
        result[index] = dtrsm(1.0, factors[index].T, matrices[index].T, side=1, trans_a=1).T
    return result


def _of_diagonals(m: Quotient, weights: Weights) -> np.ndarray:
    """The surplus of the weights where a column of M is less 1, else less the second weight."""
    surplus, rest = (np.asarray(w, F64)[..., np.newaxis] for w in (weights.surplus, weights.rest))
    return np.where(m.close > 0.0, surplus, -rest)


def _first_in_scale_tril(factor: np.ndarray, other: np.ndarray, m: Quotient, weights: Weights) -> np.ndarray:
    """As :func:`fill_first_in_scale_tril`."""
    slope = np.tril(solved_transposed(other, _of_matrices(weights.weight) * m.matrix))
    x, y = (np.diagonal(a, axis1=-2, axis2=-1) for a in (factor, other))
    near = m.close * np.asarray(weights.weight, F64)[..., np.newaxis] * ((x - y) / x / y)
    _add_to_diagonal(slope, near + _of_diagonals(m, weights) / x)
    return slope


def _second(name: str, factor: np.ndarray, m: Quotient, z: np.ndarray, weights: Weights) -> np.ndarray:
    """As :func:`fill_second_in_scale_tril` and :func:`fill_second_in_covariance`."""
    transposed = np.swapaxes(m.matrix, -2, -1)
    columns = m.close[..., np.newaxis, :] * m.matrix
    pull = np.matmul(m.matrix, transposed) + columns + np.swapaxes(columns, -2, -1)
    pull = _of_matrices(weights.weight) * pull + np.matmul(z, np.swapaxes(z, -2, -1))
    _add_to_diagonal(pull, _of_diagonals(m, weights))
    solved = solved_transposed(factor, pull)
    if name == "scale_tril":
        return -np.tril(solved)
    return -0.5 * linear.symmetric(solved_transposed(factor, np.swapaxes(solved, -2, -1)))


def _add_to_diagonal(matrices: np.ndarray, by: np.ndarray) -> None:
    places = np.arange(matrices.shape[-1])
    matrices[..., places, places] += by


def in_first(name: str, own: Scale, other: Scale, m: Quotient, shape: Shape, weights: Weights = EVEN) -> np.ndarray:
    """The derivative in the first distribution's matrix of this name."""
    given = [(own.factor, 2), (other.factor, 2), (m.matrix, 2), (m.close, 1), *((w, 0) for w in weights)]
    size = tuple(own.factor.shape)[-2:]
    there = on_device(own.factor)
    if name == "scale_tril" and size[0] >= BLOCKS and not there:
        return _first_in_scale_tril(own.factor, other.factor, m, weights)
    if name == "scale_tril":
        return linear.of_sets(fill_first_in_scale_tril, given, shape, 0, (size,))[0]
    if name == "precision_matrix":
        return linear.of_sets(fill_first_in_precision, [given[0], *given[2:]], shape, 0, (size,))[0]
    operands = _of_matrices(weights.weight), other.inverse(), _of_matrices(weights.rest), own.inverse()
    return arithmetic(HALF_DIFFERENCE, operands, shape + tuple(size))


def in_second(
    name: str,
    own: Scale,
    other: Scale,
    m: Quotient,
    z: np.ndarray,
    delta: np.ndarray,
    shape: Shape,
    weights: Weights = EVEN,
) -> np.ndarray:
    """The derivative in the second distribution's matrix of this name; z and what it is made of are matrices."""
    if name == "precision_matrix":
        size = tuple(delta.shape)[-2]
        operands = _of_matrices(weights.weight), other.covariance(), _of_matrices(weights.rest), own.covariance()
        row = delta.reshape((*tuple(delta.shape)[:-2], 1, size))
        return arithmetic(HALF_DIFFERENCE_AND_SQUARE, (*operands, delta, row), (*shape, size, size))
    if tuple(own.factor.shape)[-1] >= BLOCKS and not on_device(own.factor):
        return _second(name, own.factor, m, z, weights)
    fill = fill_second_in_scale_tril if name == "scale_tril" else fill_second_in_covariance
    given = [(own.factor, 2), (m.matrix, 2), (m.close, 1), (z, 2), *((w, 0) for w in weights)]
    return linear.of_sets(fill, given, shape, 0, (tuple(own.factor.shape)[-2:],))[0]


def products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a^T b``."""
    return np.matmul(np.swapaxes(a, -2, -1), b)


def times_square(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``a a^T b``."""
    return np.matmul(a, products(a, b))


HALF_SUM = expression("0.5 * (a + b + c)", "a, b, c")
DIFFERENCE = expression("a - b", "a, b")
HALF_DIFFERENCE = expression("0.5 * (v * a - w * b)", "v, a, w, b")
HALF_DIFFERENCE_AND_SQUARE = expression("0.5 * ((v * a - w * b) + c * d)", "v, a, w, b, c, d")


def arithmetic(formula: Any, operands: tuple[Any, ...], shape: Shape) -> Any:
    """A formula of numbers over arrays that broadcast to `shape`: of NumPy's as it stands."""
    if any(map(on_device, operands)):
        return elementwise(formula, operands, shape, F64)[0]
    return formula(*operands)


def _of_matrices(weight: Any) -> Any:
    if on_device(weight):
        return weight.reshape((*tuple(weight.shape), 1, 1))
    return np.asarray(weight, F64)[..., np.newaxis, np.newaxis]


# Normal distributions ----------------------------------------------------------------------------


class Side(NamedTuple):
    """A normal distribution: its location, and the factor of its covariance or of its precision."""

    loc: np.ndarray
    factor: np.ndarray
    precision: bool = False


def turned(factor: np.ndarray) -> np.ndarray:
    """The lower triangular matrix that a transposed one is, counted from the last row and column."""
    if on_device(factor):
        return linear.of_each(fill_turned, factor)
    return np.swapaxes(factor, -2, -1)[..., ::-1, ::-1]


def relative(p: Side, q: Side, shape: Shape) -> Quotient:
    """M of factors of any kind."""
    if not (p.precision or q.precision):
        return quotient(q.factor, p.factor, shape)
    if p.precision and q.precision:
        # M is q's factor times the inverse of p's: the same from the other side.
        on, below, matrix, close = quotient(turned(p.factor), turned(q.factor), shape)
        (backwards,) = linear.of_sets(fill_backwards, [(close, 1)], shape, 0, (tuple(close.shape)[-1:],))
        return Quotient(on, below, turned(matrix), backwards)
    factors = (q.factor, p.factor) if q.precision else (p.factor, q.factor)
    (product,) = linear.of_sets(fill_product, [(f, 2) for f in factors], shape, 0, (tuple(p.factor.shape)[-2:],))
    one = linear.of_each(fill_identity, without_tangent(product))
    return quotient(one, product, shape) if q.precision else quotient(product, one, shape)


def difference(p: Side, q: Side, shape: Shape) -> tuple[np.ndarray, np.ndarray]:
    """The square of z, and z."""
    fill = multiply_difference if q.precision else solve_difference
    square, z = linear.of_sets(fill, [(p.loc, 1), (q.loc, 1), (q.factor, 2)], shape, 1, (tuple(p.loc.shape)[-1:],))
    return square, z


def divergence(p: Side, q: Side, shape: Shape) -> np.ndarray:
    """That of two normal distributions."""
    m = relative(p, q, shape)
    return arithmetic(HALF_SUM, (m.on, m.below, difference(p, q, shape)[0]), shape)


class Slopes(NamedTuple):
    """The divergence, its derivative in p's location, M, z, and the difference of the locations."""

    value: np.ndarray
    in_loc: np.ndarray
    quotient: Quotient
    z: np.ndarray
    delta: np.ndarray


def slopes(p: Side, q: Side, shape: Shape) -> Slopes:
    """What the derivatives of the divergence are made of."""
    m, (square, z) = relative(p, q, shape), difference(p, q, shape)
    fill = fill_multiplied if q.precision else fill_solved
    size = tuple(z.shape)[-1:]
    (in_loc,) = linear.of_sets(fill, [(q.factor, 2), (z, 1)], shape, 0, (size,))
    locs = (loc if on_device(loc) else np.asarray(loc, F64) for loc in (p.loc, q.loc))
    delta = arithmetic(DIFFERENCE, tuple(locs), shape + size)
    columns = (array.reshape((*tuple(array.shape), 1)) for array in (z, delta))
    return Slopes(arithmetic(HALF_SUM, (m.on, m.below, square), shape), in_loc, m, *columns)
