"""The object: immutable, comparable, picklable, and its repr can be typed back in."""

import copy
import pickle

import numpy as np
import pytest
from helpers import batch, each_case, each_set, set_id, values

import fastdist as fd
from fastdist.engine import cpu

NAMESPACE = {**{name: getattr(fd, name) for name in fd.__all__}, "np": np, "inf": np.inf, "nan": np.nan}


def variants(case):
    """One row as scalars, arrays of two shapes, and float32."""
    yield case.distribution(**case.ordinary[0])
    yield case.distribution(**batch(case, (3,)))
    yield case.distribution(**batch(case, (2, 3)))
    yield case.distribution(**batch(case, (), np.float32))
    yield case.distribution(**batch(case, (2,), np.float32))


def same(a, b, x):
    """Equal, and equal in all that they compute."""
    assert a == b and hash(a) == hash(b)
    assert (a.dtype, a.batch_shape, a.event_shape) == (b.dtype, b.batch_shape, b.event_shape)
    np.testing.assert_array_equal(a.log_prob(x), b.log_prob(x))
    np.testing.assert_array_equal(a.sample((3,), rng=1), b.sample((3,), rng=1))


@each_case
def test_another_object_compiles_nothing(case, monkeypatch):
    """What is compiled for one object serves all of its kind."""

    def use():
        for d in variants(case):
            d.log_prob(d.icdf(0.25))
            d.sample((3,), rng=1)

    use()
    monkeypatch.setattr(cpu, "build", lambda name, *rest, **options: pytest.fail(f"{name} is compiled again"))
    use()


def test_a_single_integer_has_no_loop_of_its_own(monkeypatch):
    """Beside a batch it is a number as any other is."""
    d = fd.Exponential([0.5, 1.0])
    want = d.cdf(2.0)
    monkeypatch.setattr(cpu, "build", lambda name, *rest, **options: pytest.fail(f"{name} is compiled again"))
    np.testing.assert_array_equal(d.cdf(2), want)
    np.testing.assert_array_equal(d.cdf(np.int64(2)), want)


@each_case
def test_immutable(case):
    for d in variants(case):
        before = {name: np.array(getattr(d, name)) for name in case.parameters}
        for name in (*case.parameters, "dtype", "batch_shape", "anything", "_parameters"):
            with pytest.raises(AttributeError, match=f"{case.distribution.__name__}.*immutable"):
                setattr(d, name, 1.0)
            with pytest.raises(AttributeError):
                delattr(d, name)
        for name in case.parameters:
            value = getattr(d, name)
            if np.ndim(value):
                with pytest.raises(ValueError, match="read-only"):
                    value[...] = 0
            np.testing.assert_array_equal(getattr(d, name), before[name])


@each_case
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles(case, protocol):
    x = values(case, (5, 2, 3))[..., :1]
    for d in variants(case):
        d.log_prob(x)  # what it keeps of earlier calls does not matter
        same(d, pickle.loads(pickle.dumps(d, protocol)), x)


@each_case
def test_copies(case):
    x = values(case, (5, 1, 1))
    for d in variants(case):
        for other in (copy.copy(d), copy.deepcopy(d), copy.deepcopy([d])[0]):
            same(d, other, x)


@each_set()
def test_a_pickle_is_small(case, parameters):
    """A frozen distribution is its parameters: nothing else travels."""
    d = case.distribution(**parameters)
    size = len(pickle.dumps(d))
    d.sample((10,), rng=1), d.cdf(0.5), d.log_likelihood([1.0])
    assert len(pickle.dumps(d)) == size < 600


@each_case
def test_repr_can_be_typed_back_in(case):
    x = values(case, (5, 1, 1))
    for d in variants(case):
        text = repr(d)
        assert issubclass(case.distribution, NAMESPACE[text.partition("(")[0]])
        assert f"({case.parameters[0]}=" in text
        same(d, eval(text, dict(NAMESPACE)), x)


@each_set()
def test_repr_keeps_every_digit(case, parameters):
    taken = case.distribution.arg_constraints
    moved = {name: v if taken[name].is_discrete else np.nextafter(v, 0.3).tolist() for name, v in parameters.items()}
    for arguments in (parameters, moved):
        d = case.distribution(**arguments)
        again = eval(repr(d), dict(NAMESPACE))
        assert again == d, set_id(case, arguments)


@each_case
def test_a_long_repr_is_short(case):
    assert len(repr(case.distribution(**batch(case, (5000,))))) < 500


@each_case
def test_equality(case):
    parameters = case.ordinary[0]
    d = case.distribution(**parameters)
    again = case.distribution(**parameters)
    assert d == again
    assert (d != again) is False
    others = [case.distribution(**p) for p in case.ordinary[1:]]
    others += [case.distribution(**batch(case, (2,))), case.distribution(**batch(case, (), np.float32))]
    assert all(d != other for other in others)
    assert d != "a string" and d is not None and d != fd.Normal(0.0, 12345.0)
    assert len({d, case.distribution(**parameters), *others}) == 1 + len(others)


def test_equal_means_equal_hash():
    """Also for zeros of either sign, which are the same number."""
    a, b = fd.Normal(0.0, 1.0), fd.Normal(-0.0, 1.0)
    assert a == b and hash(a) == hash(b)
    a, b = fd.Normal([0.0], 1.0), fd.Normal([-0.0], 1.0)
    assert a == b and hash(a) == hash(b)


@each_case
def test_expand(case):
    one = case.distribution(**case.ordinary[0])
    assert one.expand(()) == one
    many = one.expand((2, 3))
    assert many.batch_shape == (2, 3) and many.dtype == one.dtype
    x = values(case, (4, 2, 3))
    np.testing.assert_array_equal(many.log_prob(x), one.log_prob(x))
    assert many.sample((5,), rng=1).shape == (5, 2, 3)
    np.testing.assert_array_equal(many.mean(), np.full((2, 3), one.mean()))
    row = case.distribution(**batch(case, (3,)))
    tall = row.expand((4, 3))
    np.testing.assert_array_equal(tall.log_prob(x[0, 0]), np.broadcast_to(row.log_prob(x[0, 0]), (4, 3)))
    assert row.expand(3) == row
    narrow = case.distribution(**batch(case, (3,), np.float32))
    assert narrow.expand((2, 3)).dtype == np.float32
    for shape in ((2,), (3, 2), ()):
        with pytest.raises(ValueError, match=f"{case.distribution.__name__}.*expand"):
            row.expand(shape)
    with pytest.raises((TypeError, ValueError)):
        row.expand(-1)
    with pytest.raises(TypeError):
        row.expand("ab")


@each_case
def test_describes_itself(case):
    """What describes is a property; a support belongs to the instance, constraints to the class."""
    for d in variants(case):
        assert isinstance(d.batch_shape, tuple) and d.event_shape == ()
        assert isinstance(d.support, fd.constraints.Constraint)
        assert set(case.parameters) <= set(d.arg_constraints)
        assert all(isinstance(c, fd.constraints.Constraint) for c in d.arg_constraints.values())
        assert isinstance(d.has_rsample, bool)
        for name in case.parameters:
            value = getattr(d, name)
            assert value.dtype == d.dtype
            assert np.all(d.arg_constraints[name].check(value))


@each_case
def test_public_methods_are_documented(case):
    for name in dir(case.distribution):
        if not name.startswith("_") and callable(getattr(case.distribution, name)) and name not in ("kernels",):
            assert getattr(case.distribution, name).__doc__, name


def test_repr_of_empty_batches():
    """It says the axes of an event, which a list of nothing does not."""
    for d in (
        fd.Normal(np.ones((0, 3)), 1.0),
        fd.Dirichlet(np.ones((0, 3))),
        fd.Categorical(np.ones((2, 0, 3), np.float32)),
        fd.MultivariateNormal(np.ones((0, 2)), np.eye(2)),
        fd.Wishart(3.0, np.empty((0, 2, 2))),
    ):
        again = eval(repr(d), {**vars(fd), "np": np})
        assert again == d and again.event_shape == d.event_shape and again.batch_shape == d.batch_shape
