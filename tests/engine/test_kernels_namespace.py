"""`fd.kernels.<distribution>.<function>` inside a user's own jitted code."""

import re

import numba
import numpy as np
import pytest
from helpers import HELD, each_case, inner

import fastdist as fd

# Of two parameters that say the same, the functions take the second.
SCALAR = [c for c in HELD if c.parameters == c.distribution._family._parameters and not c.distribution._vector]
scalar_case = pytest.mark.parametrize("case", SCALAR, ids=str)
# A user's loop is compiled each time: of a selection of families every day.
SELECTED = ("Normal", "Gamma", "Poisson", "Geometric(probs)", "Triangular")
FUNCTIONS = ("log_prob", "cdf", "icdf", "prob", "sf", "log_cdf", "log_sf", "isf")


def swept(case, *more, plain):
    return pytest.param(case, *more, marks=[] if plain else pytest.mark.slow, id="-".join([*more, str(case)]))


def snake(case):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", case.distribution.__name__).lower()


@each_case
def test_names(case):
    assert snake(case) in dir(fd.kernels)
    family = getattr(fd.kernels, snake(case))
    assert {"log_prob", "cdf", "icdf"} <= set(dir(family))
    assert case.distribution.__name__ in repr(family)
    with pytest.raises(AttributeError, match=f"{case.distribution.__name__}.*nothing.*log_prob"):
        _ = family.nothing
    with pytest.raises(AttributeError, match="no distribution 'nothing'"):
        _ = fd.kernels.nothing


@pytest.mark.parametrize(
    ("case", "function"),
    [
        swept(case, name, plain=name in ("log_prob", "cdf", "icdf") and str(case) in SELECTED)
        for case in SCALAR
        for name in FUNCTIONS
    ],
)
def test_in_a_users_loop(case, function):
    """The value first, then the parameters in the order of the class; guarded as the method is."""
    scalar = getattr(getattr(fd.kernels, snake(case)), function)

    @numba.njit
    def loop(x, parameters, out):
        for i in range(len(x)):
            out[i] = scalar(x[i], *parameters)

    for arguments in case.ordinary[:2]:
        d = case.distribution(**arguments)
        x = np.linspace(0, 1, 7) if function in ("icdf", "isf") else inner(d, 7)
        x = np.concatenate([x, [-np.inf, np.inf, np.nan, 0.5, -1.0]])
        out = np.empty_like(x)
        loop(x, tuple(float(v) for v in arguments.values()), out)
        np.testing.assert_allclose(out, getattr(d, function)(x), rtol=1e-14)


@pytest.mark.parametrize("case", [swept(case, plain=str(case) in SELECTED) for case in SCALAR])
def test_from_plain_python(case):
    family, d = getattr(fd.kernels, snake(case)), case.distribution(**case.ordinary[0])
    x = float(d.median())
    assert family.log_prob(x, *case.ordinary[0].values()) == pytest.approx(d.log_prob(x), rel=1e-14)


@pytest.mark.parametrize("case", [swept(case, plain=str(case) in SELECTED) for case in SCALAR])
def test_gradients(case):
    """A tuple: the log density, then its derivatives."""
    gradient = getattr(fd.kernels, snake(case)).log_prob_and_grad
    d = case.distribution(**case.ordinary[0])
    x = float(d.median())

    @numba.njit
    def call(x, parameters):
        return gradient(x, *parameters)

    got = call(x, tuple(float(v) for v in case.ordinary[0].values()))
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(got, (value, *grad.values()), rtol=1e-14)


def test_in_a_parallel_loop_of_its_user():
    log_prob = fd.kernels.gamma.log_prob

    @numba.njit(nogil=True)
    def total(x, a, b):
        s = 0.0
        for v in x:
            s += log_prob(v, a, b)
        return s

    x = fd.Gamma(2.5, 1.0).sample((1000,), rng=1)
    assert total(x, 2.0, 1.5) == pytest.approx(fd.Gamma(2.0, 1.5).log_likelihood(x), rel=1e-12)
