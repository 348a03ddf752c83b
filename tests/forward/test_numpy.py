"""Derivatives through NumPy and scipy.special, against differences."""

import mpmath as mp
import numpy as np
import pytest
from scipy import special

import fastdist as fd

X = np.array([[0.3, 1.7, 2.2], [0.9, 0.4, 1.1]])
Y = np.array([[1.2, 0.6, 0.8], [2.5, 1.9, 0.7]])
STEP = 1e-5

UFUNCS = {
    "real": (
        *(np.exp, np.exp2, np.expm1, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.tanh, np.arcsinh),
        *(np.square, np.negative, np.positive, np.absolute, np.fabs, np.cbrt, np.reciprocal, np.deg2rad, np.rad2deg),
        *(special.erf, special.erfc, special.ndtr, special.log_ndtr, special.expit, special.log_expit, special.cosm1),
        *(special.exprel, special.j0, special.i0, special.i0e, special.i1, special.i1e, np.sinc, np.conjugate),
        *(np.floor, np.ceil, np.rint, np.trunc, np.sign, np.radians, np.degrees),
    ),
    "positive": (
        *(np.log, np.log2, np.log10, np.log1p, np.sqrt, special.gammaln, special.gamma, special.psi),
        *(special.entr, special.k0, special.k1, special.loggamma),
    ),
    "unit": (np.arcsin, np.arccos, np.arctanh, special.erfinv, special.erfcinv, special.ndtri, special.logit),
    "negative": (special.ndtri_exp,),
    "above 1": (np.arccosh,),
}
PLACES = {"real": X - 1.0, "positive": X, "unit": X / 3.0, "negative": -X, "above 1": X + 1.0}
PAIRS = (
    *(np.add, np.subtract, np.multiply, np.divide, np.power, np.float_power, np.arctan2, np.hypot, np.logaddexp),
    *(np.logaddexp2, np.maximum, np.minimum, np.fmax, np.fmin, np.remainder, np.fmod, np.copysign, np.floor_divide),
    *(np.heaviside, special.xlogy, special.xlog1py, special.beta, special.betaln, special.rel_entr, special.kl_div),
)
FUNCTIONS = {
    "sum": lambda x: np.sum(x, axis=0),
    "sum of all": lambda x: x.sum(initial=3.0),
    "sum where": lambda x: np.sum(x, where=np.array([True, False, True])),
    "mean": lambda x: np.mean(x, axis=1, keepdims=True),
    "var": lambda x: np.var(x, axis=1),
    "var of a sample": lambda x: x.var(ddof=1),
    "std": lambda x: np.std(x, axis=0, ddof=1, keepdims=True),
    "prod": lambda x: np.prod(x, axis=1),
    "prod of all": lambda x: x.prod(keepdims=True),
    "prod with zeros": lambda x: np.prod(x * np.array([1.0, 0.0, 1.0]), axis=1),
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "cumprod": lambda x: np.cumprod(x, axis=0),
    "cumprod of all": lambda x: x.cumprod(),
    "max": lambda x: np.max(x, axis=1),
    "min of all": lambda x: x.min(),
    "ptp": lambda x: np.ptp(x, axis=0),
    "median": lambda x: np.median(x, axis=1),
    "median of all": lambda x: np.median(x),
    "sort": lambda x: np.sort(x, axis=1),
    "average": lambda x: np.average(x, axis=1, weights=[1.0, 2.0, 3.0]),
    "diff": lambda x: np.diff(x, n=2),
    "clip": lambda x: np.clip(x, 0.5, 2.0),
    "where": lambda x: np.where(x > 1.0, x * x, 3.0),
    "reshape": lambda x: x.reshape(3, 2) ** 2,
    "transpose": lambda x: x.T @ np.ones(2),
    "index": lambda x: x[1, ::-1] * x[..., None, 0],
    "mask": lambda x: x[X > 1.0],
    "take": lambda x: np.take(x, [2, 0], axis=1),
    "concatenate": lambda x: np.concatenate([x, np.ones((1, 3)), [[1, 2, 3]]]),
    "stack": lambda x: np.stack([x[0], x[1] ** 2, np.zeros(3)]),
    "hstack": lambda x: np.hstack([x, x]),
    "append": lambda x: np.append(x, [5.0]),
    "split": lambda x: np.split(x, 3, axis=1)[1],
    "tile": lambda x: np.tile(x, 2),
    "roll": lambda x: np.roll(x, 1, axis=1),
    "broadcast": lambda x: np.broadcast_to(x[:1], (4, 3)),
    "broadcast together": lambda x: np.broadcast_arrays(x[:, :1], X)[0],
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1).mT,
    "trace": lambda x: np.trace(x[:, :2]),
    "diag": lambda x: np.diag(x[0]),
    "tril": lambda x: np.tril(x),
    "outer": lambda x: np.outer(x[0], x[1]),
    "add outer": lambda x: np.multiply.outer(x[0], Y[0]),
    "add reduce": lambda x: np.add.reduce(x) + np.multiply.reduce(x) + np.maximum.reduce(x),
    "accumulate": lambda x: np.add.accumulate(x, axis=1),
    "dot": lambda x: np.dot(x, x.T),
    "matmul": lambda x: Y.T @ x,
    "vecdot": lambda x: np.vecdot(x, Y),
    "tensordot": lambda x: np.tensordot(x, Y, axes=([0], [0])),
    "einsum": lambda x: np.einsum("ij,kj->ik", x, x),
    "kron": lambda x: np.kron(x, Y),
    "linspace": lambda x: np.linspace(x[0], x[1], 4),
    "trapezoid": lambda x: np.trapezoid(x, dx=0.5),
    "nan_to_num": lambda x: np.nan_to_num(x),
    "norm": lambda x: np.linalg.norm(x),
    "norm of rows": lambda x: np.linalg.norm(x, axis=1),
    "norm of order 1": lambda x: np.linalg.norm(x, ord=1, axis=1),
    "inv": lambda x: np.linalg.inv(x.T @ x + np.eye(3)),
    "det": lambda x: np.linalg.det(x @ x.T),
    "slogdet": lambda x: np.linalg.slogdet(x @ x.T).logabsdet,
    "solve": lambda x: np.linalg.solve(x @ x.T, x),
    "solve for a vector": lambda x: np.linalg.solve(Y @ Y.T, x[:, 0]),
    "cholesky": lambda x: np.linalg.cholesky(x @ x.T),
    "power": lambda x: 2.0**x + x**3 + x**0,
    "remainder": lambda x: x % 0.7 + x // 0.7,
    "rounded": lambda x: x.round(1) * x,
}


def differences(function, x, directions):
    """The derivative by a fourth-order difference, along a first axis of directions."""
    found = []
    for d in directions:
        far, near = (function(x + s * STEP * d) - function(x - s * STEP * d) for s in (2.0, 1.0))
        found.append((8.0 * near - far) / (12.0 * STEP))
    return np.stack(found)


DIRECTIONS = np.random.default_rng(5).normal(size=(2, 2, 3))


@pytest.mark.parametrize(
    ("ufunc", "at"), [(u, p) for p, ufuncs in UFUNCS.items() for u in ufuncs], ids=lambda v: getattr(v, "__name__", v)
)
def test_ufuncs(ufunc, at):
    x = PLACES[at]
    result = ufunc(fd.Dual(x, DIRECTIONS))
    np.testing.assert_array_equal(result.primal, ufunc(x))
    np.testing.assert_allclose(result.tangent, differences(ufunc, x, DIRECTIONS), rtol=2e-8, atol=2e-9)


@pytest.mark.parametrize("ufunc", PAIRS, ids=lambda u: u.__name__)
def test_ufuncs_of_two(ufunc):
    both = ufunc(fd.Dual(X, DIRECTIONS), fd.Dual(Y, DIRECTIONS[::-1]))
    first = ufunc(fd.Dual(X, DIRECTIONS), Y)
    second = ufunc(X, fd.Dual(Y, DIRECTIONS[::-1]))
    np.testing.assert_allclose(both.tangent, first.tangent + second.tangent, rtol=1e-14)
    want = differences(lambda x: ufunc(x, Y), X, DIRECTIONS)
    np.testing.assert_allclose(first.tangent, want, rtol=2e-8, atol=2e-9)
    want = differences(lambda y: ufunc(X, y), Y, DIRECTIONS[::-1])
    np.testing.assert_allclose(second.tangent, want, rtol=2e-8, atol=2e-9)
    # One that lacks axes of the other.
    row = ufunc(fd.Dual(X[0], DIRECTIONS[:, 0]), Y)
    want = differences(lambda x: ufunc(x, Y), X[0], DIRECTIONS[:, 0])
    np.testing.assert_allclose(row.tangent, want, rtol=2e-8, atol=2e-9)


def gammainc(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def betainc(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


@pytest.mark.parametrize(
    ("ufunc", "exact", "at"),
    [
        (special.gammainc, gammainc, (2.3, 1.7)),
        (special.gammaincc, lambda a, x: 1 - gammainc(a, x), (0.3, 1.7)),
        (special.betainc, betainc, (2.3, 1.7, 0.3)),
        (special.betaincc, lambda *a: 1 - betainc(*a), (20.3, 10.7, 0.6)),
        (special.gammaincinv, gammainc, (2.3, 0.7)),
        (special.betaincinv, betainc, (2.3, 1.7, 0.7)),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_incomplete_functions(ufunc, exact, at):
    """In each argument; an inverse by the function at its result, once and twice."""
    inverse = ufunc.__name__.endswith("inv")
    result = ufunc(*at)
    place = (*at[:-1], float(result)) if inverse else at
    slopes = [float(mp.diff(exact, place, [int(i == k) for i in range(len(at))])) for k in range(len(at))]
    for k in range(len(at)):
        unit = [float(i == k) for i in range(len(at))]
        want = slopes[k] if not inverse else (1.0 if k == len(at) - 1 else -slopes[k]) / slopes[-1]
        got = ufunc(*map(fd.Dual, at, unit))
        assert got.primal == result and got.tangent == pytest.approx(want, rel=1e-12)
    if ufunc is special.gammainc:
        twice = fd.jvp(lambda a: fd.jvp(lambda a: ufunc(a, at[1]), (a,), (1.0,))[1], (at[0],), (1.0,))[1]
        assert twice == pytest.approx(float(mp.diff(exact, at, (2, 0))), rel=1e-12)
        batch = ufunc(fd.Dual([1.0, 2.0], np.eye(2)), [[0.5], [1.0], [0.0]])
        assert batch.tangent.shape == (2, 3, 2) and not batch.tangent[0, :, 1].any()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    function = FUNCTIONS[name]
    result = function(fd.Dual(X, DIRECTIONS))
    np.testing.assert_allclose(result.primal, function(X), rtol=1e-14)
    want = differences(function, X, DIRECTIONS)
    assert np.shape(result.tangent) == want.shape
    np.testing.assert_allclose(result.tangent, want, rtol=2e-8, atol=2e-9)


@pytest.mark.parametrize("name", [n for n in FUNCTIONS if n not in ("norm of order 1",)])
def test_second_derivatives(name):
    """Forward over forward, against a difference of the first derivatives."""
    function, (first, second) = FUNCTIONS[name], DIRECTIONS

    def slope(x):
        return fd.jvp(function, (x,), (first,))[1]

    value, moved = fd.jvp(slope, (X,), (second,))
    np.testing.assert_allclose(value, slope(X), rtol=1e-13)
    np.testing.assert_allclose(moved, differences(slope, X, [second])[0], rtol=1e-7, atol=1e-7)


def test_far_out():
    """Where the obvious formula of a derivative cancels or overflows."""
    for ufunc, x, want in (
        (special.log_ndtr, -1e8, 1e8),
        (special.log_ndtr, -40.0, mp.npdf(-40) / mp.ncdf(-40)),
        (special.log_ndtr, 30.0, mp.npdf(30)),
        (special.ndtri_exp, -1e10, 1 / mp.sqrt(2e10)),
        (special.expit, 800.0, 0.0),
        (special.log_expit, -800.0, 1.0),
        (np.tanh, 200.0, 4 * mp.exp(-400)),
        (np.arctanh, 1.0 - 2.0**-53, 2.0**52),
        (np.hypot, None, None),
    ):
        if x is not None:
            got = ufunc(fd.Dual(x, 1.0)).tangent
            assert got == pytest.approx(float(want), rel=2e-10 if ufunc is special.ndtri_exp else 1e-13)


def test_what_does_not_move_stays():
    """A direction of 0 is 0 where a slope is infinite."""
    assert np.sqrt(fd.Dual([0.0, 4.0], [0.0, 1.0])).tangent.tolist() == [0.0, 0.25]
    assert np.sqrt(fd.Dual(0.0, 1.0)).tangent == np.inf
    guarded = fd.Dual([0.0, 1.0], [1.0, 1.0])
    safe = np.where(guarded > 0, guarded, 1.0)
    assert np.where(guarded > 0, np.log(safe), 0.0).tangent.tolist() == [0.0, 1.0]


def test_corners():
    """Where a derivative or a value has a case of its own."""
    assert np.heaviside([0.0, 1.0], fd.Dual([0.5, 0.5], [1.0, 1.0])).tangent.tolist() == [1.0, 0.0]
    assert np.divide([2.0, 3.0], fd.Dual([1.0, 2.0], [1.0, 1.0])).tangent.tolist() == [-2.0, -0.75]
    one, pair = fd.Dual(2.0, 1.0), fd.Dual([1.0, 3.0], [0.0, 1.0])
    assert np.multiply([one, 1.0], pair).tangent.tolist() == [1.0, 1.0]
    assert np.dot([one, 1.0], pair).tangent == 2.0
    assert np.where([True, False], [one, one], pair).tangent.tolist() == [1.0, 1.0]
    assert np.linalg.norm(fd.Dual([np.inf, 1.0], [0.0, 1.0])).primal == np.inf
    assert np.linalg.norm(fd.Dual([0.0, 0.0], [0.0, 0.0])).tangent == 0.0
    single = np.concatenate([fd.Dual(np.ones(2, np.float32), np.ones(2, np.float32)), np.zeros(1, np.float32)])
    assert single.dtype == single.tangent.dtype == np.float32


def test_ties_are_shared():
    x = fd.Dual([1.0, 1.0, 0.0], np.eye(3))
    assert np.max(x).tangent.tolist() == [0.5, 0.5, 0.0]
    assert np.maximum(fd.Dual(1.0, 1.0), 1.0).tangent == 0.5


@pytest.mark.parametrize("convert", [np.asarray, np.array, float, int, complex], ids=lambda f: f.__name__)
def test_no_tangent_is_lost(convert):
    with pytest.raises(TypeError, match="primal"):
        convert(fd.Dual(1.5, 1.0))


def test_no_tangent_is_stored():
    target = np.zeros(2)
    with pytest.raises((TypeError, ValueError)):
        target[0] = fd.Dual(1.5, 1.0)
    with pytest.raises(TypeError, match="out="):
        np.exp(fd.Dual([1.0, 2.0], [1.0, 1.0]), out=target)
    with pytest.raises(TypeError, match="out="):
        np.sum(fd.Dual([1.0, 2.0], [1.0, 1.0]), out=target)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (lambda x: np.fft.fft(x), "fft"),
        (lambda x: np.linalg.svd(x), "svd"),
        (lambda x: np.spacing(x), "spacing"),
        (lambda x: np.linalg.norm(x, ord="nuc"), "norm"),
        (lambda x: np.var(x, dtype=np.float32), "var"),
        (lambda x: special.zeta(x, 2.0), "zeta"),
        (lambda x: np.subtract.accumulate(x), "subtract.accumulate"),
        (lambda x: np.add.at(X.copy(), 0, x), "add.at"),
    ],
)
def test_what_has_no_rule_is_named(function, name):
    with pytest.raises(TypeError, match=name):
        function(fd.Dual(X, X))


def test_comparisons_are_plain():
    x = fd.Dual(X, X)
    assert type(x > 1.0) is np.ndarray and type(np.isfinite(x)) is np.ndarray
    assert np.argmax(x) == np.argmax(X) and x.argsort().tolist() == X.argsort().tolist()
    assert np.allclose(x, X) and np.shape(x) == (2, 3) == x.shape and x.ndim == 2 and x.size == 6 and len(x) == 2
    assert type(np.zeros_like(x)) is np.ndarray
    assert bool(fd.Dual(1.0, 1.0)) and not fd.Dual(0.0, 1.0)


def test_construction():
    one = fd.Dual([1, 2], [1, 0])
    assert one.dtype == np.float64 and one.tangent.shape == (2,)
    many = fd.Dual(X, DIRECTIONS)
    assert (many * 2.0).tangent.shape == (2, 2, 3)
    assert fd.Dual(np.float32(1.0), np.float32(1.0)).dtype == np.float32
    assert many.astype(np.float32).tangent.dtype == np.float32
    with pytest.raises(ValueError, match=r"\(2,\).*got \(3,\)"):
        fd.Dual([1.0, 2.0], [1.0, 1.0, 1.0])
    with pytest.raises(TypeError, match="real numbers"):
        fd.Dual(1j, 1.0)
    with pytest.raises(TypeError, match="real numbers"):
        many.astype(int)
    with pytest.raises(ValueError, match="number of directions; got 2, 3"):
        many * fd.Dual(X, np.zeros((3, 2, 3)))
    with pytest.raises(TypeError, match="index"):
        many[fd.Dual(1.0, 1.0)]


# jvp and value_and_grad --------------------------------------------------------------------------


def test_jvp():
    value, derivative = fd.jvp(lambda x, y: {"a": x * y, "b": [x, 3.0]}, (X, 2.0), (DIRECTIONS[0], 1.0))
    np.testing.assert_array_equal(value["a"], 2.0 * X)
    np.testing.assert_allclose(derivative["a"], 2.0 * DIRECTIONS[0] + X, rtol=1e-15)
    assert derivative["b"][1] == 0.0
    several = fd.jvp(lambda x: x * x, (X,), (DIRECTIONS,))[1]
    np.testing.assert_allclose(several, 2.0 * X * DIRECTIONS, rtol=1e-15)
    nested = fd.jvp(lambda p: p["w"] @ p["x"][0], ({"w": X, "x": (Y[0],)},), ({"w": Y, "x": (X[0],)},))[1]
    np.testing.assert_allclose(nested, Y @ Y[0] + X @ X[0], rtol=1e-14)
    with pytest.raises(TypeError, match="tuples"):
        fd.jvp(np.sin, 1.0, 1.0)
    with pytest.raises(ValueError, match="structure"):
        fd.jvp(np.sin, (1.0,), (1.0, 2.0))
    with pytest.raises(TypeError, match="jvp: f must be a function; got 3"):
        fd.jvp(3, (1.0,), (1.0,))


@pytest.mark.parametrize("size", [0, 1, 3, 40])
def test_value_and_grad(size):
    weights = np.random.default_rng(2).normal(size=size)

    def f(theta, power):
        return np.sum(theta["a"] ** power * weights) * theta["b"][0] + theta["b"][1]

    theta = {"a": np.linspace(0.5, 1.5, size), "b": (2.0, np.float32(1.0))}
    value, gradient = fd.value_and_grad(f)(theta, 3)
    assert value == pytest.approx(2.0 * np.sum(theta["a"] ** 3 * weights) + 1.0)
    np.testing.assert_allclose(gradient["a"], 6.0 * theta["a"] ** 2 * weights, rtol=1e-14)
    assert gradient["b"][0] == pytest.approx(np.sum(theta["a"] ** 3 * weights)) and gradient["b"][1] == 1.0


def test_second_derivatives_of_a_number():
    """A gradient of a gradient, with what is differentiated left in closures."""

    def f(x):
        return np.exp(x[0]) * np.sin(x[1]) * x[0]

    def of_first(x):
        return fd.value_and_grad(f)(x)[1][0]

    x = np.array([0.3, 0.7])
    _, row = fd.value_and_grad(of_first)(x)
    np.testing.assert_allclose(row, [np.exp(0.3) * np.sin(0.7) * 2.3, np.exp(0.3) * np.cos(0.7) * 1.3], rtol=1e-14)
    # d/dx of x * (d/dy of x + y) is 1: the inner derivative does not see the outer one.
    assert fd.jvp(lambda x: x * fd.jvp(lambda y: x + y, (1.0,), (1.0,))[1], (1.0,), (1.0,))[1] == 1.0
    held = fd.Dual(2.0, 1.0)
    assert fd.value_and_grad(lambda x: x * held)(3.0)[1].primal == 2.0


def test_results_that_are_no_numbers():
    with pytest.raises(TypeError, match=r"must give a number; got an array of shape \(2, 3\)"):
        fd.value_and_grad(np.sin)(X)
    with pytest.raises(TypeError, match="value_and_grad: f must be a function; got 3"):
        fd.value_and_grad(3)
    for result in ("a", None):
        with pytest.raises(TypeError, match=f"value_and_grad: the function's result must be real.*{result!r}"):
            fd.value_and_grad(lambda x, result=result: result)(X)
    assert fd.value_and_grad(lambda x: 3.0)(X)[1].tolist() == np.zeros((2, 3)).tolist()
