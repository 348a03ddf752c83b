"""Divergences and cross entropies by quadrature, by sums and by draws."""

import mpmath as mp
import numpy as np
import pytest
from kl.pairs.themselves import exponential, gamma, normal
from mpmath import mpf

import fastdist as fd

mp.mp.dps = 60

ESTIMATED = [
    (fd.Normal(0.0, 1.0), fd.Normal(1.0, 2.0), normal(0, 1, 1, 2)),
    (fd.Normal(0.0, 1.0), fd.Normal(0.0, 1.0 + 1e-4), normal(0, 1, 0, mpf(1.0 + 1e-4))),
    (fd.Normal(0.0, 1.0), fd.Normal(40.0, 1.0), mpf(800)),
    (fd.Gamma(2.0, 3.0), fd.Gamma(0.1, 5.0), gamma(mpf(2), mpf(3), mpf(0.1), mpf(5))),
    (fd.Gamma(0.3, 3.0), fd.Gamma(0.02, 5.0), gamma(mpf(0.3), mpf(3), mpf(0.02), mpf(5))),
    (fd.Exponential(2.0), fd.Exponential(1e-6), exponential(mpf(2), mpf(1e-6))),
    (fd.Uniform(0.0, 1.0), fd.Uniform(-1.0, 3.0), mp.log(4)),
    (fd.VonMises(0.5, 1.0), fd.VonMises(1.5, 2.0), 0.5520980930917165),
    (fd.Poisson(3.0), fd.Poisson(4.0), 3 * mp.log(mpf(3) / 4) + 1),
    (fd.Poisson(3e5), fd.Poisson(3.001e5), mpf(3e5) * mp.log(mpf(3e5) / mpf(3.001e5)) + 100),
    (fd.Uniform(0.0, 1.0), fd.Beta(2.0, 3.0), 3 - mp.log(12)),
    (fd.Bernoulli(0.25), fd.Bernoulli(0.5), mp.log(2) + mpf(3) / 4 * mp.log(mpf(3) / 4) - mpf(1) / 4 * mp.log(4)),
]


@pytest.mark.parametrize(("p", "q", "want"), ESTIMATED, ids=str)
def test_quadrature(p, q, want):
    value, error = fd.kl_divergence(p, q, method="quadrature", return_error=True)
    assert abs(value - want) <= 1e-10 * want
    assert 0 <= error <= 1e-8 * want + 1e-20
    assert fd.kl_divergence(p, q, method="quadrature") == value
    crossed = fd.cross_entropy(p, q, method="quadrature")
    assert abs(crossed - want - p.entropy()) <= 1e-9 * (abs(want) + 1)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        pytest.param(fd.Beta(1.0, 1e-3), fd.Exponential(5.0), marks=pytest.mark.slow),
        pytest.param(fd.Beta(0.01, 0.5), fd.Laplace(0.75, 1000.0), marks=pytest.mark.slow),
        (fd.Gamma(1e-6, 2.0), fd.Normal(-3.0, 1e-4)),
        (fd.Pareto(1e200, 1e-3), fd.Pareto(1e-100, 1e3)),
        (fd.Gamma(1e-3, 1.0), fd.Gamma(1e-2, 5.0)),
    ],
    ids=str,
)
def test_mass_between_floats(p, q):
    """What no float can show is in the error."""
    value, error = fd.kl_divergence(p, q, method="quadrature", return_error=True)
    exact = fd.kl_divergence(p, q)
    assert error > 0.01 * abs(value) and abs(value - exact) <= error
    value, error = fd.cross_entropy(p, q, method="quadrature", return_error=True)
    assert abs(value - exact - p.entropy()) <= error


def test_draws_that_are_rounded_to_an_end():
    p, q = fd.Gamma([1e-3, 2.0], 1.0), fd.Gamma(1e-2, 5.0)
    value, error = fd.kl_divergence(p, q, method="monte-carlo", n=1000, rng=3)
    assert np.all(np.isfinite(value)) and np.array_equal(np.isinf(error), [True, False])


@pytest.mark.parametrize(
    ("p", "q"),
    [
        *((fd.Pareto(1.0, alpha), fd.Normal(1.0, 2.0)) for alpha in (2.0 + 1.0 / 3e9, 2.0001, 2.02)),
        (fd.Pareto(1e-3, 2.0 + 1.0 / 3e9), fd.Normal(1.0, 1e3)),
        (fd.Laplace(0.0, 0.999), fd.Gumbel(0.0, 1.0)),
    ],
    ids=str,
)
def test_tails_that_are_all_but_too_heavy(p, q):
    """Most of the integral may lie beyond any float: it is told from how the integrand falls, and the error knows."""
    value, error = fd.kl_divergence(p, q, method="quadrature", return_error=True)
    assert abs(value - fd.kl_divergence(p, q)) <= error <= 1e-3 * value


@pytest.mark.parametrize(
    ("p", "q", "error"),
    [
        (fd.Pareto(1e-3, 2.0), fd.Normal(1.0, 1e3), np.inf),
        (fd.Pareto(1.0, 1.5), fd.Normal(1.0, 2.0), 0.0),
        (fd.Laplace(0.0, 1.001), fd.Gumbel(0.0, 1.0), 0.0),
    ],
    ids=str,
)
def test_tails_that_are_too_heavy(p, q, error):
    """On the very edge nobody can tell."""
    assert fd.kl_divergence(p, q, method="quadrature", return_error=True) == (np.inf, error)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (fd.Cauchy(0.0, 1.0), fd.Normal(0.0, 1.0)),
        (fd.Normal(0.0, 1.0), fd.Uniform(0.0, 1.0)),
        (fd.Gumbel(0.0, 1.0), fd.Exponential(1.0)),
        (fd.Normal(50.0, 1.0), fd.Exponential(1.0)),
        (fd.Binomial(10, 0.3), fd.Binomial(5, 0.3)),
        (fd.Poisson(3.0), fd.Normal(0.0, 1.0)),
        (fd.Normal(0.0, 1.0), fd.Poisson(3.0)),
    ],
    ids=str,
)
def test_infinite_ones(p, q):
    assert fd.kl_divergence(p, q, method="quadrature", return_error=True) == (np.inf, 0.0)


def test_mass_that_is_hardly_drawn():
    """By the supports alone it is known to be there."""
    p, q = fd.Exponential(1.0), fd.Uniform(0.0, 100.0)
    assert fd.kl_divergence(p, q, method="monte-carlo", n=100) == (np.inf, 0.0)


@pytest.mark.parametrize(("p", "q", "want"), ESTIMATED[:2] + ESTIMATED[3:5] + ESTIMATED[7:8], ids=str)
def test_monte_carlo(p, q, want):
    value, error = fd.kl_divergence(p, q, method="monte-carlo", n=200_000, rng=5)
    assert error > 0 and abs(value - float(want)) <= 5 * error
    assert fd.kl_divergence(p, q, method="monte-carlo", n=200_000, rng=5).value == value


def test_estimates_of_batches():
    p, q = fd.Normal([0.0, 3.0], 1.0), fd.Normal([[1.0], [2.0], [5.0]], 2.0)
    exact = fd.kl_divergence(p, q)
    np.testing.assert_allclose(fd.kl_divergence(p, q, method="quadrature"), exact, rtol=1e-12)
    value, error = fd.kl_divergence(p, q, method="monte-carlo", rng=2)
    assert value.shape == error.shape == (3, 2)
    assert np.all(np.abs(value - exact) <= 5 * error)


def test_vectors_by_monte_carlo():
    p, q = fd.Multinomial(3, probs=[0.5, 0.5]), fd.Multinomial(3, probs=[0.25, 0.75])
    value, error = fd.kl_divergence(p, q, method="monte-carlo", rng=2)
    assert abs(value - 3 * 0.5 * np.log(4 / 3)) <= 5 * error


def test_cross_entropy():
    p, q = fd.Gamma(2.5, 1.0), fd.Gamma([0.5, 2.5], 3.0)
    np.testing.assert_allclose(fd.cross_entropy(p, q), fd.kl_divergence(p, q) + p.entropy(), rtol=1e-15)
    assert fd.cross_entropy(p, p) == p.entropy()
    value, error = fd.cross_entropy(p, q, method="monte-carlo", rng=1)
    assert np.all(np.abs(value - fd.cross_entropy(p, q)) <= 5 * error)


def test_a_gap_of_the_first_that_the_second_fills():
    p = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Uniform([0.0, 3.0], [1.0, 4.0]))
    found = fd.kl_divergence(p, fd.Uniform(0.0, 4.0), method="quadrature", return_error=True)
    assert found.value == pytest.approx(np.log(2.0), rel=1e-9)
    p = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Laplace([0.0, 1e3], 1.0))
    q = fd.Normal(0.0, 1e3)
    found = fd.kl_divergence(p, q, method="quadrature", return_error=True)
    want = 0.5 * np.log(2e6 * np.pi) + 0.5 * (2.0 + 5e5) / 1e6 - (1.0 + 2.0 * np.log(2.0))
    assert abs(found.value - want) <= found.error + 1e-9


@pytest.mark.parametrize(
    ("q", "want"), [(fd.Normal(0.0, 20.0), 2.928835092994046), (fd.StudentT(3.0, 0.0, 10.0), 3.9631446652256717)]
)
def test_a_wide_gap(q, want):
    """Against SciPy's quadrature over numbers: by quantiles of p the second's mass there cannot be integrated."""
    p = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Normal([-30.0, 30.0], 1.0))
    assert fd.kl_divergence(p, q, method="quadrature") == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize(
    ("p", "q", "rel"),
    [
        (fd.Gumbel(0.0, 1.0), fd.Gumbel(1e-7, 1.0), 1e-8),
        (fd.Normal(0.0, 1.0), fd.Normal(1e-5, 1.0), 1e-9),
        (fd.Gamma(3.0, 1.0), fd.Gamma(3.0, 1.0 + 1e-6), 1e-9),
        (fd.StudentT(5.0), fd.StudentT(5.0001), 1e-9),
        (fd.Beta(1e5, 1e5), fd.Beta(1e5 + 1.0, 1e5), 1e-9),
    ],
    ids=str,
)
def test_close_ones(p, q, rel, monkeypatch):
    """What rounding leaves of so small a number, after so few intervals."""
    monkeypatch.setattr(fd.integrate, "_INTERVALS", 200)
    want = fd.kl_divergence(p, q)
    found = fd.kl_divergence(p, q, method="quadrature", return_error=True)
    assert abs(found.value - want) <= rel * want
    assert found.error <= 1e-6 * want
