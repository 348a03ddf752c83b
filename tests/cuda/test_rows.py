"""Events that are vectors or matrices on the device: what it gives beside the host."""

import cuda_helpers as device
import numpy as np
import pytest
from vectors import DISTRIBUTIONS

import fastdist as fd

pytestmark = device.marks

each = pytest.mark.parametrize("d", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)


def events(d):
    """Draws, and one event that is not in the support."""
    x = np.array(d.sample((3,), rng=1), float)
    x[0] = np.nan
    return x


@each
def test_densities(d):
    x = events(d)
    device.agree(d.log_prob(device.array(x)), d.log_prob(x), rtol=1e-10)
    device.agree(d.prob(device.array(x)), d.prob(x), rtol=1e-10)
    device.agree(d.log_likelihood(device.array(x[1:])), d.log_likelihood(x[1:]), rtol=1e-10)


@each
def test_gradients(d):
    x = events(d)
    value, slopes = d.log_prob_and_grad(device.array(x))
    expected, others = d.log_prob_and_grad(x)
    device.agree(value, expected, rtol=1e-10)
    assert slopes.keys() == others.keys()
    for name, slope in slopes.items():
        device.agree(slope, others[name], rtol=1e-10)


@each
def test_draws_are_those_of_the_host(d):
    device.agree(d.sample((3,), rng=1, device="cuda"), d.sample((3,), rng=1), rtol=1e-10)
    device.agree(d.to("cuda").sample((2, 2), rng=5), d.sample((2, 2), rng=5), rtol=1e-10)


def test_broadcasting():
    d = DISTRIBUTIONS["Dirichlet-batch"]
    x = np.array([0.2, 0.3, 0.5])
    device.agree(d.log_prob(device.array(x)), d.log_prob(x))
    x = d.sample((4,), rng=1)
    device.agree(d.log_likelihood(device.array(x)), d.log_likelihood(x), rtol=1e-10)
    device.agree(d.log_prob(device.array(x[:0])), d.log_prob(x[:0]))


def test_float32():
    d = fd.Dirichlet(np.float32([0.5, 2.0, 3.0]))
    x = d.sample((5,), rng=3)
    device.agree(d.sample((5,), rng=3, device="cuda"), x, rtol=1e-6)
    device.agree(d.log_prob(device.array(x)), d.log_prob(x), rtol=1e-6)


def test_independent():
    d = fd.Independent(fd.Gamma([[1.0, 2.0], [0.5, 30.0]], 1.5), 1)
    there, x = d.to("cuda"), d.sample((3,), rng=1)
    device.agree(there.log_prob(device.array(x)), d.log_prob(x))
    device.agree(there.log_prob(device.array(x[:0])), d.log_prob(x[:0]))
    device.agree(there.sample((3,), rng=1), x)
    with pytest.raises(ValueError, match="a value must end in the axes of an event"):
        there.log_prob(device.array(np.zeros(3)))


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax(hard):
    logits = np.array([[0.0, 1.0, -np.inf], [5.0, 0.0, 2.0]])
    there = device.array(logits)
    device.agree(fd.gumbel_softmax(there, 0.5, hard, rng=1), fd.gumbel_softmax(logits, 0.5, hard, rng=1))
    narrow = np.float32(logits)
    device.agree(fd.gumbel_softmax(device.array(narrow), rng=1), fd.gumbel_softmax(narrow, rng=1), rtol=1e-6)
    with pytest.raises(ValueError, match=r"a logit must be finite or -inf; got another at index \(1, 0\)"):
        fd.gumbel_softmax(device.array([[0.0], [np.nan]]))
    with pytest.raises(NotImplementedError, match="along the last axis"):
        fd.gumbel_softmax(there, axis=0)


def test_what_only_the_host_computes_says_so():
    """Nothing is copied in silence."""
    normal = fd.Independent(fd.Normal(np.zeros(3), 1.0), 1).to("cuda")
    mixture = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Normal([0.0, 1.0], 1.0))
    x = device.array(np.zeros(3))
    device.agree(mixture.log_prob(x), mixture.log_prob(np.zeros(3)))
    for call in (lambda: normal.prob(x), lambda: normal.log_prob_and_grad(x), lambda: mixture.log_prob_and_grad(x)):
        with pytest.raises(TypeError, match="computed on the host only"):
            call()
    with pytest.raises(NotImplementedError, match="draws are made on the host only"):
        mixture.sample(3, device="cuda")
    with pytest.raises(ValueError, match="a value must end in the axes of an event"):
        DISTRIBUTIONS["Dirichlet"].log_prob(device.array(np.zeros(2)))
