"""What holds for all distributions of vectors and matrices."""

import copy
import inspect
import pickle

import numpy as np
import pytest
from scipy import stats
from vector.families import CASES
from vector.families.case import least

import fastdist as fd
from fastdist.vector import VectorDistribution

PUBLIC = [
    name for name in fd.__all__ if inspect.isclass(value := getattr(fd, name)) and issubclass(value, VectorDistribution)
]
DISTRIBUTIONS = list(dict.fromkeys(case.distribution for case in CASES))
PAIRS = [(case, parameters) for case in CASES for parameters in case.sets]
IDS = [f"{case}-{i}" for case in CASES for i in range(len(case.sets))]
DRAWN = [(case, parameters) for case in CASES for parameters in (case.sets if case.is_discrete else case.ordinary)]
INVALID = [(case, parameters, words) for case in CASES for parameters, words in case.invalid]
SUMMARIES = ("mean", "variance", "covariance", "entropy", "mode")
THEIRS = {"mean": "mean", "variance": "var", "covariance": "cov", "entropy": "entropy", "mode": "mode"}
CHANCE = 1e-7

each_case = pytest.mark.parametrize("case", CASES, ids=str)
each_set = pytest.mark.parametrize(("case", "parameters"), PAIRS, ids=IDS)
shapes = pytest.mark.parametrize(
    ("batch_shape", "shape"),
    [
        ((), ()),
        ((), (5, 20)),
        ((3,), ()),
        ((3,), (4, 3)),
        ((3, 1), (4, 1, 5)),
        ((3, 1), (3, 900)),
        ((2, 1, 3), (2, 700, 3)),
    ],
)


def has(d, name):
    try:
        getattr(d, name)()
    except NotImplementedError:
        return False
    return True


def ready(case, parameters):
    """Weights with a sum of 1: at which a derivative in one of them is given."""
    if "probs" not in parameters:
        return parameters
    probs = np.asarray(parameters["probs"])
    return {**parameters, "probs": probs / probs.sum(-1, keepdims=True)}


def same(case, got, want, **how):
    """To the last bit, unless sums are made in another order."""
    np.testing.assert_allclose(got, want, rtol=1e-13 * case.regrouped, atol=1e-13 * case.regrouped, **how)


def slack(case, d, x, parameters):
    """What half an ulp would change in each number of an event and of vectors, and a few in each of a matrix."""
    if case.is_discrete:
        return np.abs(x - d.mean()).sum(-1) * 2.0**-53
    given = {"value": x, **{name: np.asarray(value, float) for name, value in parameters.items()}}
    total = 0.0
    for name, slope in d.log_prob_and_grad(x)[1].items():
        own = slope.ndim - x.ndim + len(d.event_shape)
        weight = d.event_shape[-1] + 2 if own == 2 else 1.0
        with np.errstate(invalid="ignore"):
            part = np.abs(slope * given[name])
        total = total + weight * np.where(np.isfinite(part), part, 0.0).sum(axis=tuple(range(-own, 0))) * 2.0**-53
    return total


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_distribution_has_a_row(name):
    assert getattr(fd, name) in DISTRIBUTIONS


# Densities --------------------------------------------------------------------------------------


@each_set
def test_log_prob_is_exact(case, parameters):
    d = case(**parameters)
    x = case.values(d, 20)
    got = d.log_prob(x)
    same(case, [d.log_prob(event) for event in x[:3]], got[:3])
    want = np.array([float(case.log_prob(event.tolist(), **parameters)) for event in x])
    error = np.abs(got - want)
    assert np.all(error <= case.tolerance * np.abs(want) + 4 * slack(case, d, x, parameters)), np.max(error / abs(want))
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(d.prob(x), np.exp(got), rtol=1e-12)
        np.testing.assert_allclose([d.prob(event) for event in x[:3]], np.exp(got[:3]), rtol=1e-12)


@each_case
def test_agrees_with_scipy(case):
    for parameters in case.ordinary:
        theirs = case.scipy(**parameters) if case.scipy else None
        if theirs is None:
            continue
        d = case(**parameters)
        x = case.values(d, 50)
        near = {"rtol": case.scipy_tolerance, "atol": case.scipy_tolerance}
        name = "logpmf" if case.is_discrete else "logpdf"
        np.testing.assert_allclose(getattr(d, name)(x), getattr(theirs, name)(case.scipy_events(x)), **near)
        for ours, name in THEIRS.items():
            if ours not in case.scipy_errs and has(d, ours) and np.all(np.isfinite(own := getattr(d, ours)())):
                want = getattr(theirs, name, None)
                want = want() if callable(want) else want
                if want is not None:
                    np.testing.assert_allclose(own, want, **near, err_msg=ours)


@each_case
def test_log_prob_and_grad(case):
    """Against exact derivatives in directions."""
    for parameters in case.ordinary:
        parameters = ready(case, parameters)
        d = case(**parameters)
        x = case.values(d, 3)[:3]
        value, grad = d.log_prob_and_grad(x)
        np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-14, atol=1e-14)
        assert list(grad) == ["value"] * (not case.is_discrete) + [name for name in parameters if name != "total_count"]
        for name, slope in grad.items():
            if name == "concentration" and np.all(parameters[name] == 0.0):
                continue  # the density has no derivative on the other side
            changes = list(case.directions(name, np.shape(slope)[1:]))
            for event, own in zip(x, slope, strict=True):
                want = [case.slope(event, parameters, name, change) for change in changes]
                got = [np.sum(own * change) for change in changes]
                scale = max(np.abs(own * change).max() for change in changes)
                # What half an ulp of each entry does to the inverse of a matrix.
                loss = 1e-16 * np.linalg.cond(event) if case.events == "symmetric" else 0.0
                rtol = case.slope_tolerance + loss
                np.testing.assert_allclose(got, want, rtol=rtol, atol=0.1 * rtol * scale, err_msg=name)


@each_case
def test_outside_the_support(case):
    """Also what is not finite, alone and among others."""
    for parameters in case.sets if case.is_discrete else case.ordinary[:1]:
        d = case(**parameters)
        for n in (1, 40):
            events = np.array(case.values(d, n), float)[:n]
            wrong = [np.nan, *case.outside]
            if case.is_discrete:
                wrong += [events[0].flat[0] + shift for shift in (0.5, 1.0, -1e9)]
            for number in wrong:
                x = events.copy()
                x[0].flat[0] = number
                want = np.nan if np.isnan(number) else -np.inf
                value, grad = d.log_prob_and_grad(x)
                for got in (d.log_prob(x), value):
                    np.testing.assert_array_equal(got[0], want)
                    assert np.all(np.isfinite(got[1:]))
                np.testing.assert_array_equal(d.prob(x)[0], np.exp(want))
                for slope in grad.values():
                    np.testing.assert_array_equal(slope[0], np.full(slope[0].shape, 0.0 * np.exp(want)))
            if case.events == "symmetric":
                events[0, 0, 1] += 1.0
                assert d.log_prob(events)[0] == -np.inf


@each_case
@shapes
def test_broadcasting(case, batch_shape, shape):
    """Each event against each parameter set, as one by one."""
    parameters = case.batch(batch_shape)
    d = case(**parameters)
    x = case.pool(shape)
    result, (value, grad) = d.log_prob(x), d.log_prob_and_grad(x)
    full = np.broadcast_shapes(shape, batch_shape)
    assert np.shape(result) == np.shape(value) == full and d.batch_shape == batch_shape
    np.testing.assert_allclose(result, value, rtol=1e-13, atol=1e-13)
    every = np.broadcast_to(x, full + d.event_shape)
    indices = list(np.ndindex(full))
    for index in indices[:: max(1, len(indices) // 15)]:
        own = {k: np.broadcast_to(v, full + v.shape[len(batch_shape) :])[index] for k, v in parameters.items()}
        one = case(**own)
        same(case, np.asarray(result)[index], one.log_prob(every[index]))
        first, slopes = one.log_prob_and_grad(every[index])
        np.testing.assert_array_equal(np.asarray(value)[index], first)
        for name, slope in slopes.items():
            np.testing.assert_array_equal(grad[name][index], slope)


@each_case
def test_parameters_of_different_batches(case):
    """A batch of one parameter against one set of the others: with few events, and with many."""
    for name in case.ordinary[0]:
        parameters = {**case.ordinary[0], name: case.batch((3,))[name]}
        d = case(**parameters)
        assert d.batch_shape == (3,)
        x = d.sample(60, rng=2)
        assert x.shape == (60, 3, *d.event_shape)
        for i in range(3):
            one = case(**{**parameters, name: parameters[name][i]})
            for n in (2, 60):
                same(case, d.log_prob(x[:n])[:, i], one.log_prob(x[:n, i]))
            for summary in SUMMARIES:
                if has(one, summary):
                    np.testing.assert_array_equal(getattr(d, summary)()[i], getattr(one, summary)(), err_msg=summary)


@each_case
def test_float32_stays_float32(case):
    """And is made in float64: what is rounded are the results."""
    if min(least(value) for parameters in case.ordinary for value in parameters.values()) < 1e-30:
        pytest.skip("below the smallest float32")
    parameters = case.batch((3,), np.float32)
    narrow, wide = case(**parameters), case(**{k: v.astype(float) for k, v in parameters.items()})
    draws = narrow.sample(50, rng=1)
    assert narrow.dtype == np.float32 and draws.dtype == (np.int64 if case.is_discrete else np.float32)
    np.testing.assert_allclose(draws, wide.sample(50, rng=1), rtol=1e-5, atol=1e-5)
    x = draws if case.is_discrete else case.pool((50, 3)).astype(np.float32)
    for n in (2, 50):
        value, grad = narrow.log_prob_and_grad(x[:n])
        want, slopes = wide.log_prob_and_grad(x[:n])
        assert value.dtype == narrow.log_prob(x[:n]).dtype == narrow.prob(x[:n]).dtype == np.float32
        np.testing.assert_allclose(value, want, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(narrow.prob(x[:n]), wide.prob(x[:n]), rtol=1e-6, atol=1e-30)
        for name, slope in grad.items():
            assert slope.dtype == np.float32
            np.testing.assert_allclose(slope, slopes[name], rtol=1e-5, atol=1e-5 * np.abs(slopes[name]).max())
    assert all(getattr(narrow, name)().dtype == np.float32 for name in SUMMARIES[:4] if has(narrow, name))
    if narrow.has_rsample:
        assert all(g.dtype == np.float32 for g in narrow.rsample_and_grad(2, rng=1)[1].values())
    one = case(**case.batch((), np.float32))
    assert one.log_prob(x[:, 0]).dtype == one.log_prob(x[0, 0]).dtype == np.float32
    assert one.sample(50, rng=1).dtype == draws.dtype


@each_case
def test_values_of_any_layout_and_out(case):
    for shape in ((), (3,)):
        d = case(**case.batch(shape))
        x = d.sample(40, rng=2)
        want = d.log_prob(x)
        for other in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x.astype(">f8"), x.tolist()):
            np.testing.assert_array_equal(d.log_prob(other), want)
        for dtype in (np.int32, np.uint8, float) if case.is_discrete else ():
            np.testing.assert_array_equal(d.log_prob(x.astype(dtype)), want)
        np.testing.assert_array_equal(d.log_prob(np.ones(x.shape, int)), d.log_prob(np.ones(x.shape)))
        for name in ("log_prob", "prob"):
            want = getattr(d, name)(x)
            out, strided = np.empty((40, *shape)), np.zeros((2, 40, *shape), order="F")[0]
            assert getattr(d, name)(x, out=out) is out and getattr(d, name)(x, out=strided) is strided
            np.testing.assert_array_equal(out, want)
            np.testing.assert_array_equal(strided, want)
        draws = np.empty(x.shape, x.dtype)
        assert d.sample(40, rng=2, out=draws) is draws
        np.testing.assert_array_equal(draws, x)
    with pytest.raises(TypeError, match="real numbers"):
        d.log_prob(x.astype(complex))
    for wrong in (x[..., :-1], 1.0, x[:, :2]):
        with pytest.raises(ValueError, match=r"event|broadcast"):
            d.log_prob(wrong)
    with pytest.raises(ValueError, match="shape"):
        d.log_prob(x, out=np.empty(5))


@each_case
def test_parameters_of_any_layout(case):
    for shape in ((), (3,)):
        parameters = case.batch(shape)
        d = case(**parameters)
        x = d.sample(40, rng=2)
        spread = {name: np.repeat(value[..., np.newaxis], 2, axis=-1)[..., 0] for name, value in parameters.items()}
        swapped = {name: value.copy(order="F") for name, value in parameters.items()}
        for other in (case(**spread), case(**swapped)):
            np.testing.assert_array_equal(other.sample(40, rng=2), x)
            for n in (2, 40):
                np.testing.assert_array_equal(other.log_prob(x[:n]), d.log_prob(x[:n]))


@each_case
def test_empty(case):
    d = case(**case.ordinary[0])
    x = np.empty((0, *d.event_shape))
    assert d.log_prob(x).shape == d.prob(x).shape == (0,) and d.sample(0).shape == x.shape
    assert d.log_likelihood(x) == 0.0
    none = case(**case.batch((0,)))
    assert none.log_prob(d.sample(rng=1)).shape == (0,) and none.sample(4).shape == (4, 0, *none.event_shape)
    assert all(np.shape(getattr(none, name)())[0] == 0 for name in SUMMARIES if has(none, name))


# Sums -------------------------------------------------------------------------------------------


@each_case
@pytest.mark.parametrize(("batch_shape", "shape"), [((), (5000,)), ((3,), (2000, 3)), ((3, 1), (40, 3, 5)), ((), ())])
def test_log_likelihood(case, batch_shape, shape):
    parameters = case.batch(batch_shape)
    x = case.pool(shape)
    if "total_count" in parameters:
        parameters["total_count"][...] = case.ordinary[0]["total_count"]
        x = np.random.default_rng(1).choice(case(**case.ordinary[0]).sample(9, rng=1), shape)
    d = case(**parameters)
    lp, grad = d.log_prob_and_grad(x)
    assert np.all(np.isfinite(lp))
    over = tuple(range(np.ndim(lp) - len(np.broadcast_shapes(batch_shape, shape[len(shape) - len(batch_shape) :]))))
    total, (again, slopes) = d.log_likelihood(x), d.log_likelihood_and_grad(x)
    near = {"rtol": 1e-13, "atol": 1e-13 * np.abs(lp).sum()}
    np.testing.assert_allclose(total, np.sum(lp, over), **near)
    np.testing.assert_allclose(again, total, **near)
    assert list(slopes) == [name for name in grad if name != "value"]
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, np.sum(grad[name], over), rtol=1e-10, atol=1e-12 * np.abs(grad[name]).sum())


@each_case
def test_threads_change_nothing(case):
    threads = fd.get_num_threads()
    for shape in ((), (3,)):
        d = case(**case.batch(shape))
        found = []
        try:
            for n in (1, 3):
                fd.set_num_threads(n)
                x = d.sample(20_000, rng=3)
                found.append((x, d.log_prob(x), d.log_likelihood(x), *d.log_likelihood_and_grad(x)[1].values()))
        finally:
            fd.set_num_threads(threads)
        for a, b in zip(*found, strict=True):
            np.testing.assert_array_equal(a, b)


# Draws ------------------------------------------------------------------------------------------


@each_case
def test_a_draw_depends_on_its_number_alone(case):
    for shape in ((), (3,)):
        d = case(**case.batch(shape))
        many = d.sample(5001, rng=7)
        for n in (1, 2, 11, 13, 100, 1001):
            np.testing.assert_array_equal(d.sample(n, rng=7), many[:n])
        np.testing.assert_array_equal(d.sample(rng=7), many[0])
        generator = np.random.default_rng(7)
        np.testing.assert_array_equal(d.sample((3, 40), rng=generator), many[:120].reshape(3, 40, *many.shape[1:]))
        assert not np.array_equal(d.sample(5, rng=generator), many[:5])
        assert d.rvs((5, *shape), random_state=1).shape == (5, *shape, *d.event_shape)


@each_set
def test_draws_lie_in_the_support(case, parameters):
    d = case(**parameters)
    x = d.sample(20_000 if case.is_discrete else 2000, rng=4)
    if case.is_discrete:
        assert x.dtype == np.int64
    # Below these, draws at the edge of the support are as far from it as rounding takes them.
    elif least(parameters.get("concentration", 1.0)) < 0.05 or parameters.get("df", 99.0) <= d.event_shape[0]:
        assert not np.isnan(x).any()
        return
    # The logarithm of a number whose weight is 0 is -inf.
    assert not np.isnan(x).any() if d.support is fd.constraints.real_vector else np.all(d.support.check(x))
    assert np.all(d.log_prob(x) > -np.inf)


@pytest.mark.parametrize(("case", "parameters"), DRAWN, ids=[f"{case}-{case.sets.index(p)}" for case, p in DRAWN])
def test_moments_of_draws(case, parameters):
    """Means, variances and covariances within what chance allows; the entropy is the mean of -log_prob."""
    d = case(**parameters)
    n = 400_000 if case.is_discrete else 100_000
    x = d.sample(n, rng=6)
    z = stats.norm.isf(CHANCE) / np.sqrt(n)
    if has(d, "entropy") and parameters in case.ordinary and least(parameters.get("concentration", 1.0)) >= 0.01:
        lp = d.log_prob(x)
        if parameters.get("df", 99.0) < d.event_shape[0]:  # a draw may be singular to all digits
            lp = lp[lp > -np.inf]
            assert lp.size >= 0.999 * n
        assert abs(lp.mean() + d.entropy()) <= 1.05 * z * lp.std() + 1e-12
        np.testing.assert_allclose(d.perplexity(), np.exp(d.entropy()), rtol=1e-14)
    if not case.steady(parameters) or not has(d, "mean") or np.isnan(d.variance()).any():
        return
    spread, mean = d.stddev(), d.mean()
    matrix = d.covariance().reshape(spread.size, spread.size)
    # Counts round their sums, and the products of what hardly ever comes up say nothing.
    rounding = 1e-12 * np.max(mean) if case.is_discrete else 1e-14
    often = np.ravel(n * spread**2 > 100) if case.is_discrete else np.full(spread.size, True)
    assert np.all(np.abs(x.mean(0) - mean) <= 1.05 * z * spread + rounding)
    flat = (x - mean).reshape(n, spread.size)[: 4_000_000 // spread.size]
    products, squares = flat.T @ flat / len(flat), (flat * flat).T @ (flat * flat) / len(flat)
    noise = z * np.sqrt(np.maximum(squares - products**2, 0.0) * (n / len(flat)))
    if case.is_discrete:
        noise += z * np.outer(spread, spread)
    kept = np.ix_(often, often)
    assert np.all((np.abs(products - matrix) <= 1.08 * noise + rounding)[kept])
    np.testing.assert_allclose(np.diag(matrix), np.ravel(spread) ** 2, rtol=1e-9, atol=1e-16)


@each_case
def test_rsample_and_grad(case):
    """Jacobians in what scales or shifts the noise, against differences of draws with the same noise."""
    if not case.distribution.has_rsample:
        with pytest.raises(NotImplementedError, match="score"):
            case(**case.ordinary[0]).rsample_and_grad(rng=1)
        return
    parameters = ready(case, case.batch((2,)))
    d = case(**parameters)
    x, grad = d.rsample_and_grad(4, rng=3)
    np.testing.assert_array_equal(x, d.sample(4, rng=3))
    np.testing.assert_array_equal(x, d.rsample(4, rng=3))
    step = 1e-6
    for name, value in parameters.items():
        assert grad[name].shape == x.shape + value.shape[1:]
        if name in case.implicit:
            continue
        for change in case.directions(name, value.shape[1:]):
            ends = []
            for sign in (1, -1):
                other = case(**{**parameters, name: value + sign * step * change})
                # A draw that stands for its mean has the derivatives of that.
                ends.append(other.mean() if case.is_discrete else other.sample(4, rng=3))
            want = np.broadcast_to((ends[0] - ends[1]) / (2 * step), x.shape)
            got = (grad[name] * change).sum(axis=tuple(range(-change.ndim, 0))) if change.ndim else grad[name]
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6 * np.abs(want).max() + 1e-9, err_msg=name)


# Objects ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("case", "parameters", "words"), INVALID)
def test_refused(case, parameters, words):
    with pytest.raises(ValueError, match=f"^{case.distribution.__name__}") as error:
        case(**parameters)
    assert all(word in str(error.value) for word in words), error.value


@each_case
def test_objects(case):
    d = case(**case.batch((3,)))
    x = case.values(case(**case.ordinary[0]), 3)[:3, np.newaxis]
    assert d.batch_shape == (3,) and d.support.event_dim == len(d.event_shape)
    for other in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d), copy.copy(d), case(**d._parameters)):
        assert other == d and hash(other) == hash(d) and repr(other) == repr(d)
        np.testing.assert_array_equal(other.log_prob(x), d.log_prob(x))
    assert d != case(**case.batch((2,)))
    assert eval(repr(d), {**vars(fd), "np": np, "inf": np.inf}) == d
    assert case(**case.ordinary[0], validate_args=False) == case(**case.ordinary[0])
    wide = d.expand((5, 3))
    assert wide.batch_shape == (5, 3) and wide.event_shape == d.event_shape
    np.testing.assert_array_equal(wide.log_prob(x[0]), np.broadcast_to(d.log_prob(x[0]), (5, 3)))
    with pytest.raises(AttributeError, match="immutable"):
        d.loc = 1
    for name in ("cdf", "icdf", "sf"):
        with pytest.raises(NotImplementedError, match=name):
            getattr(d, name)(x)
    for missing in (d.median, d.skewness, d.kurtosis, lambda: d.interval(0.5), lambda: d.moment(1), d.expect):
        with pytest.raises(NotImplementedError):
            missing()


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_docstring_has_its_sections(distribution):
    doc = inspect.getdoc(distribution)
    for section in ("math::", "Parameters\n", "Notes\n", "SciPy", "Raises\n", "Examples\n", ">>> "):
        assert section in doc, section
