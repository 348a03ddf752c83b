"""Shapes: sample + batch + event in every pattern of broadcasting, and what a 0-d result is."""

import numpy as np
import pytest
from helpers import (
    INTERPOLATED_LIKE_ANOTHER,
    POINTWISE,
    argument,
    batch,
    each_case,
    each_method,
    each_set,
    each_summarised,
    naive,
    values,
)

# Parameters along the first, middle and last axes, on both sides of a value's axes, and repeated.
PATTERNS = [
    ((3,), ()),
    ((3,), (3,)),
    ((3,), (5, 3)),
    ((3, 1), (5,)),
    ((3, 1), (3, 5)),
    ((3, 1, 1), (4, 5)),
    ((3, 1), (2, 3, 5)),
    ((1, 3, 1), (2, 3, 4)),
    ((2, 1, 3), (4, 1)),
    ((2, 1, 3), (2, 4, 3)),
    ((2, 3), (3,)),
    ((2, 3), ()),
    ((1,), (4,)),
    ((1, 1), (4,)),
    ((3, 1, 2, 1), (1, 4, 1, 5)),
    ((), (2, 3)),
    ((2, 3, 1, 1), (5, 1)),
]


def rounding(method, got):
    """What a formula for a regime may change: a quantile next to 0 is the small difference of larger terms."""
    return 1e-15 * np.median(np.abs(got)) if method in ("icdf", "isf") and np.size(got) else 0.0


@each_case
@pytest.mark.parametrize(("batch_shape", "shape"), PATTERNS)
def test_broadcasting(case, batch_shape, shape):
    """Every element is the scalar distribution's result at its own value."""
    parameters = batch(case, batch_shape)
    d = case.distribution(**parameters)
    assert d.batch_shape == batch_shape and d.event_shape == ()
    for method in ("log_prob", "cdf", "icdf"):
        x = argument(method, case, shape)
        got = getattr(d, method)(x)
        assert got.shape == np.broadcast_shapes(batch_shape, shape)
        np.testing.assert_allclose(
            got, naive(case, method, parameters, x), rtol=1e-15, atol=rounding(method, got), err_msg=method
        )


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_methods_on_a_batch(case, method):
    """The other methods, where parameters lie along the last and along the first axis."""
    for batch_shape, shape in (((3,), (4, 3)), ((3, 1), (7,)), ((), (9,))):
        parameters = batch(case, batch_shape)
        x = argument(method, case, shape)
        got = getattr(case.distribution(**parameters), method)(x)
        np.testing.assert_allclose(got, naive(case, method, parameters, x), rtol=1e-15, atol=rounding(method, got))


@each_case
def test_parameters_broadcast_against_each_other(case):
    """Each parameter may bring its own axes."""
    first, *others = case.parameters
    whole = batch(case, (3,))
    parameters = {first: whole[first][:, np.newaxis], **{name: whole[name] for name in others}}
    d = case.distribution(**parameters)
    assert d.batch_shape == ((3, 3) if others else (3, 1))
    x = values(case, (2, 1, 3))
    np.testing.assert_allclose(d.log_prob(x), naive(case, "log_prob", parameters, x), rtol=1e-15)
    assert all(np.shape(getattr(d, name))[: len(d.batch_shape)] == d.batch_shape for name in case.parameters)


@each_method
def test_long_runs(case, method):
    """Beyond the sizes at which the engine changes its way: chunks, threads, repeated parameters."""
    sizes = [((3,), (30_001, 3)), ((3, 1), (3, 30_001)), ((3, 1), (2, 3, 9_001))]
    if str(case) not in INTERPOLATED_LIKE_ANOTHER:
        sizes.append(((), (70_001,)))
    for batch_shape, shape in sizes:
        parameters = batch(case, batch_shape)
        d = case.distribution(**parameters)
        x = argument(method, case, shape)
        got = getattr(d, method)(x)
        rows = np.random.default_rng(1).integers(0, got.size, 40)
        for flat in (*rows, 0, got.size - 1):
            index = np.unravel_index(flat, got.shape)
            last = index[len(index) - len(batch_shape) :]
            member = tuple(0 if n == 1 else i for n, i in zip(batch_shape, last, strict=True))
            single = {name: v[member].tolist() for name, v in parameters.items()}
            one = case.distribution(**single)
            want = getattr(one, method)(float(np.broadcast_to(x, got.shape)[index]))
            # What is interpolated for long arrays agrees with the formula to this: tests/test_interpolate.py.
            rtol = 4e-14 if method in d.kernels.quick else 1e-15
            # A quantile may lie close to 0 by chance.
            atol = rtol * (one.isf(0.25) - one.icdf(0.25)) if method in ("icdf", "isf") else 0.0
            np.testing.assert_allclose(got[index], want, rtol=rtol, atol=atol)


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_scalars_are_numpy_scalars(case, method):
    d = case.distribution(**case.ordinary[0])
    x = argument(method, case, ()).item()
    got = getattr(d, method)(x)
    assert type(got) is np.float64
    again = getattr(d, method)(x)
    for other in (np.float64(x), np.array(x), np.array([x])[0]):
        result = getattr(d, method)(other)
        assert type(result) is np.float64 and result == got == again


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_empty(case, method):
    d = case.distribution(**case.ordinary[0])
    for x in ([], np.empty((0, 3)), np.empty((2, 0))):
        got = getattr(d, method)(x)
        assert got.shape == np.shape(x) and got.dtype == np.float64
    none = case.distribution(**batch(case, (0,)))
    assert none.batch_shape == (0,)
    assert getattr(none, method)(0.5).shape == (0,)
    assert getattr(none, method)(np.ones((4, 1))).shape == (4, 0)


@each_case
def test_empty_batch(case):
    d = case.distribution(**batch(case, (2, 0)))
    assert d.sample((3,), rng=1).shape == (3, 2, 0)
    result, grad = d.log_prob_and_grad(np.ones((4, 1, 1)))
    assert result.shape == (4, 2, 0)
    assert all(slope.shape[:3] == (4, 2, 0) for slope in grad.values())


@each_summarised
def test_summaries_of_an_empty_batch(case):
    d = case.distribution(**batch(case, (2, 0)))
    for name in ("mean", "variance", "skewness", "kurtosis", "median", "mode", "entropy"):
        assert getattr(d, name)().shape == (2, 0), name


@each_case
@pytest.mark.parametrize(
    ("shape", "sample_shape"),
    [((), ()), (5, (5,)), ((5,), (5,)), ([2, 3], (2, 3)), ((0,), (0,)), ((2, 0), (2, 0)), (np.int64(4), (4,))],
)
@pytest.mark.parametrize("batch_shape", [(), (3,), (2, 1)])
def test_sample(case, shape, sample_shape, batch_shape):
    d = case.distribution(**batch(case, batch_shape))
    x = d.sample(shape, rng=1)
    kind = np.int64 if d.support.is_discrete else np.float64
    assert np.shape(x) == sample_shape + batch_shape + d.event_shape
    assert x.dtype == kind
    if np.shape(x) == ():
        assert type(x) is kind


@each_case
def test_sample_refuses(case):
    d = case.distribution(**case.ordinary[0])
    wrong = [(-1, ValueError), ((2, -3), ValueError), (2.5, TypeError), ("ab", TypeError), (None, TypeError)]
    for shape, error in wrong:
        with pytest.raises(error, match=f"{case.distribution.__name__}.*shape"):
            d.sample(shape)


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_layouts(case, method):
    """Non-contiguous, reversed, Fortran, read-only, big-endian, list and tuple input: same results."""
    x = argument(method, case, (6, 3))
    for parameters in (batch(case, ()), batch(case, (3,))):
        d = case.distribution(**parameters)
        want = getattr(d, method)(x)
        wide = np.zeros((12, 6))
        wide[::2, 1::2] = x
        frozen = x.copy()
        frozen.flags.writeable = False
        inputs = [wide[::2, 1::2], x[::-1][::-1], np.asfortranarray(x), frozen, x.astype(">f8"), x.tolist()]
        for other in inputs:
            np.testing.assert_array_equal(getattr(d, method)(other), want)
        np.testing.assert_array_equal(getattr(d, method)(x[::-1]), want[::-1])
        np.testing.assert_array_equal(frozen, x)


@each_case
def test_layouts_of_parameters(case):
    """Parameters in any layout; later changes of the caller's arrays are not seen."""
    parameters = batch(case, (4, 3))
    d = case.distribution(**parameters)
    x = values(case, (4, 3))
    want = d.log_prob(x)
    for convert in (
        np.asfortranarray,
        lambda v: v.astype(">f8"),
        lambda v: v.tolist(),
        lambda v: np.repeat(v, 2, axis=0)[::2],
        lambda v: np.flip(np.flip(v, 0).copy(), 0),
    ):
        other = {name: convert(v) for name, v in parameters.items()}
        np.testing.assert_array_equal(case.distribution(**other).log_prob(x), want)
    for v in parameters.values():
        v[...] = np.nan
    np.testing.assert_array_equal(d.log_prob(x), want)
    assert not any(np.isnan(getattr(d, name)).any() for name in case.parameters)


@each_case
def test_refuses_what_does_not_broadcast(case):
    d = case.distribution(**batch(case, (3,)))
    for method in POINTWISE:
        with pytest.raises(ValueError, match=rf"{case.distribution.__name__}\.{method}.*\(4,\).*\(3,\)"):
            getattr(d, method)(np.full(4, 0.5))


@each_set("ordinary")
def test_enumerate_support(case, parameters):
    d = case.distribution(**parameters)
    if not d.has_enumerate_support:
        with pytest.raises(NotImplementedError, match=f"{case.distribution.__name__}.*enumerate_support"):
            d.enumerate_support()
        return
    values = d.enumerate_support()
    assert d.prob(values).sum() == pytest.approx(1, rel=1e-14)
    many = d.expand((2, 3))
    assert many.enumerate_support().shape == (len(values), 2, 3)
    assert many.enumerate_support(expand=False).shape == (len(values), 1, 1)
    np.testing.assert_array_equal(many.enumerate_support()[:, 1, 2], values)
