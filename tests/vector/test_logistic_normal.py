"""fastdist.LogisticNormal: what its own parameters ask for."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from fastdist.distributions.logistic_normal import LogisticNormal


def test_parameters_broadcast_along_the_last_axis():
    d = LogisticNormal([0.0, 1.0], 2.0)
    assert d.event_shape == (3,) and d.scale.tolist() == [2.0, 2.0]
    assert LogisticNormal(0.0, 1.0).event_shape == (2,)
    assert LogisticNormal(np.zeros((4, 1, 3)), np.ones((2, 1))).batch_shape == (4, 2)
    assert LogisticNormal(np.zeros(3, np.float32), 1.0).dtype == np.float32
    np.testing.assert_array_equal(
        LogisticNormal([0.0, 1.0], 2.0).log_prob([0.2, 0.3, 0.5]), d.log_prob([0.2, 0.3, 0.5])
    )


def test_law_of_draws():
    """The logits of the shares of the stick are normal."""
    n = 200_000
    loc, scale = np.array([0.5, -1.0, 2.0]), np.array([1.0, 0.3, 2.0])
    x = LogisticNormal(loc, scale).sample(n, rng=4)
    np.testing.assert_allclose(x.sum(-1), 1.0, atol=1e-15)
    for k in range(3):
        z = (np.log((3 - k) * x[:, k] / x[:, k + 1 :].sum(-1)) - loc[k]) / scale[k]
        assert stats.kstest(z, stats.norm.cdf).statistic <= np.sqrt(np.log(2e7) / (2 * n))


def test_far_logits_lose_no_digits():
    """Numbers down to the smallest float, and their density."""
    d = LogisticNormal([300.0, -300.0, 0.0], [1.0, 1.0, 1.0])
    x = d.sample(100, rng=1)
    assert np.all(x > 0) and np.all(np.isfinite(d.log_prob(x)))
    z = (np.log(3 * x[:, 0] / x[:, 1:].sum(-1)) - 300.0, np.log(2 * x[:, 1] / x[:, 2:].sum(-1)) + 300.0)
    assert np.all(np.abs(z) < 6)


def test_density_is_zero_where_a_number_is():
    d = LogisticNormal([0.0, 0.0], 1.0)
    assert d.log_prob([0.0, 0.5, 0.5]) == -np.inf == d.log_prob([0.5, 0.5, 0.0])
    with pytest.raises(NotImplementedError, match="mode"):
        d.mode()


def of_share(g, loc, scale):
    """The mean of g(v) for a normal variate v."""
    ends = [-mp.mpf(11), mp.mpf(11), -5, 0, 5]
    near = [(t - mp.mpf(loc)) / scale for t in (-50, -8, 0, 8, 50)]
    nodes = sorted({mp.mpf(z) for z in (*ends, *near) if -11 <= z <= 11})
    return mp.quad(lambda z: g(loc + scale * z) * mp.npdf(z), nodes)


@pytest.mark.parametrize(
    ("loc", "scale"),
    [([0.0, 0.0], [1.0, 1.0]), ([0.5, -3.0], [1e-6, 0.3]), ([-20.0, 4.0], [2.0, 40.0]), ([1.0, -500.0], [999.0, 3e3])],
)
def test_summaries_against_mpmath(loc, scale):
    """From the means of functions of the two shares."""
    d = LogisticNormal(loc, scale)
    with mp.workdps(30):

        def share(v):
            return 1 / (1 + mp.exp(-v))

        found, entropy = [], mp.mpf(0)
        for k in range(2):
            m, s = mp.mpf(loc[k]) - mp.log(2 - k), mp.mpf(scale[k])
            p = of_share(share, m, s)
            variance = of_share(lambda v, p=p: (share(v) - p) ** 2, m, s)
            logs = [of_share(lambda v, sign=sign: -mp.log1p(mp.exp(-sign * v)), m, s) for sign in (1, -1)]
            entropy += mp.log(s) + mp.log(2 * mp.pi * mp.e) / 2 + logs[0] + (2 - k) * logs[1]
            found.append((p, of_share(lambda v: share(-v), m, s), variance))
        (p, q, v), (r, t, w) = found
        mean = [p, q * r, q * t]
        second = v * (r * r + w) + q * q * w, v * (t * t + w) + q * q * w
        covariance = [[v, -v * r, -v * t], [-v * r, second[0], 0], [-v * t, 0, second[1]]]
        covariance[1][2] = covariance[2][1] = v * (r * t - w) - q * q * w
    np.testing.assert_allclose(d.mean(), np.array(mean, float), rtol=1e-13)
    np.testing.assert_allclose(d.variance(), np.array([v, *second], float), rtol=1e-12)
    np.testing.assert_allclose(d.covariance(), np.array(covariance, float), rtol=1e-12, atol=1e-300)
    assert d.entropy() == pytest.approx(float(entropy), rel=1e-13)


def test_moments_of_draws():
    d = LogisticNormal([0.5, -1.0, 2.0], [1.0, 0.3, 2.0])
    n = 200_000
    x = d.sample(n, rng=7)
    lp = d.log_prob(x)
    assert abs(lp.mean() + d.entropy()) <= 5.4 * lp.std() / np.sqrt(n)
    assert np.all(np.abs(x.mean(0) - d.mean()) <= 5.4 * d.stddev() / np.sqrt(n))
    centred = x - d.mean()
    products = centred[:, :, np.newaxis] * centred[:, np.newaxis, :]
    assert np.all(np.abs(products.mean(0) - d.covariance()) <= 5.4 * products.std(0) / np.sqrt(n) + 1e-16)
    np.testing.assert_allclose(d.covariance().sum(-1), 0.0, atol=1e-16)
