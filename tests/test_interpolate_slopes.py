"""Many draws of one frozen distribution: their interpolated derivatives against the formulas themselves."""

import numpy as np
import pytest

import fastdist as fd
from fastdist import interpolate_slopes

MANY = 1 << 14

# With the relative error that is allowed: that of the formula where it is the larger one.
SMOOTH = (
    (fd.Gamma(0.3, 2.0), 4e-14),
    (fd.Beta(2.0, 3.0), 4e-14),
    (fd.StudentT(1.0), 1e-13),
)
MORE = (
    (fd.StudentT(7.5, loc=2.0, scale=0.25), 1e-13),
    (fd.Beta(30.0, 0.8), 2e-13),
    (fd.Gamma(1e5, 1e-3), 4e-14),
    (fd.Gamma(2.5, 1.5), 4e-14),
    (fd.InverseGamma(2.5, 1.5), 4e-14),
    (fd.VonMises(5.0, 4.0), 4e-14),
    (fd.FisherSnedecor(5.0, 40.0), 2e-11),
    (fd.TruncatedNormal(0.0, 1.0, -1.0, 2.0), 2e-12),
    (fd.Truncated(fd.Gamma(3.0, 2.0), -1.0, 3.0), 4e-14),
)
ROUGH = fd.Gamma(1e-3, 1.0), fd.Beta(0.01, 0.02)


def values(d):
    """From one end to the other, some of them beyond what is interpolated; and where slopes change their sign."""
    far = 10.0 ** np.linspace(-100, -14, 20)
    levels = np.concatenate([far, np.linspace(1e-14, 1.0, MANY, endpoint=False)])
    return np.concatenate([d.icdf(levels), d.isf(far), [float(d.median())]])


def one_by_one(d, x):
    """The slopes of pieces too short for an interpolant."""
    pieces = [d._slopes_of_draws(piece) for piece in np.array_split(x, 8)]
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}


@pytest.mark.parametrize(
    ("d", "bound"), [*SMOOTH, *(pytest.param(*row, marks=pytest.mark.slow) for row in MORE)], ids=repr
)
def test_slopes_agree_with_the_formula(d, bound):
    """Relative to each derivative, also where it is next to 0."""
    x = values(d)
    assert interpolate_slopes.has_fits(d, x, d._parameters)
    got, want = d._slopes_of_draws(x), one_by_one(d, x)
    for name, slopes in want.items():
        with np.errstate(invalid="ignore"):
            error = np.where(got[name] == slopes, 0.0, np.abs(got[name] - slopes) / np.abs(slopes))
        assert error.max() < bound, name


@pytest.mark.parametrize("d", ROUGH, ids=repr)
def test_what_cannot_be_interpolated_is_computed(d):
    """Then the result is the formula's own, to the last bit."""
    x = values(d)
    got, want = d._slopes_of_draws(x), one_by_one(d, x)
    assert all(np.array_equal(got[name], want[name]) for name in want)


def test_one_direction():
    """The tangent of a long draw is its slope times the direction; what is light needs no interpolant."""
    for dtype, bound in ((np.float64, 4e-14), (np.float32, 2e-7)):
        a, rate = dtype(2.5), dtype(1.5)
        x = fd.Gamma(a, rate).rsample(2 * MANY, rng=1)
        moved = fd.Gamma(fd.Dual(a, dtype(3.0)), rate).rsample(2 * MANY, rng=1)
        assert x.dtype == moved.dtype == moved.tangent.dtype == dtype
        want = 3.0 * one_by_one(fd.Gamma(2.5, 1.5), x.astype(float))["concentration"]
        assert np.abs(moved.tangent / want - 1.0).max() < bound
    frozen = fd.Gamma(2.5, fd.Dual(1.5, 1.0))
    x = frozen.rsample(2 * MANY, rng=1)
    assert np.array_equal(x.tangent, -x.primal / 1.5)
    assert not frozen._twin._interpolants


def test_directions_of_vectors():
    """Draws of a Dirichlet distribution move by their Jacobian times the directions; one of them nearly all, or not."""
    directions = np.array([[1.0, -2.0, 0.5], [0.0, 0.0, 3.0]])
    for concentration in ((0.8, 1.9, 3.0), (0.3, 0.2, 5.0)):
        moved = fd.Dirichlet(fd.Dual(np.array(concentration), directions)).rsample(MANY, rng=1)
        draws, slopes = fd.Dirichlet(concentration).rsample_and_grad(MANY, rng=1)
        assert np.array_equal(moved.primal, draws)
        jacobian = slopes["concentration"]
        want, size = (np.einsum("nij,kj->kni", f(jacobian), f(directions)) for f in (np.positive, np.abs))
        assert np.all(np.abs(moved.tangent - want) < 5e-13 * size)


@pytest.mark.parametrize("method", ["cdf", "sf", "log_sf", "icdf"])
def test_methods_of_many_values(method):
    """Tangents of long arrays are those of short ones, with what lies beyond the fits and outside the support."""
    frozen = fd.Gamma(fd.Dual(2.5, 3.0), 1.5)
    if method == "icdf":
        x = np.linspace(0.0, 1.0, MANY)
    else:
        x = np.concatenate([values(frozen._twin), [-1.0, 0.0, np.inf, np.nan]])
    got = getattr(frozen, method)(x)
    want = [getattr(frozen, method)(part) for part in np.array_split(x, 8)]
    assert np.array_equal(np.isnan(got.tangent), np.isnan(got.primal))
    np.testing.assert_allclose(got.tangent, np.concatenate([part.tangent for part in want]), rtol=1e-13, atol=1e-300)


def test_masses_and_tails_of_counts():
    """A table of slopes holds what the formula gives, and the formula has what is beyond the table."""
    frozen = fd.Poisson(fd.Dual(3.5, np.array([1.0, -2.0])))
    x = np.concatenate([np.arange(-2.0, 400.0, 0.5), np.arange(1000.0), [np.inf, -np.inf, np.nan]])
    for method in ("cdf", "log_sf", "log_prob", "prob"):
        got = getattr(frozen, method)(x).tangent
        want = [getattr(frozen, method)(part).tangent for part in np.array_split(x, 200)]
        assert np.array_equal(got, np.concatenate(want, axis=1), equal_nan=True)


def test_outside_a_turn():
    """The density of angles goes on outside the support; the cdf does not move there."""
    d = fd.VonMises(0.5, fd.Dual(2.0, 1.0))
    assert d.cdf(4.0).tangent == d.log_cdf(4.0).tangent == d._twin.cdf(fd.Dual(4.0, 1.0)).tangent == 0.0
