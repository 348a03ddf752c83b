"""The incomplete gamma functions, their logarithms, inverses and derivatives."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import incomplete_gamma as functions

DATA = Path(scipy.special.__file__).parent / "tests" / "data"
BOOST, LOCAL = np.load(DATA / "boost.npz"), np.load(DATA / "local.npz")
A, X, P, Q, LOG_P, LOG_Q, DP_DA, DX_DA = np.load(Path(__file__).parents[1] / "references" / "incomplete_gamma.npz")[
    "table"
].T


def relative(value, truth):
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.abs(value - truth) / np.abs(truth)
    return np.where((value == truth) | (np.abs(truth) < 1e-300), 0.0, error)


def condition(tail, log_tail):
    """By how much P or Q magnifies relative errors of x and of a."""
    with np.errstate(over="ignore"):
        in_x = np.exp(A * np.log(X) - X - scipy.special.gammaln(A) - log_tail)
        in_a = A * np.abs(DP_DA) / np.maximum(tail, 1e-300)
    return 1.0 + in_x + in_a


@pytest.mark.parametrize(("name", "truth", "log_truth"), [("gammainc", P, LOG_P), ("gammaincc", Q, LOG_Q)])
def test_against_mpmath(name, truth, log_truth):
    error = relative(over(getattr(functions, name), A, X), truth)
    assert np.max(error) < 1.1e-13
    assert np.max(error / condition(truth, log_truth)) < 1.4e-15


@pytest.mark.parametrize(("name", "truth"), [("log_gammainc", LOG_P), ("log_gammaincc", LOG_Q)])
def test_logarithms_against_mpmath(name, truth):
    value = over(getattr(functions, name), A, X)
    assert np.max(relative(value, truth)) < 1.1e-13
    assert np.max(relative(value, truth)[truth < -1e-3]) < 7e-15


def test_derivative_against_mpmath():
    p, q, slope = over(functions.gammainc_da, A, X, outputs=3)
    assert np.max(relative(p, P)) < 1.1e-13
    assert np.max(relative(q, Q)) < 1.1e-13
    assert np.max(relative(slope, DP_DA)) < 1.1e-13


def test_sample_gradient_against_mpmath():
    assert np.max(relative(over(functions.gamma_sample_grad, A, X), DX_DA)) < 1.4e-14


@pytest.mark.parametrize(("name", "tail", "log_tail"), [("gammaincinv", P, LOG_P), ("gammainccinv", Q, LOG_Q)])
def test_inverse_against_mpmath(name, tail, log_tail):
    kept = (tail > 1e-300) & (tail < 1.0)
    value = over(getattr(functions, name), A[kept], tail[kept])
    density = np.exp(A * np.log(X) - X - scipy.special.gammaln(A) - log_tail)[kept]
    with np.errstate(divide="ignore"):
        allowed = 1e-15 + 4e-16 * (1.0 + np.abs(log_tail[kept])) / density
    kept_x = X[kept]
    assert np.all((relative(value, kept_x) < allowed) | (allowed > 1e-3))


@pytest.mark.parametrize("table", [k for k in BOOST if k.startswith("igamma_") and "inva" not in k])
def test_scipys_tables(table):
    a, x, _, q, _, p = BOOST[table].T
    for value, peer, truth in (
        (over(functions.gammainc, a, x), scipy.special.gammainc(a, x), p),
        (over(functions.gammaincc, a, x), scipy.special.gammaincc(a, x), q),
    ):
        error, theirs = relative(value, truth), relative(peer, truth)
        assert np.max(error) < min(1.4e-13, max(np.max(theirs), 3e-16))


def test_scipys_large_parameter_tables():
    a, x, p = LOCAL["gammainc"].T
    assert np.max(relative(over(functions.gammainc, a, x), p)) < 2.2e-13
    a, x, q = LOCAL["gammaincc"].T
    assert np.max(relative(over(functions.gammaincc, a, x), q)) < 2.2e-13


@pytest.mark.parametrize("table", [k for k in BOOST if k.startswith("gamma_inv_")])
def test_scipys_inverse_tables(table):
    a, p, lower, upper = BOOST[table].T
    bound = 1.9e-13 if "small" in table else 5e-16
    assert np.max(relative(over(functions.gammaincinv, a, p), lower)) < bound
    assert np.max(relative(over(functions.gammainccinv, a, p), upper)) < bound


def test_whole_domain_is_finite_and_consistent():
    grid = 10.0 ** np.concatenate([np.arange(-300, 301, 20), np.arange(-12, 17, 0.77)])
    a, x = (v.ravel() for v in np.meshgrid(grid, grid))
    p, q = over(functions.gammainc, a, x), over(functions.gammaincc, a, x)
    assert np.all((p >= 0.0) & (p <= 1.0) & (q >= 0.0) & (q <= 1.0))
    assert np.max(np.abs(p + q - 1.0)) < 2.3e-16
    assert np.all(np.isfinite(over(functions.log_gammainc, a, x)))
    assert np.all(np.isfinite(over(functions.log_gammaincc, a, x)))
    slope = over(functions.gammainc_da, a, x, outputs=3)[2]
    assert np.all(np.isfinite(slope) & (slope <= 0.0))
    usual = (a > 1e-5) & (a < 1e15) & (x < 1e200)
    gradient = over(functions.gamma_sample_grad, a[usual], x[usual])
    assert np.all(np.isfinite(gradient) & (gradient >= 0.0))


def test_inverse_returns_to_its_argument():
    rng = np.random.default_rng(3)
    a = 10 ** rng.uniform(-1, 12, 3000)
    p = np.where(rng.uniform(size=a.size) < 0.5, rng.uniform(size=a.size), 10 ** rng.uniform(-280, 0, a.size))
    for inverse, forward in (
        (functions.gammaincinv, functions.gammainc),
        (functions.gammainccinv, functions.gammaincc),
    ):
        x = over(inverse, a, p)
        kept = x > 1e-290
        x, shape, tail = x[kept], a[kept], p[kept]
        condition = np.exp(shape * np.log(x) - x - scipy.special.gammaln(shape) - np.log(tail))
        error = relative(over(forward, shape, x), tail) / (1.0 + np.abs(np.log(tail)) + condition)
        assert np.max(error) < 2e-15


def test_special_values():
    inf, nan = np.inf, np.nan
    a = [2.5, 2.5, 2.5, 2.5, nan, -1.0, inf]
    x = [0.0, inf, nan, -1.0, 1.0, 1.0, 1.0]
    np.testing.assert_array_equal(over(functions.gammainc, a, x), [0.0, 1.0, nan, nan, nan, nan, 0.0])
    np.testing.assert_array_equal(over(functions.gammaincc, a, x), [1.0, 0.0, nan, nan, nan, nan, 1.0])
    np.testing.assert_array_equal(over(functions.log_gammainc, a, x), [-inf, 0.0, nan, nan, nan, nan, -inf])
    np.testing.assert_array_equal(over(functions.log_gammaincc, a, x), [0.0, -inf, nan, nan, nan, nan, 0.0])
    a = [2.5, 2.5, 2.5, 2.5, 2.5, nan, -1.0, 1e-4]
    p = [0.0, 1.0, nan, -0.1, 1.1, 0.5, 0.5, 0.5]
    np.testing.assert_array_equal(over(functions.gammaincinv, a, p), [0.0, inf, nan, nan, nan, nan, nan, 0.0])
    np.testing.assert_array_equal(over(functions.gammainccinv, a, p), [inf, 0.0, nan, nan, nan, nan, nan, 0.0])
    assert over(functions.gamma_sample_grad, 2.5, 0.0) == 0.0
    np.testing.assert_allclose(over(functions.log_gammaincc, 2.0, 1e5), np.log1p(1e5) - 1e5, rtol=1e-15)


def test_plain_python():
    a = np.array([1e-4, 0.3, 0.9, 2.5, 2.5, 7.0, 30.0, 30.0, 30.0, 1e5])
    x = np.array([0.7, 0.1, 1.9, 0.4, 6.0, 7.0, 3.0, 28.0, 90.0, 1.001e5])
    names = ["gammainc", "gammaincc", "log_gammainc", "log_gammaincc", "gamma_sample_grad"]
    for name in names:
        kernel = getattr(functions, name)
        plain = [kernel(u, v) for u, v in zip(a.tolist(), x.tolist(), strict=True)]
        np.testing.assert_allclose(plain, over(kernel, a, x), rtol=3e-13, atol=1e-300)
    plain = [functions.gammainc_da(u, v) for u, v in zip(a.tolist(), x.tolist(), strict=True)]
    np.testing.assert_allclose(
        np.transpose(plain), over(functions.gammainc_da, a, x, outputs=3), rtol=3e-13, atol=1e-300
    )
    p = np.array([0.9999, 0.1, 0.9, 0.4, 1e-9, 0.5, 1e-30, 0.7, 0.999, 0.3])
    for name in ("gammaincinv", "gammainccinv"):
        kernel = getattr(functions, name)
        plain = [kernel(u, v) for u, v in zip(a.tolist(), p.tolist(), strict=True)]
        np.testing.assert_allclose(plain, over(kernel, a, p), rtol=3e-13, atol=1e-300)
