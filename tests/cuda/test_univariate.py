"""Every loop of a family of numbers on the device: what it gives beside the host."""

import cuda_helpers as device
import numpy as np
import pytest
from helpers import HELD, OF_PARAMETERS, POINTWISE, argument, batch, each_gradient, each_summarised, reparameterised

pytestmark = device.marks

# The simulator takes seconds for what holds continued fractions inside of a search.
LONG = ("Truncated(Gamma)",)
each_case = pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[pytest.mark.slow] if str(c) in LONG else []) for c in HELD], ids=str
)


@each_case
@pytest.mark.parametrize("method", POINTWISE)
def test_pointwise(case, method):
    """Parameters on the device, and on the host where they are single numbers; ends of the support, NaN."""
    x = argument(method, case, (2, 3))
    x[0, 0], x[1, 1] = np.nan, x[1, 1] if method in ("icdf", "isf") else -np.inf
    d = case.distribution(**batch(case, (2, 1)))
    device.agree(getattr(device.put(d), method)(device.array(x)), getattr(d, method)(x))
    one = case.distribution(**case.ordinary[0])
    device.agree(getattr(one, method)(device.array(x)), getattr(one, method)(x))


@each_gradient()
def test_gradients(case, method):
    x = argument(method, case, (3, 2))
    d = case.distribution(**batch(case, (2,)))
    name = f"{method}_and_grad"
    value, slopes = getattr(device.put(d), name)(device.array(x))
    expected, others = getattr(d, name)(x)
    device.agree(value, expected)
    assert slopes.keys() == others.keys()
    for key, slope in slopes.items():
        device.agree(slope, others[key])


@each_summarised
def test_summaries(case):
    d = case.distribution(**batch(case, (2,)))
    for name in OF_PARAMETERS:
        if name in ("stddev", "median") or name in case.distribution.kernels:
            device.agree(getattr(device.put(d), name)(), getattr(d, name)())


@each_case
def test_log_likelihood(case):
    x = argument("log_prob", case, (70, 2))
    d = case.distribution(**batch(case, (2,)))
    on_device = device.put(d)
    device.agree(on_device.log_likelihood(device.array(x)), d.log_likelihood(x))
    if "log_prob_and_grad" in case.distribution.kernels:
        value, slopes = on_device.log_likelihood_and_grad(device.array(x))
        expected, others = d.log_likelihood_and_grad(x)
        device.agree(value, expected)
        for key, slope in slopes.items():
            device.agree(slope, others[key])


@each_case
def test_draws_are_those_of_the_host(case):
    """One parameter set and a batch; an odd number, whose last pair is half used."""
    one = case.distribution(**case.ordinary[0])
    device.agree(one.sample(5, rng=3, device="cuda"), one.sample(5, rng=3))
    d = case.distribution(**batch(case, (3,)))
    device.agree(d.sample(3, rng=3, device="cuda"), d.sample(3, rng=3))


@reparameterised
def test_reparameterised_draws(case):
    d = case.distribution(**batch(case, (2,)))
    draws, slopes = device.put(d).rsample_and_grad(2, rng=5)
    expected = d._slopes_of_draws(device.host(draws))
    assert slopes.keys() == expected.keys()
    for key, slope in slopes.items():
        device.agree(slope, expected[key])
