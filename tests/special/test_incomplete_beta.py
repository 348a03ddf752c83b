"""The incomplete beta function: SciPy's tables, mpmath, ends, inverses and gradients."""

from pathlib import Path

import numpy as np
import pytest
import scipy.special
from compiled import over

from fastdist.special import incomplete_beta as ib
from fastdist.special import incomplete_gamma as ig
from fastdist.special.beta import beta_log_kernel
from fastdist.special.normal import log_ndtr

REFERENCES = np.load(Path(__file__).parents[1] / "references" / "beta.npz")
TABLES = np.load(Path(scipy.special.__file__).parent / "tests" / "data" / "boost.npz")
A, B, X, Y = REFERENCES["beta_in"].T
LOW, HIGH, LOG_LOW, LOG_HIGH, GRAD_A, GRAD_B, LOG_K = REFERENCES["beta_out"].T
NORMAL = 1e-307


def relative(got, expected):
    with np.errstate(all="ignore"):
        error = np.where(got == expected, 0.0, np.abs(got / expected - 1))
    return np.where(np.isnan(error), np.inf, error)


@pytest.mark.parametrize(
    ("table", "bound"), [("data", 4e-15), ("int_data", 3e-15), ("small_data", 3e-15), ("large_data", 1.5e-13)]
)
def test_scipy_tables(table, bound):
    rows = TABLES[f"ibeta_{table}_ipp-ibeta_{table}"]
    a, b, x = rows[:, :3].T
    assert np.max(relative(over(ib.betainc, a, b, x, 1 - x), rows[:, 5])) < bound
    assert np.max(relative(over(ib.betaincc, a, b, x, 1 - x), rows[:, 6])) < bound


def test_tails_against_mpmath():
    low, high = over(ib.betainc, A, B, X, Y), over(ib.betaincc, A, B, X, Y)
    assert np.max(relative(low, LOW)[LOW > NORMAL]) < 8e-15
    assert np.max(relative(high, HIGH)[HIGH > NORMAL]) < 8e-15


def test_logarithms_against_mpmath():
    assert np.max(relative(over(ib.log_betainc, A, B, X, Y), LOG_LOW)) < 1e-14
    assert np.max(relative(over(ib.log_betaincc, A, B, X, Y), LOG_HIGH)) < 1e-14


def test_logarithm_beyond_underflow():
    a = np.array([1e10, 1e15, 3.0, 1e5, 549691550257324.94, 196886465952094.7])
    x = np.array([1e-300, 1e-100, 1e-307, 1e-10, 1e-300, 1e-300])
    leading = a * np.log(x)
    got = over(ib.log_betainc, a, 2.0, x, 1 - x)
    np.testing.assert_allclose(got, leading + np.log1p(a), rtol=1e-14)


def tail_rate(tail):
    """d log(tail) / d logit(x)."""
    with np.errstate(all="ignore"):
        return np.exp(LOG_K - np.log(tail))


@pytest.mark.parametrize("inverse", ["betaincinv", "betainccinv"])
def test_inverse_against_mpmath(inverse):
    tail = LOW if inverse == "betaincinv" else HIGH
    use = (tail > 1e-300) & (tail <= 0.5)
    x, y = over(getattr(ib, inverse), A[use], B[use], tail[use], outputs=2)
    rate = tail_rate(tail)[use]
    # the rounding of the probability, which is stretched by 1 / rate, on top of that of the result
    assert np.max(relative(x, X[use]) / (1 + Y[use] / rate)) < 1.2e-14
    assert np.max(relative(y, Y[use]) / (1 + X[use] / rate)) < 1.2e-14


def test_inverse_of_the_scipy_table():
    rows = TABLES["ibeta_inv_data_ipp-ibeta_inv_data"]
    a, b, p = rows[:, :3].T
    x, y = over(ib.betaincinv, a, b, p, outputs=2)
    use = (rows[:, 3] > 1e-300) & (rows[:, 3] < 1 - 1e-10)
    back = over(ib.betainc, a, b, x, y)
    assert np.max(relative(back, p)[use]) < 2e-12
    stretch = 1 + p / np.maximum(1e-300, np.exp(over(beta_log_kernel, a, b, x, y))) * y
    assert np.max((relative(x, rows[:, 3]) / stretch)[use]) < 5e-14


@pytest.mark.parametrize("which", [0, 1])
def test_sample_gradient_against_mpmath(which):
    got = over(ib.beta_sample_grad, A, B, X, Y, outputs=2)[which]
    assert np.max(relative(got, (GRAD_A, GRAD_B)[which])) < 1.5e-13


def test_gradient_against_mpmath():
    low, high, in_a, in_b = over(ib.betainc_grad, A, B, X, Y, outputs=4)
    use = (LOW > NORMAL) & (HIGH > NORMAL)
    assert np.max(relative(low, LOW)[use]) < 8e-15
    assert np.max(relative(high, HIGH)[use]) < 8e-15
    density = np.exp(LOG_K) / (X * Y)
    use &= (density < 1e300) & (density > 1e-290)
    slack = 1 + np.abs(LOG_K)
    assert np.max((relative(in_a, -GRAD_A * density) / slack)[use]) < 2e-13
    assert np.max((relative(in_b, -GRAD_B * density) / slack)[use]) < 2e-13


def test_gradients_are_finite_everywhere():
    a, b, p = np.meshgrid(10.0 ** np.arange(-3, 11), 10.0 ** np.arange(-3, 11), [1e-10, 0.01, 0.5, 0.99, 1 - 1e-10])
    x, y = over(ib.betaincinv, a, b, p, outputs=2)
    in_a, in_b = over(ib.beta_sample_grad, a, b, x, y, outputs=2)
    assert np.isfinite(in_a).all()
    assert np.isfinite(in_b).all()
    assert (in_a >= 0).all()
    assert (in_b <= 0).all()


def test_ends():
    a = np.array([2.0, 1e-3, 1e10])
    zero, one = np.zeros(3), np.ones(3)
    np.testing.assert_array_equal(over(ib.betainc, a, 3.0, zero, one), zero)
    np.testing.assert_array_equal(over(ib.betainc, a, 3.0, one, zero), one)
    np.testing.assert_array_equal(over(ib.betaincc, a, 3.0, zero, one), one)
    np.testing.assert_array_equal(over(ib.betaincc, a, 3.0, one, zero), zero)
    np.testing.assert_array_equal(over(ib.log_betainc, a, 3.0, zero, one), -np.inf * one)
    np.testing.assert_array_equal(over(ib.log_betainc, a, 3.0, one, zero), zero)
    for inverse, x0 in ((ib.betaincinv, zero), (ib.betainccinv, one)):
        np.testing.assert_array_equal(over(inverse, a, 3.0, zero, outputs=2), (x0, 1 - x0))
        np.testing.assert_array_equal(over(inverse, a, 3.0, one, outputs=2), (1 - x0, x0))


def test_nan_goes_through():
    for function in (ib.betainc, ib.betaincc, ib.log_betainc, ib.log_betaincc):
        assert np.isnan(
            over(
                function,
                [2.0, 50.0, np.nan, 2.0],
                [3.0, 50.0, 2.0, np.nan],
                [np.nan, np.nan, 0.5, 0.5],
                [np.nan, np.nan, 0.5, 0.5],
            )
        ).all()
    for inverse in (ib.betaincinv, ib.betainccinv):
        assert np.isnan(over(inverse, [2.0, np.nan, 2.0], [3.0, 2.0, 3.0], [np.nan, 0.5, 1.5], outputs=2)).all()


def test_no_step_where_the_method_changes():
    for a, b in ((31.999999999, 40.0), (32.0, 40.0), (0.24999999999, 3.0), (0.25, 3.0)):
        x = np.linspace(0.01, 0.99, 999)
        log_low, log_high = over(ib.log_betainc, a, b, x, 1 - x), over(ib.log_betaincc, a, b, x, 1 - x)
        assert (np.diff(log_low) > 0).all() or (np.diff(log_low) >= 0).all()
        assert (np.diff(log_high) <= 0).all()
        np.testing.assert_allclose(np.exp(log_low) + np.exp(log_high), 1.0, rtol=4e-15)


def test_cpython_agrees():
    for a, b, x in [(2.0, 3.0, 0.3), (50.0, 60.0, 0.5), (0.1, 0.2, 0.6), (5.0, 0.01, 0.9)]:
        assert ib.betainc(a, b, x, 1 - x) == pytest.approx(float(over(ib.betainc, a, b, x, 1 - x)), rel=1e-13)
        assert ib.betaincinv(a, b, 0.3) == pytest.approx(
            [float(v) for v in over(ib.betaincinv, a, b, 0.3, outputs=2)], rel=1e-12
        )
        got = ib.beta_sample_grad(a, b, x, 1 - x)
        assert got == pytest.approx([float(v) for v in over(ib.beta_sample_grad, a, b, x, 1 - x, outputs=2)], rel=1e-12)


def test_inverse_far_from_its_first_guess():
    a = np.array([2.48595661358836e11, 951601599.24, 1e15, 3e4, 1e-3, 1e10])
    b = np.array([1.1143286130503, 1.889390385, 2.5, 1e12, 1e10, 1e-3])
    for p in (1e-300, 1e-130, 1e-20, 1e-3):
        x, y = over(ib.betaincinv, a, b, p, outputs=2)
        use = (x > 1e-290) & (y > 1e-290)
        assert np.max(relative(over(ib.log_betainc, a, b, x, y), np.log(p))[use]) < 2e-12
        x, y = over(ib.betainccinv, a, b, p, outputs=2)
        use = (x > 1e-290) & (y > 1e-290)
        assert np.max(relative(over(ib.log_betaincc, a, b, x, y), np.log(p))[use]) < 2e-12


def test_no_nan_for_parameters_near_the_end_of_float64():
    rng = np.random.default_rng(4)
    a, b = 10 ** rng.uniform(-300, 15, (2, 2000))
    p = rng.random(2000)
    for x, y in (over(ib.betaincinv, a, b, p, outputs=2), (p, 1 - p)):
        assert not np.isnan(x + y).any()
        for function in (ib.betainc, ib.betaincc, ib.log_betainc, ib.log_betaincc):
            assert not np.isnan(over(function, a, b, x, y)).any()


HUGE = 10.0 ** np.array([-300, -160, -20, -3, 0, 5, 15, 30, 100, 160, 300])


def test_parameters_to_the_ends_of_float64():
    """No NaN at an interior point, no tail outside [0, 1], and quantiles that invert."""
    a, b = (v.ravel()[:, None] for v in np.meshgrid(1.1 * HUGE, 1.3 * HUGE))
    p = np.array([1e-300, 1e-10, 0.03, 0.5, 0.97])
    quantiles = [over(inverse, a, b, p, outputs=2) for inverse in (ib.betaincinv, ib.betainccinv)]
    given = np.array([1e-300, 1e-100, 1e-10, 0.3, 0.5, 0.9, 1 - 2.0**-53])
    x = np.hstack([*(x for x, _ in quantiles), np.broadcast_to(given, (len(a), len(given)))])
    y = np.hstack([*(y for _, y in quantiles), np.broadcast_to(1 - given, (len(a), len(given)))])
    low, high = over(ib.betainc, a, b, x, y), over(ib.betaincc, a, b, x, y)
    np.testing.assert_allclose(low + high, 1.0, rtol=4e-15)
    assert ((low >= 0) & (high >= 0)).all()
    for function in (ib.log_betainc, ib.log_betaincc):
        assert (over(function, a, b, x, y) <= 0).all()
    for slope in over(ib.beta_sample_grad, a, b, x, y, outputs=2):
        assert not np.isnan(slope).any()
    for (x, y), inverse in zip(quantiles, (ib.betainc, ib.betaincc), strict=True):
        ends = []
        for end in (0.0, 1.0):  # a few roundings of the smaller one away
            u = np.minimum(x, y)
            for _ in range(4):
                u = np.nextafter(u, end)
            u, v = np.where(x < y, u, 1 - u), np.where(x < y, 1 - u, u)
            ends.append(over(inverse, a, b, u, v))
        ends = np.sort(ends, axis=0)
        assert ((ends[0] * (1 - 1e-12) <= p) & (ends[1] * (1 + 1e-12) >= p)).all()


@pytest.mark.parametrize("a", [1e-300, 1e-20, 0.5, 3.0, 40.0, 1e4])
def test_huge_parameter_is_the_gamma_limit(a):
    """I_x(a, b) is P(a, b x) to a relative a / b."""
    b = np.array([1e30, 1e160, 1e300])[:, None]
    z = a * np.array([0.5, 0.9, 1.0, 1.1, 2.0]) if a > 1e-5 else np.array([1e-5, 0.3, 1.0, 5.0, 40.0])
    x = z / b
    # 1 / B(a, b) is as good as log(b), which is up to 690.
    slack = 3e-13 * (1 + a)
    for ours, limit in ((ib.log_betainc, ig.log_gammainc), (ib.log_betaincc, ig.log_gammaincc)):
        np.testing.assert_allclose(over(ours, a, b, x, 1 - x), over(limit, a, x * b), rtol=slack, atol=1e-323)
    slope, _ = over(ib.beta_sample_grad, a, b, x, 1 - x, outputs=2)
    np.testing.assert_allclose(slope * b, over(ig.gamma_sample_grad, a, x * b), rtol=slack)
    for ours, limit in ((ib.betaincinv, ig.gammaincinv), (ib.betainccinv, ig.gammainccinv)):
        p = np.array([1e-10, 0.2, 0.5, 0.9])
        u, _ = over(ours, a, b, p, outputs=2)
        want = over(limit, a, p) / b
        np.testing.assert_allclose(u, want, rtol=1e-12, atol=1e-310)


def test_both_parameters_huge_is_the_normal_limit():
    for power in (140, 480, 990):
        a, b = 2.0**power, 3 * 2.0**power
        mean, spread = 0.25, np.sqrt(3 / 64) * 2.0 ** (-power / 2)
        assert over(ib.betainc, a, b, mean, 1 - mean) == pytest.approx(0.5, rel=1e-9)
        x = mean + np.array([-1e-9, 1e-9])
        want = over(log_ndtr, -abs(x - mean) / spread)
        assert over(ib.log_betainc, a, b, x, 1 - x)[0] == pytest.approx(want[0], rel=1e-8)
        assert over(ib.log_betaincc, a, b, x, 1 - x)[1] == pytest.approx(want[1], rel=1e-8)
