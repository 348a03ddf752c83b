"""Bad input: who, which parameter, what was given and what is taken."""

import faulthandler
import math

import numpy as np
import pytest
from cases import CASES
from helpers import POINTWISE, each_case, each_set, set_id

import fastdist as fd

INVALID = [(case, invalid) for case in CASES for invalid in case.invalid]
IDS = [set_id(case, invalid.arguments) for case, invalid in INVALID]
refused = pytest.mark.parametrize(("case", "invalid"), INVALID, ids=IDS)


@refused
def test_invalid_parameters(case, invalid):
    """The message names the distribution, the parameter, its constraint, the value and where it stands."""
    with pytest.raises(ValueError, match=case.distribution.__name__) as caught:
        case.distribution(**invalid.arguments)
    for text in invalid.says:
        assert text in str(caught.value), f"{text!r} is not in {str(caught.value)!r}"


@each_case
@pytest.mark.parametrize("bad", ["a", 1j, None, object], ids=str)
def test_parameters_of_a_wrong_type(case, bad):
    for name in case.parameters:
        arguments = {**case.ordinary[0], name: bad}
        if bad is None and len(case.distribution.arg_constraints) != len(case.parameters):
            continue  # None chooses the other parametrisation
        with pytest.raises((TypeError, ValueError), match=f"{case.distribution.__name__}.*{name}"):
            case.distribution(**arguments)


@each_case
def test_ragged_parameters(case):
    for name in case.parameters:
        with pytest.raises(ValueError, match=f"{case.distribution.__name__}.*{name}"):
            case.distribution(**{**case.ordinary[0], name: [[1.0, 2.0], [3.0]]})


@each_case
def test_ragged_values(case):
    d = case.distribution(**case.ordinary[0])
    for method in ("log_prob", "cdf", "icdf", "log_likelihood"):
        with pytest.raises(ValueError, match=f"{type(d).__name__}.{method}: a value is not an array"):
            getattr(d, method)([[1.0, 2.0], [3.0]])


@each_case
def test_masked_arrays(case):
    """Their masks would be lost; those that hide nothing are arrays like others."""
    d, who = case.distribution(**case.ordinary[0]), case.distribution.__name__
    hidden, nothing = np.ma.array([0.25, 0.5], mask=[False, True]), np.ma.array([0.25, 0.5])
    for method in ("log_prob", "cdf", "log_likelihood"):
        with pytest.raises(TypeError, match=rf"{who}.{method}: a value has masked numbers: give .filled"):
            getattr(d, method)(hidden)
        if not d.batch_shape:
            np.testing.assert_array_equal(getattr(d, method)(nothing), getattr(d, method)(nothing.data))
    name = case.parameters[0]
    with pytest.raises(TypeError, match=f"{who}.*parameter {name} has masked numbers"):
        case.distribution(**{**case.ordinary[0], name: hidden})


@each_case
def test_integers_beyond_64_bits(case):
    """They are floats, in a list as by themselves; beyond those an error says where."""
    d, who = case.distribution(**case.ordinary[0]), case.distribution.__name__
    for method in ("log_prob", "cdf"):
        got = getattr(d, method)([10**25] + [0] * (math.prod(d.batch_shape) - 1))
        np.testing.assert_array_equal(np.ravel(got)[0], np.ravel(getattr(d, method)(1e25))[0])
        for value in (10**400, -(10**400), [10**400, 0.5]):
            for _ in range(2):
                with pytest.raises(ValueError, match=rf"{who}.{method}: a value has an integer beyond"):
                    getattr(d, method)(value)
            getattr(d, method)(0.5)
    name = case.parameters[0]
    for value in (10**400, [10**400, 1]):
        with pytest.raises(ValueError, match=f"{who}.*parameter {name} has an integer beyond the range of float64"):
            case.distribution(**{**case.ordinary[0], name: value})


@pytest.mark.parametrize("case", [c for c in CASES if len(c.parameters) > 1], ids=str)
def test_parameters_that_do_not_broadcast(case):
    """The message shows every shape."""
    arguments = {name: np.ones((2 + i,)) for i, name in enumerate(case.parameters)}
    with pytest.raises(ValueError, match=f"{case.distribution.__name__}.*broadcast") as caught:
        case.distribution(**arguments)
    for i, name in enumerate(case.parameters):
        assert f"{name} has shape ({2 + i},)" in str(caught.value)


@each_case
def test_unknown_parameters(case):
    with pytest.raises(TypeError):
        case.distribution(**case.ordinary[0], unknown=1.0)


@each_set()
def test_valid_parameters_are_taken(case, parameters):
    d = case.distribution(**parameters)
    again = case.distribution(**parameters, validate_args=False)
    assert d == again


NO_RNG = [1.5, "seed", True, [1, 2], np.timedelta64(1, "s"), np.random.RandomState(0), object]


@each_case
@pytest.mark.parametrize("rng", NO_RNG, ids=str)
def test_rng_of_a_wrong_type(case, rng):
    d = case.distribution(**case.ordinary[0])
    with pytest.raises(TypeError, match=f"{case.distribution.__name__}.*rng.*Generator"):
        d.sample((3,), rng=rng)


@each_case
@pytest.mark.filterwarnings("ignore")
def test_unchecked_parameters_never_hang_or_crash(case):
    """With validate_args=False a wrong parameter gives wrong numbers, and gives them soon."""
    shape = np.shape(case.ordinary[0][case.parameters[0]])
    faulthandler.dump_traceback_later(100, exit=True)
    try:
        for bad in (np.nan, -1.0, 0.0, np.inf):
            for values in (bad, [bad, 1.0]):
                column = np.reshape(values, np.shape(values) + (1,) * len(shape))
                full = np.broadcast_to(column, np.shape(values) + shape)
                d = case.distribution(**dict.fromkeys(case.parameters, full), validate_args=False)
                for method in POINTWISE:
                    getattr(d, method)(0.5)
                for size in ((), (3,)):
                    d.sample(size, rng=1)
                d.mean(), d.entropy(), d.log_likelihood([[0.5], [1.0]])
    finally:
        faulthandler.cancel_dump_traceback_later()


@each_set("ordinary")
def test_nan_parameters_give_nan(case, parameters):
    """NaN in, NaN out, where checks are off."""
    broken = {name: np.full(np.shape(v), np.nan)[()] for name, v in parameters.items()}
    d = case.distribution(**broken, validate_args=False)
    x = float(np.ceil(case.distribution(**parameters).median() * 16) / 16)
    assert np.isnan(d.log_prob(x)) and np.isnan(d.cdf(x)) and np.isnan(d.sf(x)) and np.isnan(d.mean())


def test_integers_beyond_64_bits_as_parameters_and_of_vectors():
    assert fd.Normal([10**25, 1], 1) == fd.Normal([1e25, 1.0], 1.0)
    assert fd.Binomial(10**25, 0.5) == fd.Binomial(1e25, 0.5)
    assert fd.Dirichlet([10**25, 2]) == fd.Dirichlet([1e25, 2.0])
    d = fd.MultivariateNormal([0, 10**25], np.eye(2))
    assert d.log_prob([1, 10**25]) == d.log_prob([1.0, 1e25])
    transform = fd.transforms.AffineTransform([0, 10**25], 1)
    np.testing.assert_array_equal(transform([10**25, 0]), [1e25, 1e25])
    for call in (
        lambda: fd.transforms.ExpTransform()(10**400),
        lambda: fd.transforms.AffineTransform(10**400, 1.0),
        lambda: fd.Dirichlet([10**400, 1]),
        lambda: d.log_prob([10**400, 1]),
    ):
        with pytest.raises(ValueError, match="has an integer beyond the range of float64"):
            call()


def test_masked_vectors():
    hidden = np.ma.array([0.25, 0.75], mask=[False, True])
    for call in (
        lambda: fd.Dirichlet([1.0, 2.0]).log_prob(hidden),
        lambda: fd.Dirichlet(hidden),
        lambda: fd.transforms.StickBreakingTransform().inv(hidden),
        lambda: fd.transforms.AffineTransform(hidden, 1.0),
        lambda: fd.gumbel_softmax(hidden),
        lambda: fd.constraints.positive.check(hidden),
        lambda: fd.Dual(hidden, 1.0),
    ):
        with pytest.raises(TypeError, match=r"has masked numbers: give .filled\(nan\) or .compressed\(\)"):
            call()
