"""Log-likelihoods: the sums of log_prob and of its gradient, whatever the shapes."""

import numpy as np
import pytest
from helpers import batch, each_case, values

import fastdist as fd

SHAPES = [((), (50,)), ((), (4, 5)), ((), ()), ((3,), (50, 3)), ((3,), (3,)), ((3,), (50, 1)), ((2, 3), (7, 5, 2, 3))]
SHAPES += [((2, 1), (7, 2, 4)), ((3, 1), (5,)), ((3,), (0, 3)), ((), (0,)), ((0,), (4, 0)), ((1,), (6, 1))]
SHAPES += [((2, 3), (4, 1, 1))]


def expected(d, x):
    """The sums over the sample axes of what `log_prob_and_grad` gives."""
    log_prob, grad = d.log_prob_and_grad(x)
    ndim = len(d.batch_shape)
    axes = tuple(range(max(np.ndim(x) - ndim, 0)))
    return log_prob.sum(axis=axes), {n: np.asarray(g).sum(axis=axes) for n, g in grad.items() if n != "value"}


@each_case
@pytest.mark.parametrize(("batch_shape", "shape"), SHAPES)
def test_equals_the_sums(case, batch_shape, shape):
    d = case.distribution(**batch(case, batch_shape))
    x = values(case, shape)
    total, sums = expected(d, x)
    np.testing.assert_allclose(d.log_likelihood(x), total, rtol=1e-13, atol=1e-12)
    result, grad = d.log_likelihood_and_grad(x)
    np.testing.assert_allclose(result, total, rtol=1e-13, atol=1e-12)
    assert np.shape(result) == np.shape(total)
    assert tuple(grad) == case.parameters
    for name, slope in grad.items():
        assert np.shape(slope) == np.shape(sums[name])
        np.testing.assert_allclose(slope, sums[name], rtol=1e-12, atol=1e-11, err_msg=name)


@each_case
def test_a_single_number(case):
    d = case.distribution(**case.ordinary[0])
    x = values(case, ()).item()
    total = d.log_likelihood(x)
    assert isinstance(total, np.float64) and total == pytest.approx(d.log_prob(x), rel=1e-15)


@each_case
def test_float32_data_is_summed_in_double(case):
    """10^6 float32 values: the sum is that of the same values in float64."""
    parameters = batch(case, ())
    x = values(case, (100_000,)).astype(np.float32)
    d = case.distribution(**parameters)
    total, grad = d.log_likelihood_and_grad(x)
    wide, slopes = d.log_likelihood_and_grad(x.astype(np.float64))
    np.testing.assert_allclose(total, wide, rtol=1e-12)
    for name in grad:
        np.testing.assert_allclose(grad[name], slopes[name], rtol=1e-9, atol=1e-7)


@each_case
def test_integers_lists_and_views(case):
    d = case.distribution(**batch(case, (3,)))
    x = values(case, (40, 3))
    want = d.log_likelihood(x)
    np.testing.assert_array_equal(d.log_likelihood(x.tolist()), want)
    np.testing.assert_array_equal(d.log_likelihood(np.asfortranarray(x)), want)
    np.testing.assert_array_equal(d.log_likelihood(x.astype(">f8")), want)
    wide = np.zeros((40, 6))
    wide[:, ::2] = x
    np.testing.assert_array_equal(d.log_likelihood(wide[:, ::2]), want)
    k = np.ones((5, 3), np.int64)
    np.testing.assert_allclose(d.log_likelihood(k), d.log_prob(k).sum(axis=0), rtol=1e-14)


@each_case
def test_impossible_data(case):
    """One value outside the support makes it -inf, one NaN makes it NaN: of its own batch member only."""
    d = case.distribution(**batch(case, (3,)))
    x = d.icdf(np.random.default_rng(0).uniform(0.1, 0.9, (10, 3)))
    x[4, 1], x[2, 2] = np.inf, np.nan
    total = d.log_likelihood(x)
    assert np.isfinite(total[0]) and total[1] == -np.inf and np.isnan(total[2])


@each_case
def test_refuses_values_that_do_not_broadcast(case):
    d = case.distribution(**batch(case, (3,)))
    with pytest.raises(ValueError, match=r"(?s)log_likelihood.*\(5, 4\).*\(3,\)"):
        d.log_likelihood(values(case, (5, 4)))
    with pytest.raises(TypeError, match="log_likelihood"):
        d.log_likelihood(["a"])


@each_case
@pytest.mark.parametrize(("batch_shape", "shape"), [((), (300_001,)), ((3,), (100_001, 3)), ((50_000,), (7, 50_000))])
def test_same_bits_for_any_number_of_threads(case, batch_shape, shape):
    d = case.distribution(**batch(case, batch_shape))
    x = values(case, shape)
    before = fd.get_num_threads()
    try:
        results = []
        for n in (1, 2, 7):
            fd.set_num_threads(n)
            total, grad = d.log_likelihood_and_grad(x)
            results.append((d.log_likelihood(x), total, *grad.values()))
    finally:
        fd.set_num_threads(before)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)
