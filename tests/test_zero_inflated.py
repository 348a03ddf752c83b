"""Zero-inflated distributions beyond the conformance suite: bases of all kinds."""

import pickle

import numpy as np
import pytest

import fastdist as fd

BASES = [
    fd.Poisson(4.0),
    fd.Poisson(0.0),
    fd.Poisson([1.0, 5.0, 9.0]),
    fd.Zipf(2.5),
    fd.DiscreteUniform(3, 5),
    fd.Truncated(fd.Poisson(3.0), 1, 5),
    fd.Geometric(0.25),
    fd.NegativeBinomial(2.5, probs=0.25),
    fd.NegativeBinomial(2.5, logits=-0.5),
    fd.Binomial(20, 0.25),
]
GATES = [0.0, 1e-17, 0.25, 0.9, 1.0]


def each_base(bases):
    """A test of bases, of which the compilation of most takes so long that they are a large sweep."""
    rows = [pytest.param(base, marks=[] if base in BASES[:4] else pytest.mark.slow) for base in bases]
    return pytest.mark.parametrize("base", rows, ids=repr)


@pytest.mark.parametrize("gate", GATES)
@each_base(BASES)
def test_is_the_mixture(base, gate):
    d = fd.ZeroInflated(base, gate)
    k = np.arange(0.0, 30.0).reshape(-1, *(1,) * len(base.batch_shape))
    p = (1 - gate) * base.prob(k) + gate * (k == 0)
    cdf, sf = gate + (1 - gate) * base.cdf(k), (1 - gate) * base.sf(k)
    np.testing.assert_allclose(d.prob(k), p, rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(d.cdf(k), cdf, rtol=1e-15)
    np.testing.assert_allclose(d.sf(k), sf, rtol=1e-15)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(d.log_prob(k), np.log(p), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(d.log_cdf(k), np.log(cdf), rtol=1e-12, atol=3e-16)
        np.testing.assert_allclose(d.log_sf(k), np.log(sf), rtol=1e-12, atol=3e-16)


@pytest.mark.parametrize("gate", GATES)
@each_base(BASES)
def test_quantiles_are_exact(base, gate):
    d = fd.ZeroInflated(base, gate)
    rng = np.random.default_rng(3)
    k = np.arange(0.0, 30.0).reshape(-1, *(1,) * len(base.batch_shape))
    shape = (60, *base.batch_shape)
    u = rng.random(shape)
    for tail, quantile, sign in ((d.cdf, d.icdf, 1), (d.sf, d.isf, -1)):
        steps = tail(k)
        p = np.concatenate([u, 10.0 ** (-300 * u), 1 - 10.0 ** (-16 * u), steps, np.nextafter(steps, [0.0])])
        p = np.where((p > 0) & (p < 1), p, 0.5)
        x = quantile(p)
        reached = (sign * tail(x) >= sign * p) | (x == d.support.upper)
        assert np.all(reached & ((sign * tail(x - 1) < sign * p) | (x - 1 == x)))


@pytest.mark.parametrize("gate", [0.0, 0.25, 0.9])
@each_base([b for b in BASES if not b.batch_shape and not isinstance(b, fd.Zipf)])
def test_summaries_are_those_of_the_masses(base, gate):
    d = fd.ZeroInflated(base, gate)
    k = np.arange(0.0, 1000.0)
    p = d.prob(k)
    mean = np.sum(k * p)
    second, third, fourth = (np.sum((k - mean) ** n * p) for n in (2, 3, 4))
    assert d.mean() == pytest.approx(mean, rel=1e-12)
    assert d.variance() == pytest.approx(second, rel=1e-11)
    if second > 0:
        assert d.skewness() == pytest.approx(third / second**1.5, rel=1e-9, abs=1e-11)
        assert d.kurtosis() == pytest.approx(fourth / second**2 - 3, rel=1e-9, abs=1e-10)
    assert d.entropy() == pytest.approx(-np.sum(p[p > 0] * np.log(p[p > 0])), rel=1e-11, abs=1e-15)
    assert d.prob(d.mode()) == pytest.approx(p.max(), rel=1e-14)
    assert d.expect(lambda x: x**2) == pytest.approx(second + mean**2, rel=1e-11)


@pytest.mark.parametrize("base", [b for b in BASES if not b.batch_shape], ids=repr)
def test_draws(base):
    """The share of zeros is not changed by what the base's sampler rejects."""
    d = fd.ZeroInflated(base, 0.25)
    x = d.sample((500_000,), rng=8)
    for k in range(6):
        assert abs(np.mean(x == k) - d.prob(k)) < 6 * np.sqrt(d.prob(k) / 5e5) + 1e-12
    assert np.all(fd.ZeroInflated(base, 1.0).sample((1000,), rng=1) == 0)
    many = fd.ZeroInflated(base, [0.0, 0.5, 1.0]).sample((200_000,), rng=2)
    zero = float(base.prob(0))
    np.testing.assert_allclose(np.mean(many == 0, axis=0), [zero, 0.5 + 0.5 * zero, 1.0], atol=6e-3)


@pytest.mark.parametrize("base", [fd.NegativeBinomial(2.5, logits=-0.5), fd.Geometric(0.25), fd.Zipf(2.5)], ids=repr)
def test_gradients(base):
    k = np.arange(0.0, 20.0)
    step = 1e-6
    for method in ("log_prob", "cdf"):
        _, grad = getattr(fd.ZeroInflated(base, 0.25), f"{method}_and_grad")(k)
        given = dict(base._parameters)
        for name in (n for n in grad if n not in ("gate", "total_count")):
            ends = [
                getattr(fd.ZeroInflated(type(base)(**{**given, name: given[name] + s}), 0.25), method)(k)
                for s in (step, -step)
            ]
            with np.errstate(invalid="ignore"):
                np.testing.assert_allclose(grad[name], (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-8)
        ends = [getattr(fd.ZeroInflated(base, 0.25 + s), method)(k) for s in (step, -step)]
        np.testing.assert_allclose(grad["gate"], (ends[0] - ends[1]) / (2 * step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("base", BASES, ids=repr)
def test_keeps_its_base(base):
    d = fd.ZeroInflated(base, 0.25)
    assert d.base == base and isinstance(d, fd.ZeroInflated) and d.gate.dtype == np.float64
    assert type(d) is type(fd.ZeroInflated(base, 0.5))
    assert pickle.loads(pickle.dumps(d)) == d and hash(pickle.loads(pickle.dumps(d))) == hash(d)
    assert repr(d).startswith(f"ZeroInflated({base!r}, gate=")
    assert eval(repr(d), {**vars(fd), "inf": np.inf}) == d
    assert fd.ZeroInflated(base, [[0.0], [1.0]]).batch_shape == np.broadcast_shapes((2, 1), base.batch_shape)


def test_truncated():
    """A distribution over one over another."""
    d = fd.Truncated(fd.ZeroInflated(fd.Poisson(3.0), 0.25), 0, 5)
    assert d.prob(np.arange(6)).sum() == pytest.approx(1.0, rel=1e-14)
    assert pickle.loads(pickle.dumps(d)) == d and eval(repr(d), {**vars(fd)}) == d


REFUSED = [None, 1.0, fd.Poisson, fd.Normal(0.0, 1.0), fd.Categorical([0.5, 0.5])]


@pytest.mark.parametrize("base", [*REFUSED, fd.ZeroInflated(fd.Poisson(1.0), 0.5)], ids=repr)
def test_refuses_what_is_no_count(base):
    with pytest.raises(TypeError, match="ZeroInflated: base must be a univariate"):
        fd.ZeroInflated(base, 0.5)


def test_refuses():
    with pytest.raises(ValueError, match="ZeroInflatedDiscreteUniform: the support of the base must not begin below 0"):
        fd.ZeroInflated(fd.DiscreteUniform(-1, 3), 0.5)
    with pytest.raises(ValueError, match=r"ZeroInflatedPoisson: parameter gate.*1\.5"):
        fd.ZeroInflated(fd.Poisson(1.0), 1.5)
    with pytest.raises(TypeError, match=r"ZeroInflatedPoisson: parameter gate.*None"):
        fd.ZeroInflated(fd.Poisson(1.0), None)
    with pytest.raises(TypeError, match="unknown"):
        type(fd.ZeroInflated(fd.Poisson(1.0), 0.5))(rate=1.0, gate=0.5, unknown=1.0)
