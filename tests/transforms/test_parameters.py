"""Derivatives in the parameters of transforms: of densities and draws of vectors, and by Duals."""

import copy

import numpy as np
import pytest

import fastdist as fd
from fastdist import transforms as t

LOC, SCALE = np.array([0.3, -0.7, 1.1]), np.array([0.6, -1.4, 1.9])
BASES = {
    "normal": fd.MultivariateNormal([0.1, -0.2, 0.3], scale_tril=[[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.2, 0.3, 0.7]]),
    "independent": fd.Independent(fd.Normal([0.1, -0.2, 0.3], [1.0, 0.5, 2.0]), 1),
}
MIXING = t.HouseholderTransform([1.0, 2.0, 3.0])


def affine(loc, scale):
    return t.AffineTransform(loc, scale)


def stacked(loc, scale):
    last = t.ComposeTransform([affine(loc[2], scale[2]), t.TanhTransform()])
    return t.StackTransform([affine(loc[0], scale[0]), t.ExpTransform(), last], dim=-1)


# What is made of loc and scale, and where their numbers are in the derivatives.
ALL = range(3)
CHAINS = {
    "affine": (lambda a, b: [t.AffineTransform(a, b, event_dim=1)], ALL),
    "of numbers": (lambda a, b: [affine(a, b)], ALL),
    "independent": (lambda a, b: [t.IndependentTransform(affine(a, b), 1)], ALL),
    "inverse": (lambda a, b: [t.AffineTransform(a, b, event_dim=1).inv], ALL),
    "chain": (lambda a, b: [t.ComposeTransform([t.TanhTransform(), affine(a, b), t.SigmoidTransform()])], ALL),
    "independent chain": (
        lambda a, b: [t.IndependentTransform(t.ComposeTransform([affine(a, b), t.SigmoidTransform()]), 1)],
        ALL,
    ),
    "before a mixing one": (
        lambda a, b: [affine(a, b), t.HouseholderTransform([1.0, 2.0, 3.0]), affine(0.5, 2.0)],
        ALL,
    ),
    "after a mixing one": (lambda a, b: [t.HouseholderTransform([1.0, 2.0, 3.0]), t.AffineTransform(a, b)], ALL),
    "onto the simplex": (lambda a, b: [t.SigmoidTransform(), affine(a, b), t.StickBreakingTransform()], ALL),
    "stack": (lambda a, b: [stacked(a, b)], (0, 2)),
    "stack and mixing": (lambda a, b: [stacked(a, b), t.StickBreakingTransform()], (0, 2)),
    "cat": (
        lambda a, b: [t.CatTransform([affine(a[:2], b[:2]), t.TanhTransform()], dim=-1, lengths=[2, 1])],
        (0, 1),
    ),
    "inverse of a stack": (
        lambda a, b: [
            t.StackTransform([affine(a[0], b[0]), t.AffineTransform(0.0, 3.0), affine(a[2], b[2])], dim=-1).inv
        ],
        (0, 2),
    ),
}


def made(base, name, loc=LOC, scale=SCALE):
    return fd.TransformedDistribution(BASES[base], CHAINS[name][0](loc, scale))


def difference(function, k, is_loc, h=1e-5):
    step = h * np.eye(3)[k]
    ends = [function(LOC + s * step * is_loc, SCALE + s * step * (not is_loc)) for s in (2.0, 1.0, -1.0, -2.0)]
    return (8.0 * (ends[1] - ends[2]) - (ends[0] - ends[3])) / (12.0 * h)


def key_of(is_loc, k, grad):
    """The name of the parameter that has number k of loc, or of scale: of the first transform, or of its part k."""
    own = [key for key in grad if key.endswith("loc" if is_loc else "scale")]
    nested = [key for key in own if key.startswith("transforms_0_transforms_")]
    parts = [key for key in nested if key.startswith(f"transforms_0_transforms_{k}_")]
    return (parts or nested or [key for key in own if key.startswith("transforms_")])[0]


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("base", BASES)
def test_by_differences(base, name):
    d = made(base, name)
    x, moved = d.rsample_and_grad(4, rng=1)
    np.testing.assert_array_equal(x, d.sample(4, rng=1))
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-13, atol=1e-13)
    total, sums = d.log_likelihood_and_grad(x)
    assert total == pytest.approx(value.sum(), rel=1e-13)
    assert list(moved) == list(sums) == list(d._parameters) == [key for key in grad if key != "value"]
    for k in CHAINS[name][1]:
        for is_loc in (True, False):
            key = key_of(is_loc, k, grad)
            want = difference(lambda a, b: made(base, name, a, b).log_prob(x), k, is_loc)
            np.testing.assert_allclose(grad[key][:, k], want, rtol=1e-8, atol=1e-9)
            want = difference(lambda a, b: made(base, name, a, b).sample(4, rng=1), k, is_loc)
            slope = moved[key]
            if slope.ndim == x.ndim:
                np.testing.assert_allclose(slope[:, k], want[:, k], rtol=1e-8, atol=1e-9)
            else:
                np.testing.assert_allclose(slope[..., k], want, rtol=1e-8, atol=1e-9)
    for key, slope in sums.items():
        np.testing.assert_allclose(slope, grad[key].sum(0), rtol=1e-11, atol=1e-12)


DIRECTIONS = np.random.default_rng(3).normal(size=(2, 2, 3))


def along(function, direction, h=1e-5):
    """The derivative as loc and scale move in a direction."""
    ends = [function(LOC + s * h * direction[0], SCALE + s * h * direction[1]) for s in (2.0, 1.0, -1.0, -2.0)]
    return (8.0 * (ends[1] - ends[2]) - (ends[0] - ends[3])) / (12.0 * h)


def duals():
    return fd.Dual(LOC, DIRECTIONS[:, 0]), fd.Dual(SCALE, DIRECTIONS[:, 1])


@pytest.mark.parametrize("name", CHAINS)
def test_duals(name):
    """The transform by itself, and a distribution of which transforms carry tangents."""
    make, base = CHAINS[name][0], BASES["normal"]
    whole = t.ComposeTransform(make(*duals()))
    plain = t.ComposeTransform(make(LOC, SCALE))
    x = base.sample(5, rng=4)
    y = plain(x)
    d, twin = fd.TransformedDistribution(base, make(*duals())), fd.TransformedDistribution(base, make(LOC, SCALE))

    def transform(a, b):
        return t.ComposeTransform(make(a, b))

    def distribution(a, b):
        return fd.TransformedDistribution(base, make(a, b))

    # A value before y that moves with loc and scale needs one in the domain of the inverse.
    checks = [
        (whole(x), lambda a, b: transform(a, b)(x)),
        (whole.log_abs_det_jacobian(x), lambda a, b: transform(a, b).log_abs_det_jacobian(x)),
        (whole.inv(y), lambda a, b: transform(a, b).inv(y)),
        (whole.inv.log_abs_det_jacobian(y), lambda a, b: transform(a, b).inv.log_abs_det_jacobian(y)),
        (d.log_prob(y), lambda a, b: distribution(a, b).log_prob(y)),
        (d.log_likelihood(y), lambda a, b: distribution(a, b).log_likelihood(y)),
        (d.rsample(3, rng=2), lambda a, b: distribution(a, b).sample(3, rng=2)),
    ]
    for got, function in checks:
        np.testing.assert_allclose(got.primal, function(LOC, SCALE), rtol=1e-13, atol=1e-14)
        for j in range(2):
            np.testing.assert_allclose(got.tangent[j], along(function, DIRECTIONS[j]), rtol=1e-7, atol=1e-8)
    np.testing.assert_array_equal(d.rsample(3, rng=2).primal, twin.sample(3, rng=2))
    both = whole.forward_and_log_det(fd.Dual(x, np.ones_like(x)[np.newaxis].repeat(2, 0)))
    for j in range(2):

        def moved(s, j=j):
            other = transform(LOC + s * DIRECTIONS[j, 0], SCALE + s * DIRECTIONS[j, 1])
            return np.concatenate([np.ravel(v) for v in other.forward_and_log_det(x + s)])

        h = 1e-5
        want = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)
        got = np.concatenate([np.ravel(v.tangent[j]) for v in both])
        np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-8)


def test_duals_of_numbers():
    """All methods, in the base's parameters and in those of the transforms at once."""
    direction = np.array([0.3, -0.2, 0.5, 1.1])
    given = np.array([0.4, 1.3, -0.6, 0.8])

    def make(v):
        return fd.TransformedDistribution(
            fd.Normal(v[0], v[1]), [t.AffineTransform(v[2], v[3]), t.SinhArcsinhTransform(0.3, v[1] + 1.0)]
        )

    d = make(fd.Dual(given, direction))
    assert {"loc", "scale", "transforms_0_loc", "transforms_1_tailweight"} <= set(d._tangents)
    for method, argument in (("log_prob", 0.7), ("log_sf", 0.7), ("cdf", -0.4), ("icdf", 0.2), ("median", None)):
        arguments = () if argument is None else (argument,)
        h = 1e-4
        ends = [float(getattr(make(given + s * h * direction), method)(*arguments)) for s in (2, 1, -1, -2)]
        want = (8 * (ends[1] - ends[2]) - (ends[0] - ends[3])) / (12 * h)
        assert getattr(d, method)(*arguments).tangent == pytest.approx(want, rel=1e-8), method
    draw = make(given).sample(rng=1)
    assert d.rsample(rng=1).primal == draw

    def affine_of(loc):
        return fd.TransformedDistribution(fd.Normal(1.0, 2.0), t.AffineTransform(loc, 3.0))

    assert affine_of(fd.Dual(0.5, 1.0)).mean().tangent == 1.0
    slope = fd.value_and_grad(lambda v: np.sum(make(v).log_prob(np.linspace(-1.0, 1.0, 5))))(given)[1]
    for k in range(4):
        step = 1e-5 * np.eye(4)[k]
        ends = [make(given + s * step).log_prob(np.linspace(-1.0, 1.0, 5)).sum() for s in (1, -1)]
        assert slope[k] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-7, abs=1e-8)


def test_duals_in_base_and_transforms_of_vectors():
    def make(loc, shift):
        base = fd.MultivariateNormal(loc, scale_tril=BASES["normal"].scale_tril)
        return fd.TransformedDistribution(base, [t.AffineTransform(shift, SCALE), t.StickBreakingTransform()])

    mean, shift = BASES["normal"].loc, LOC
    one, other = DIRECTIONS[0]
    for d, (a, b) in (
        (make(fd.Dual(mean, one), fd.Dual(shift, other)), (one, other)),
        (make(fd.Dual(mean, one), shift), (one, 0.0 * other)),
    ):
        y = make(mean, shift).sample(3, rng=5)

        def moved(function, s, a=a, b=b):
            return function(make(mean + s * a, shift + s * b))

        h = 1e-5
        for got, function in (
            (d.log_prob(y), lambda d, y=y: d.log_prob(y)),
            (d.rsample(2, rng=1), lambda d: d.sample(2, rng=1)),
        ):
            ends = [moved(function, s * h) for s in (2, 1, -1, -2)]
            want = (8 * (ends[1] - ends[2]) - (ends[0] - ends[3])) / (12 * h)
            np.testing.assert_allclose(got.tangent, want, rtol=1e-7, atol=1e-9)


def test_no_tangent_is_lost():
    transform = t.AffineTransform(fd.Dual(1.0, 1.0), 2.0)
    assert transform.loc.tangent == 1.0 and transform.with_cache()(3.0).tangent == 1.0
    assert copy.deepcopy(transform)(3.0).tangent == 1.0 and transform.sign == 1
    assert transform.with_cache().inv(3.0).tangent == -0.5
    assert transform.forward_and_grad(3.0)[0].tangent == 1.0
    assert t.ComposeTransform([transform]).forward_and_grad(1.0)[0].tangent == 1.0
    with pytest.raises(TypeError, match="tangent of a Dual"):
        t.HouseholderTransform(fd.Dual([1.0, 2.0], [1.0, 0.0]))
    with pytest.raises(ValueError, match=r"scale must be finite and not 0; got 0.0"):
        t.AffineTransform(1.0, fd.Dual(0.0, 1.0))
    nested = t.AffineTransform(fd.Dual(fd.Dual(1.0, 1.0), 1.0), 2.0)(1.0)
    assert nested.tangent == 1.0 and nested.primal.tangent == 1.0


def test_batches_and_float32():
    loc = np.linspace(-1.0, 1.0, 6).reshape(2, 3)
    base = fd.Independent(fd.Normal(np.zeros(3), 1.0), 1)
    d = fd.TransformedDistribution(base, [t.AffineTransform(loc, 2.0), t.StickBreakingTransform()])
    x, moved = d.rsample_and_grad(5, rng=1)
    assert d.batch_shape == (2,) and x.shape == (5, 2, 4)
    assert moved["transforms_0_loc"].shape == moved["transforms_0_scale"].shape == (5, 2, 4, 3)
    grad = d.log_likelihood_and_grad(x)[1]
    assert grad["transforms_0_scale"].shape == (2, 3)
    mixture = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), d)
    assert mixture.log_prob_and_grad(x[0, 0])[1]["transforms_0_loc"].shape == (2, 3)
    narrow = fd.TransformedDistribution(
        fd.Independent(fd.Normal(np.float32(np.zeros(3)), np.float32(1.0)), 1), t.AffineTransform(np.float32(LOC), 2.0)
    )
    assert {g.dtype for g in narrow.log_prob_and_grad(narrow.sample(2, rng=1))[1].values()} == {np.dtype(np.float32)}
    never = d.log_prob_and_grad([0.5, 0.5, 0.5, 0.5])[1]
    assert not never["transforms_0_loc"].any()
