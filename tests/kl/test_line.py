"""Divergences on the line whose formula is a sum of many terms, and where there is none."""

import math

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd

# Student's t ------------------------------------------------------------------------------------------


def of_students(nu, m, s, mu, n, t):
    """The integral of p log(p / q), from the location of each outwards and to the middle between them."""

    def log_density(x, nu, m, s):
        log_top = mp.loggamma((nu + 1) / 2) - mp.loggamma(nu / 2) - mp.log(mp.pi * nu) / 2
        return log_top - mp.log(s) - (nu + 1) / 2 * mp.log1p(((x - m) / s) ** 2 / nu)

    def outwards(place, unit, side, stop):
        def term(v):
            x = place + side * unit * mp.sinh(v)
            log_p = log_density(x, nu, m, s)
            return mp.exp(log_p) * (log_p - log_density(x, mu, n, t)) * unit * mp.cosh(v)

        pieces = int(stop / 2) + 1
        return mp.quad(term, [stop * j / mpf(pieces) for j in range(pieces + 1)])

    units = [w * mp.sqrt(v / (1 + v / 6)) for w, v in ((s, nu), (t, mu))]
    (low, low_unit), (high, high_unit) = sorted(zip((m, n), units, strict=True))
    stops = [60 / nu + 8 + mp.log1p((high - low + max(units)) / unit) for unit in (low_unit, high_unit)]
    total = outwards(low, low_unit, -1, stops[0]) + outwards(high, high_unit, 1, stops[1])
    for place, unit, side in ((low, low_unit, 1), (high, high_unit, -1)):
        total += outwards(place, unit, side, mp.asinh((high - low) / 2 / unit))
    return total


@pytest.mark.parametrize(
    "parameters",
    [
        (3.0, 0.0, 1.0, 5.0, 1.0, 2.0),
        (0.7, 1.0, 1e-3, 30.0, -2.0, 1.0),
        (40.0, 0.0, 1.0, 1.5, 1e3, 2.0),
        (1e5, 0.0, 1.0, 1.2e5, 0.125, 1.0),
        (6.0, 0.0, 1.0, 6.0, 1e-6, 1.0 + 1e-6),
    ],
)
def test_students(parameters):
    with mp.workdps(30):
        want = of_students(*map(mpf, parameters))
        p, q = fd.StudentT(*parameters[:3]), fd.StudentT(*parameters[3:])
        assert abs(fd.kl_divergence(p, q) / want - 1) < (1e-9 if want < 1e-10 else 1e-14)


def test_students_of_one_degree_of_freedom_are_of_cauchy():
    random = np.random.default_rng(4)
    s, t = np.exp(5 * random.standard_normal((2, 300)))
    d = random.standard_normal(300) * np.exp(6 * random.standard_normal(300))
    value, in_p, in_q = fd.kl_divergence_and_grad(fd.StudentT(1.0, d, s), fd.StudentT(1.0, 0.0, t))
    want, want_p, want_q = fd.kl_divergence_and_grad(fd.Cauchy(d, s), fd.Cauchy(0.0, t))
    np.testing.assert_allclose(value, want, rtol=1e-14)
    for got, expected in ((in_p, want_p), (in_q, want_q)):
        for name in expected:
            # They are sums of terms of both signs, of about 1 over a scale in all.
            size = {"loc": np.maximum(s, t), "scale": s if got is in_p else t}[name]
            assert np.all(abs(got[name] - expected[name]) <= 1e-13 * (abs(expected[name]) + 1.0 / size))


@pytest.mark.parametrize("df", [1e300, math.inf])
def test_students_of_many_degrees_of_freedom_are_normal(df):
    random = np.random.default_rng(5)
    s, t = np.exp(random.standard_normal((2, 50)))
    d = random.standard_normal(50)
    normal, other = fd.Normal(d, s), fd.Normal(0.0, t)
    want, want_p, want_q = fd.kl_divergence_and_grad(normal, other)
    pairs = [(fd.StudentT(df, d, s), fd.StudentT(df, 0.0, t)), (normal, fd.StudentT(df, 0.0, t)),
             (fd.StudentT(df, d, s), other)]  # fmt: skip
    for p, q in pairs:
        value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
        np.testing.assert_allclose(value, want, rtol=1e-13)
        for got, expected in ((in_p, want_p), (in_q, want_q)):
            for name in expected:
                np.testing.assert_allclose(got[name], expected[name], rtol=1e-12, atol=1e-13)
            assert np.all(got.get("df", 0.0) == 0.0)


def test_gradients_of_students():
    """Against differences, the last digits of which are lost."""
    at = np.array([2.5, 0.25, 1.5, 4.0, -1.0, 0.75])
    _, in_p, in_q = fd.kl_divergence_and_grad(fd.StudentT(*at[:3]), fd.StudentT(*at[3:]))
    steps = 1e-3 * np.array([-2, -1, 1, 2])
    for i, got in enumerate([*in_p.values(), *in_q.values()]):
        places = np.broadcast_to(at, (4, 6)).copy()
        places[:, i] += steps
        values = fd.kl_divergence(fd.StudentT(*places.T[:3]), fd.StudentT(*places.T[3:]))
        slope = values @ np.array([1, -8, 8, -1]) / 12e-3
        assert abs(got / slope - 1) < 1e-9


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [  # by mpmath's quadrature on the scale of asinh(x)
        ((0.01, 0.0, 1.0), (1e-3, 0.0, 1.0), 1.3959655277286909),
        ((0.01, 0.0, 1e-3), (0.05, 1.0, 10.0), 2.478361452127314),
        ((0.05, 0.0, 1.0), (2.0, 1.0, 1.0), 31.507605131799398),
        ((2.0, 0.0, 1.0), (0.01, 1.0, 3.0), 3.5690611158689585),
        ((1e-20, 0.0, 1.0), (1e-3, 0.0, 1.0), 1e17 - 1.0 - math.log(1e17)),
    ],
)
def test_student_t_of_few_degrees_of_freedom(p, q, expected):
    """Most of the mass may lie beyond float64."""
    value, in_p, _ = fd.kl_divergence_and_grad(fd.StudentT(*p), fd.StudentT(*q))
    assert value == pytest.approx(expected, rel=1e-13)
    step = 1e-5 * p[0]
    around = [fd.kl_divergence(fd.StudentT(p[0] + h, *p[1:]), fd.StudentT(*q)) for h in (-step, step)]
    assert in_p["df"] == pytest.approx((around[1] - around[0]) / (2.0 * step), rel=1e-6)


def test_equal_students_are_at_no_distance():
    d = fd.StudentT([0.1, 1.0, 7.5, 1e6, math.inf], 3.0, 0.1)
    value, in_p, in_q = fd.kl_divergence_and_grad(d, d)
    assert np.all(value == 0)
    assert all(np.all(slope == 0) for slope in [*in_p.values(), *in_q.values()])


# Where there is none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (fd.Laplace(0.0, 1.0), fd.Gumbel(0.0, 1.0)),
        (fd.Laplace(0.0, 3.0), fd.Gumbel(0.0, 2.0)),
        (fd.Pareto(1.0, 1.0), fd.Exponential(2.0)),
        (fd.Pareto(1.0, 0.5), fd.Gamma(2.0, 1.0)),
        (fd.Pareto(1.0, 1.0), fd.Laplace(0.0, 2.0)),
        (fd.Pareto(1.0, 2.0), fd.Normal(0.0, 1.0)),
        (fd.StudentT(2.0, 0.0, 1.0), fd.Normal(0.0, 1.0)),
        (fd.InverseGamma(1.0, 1.0), fd.Gamma(2.0, 1.0)),
    ],
    ids=str,
)
def test_without_a_mean(p, q):
    value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
    assert value == np.inf
    assert all(np.isnan(slope) for slope in [*in_p.values(), *in_q.values()])


def test_slopes_that_overflow():
    """To infinity, of which none is taken from another."""
    pairs = [
        (fd.Normal(0.0, 600.0), fd.Gumbel(1.5, 4.75)),
        (fd.LogNormal(0.0, 600.0), fd.Weibull(1.5, 4.75)),
        (fd.Gumbel(-5e3, 1.0), fd.Gumbel(2.0, 3.0)),
        (fd.Weibull(1.0, 1.0), fd.Weibull(1e-200, 3.0)),
        (fd.Exponential(1.0), fd.Gumbel(1.0, 1e-3)),
        (fd.Gamma(2.0, 1.0), fd.Gumbel(3.0, 1e-3)),
    ]
    for p, q in pairs:
        value, in_p, in_q = fd.kl_divergence_and_grad(p, q)
        assert value == np.inf
        assert all(np.isinf(slope) for slope in [*in_p.values(), *in_q.values()])


def test_uniform_ones_of_extreme_widths():
    least, most = fd.Uniform(0.0, 5e-324), fd.Uniform(-8e307, 8e307)
    assert fd.kl_divergence(least, least) == 0
    assert fd.kl_divergence(least, fd.Uniform(-1e-323, 5e-324)) == pytest.approx(math.log(3.0), rel=4e-16)
    assert fd.kl_divergence(least, most) == pytest.approx(math.log(1.6e308) - math.log(5e-324), rel=4e-16)
    assert fd.kl_divergence(fd.Uniform(-4e307, 4e307), most) == pytest.approx(math.log(2.0), rel=4e-16)


def test_uniform_ones_of_nearly_the_same_width():
    """By what one is wider: widths are rounded."""
    low, high = np.array([0.1, -3.7, 1e5]), np.array([0.3, 11.3, 1e5 + 0.3])
    other_low, other_high = low - np.array([1e-16, 3e-13, 2e-9]), high + np.array([2e-13, 0.0, 1e-9])
    found = fd.kl_divergence(fd.Uniform(low, high), fd.Uniform(other_low, other_high))
    for value, a, b, c, d in zip(found, low, high, other_low, other_high, strict=True):
        with mp.workdps(50):
            want = float(mp.log((mp.mpf(d) - mp.mpf(c)) / (mp.mpf(b) - mp.mpf(a))))
        assert value == pytest.approx(want, rel=1e-15)
        assert fd.kl_divergence(fd.Uniform(a, b), fd.Uniform(c, d)) == pytest.approx(want, rel=1e-15)
