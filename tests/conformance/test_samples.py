"""Draws: their law at fixed seeds, their moments, and both far tails.

Laws are compared at points, by the share of draws at or below each. That serves discrete supports,
and small concentrations whose draws pile up at the ends of float64, as well as the rest.
"""

import numpy as np
import pytest
from helpers import each_case, each_set, ks_bound
from scipy import stats

N = 1_000_000
CHANCE = 1e-7


def counts(sorted_draws, points):
    """How many draws are at or below each point."""
    return np.searchsorted(sorted_draws, points, side="right")


def places(d):
    """Where to compare: quantiles even in the level and in its log; none at an end of the support."""
    small = np.geomspace(1e-300, 0.02, 600)
    levels = np.linspace(0.001, 0.999, 1999)
    x = np.unique(np.concatenate([d.icdf(levels), d.isf(levels), d.icdf(small), d.isf(small)]))
    ends = np.array([np.nextafter(d.support.lower, np.inf), np.nextafter(d.support.upper, -np.inf)])
    x = np.unique(np.append(x, ends[np.abs(ends) < 1.7e308]))
    x = x[np.isfinite(x) & (d.cdf(x) > 0) & (d.sf(x) > 0)]
    # A draw is rounded to a float. Where half a step holds mass that counts show, it cannot be told from the next.
    half_step = (d.cdf(np.nextafter(x, np.inf)) - d.cdf(np.nextafter(x, -np.inf))) / 4
    return x[half_step < 1e-5]


@each_set()
def test_law(case, parameters):
    """Kolmogorov-Smirnov at 10^6 draws."""
    d = case.distribution(**parameters)
    x = np.sort(d.sample((N,), rng=2024))
    at = places(d)
    if not at.size:  # a point mass
        assert np.all(x == d.median())
        return
    share = counts(x, at) / N
    assert np.max(np.abs(share - d.cdf(at))) <= ks_bound(N, CHANCE)
    assert np.max(np.abs((1 - share) - d.sf(at))) <= ks_bound(N, CHANCE)


@each_set()
def test_chi_square(case, parameters):
    """200 cells of about equal probability: neither too far from their means nor too close."""
    d = case.distribution(**parameters)
    edges = np.unique(d.icdf(np.linspace(0.005, 0.995, 199)))
    edges = edges[(d.cdf(edges) > 0) & (d.sf(edges) > 0)]
    observed = np.diff(counts(np.sort(d.sample((N,), rng=77)), edges), prepend=0, append=N)
    mass = np.diff(d.cdf(edges), prepend=0, append=1)
    mass[-1] = d.sf(edges[-1]) if edges.size else 1.0
    large = mass * N > 5
    assert observed[~large].sum() <= stats.poisson.isf(CHANCE, mass[~large].sum() * N)
    statistic = np.sum((observed[large] - mass[large] * N) ** 2 / (mass[large] * N))
    freedom = max(large.sum() - 1, 1)
    assert statistic <= stats.chi2.isf(CHANCE, freedom)
    assert statistic >= stats.chi2.ppf(CHANCE, freedom) or large.sum() < 3


@each_set("ordinary")
def test_tails(case, parameters):
    """Draws beyond the quantiles of 1e-4 to 1e-7, counted in 8 * 10^6: within what Poisson allows."""
    d = case.distribution(**parameters)
    n, rounds = 2_000_000, 4
    levels = np.array([1e-4, 1e-5, 1e-6, 1e-7])
    low, high = d.icdf(levels), d.isf(levels)
    low = np.where(d.support.is_discrete, low - 1, low)
    below, above = np.zeros(4), np.zeros(4)
    for seed in range(rounds):
        x = d.sample((n,), rng=seed)
        below += counts(np.sort(x[x <= low[0]]), low)
        far = np.sort(x[x > high[0]])
        above += len(far) - counts(far, high)
    for got, mass in ((below, d.cdf(low)), (above, d.sf(high))):
        # An end of the support stands for what is nearer to it than any float.
        mean = n * rounds * mass[(low > d.support.lower) & (high < d.support.upper)]
        got = got[(low > d.support.lower) & (high < d.support.upper)]
        assert np.all(got <= stats.poisson.isf(CHANCE, mean)), (got, mean)
        assert np.all(got >= stats.poisson.ppf(CHANCE, mean)), (got, mean)


@pytest.mark.slow
@each_set("extreme")
def test_tails_of_extreme_sets(case, parameters):
    test_tails(case, parameters)


@each_set("ordinary", moments=True)
def test_moments(case, parameters):
    """Mean and variance of 10^6 draws, to six standard errors."""
    d = case.distribution(**parameters)
    x = d.sample((N,), rng=5)
    spread = d.stddev()
    assert abs(x.mean() - d.mean()) <= 6 * spread / np.sqrt(N)
    assert abs(x.var() - d.variance()) <= 6 * d.variance() * np.sqrt((d.kurtosis() + 2) / N)


@each_case
def test_law_of_a_batch(case):
    """Each member of a batch has its own law, drawn along the first and along the last axis."""
    n = len(case.ordinary)
    along_last = {name: np.array([p[name] for p in case.ordinary]) for name in case.parameters}
    along_first = {name: v[:, np.newaxis] for name, v in along_last.items()}
    draws = case.distribution(**along_last).sample((200_000,), rng=8)
    many = case.distribution(**along_first).expand((n, 50_000)).sample(rng=9)
    for i, parameters in enumerate(case.ordinary):
        d = case.distribution(**parameters)
        at = places(d)
        for x in (draws[:, i], many[i]):
            share = counts(np.sort(x), at) / len(x)
            assert np.max(np.abs(share - d.cdf(at))) <= ks_bound(len(x), CHANCE)


@each_case
def test_neighbours_are_independent(case):
    """No correlation between draws next to each other, nor between members of a batch."""
    d = case.distribution(**case.ordinary[1])
    u = stats.rankdata(d.sample((200_000,), rng=1)) / 200_000
    for lag in (1, 2, 3, 64, 8192):
        assert abs(np.corrcoef(u[:-lag], u[lag:])[0, 1]) < 6 / np.sqrt(200_000)
    pair = d.expand((2,)).sample((200_000,), rng=2)
    assert abs(np.corrcoef(pair.T)[0, 1]) < 6 / np.sqrt(200_000)


@each_set()
def test_float32_draws(case, parameters):
    """float32 parameters give float32 draws of the same law, inside the support."""
    with np.errstate(over="ignore"):
        narrow = {name: np.asarray(v, np.float32)[()] for name, v in parameters.items()}
    try:
        d = case.distribution(**narrow)
    except ValueError:
        pytest.skip("not a parameter set in float32")
    x = d.sample((100_000,), rng=4)
    assert x.dtype == (np.int64 if d.support.is_discrete else np.float32)
    assert not np.isnan(x).any()
    wide = case.distribution(**{name: np.asarray(v, np.float64) for name, v in narrow.items()})
    want = wide.sample((100_000,), rng=4)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(x, want.astype(x.dtype), rtol=1e-6, atol=1e-44)


@pytest.mark.slow
@each_set()
def test_law_of_many(case, parameters):
    """As test_law, at 10^8 draws."""
    d = case.distribution(**parameters)
    at, total = places(d), np.zeros(1)
    for seed in range(100):
        total = total + counts(np.sort(d.sample((N,), rng=seed)), at)
    assert not at.size or np.max(np.abs(total / (100 * N) - d.cdf(at))) <= ks_bound(100 * N, CHANCE)
