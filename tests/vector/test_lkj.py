"""fastdist.LKJ and fastdist.LKJCholesky: what their own parameters ask for."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from vector.families.constrained import log_onion

from fastdist.distributions.lkj import LKJ
from fastdist.distributions.lkj_cholesky import LKJCholesky


@pytest.mark.parametrize(("dim", "concentration"), [(2, 0.5), (5, 1.0), (10, 3.0), (40, 0.2)])
def test_law_of_draws(dim, concentration):
    """Each entry of the matrix is a beta variate on (-1, 1)."""
    n = 400_000 // dim
    x = LKJ(dim, concentration).sample(n, rng=2)
    assert np.all(np.diagonal(x, axis1=-2, axis2=-1) == 1)
    np.testing.assert_array_equal(x, np.swapaxes(x, -2, -1))
    a = concentration - 1 + dim / 2
    for i, j in ((1, 0), (dim - 1, dim - 2), (dim - 1, 0), (dim // 2, 0)):
        statistic = stats.kstest((1 + x[:, i, j]) / 2, stats.beta(a, a).cdf).statistic
        assert i == j or statistic <= np.sqrt(np.log(2e7) / (2 * n))
    factor = LKJCholesky(dim, concentration).sample(n, rng=2)
    np.testing.assert_allclose(factor @ np.swapaxes(factor, -2, -1), x, atol=2e-15)


@pytest.mark.parametrize("concentration", [1e-3, 1.0, 1e6, 1e15])
def test_rows_have_length_1(concentration):
    """To 1e-15, in exact arithmetic."""
    for row in LKJCholesky(60, concentration).sample(4, rng=1).reshape(-1, 60):
        assert abs(mp.fsum(mp.mpf(v) ** 2 for v in row.tolist()) - 1) < 1e-15


@pytest.mark.parametrize(("dim", "concentration"), [(2, 0.5), (4, 1.0), (6, 30.0), (4, 0.05)])
def test_draws_move_with_the_concentration(dim, concentration):
    """The mean of what moves the entries, or their squares, is the derivative of their means."""
    n, h = 100_000, 1e-5
    for family in (LKJCholesky, LKJ):
        x, grad = family(dim, concentration).rsample_and_grad(n, rng=3)
        moved = grad["concentration"]
        up, down = family(dim, concentration + h), family(dim, concentration - h)
        first = (up.mean() - down.mean()) / (2 * h)
        assert np.all(np.abs(moved.mean(0) - first) <= 5.4 * moved.std(0) / np.sqrt(n) + 1e-7)
        square = 2 * x * moved
        second = (up.variance() + up.mean() ** 2 - down.variance() - down.mean() ** 2) / (2 * h)
        assert np.all(np.abs(square.mean(0) - second) <= 5.4 * square.std(0) / np.sqrt(n) + 1e-7)
    np.testing.assert_allclose((factor_slopes(dim, concentration)).sum(-1), 0.0, atol=1e-14)


def factor_slopes(dim, concentration):
    """The derivative of the squared lengths of rows, entry by entry."""
    x, grad = LKJCholesky(dim, concentration).rsample_and_grad(100, rng=1)
    return x * grad["concentration"]


def test_density_of_the_matrix_and_of_its_factor():
    """They differ by the Jacobian, here in closed form: the product of L_kk**(d - k)."""
    factor = LKJCholesky(5, 1.7).sample(20, rng=5)
    diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
    jacobian = (np.log(diagonal) * (4 - np.arange(5))).sum(-1)
    x = factor @ np.swapaxes(factor, -2, -1)
    np.testing.assert_allclose(LKJ(5, 1.7).log_prob(x) + jacobian, LKJCholesky(5, 1.7).log_prob(factor), rtol=1e-11)


@pytest.mark.parametrize("concentration", [1e-300, 1e-5, 0.3, 1.0, 7.0, 1e3, 1e8, 1e15])
@pytest.mark.parametrize("dim", [2, 3, 9])
def test_summaries_are_exact(dim, concentration):
    d, full = LKJCholesky(dim, concentration), LKJ(dim, concentration)
    with mp.workdps(100):
        eta = mp.mpf(concentration)
        whole = eta + mp.mpf(dim - 1) / 2
        entropy, of_matrix = log_onion(dim, eta), log_onion(dim, eta)
        for k in range(1, dim):
            b = eta + mp.mpf(dim - 1 - k) / 2
            rise = mp.digamma(whole) - mp.digamma(b)
            entropy += (b - 1) * rise
            of_matrix += (eta - 1) * rise
            mean = mp.exp(mp.loggamma(b + 0.5) - mp.loggamma(b) - mp.loggamma(whole + 0.5) + mp.loggamma(whole))
            assert d.mean()[k, k] == pytest.approx(float(mean), rel=3e-13)
            assert d.variance()[k, k] == pytest.approx(float(b / whole - mean**2), rel=1e-14)
    assert d.entropy() == pytest.approx(float(entropy), rel=1e-14)
    assert full.entropy() == pytest.approx(float(of_matrix), rel=1e-14)
    np.testing.assert_array_equal(full.mean(), np.eye(dim))
    if concentration >= 1:
        np.testing.assert_array_equal(d.mode(), np.eye(dim))
    else:
        assert np.isnan(d.mode()).all()


def test_the_density_close_to_the_identity():
    """At a large concentration all of it is in the last digits of the diagonal."""
    d = LKJ(3, 1e12)
    x = np.eye(3)
    x[1, 0] = x[0, 1] = 1e-6
    x[2, 1] = x[1, 2] = -2e-6
    with mp.workdps(60):
        want = (mp.mpf(10) ** 12 - 1) * mp.log(mp.det(mp.matrix(x.tolist()))) - log_onion(3, mp.mpf(10) ** 12)
    assert d.log_prob(x) == pytest.approx(float(want), rel=1e-14)


def test_dimensions():
    assert LKJ(3) == LKJ(3, 1.0) and LKJ(3) != LKJ(4) and LKJ(3) != LKJCholesky(3)
    assert repr(LKJ(3, 2.0)) == "LKJ(dim=3, concentration=2.0)"
    assert LKJCholesky(4, [1.0, 2.0]).sample(5, rng=1).shape == (5, 2, 4, 4)
    for wrong, error in ((1, ValueError), (0, ValueError), (2.5, TypeError), (True, TypeError), ("3", TypeError)):
        with pytest.raises(error, match="dim must be an integer"):
            LKJ(wrong)
