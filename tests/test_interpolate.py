"""Large arrays of one frozen distribution: interpolated tails and quantiles against the formulas themselves."""

import numpy as np
import pytest

import fastdist as fd
from fastdist import interpolate

MANY = 1 << 15

SMOOTH = (
    fd.Gamma(0.8, 2.0),
    fd.Gamma(2.5, 1.5),
    fd.Gamma(30.0, 1.0),
    fd.Gamma(300.0, 1e-3),
    fd.Beta(2.0, 3.0),
    fd.Beta(7.3, 2.2),
    fd.Beta(30.0, 40.0),
    fd.StudentT(1.0),
    fd.StudentT(5.0, loc=-3.0, scale=0.25),
    fd.StudentT(1e3),
    fd.InverseGaussian(1.0, 2.0),
    fd.InverseGaussian(0.5, 30.0),
    fd.SkewNormal(0.0, 1.0, 4.0),
    fd.SkewNormal(-3.0, 0.25, -0.5),
    fd.VonMises(5.0, 0.5),
    fd.VonMises(4.0, 4.0),
    fd.VonMises(-10.0, 300.0),
)
ROUGH = (fd.Gamma(1e-3, 1.0), fd.Gamma(1e12, 1.0), fd.Beta(0.01, 50.0), fd.StudentT(0.05))


def values(d):
    """Values from one end to the other, many of them beyond what is interpolated."""
    levels = np.concatenate([10.0 ** np.linspace(-300, -14, 500), np.linspace(1e-14, 0.5, MANY // 2)])
    return np.concatenate([one_by_one(d, "icdf", levels), one_by_one(d, "isf", levels)])


def one_by_one(d, method, x):
    """A method in pieces too short for an interpolant."""
    f = getattr(d, method)
    return np.concatenate([f(piece) for piece in np.array_split(x, len(x) // 500)])


def excess(got, want, condition=0.0):
    """The largest relative error over what is allowed: 2e-14, and what eight roundings of the input make."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(got == want, 0.0, np.abs(got - want) / np.abs(want))
    return np.nanmax(error / (2e-14 + 8 * np.finfo(float).eps * condition))


# Each formula of a tail is long to compile: of large shapes it is another one.
LARGE = (SMOOTH[2], SMOOTH[3], SMOOTH[6])
EVERY_DAY = ("cdf", "log_sf", "icdf")


def swept(methods):
    """Each distribution with each method, most of them in the large sweep."""
    for d in SMOOTH:
        for method in methods:
            plain = d not in LARGE and (method in EVERY_DAY or isinstance(d, fd.Gamma))
            if method in d.kernels.quick:
                yield pytest.param(method, d, marks=[] if plain else pytest.mark.slow)


@pytest.mark.parametrize(("method", "d"), [*swept(("cdf", "sf", "log_cdf", "log_sf"))], ids=repr)
def test_tails_agree_with_the_formula(d, method):
    """To 2e-14 relative and the rounding of the value, everywhere."""
    x = values(d)
    assert interpolate.constants(d, method) is not None
    got, want = getattr(d, method)(x), one_by_one(d, method, x)
    assert np.array_equal(np.isfinite(got), np.isfinite(want))
    finite = np.isfinite(want)
    with np.errstate(over="ignore", invalid="ignore"):
        smaller = np.minimum(one_by_one(d, "log_cdf", x), one_by_one(d, "log_sf", x))
        condition = np.abs(x) * np.exp(d.log_prob(x) - smaller)
    assert excess(got[finite], want[finite], condition[finite]) < 1


@pytest.mark.parametrize(("method", "d"), [*swept(("icdf", "isf"))], ids=repr)
def test_quantiles_agree_with_the_formula(d, method):
    """To 2e-14 relative; where quantiles pass through 0, to that share of the distance between the quartiles too."""
    p = np.concatenate([10.0 ** np.linspace(-300, -14, 500), np.linspace(1e-14, 1.0 - 1e-9, MANY)])
    assert interpolate.constants(d, method) is not None
    got, want = getattr(d, method)(p), one_by_one(d, method, p)
    away = np.sign(want) * (d.isf(0.25) - d.icdf(0.25)) if d.support.lower < 0 else 0.0
    assert excess(got + away, want + away) < 1


@pytest.mark.parametrize("d", ROUGH, ids=repr)
@pytest.mark.parametrize("method", ["cdf", "log_sf"])
def test_a_distribution_that_cannot_be_interpolated_is_computed(d, method):
    """Then the result is the formula's own, to the last bit."""
    x = d.sample((MANY,), rng=3)
    assert np.array_equal(getattr(d, method)(x), one_by_one(d, method, x))


@pytest.mark.parametrize("d", SMOOTH, ids=repr)
def test_ends_and_outsiders(d):
    """Infinities, NaN and the support's ends among many ordinary values."""
    special = np.array([-np.inf, np.inf, np.nan, -1e300, 1e300, float(d.support.lower), float(d.support.upper)])
    x = np.concatenate([special, np.broadcast_to(d.median(), MANY)])
    want = [1.0 if v > d.median() else 0.0 for v in special]
    want[2] = np.nan
    got = d.cdf(x)
    np.testing.assert_allclose(got[: len(special)], want, rtol=1e-14, atol=1e-12)
    np.testing.assert_allclose(got[len(special) :], 0.5, rtol=3e-14)


def test_the_middle_of_a_symmetric_distribution():
    """The two sides meet at the median."""
    x = np.linspace(-1e-8, 1e-8, MANY)
    got = fd.StudentT(5.0).cdf(x)
    assert np.all(np.diff(got) >= -2e-16)


def test_float32_is_rounded_once():
    """The interpolant works in float64."""
    d = fd.Beta(2.0, 3.0)
    x = d.sample((MANY,), rng=5).astype(np.float32)
    got = d.cdf(x)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, d.cdf(x.astype(np.float64)), rtol=6e-8)


def test_takes_the_result():
    """Into the memory of the values themselves, and into narrower memory."""
    d = fd.Beta(2.0, 3.0)
    x = d.sample((MANY,), rng=6)
    want = d.cdf(x)
    np.testing.assert_array_equal(d.cdf(x, out=np.empty(MANY, np.float32)), want.astype(np.float32))
    assert d.cdf(x, out=x) is x
    np.testing.assert_array_equal(x, want)


@pytest.mark.parametrize("method", ["cdf", "sf", "log_cdf", "log_sf"])
def test_poisson_tables_hold_the_formula(method):
    """A table of counts gives what each count gives, outside the table too."""
    d = fd.Poisson(10.0)
    x = np.concatenate([[-np.inf, np.inf, np.nan, -1.0, 1e6, 3.5], np.arange(1000.0)])
    assert len(x) > 8 * 88
    want = np.array([getattr(d, method)(float(v)) for v in x])
    assert np.array_equal(getattr(d, method)(x), want, equal_nan=True)
