"""Memory beyond the result stays below 1 MB at 10^7 elements (NumPy reports to tracemalloc)."""

import tracemalloc

import numpy as np
import pytest
from cases import CASES
from helpers import batch

import fastdist as fd

N = 10_000_000
LIMIT = 1 << 20
NORMAL, POISSON = fd.Normal(0.0, 1.0), fd.Poisson(4.0)


def beyond(call, result_bytes):
    """The peak of what `call` allocates, less its result."""
    call()  # compiles, fills what is kept
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del result
    return peak - before - result_bytes


@pytest.fixture(scope="module")
def x():
    return np.linspace(0.01, 8.0, N)


CHEAP = [fd.Normal(0.0, 1.0), fd.Exponential(2.0), fd.Uniform(0.0, 9.0), fd.Gamma(2.5, 1.0)]


@pytest.mark.parametrize("d", CHEAP, ids=str)
@pytest.mark.parametrize("method", ["log_prob", "prob", "cdf"])
def test_pointwise(d, method, x):
    assert beyond(lambda: getattr(d, method)(x), 8 * N) < LIMIT
    out = np.empty(N)
    assert beyond(lambda: getattr(d, method)(x, out=out), 0) < LIMIT


@pytest.mark.parametrize("d", CHEAP, ids=str)
def test_sums(d, x):
    assert beyond(lambda: d.log_likelihood(x), 0) < LIMIT
    assert beyond(lambda: d.log_likelihood_and_grad(x), 0) < LIMIT


@pytest.mark.parametrize("case", CASES, ids=str)
def test_draws(case):
    d = case.distribution(**case.ordinary[0])
    assert beyond(lambda: d.sample((N // 4,), rng=1), 2 * N) < LIMIT


def test_gradients(x):
    d = fd.Normal(0.0, 1.0)
    assert beyond(lambda: d.log_prob_and_grad(x), 4 * 8 * N) < LIMIT
    assert beyond(lambda: d.rsample_and_grad((N,), rng=1), 3 * 8 * N) < LIMIT


@pytest.mark.parametrize("case", [c for c in CASES if c.distribution.has_rsample], ids=str)
def test_parameters_along_an_axis(case):
    """A batch is not spread over the result, whichever axis it lies along."""
    n = 1000
    row, column = case.distribution(**batch(case, (n,))), case.distribution(**batch(case, (n, 1)))
    value = np.linspace(0.2, 0.6, n * n).reshape(n, n)
    for d in (row, column):
        assert beyond(lambda d=d: d.log_prob(value), 8 * n * n) < LIMIT


@pytest.mark.parametrize("family", [fd.Categorical, fd.Dirichlet])
def test_divergences_of_rows(family):
    """Whether they take the short formula or, of nearly equal rows, the long one."""
    n = 100_000
    rows = np.random.default_rng(1).dirichlet(np.ones(10), n)
    p, near, far = family(rows), family(rows[:, ::-1] * 1e-3 + rows), family(rows[:, ::-1])
    for q in (near, far):
        assert beyond(lambda q=q: fd.kl_divergence(p, q), 8 * n) < LIMIT


def test_converted_input_uses_the_results_memory():
    """Integers, float32 against float64 and strided input are converted in place of the result."""
    k = np.ones(N, np.int32)
    assert beyond(lambda: POISSON.log_prob(k), 8 * N) < LIMIT
    strided = np.zeros(2 * N)[::2]
    assert beyond(lambda: NORMAL.log_prob(strided), 8 * N) < LIMIT


def test_wide_memory_is_returned(x):
    """Nothing of a call stays behind."""
    NORMAL.cdf(x)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(3):
        NORMAL.cdf(x)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1 << 16
