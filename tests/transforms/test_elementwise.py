"""Transforms of single numbers against mpmath: values, inverses, log determinants and derivatives, to conditioning."""

from math import inf, nan

import mpmath as mp
import numpy as np
import pytest
from helpers import close

import fastdist as fd
from fastdist import transforms as t

DIGITS = 60
ORDINARY = [-36.5, -5.0, -1.25, -0.3, -1e-5, 1e-9, 0.1, 0.6931471805599453, 1.0, 2.5, 17.0, 36.5]
POSITIVE = [1e-300, 1e-12, 0.04, 0.5, 0.9999, 1.0, 1.75, 40.0, 1e12, 1e300]


def mpf(x):
    return mp.mpf(float(x))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def sinh_arcsinh(x, skewness, tailweight):
    return mp.sinh((mp.asinh(x) + skewness) * tailweight)


# A transform, its map, the inverse, and values: further ones have results that float64 cannot tell apart.
ROWS = [
    (t.ExpTransform(), mp.exp, mp.log, [*ORDINARY, -700.0, 700.0]),
    (t.LogTransform(), mp.log, mp.exp, POSITIVE),
    (
        t.AffineTransform(0.3, -2.5),
        lambda x: mpf(0.3) - mpf(2.5) * x,
        lambda y: (mpf(0.3) - y) / mpf(2.5),
        [*ORDINARY, -1e300, 1e300],
    ),
    (
        t.PowerTransform(2.5),
        lambda x: x ** mpf(2.5),
        lambda y: y ** (1 / mpf(2.5)),
        [v for v in POSITIVE if 1e-99 < v < 1e99],
    ),
    (t.PowerTransform(-0.3), lambda x: x ** mpf(-0.3), lambda y: y ** (1 / mpf(-0.3)), POSITIVE),
    (t.PowerTransform(1 / 3), lambda x: x ** mpf(1 / 3), lambda y: y ** (1 / mpf(1 / 3)), POSITIVE),
    (t.SigmoidTransform(), sigmoid, lambda y: mp.log(y / (1 - y)), [*ORDINARY, -700.0, -100.0]),
    (
        t.IntervalTransform(-1.0, 3.0),
        lambda x: -1 + 4 * sigmoid(x),
        lambda y: mp.log((y + 1) / (3 - y)),
        ORDINARY[1:-1],
    ),
    (t.TanhTransform(), mp.tanh, mp.atanh, [v for v in ORDINARY if abs(v) < 17.5]),
    (t.SoftplusTransform(), lambda x: mp.log1p(mp.exp(x)), lambda y: mp.log(mp.expm1(y)), [*ORDINARY, -700.0, 700.0]),
    (
        t.SinhArcsinhTransform(0.5, 1.5),
        lambda x: sinh_arcsinh(x, mpf(0.5), mpf(1.5)),
        lambda y: mp.sinh(mp.asinh(y) / mpf(1.5) - mpf(0.5)),
        [*ORDINARY, -1e150, 1e100],
    ),
    (
        t.SinhArcsinhTransform(-2.0, 0.25),
        lambda x: sinh_arcsinh(x, -2, mpf(0.25)),
        lambda y: mp.sinh(mp.asinh(y) / mpf(0.25) + 2),
        [*ORDINARY, -1e300, 1e300],
    ),
    (t.CumulativeDistributionTransform(fd.Normal(0.5, 2.0)), lambda x: mp.ncdf(x, 0.5, 2), None, ORDINARY),
]
rows = pytest.mark.parametrize(("transform", "forward", "backward", "values"), ROWS, ids=[repr(row[0]) for row in ROWS])
chains = [
    t.ComposeTransform([t.AffineTransform(0.3, -0.5), t.ExpTransform(), t.PowerTransform(1.5)]),
    t.ComposeTransform([t.SinhArcsinhTransform(0.5, 1.5), t.TanhTransform(), t.SigmoidTransform()]),
    t.ComposeTransform([t.SoftplusTransform(), t.LogTransform(), t.IntervalTransform(-1.0, 3.0).inv.inv]),
]


def derivative(function, x):
    """The derivative, by central differences at so many digits that nothing is lost."""
    with mp.workdps(150):
        h = mp.mpf(10) ** -45 * (abs(x) if x else 1)
        return (function(x + h) - function(x - h)) / (2 * h)


def log_slope(function, x):
    return mp.log(abs(derivative(function, x)))


def exact(function, values):
    with mp.workdps(DIGITS):
        return np.array([float(function(mpf(v))) for v in values])


def change(function, values):
    """What half-ulp changes of the values change: see helpers.close."""
    return np.array([float(abs(derivative(function, mpf(v)) * mpf(v))) for v in values])


def by_parameters(transform, y):
    """What half-ulp changes of parameters change, where that is more: powers of exp(arsinh(x))."""
    return abs(y * np.arcsinh(y)) if isinstance(transform, t.SinhArcsinhTransform) else 0.0


@rows
def test_value(transform, forward, backward, values):
    got = transform(np.array(values))
    with mp.workdps(DIGITS):
        slack = change(forward, values)
    slack = slack + by_parameters(transform, got)
    assert close(got, exact(forward, values), 1e-15, slack).all()


@rows
def test_inverse(transform, forward, backward, values):
    if backward is None:
        pytest.skip("quantiles have their own tests")
    y = transform(np.array(values))
    y = y[np.isfinite(y) & (y != 0) & transform.codomain.check(y)]
    with mp.workdps(DIGITS):
        slack = change(backward, y)
        slack = slack + by_parameters(transform, transform.inv(y))
    assert close(transform.inv(y), exact(backward, y), 1.5e-15, slack).all()


@rows
def test_log_det(transform, forward, backward, values):
    x = np.array(values)
    with mp.workdps(DIGITS):
        want = np.array([float(log_slope(forward, mpf(v))) for v in values])
        slack = change(lambda v: log_slope(forward, v), values) if backward else 0.0
        slack = slack + (1.0 if isinstance(transform, t.IntervalTransform) else 0.0)
    y, together = transform.forward_and_log_det(x)
    assert close(transform.log_abs_det_jacobian(x, y), want, 2e-15, slack).all()
    np.testing.assert_allclose(together, want, rtol=1e-13, atol=1e-14)
    np.testing.assert_array_equal(y, transform(x))


@rows
def test_log_det_of_the_inverse(transform, forward, backward, values):
    x = np.array(values)
    y = transform(x)
    inside = np.isfinite(y) & (abs(x) < 15)
    x, y = x[inside], y[inside]
    back, log_det = transform.inv.forward_and_log_det(y)
    np.testing.assert_allclose(back, transform.inv(y), rtol=1e-14)
    np.testing.assert_allclose(log_det, -transform.log_abs_det_jacobian(x), rtol=1e-7, atol=1e-7)
    np.testing.assert_array_equal(transform.inv.log_abs_det_jacobian(y, x), -transform.log_abs_det_jacobian(x, y))
    np.testing.assert_array_equal(transform.inv.log_abs_det_jacobian(y), log_det)


@pytest.mark.parametrize("transform", [row[0] for row in ROWS] + chains + [chain.inv for chain in chains[:1]], ids=repr)
def test_derivatives(transform):
    """The kernel of derivatives against differences of the others, in x and in each parameter."""
    x = np.array([0.35, 0.8, 1.9])
    y, log_det, in_x, of_log_det, *slopes = transform.forward_and_grad(x)
    np.testing.assert_allclose(y, transform(x), rtol=1e-15)
    np.testing.assert_allclose(log_det, transform.log_abs_det_jacobian(x), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(np.log(abs(in_x)), log_det, rtol=1e-13, atol=1e-14)
    h = 1e-5
    assert np.sign(in_x) == pytest.approx(np.broadcast_to(transform.sign, x.shape))
    numeric = (transform.log_abs_det_jacobian(x + h) - transform.log_abs_det_jacobian(x - h)) / (2 * h)
    np.testing.assert_allclose(of_log_det, numeric, rtol=1e-7, atol=1e-9)
    fused = getattr(transform, "_fused", None) or transform._runs()[0]._fused
    for i in range(fused.chain.parameters):
        up, down = (_moved(transform, i, sign * h) for sign in (1, -1))
        np.testing.assert_allclose(slopes[i], (up(x) - down(x)) / (2 * h), rtol=1e-7, atol=1e-9)
        numeric = (up.log_abs_det_jacobian(x) - down.log_abs_det_jacobian(x)) / (2 * h)
        np.testing.assert_allclose(slopes[fused.chain.parameters + i], numeric, rtol=1e-6, atol=1e-8)


def _moved(transform, i, h):
    """The same transform with its i-th parameter moved."""
    if isinstance(transform, t.ComposeTransform):
        parts = list(transform.parts)
        for k, part in enumerate(parts):
            own = part.inv if type(part).__name__ == "_InverseTransform" else part
            count = len(own._pieces()[0].arguments)
            if i < count:
                moved = _moved(own, i, h)
                parts[k] = moved if own is part else moved.inv
                return t.ComposeTransform(parts)
            i -= count
    arguments = dict(transform._arguments())
    if "distribution" in arguments:
        parameters = dict(arguments["distribution"]._parameters)
        name = list(parameters)[i]
        return t.CumulativeDistributionTransform(
            type(arguments["distribution"])(**{**parameters, name: parameters[name] + h})
        )
    name = list(arguments)[i]
    return type(transform)(**{**arguments, name: arguments[name] + h})


# The ends of the real line --------------------------------------------------------------------------


def test_sigmoid_at_the_ends():
    s = t.SigmoidTransform()
    x = np.array([-inf, -800.0, -745.0, 36.7, 40.0, 800.0, inf])
    np.testing.assert_array_equal(s(x), [0.0, 0.0, 5e-324, 1 - 2.0**-53, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(s.log_abs_det_jacobian(x), [-inf, -800.0, -745.0, -36.7, -40.0, -800.0, -inf])
    np.testing.assert_array_equal(s.inv([0.0, 1.0, 0.5]), [-inf, inf, 0.0])
    assert s.inv(5e-324) == pytest.approx(-744.4400719213812, rel=1e-15)
    assert np.isnan(s.inv([-0.1, 1.1])).all()


def test_tanh_at_the_ends():
    s = t.TanhTransform()
    x = np.array([-300.0, 300.0])
    np.testing.assert_allclose(s.log_abs_det_jacobian(x), 2 * (np.log(2) - 300.0), rtol=1e-15)
    np.testing.assert_array_equal(s([-300.0, 300.0, -inf, inf]), [-1.0, 1.0, -1.0, 1.0])
    np.testing.assert_array_equal(s.inv([-1.0, 1.0]), [-inf, inf])
    np.testing.assert_allclose(s.log_abs_det_jacobian([1e-5, 1e-100]), [-1e-10 + 1e-20 / 6, -1e-200], rtol=1e-15)
    np.testing.assert_array_equal(s.log_abs_det_jacobian([-inf, inf]), -inf)


def test_softplus_at_the_ends():
    s = t.SoftplusTransform()
    np.testing.assert_array_equal(s([-inf, -1000.0, 1000.0, inf]), [0.0, 0.0, 1000.0, inf])
    np.testing.assert_array_equal(s.inv([0.0, 1000.0, inf]), [-inf, 1000.0, inf])
    np.testing.assert_allclose(s.inv([1e-300, 5e-324]), [-690.7755278982137, -744.4400719213812], rtol=1e-15)
    assert s(-700.0) == pytest.approx(9.859676543759770e-305, rel=1e-15)
    assert np.isnan(s.inv(-1.0))


def test_power_at_the_ends():
    np.testing.assert_array_equal(t.PowerTransform(2.0)([0.0, -0.0, inf]), [0.0, 0.0, inf])
    np.testing.assert_array_equal(t.PowerTransform(-2.0)([0.0, -0.0, inf]), [inf, inf, 0.0])
    np.testing.assert_array_equal(t.PowerTransform(-2.0).inv([0.0, inf]), [inf, 0.0])
    np.testing.assert_array_equal(t.PowerTransform(1.0).log_abs_det_jacobian([0.0, 1e300]), [0.0, 0.0])
    np.testing.assert_array_equal(t.PowerTransform(2.0).log_abs_det_jacobian([0.0, inf]), [-inf, inf])
    for method in ("__call__", "log_abs_det_jacobian"):
        assert np.isnan(getattr(t.PowerTransform(2.0), method)(-1.0))
    assert np.isnan(t.PowerTransform(2.0).inv(-1.0))
    # A root by the rounded reciprocal of 3 would be off by 100 ulp here.
    np.testing.assert_allclose(t.PowerTransform(3.0).inv([1e300, 1e-300]), [1e100, 1e-100], rtol=3e-16)


def test_interval_stays_inside():
    random = np.random.default_rng(5)
    low = random.normal(size=1000)
    high = low + random.exponential(size=1000)
    s = t.IntervalTransform(low, high)
    for x in (-800.0, -37.0, 0.0, 37.0, 800.0):
        y = s(x)
        assert ((y >= low) & (y <= high)).all()
    np.testing.assert_array_equal(s(inf), high)
    np.testing.assert_array_equal(s.inv(high), inf)
    assert t.IntervalTransform(0.0, 1e-300).inv(t.IntervalTransform(0.0, 1e-300)(-3.0)) == pytest.approx(
        -3.0, rel=1e-14
    )


@pytest.mark.parametrize("transform", [row[0] for row in ROWS] + chains, ids=repr)
def test_nan_stays_nan(transform):
    for got in (
        transform(nan),
        transform.inv(nan),
        transform.log_abs_det_jacobian(nan),
        *transform.forward_and_log_det(nan),
    ):
        assert np.isnan(got)


# Dtypes, shapes, what is taken ----------------------------------------------------------------------


@pytest.mark.parametrize("transform", [row[0] for row in ROWS] + chains + [t.AbsTransform()], ids=repr)
def test_dtypes_and_shapes(transform):
    x = np.array([[0.3, 0.6, 0.9]])
    wide = transform(x)
    narrow = transform(x.astype(np.float32))
    assert wide.dtype == np.float64 and narrow.dtype == np.float32 and wide.shape == narrow.shape == x.shape
    np.testing.assert_allclose(narrow, wide, rtol=4e-6)
    assert transform(x.astype(np.float16)).dtype == np.float32
    assert type(transform(0.5)) is type(transform(np.float64(0.5))) is np.float64
    assert type(transform(np.float32(0.5))) is np.float32
    assert transform(1).dtype == transform([1, 1]).dtype == np.float64
    assert transform(0.3) == wide[0, 0]
    assert transform(np.empty((0, 3))).shape == (0, 3)
    assert transform.forward_shape((4, 2)) == transform.inverse_shape((4, 2)) == (4, 2)
    if transform.bijective:
        assert transform.log_abs_det_jacobian(x.astype(np.float32)).dtype == np.float32
        assert transform.log_abs_det_jacobian(x).shape == x.shape
        assert type(transform.log_abs_det_jacobian(0.5)) is np.float64
        assert all(type(v) is np.float64 for v in transform.forward_and_log_det(0.5))


def test_parameters_broadcast():
    s = t.AffineTransform(np.array([[1.0], [2.0]]), np.array([1.0, -2.0, 3.0]))
    x = np.array([0.5, 1.5, 2.5])
    want = np.array([[1.0], [2.0]]) + np.array([1.0, -2.0, 3.0]) * x
    np.testing.assert_array_equal(s(x), want)
    assert s.inv(want).shape == (2, 3) and s(0.5).shape == s.log_abs_det_jacobian(0.5).shape == (2, 3)
    assert s.forward_shape((3,)) == s.inverse_shape((4, 1, 3))[1:] == (2, 3)
    np.testing.assert_array_equal(s.sign, [1, -1, 1])
    np.testing.assert_allclose(s.log_abs_det_jacobian(x), np.broadcast_to(np.log([1.0, 2.0, 3.0]), (2, 3)), rtol=1e-15)


def test_dtype_of_parameters():
    narrow = t.AffineTransform(np.float32([1.0, 2.0]), 2.0)
    assert narrow(np.float32([1.0, 2.0])).dtype == narrow(1.0).dtype == np.float32
    assert narrow(np.array([1.0, 2.0])).dtype == np.float64
    assert t.AffineTransform(np.array([1.0, 2.0]), 2.0)(np.float32(1.0)).dtype == np.float64
    assert t.PowerTransform(np.float64(2.0))(np.float32(3.0)).dtype == np.float64


def test_event_dim():
    s = t.AffineTransform(0.0, np.array([1.0, 2.0, 4.0]), event_dim=1)
    assert s.domain == s.codomain == fd.constraints.real_vector and s.event_dim == 1
    assert s.log_abs_det_jacobian(np.zeros((5, 3))).shape == (5,)
    assert s.log_abs_det_jacobian(np.zeros(3)) == pytest.approx(np.log(8.0), rel=1e-15)
    with pytest.raises(ValueError, match="AffineTransform: a value needs at least 1 axis"):
        t.AffineTransform(0.0, 2.0, event_dim=1).log_abs_det_jacobian(1.0)


INVALID = [
    (
        lambda: t.AffineTransform(0.0, 0.0),
        ValueError,
        "AffineTransform: parameter scale must be finite and not 0; got 0.0",
    ),
    (lambda: t.AffineTransform(0.0, [1.0, inf]), ValueError, r"scale.*got inf at index \(1,\)"),
    (lambda: t.AffineTransform(nan, 1.0), ValueError, "AffineTransform: parameter loc must be finite; got nan"),
    (lambda: t.AffineTransform("a", 1.0), TypeError, "AffineTransform: parameter loc must be real numbers"),
    (
        lambda: t.AffineTransform([0.0, 1.0], [1.0, 2.0, 3.0]),
        ValueError,
        r"AffineTransform.*\(2,\), \(3,\) do not broadcast",
    ),
    (lambda: t.AffineTransform(0.0, 1.0, event_dim=-1), ValueError, "event_dim must not be negative; got -1"),
    (lambda: t.PowerTransform(0.0), ValueError, "PowerTransform: parameter exponent must be finite and not 0; got 0.0"),
    (
        lambda: t.SinhArcsinhTransform(0.0, -1.0),
        ValueError,
        "SinhArcsinhTransform: parameter tailweight must be positive",
    ),
    (lambda: t.IntervalTransform(1.0, 1.0), ValueError, "IntervalTransform: parameter upper_bound must be above"),
    (lambda: t.IntervalTransform(0.0, inf), ValueError, "IntervalTransform: parameter upper_bound.*got inf"),
    (
        lambda: t.CumulativeDistributionTransform(fd.Poisson(1.0)),
        TypeError,
        "must be continuous and univariate.*Poisson",
    ),
    (lambda: t.CumulativeDistributionTransform(1.0), TypeError, "CumulativeDistributionTransform: distribution"),
    (lambda: t.ExpTransform(cache_size=2), ValueError, "ExpTransform: cache_size must be 0 or 1; got 2"),
    (lambda: t.ExpTransform()("a"), TypeError, "ExpTransform: a value must be real numbers"),
    (lambda: t.ExpTransform()([1j]), TypeError, "ExpTransform: a value must be real numbers; got dtype complex128"),
    (lambda: t.ExpTransform().inv(["a"]), TypeError, r"ExpTransform.inv: a value must be real numbers"),
    (lambda: t.AffineTransform(0.0, [1.0, 2.0])([1.0, 2.0, 3.0]), ValueError, r"AffineTransform.*\(3,\).*\(2,\)"),
    (lambda: t.AffineTransform(0.0, [1.0, 2.0]).forward_shape((3,)), ValueError, r"AffineTransform.*\(3,\).*\(2,\)"),
    (lambda: t.AbsTransform().log_abs_det_jacobian(1.0, 1.0), NotImplementedError, "AbsTransform.*not a bijection"),
    (lambda: t.AbsTransform().forward_and_log_det(1.0), NotImplementedError, "AbsTransform.*not a bijection"),
]


@pytest.mark.parametrize(("call", "error", "says"), INVALID, ids=range(len(INVALID)))
def test_errors(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_absolute_value():
    s = t.AbsTransform()
    np.testing.assert_array_equal(s([-2.0, 0.0, -inf]), [2.0, 0.0, inf])
    assert s.inv(2.0) == 2.0 and not s.bijective and s.codomain.check(s(0.0))
