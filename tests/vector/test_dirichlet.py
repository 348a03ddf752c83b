"""fastdist.Dirichlet: what its own parameters ask for."""

import mpmath as mp
import numpy as np
import pytest
from helpers import draw_slopes
from scipy import stats

import fastdist as fd
from fastdist.distributions.dirichlet import Dirichlet
from fastdist.random.gamma import gamma_constants, propose_gamma, squeeze_gamma
from fastdist.random.gamma_rows import STEP

CHANCE = 1e-7


@pytest.mark.parametrize(
    "concentration", [[1.0, 2.5, 7.0], [0.5, 0.2, 4.0], [0.05, 0.3, 0.01], [1e-3, 2e-3, 1e-3], [300.0, 20.0, 1.0]]
)
def test_margins_of_draws_are_beta(concentration):
    """Also far below 1, where they are compared at a few levels: most numbers are below all floats."""
    n = 200_000
    a = np.array(concentration)
    x = Dirichlet(a).sample(n, rng=2)
    distance = np.sqrt(np.log(2 / CHANCE) / (2 * n))
    for k in range(3):
        margin = stats.beta(a[k], a.sum() - a[k])
        if a.min() >= 0.2:  # below, many are 1 or 0 to all digits
            assert stats.kstest(x[:, k], margin.cdf).statistic <= distance
        for level in (1e-250, 1e-20, 1e-3, 0.4):
            below, share = np.mean(x[:, k] < level), margin.cdf(level)
            assert abs(below - share) <= 5.4 * np.sqrt(share * (1 - share) / n) + 1e-12


@pytest.mark.parametrize("tiny", [1e-8, 1e-300, 1e-310, 5e-324])
def test_tiny_concentrations_put_the_mass_at_the_corners(tiny):
    """With the chance of each corner as its concentration has it."""
    n = 40_000
    x = Dirichlet([tiny, 3 * tiny, 4 * tiny]).sample(n, rng=1)
    assert np.mean((x == 0) | (x == 1)) >= 1 - 1e4 * tiny and np.all(np.abs(x.sum(-1) - 1) < 1e-15)
    share = np.array([1, 3, 4]) / 8
    assert np.all(np.abs(x.mean(0) - share) <= 5.4 * np.sqrt(share * (1 - share) / n))
    mixed = Dirichlet([tiny, 2.0, 1.0]).sample(n, rng=1)
    assert np.mean(mixed[:, 0] == 0) >= 1 - 1e4 * tiny
    assert abs(mixed[:, 1].mean() - 2 / 3) <= 5.4 * np.sqrt(2 / 36 / n) + 1e-6


@pytest.mark.parametrize(
    "concentration", [[0.5, 1.5, 3.0], [0.01, 2.0, 0.3], [50.0, 7.0, 900.0], [1e-3] * 3, [1e5, 2e5, 1.0]]
)
def test_derivatives_of_draws_are_exact(concentration):
    """The mean of what moves a function of draws is the derivative of its mean: here of a weighted sum of squares."""
    a = np.array(concentration)
    n = 300_000
    x, grad = Dirichlet(a).rsample_and_grad(n, rng=3)
    jacobian, total = grad["concentration"], a.sum()
    np.testing.assert_allclose(jacobian.sum(axis=-2), 0.0, atol=1e-12 * np.abs(jacobian).max())
    weights = np.array([1.0, 2.0, -3.0])
    found = (2 * (weights * x)[..., np.newaxis] * jacobian).sum(axis=-2)
    squares = a * (a + 1) / (total * (total + 1))  # the means of the squares
    diagonal = np.diag((2 * a + 1) / (total * (total + 1)))
    want = weights @ (diagonal - (squares * (2 * total + 1) / (total * (total + 1)))[:, np.newaxis])
    assert np.all(np.abs(found.mean(0) - want) <= 5.4 * found.std(0) / np.sqrt(n) + 1e-14 * np.abs(want))


def test_two_numbers_move_as_a_beta_variate():
    x, grad = Dirichlet([0.7, 4.0]).rsample_and_grad(100, rng=5)
    slopes = draw_slopes(fd.Beta(0.7, 4.0), x[:, 0])
    for k in range(2):
        np.testing.assert_allclose(grad["concentration"][:, 0, k], slopes[k], rtol=1e-11)


def test_density_where_numbers_are_zero():
    """The limit as they go to 0 together."""
    assert Dirichlet([2.0, 1.0, 1.0]).log_prob([0.0, 0.5, 0.5]) == -np.inf
    assert Dirichlet([0.5, 1.0, 1.0]).log_prob([0.0, 0.5, 0.5]) == np.inf
    assert Dirichlet([1.0, 1.0, 1.0]).log_prob([0.0, 0.0, 1.0]) == pytest.approx(np.log(2.0))
    assert Dirichlet([0.5, 1.5, 1.0]).log_prob([0.0, 0.0, 1.0]) == pytest.approx(
        Dirichlet([0.5, 1.5, 1.0]).log_prob([1e-9, 1e-9, 1 - 2e-9]), abs=1e-7
    )
    assert Dirichlet([0.5, 3.5, 1.0]).log_prob([0.0, 0.0, 1.0]) == -np.inf
    assert Dirichlet([100.0, 0.5, 1.0]).log_prob([0.0, 0.0, 1.0]) == -np.inf


def test_modes():
    np.testing.assert_allclose(Dirichlet([2.0, 3.0, 0.5]).mode(), [1 / 3, 2 / 3, 0.0])
    np.testing.assert_array_equal(Dirichlet([0.2, 0.3, 0.3]).mode(), [0.0, 1.0, 0.0])
    np.testing.assert_allclose(Dirichlet([1.0, 1.0]).mode(), [0.5, 0.5])
    np.testing.assert_array_equal(Dirichlet([1.0, 0.5]).mode(), [1.0, 0.0])
    d = Dirichlet([5.0, 2.0, 9.0])
    around = d.mode() + 1e-3 * np.random.default_rng(0).normal(size=(50, 3)) @ (np.eye(3) - 1 / 3)
    assert np.all(d.log_prob(around) <= d.log_prob(d.mode()))


@pytest.mark.parametrize("scale", [1e-250, 1e-5, 1.0, 14.0, 17.0, 1e5, 1e12])
def test_entropy_is_exact(scale):
    a = np.array([0.5, 1.0, 3.25, 1.5]) * scale
    with mp.workdps(60):
        v = [mp.mpf(float(t)) for t in a]
        total = mp.fsum(v)
        want = mp.fsum(mp.loggamma(t) for t in v) - mp.loggamma(total)
        want += mp.fsum((t - 1) * (mp.digamma(total) - mp.digamma(t)) for t in v)
    assert Dirichlet(a).entropy() == pytest.approx(float(want), rel=2e-14)


@pytest.mark.parametrize(
    "concentration", [[0.7, 4.0, 1.5], [0.02, 0.3, 5.0], [40.0, 300.0, 7.0], [1e4, 2e4, 3e3], [1e8, 1.0, 3e8]]
)
def test_derivatives_of_draws_against_mpmath(concentration):
    """A number is a beta variate: minus the derivative of its cdf over the density; the others share the rest."""
    x, grad = Dirichlet(concentration).rsample_and_grad(3, rng=6)
    for one, jacobian in zip(x, grad["concentration"], strict=True):
        for k in range(3):
            with mp.workdps(40):
                a, b = mp.mpf(concentration[k]), mp.mpf(sum(concentration) - concentration[k])
                rest = mp.fsum(mp.mpf(float(v)) for i, v in enumerate(one) if i != k)
                y = mp.mpf(float(one[k])) / (mp.mpf(float(one[k])) + rest)
                density = mp.exp((a - 1) * mp.log(y) + (b - 1) * mp.log(1 - y)) / mp.beta(a, b)
                spread = mp.sqrt(a * b / (a + b + 1)) / (a + b)
                step = a * mp.mpf(10) ** -12

                def tail(a, b=b, y=y, spread=spread):
                    nodes = [max(mp.mpf(0), y - i * spread) for i in (0, 1, 3, 6, 10, 15)]

                    def kernel(t):
                        return mp.exp((a - 1) * mp.log(t / y) + (b - 1) * mp.log((1 - t) / (1 - y)))

                    whole = mp.exp((a - 1) * mp.log(y) + (b - 1) * mp.log(1 - y)) / mp.beta(a, b)
                    return (
                        whole * mp.quad(kernel, sorted({*nodes, mp.mpf(0)}))
                        if b > 1e3
                        else mp.betainc(a, b, 0, y, regularized=True)
                    )

                want = float((tail(a - step) - tail(a + step)) / (2 * step) / density)
            assert jacobian[k, k] == pytest.approx(want, rel=2e-13)
            others = [i for i in range(3) if i != k]
            np.testing.assert_allclose(jacobian[others, k], -want * one[others] / one[others].sum(), rtol=2e-13)


@pytest.mark.parametrize("shape", [1.0, 1.0 + 1e-9, 2.5, 40.0, 1e6, 1e15])
def test_the_squeeze_accepts_what_the_test_accepts(shape):
    """And leaves few proposals to it."""
    random = np.random.default_rng(0)
    d, c, _ = gamma_constants(shape)
    undecided, n = 0, 20_000
    for z, u in zip(random.normal(size=n).tolist(), random.random(n).tolist(), strict=True):
        above = 1.0 - STEP - np.floor(u / STEP) * STEP
        squeezed, tested = squeeze_gamma(z, above, d, c), propose_gamma(z, u, d, c)
        if squeezed == squeezed:
            assert squeezed == pytest.approx(tested, rel=1e-15)
        undecided += squeezed != squeezed and tested == tested
    assert undecided <= 0.025 * n
    for z in (-40.0, -9.0, 9.0, 40.0):
        assert np.isnan(squeeze_gamma(z, 2.0**-53, d, c)) or shape > 1e5


def test_equal_shares():
    """Where all concentrations are 1, draws are exponential variates over their sum."""
    x = Dirichlet(np.ones(5)).sample(100_000, rng=3)
    for k in range(5):
        distance = np.sqrt(np.log(2 / CHANCE) / (2 * len(x)))
        assert stats.kstest(x[:, k], stats.beta(1, 4).cdf).statistic <= distance
    assert np.all(np.abs(x.sum(-1) - 1) < 1e-15)


def test_sums_that_overflow_are_refused():
    with pytest.raises(ValueError, match=r"sum .* below 1e\+307; the largest of 2 is 1e\+308"):
        Dirichlet([1e308, 1e308])
    assert Dirichlet([1e300, 2e300]).mean().tolist() == [1 / 3, 2 / 3]
