"""TransformedDistribution over vectors and matrices, and over what has no formulas of numbers."""

import copy
import pickle

import mpmath as mp
import numpy as np
import pytest
from helpers import ks_bound

import fastdist as fd
from fastdist import constraints as c
from fastdist import transforms as t

LOC = np.array([0.3, -0.5, 0.8])
TRIL = np.array([[1.0, 0.0, 0.0], [0.5, 0.8, 0.0], [-0.3, 0.2, 1.2]])
NORMAL = fd.MultivariateNormal(LOC, scale_tril=TRIL)
ROW = fd.Independent(fd.Normal(LOC, [1.0, 0.5, 2.0]), 1)


def over(base, *transforms):
    return fd.TransformedDistribution(base, list(transforms))


# Each with the batch and event shape that torch gives it.
SHAPES = [
    (over(ROW, t.StickBreakingTransform()), (), (4,)),
    (over(fd.Normal(LOC, 1.0), t.StickBreakingTransform()), (), (4,)),
    (over(NORMAL, t.ExpTransform()), (), (3,)),
    (over(NORMAL, t.AffineTransform(1.0, [2.0, -1.0, 3.0]), t.SigmoidTransform()), (), (3,)),
    (over(NORMAL, t.CorrCholeskyTransform()), (), (3, 3)),
    (over(NORMAL, t.PermuteTransform([2, 0, 1]), t.HouseholderTransform([1.0, 2.0, 3.0])), (), (3,)),
    (over(NORMAL, t.OrderedTransform()), (), (3,)),
    (over(fd.Normal(np.zeros((2, 4)), 1.0), t.ReshapeTransform((4,), (2, 2))), (2,), (2, 2)),
    (
        over(
            fd.Normal(0.0, np.ones((2, 6))),
            t.AffineTransform(0.0, 1.5),
            t.IndependentTransform(t.ExpTransform(), 1),
            t.ReshapeTransform((6,), (2, 3)),
        ),
        (2,),
        (2, 3),
    ),
    (
        over(fd.MultivariateNormal(np.zeros((4, 3)), scale_tril=TRIL), t.AffineTransform(0.0, 2.0, event_dim=1)),
        (4,),
        (3,),
    ),
    (over(NORMAL, t.AffineTransform(np.zeros((5, 1)), 2.0)), (5,), (3,)),
    (
        over(
            fd.Normal(LOC, 1.0),
            t.StackTransform([t.ExpTransform(), t.AffineTransform(1.0, 2.0), t.SigmoidTransform()], dim=-1),
        ),
        (3,),
        (),
    ),
    (over(ROW, t.CatTransform([t.ExpTransform(), t.OrderedTransform()], dim=-1, lengths=[1, 2])), (), (3,)),
    (over(fd.Dirichlet([2.0, 3.0, 4.0]), t.StickBreakingTransform().inv), (), (2,)),
    (over(NORMAL), (), (3,)),
]
each = pytest.mark.parametrize(("d", "batch", "event"), SHAPES, ids=range(len(SHAPES)))


@each
def test_shapes(d, batch, event):
    assert (d.batch_shape, d.event_shape) == (batch, event)
    x = d.sample((4, 2), rng=1)
    assert x.shape == (4, 2, *batch, *event) and d.log_prob(x).shape == (4, 2, *batch)
    whole = t.ComposeTransform(d.transforms)
    np.testing.assert_array_equal(x, whole(d.base_dist.sample((4, 2), rng=1)))
    assert d.support.check(x).all() and d.support.event_dim == len(event)
    wide = d.expand((7, *batch))
    np.testing.assert_allclose(wide.log_prob(x[0, 0]), np.broadcast_to(d.log_prob(x[0, 0]), (7, *batch)), rtol=1e-14)
    np.testing.assert_allclose(d.prob(x), np.exp(d.log_prob(x)), rtol=1e-15)
    np.testing.assert_allclose(d.log_likelihood(x), d.log_prob(x).sum((0, 1)), rtol=1e-13)
    out = np.empty((4, 2, *batch))
    assert d.log_prob(x, out=out) is out and d.sample((4, 2), rng=1, out=np.empty(x.shape)).shape == x.shape


@each
def test_density_by_the_jacobian(d, batch, event):
    """The base's density over the determinant of a numeric Jacobian, in the numbers of y that determine it."""
    x = np.asarray(d.base_dist.sample(3, rng=2))
    whole = t.ComposeTransform(d.transforms)
    if whole.domain.event_dim == 0 and d.base_dist.event_shape:
        whole = t.IndependentTransform(whole, len(d.base_dist.event_shape))
    y = np.asarray(whole(x))
    got = d.log_prob(y)
    if isinstance(d.base_dist, fd.Dirichlet):  # of which the last number is what the others leave
        back = t.StickBreakingTransform()
        want = d.base_dist.log_prob(back(y)) + back.log_abs_det_jacobian(y)
        np.testing.assert_allclose(got, want, rtol=1e-12)
        return
    ndim = len(d.base_dist.event_shape)
    size = int(np.prod(x.shape[x.ndim - ndim :], dtype=int)) if ndim else 1
    h = 1e-5
    columns = []
    for i in range(size):
        step = h * (np.eye(size)[i].reshape(x.shape[x.ndim - ndim :]) if ndim else 1.0)
        slope = (whole(x + step) - whole(x - step)) / (2 * h)
        columns.append(slope.reshape((*slope.shape[: slope.ndim - len(event)], -1)))
    jacobian = np.stack(columns, -1)
    if jacobian.shape[-2] == size + 1:  # a simplex
        jacobian = jacobian[..., :size, :]
    elif jacobian.shape[-2] > size:  # the factor of a correlation matrix
        rows, columns = np.tril_indices(event[0], -1)
        jacobian = jacobian[..., rows * event[0] + columns, :]
    want = d.base_dist.log_prob(x) - np.linalg.slogdet(jacobian)[1]
    np.testing.assert_allclose(got, want.reshape(got.shape), rtol=1e-7, atol=1e-8)


@each
def test_derivatives(d, batch, event):
    """Along curves through y, because not all numbers of y are free; in the base's parameters by differences."""
    x = np.asarray(d.sample(3, rng=4))
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, d.log_prob(x), rtol=1e-14)
    h = 1e-6
    whole = t.ComposeTransform(d.transforms)
    before = whole.inv(x)
    direction = np.random.default_rng(0).normal(size=np.shape(before))
    if isinstance(d.base_dist, fd.Dirichlet):
        direction = direction - direction.mean(-1, keepdims=True)
        direction *= 0.1
    up, down = (np.asarray(whole(before + sign * h * direction)) for sign in (1, -1))
    along = ((up - down) / (2 * h) * grad["value"]).reshape((*np.shape(value), -1)).sum(-1)
    slope = (d.log_prob(up) - d.log_prob(down)) / (2 * h)
    np.testing.assert_allclose(along, slope, rtol=2e-5, atol=2e-6)
    total, sums = d.log_likelihood_and_grad(x)
    np.testing.assert_allclose(total, value.sum(0), rtol=1e-13)
    for name, g in sums.items():
        np.testing.assert_allclose(g, grad[name].sum(0), rtol=1e-10, atol=1e-12)
    own = d.base_dist.log_prob_and_grad(before)[1]
    for name in own.keys() & sums.keys():
        np.testing.assert_allclose(grad[name], own[name], rtol=1e-9, atol=1e-10)


@each
def test_derivatives_of_draws(d, batch, event):
    """In the loc of a normal base, against draws of one whose loc has moved."""
    if isinstance(d.base_dist, fd.Dirichlet):  # made by rejection: the base's own slopes go through the transforms
        before, own = d.base_dist.rsample_and_grad(3, rng=5)
        _, grad = d.rsample_and_grad(3, rng=5)
        for k in range(before.shape[-1]):
            step = 1e-6 * own["concentration"][..., k]
            ends = [fd.transforms.ComposeTransform(list(d.transforms))(before + s * step) for s in (1.0, -1.0)]
            want = (ends[0] - ends[1]) / 2e-6
            np.testing.assert_allclose(grad["concentration"][..., k], want, rtol=1e-5, atol=1e-7)
        return
    x, grad = d.rsample_and_grad(3, rng=5)
    np.testing.assert_array_equal(x, d.sample(3, rng=5))
    base = d.base_dist
    inner = base.base_dist if isinstance(base, fd.Independent) else base
    h = 1e-6

    def moved(step):
        parameters = {name: np.array(v) for name, v in inner._parameters.items()}
        parameters["loc"] = parameters["loc"] + step
        other = type(inner)(**parameters)
        if isinstance(base, fd.Independent):
            other = fd.Independent(other, base.reinterpreted_batch_ndims)
        return np.asarray(over(other, *d.transforms).sample(3, rng=5))

    slope = grad["loc"]
    diagonal = slope.shape == x.shape and not isinstance(inner, fd.MultivariateNormal)
    if diagonal:
        np.testing.assert_allclose(slope, (moved(h) - moved(-h)) / (2 * h), rtol=1e-5, atol=1e-7)
        return
    last = base.event_shape
    for i in np.ndindex(last):
        step = np.zeros(last)
        step[i] = h
        want = (moved(step) - moved(-step)) / (2 * h)
        np.testing.assert_allclose(slope[(..., *i)], want, rtol=1e-5, atol=1e-7)


def test_known_relatives():
    other = fd.LogisticNormal(LOC, [1.0, 0.5, 2.0])
    y = other.sample(20, rng=1)
    np.testing.assert_allclose(over(ROW, t.StickBreakingTransform()).log_prob(y), other.log_prob(y), rtol=1e-11)
    x = np.exp(NORMAL.sample(20, rng=2))
    np.testing.assert_allclose(
        over(ROW, t.ExpTransform()).log_prob(x), fd.LogNormal(LOC, [1.0, 0.5, 2.0]).log_prob(x).sum(-1), rtol=1e-13
    )


def test_density_at_50_digits():
    """A stick that is broken into very unequal pieces."""
    d = over(ROW, t.StickBreakingTransform())
    y = np.array([0.9999999, 1e-8, 8e-8, 1e-8])
    y = y / y.sum()
    with mp.workdps(50):
        left, total = mp.mpf(1), mp.mpf(0)
        p = [mp.mpf(float(v)) for v in y]
        p = [v / mp.fsum(p) for v in p]
        for k in range(3):
            share = p[k] / left
            x = mp.log(share / (1 - share)) + mp.log(3 - k)
            z = (x - float(LOC[k])) / float([1.0, 0.5, 2.0][k])
            total += -z * z / 2 - mp.log(float([1.0, 0.5, 2.0][k])) - mp.log(2 * mp.pi) / 2
            total -= mp.log(share * (1 - share) * left)
            left -= p[k]
        assert d.log_prob(y) == pytest.approx(float(total), rel=1e-13)


def test_outside_of_the_support():
    d = over(ROW, t.StickBreakingTransform())
    np.testing.assert_array_equal(d.log_prob([[0.5, 0.5, 0.5, 0.5], [-0.5, 0.5, 0.5, 0.5]]), -np.inf)
    np.testing.assert_array_equal(d.prob([0.5, 0.5, 0.5, 0.5]), 0.0)
    assert np.isnan(d.log_prob([np.nan, 0.5, 0.25, 0.25]))
    value, grad = d.log_prob_and_grad([[0.5, 0.5, 0.5, 0.5], [0.25, 0.25, 0.25, 0.25]])
    assert value[0] == -np.inf and not grad["value"][0].any() and not grad["loc"][0].any() and grad["loc"][1].any()
    positive = over(NORMAL, t.ExpTransform())
    np.testing.assert_array_equal(positive.log_prob([[1.0, 1.0, -1.0], [1.0, 0.0, 1.0]]), -np.inf)
    assert over(NORMAL, t.ExpTransform()).support == c.independent(c.positive, 1)
    # Of a map in the middle, too.
    middle = over(ROW, t.StickBreakingTransform(), t.PermuteTransform([3, 2, 1, 0]))
    assert middle.log_prob([0.9, 0.9, 0.1, 0.1]) == -np.inf and np.isfinite(middle.log_prob([0.1, 0.2, 0.3, 0.4]))
    assert d.log_likelihood([[0.5, 0.5, 0.5, 0.5], [0.25, 0.25, 0.25, 0.25]]) == -np.inf


def test_over_a_mixture():
    """Numbers without formulas of numbers keep their tails; a decreasing map exchanges them."""
    mixture = fd.MixtureSameFamily(fd.Categorical([0.25, 0.75]), fd.Normal([-1.0, 2.0], [1.0, 0.5]))
    d = over(mixture, t.AffineTransform(1.0, -2.0), t.ExpTransform())
    y = np.array([1e-3, 0.5, 3.0, 80.0])
    x = (np.log(y) - 1.0) / -2.0
    np.testing.assert_allclose(d.cdf(y), mixture.sf(x), rtol=1e-13)
    np.testing.assert_allclose(d.log_sf(y), mixture.log_cdf(x), rtol=1e-13)
    np.testing.assert_allclose(d.log_prob(y), mixture.log_prob(x) - np.log(2.0 * y), rtol=1e-13)
    np.testing.assert_array_equal(d.cdf([-1.0, 0.0, np.inf]), [0.0, 0.0, 1.0])
    np.testing.assert_array_equal(d.log_prob([-1.0, 0.0]), -np.inf)
    p = np.array([1e-300, 1e-9, 0.3, 0.99])
    np.testing.assert_allclose(d.cdf(d.icdf(p)), p, rtol=1e-11)
    np.testing.assert_allclose(d.sf(d.isf(p)), p, rtol=1e-11)
    draws = np.sort(d.sample(20_000, rng=3))
    assert np.abs(d.cdf(draws) - np.arange(1, 20_001) / 20_000).max() < ks_bound(20_000)
    assert d.median() == pytest.approx(d.icdf(0.5)) and np.isnan(d.cdf(np.nan))
    grad = d.log_prob_and_grad(y)[1]
    np.testing.assert_allclose(grad["probs"], mixture.log_prob_and_grad(x)[1]["probs"], rtol=1e-11)
    np.testing.assert_allclose(grad["value"], (d.log_prob(y * (1 + 1e-7)) - d.log_prob(y * (1 - 1e-7))) / (2e-7 * y),
                               rtol=1e-6, atol=1e-7)  # fmt: skip


@each
def test_is_a_value(d, batch, event):
    for twin in (pickle.loads(pickle.dumps(d)), copy.deepcopy(d)):
        assert twin == d and hash(twin) == hash(d)
    assert isinstance(d, fd.TransformedDistribution) and repr(d).startswith("TransformedDistribution(")
    assert d.has_rsample == d.base_dist.has_rsample and d != d.base_dist


def test_float32():
    base = fd.Independent(fd.Normal(np.float32([0.0, 1.0]), np.float32(1.0)), 1)
    d = over(base, t.StickBreakingTransform())
    x = d.sample(3, rng=1)
    assert d.dtype == x.dtype == d.log_prob(x).dtype == np.float32
    wide = over(fd.Independent(fd.Normal([0.0, 1.0], 1.0), 1), t.StickBreakingTransform())
    np.testing.assert_allclose(d.log_prob(x), wide.log_prob(x.astype(float)), rtol=1e-5, atol=1e-5)


def test_not_a_bijection():
    """Draws are all that there is."""
    d = over(fd.Independent(fd.Normal(np.zeros((2, 2)), 1.0), 2), t.LowerCholeskyTransform())
    assert d.event_shape == (2, 2) and d.support.check(d.sample(5, rng=1)).all()
    for call in (d.log_prob, d.log_prob_and_grad, d.log_likelihood):
        with pytest.raises(NotImplementedError, match="not a bijection"):
            call(np.eye(2))


BAD = [
    (lambda: over(fd.Normal(0.0, 1.0), t.StickBreakingTransform()), ValueError, r"events of 1 axis.*batch_shape \(\)"),
    (lambda: over(fd.Multinomial(3, [0.5, 0.5]), t.ExpTransform()), TypeError, "must be a continuous one.*Multinomial"),
    (lambda: over(fd.Independent(fd.Gamma([1.0, 2.0], 1.0), 1), t.TanhTransform(), t.LogTransform()), ValueError, None),
    (lambda: over(NORMAL, t.LogTransform()), ValueError, "LogTransform.*between -inf and inf"),
    (lambda: over(NORMAL, t.HouseholderTransform([1.0, 2.0])), ValueError, "length of v, 2; got 3"),
    (lambda: over(NORMAL, t.ExpTransform()).log_prob([1.0, 2.0]), ValueError, r"axes of an event, \(3,\)"),
    (lambda: over(NORMAL, t.ExpTransform()).cdf([1.0, 2.0, 3.0]), NotImplementedError, "not numbers"),
    (lambda: over(NORMAL, t.ExpTransform()).mean(), NotImplementedError, "average over draws"),
    (
        lambda: over(fd.Normal(np.zeros(3), 1.0), t.CorrMatrixTransform()).log_prob_and_grad(np.eye(3)),
        NotImplementedError,
        "CorrMatrixTransform has no derivative of its inverse",
    ),
]


@pytest.mark.parametrize(("call", "error", "says"), BAD, ids=range(len(BAD)))
def test_errors(call, error, says):
    if says is None:  # the image of the first lies in the domain of the second
        assert call().event_shape == (2,)
        return
    with pytest.raises(error, match=says):
        call()
