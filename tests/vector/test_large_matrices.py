"""Multivariate normal families at sizes, conditions and batches beyond the ordinary."""

import mpmath as mp
import numpy as np
import pytest
from scipy import linalg
from vector.families import gaussian

from fastdist.distributions.low_rank_multivariate_normal import LowRankMultivariateNormal
from fastdist.distributions.multivariate_normal import MultivariateNormal


def spread_out(size, condition, seed=0):
    """A covariance with eigenvalues from 1 down to 1 / condition."""
    basis, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))
    matrix = (basis * np.geomspace(1.0, 1.0 / condition, size)) @ basis.T
    return (matrix + matrix.T) / 2


@pytest.mark.parametrize("size", [3, 12, 40])
def test_ill_conditioned(size):
    """A condition of 1e12: what is lost is what half an ulp of the matrix decides."""
    covariance = spread_out(size, 1e12)
    d = MultivariateNormal(np.zeros(size), covariance)
    x = d.sample(20, rng=1)
    got, (_, grad) = d.log_prob(x), d.log_prob_and_grad(x)
    slack = size * 2.0**-53 * np.abs(grad["covariance_matrix"] * covariance).sum((-2, -1))
    matrix = mp.matrix(covariance.tolist())
    inverse, log_det = mp.inverse(matrix), mp.log(mp.det(matrix))
    for event, value, loss in zip(x, got, slack, strict=True):
        y = mp.matrix(event.tolist())
        want = float(-((y.T * inverse * y)[0] + log_det + size * mp.log(2 * mp.pi)) / 2)
        assert abs(value - want) <= 1e-14 * abs(want) + loss


def test_scale_tril_of_any_condition():
    """A triangular factor loses nothing, whatever its condition."""
    random = np.random.default_rng(3)
    factor = np.tril(random.normal(size=(10, 10))) * np.geomspace(1e8, 1e-8, 10)[:, np.newaxis]
    np.fill_diagonal(factor, np.abs(np.diag(factor)))
    d = MultivariateNormal(np.zeros(10), scale_tril=factor)
    x = d.sample(20, rng=2)
    want = [float(gaussian.normal(event, np.zeros(10), scale_tril=factor.tolist())) for event in x]
    _, grad = d.log_prob_and_grad(x)
    slack = 10 * 2.0**-53 * (np.abs(grad["scale_tril"] * factor).sum((-2, -1)) + np.abs(grad["value"] * x).sum(-1))
    assert np.all(np.abs(d.log_prob(x) - want) <= 4e-15 * np.abs(want) + slack)


@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1.0, 1e150])
def test_determinant_of_a_thousand_dimensions(scale):
    size = 1000
    d = MultivariateNormal(np.zeros(size), scale**2 * np.eye(size))
    each = -np.log(scale) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(d.log_prob(np.zeros(size)), size * each, rtol=1e-14)
    np.testing.assert_allclose(d.log_prob(np.full((20, size), scale)), size * (each - 0.5), rtol=1e-14)
    np.testing.assert_allclose(d.entropy(), -size * (each - 0.5), rtol=1e-13)
    low = LowRankMultivariateNormal(np.zeros(size), np.zeros((size, 2)), np.full(size, scale**2))
    np.testing.assert_allclose(low.log_prob(np.full(size, scale)), size * (each - 0.5), rtol=1e-13)


@pytest.mark.parametrize("size", [33, 70, 200])
@pytest.mark.parametrize("form", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_large(size, form):
    """Lanes, single events and LAPACK agree."""
    matrix = spread_out(size, 100.0)
    given = {
        "covariance_matrix": matrix,
        "precision_matrix": np.linalg.inv(matrix),
        "scale_tril": np.linalg.cholesky(matrix),
    }[form]
    given = (given + given.T) / 2 if form != "scale_tril" else given
    d = MultivariateNormal(np.arange(size), **{form: given})
    x = d.sample(130, rng=1)
    np.testing.assert_array_equal(d.sample(rng=1), x[0])
    got = d.log_prob(x)
    np.testing.assert_array_equal([d.log_prob(event) for event in x[::20]], got[::20])
    z = linalg.solve_triangular(np.linalg.cholesky(matrix), (x - np.arange(size)).T, lower=True)
    log_det = np.linalg.slogdet(matrix)[1]
    np.testing.assert_allclose(got, -0.5 * ((z**2).sum(0) + log_det + size * np.log(2 * np.pi)), rtol=1e-11)


@pytest.mark.parametrize("form", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_derivatives_of_a_sum_are_sums_of_derivatives(form):
    size = 20
    matrix = spread_out(size, 100.0)
    given = {"covariance_matrix": matrix, "precision_matrix": matrix, "scale_tril": np.linalg.cholesky(matrix)}[form]
    d = MultivariateNormal(np.arange(size), **{form: given})
    for n in (1, 30, 20_000):
        x = d.sample(n, rng=1)
        total, slopes = d.log_likelihood_and_grad(x)
        value, grad = d.log_prob_and_grad(x)
        np.testing.assert_allclose(total, value.sum(), rtol=1e-13)
        assert list(slopes) == ["loc", form]
        for name, slope in slopes.items():
            np.testing.assert_allclose(slope, grad[name].sum(0), rtol=1e-10, atol=1e-12 * np.abs(grad[name]).sum())
    x[3, 2] = np.inf
    total, slopes = d.log_likelihood_and_grad(x)
    assert total == -np.inf and all(np.all(np.isfinite(slope)) for slope in slopes.values())
    x[3, 2] = np.nan
    assert np.isnan(d.log_likelihood_and_grad(x)[0])
    assert d.log_likelihood_and_grad(np.empty((0, size)))[0] == 0.0


def test_the_leading_minor_is_named_at_any_size():
    for size, order in ((3, 2), (32, 31), (33, 33), (60, 7)):
        matrix = np.broadcast_to(np.eye(size), (4, 5, size, size)).copy()
        matrix[2, 3, order - 1, order - 1] = -1.0
        with pytest.raises(ValueError, match=rf"index \(2, 3\).*leading minor of order {order} is not positive"):
            MultivariateNormal(np.zeros(size), matrix)


def test_many_small_matrices():
    random = np.random.default_rng(5)
    root = random.normal(size=(20_000, 3, 5))
    covariance = root @ np.swapaxes(root, -2, -1)
    covariance = (covariance + np.swapaxes(covariance, -2, -1)) / 2
    loc = random.normal(size=(20_000, 3))
    d = MultivariateNormal(loc, covariance)
    x = d.sample(rng=1)
    y = x - loc
    square = (y * np.linalg.solve(covariance, y[..., np.newaxis])[..., 0]).sum(-1)
    want = -0.5 * (square + np.linalg.slogdet(covariance)[1] + 3 * np.log(2 * np.pi))
    np.testing.assert_allclose(d.log_prob(x), want, rtol=1e-7)
    shared = MultivariateNormal(loc, covariance[0])
    alone = MultivariateNormal(np.zeros(3), covariance[0])
    np.testing.assert_array_equal(shared.log_prob(x), alone.log_prob(y))
    np.testing.assert_array_equal(shared.sample(rng=2), alone.sample(20_000, rng=2) + loc)


def test_low_rank_where_woodbury_cancels():
    """Factors that are large beside the diagonal, and events that they explain nearly whole."""
    random = np.random.default_rng(0)
    for size in (1e3, 1e6, 1e9):
        factor, diagonal = size * random.normal(size=(6, 2)), np.full(6, 1e-3)
        x = random.normal(size=(5, 2)) @ factor.T + random.normal(size=(5, 6)) * 0.03
        d = LowRankMultivariateNormal(np.zeros(6), factor, diagonal)
        value, grad = d.log_prob_and_grad(x)
        want = [float(gaussian.low_rank(event, np.zeros(6), factor.tolist(), diagonal.tolist())) for event in x]
        slack = np.abs(grad["value"] * x).sum(-1) + np.abs(grad["cov_factor"] * factor).sum((-2, -1))
        assert np.all(np.abs(value - want) <= 1e-13 * np.abs(want) + 8 * 2.0**-53 * slack)


def test_low_rank_of_scales_far_apart():
    """Factors of which a standardised one, or its square, overflows."""
    for factor, diagonal in (([[1e200], [1e100]], [1e-200, 1e-100]), ([[1e150, 1e-150], [1.0, 2.0]], [1e-300, 1e300])):
        d = LowRankMultivariateNormal([0.0, 0.0], factor, diagonal)
        x = np.random.default_rng(1).normal(size=(20, 2)) * np.sqrt(diagonal)
        value, grad = d.log_prob_and_grad(x)
        assert all(np.all(np.isfinite(slope)) for slope in grad.values())
        with mp.workdps(1500):
            want = [float(gaussian.low_rank(event.tolist(), [0.0, 0.0], factor, diagonal)) for event in x]
        np.testing.assert_allclose(value, want, rtol=1e-14)


def test_expanded_distributions_keep_one_factor():
    """And the bits of what they were made of."""
    size, n = 60, 100_000  # written out, the factors would take 3 GB
    covariance = spread_out(size, 10.0)
    d = MultivariateNormal(np.zeros(size), covariance)
    wide = d.expand((n,))
    assert wide.batch_shape == (n,) and wide.covariance_matrix.shape == (n, size, size)
    np.testing.assert_array_equal(wide.sample(rng=1), d.sample(n, rng=1))
    np.testing.assert_array_equal(wide.log_prob(np.ones(size)), np.full(n, d.log_prob(np.ones(size))))
    assert wide.entropy()[-1] == d.entropy() and wide.expand((2, n)).batch_shape == (2, n)
