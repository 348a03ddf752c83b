"""Small matrices: in plain Python and compiled, against LAPACK, and the lanes against single vectors."""

import numpy as np
import pytest
from scipy import linalg

from fastdist.engine import cpu
from fastdist.engine.tiles import HEIGHT
from fastdist.linear import Mixed
from fastdist.special import lanes, matrices

SIZES = (1, 2, 3, 4, 5, 8, 11, 40)


def positive(size, seed=0):
    root = np.random.default_rng(seed).normal(size=(size, 2 * size))
    return root @ root.T


def both(kernel, *arrays):
    """The arrays as the kernel leaves them, in plain Python and compiled, and what it gives."""
    found = []
    for function in (kernel, cpu.jitted(kernel)):
        copies = [a.copy() for a in arrays]
        found.append((function(*copies), copies[-1]))
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-9)
    return found[1]


@pytest.mark.parametrize("size", SIZES)
def test_cholesky(size):
    matrix = positive(size)
    minor, factor = both(matrices.cholesky, matrix, np.empty((size, size)))
    assert minor == 0
    np.testing.assert_allclose(factor, np.linalg.cholesky(matrix), rtol=1e-12, atol=1e-14)
    lower = np.tril(matrix) + np.triu(np.full((size, size), np.nan), 1)  # the upper triangle is not read
    np.testing.assert_array_equal(both(matrices.cholesky, lower, np.empty((size, size)))[1], factor)


def test_asymmetry():
    matrix = positive(5)
    assert both(matrices.asymmetry, matrix)[0] == 0.0
    for scale, want in ((1e-7, 0.0), (1e-3, 1.0), (np.inf, np.inf), (np.nan, np.inf)):
        other = matrix.copy()
        other[3, 1] += scale * np.sqrt(matrix[1, 1] * matrix[3, 3])
        assert both(matrices.asymmetry, other)[0] == want
    assert both(matrices.asymmetry, np.array([[1e-12, 5e-13], [0.0, 1e-12]]))[0] == 1.0


def test_cholesky_says_where_it_fails():
    for order in (1, 3, 5):
        for wrong in (-1.0, 0.0, np.nan, np.inf):
            matrix = positive(5)
            matrix[order - 1, order - 1] = wrong
            minor, factor = both(matrices.cholesky, matrix, np.empty((5, 5)))
            assert minor == order and np.isnan(factor).all()


@pytest.mark.parametrize("size", SIZES)
def test_triangular(size):
    factor = np.linalg.cholesky(positive(size))
    inverse = linalg.solve_triangular(factor, np.eye(size), lower=True)
    x = np.random.default_rng(1).normal(size=size)
    pairs = (
        (matrices.solve_lower, inverse),
        (matrices.solve_lower_transposed, inverse.T),
        (matrices.multiply_lower, factor),
        (matrices.multiply_lower_transposed, factor.T),
    )
    for kernel, matrix in pairs:
        np.testing.assert_allclose(both(kernel, factor, x)[1], matrix @ x, rtol=1e-9, atol=1e-12)
    rows = np.random.default_rng(2).normal(size=(size, 6))
    pairs = (
        (matrices.solve_lower_rows, inverse),
        (matrices.solve_lower_transposed_rows, inverse.T),
        (matrices.multiply_lower_rows, factor),
    )
    for kernel, matrix in pairs:
        np.testing.assert_allclose(both(kernel, factor, rows)[1], matrix @ rows, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(both(matrices.invert_lower, factor, np.empty(factor.shape))[1], inverse, rtol=1e-8)
    np.testing.assert_allclose(both(matrices.log_diagonal, factor)[0], np.log(np.diag(factor)).sum(), rtol=1e-13)
    np.testing.assert_allclose(both(matrices.dot, x, x[::-1].copy())[0], x @ x[::-1], atol=1e-13)
    np.testing.assert_allclose(both(matrices.sum_of_squares, x)[0], x @ x, rtol=1e-14)


def test_overflowing_length():
    for scale in (1e160, 1e300):
        length, _ = both(matrices.overflowing_length, scale * np.array([3.0, -4.0]))
        np.testing.assert_allclose(length, -5 * scale, rtol=1e-15)
    for x in ([1.7e308, 1.7e308], [np.inf, 0.0], [0.0, np.nan]):
        with np.errstate(over="ignore"):
            assert both(matrices.overflowing_length, np.array(x))[0] == np.inf


def test_log_product():
    for values, want in (
        ([2.0] * 2000 + [0.5] * 1999, np.log(2.0)),
        ([1e-300, 1e300, 3.0], np.log(3.0)),
        ([5e-324], np.log(5e-324)),
        ([1.7e308, 1.7e308], 2 * np.log(1.7e308)),
        ([1.0 + 2.0**-40, 1.0 - 2.0**-41], 2.0**-41),
    ):
        np.testing.assert_allclose(both(matrices.log_product, np.array(values))[0], want, rtol=1e-11)
    assert both(matrices.log_product, np.empty(0))[0] == 0.0
    for wrong in (0.0, -1.0, np.nan, np.inf):
        assert np.isnan(both(matrices.log_product, np.array([2.0, wrong, 3.0]))[0])


def test_far_length():
    z = np.array([3e200, -4e200])
    for x, loc, want in ((1.0, 0.0, -5e200), (np.nan, 0.0, np.nan), (1.0, np.nan, np.nan), (np.inf, 0.0, -5e200)):
        found, _ = both(matrices.far_length, np.array([x, 0.0]), np.array([loc, 0.0]), z)
        np.testing.assert_allclose(found, want, rtol=1e-15)


@pytest.mark.parametrize("size", SIZES)
def test_lanes_are_single_vectors(size):
    """To the last bit."""
    factor = np.linalg.cholesky(positive(size))
    x = np.random.default_rng(1).normal(size=(size + lanes.SPARE, lanes.LANES))
    for together, alone in (
        (lanes.solve_lanes, matrices.solve_lower),
        (lanes.multiply_lanes, matrices.multiply_lower),
        (lanes.solve_transposed_lanes, matrices.solve_lower_transposed),
    ):
        found = x.copy()
        cpu.jitted(together)(factor, found)
        for lane in (0, 17, lanes.LANES - 1):
            vector = x[:size, lane].copy()
            cpu.jitted(alone)(factor, vector)
            np.testing.assert_array_equal(found[:size, lane], vector)
        cpu.jitted(lanes.square_lanes)(found, size)
        assert found[-1, 17] == cpu.jitted(matrices.sum_of_squares)(np.ascontiguousarray(found[:size, 17]))


@pytest.mark.parametrize("size", SIZES)
def test_tiles_are_single_vectors(size):
    """To the last bit, and in plain Python to its rounding."""
    factor = np.linalg.cholesky(positive(size))
    rows, columns = np.random.default_rng(2).normal(size=(HEIGHT + 3, size)), Mixed().layout(factor)
    tile = np.empty((HEIGHT, columns.shape[1]))
    cpu.jitted(lanes.multiply_tile)(rows, 2, columns, tile)
    for e in range(HEIGHT):
        vector = rows[2 + e].copy()
        cpu.jitted(matrices.multiply_lower)(factor, vector)
        np.testing.assert_array_equal(tile[e, -size:], vector)
    plain = np.empty_like(tile)
    lanes.multiply_tile(rows, 2, columns, plain)
    np.testing.assert_allclose(plain, tile, rtol=1e-12, atol=1e-13)
