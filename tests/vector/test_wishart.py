"""fastdist.Wishart and fastdist.InverseWishart: what their own parameters ask for."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from vector.families.constrained import log_multigamma

import fastdist as fd
from fastdist.distributions.inverse_wishart import InverseWishart
from fastdist.distributions.wishart import Wishart

SCALE = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -0.5], [0.0, -0.5, 1.0]])
N = 100_000
DISTANCE = np.sqrt(np.log(2e7) / (2 * N))


@pytest.mark.parametrize("df", [2.05, 2.9, 3.0, 8.5, 400.0])
def test_margins_of_draws(df):
    """The diagonal of a Wishart variate is chi-square, and so is any quadratic form of it, or of an inverse one."""
    direction = np.array([1.0, -2.0, 0.5])
    x = Wishart(df, SCALE).sample(N, rng=2)
    np.testing.assert_array_equal(x, np.swapaxes(x, -2, -1))
    for v in (*np.eye(3), direction):
        z = np.einsum("i,nij,j->n", v, x, v) / (v @ SCALE @ v)
        assert stats.kstest(z, stats.chi2(df).cdf).statistic <= DISTANCE
    y = InverseWishart(df, SCALE).sample(N, rng=2)
    # An inverse chi-square variate of df - p + 1 degrees of freedom.
    for v in (*np.eye(3), direction):
        z = (v @ SCALE @ v) / np.einsum("i,nij,j->n", v, y, v)
        assert stats.kstest(z, stats.chi2(df - 2).cdf).statistic <= DISTANCE


def test_log_determinants_of_draws():
    """A product of independent chi-square variates: the mean and variance of its logarithm."""
    df = 4.5
    log_det = np.linalg.slogdet(Wishart(df, SCALE).sample(N, rng=3))[1] - np.linalg.slogdet(SCALE)[1]
    halves = (df - np.arange(3)) / 2
    mean = float(sum(mp.digamma(h) for h in halves)) + 3 * np.log(2)
    variance = float(sum(mp.psi(1, h) for h in halves))
    assert abs(log_det.mean() - mean) <= 5.4 * np.sqrt(variance / N)
    assert abs(log_det.var() / variance - 1) <= 0.05


@pytest.mark.parametrize("df", [9.0 + 1e-9, 9.001, 9.5])
def test_no_draw_is_rejected(df):
    """Close to singular ones neither: they are symmetric, finite and not negative."""
    for d in (Wishart(df, np.eye(10)), Wishart(df, scale_tril=np.eye(10))):
        x = d.sample(200, rng=1)
        assert np.all(np.isfinite(x)) and np.all(
            np.linalg.eigvalsh(x) > -1e-12 * np.trace(x, axis1=-2, axis2=-1)[:, None]
        )


@pytest.mark.parametrize("family", [Wishart, InverseWishart])
@pytest.mark.parametrize("df", [9.5, 60.0])
def test_draws_move_with_the_degrees_of_freedom(family, df):
    """The mean of what moves the entries and their squares is the derivative of their means."""
    x, grad = family(df, SCALE).rsample_and_grad(N, rng=5)
    moved = grad["df"]
    h = 1e-4
    up, down = family(df + h, SCALE), family(df - h, SCALE)
    first = (up.mean() - down.mean()) / (2 * h)
    assert np.all(np.abs(moved.mean(0) - first) <= 5.4 * moved.std(0) / np.sqrt(N) + 1e-6 * np.abs(first))
    if df > 20:
        second = (up.variance() + up.mean() ** 2 - down.variance() - down.mean() ** 2) / (2 * h)
        square = 2 * x * moved
        assert np.all(np.abs(square.mean(0) - second) <= 5.4 * square.std(0) / np.sqrt(N) + 1e-6 * np.abs(second))


@pytest.mark.parametrize("df", [2.001, 5.0, 18.9, 19.1, 1e3, 1e8, 1e14])
def test_entropies_are_exact(df):
    """Also where what is proportional to df cancels; the cancellations are in half ulps of df."""
    with mp.workdps(60):
        v, half, size = mp.mpf(df), mp.mpf(df) / 2, 3
        log_det = mp.log(mp.det(mp.matrix(SCALE.tolist())))
        digammas = mp.fsum(mp.digamma(half - mp.mpf(i) / 2) for i in range(size))
        shared = log_multigamma(half, size) + half * size
        wishart = shared + mp.mpf(size + 1) / 2 * (log_det + size * mp.log(2)) - (v - size - 1) / 2 * digammas
        inverse = shared + mp.mpf(size + 1) / 2 * (log_det - size * mp.log(2)) - (v + size + 1) / 2 * digammas
    assert Wishart(df, SCALE).entropy() == pytest.approx(float(wishart), rel=3e-14, abs=3e-14)
    assert InverseWishart(df, SCALE).entropy() == pytest.approx(float(inverse), rel=3e-14, abs=3e-14)


def test_summaries():
    d = Wishart(5.0, SCALE)
    np.testing.assert_allclose(d.mode(), SCALE)
    assert np.isnan(Wishart(3.5, SCALE).mode()).all() and np.all(Wishart(4.0, SCALE).mode() == 0)
    np.testing.assert_allclose(d.covariance()[0, 1, 1, 2], 5 * (SCALE[0, 1] * SCALE[1, 2] + SCALE[0, 2] * SCALE[1, 1]))
    i = InverseWishart(5.0, SCALE)
    np.testing.assert_allclose(i.mode(), SCALE / 9)
    np.testing.assert_allclose(i.mean(), SCALE)
    assert np.isnan(i.variance()).all()
    np.testing.assert_array_equal(InverseWishart(4.0, SCALE).mean(), np.where(np.eye(3), np.inf, np.nan))
    np.testing.assert_allclose(InverseWishart(9.0, SCALE).variance(), stats.invwishart(9.0, SCALE).var())


def test_one_number_is_a_gamma_variate():
    """A Wishart variate of one number over 2 V, and the inverse of an inverse one times 2 / Psi."""
    x = np.array([0.01, 0.5, 1.0, 7.0])
    d = Wishart(3.5, [[2.0]])
    np.testing.assert_allclose(d.log_prob(x[:, None, None]), fd.Gamma(1.75, 0.25).log_prob(x), rtol=1e-13)
    assert d.entropy() == pytest.approx(fd.Gamma(1.75, 0.25).entropy(), rel=1e-14)
    i = InverseWishart(3.5, [[2.0]])
    np.testing.assert_allclose(i.log_prob(x[:, None, None]), fd.InverseGamma(1.75, 1.0).log_prob(x), rtol=1e-13)
    assert i.entropy() == pytest.approx(fd.InverseGamma(1.75, 1.0).entropy(), rel=1e-13)


def test_the_three_forms_agree():
    x = Wishart(6.0, SCALE).sample(20, rng=1)
    given = Wishart(6.0, covariance_matrix=SCALE)
    for other in (
        Wishart(6.0, precision_matrix=given.precision_matrix),
        Wishart(6.0, scale_tril=given.scale_tril),
        Wishart(6.0, None, None, given.scale_tril),
    ):
        np.testing.assert_allclose(other.log_prob(x), given.log_prob(x), rtol=1e-12)
        np.testing.assert_allclose(other.covariance_matrix, SCALE, atol=1e-14)
        np.testing.assert_allclose(other.sample(5, rng=2), given.sample(5, rng=2), rtol=1e-11, atol=1e-13)
    with pytest.raises(ValueError, match="exactly one of covariance_matrix, precision_matrix and scale_tril; got cov"):
        Wishart(6.0, SCALE, SCALE)


def test_asymmetric_and_indefinite_values():
    d = Wishart(5.0, np.eye(2))
    assert d.log_prob([[1.0, 0.5], [0.4, 1.0]]) == -np.inf
    assert d.log_prob([[1.0, 2.0], [2.0, 1.0]]) == -np.inf
    value, grad = d.log_prob_and_grad([[1.0, 2.0], [2.0, 1.0]])
    assert value == -np.inf and all(np.all(g == 0) for g in grad.values())


def test_large_matrices():
    """A hundred rows: the log density of the mean against SciPy's."""
    size = 100
    scale = np.eye(size) + 0.5
    for d, theirs in (
        (Wishart(120.0, scale), stats.wishart(120, scale)),
        (InverseWishart(120.0, scale), stats.invwishart(120, scale)),
    ):
        x = d.sample(2, rng=1)
        np.testing.assert_allclose(d.log_prob(x), theirs.logpdf(np.moveaxis(x, 0, -1)), rtol=1e-10)


def test_inverse_wishart_means_that_diverge():
    """An entry of the diagonal is an inverse gamma variate; another has as heavy a tail on either side."""
    d = fd.InverseWishart([1.5, 3.0, 4.0], [[1.0, 0.5], [0.5, 2.0]])
    np.testing.assert_array_equal(d.mean()[:2], [[[np.inf, np.nan], [np.nan, np.inf]]] * 2)
    np.testing.assert_array_equal(d.mean()[2], [[1.0, 0.5], [0.5, 2.0]])
    assert fd.InverseWishart(2.0, [[3.0]]).mean() == fd.InverseGamma(1.0, 1.5).mean() == np.inf
    assert np.isnan(fd.InverseWishart(np.nan, [[3.0]], validate_args=False).mean()).all()
