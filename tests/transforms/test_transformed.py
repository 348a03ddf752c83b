"""TransformedDistribution: against families that are transforms of others, numeric derivatives, batches, errors."""

import copy
import pickle
from math import inf, nan

import mpmath as mp
import numpy as np
import pytest
from helpers import ks_bound

import fastdist as fd
from fastdist import constraints as c
from fastdist import transforms as t

P = np.array([0.0, 1e-300, 1e-20, 1e-3, 0.2, 0.5, 0.9, 0.999, 1.0])


def transformed(base, *transforms):
    return fd.TransformedDistribution(base, list(transforms))


# Pairs of the same distribution, the second by its own formulas.
SAME = [
    (transformed(fd.Normal(0.3, 1.2), t.AffineTransform(1.0, 0.5), t.ExpTransform()), fd.LogNormal(1.15, 0.6)),
    (transformed(fd.Normal(0.0, 1.0), t.AffineTransform(1.0, -2.0)), fd.Normal(1.0, 2.0)),
    (transformed(fd.Exponential(1.0), t.LogTransform(), t.AffineTransform(0.5, -2.0)), fd.Gumbel(0.5, 2.0)),
    (
        transformed(fd.LogitRelaxedBernoulli(0.5, logits=0.3), t.SigmoidTransform()),
        fd.RelaxedBernoulli(0.5, logits=0.3),
    ),
    (transformed(fd.Exponential(1.5), t.PowerTransform(-1.0)), fd.InverseGamma(1.0, 1.5)),
    (transformed(fd.Uniform(0.0, 1.0), t.SigmoidTransform().inv, t.AffineTransform(1.0, 2.0)), fd.Logistic(1.0, 2.0)),
    (transformed(fd.Exponential(1.0), t.PowerTransform(0.5), t.AffineTransform(0.0, 3.0)), fd.Weibull(3.0, 2.0)),
    (transformed(fd.Uniform(-1.0, 1.0), t.AffineTransform(0.5, [2.0, -3.0])), fd.Uniform([-1.5, -2.5], [2.5, 3.5])),
]
# The others are of the large sweep.
rows = [*SAME[:4], *(pytest.param(*row, marks=pytest.mark.slow) for row in SAME[4:])]
same = pytest.mark.parametrize(("d", "other"), rows, ids=[repr(row[1]) for row in SAME])


@same
def test_pointwise(d, other):
    # A probability next to 1 is no further from it than the floats are.
    p = P[3:-1] if isinstance(other, fd.Logistic) else P
    p = p if not other.batch_shape else p[:, np.newaxis]
    for method in ("icdf", "isf"):
        np.testing.assert_allclose(getattr(d, method)(p), getattr(other, method)(p), rtol=2e-13, atol=1e-15)
    x = np.concatenate([np.ravel(other.icdf(p)), np.ravel(other.isf(p)), [-inf, -1.0, 0.0, inf, nan]])
    x = x.reshape((-1, *(1,) * len(other.batch_shape)))
    assert d.batch_shape == other.batch_shape and d.dtype == other.dtype
    for method in ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf"):
        got, want = getattr(d, method)(x), getattr(other, method)(x)
        if "prob" in method:  # what an end has is a matter of convention
            inner = (x != other.support.lower) & (x != other.support.upper)
            got, want = got[inner], want[inner]
        np.testing.assert_allclose(got, want, rtol=2e-12, atol=1e-14, err_msg=method)
    np.testing.assert_allclose(d.median(), other.median(), rtol=1e-14)


@same
def test_support(d, other):
    for end in ("lower", "upper"):
        got, want = (np.broadcast_to(getattr(e.support, end), d.batch_shape) for e in (d, other))
        np.testing.assert_array_equal(got, want)


@same
def test_gradients(d, other):
    """In x as the other's, in each parameter against differences."""
    if d.batch_shape:
        pytest.skip("the reference takes one parameter set, and these are a batch")
    x = other.icdf(np.array([0.1, 0.4, 0.8]))
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-14)
    np.testing.assert_allclose(grad["value"], other.log_prob_and_grad(x)[1]["value"], rtol=1e-10, atol=1e-12)
    cdf, cdf_grad = d.cdf_and_grad(x)
    np.testing.assert_allclose(cdf, d.cdf(x), rtol=1e-14)
    np.testing.assert_allclose(cdf_grad["value"], d.prob(x), rtol=1e-13)
    draws, draw_grad = d.rsample_and_grad(50, rng=3)
    np.testing.assert_array_equal(draws, d.sample(50, rng=3))
    assert list(grad) == list(cdf_grad) == ["value", *d._parameters] and list(draw_grad) == list(d._parameters)
    for name in d._parameters:
        if isinstance(other, fd.Logistic) and name in ("low", "high"):
            continue  # the logit of a wider interval is not defined
        h = 1e-6
        up, down = (_with(d, name, float(d._parameters[name]) + sign * h) for sign in (1, -1))
        np.testing.assert_allclose(grad[name], (up.log_prob(x) - down.log_prob(x)) / (2 * h), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(cdf_grad[name], (up.cdf(x) - down.cdf(x)) / (2 * h), rtol=1e-6, atol=1e-8)
        # What moves a draw so that its cdf value stays.
        np.testing.assert_allclose(
            draw_grad[name], -d.cdf_and_grad(draws)[1][name] / d.prob(draws), rtol=1e-6, atol=1e-8
        )


def _with(d, name, value):
    """The same distribution with one parameter changed."""
    if not name.startswith("transforms_"):
        own = {key: float(v) for key, v in d.base_dist._parameters.items()}
        return fd.TransformedDistribution(type(d.base_dist)(**{**own, name: value}), d.transforms)
    place, key = name.removeprefix("transforms_").split("_", 1)
    transforms = list(d.transforms)
    arguments = {**transforms[int(place)]._arguments(), key: value}
    transforms[int(place)] = type(transforms[int(place)])(**arguments)
    return fd.TransformedDistribution(d.base_dist, transforms)


@same
def test_draws(d, other):
    x = d.sample((20_000,), rng=11)
    np.testing.assert_allclose(x, t.ComposeTransform(d.transforms)(d.base_dist.sample((20_000,), rng=11)), rtol=1e-12)
    u = np.sort(other.cdf(x), axis=0)
    steps = np.arange(1, 20_001) / 20_000
    assert np.abs(u - steps.reshape((-1, *(1,) * len(d.batch_shape)))).max() < ks_bound(20_000)
    assert np.shape(d.sample(rng=1)) == d.batch_shape and d.has_rsample == d.base_dist.has_rsample


@same
def test_is_a_value(d, other):
    for twin in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d)):
        assert twin == d and hash(twin) == hash(d) and twin.transforms == d.transforms
    if not d.batch_shape:
        assert eval(repr(d), {**vars(fd), **vars(t)}) == d
    wide = d.expand((3, *d.batch_shape))
    assert wide.batch_shape == (3, *d.batch_shape)
    np.testing.assert_allclose(wide.log_prob(0.7), np.broadcast_to(d.log_prob(0.7), wide.batch_shape), rtol=1e-15)
    assert d != other and type(d) is type(transformed(d.base_dist, *d.transforms))


def test_affine_summaries():
    base = fd.Gumbel(2.5, [1.0, 2.0])
    d = transformed(base, t.AffineTransform(1.0, [[-2.0], [3.0]]), t.AffineTransform(0.5, 2.0).inv)
    slope, shift = np.array([[-1.0], [1.5]]), 0.25
    np.testing.assert_allclose(d.mean(), shift + slope * base.mean(), rtol=1e-14)
    np.testing.assert_allclose(d.mode(), shift + slope * base.mode(), rtol=1e-14)
    np.testing.assert_allclose(d.median(), shift + slope * base.median(), rtol=1e-14)
    np.testing.assert_allclose(d.variance(), slope**2 * base.variance(), rtol=1e-14)
    np.testing.assert_allclose(d.skewness(), np.sign(slope) * base.skewness(), rtol=1e-14)
    np.testing.assert_allclose(d.kurtosis(), np.broadcast_to(base.kurtosis(), (2, 2)), rtol=1e-14)
    np.testing.assert_allclose(d.entropy(), base.entropy() + np.log(abs(slope)), rtol=1e-14)
    np.testing.assert_allclose(d.cdf(d.icdf(0.3)), np.full((2, 2), 0.3), rtol=1e-13)
    for name in ("mean", "entropy"):
        with pytest.raises(NotImplementedError, match=name):
            getattr(transformed(base, t.ExpTransform()), name)()


def test_tails_of_a_decreasing_map():
    """Neither tail is taken as 1 minus the other."""
    d = transformed(fd.Normal(0.0, 1.0), t.AffineTransform(0.0, -1.0), t.ExpTransform())
    x = np.exp([-37.0, 37.0])
    np.testing.assert_allclose(d.cdf(x[0]), fd.Normal(0.0, 1.0).cdf(-37.0), rtol=1e-12)
    np.testing.assert_allclose(d.sf(x[1]), fd.Normal(0.0, 1.0).sf(37.0), rtol=1e-12)
    np.testing.assert_allclose(d.log_sf(np.exp(700.0)), fd.Normal(0.0, 1.0).log_sf(700.0), rtol=1e-13)
    np.testing.assert_allclose(d.isf(1e-300), np.exp(fd.Normal(0.0, 1.0).isf(1e-300)), rtol=1e-13)


def test_ends():
    d = transformed(fd.Uniform(0.0, 1.0), t.AffineTransform(0.1, 0.3))
    np.testing.assert_allclose(d.prob([0.1, 0.25, d.support.upper]), 1 / 0.3, rtol=1e-15)
    np.testing.assert_array_equal(d.prob([0.0999, 0.4001]), 0.0)
    np.testing.assert_array_equal(d.icdf([0.0, 1.0]), [0.1, 0.4])
    positive = transformed(fd.Normal(0.0, 1.0), t.ExpTransform())
    np.testing.assert_array_equal(positive.log_prob([-1.0, 0.0, inf]), -inf)
    assert (
        positive.support == c.positive
        and transformed(fd.Exponential(1.0), t.AffineTransform(0.0, 2.0)).support == c.nonnegative
    )
    assert transformed(fd.Normal(0.0, 1.0), t.TanhTransform()).support == c.open_interval(-1.0, 1.0)
    assert transformed(fd.Normal(0.0, 1.0)).support == c.real
    squared = transformed(fd.HalfNormal(1.0), t.PowerTransform(2.0))
    assert squared.log_prob(0.0) == inf and squared.prob(1e-200) == pytest.approx(fd.Chi2(1.0).prob(1e-200), rel=1e-12)


def test_an_image_that_no_parameter_moves_is_known():
    """One interval for a batch; where parameters move it, one for each set."""
    shift = t.AffineTransform([1.0, -2.0], [3.0, -0.5])
    assert transformed(fd.Normal(0.0, 1.0), shift, t.ExpTransform()).support == c.positive
    assert transformed(fd.Normal(0.0, 1.0), shift, t.SigmoidTransform()).support == c.open_interval(0.0, 1.0)
    assert transformed(fd.Beta(2.0, 3.0), t.SigmoidTransform().inv).support == c.real
    assert transformed(fd.Beta(2.0, 3.0), *[t.ExpTransform()] * 5).support.upper == inf  # exp(exp(15.2))
    moved = transformed(fd.Exponential(1.0), shift).support
    np.testing.assert_array_equal(moved.lower, [1.0, -inf])
    np.testing.assert_array_equal(moved.upper, [inf, -2.0])


@pytest.mark.parametrize("scale", [1e-300, -1e-300])
@pytest.mark.parametrize(
    "base",
    [fd.Normal(0.0, 1.0), fd.Gumbel(0.0, 1.0), fd.Laplace(0.0, 1.0), fd.StudentT(3.0), fd.SkewNormal(0.0, 1.0, 3.0)],
)
def test_what_overflows_on_the_way_back_has_no_density(base, scale):
    """The largest number stands for what lies beyond it: nowhere NaN, and next to no density."""
    d = transformed(base, t.AffineTransform(0.0, scale))
    density = d.log_prob([1e10, -1e10, 1e308, -1e308, inf, -inf])
    assert (density[:4] < -2000.0).all() and (density[4:] == -inf).all()
    assert np.isnan(d.log_prob(nan)) and d.log_prob(abs(scale)) == pytest.approx(
        base.log_prob(np.sign(scale)) - np.log(1e-300)
    )
    value, grad = d.log_prob_and_grad(1e10)
    assert value == density[0] and not np.isnan(list(grad.values())).any()


@pytest.mark.parametrize(
    ("family", "standard"),
    [
        (fd.Normal, lambda z: -z * z / 2 - mp.log(2 * mp.pi) / 2),
        (fd.Laplace, lambda z: -abs(z) - mp.log(2)),
        (fd.Cauchy, lambda z: -mp.log(mp.pi * (1 + z * z))),
        (fd.Logistic, lambda z: -z - 2 * mp.log(1 + mp.exp(-z))),
        (fd.Gumbel, lambda z: -z - mp.exp(-z)),
    ],
)
@pytest.mark.parametrize("maps", [(), (t.ExpTransform(),)], ids=["affine", "exp"])
@pytest.mark.parametrize(
    ("loc", "scale", "shift", "factor"),
    [(0.3, 1.2, 1.0, 0.5), (123.0, 1e-3, -245.9, 2.0), (-4e5, 0.7, 1e5, 0.25), (1e-3, 2.0, 1e-5, -1e-6)],
)
def test_log_densities_behind_an_affine_map(family, standard, maps, loc, scale, shift, factor):
    """Also where the locations all but cancel, and no digit of a standardised value can be lost."""
    d = transformed(family(loc, scale), t.AffineTransform(shift, factor), *maps)
    values = d.icdf(np.array([1e-9, 0.02, 0.4, 0.97]))
    with mp.workdps(40):
        want, error = [], []
        for value in map(mp.mpf, values):
            x = mp.log(value) if maps else value
            z = ((x - mp.mpf(shift)) / mp.mpf(factor) - mp.mpf(loc)) / mp.mpf(scale)
            log_slope = mp.log(abs(mp.mpf(factor)) * mp.mpf(scale)) + (x if maps else 0)
            want.append(standard(z) - log_slope)
            # What a rounded logarithm is worth, and otherwise a few steps of the terms.
            moved = mp.diff(standard, z) * x / (factor * scale) if maps else 0
            error.append(4e-16 * (2 + z * z * (2 if family is fd.Normal else 0) + abs(z) + abs(log_slope) + abs(moved)))
            if family is fd.Gumbel:
                error[-1] += 4e-16 * abs(z) * mp.exp(-z)
    got = d.log_prob(values)
    assert [(g - w) / e for g, w, e in zip(got, want, error, strict=True) if abs(g - w) > e] == []


@pytest.mark.parametrize(
    ("base", "shift", "factor", "x"),
    [
        (fd.Normal(1e200, 1e200), 0.0, 1e150, 1.0),
        (fd.Normal(1.0, 1e-200), 1.0, 1e-200, 1.0),
        (fd.Normal(0.0, [1e200, 1.0]), 0.0, [1e150, 1.0], [0.0, 1.0]),
        (fd.Normal(0.0, 1e200), 0.0, 1e-200, 1.0),
    ],
)
def test_log_densities_where_scales_leave_float64(base, shift, factor, x):
    got = transformed(base, t.AffineTransform(shift, factor)).log_prob(x)
    z = (np.asarray(x) - shift) / factor
    np.testing.assert_allclose(got, base.log_prob(z) - np.log(factor), rtol=1e-15)


def test_batches_and_dtypes():
    d = transformed(
        fd.Normal(np.float32([0.0, 1.0, 2.0]), np.float32(1.0)), t.AffineTransform(np.float32([[0.0], [1.0]]), 2.0)
    )
    x = np.linspace(-1.0, 2.0, 3, dtype=np.float32)
    assert d.batch_shape == (2, 3) and d.dtype == d.log_prob(x).dtype == d.sample(rng=1).dtype == np.float32
    want = fd.Normal(np.array([0.0, 2.0, 4.0]) + np.array([[0.0], [1.0]]), 2.0).log_prob(x.astype(float))
    np.testing.assert_allclose(d.log_prob(x), want, rtol=1e-6)
    out = np.empty((2, 3), np.float32)
    assert d.log_prob(x, out=out) is out
    weak = transformed(fd.Normal(0.0, 1.0), t.ExpTransform())
    assert weak.log_prob(x).dtype == np.float32 and type(weak.log_prob(1.0)) is np.float64
    assert weak.log_likelihood(np.array([1.0, 2.0])) == pytest.approx(weak.log_prob([1.0, 2.0]).sum(), rel=1e-15)
    total, grad = transformed(fd.Normal(0.0, 1.0), t.AffineTransform(1.0, 2.0)).log_likelihood_and_grad(
        np.array([1.0, 3.0])
    )
    assert grad["transforms_0_loc"] == pytest.approx(0.5, rel=1e-14) and np.isfinite(total)


def test_probability_integral_transform():
    d = transformed(fd.Weibull(2.0, 3.0), t.CumulativeDistributionTransform(fd.Weibull(2.0, 3.0)))
    np.testing.assert_allclose(d.prob([0.2, 0.9]), 1.0, rtol=1e-12)
    np.testing.assert_array_equal(d.prob([-0.1, 1.1]), 0.0)
    np.testing.assert_allclose(d.cdf([0.2, 0.9]), [0.2, 0.9], rtol=1e-12)
    copula = transformed(fd.Normal(0.0, 1.0), t.CumulativeDistributionTransform(fd.Normal(0.0, 1.0)),
                         t.CumulativeDistributionTransform(fd.ContinuousBernoulli(logits=0.5)).inv)  # fmt: skip
    want = fd.ContinuousBernoulli(logits=0.5)
    np.testing.assert_allclose(copula.prob([0.2, 0.9]), want.prob([0.2, 0.9]), rtol=1e-12)
    grad = copula.log_prob_and_grad(0.3)[1]
    assert grad["transforms_1_logits"] == pytest.approx(want.log_prob_and_grad(0.3)[1]["logits"], rel=1e-8)


BAD = [
    (lambda: transformed(fd.Normal(0.0, 1.0), t.LogTransform()), ValueError, "LogTransform.*between -inf and inf"),
    (
        lambda: transformed(fd.Normal(0.0, 1.0), t.TanhTransform(), t.PowerTransform(2.0)),
        ValueError,
        "PowerTransform.*-1.0 and 1.0",
    ),
    (
        lambda: transformed(fd.Normal(0.0, 1.0), t.CumulativeDistributionTransform(fd.Gamma(1.0, 1.0))),
        ValueError,
        "Cumulative",
    ),
    (lambda: transformed(fd.Normal(0.0, 1.0), t.AbsTransform()), ValueError, "must be bijections; got AbsTransform"),
    (
        lambda: transformed(fd.Normal(0.0, 1.0), t.StickBreakingTransform()),
        ValueError,
        "events of 1 axis; base_distribution has only 0",
    ),
    (
        lambda: transformed(fd.Normal(0.0, 1.0), t.AffineTransform(0.0, 1.0, event_dim=1)),
        ValueError,
        "events of 1 axis; base_distribution has only 0",
    ),
    (
        lambda: transformed(fd.Poisson(1.0), t.AffineTransform(0.0, 2.0)),
        TypeError,
        "must be a continuous one; got Poisson",
    ),
    (lambda: transformed(fd.Categorical([0.5, 0.5])), TypeError, "must be a continuous one"),
    (lambda: transformed(1.0), TypeError, "base_distribution must be a continuous one; got 1.0"),
    (lambda: transformed(fd.Normal(0.0, 1.0), 1), TypeError, r"a transform or a sequence of them; got \[1\]"),
    (
        lambda: fd.TransformedDistribution(fd.Normal(0.0, 1.0), "x"),
        TypeError,
        "a transform or a sequence of them; got 'x'",
    ),
    (
        lambda: transformed(fd.Normal([0.0, 1.0], 1.0), t.AffineTransform([1.0, 2.0, 3.0], 1.0)),
        ValueError,
        "do not broadcast",
    ),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD, ids=range(len(BAD)))
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()
