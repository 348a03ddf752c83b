"""Masses and tails of draws from an urn, against mpmath, over counts up to 1e15."""

from pathlib import Path

import numpy as np
import pytest
from compiled import over

from fastdist.engine.kernel import kernel
from fastdist.special.urn import (
    beta_binomial_constants,
    beta_binomial_entropy,
    beta_binomial_mass,
    beta_binomial_scores,
    beta_binomial_tail,
    difference_of_products,
    digamma_rise_gap,
    gammaln_rise_gap,
    hypergeometric_constants,
    hypergeometric_entropy,
    hypergeometric_mass,
    hypergeometric_scores,
    hypergeometric_tail,
)

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "urn.npz")


@kernel(heavy=True)
def beta_binomial(k, n, a, b):
    c = beta_binomial_constants(n, a, b)
    exponent, factor, lower = beta_binomial_tail(k, c)
    return beta_binomial_mass(k, c), exponent, factor, 1.0 if lower else 0.0, *beta_binomial_scores(k, c)


@kernel(heavy=True)
def hypergeometric(k, population, successes, draws):
    c = hypergeometric_constants(population, successes, draws)
    exponent, factor, lower = hypergeometric_tail(k, c)
    return hypergeometric_mass(k, c), exponent, factor, 1.0 if lower else 0.0, *hypergeometric_scores(k, c)


@kernel(heavy=True)
def entropy(k, n, a, b):
    return beta_binomial_entropy(k, beta_binomial_constants(n, a, b))


@kernel(heavy=True)
def hypergeometric_entropy_at(k, population, successes, draws):
    return hypergeometric_entropy(k, hypergeometric_constants(population, successes, draws))


FAMILIES = pytest.mark.parametrize(("formula", "name"), [(beta_binomial, "bb"), (hypergeometric, "hg")])


def results(formula, name):
    return over(formula, *REFERENCES[f"{name}_in"].T, outputs=7), REFERENCES[f"{name}_out"].T


@FAMILIES
def test_log_masses(formula, name):
    got, want = results(formula, name)
    np.testing.assert_allclose(got[0], want[0], rtol=2e-15, atol=4e-16)


@FAMILIES
def test_tails(formula, name):
    """Relative to the tail, or to the size of its logarithm far out."""
    (_, exponent, factor, lower, *_), (_, log_cdf, log_sf, *_) = results(formula, name)
    want = np.where(lower == 1.0, log_cdf, log_sf)
    error = np.abs(exponent + np.log(factor) - want) / np.maximum(1.0, np.abs(want))
    assert error.max() < 2e-14
    assert np.quantile(error, 0.9) < 3e-15
    assert np.all(want < np.log(0.76))


@FAMILIES
def test_scores(formula, name):
    got, want = results(formula, name)
    for slope, exact in zip(got[4:], want[3:], strict=True):
        np.testing.assert_allclose(slope, exact, rtol=2e-12)


def test_second_differences():
    b, a, n = REFERENCES["rise_in"].T
    log_gap, slope_gap = REFERENCES["rise_out"].T
    np.testing.assert_allclose(over(gammaln_rise_gap, b, a, n), log_gap, rtol=5e-15)
    np.testing.assert_array_equal(over(gammaln_rise_gap, b, a, 0.0), 0.0)
    # The rise by n from a + b on, less that from b on: the cross product of the first is -a n.
    np.testing.assert_allclose(over(digamma_rise_gap, a + b, n, b, n, -a * n)[b < a], slope_gap[b < a], rtol=1e-13)


def test_difference_of_products():
    """Where the products agree to all their digits."""
    a, b, c, d = 2.0**27 + 1, 2.0**27 - 1, 2.0**27, 2.0**27
    assert over(difference_of_products, a, b, c, d) == -1.0


@pytest.mark.parametrize("n", [3, 40, 700, 5000, 100_000])
@pytest.mark.parametrize(("a", "b"), [(2.0, 3.0), (0.3, 0.2), (1e-3, 50.0), (1e5, 3e4), (1.0, 1.0)])
def test_masses_add_up(n, a, b):
    """Long and short sums: all masses, and the entropy from any count on, against the masses themselves."""
    k = np.arange(n + 1.0)
    log_p = over(beta_binomial, k[:-1], n, a, b, outputs=7)[0]
    last = over(beta_binomial, 0.0, n, b, a, outputs=7)[0]  # by symmetry that of n
    log_p = np.append(log_p, last)
    p = np.exp(log_p)
    assert p.sum() == pytest.approx(1.0, rel=2e-14)
    top = float(np.argmax(log_p))
    assert over(entropy, top, n, a, b) == pytest.approx(-np.sum(p * log_p), rel=1e-13)
    half = n // 2
    exponent, factor, lower = over(beta_binomial, float(half), n, a, b, outputs=7)[1:4]
    side = p[: half + 1] if lower else p[half + 1 :]
    assert np.exp(exponent) * factor == pytest.approx(side[np.argsort(side)].sum(), rel=2e-14)


@pytest.mark.parametrize("population", [5, 50, 2000, 10**6, 10**10])
def test_hypergeometric_entropy(population):
    """The same for the complements of successes and draws, and close to that of a bell where it is one."""
    successes, draws = population // 3, population // 4
    k = np.floor((draws + 1) * (successes + 1) / (population + 2))
    got = over(hypergeometric_entropy_at, k, population, successes, draws)
    other = over(hypergeometric_entropy_at, draws - k, population, population - successes, draws)
    assert got == pytest.approx(other, rel=1e-14)
    share = successes / population
    variance = draws * share * (1 - share) * (population - draws) / (population - 1)
    assert got == pytest.approx(0.5 * np.log(2 * np.pi * np.e * variance), rel=0.3 / population**0.5)


def test_cpython_agrees():
    for row in ((3.0, 20.0, 2.0, 3.0), (10.0, 1e5, 0.5, 2.5), (2e11, 1e12, 2e6, 3e6)):
        compiled = over(beta_binomial, *row, outputs=7)
        np.testing.assert_allclose(np.array(beta_binomial(*row), float), compiled, rtol=1e-9)
