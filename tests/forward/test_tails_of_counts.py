"""Derivatives of the logarithms of tails of counts, where the tail itself is too small for float64."""

import mpmath as mp
import numpy as np
import pytest

import fastdist as fd


def poisson(rate):
    return lambda k: k * mp.log(rate) - rate - mp.loggamma(k + 1)


def binomial(n, p):
    return lambda k: (
        mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1) + k * mp.log(p) + (n - k) * mp.log1p(-p)
    )


def negative_binomial(r, p):
    return lambda k: mp.loggamma(k + r) - mp.loggamma(r) - mp.loggamma(k + 1) + r * mp.log1p(-p) + k * mp.log(p)


def geometric(p):
    return lambda k: mp.log(p) + k * mp.log1p(-p)


def zipf(power):
    return lambda k: -power * mp.log(k) - mp.log(mp.zeta(power))


def logistic(x):
    return 1 / (1 + mp.exp(-x))


def log_tail(log_mass, start, step, last):
    """The log of a sum of masses from the largest on, as long as they count."""
    top, total, k = log_mass(mp.mpf(start)), mp.mpf(0), start
    while 0 <= k <= last:
        term = mp.exp(log_mass(mp.mpf(k)) - top)
        total += term
        if term < mp.mpf(10) ** -45:
            break
        k += step
    return top + mp.log(total)


def reference(mass, theta, place, name, x, last):
    """The derivative in one of the parameters."""
    start, step = (x, -1) if name == "log_cdf" else (x + 1, 1)
    with mp.workdps(60):

        def along(t):
            moved = [t if i == place else mp.mpf(value) for i, value in enumerate(theta)]
            return log_tail(mass(*moved), start, step, last)

        h = mp.mpf(theta[place]) * mp.mpf(10) ** -12
        far, near = (along(theta[place] + s * h) - along(theta[place] - s * h) for s in (2, 1))
        return float((8 * near - far) / (12 * h))


INF = float("inf")
CASES = [
    (fd.Poisson, poisson, (0.3,), 0, "log_sf", 600, INF),
    (fd.Poisson, poisson, (1e-290,), 0, "log_sf", 1, INF),
    (fd.Poisson, poisson, (4000.0,), 0, "log_cdf", 900, INF),
    (lambda p: fd.Binomial(1000, p), lambda p: binomial(1000, p), (0.001,), 0, "log_sf", 500, 1000),
    (lambda p: fd.Binomial(1000, p), lambda p: binomial(1000, p), (0.999,), 0, "log_cdf", 500, 1000),
    (
        lambda u: fd.Binomial(50, logits=u),
        lambda u: binomial(50, logistic(u)),
        (-750.0,),
        0,
        "log_sf",
        3,
        50,
    ),
    (fd.NegativeBinomial, negative_binomial, (2.5, 0.3), 0, "log_sf", 900, INF),
    (fd.NegativeBinomial, negative_binomial, (2.5, 0.3), 1, "log_sf", 900, INF),
    (fd.NegativeBinomial, negative_binomial, (3000.0, 0.5), 0, "log_cdf", 200, INF),
    (fd.NegativeBinomial, negative_binomial, (3000.0, 0.5), 1, "log_cdf", 200, INF),
    (fd.Geometric, geometric, (0.3,), 0, "log_sf", 3000, INF),
    (fd.Zipf, zipf, (400.0,), 0, "log_sf", 9, INF),
]


@pytest.mark.parametrize(("family", "mass", "theta", "place", "name", "x", "last"), CASES)
def test_against_sums(family, mass, theta, place, name, x, last):
    unit = np.eye(len(theta))[place]
    value, found = fd.jvp(lambda *t: getattr(family(*t), name)(x), theta, tuple(unit))
    assert value < -700.0  # else the tail has a derivative that float64 holds
    assert found == pytest.approx(reference(mass, theta, place, name, x, last), rel=2e-12)


@pytest.mark.slow
def test_of_what_is_made_of_them():
    """Far out a tail moves as the first of its masses, whatever is cut off or added at the other end."""
    rate, x = 3.0, 1500.0
    (_, whole), *others = (
        fd.jvp(lambda t, make=make: make(t).log_sf(x), (rate,), (1.0,))
        for make in (
            fd.Poisson,
            lambda t: fd.ZeroInflated(fd.Poisson(t), 0.25),
            lambda t: fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Poisson(t * np.array([1e-3, 1.0]))),
        )
    )
    assert whole == pytest.approx((x + 1.0) / rate - 1.0, rel=1e-3)
    for _, found in others:
        assert found == pytest.approx(whole, rel=1e-12)
    _, truncated = fd.jvp(lambda t: fd.Truncated(fd.Poisson(t), 2.0, 5000.0).log_sf(x), (rate,), (1.0,))
    lost = fd.jvp(lambda t: fd.Poisson(t).log_sf(1.0), (rate,), (1.0,))[1]
    assert truncated == pytest.approx(whole - lost, rel=1e-10)


def test_in_the_gate():
    _, below = fd.jvp(lambda g: fd.ZeroInflated(fd.Poisson(1e4), g).log_cdf(5000.0), (0.25,), (1.0,))
    _, above = fd.jvp(lambda g: fd.ZeroInflated(fd.Poisson(1e4), g).log_sf(15000.0), (0.25,), (1.0,))
    assert below == pytest.approx(4.0, rel=1e-14) and above == pytest.approx(-1.0 / 0.75, rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["log_cdf", "log_sf"])
def test_second_derivatives(name):
    """Of the log of a tail far out, from differences of the first."""

    def first(t):
        return fd.jvp(lambda s: getattr(fd.Poisson(s), name)(900.0), (t,), (1.0,))[1]

    rate = 4000.0 if name == "log_cdf" else 3.0
    _, found = fd.jvp(first, (rate,), (1.0,))
    h = 1e-3 * rate
    far, near = (first(rate + s * h) - first(rate - s * h) for s in (2, 1))
    assert found == pytest.approx((8 * near - far) / (12 * h), rel=1e-7)


@pytest.mark.parametrize("method", ["cdf", "sf", "log_cdf", "log_sf"])
@pytest.mark.parametrize("given", ["probs", "logits"])
def test_second_derivatives_of_tables(given, method):
    """Against a difference of the first ones, which come from a formula of their own; none beyond the ends."""
    weights, first, second = (
        np.array(row) for row in ([0.2, 0.3, 0.5, 0.7], [1.0, -0.5, 0.2, 0.3], [0.3, 0.1, -0.7, 1.0])
    )
    x = np.array([-1.0, 0.0, 1.5, 2.0, 3.0, np.inf, np.nan])

    def slope(w):
        return fd.jvp(lambda v: getattr(fd.Categorical(**{given: v}), method)(x), (w,), (first,))[1]

    found = fd.jvp(slope, (weights,), (second,))[1]
    want = (slope(weights + 1e-5 * second) - slope(weights - 1e-5 * second)) / 2e-5
    np.testing.assert_allclose(found, want, rtol=1e-8, atol=1e-10)
    assert found[0] == 0.0 and np.isnan(found[-1])
