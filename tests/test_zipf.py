"""The Zipf distribution beyond the conformance suite: powers next to 1, and counts to the end of float64."""

import mpmath as mp
import numpy as np
import pytest
from mpmath import mpf

import fastdist as fd

LARGEST = 2.0**63 - 1024


def exact(power, k):
    """The log mass, both tails and their logs at 400 digits."""
    with mp.workdps(400):
        s, k = mpf(power), mpf(k)
        whole, above = mp.zeta(s), mp.zeta(s, k + 1)
        sf = above / whole
        values = (-s * mp.log(k) - mp.log(whole), 1 - sf, sf, mp.log1p(-sf), mp.log(sf))
        return [float(v) for v in values]


@pytest.mark.parametrize("excess", [2.0**-52, 1e-10, 1e-3, 0.05])
def test_next_to_one(excess):
    power = 1.0 + excess
    d = fd.Zipf(power)
    for k in (1.0, 2.0, 3.0, 12.0, 40.0, 1e3, 1e8, 1e15, 1e40, 1e300):
        for method, want in zip(("log_prob", "cdf", "sf", "log_cdf", "log_sf"), exact(power, k), strict=True):
            assert getattr(d, method)(k) == pytest.approx(want, rel=4e-15), (method, k)


@pytest.mark.parametrize("power", [1.5, 2.0, 3.5, 10.0])
def test_far_out(power):
    d = fd.Zipf(power)
    for k in (1e10, 1e30, 1e100, 1e300):
        log_prob, _, sf, _, log_sf = exact(power, k)
        moved = 1 + power * np.log(k)  # by half an ulp of the power
        assert d.log_prob(k) == pytest.approx(log_prob, rel=1e-15)
        assert d.log_sf(k) == pytest.approx(log_sf, rel=1e-15)
        assert d.sf(k) == pytest.approx(sf, rel=3e-16 * moved, abs=1e-323)


@pytest.mark.parametrize("power", [1.0 + 1e-10, 1.01, 1.5, 2.0, 5.0])
def test_quantiles_to_the_end_of_float64(power):
    """The smallest count whose tail is at most the level: beyond 2**53 the smallest that float64 has."""
    d = fd.Zipf(power)
    for q in (0.9, 0.5, 1e-3, 1e-12, 1e-100, 1e-300):
        for k, tail in ((d.isf(q), d.sf), (d.icdf(1.0 - q), lambda x: -d.cdf(x))):
            level = q if tail == d.sf else -(1.0 - q)
            if not -1.0 < level < 1.0:
                continue
            before = max(min(k - 1, np.nextafter(k, 0.0)), 0.0)
            assert k == np.floor(k) and tail(k) <= level < tail(before)


def test_quantiles_beyond_float64():
    d = fd.Zipf(1.0 + 1e-10)
    assert d.median() == np.inf and d.isf(1e-5) == np.inf
    assert fd.Zipf(1.5).isf(1e-300) == np.inf


def test_draws_beyond_int64():
    """They are its last float64; the share of others is right."""
    d = fd.Zipf(1.05)
    x = d.sample((1_000_000,), rng=5)
    assert x.min() == 1 and x.max() == LARGEST
    beyond = d.sf(LARGEST)
    assert abs(np.mean(x == LARGEST) - beyond) < 6 * np.sqrt(beyond / 1e6)
    for k in (1.0, 10.0, 1e3, 1e9, 1e18):
        assert abs(np.mean(x <= k) - d.cdf(k)) < 6 * np.sqrt(d.cdf(k) / 1e6)
    assert np.mean(fd.Zipf(1.0 + 1e-10).sample((10_000,), rng=1) == LARGEST) == 1.0


def test_expect_of_a_heavy_tail():
    d = fd.Zipf([2.0, 2.5, 4.5])
    np.testing.assert_array_equal(d.expect(), d.mean())
    np.testing.assert_allclose(d.expect(lambda k: k), d.mean(), rtol=1e-14)
    roots = [float(mp.zeta(s - 0.5) / mp.zeta(s)) for s in (2.0, 2.5, 4.5)]
    np.testing.assert_allclose(d.expect(np.sqrt), roots, rtol=1e-13)
    assert fd.Zipf(2.0).expect(lambda k: -(k**1.5)) == -np.inf
    assert fd.Zipf(2.0).expect(lambda k: 1.0 + 0.0 * k) == pytest.approx(1.0, rel=1e-14)
