"""Families that torch makes by transforms: the base and the transforms under torch's names."""

import numpy as np
import pytest

import fastdist as fd

IMAGES = [
    fd.LogNormal([0.0, 1.0], 2.0),
    fd.Gumbel([0.0, 1.0], 2.0),
    fd.InverseGamma([2.0, 3.0], 1.5),
    fd.Kumaraswamy([2.0, 3.0], 1.5),
    fd.Pareto([2.0, 3.0], 1.5),
    fd.RelaxedBernoulli(0.75, probs=[0.3, 0.4]),
    fd.RelaxedBernoulli(0.75, logits=0.3),
    fd.Weibull([1.0, 2.0], 1.5),
    fd.LogisticNormal([0.0, 1.0], [1.0, 2.0]),
    fd.RelaxedOneHotCategorical(0.75, probs=[0.3, 0.4, 0.3]),
]
HALVES = [fd.HalfNormal([1.0, 2.0]), fd.HalfCauchy(2.0)]


EVERY_DAY = (fd.LogNormal, fd.Gumbel, fd.Weibull, fd.LogisticNormal)


@pytest.mark.parametrize(
    "d", [pytest.param(d, marks=[] if isinstance(d, EVERY_DAY) else pytest.mark.slow) for d in IMAGES], ids=repr
)
def test_base_and_transforms_make_the_density(d):
    x = d.sample((3,), rng=1)
    total, y = np.zeros(x.shape[: x.ndim - len(d.event_shape)]), x
    for transform in reversed(d.transforms):
        before = transform.inv(y)
        spread = transform.log_abs_det_jacobian(before, y)
        total -= spread.sum(axis=-1) if spread.ndim > total.ndim else spread
        y = before
    assert d.base_dist.batch_shape == d.batch_shape
    np.testing.assert_allclose(d.base_dist.log_prob(y) + total, d.log_prob(x), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("d", HALVES, ids=repr)
def test_halves(d):
    (absolute,) = d.transforms
    x = np.array([[0.25], [3.0]])
    assert absolute == fd.transforms.AbsTransform() and d.base_dist.batch_shape == d.batch_shape
    np.testing.assert_allclose(2.0 * d.base_dist.prob(-x), d.prob(x), rtol=1e-14)
    np.testing.assert_array_equal(absolute(-x), x)


def test_derived_parameters():
    d = fd.Chi2([3.0, 4.0])
    np.testing.assert_array_equal(d.concentration, [1.5, 2.0])
    np.testing.assert_array_equal(d.rate, [0.5, 0.5])
    assert fd.Weibull(1.0, 4.0).concentration_reciprocal == 0.25
    assert fd.Gamma(d.concentration, d.rate).log_prob(2.0) == pytest.approx(d.log_prob(2.0), rel=1e-15)


def test_means_of_functions_over_a_batch():
    """Parameters are taken apart by set, though there are transforms."""
    d = fd.LogNormal([0.0, 1.0], 0.5)
    np.testing.assert_allclose(d.expect(np.log), [0.0, 1.0], atol=1e-12)
