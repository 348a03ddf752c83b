"""fastdist.VonMisesFisher: what its own parameters ask for."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from scipy.special import ive

import fastdist as fd
from fastdist.distributions.von_mises_fisher import VonMisesFisher

N = 100_000
DISTANCE = np.sqrt(np.log(2e7) / (2 * N))


def direction(size, seed=0):
    v = np.random.default_rng(seed).normal(size=size)
    return v / np.linalg.norm(v)


@pytest.mark.parametrize("size", [2, 3, 4, 7, 50])
@pytest.mark.parametrize("concentration", [0.0, 1e-300, 0.3, 5.0, 1e3, 1e6])
def test_law_of_draws(size, concentration):
    """The cosine of the angle to the mean direction, and the direction across it."""
    loc = direction(size)
    x = VonMisesFisher(loc, concentration).sample(N, rng=3)
    np.testing.assert_allclose(np.linalg.norm(x, axis=-1), 1.0, atol=4e-16 * max(4, np.sqrt(size)))
    versine = ((x - loc) ** 2).sum(-1) / 2
    # Its law by the midpoint rule: the density of the angle is exp(-kappa v) sin(angle)**(size - 2).
    end = np.pi if concentration < 20 else min(np.pi, 2 * np.sqrt((size + 100) / concentration))
    angles = np.linspace(0, end, 100_001)
    middle = (angles[1:] + angles[:-1]) / 2
    log_density = -2 * concentration * np.sin(middle / 2) ** 2 + (size - 2) * np.log(np.sin(middle))
    cdf = np.concatenate([[0.0], np.cumsum(np.exp(log_density - log_density.max()))])
    found = 2 * np.arcsin(np.sqrt(np.minimum(versine, 2) / 2))
    assert stats.kstest(found, lambda v: np.interp(v, angles, cdf / cdf[-1])).statistic <= DISTANCE + 1e-5
    across = x - (x @ loc)[:, np.newaxis] * loc
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    other = direction(size, 1) - (direction(size, 1) @ loc) * loc
    z = across @ (other / np.linalg.norm(other))
    if size > 2:
        a = (size - 2) / 2
        assert stats.kstest((1 + z) / 2, stats.beta(a, a).cdf).statistic <= DISTANCE
    else:
        assert abs(np.mean(z > 0) - 0.5) <= 5.4 * 0.5 / np.sqrt(N)


@pytest.mark.parametrize("size", [2, 3, 10, 301])
@pytest.mark.parametrize("concentration", [0.0, 1e-10, 1.0, 30.0, 1e4, 1e8])
def test_summaries(size, concentration):
    """Against the Bessel functions of mpmath."""
    loc = direction(size)
    d = VonMisesFisher(loc, concentration)
    with mp.workdps(60):
        nu, k = mp.mpf(size) / 2 - 1, mp.mpf(concentration)
        if k > 1000:
            sums = []
            for order in (nu, nu + 1):
                term, total, i = mp.mpf(1), mp.mpf(1), 1
                while abs(term) > mp.mpf(10) ** -55 and i < 400:
                    term *= -(4 * order**2 - (2 * i - 1) ** 2) / (8 * i * k)
                    total, i = total + term, i + 1
                sums.append(total)
            ratio = sums[1] / sums[0]
            if nu > 100 and k < 1e5:
                ratio = mp.besseli(nu + 1, k) / mp.besseli(nu, k)
        else:
            ratio = mp.besseli(nu + 1, k) / mp.besseli(nu, k) if k else mp.mpf(0)
        across = ratio / k if k else 1 / mp.mpf(size)
        along = 1 - ratio**2 - (size - 1) * across
    np.testing.assert_allclose(d.mean(), float(ratio) * loc, rtol=2e-14, atol=1e-18)
    want = float(across) * (1 - loc**2) + float(along) * loc**2
    np.testing.assert_allclose(d.variance(), want, rtol=1e-12)
    np.testing.assert_allclose(np.diag(d.covariance()), want, rtol=1e-12)
    np.testing.assert_allclose(d.mode(), loc, atol=1e-15)
    values = np.linalg.eigvalsh(d.covariance())
    np.testing.assert_allclose(values[values.argsort()][-1], float(across), rtol=1e-12)


def test_entropy_against_scipy():
    for size in (2, 3, 6):
        for concentration in (0.1, 3.0, 50.0):
            loc = direction(size)
            want = stats.vonmises_fisher(loc, concentration).entropy()
            assert VonMisesFisher(loc, concentration).entropy() == pytest.approx(want, rel=1e-11)
    assert VonMisesFisher([0.0, 0.0, 1.0], 0.0).entropy() == pytest.approx(np.log(4 * np.pi), rel=1e-15)


def test_the_circle_is_the_von_mises_distribution():
    d, circle = VonMisesFisher([0.6, 0.8], 3.0), fd.VonMises(np.arctan2(0.8, 0.6), 3.0)
    angle = np.linspace(-3, 3, 25)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    np.testing.assert_allclose(d.log_prob(x), circle.log_prob(angle), rtol=1e-12, atol=1e-14)
    assert d.entropy() == pytest.approx(circle.entropy(), rel=1e-14)


def test_density_next_to_the_mode():
    """No digit of kappa (cos(angle) - 1) is lost where the angle is small."""
    angle = np.array([0.0, 1e-6, 1e-5, 3e-4])
    x = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)
    got = VonMisesFisher([1.0, 0.0, 0.0], 1e8).log_prob(x) - VonMisesFisher([1.0, 0.0, 0.0], 1e8).log_prob(x[0])
    np.testing.assert_allclose(got, 1e8 * (x[:, 0] - 1.0), rtol=1e-13)


@pytest.mark.parametrize("loc", [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [1 - 1e-16, 1e-9, 0.0], [-1.0, 1e-9, 1e-9]])
def test_mirrors_close_to_the_first_axis(loc):
    d = VonMisesFisher(loc, 100.0)
    x = d.sample(20_000, rng=1)
    np.testing.assert_allclose(np.linalg.norm(x, axis=-1), 1.0, atol=1e-15)
    assert np.all(np.abs(x.mean(0) - d.mean()) <= 5.4 * d.stddev() / np.sqrt(20_000) + 1e-15)


def test_a_rounded_direction_is_normalised():
    """float32 leaves a length that is off 1 by more than float64 would: the density still integrates to 1."""
    loc = np.array([0.6, 0.8], np.float32) * np.float32(1 + 3e-7)
    d = VonMisesFisher(loc, np.float32(1e3))
    assert d.log_prob(d.mode()) == pytest.approx(-np.log(2 * np.pi * ive(0, 1e3)), rel=1e-3)


def reference_slope(v, concentration, m):
    """The derivative of a quantile v of 1 less the cosine, in m + 1 dimensions, by quadrature over the angle."""
    with mp.workdps(25):
        v, k = mp.mpf(v), mp.mpf(concentration)
        end, unit = 2 * mp.asin(mp.sqrt(v / 2)), 1 / mp.sqrt(k + m)
        near = [end + i * unit for i in (-16, -4, -1, 1, 4, 16)]
        nodes = sorted([mp.mpf(0), end, mp.pi, *(t for t in near if 0 < t < mp.pi)])

        def density(t):
            return mp.exp(k * (v - 2 * mp.sin(t / 2) ** 2) + (m - 1) * mp.log(mp.sin(t) / mp.sin(end)))

        def first(t):
            return 2 * mp.sin(t / 2) ** 2 * density(t)

        mean = mp.quad(first, nodes) / mp.quad(density, nodes)
        nodes = [t for t in nodes if t <= end]
        return float(mp.quad(lambda t: first(t) - mean * density(t), nodes) * mp.sin(end))


@pytest.mark.parametrize(("size", "concentration"), [(2, 0.0), (2, 5.0), (3, 40.0), (10, 1.0), (10, 3e3), (400, 50.0)])
def test_draws_move_with_the_concentration(size, concentration):
    """As the cosine's quantiles do, at a fixed direction across the axis."""
    loc = direction(size)
    x, grad = VonMisesFisher(loc, concentration).rsample_and_grad(3, rng=4)
    for one, moved in zip(x, grad["concentration"], strict=True):
        versine = ((one - loc) ** 2).sum() / 2
        want = reference_slope(versine, concentration, size - 1)
        assert -(moved @ loc) == pytest.approx(want, rel=1e-12)
        assert abs(moved @ one) <= 1e-13 * abs(want)
        across, turned = one - (one @ loc) * loc, moved - (moved @ loc) * loc
        bound = 1e-12 * np.linalg.norm(across) * np.linalg.norm(turned)
        assert abs(across @ turned) == pytest.approx(np.linalg.norm(across) * np.linalg.norm(turned), abs=bound)


def test_draws_of_a_large_concentration_move_as_those_of_its_inverse():
    """There 1 less the cosine is a gamma variate over the concentration."""
    loc = direction(5)
    x, grad = VonMisesFisher(loc, 1e10).rsample_and_grad(50, rng=4)
    # So the way from the mean direction is half as fast as that variate over its own length.
    want = np.linalg.norm(x - loc, axis=-1) / 2 / 1e10
    np.testing.assert_allclose(np.linalg.norm(grad["concentration"], axis=-1), want, rtol=1e-8)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_means_of_derivatives_of_draws(size):
    """The mean of what moves a draw is the derivative of its mean."""
    loc, other = direction(size), direction(size, 5)
    d = VonMisesFisher(loc, 4.0)
    x, grad = d.rsample_and_grad(N, rng=8)
    assert grad["loc"].shape == (N, size, size)
    np.testing.assert_array_equal(x, d.sample(N, rng=8))
    np.testing.assert_allclose(grad["loc"] @ loc, 0.0, atol=1e-14)
    np.testing.assert_allclose(np.einsum("ni,nij->nj", x, grad["loc"]), 0.0, atol=1e-14)
    along = grad["concentration"] @ loc
    want = loc @ d.covariance() @ loc
    assert abs(along.mean() - want) <= 5.4 * along.std() / np.sqrt(N)
    tangent = other - (other @ loc) * loc
    turned = grad["loc"] @ tangent
    length = np.linalg.norm(d.mean())
    assert np.all(np.abs(turned.mean(0) - length * tangent) <= 5.4 * turned.std(0) / np.sqrt(N) + 1e-15)


@pytest.mark.parametrize("concentration", [1e-3, 1.7, 1e8])
def test_summaries_move_as_in_mpmath(concentration):
    """In three dimensions the mean cosine is coth kappa - 1 / kappa; twice differentiated, and no digit is lost."""

    def cosine(k):
        return mp.coth(k) - 1 / k

    cases = {
        "mean": (2, cosine),
        "variance": (2, lambda k: 1 - cosine(k) ** 2 - 2 * cosine(k) / k),
        "entropy": ((), lambda k: mp.log(4 * mp.pi * mp.sinh(k) / k) - k * cosine(k)),
    }
    for name, (place, exact) in cases.items():

        def slope(t, name=name, place=place):
            return fd.jvp(lambda k: getattr(VonMisesFisher([0.0, 0.0, 1.0], k), name)()[place], (t,), (1.0,))[1]

        found = fd.jvp(slope, (concentration,), (1.0,))
        with mp.workdps(60):
            want = [float(mp.diff(exact, mp.mpf(concentration), n)) for n in (1, 2)]
        np.testing.assert_allclose(found, want, rtol=2e-14)
