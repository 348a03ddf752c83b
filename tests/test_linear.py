"""Batches of matrices."""

import numpy as np
import pytest

from fastdist import linear


def positive(*shape):
    root = np.random.default_rng(0).normal(size=(*shape, 2 * shape[-1]))
    product = root @ np.swapaxes(root, -2, -1)
    return (product + np.swapaxes(product, -2, -1)) / 2


@pytest.mark.parametrize("shape", [(3,), (5, 3), (0, 3), (2, 3, 32), (2, 33), (1, 1), (3000, 4)])
def test_cholesky(shape):
    matrix = positive(*shape)
    factors, minors = linear.cholesky(matrix)
    assert factors.shape == matrix.shape and minors.shape == matrix.shape[:-2] and not minors.any()
    np.testing.assert_allclose(factors, np.linalg.cholesky(matrix), rtol=1e-9, atol=1e-12)
    reverse, _ = linear.reverse_cholesky(matrix)
    assert np.all(np.triu(reverse, 1) == 0)
    np.testing.assert_allclose(np.swapaxes(reverse, -2, -1) @ reverse, matrix, rtol=1e-12, atol=1e-12)
    identity = np.broadcast_to(np.eye(shape[-1]), matrix.shape)
    np.testing.assert_allclose(linear.inverse(factors) @ factors, identity, atol=1e-9)
    np.testing.assert_allclose(linear.half_log_determinant(factors), np.linalg.slogdet(matrix)[1] / 2, rtol=1e-10)
    np.testing.assert_allclose(linear.gram(factors, True), matrix, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("size", [4, 40])
def test_cholesky_says_which_and_where(size):
    matrix = positive(2, 3, size)
    matrix[1, 0, 2, 2] = -1.0
    matrix[0, 2, 0, 0] = np.nan
    factors, minors = linear.cholesky(matrix)
    np.testing.assert_array_equal(minors, [[0, 0, 1], [3, 0, 0]])
    np.testing.assert_array_equal(np.isnan(factors).all(axis=(-2, -1)), minors > 0)


def test_gram_is_symmetric_to_the_last_bit():
    factor = np.random.default_rng(1).normal(size=(4, 9, 7))
    for first in (True, False):
        product = linear.gram(factor, first)
        np.testing.assert_array_equal(product, np.swapaxes(product, -2, -1))


def test_distinct():
    array = np.broadcast_to(np.arange(6.0).reshape(2, 1, 3), (2, 5, 3))
    np.testing.assert_array_equal(linear.distinct(array, 1), np.arange(6.0).reshape(2, 1, 3))
    whole = np.broadcast_to(np.zeros(()), (4, 3))
    assert linear.distinct(whole, 1).shape == (1, 3) and linear.distinct(whole, 0).shape == (1, 1)
