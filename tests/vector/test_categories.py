"""fastdist.OneHotCategorical, Multinomial, DirichletMultinomial and relaxed categories: what only they have."""

import itertools

import numpy as np
import pytest
from scipy import stats
from vector.families.categories import CASES

import fastdist as fd

CHANCE = 1e-7
DISCRETE = [(case, parameters) for case in CASES if case.is_discrete for parameters in case.sets]

discrete = pytest.mark.parametrize(("case", "parameters"), DISCRETE, ids=lambda value: str(value).replace(" ", ""))


@pytest.mark.parametrize(
    "d",
    [
        fd.Multinomial(7, [0.125, 0.5, 0.375]),
        fd.Multinomial(30, [[0.2, 0.3, 0.5]]),  # a batch of one
        fd.Multinomial([30], logits=[0.0, 1.0, -2.0]),
        fd.Multinomial(100, [0.45, 0.05, 0.5]),
        fd.Multinomial(2000, [0.3, 0.01, 0.69]),
        fd.Multinomial(10**6, [0.3, 1e-6, 0.7 - 1e-6]),
        fd.DirichletMultinomial([0.5, 1.0, 3.0], 7),
        fd.DirichletMultinomial([0.01, 0.02, 0.02], 12),
        fd.DirichletMultinomial([20.0, 30.0, 5.0], 100),
        fd.DirichletMultinomial([1e4, 2e4], 40),
    ],
    ids=repr,
)
def test_margins_of_draws(d):
    """Chi-square tests of each count at 10^6 draws."""
    x = d.sample(10**6, rng=2026).reshape(-1, d.event_shape[0])
    n = int(np.ravel(d.total_count)[0])
    for k in range(d.event_shape[0]):
        if isinstance(d, fd.Multinomial):
            margin = stats.binom(n, float(np.ravel(d.probs)[k]))
        else:
            margin = stats.betabinom(n, d.concentration[k], d.concentration.sum() - d.concentration[k])
        grid = np.arange(n + 1) if n <= 4000 else np.arange(max(0, margin.ppf(1e-12)), min(n, margin.isf(1e-12)) + 1)
        step = max(1, len(grid) // 200)
        edges = grid[::step]
        observed = np.diff(np.searchsorted(np.sort(x[:, k]), edges, side="right"), prepend=0, append=len(x))
        mass = np.diff(margin.cdf(edges), prepend=0, append=1) * len(x)
        large = mass > 5
        assert observed[~large].sum() <= stats.poisson.isf(CHANCE, mass[~large].sum())
        statistic = np.sum((observed[large] - mass[large]) ** 2 / mass[large])
        freedom = max(large.sum() - 1, 1)
        assert stats.chi2.isf(1 - CHANCE, freedom) <= statistic <= stats.chi2.isf(CHANCE, freedom)


def test_joint_law_of_multinomial_draws():
    """All outcomes, from the conditional binomials and from categorical draws."""
    probs = [0.2, 0.5, 0.0, 0.3]
    outcomes = np.array([x for x in itertools.product(range(6), repeat=4) if sum(x) == 5])
    for d in (fd.Multinomial(5, probs), fd.Multinomial([5, 5], probs)):
        x = d.sample(500_000, rng=3).reshape(-1, 4)
        codes = x @ 6 ** np.arange(4)
        observed = np.array([np.count_nonzero(codes == o @ 6 ** np.arange(4)) for o in outcomes])
        mass = fd.Multinomial(5, probs).prob(outcomes) * len(x)
        assert np.all(observed[mass == 0] == 0) and observed.sum() == len(x)
        large = mass > 5
        statistic = np.sum((observed[large] - mass[large]) ** 2 / mass[large])
        assert statistic <= stats.chi2.isf(CHANCE, large.sum() - 1)


def test_one_hot_draws_are_those_of_categorical():
    for given in ({"probs": [0.1, 0.0, 0.9]}, {"logits": [[0.0, 1.0], [3.0, 1.0]]}, {"probs": np.arange(1.0, 300.0)}):
        ours = fd.OneHotCategorical(**given).sample(1000, rng=5)
        np.testing.assert_array_equal(ours.argmax(-1), fd.Categorical(**given).sample(1000, rng=5))
        assert np.all(ours.sum(-1) == 1)


@pytest.mark.parametrize("temperature", [1e-3, 0.1, 0.7, 5.0])
def test_law_of_relaxed_draws(temperature):
    """The largest has the categorical law; ratios have the logistic law of a difference of two Gumbel variates."""
    weights = np.array([0.2, 0.5, 0.3])
    n = 400_000
    y = fd.ExpRelaxedCategorical(temperature, weights).sample(n, rng=9)
    assert np.all(np.isfinite(y))
    np.testing.assert_allclose(np.logaddexp.reduce(y, axis=-1), 0.0, atol=1e-14)
    shares = np.bincount(y.argmax(-1), minlength=3)
    assert np.all(np.abs(shares - n * weights) <= 5.2 * np.sqrt(n * weights * (1 - weights)))
    z = np.sort((y[:, 0] - y[:, 1]) * temperature - np.log(weights[0] / weights[1]))
    distance = np.max(np.abs(np.arange(1, n + 1) / n - stats.logistic.cdf(z)))
    assert distance <= np.sqrt(np.log(2 / CHANCE) / (2 * n))
    x = fd.RelaxedOneHotCategorical(temperature, weights).sample(n, rng=9)
    np.testing.assert_allclose(x, np.exp(y), rtol=1e-13, atol=1e-300)
    assert np.all(np.abs(x.sum(-1) - 1) < 1e-14)


@pytest.mark.parametrize("temperature", [1e-3, 1e-2, 1e3])
def test_relaxed_gradients_hold_no_nan(temperature):
    for case in (fd.ExpRelaxedCategorical, fd.RelaxedOneHotCategorical):
        d = case(temperature, logits=[0.0, 3.0, -4.0, -np.inf])
        x, grad = d.rsample_and_grad(1000, rng=1)
        assert not any(np.isnan(g).any() for g in (x, *grad.values()))
        value, slope = d.log_prob_and_grad(x)
        assert not any(np.isnan(g).any() for g in (value, *slope.values()))
        assert np.all(x[:, 3] == (-np.inf if case is fd.ExpRelaxedCategorical else 0.0))


def test_relaxed_density_at_the_boundary():
    """The limit of numbers that go to 0 together."""
    for temperature, zeros in ((0.3, 1), (2.0, 1), (2.0, 2), (0.5, 1), (1.0, 1)):
        d = fd.RelaxedOneHotCategorical(temperature, [0.2, 0.3, 0.5])
        x = np.array([0.0, 0.25, 0.75]) if zeros == 1 else np.array([0.0, 0.0, 1.0])
        tiny = np.where(x == 0, 1e-200, x)
        limit = d.log_prob(x)
        power = 3 * temperature - zeros * (temperature + 1)
        assert limit == (np.inf if power < 0 else -np.inf) if power else abs(limit - d.log_prob(tiny)) < 1e-12
        _, grad = d.log_prob_and_grad(x)
        _, near = d.log_prob_and_grad(tiny)
        np.testing.assert_allclose(grad["probs"], near["probs"], atol=1e-30, rtol=1e-12)
        assert grad["temperature"] == -np.inf and np.array_equal(np.isinf(grad["value"]), x == 0)


@discrete
def test_entropy_and_mode_by_enumeration(case, parameters):
    d = case.distribution(**parameters)
    size, n = d.event_shape[0], int(parameters.get("total_count", 1))
    if (n + 1) ** (size - 1) > 40_000:
        pytest.skip("the outcomes are too many to enumerate")
    head = np.array(list(itertools.product(range(n + 1), repeat=size - 1)), int).reshape(
        (n + 1) ** (size - 1), size - 1
    )
    head = head[head.sum(-1) <= n]
    x = np.concatenate([head, n - head.sum(-1, keepdims=True)], axis=-1)
    log_p = d.log_prob(x)
    p = np.exp(log_p)
    assert abs(p.sum() - 1) < 1e-11
    assert abs(d.entropy() + np.sum(p[p > 0] * log_p[p > 0])) <= 1e-12 * max(1.0, d.entropy())
    assert d.prob(d.mode()) == pytest.approx(p.max(), rel=1e-13)
    np.testing.assert_allclose(d.mean(), p @ x, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(d.variance(), p @ (x - d.mean()) ** 2, rtol=1e-10, atol=1e-14)
    assert d.perplexity() == pytest.approx(np.exp(d.entropy()))


@pytest.mark.parametrize("n", [1000, 5000, 200_000])
@pytest.mark.parametrize(
    ("make", "given"),
    [
        (fd.Multinomial, {"probs": [0.5, 0.5]}),
        (fd.Multinomial, {"probs": [1e-4, 1 - 1e-4]}),
        (fd.DirichletMultinomial, {"concentration": [0.01, 0.02]}),
        (fd.DirichletMultinomial, {"concentration": [0.5, 70.0]}),
        (fd.DirichletMultinomial, {"concentration": [63.0, 63.0]}),
        (fd.DirichletMultinomial, {"concentration": [65.0, 65.0]}),
        (fd.DirichletMultinomial, {"concentration": [1e4, 3.0]}),
        (fd.DirichletMultinomial, {"concentration": [70.0, 1e6]}),
    ],
)
def test_entropy_of_many_trials(make, given, n):
    """Sums over a margin, strided or by integrals, against the sum over all of it."""
    d = make(total_count=n, **given)
    k = np.arange(n + 1)
    log_p = d.log_prob(np.stack([k, n - k], axis=-1))
    assert d.entropy() == pytest.approx(-np.sum(np.exp(log_p) * log_p), rel=1e-12)


@pytest.mark.parametrize("n", [10, 10**4, 10**6, 10**9, 10**15])
def test_entropy_of_equal_chances(n):
    """With concentrations of 1 all outcomes have the same mass."""
    assert fd.DirichletMultinomial([1.0, 1.0], n).entropy() == pytest.approx(np.log(n + 1.0), rel=1e-13)
    outcomes = (n + 1.0) * (n + 2.0) / 2
    assert fd.DirichletMultinomial([1.0] * 3, n).entropy() == pytest.approx(np.log(outcomes), rel=1e-13)


def test_entropy_of_exp_relaxed():
    d = fd.ExpRelaxedCategorical(0.3, [0.1, 0.2, 0.7])
    negative = -d.log_prob(d.sample(10**6, rng=1))
    assert abs(negative.mean() - d.entropy()) <= 5.2 * negative.std() / 1000


@pytest.mark.parametrize("n", [3, 10**6 + 1, 10**15])
def test_modes_of_many_trials(n):
    """No exchange of one count makes it more likely."""
    for d in (
        fd.Multinomial(n, np.array([0.3, 0.2, 1e-9, 0.5, 0.0])),
        fd.DirichletMultinomial([0.5, 3.0, 1.0, 40.0], n),
        fd.DirichletMultinomial([0.5, 0.9, 0.1], n),
    ):
        mode = d.mode()
        assert mode.sum() == n and mode.min() >= 0
        best = d.log_prob(mode)
        for i, j in itertools.permutations(range(len(mode)), 2):
            other = mode.copy()
            other[i] += 1
            other[j] -= 1
            assert other[j] < 0 or d.log_prob(other) <= best + 1e-9


def test_one_hot_support():
    d = fd.OneHotCategorical([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    every = d.enumerate_support()
    assert every.shape == (3, 2, 3) and d.enumerate_support(expand=False).shape == (3, 1, 3)
    np.testing.assert_allclose(d.prob(every).T, d.probs)
    assert fd.constraints.one_hot.check([[0, 1], [1, 1], [0.5, 0.5]]).tolist() == [True, False, False]
    assert fd.constraints.multinomial(2).check([[0, 2], [1, 0], [2.5, -0.5]]).tolist() == [True, False, False]
