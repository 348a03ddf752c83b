"""What holds for all distributions of vectors."""

import copy
import inspect
import itertools
import pickle

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from vector.families import CASES

import fastdist as fd
from fastdist.vector import VectorDistribution

PUBLIC = [
    name for name in fd.__all__ if inspect.isclass(value := getattr(fd, name)) and issubclass(value, VectorDistribution)
]
PAIRS = [(case, parameters) for case in CASES for parameters in case.sets]
CHANCE = 1e-7

each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_set = pytest.mark.parametrize(("case", "parameters"), PAIRS, ids=[f"{c}-{p}".replace(" ", "") for c, p in PAIRS])
discrete = pytest.mark.parametrize(
    ("case", "parameters"),
    [(c, p) for c, p in PAIRS if c.distribution.support.is_discrete],
    ids=lambda value: str(value).replace(" ", ""),
)


def batch(case, shape, dtype=np.float64):
    """The ordinary sets as arrays of a batch shape."""
    sets = list(itertools.islice(itertools.cycle(case.ordinary), int(np.prod(shape))))
    return {
        name: np.array([s[name] for s in sets], dtype).reshape(tuple(shape) + np.shape(case.ordinary[0][name]))
        for name in case.ordinary[0]
    }


def exact(case, x, parameters):
    """The exact log density of each event."""
    return np.array([float(case.log_prob(v.tolist(), **parameters)) for v in x])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_distribution_has_a_row(name):
    assert any(case.distribution is getattr(fd, name) for case in CASES)


# Densities --------------------------------------------------------------------------------------


@each_set
def test_log_prob_is_exact(case, parameters):
    d = case.distribution(**parameters)
    x = case.values(d, 20)
    want = exact(case, x, parameters)
    # What half an ulp in each of the weights would change, or in each number of the event.
    if d.support.is_discrete:
        sensitive = np.abs(x - d.mean()).sum(-1)
    else:
        with np.errstate(invalid="ignore"):
            sensitive = np.nan_to_num(np.abs(x * d.log_prob_and_grad(x)[1]["value"])).sum(-1)
    slack = sensitive * 2.0**-53
    error = np.abs(d.log_prob(x) - want)
    assert np.all(error <= case.tolerance * np.abs(want) + 4 * slack), np.max(error / np.abs(want))
    np.testing.assert_allclose(d.prob(x), np.exp(d.log_prob(x)), rtol=1e-12)


@each_case
def test_agrees_with_scipy(case):
    if case.scipy is None:
        pytest.skip("SciPy has no such distribution")
    for parameters in case.ordinary:
        d, theirs = case.distribution(**parameters), case.scipy(**parameters)
        x = d.sample(50, rng=5)
        np.testing.assert_allclose(d.logpmf(x), theirs.logpmf(x), rtol=1e-11)
        np.testing.assert_allclose(d.mean(), theirs.mean() if callable(theirs.mean) else theirs.mean, rtol=1e-13)
        covariance = theirs.cov()
        np.testing.assert_allclose(d.covariance(), covariance, rtol=1e-12, atol=1e-15)


@discrete
def test_outside_the_support(case, parameters):
    d = case.distribution(**parameters)
    x = d.sample(3, rng=1).astype(float)
    for shift in (0.5, -1e9, 1.0, np.inf):
        off = x.copy()
        off[:, 0] += shift
        assert np.all(d.log_prob(off) == -np.inf)
        assert np.all(d.prob(off) == 0.0)
        value, grad = d.log_prob_and_grad(off)
        assert np.all(value == -np.inf) and all(np.all(g == 0) for g in grad.values())
    off[:, 0] = np.nan
    assert np.isnan(d.log_prob(off)).all() and np.isnan(d.prob(off)).all()
    assert all(np.isnan(g).all() for g in d.log_prob_and_grad(off)[1].values())


@each_case
def test_values_of_any_dtype_and_layout(case):
    d = case.distribution(**batch(case, (3,)))
    x = d.sample(6, rng=2)
    want = d.log_prob(x)
    np.testing.assert_array_equal(d.log_prob(np.asfortranarray(x)), want)
    np.testing.assert_array_equal(d.log_prob(np.repeat(x, 2, axis=0)[::2]), want)
    np.testing.assert_array_equal(d.log_prob(x.tolist()), want)
    if d.support.is_discrete:
        for dtype in (np.int32, np.uint8, np.float64, ">f8"):
            np.testing.assert_array_equal(d.log_prob(x.astype(dtype)), want)
    with pytest.raises(TypeError, match="real numbers"):
        d.log_prob(x.astype(complex))
    for wrong in (x[..., :-1], 1.0, x[:, :2] if x.shape[1] == 3 else x):
        with pytest.raises(ValueError, match=r"event|broadcast"):
            d.log_prob(wrong)


@each_case
def test_float32_stays_float32(case):
    given = {k: v if k == "total_count" else v.astype(np.float32) for k, v in batch(case, (3,)).items()}
    given = {k: v.astype(np.float32) for k, v in given.items()}
    narrow = case.distribution(**given)
    wide = case.distribution(**{k: np.asarray(v, float) for k, v in given.items()})
    x = narrow.sample(7, rng=1)
    assert narrow.dtype == np.float32
    assert x.dtype == (np.int64 if narrow.support.is_discrete else np.float32)
    value, grad = narrow.log_prob_and_grad(x)
    want, slopes = wide.log_prob_and_grad(x)
    assert value.dtype == np.float32 == narrow.log_prob(x).dtype
    np.testing.assert_allclose(value, want, rtol=3e-5, atol=3e-5)
    for name, slope in grad.items():
        assert slope.dtype == np.float32
        np.testing.assert_allclose(slope, slopes[name], rtol=1e-3, atol=1e-3)


@each_case
@pytest.mark.parametrize(
    ("batch_shape", "shape"),
    [
        ((), ()),
        ((), (5, 2)),
        ((3,), ()),
        ((3,), (4, 3)),
        ((3, 1), (4, 1, 5)),
        ((2, 1, 3), (2, 700, 3)),
        ((3, 1), (3, 900)),
    ],
)
def test_broadcasting(case, batch_shape, shape):
    """Each event against each parameter set, as one by one."""
    parameters = batch(case, batch_shape)
    d = case.distribution(**parameters)
    pool = np.concatenate([case.distribution(**p).sample(5, rng=4) for p in case.ordinary])
    x = pool[np.random.default_rng(1).integers(0, len(pool), shape)]
    result = d.log_prob(x)
    full = np.broadcast_shapes(shape, batch_shape)
    assert np.shape(result) == full
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, result, rtol=1e-13, atol=1e-13)
    every = np.broadcast_to(x, full + d.event_shape)
    for index in list(np.ndindex(full))[:: max(1, len(list(np.ndindex(full))) // 40)]:
        own = {k: np.broadcast_to(v, full + v.shape[len(batch_shape) :])[index].tolist() for k, v in parameters.items()}
        one = case.distribution(**own)
        np.testing.assert_allclose(np.asarray(result)[index], one.log_prob(every[index]), rtol=1e-13, atol=1e-13)
        _, slopes = one.log_prob_and_grad(every[index])
        for name, slope in slopes.items():
            np.testing.assert_allclose(np.asarray(grad[name])[index], slope, rtol=1e-11, atol=1e-11)


@each_case
def test_out(case):
    d = case.distribution(**batch(case, (3,)))
    x = d.sample(6, rng=2)
    out = np.empty((6, 3))
    assert d.log_prob(x, out=out) is out
    np.testing.assert_array_equal(out, d.log_prob(x))
    strided = np.zeros((6, 6))[:, ::2]
    d.log_prob(x, out=strided)
    np.testing.assert_array_equal(strided, out)
    draws = np.empty((6, *d.batch_shape, *d.event_shape), x.dtype)
    assert d.sample(6, rng=2, out=draws) is draws
    np.testing.assert_array_equal(draws, x)
    with pytest.raises(ValueError, match="shape"):
        d.log_prob(x, out=np.empty(6))


@each_case
def test_empty(case):
    d = case.distribution(**case.ordinary[0])
    x = np.empty((0, *d.event_shape))
    assert d.log_prob(x).shape == (0,) and d.log_likelihood(x) == 0.0 and d.sample(0).shape == x.shape
    none = case.distribution(**batch(case, (0,)))
    assert none.log_prob(case.distribution(**case.ordinary[0]).sample(rng=1)).shape == (0,)
    assert (
        none.sample(4).shape == (4, 0, *none.event_shape) and none.mode().shape[0] == 0 if has(none, "mode") else True
    )


def has(d, name):
    try:
        getattr(d, name)()
    except NotImplementedError:
        return False
    return True


# Gradients and sums -----------------------------------------------------------------------------


def slopes(case, x, parameters, name, index):
    """The exact derivative of the log density in one number of a parameter, or of the value."""
    with mp.workdps(80):
        step = mp.mpf(10) ** -30

        def shifted(sign):
            given = {k: copy.copy(v) for k, v in parameters.items()}
            event = [mp.mpf(v) for v in x]
            if name == "value":
                event[index] += sign * step
            elif isinstance(given[name], list):
                given[name] = [mp.mpf(v) for v in given[name]]
                given[name][index] += sign * step
            else:
                given[name] = mp.mpf(given[name]) + sign * step
            return case.log_prob(event, **given)

        return float((shifted(1) - shifted(-1)) / (2 * step))


@each_case
def test_log_prob_and_grad(case):
    for parameters in case.ordinary:
        if "probs" in parameters:  # the gradient is at weights of sum 1
            parameters = {**parameters, "probs": (np.array(parameters["probs"]) / np.sum(parameters["probs"])).tolist()}
        d = case.distribution(**parameters)
        x = d.sample(3, rng=8)
        value, grad = d.log_prob_and_grad(x)
        np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-14, atol=1e-14)
        names = set(parameters) - {"total_count"} | (set() if d.support.is_discrete else {"value"})
        assert set(grad) == names
        for name in names:
            if name == "value" and d.support.is_discrete:
                continue
            size = np.size(parameters[name]) if name != "value" else x.shape[-1]
            for i, event in enumerate(x):
                want = [slopes(case, event.tolist(), parameters, name, k) for k in range(size)]
                scale = 1e-13 * max(1.0, np.max(np.abs(want)))
                np.testing.assert_allclose(np.ravel(grad[name][i]), want, rtol=1e-12, atol=scale)


@each_case
@pytest.mark.parametrize(("batch_shape", "shape"), [((), (5000,)), ((3,), (4000, 3)), ((3, 1), (40, 3, 5)), ((), ())])
def test_log_likelihood(case, batch_shape, shape):
    d = case.distribution(**batch(case, batch_shape))
    pool = np.concatenate([case.distribution(**p).sample(5, rng=4) for p in case.ordinary[:1]])
    x = pool[np.random.default_rng(1).integers(0, len(pool), shape)]
    lp, grad = d.log_prob_and_grad(x)
    if not np.all(np.isfinite(lp)):
        x = np.broadcast_to(case.distribution(**case.ordinary[0]).sample(rng=1), x.shape)
        d = d.__class__(**batch(case, ())).expand(batch_shape)
        lp, grad = d.log_prob_and_grad(x)
    axes = tuple(range(np.ndim(lp) - len(batch_shape)))
    total = d.log_likelihood(x)
    np.testing.assert_allclose(total, np.sum(lp, axes), rtol=1e-12)
    again, slope = d.log_likelihood_and_grad(x)
    np.testing.assert_allclose(again, total, rtol=1e-13)
    assert set(slope) == set(grad) - {"value"}
    for name, g in slope.items():
        np.testing.assert_allclose(g, np.sum(grad[name], axes), rtol=1e-9, atol=1e-9 * np.abs(grad[name]).sum())


@each_case
def test_threads_change_nothing(case):
    d = case.distribution(**batch(case, (3,)))
    threads = fd.get_num_threads()
    found = []
    try:
        for n in (1, 3):
            fd.set_num_threads(n)
            x = d.sample(30_000, rng=3)
            found.append((x, d.log_prob(x), d.log_likelihood(x), *d.log_likelihood_and_grad(x)[1].values()))
    finally:
        fd.set_num_threads(threads)
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


# Draws ------------------------------------------------------------------------------------------


@each_case
def test_a_draw_depends_on_its_number_alone(case):
    d = case.distribution(**case.ordinary[1])
    many = d.sample(20_001, rng=7)
    for n in (1, 2, 5, 1001):
        np.testing.assert_array_equal(d.sample(n, rng=7), many[:n])
    np.testing.assert_array_equal(d.sample(rng=7), many[0])
    generator = np.random.default_rng(7)
    np.testing.assert_array_equal(d.sample((3, 4), rng=generator), many[:12].reshape(3, 4, -1))
    assert not np.array_equal(d.sample(5, rng=generator), many[:5])


@discrete
def test_draws_are_in_the_support(case, parameters):
    d = case.distribution(**parameters)
    x = d.sample(20_000, rng=12)
    assert x.dtype == np.int64 and np.all(d.support.check(x))
    assert np.all(d.log_prob(x) > -np.inf)


@discrete
def test_moments_of_draws(case, parameters):
    """Means and covariances within what chance allows."""
    d = case.distribution(**parameters)
    n = 400_000
    x = (d.sample(n, rng=6) - d.mean()).astype(float)
    bound = stats.norm.isf(CHANCE) / np.sqrt(n)
    spread = d.stddev()
    assert np.all(np.abs(x.mean(0)) <= bound * spread + 1e-12 * d.mean())
    products = x[:, :, np.newaxis] * x[:, np.newaxis, :]
    often = n * spread**2 > 100  # the products of what hardly ever comes up say nothing
    error = np.where(np.outer(often, often), np.abs(products.mean(0) - d.covariance()), 0.0)
    slack = np.outer(spread, spread) * bound
    assert np.all(error <= stats.norm.isf(CHANCE) * products.std(0) / np.sqrt(n) + slack + 1e-12 * d.mean().max())


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


@each_case
def test_rsample_and_grad(case):
    """Jacobians against differences of draws with the same noise."""
    if not case.distribution.has_rsample:
        with pytest.raises(NotImplementedError, match="score"):
            case.distribution(**case.ordinary[0]).rsample_and_grad(rng=1)
        return
    parameters = batch(case, (2,))
    if "probs" in parameters:
        parameters["probs"] /= parameters["probs"].sum(-1, keepdims=True)
    d = case.distribution(**parameters)
    x, grad = d.rsample_and_grad(4, rng=3)
    np.testing.assert_array_equal(x, d.sample(4, rng=3))
    np.testing.assert_array_equal(x, d.rsample(4, rng=3))
    straight = d.support.is_discrete
    step = 1e-6
    for name, value in parameters.items():
        for k in range(value.shape[-1]) if value.ndim > 1 else [None]:
            ends = []
            for sign in (1, -1):
                moved = value + sign * step * (1.0 if k is None else np.eye(value.shape[-1])[k])
                other = case.distribution(**{**parameters, name: moved})
                ends.append(other.mean() if straight else other.sample(4, rng=3))
            got = grad[name] if k is None else grad[name][..., k]
            assert got.shape == x.shape
            np.testing.assert_allclose(got, np.broadcast_to((ends[0] - ends[1]) / (2 * step), x.shape), atol=2e-8)


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


# Summaries --------------------------------------------------------------------------------------


@discrete
def test_entropy_and_mode_by_enumeration(case, parameters):
    d = case.distribution(**parameters)
    size, n = d.event_shape[0], int(parameters.get("total_count", 1))
    if (n + 1) ** (size - 1) > 40_000:
        pytest.skip("too many outcomes")
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


# Objects ----------------------------------------------------------------------------------------


@each_case
def test_refuses(case):
    for given, says in case.invalid:
        with pytest.raises(ValueError, match=case.distribution.__name__) as error:
            case.distribution(**given)
        for text in says:
            assert text in str(error.value)


@each_case
def test_object(case):
    d = case.distribution(**batch(case, (3,)))
    assert d.batch_shape == (3,) and d.event_shape == (3,) and d.support.event_dim == 1
    assert pickle.loads(pickle.dumps(d)) == d == copy.deepcopy(d) and hash(d) == hash(copy.copy(d))
    assert d != case.distribution(**batch(case, (2,)))
    assert eval(repr(d), {**vars(fd), "np": np, "array": np.array, "inf": np.inf}) == d
    wide = d.expand((4, 3))
    assert wide.batch_shape == (4, 3) and wide.event_shape == (3,)
    x = d.sample(rng=3)
    np.testing.assert_array_equal(wide.log_prob(x), np.broadcast_to(d.log_prob(x), (4, 3)))
    assert d.rvs((5, 3), random_state=1).shape == (5, 3, 3)
    with pytest.raises(AttributeError, match="immutable"):
        d.probs = 1
    for name in ("cdf", "icdf", "sf"):
        with pytest.raises(NotImplementedError, match=name):
            getattr(d, name)(x)
    for call in (d.median, lambda: d.interval(0.5), lambda: d.moment(1), d.skewness, lambda: d.expect()):
        with pytest.raises(NotImplementedError):
            call()


@each_case
def test_docstring_has_its_sections(case):
    doc = inspect.getdoc(case.distribution)
    for section in ("math::", "Parameters\n", "Notes\n", "SciPy", "Raises\n", "Examples\n", ">>> "):
        assert section in doc, section


def test_one_hot_support():
    d = fd.OneHotCategorical([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    every = d.enumerate_support()
    assert every.shape == (3, 2, 3) and d.enumerate_support(expand=False).shape == (3, 1, 3)
    np.testing.assert_allclose(d.prob(every).T, d.probs)
    assert fd.constraints.one_hot.check([[0, 1], [1, 1], [0.5, 0.5]]).tolist() == [True, False, False]
    assert fd.constraints.multinomial(2).check([[0, 2], [1, 0], [2.5, -0.5]]).tolist() == [True, False, False]
