"""Derivatives of mixtures that are made of their components' own, and of truncated mixtures."""

import numpy as np
import pytest

import fastdist as fd

STEP = 1e-3
MASSES = np.array([0.3, 0.7])


def same(t):
    weights = np.exp(t * MASSES)
    return fd.MixtureSameFamily(fd.Categorical(probs=weights / np.sum(weights)), fd.Normal(t * MASSES, np.exp(MASSES)))


def mixed(t):
    return fd.Mixture(fd.Categorical(probs=MASSES), [fd.Normal(t, 0.5), fd.Gamma(2.0 + t, 1.5)])


def counts(t):
    return fd.MixtureSameFamily(fd.Categorical(probs=MASSES), fd.Poisson(np.exp(t * MASSES) * 4.0))


def cut(t):
    return fd.Truncated(same(t), -0.5 - t * t, 2.0)


def cut_mixed(t):
    return fd.Truncated(mixed(t), 0.2, 2.0 + t)


def cut_counts(t):
    return fd.Truncated(counts(t), 1.0, 5000.0)


def difference(f, t):
    far, near = (f(t + s * STEP) - f(t - s * STEP) for s in (2.0, 1.0))
    return (8.0 * near - far) / (12.0 * STEP)


def first(make, method, *value):
    return lambda t: fd.jvp(lambda s: getattr(make(s), method)(*value), (t,), (1.0,))[1]


SUMMARIES = ("mean", "variance", "skewness", "kurtosis")


@pytest.mark.parametrize(
    ("make", "method"),
    [
        *((make, method) for make in (same, mixed) for method in SUMMARIES),
        *((counts, method) for method in ("skewness", "kurtosis")),
        *(pytest.param(cut, method, marks=pytest.mark.slow) for method in SUMMARIES),
    ],
)
def test_moments(make, method):
    t = 0.4
    value, found = fd.jvp(lambda s: getattr(make(s), method)(), (t,), (1.0,))
    assert value == pytest.approx(getattr(make(t), method)(), rel=1e-13)
    assert found == pytest.approx(difference(lambda s: getattr(make(s), method)(), t), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("make", [same, mixed])
def test_second_derivatives_of_moments(make):
    for method in ("skewness", "kurtosis"):
        slope = first(make, method)
        _, found = fd.jvp(slope, (0.4,), (1.0,))
        assert found == pytest.approx(difference(slope, 0.4), rel=1e-8)


@pytest.mark.parametrize("make", [same, pytest.param(counts, marks=pytest.mark.slow)])
def test_entropies(make):
    value, found = fd.jvp(lambda s: make(s).entropy(), (0.4,), (1.0,))
    assert value == make(0.4).entropy()
    assert found == pytest.approx(difference(lambda s: make(s).entropy(), 0.4), rel=1e-8)


def test_entropy_of_components_that_are_alike():
    """That of the component, which their scales share by weight; its location and the weights do not matter."""
    towards = [fd.Dual(value, np.eye(4)[:, i : i + 2]) for value, i in ((np.full(2, 3.0), 0), (np.full(2, 0.25), 2))]
    d = fd.MixtureSameFamily(fd.Categorical(probs=MASSES), fd.Normal(*towards))
    np.testing.assert_allclose(d.entropy().tangent, [0.0, 0.0, *(MASSES / 0.25)], rtol=1e-12, atol=1e-13)
    batch = fd.MixtureSameFamily(
        fd.Categorical(logits=fd.Dual(np.zeros((3, 2)), np.ones((3, 2)) * [1.0, -1.0])),
        fd.Normal([[0.0, 0.0], [0.0, 1.0], [0.0, 100.0]], 1.0),
    )
    np.testing.assert_allclose(batch.entropy().tangent, 0.0, atol=1e-12)


def test_entropy_where_a_support_moves():
    d = fd.MixtureSameFamily(fd.Categorical(probs=MASSES), fd.Uniform(0.0, fd.Dual(np.array([1.0, 2.0]), np.ones(2))))
    with pytest.raises(TypeError, match="no rule for this derivative where a support has ends that are parameters"):
        d.entropy()


@pytest.mark.slow
@pytest.mark.parametrize("make", [cut, cut_mixed])
@pytest.mark.parametrize(("method", "value"), [("log_prob", 0.6), ("cdf", 0.6), ("log_sf", 0.6), ("icdf", 0.3)])
def test_second_derivatives_of_what_is_cut(make, method, value):
    slope = first(make, method, value)
    _, found = fd.jvp(slope, (0.4,), (1.0,))
    assert found == pytest.approx(difference(slope, 0.4), rel=1e-8)


@pytest.mark.slow
def test_far_tail_of_what_is_cut():
    """Where the tail is too small for float64."""
    value = 2000.0
    assert cut_counts(0.4).log_sf(value) < -745.0
    expected = difference(lambda t: cut_counts(t).log_sf(value), 0.4)
    assert first(cut_counts, "log_sf", value)(0.4) == pytest.approx(expected, rel=1e-9)
