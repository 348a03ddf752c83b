"""Quantiles: inverse to the cdf and the tail, exact at 0 and 1, smallest on a discrete support."""

import numpy as np
import pytest
from cases import CASES
from helpers import HALF_ULP, draw_slopes, each_set, inner

LEVELS = np.concatenate([np.geomspace(1e-300, 1e-2, 60), np.linspace(0.02, 0.98, 49)])


@each_set()
def test_exact_at_zero_and_one(case, parameters):
    d = case.distribution(**parameters)
    ends = np.array([0.0, 1.0])
    np.testing.assert_array_equal(d.icdf(ends), [d.support.lower, d.support.upper])
    np.testing.assert_array_equal(d.isf(ends), [d.support.upper, d.support.lower])
    assert d.icdf(0.0) == d.support.lower and d.icdf(1) == d.support.upper


@each_set()
def test_nan_outside_the_unit_interval(case, parameters):
    d = case.distribution(**parameters)
    p = np.array([-1e-300, -1.0, 1.0000000000000002, 2.0, np.inf, -np.inf, np.nan])
    assert np.isnan(d.icdf(p)).all() and np.isnan(d.isf(p)).all()
    assert np.isnan(d.icdf(-0.5)) and np.isnan(d.isf(1.5))


@each_set()
def test_quantiles_are_sorted(case, parameters):
    d = case.distribution(**parameters)
    p = np.unique(LEVELS)
    x, y = d.icdf(p), d.isf(p)
    tiny = 1e-13 * np.maximum(np.abs(x[1:]), np.abs(y[1:]))
    tiny = np.where(np.isfinite(tiny), tiny, 0.0)
    with np.errstate(invalid="ignore"):
        rise, fall = np.diff(x), np.diff(y)
    assert not np.any(rise < -tiny) and not np.any(fall > tiny)


@each_set(discrete=False)
@pytest.mark.parametrize(("quantile", "tail"), [("icdf", "cdf"), ("isf", "sf")])
def test_quantiles_invert(case, parameters, quantile, tail):
    """The level is between the tails at the quantile's neighbours, a few roundings away."""
    d = case.distribution(**parameters)
    x = getattr(d, quantile)(LEVELS)
    with np.errstate(invalid="ignore", over="ignore"):
        # What a few half ulps in the parameters would change.
        moved = sum(abs(v * slope) for v, slope in zip(parameters.values(), draw_slopes(d, x), strict=True))
    rounding = np.where(np.isfinite(x) & np.isfinite(moved), 4 * HALF_ULP * moved, 0.0)
    low, high = x - rounding, x + rounding
    for _ in range(4):
        low, high = np.nextafter(low, -np.inf), np.nextafter(high, np.inf)
    ends = np.sort([getattr(d, tail)(low), getattr(d, tail)(high)], axis=0)
    good = (ends[0] * (1 - 2e-13) <= LEVELS) & (ends[1] * (1 + 2e-13) >= LEVELS)
    good |= (x != 0) & (np.abs(x) < 1e-300)  # next to the subnormal numbers there are no digits left to compare
    assert good.all(), np.array([LEVELS, x, *ends])[:, ~good]


@each_set(discrete=True)
def test_the_smallest_integer_that_reaches_the_level(case, parameters):
    """On a discrete support: cdf(k) >= p > cdf(k - 1), also for p from the cdf itself."""
    d = case.distribution(**parameters)
    k = np.unique(np.concatenate([inner(d, 40), d.icdf(np.geomspace(1e-250, 1e-2, 20))]))
    steps = d.cdf(k)
    steps = steps[(steps > 0) & (steps < 1)]
    p = np.concatenate([LEVELS, steps, np.nextafter(steps, 0), np.nextafter(steps, 2)])
    p = p[(p > 0) & (p < 1)]
    got = d.icdf(p)
    np.testing.assert_array_equal(got, np.floor(got))
    assert np.all((d.cdf(got) >= p) | (got == d.support.upper))
    # Above 2**53 the count before is not a float of its own.
    assert np.all((d.cdf(got - 1) < p) | (got - 1 == got))


@each_set(discrete=True)
def test_the_smallest_integer_whose_tail_is_at_most_the_level(case, parameters):
    d = case.distribution(**parameters)
    k = np.unique(np.concatenate([inner(d, 40), d.isf(np.geomspace(1e-250, 1e-2, 20))]))
    steps = d.sf(k)
    steps = steps[(steps > 0) & (steps < 1)]
    q = np.concatenate([LEVELS, steps, np.nextafter(steps, 0), np.nextafter(steps, 2)])
    q = q[(q > 0) & (q < 1)]
    got = d.isf(q)
    np.testing.assert_array_equal(got, np.floor(got))
    assert np.all(d.sf(got) <= q)
    assert np.all((d.sf(got - 1) > q) | (got - 1 == got))


@pytest.mark.parametrize("case", [c for c in CASES if c.random], ids=str)
@pytest.mark.parametrize(("quantile", "tail", "sign"), [("icdf", "cdf", 1), ("isf", "sf", -1)])
def test_the_smallest_integer_at_many_random_parameters(case, quantile, tail, sign):
    """At 10^5 parameter sets, for random levels in the middle and in both tails, and for the tail at a count itself."""
    rng = np.random.default_rng(11)
    n = 100_000
    d = case.distribution(**case.random(rng, n))
    of_level, of_count = getattr(d, quantile), getattr(d, tail)
    random = rng.random(n)
    level = np.choose(np.arange(n) % 3, [random, 10.0 ** (-300 * random), 1 - 10.0 ** (-16 * random)])
    level = np.clip(level, 1e-300, 1 - 2.0**-53)
    for _ in range(2):
        k = of_level(level)
        reached, before = sign * of_count(k) >= sign * level, sign * of_count(k - 1) < sign * level
        # Above 2**53 the count before is not a float of its own.
        good = (reached | (k == d.support.upper)) & (before | (k - 1 == k))
        worst = np.flatnonzero(~good)[:5]
        assert good.all(), [(i, {name: v[i] for name, v in d._parameters.items()}, level[i], k[i]) for i in worst]
        level = of_count(k)
        level = np.where((level > 0) & (level < 1), level, 0.5)


@each_set()
def test_median(case, parameters):
    d = case.distribution(**parameters)
    assert d.median() == pytest.approx(d.icdf(0.5), rel=1e-14, abs=1e-320)


@each_set()
def test_interval(case, parameters):
    """Equal tails on both sides; the whole support at confidence 1."""
    d = case.distribution(**parameters)
    low, high = d.interval(0.75)
    assert (low, high) == (d.icdf(0.125), d.isf(0.125))
    assert d.interval(1) == (d.support.lower, d.support.upper)
    lows, highs = d.interval(np.array([0.5, 0.9]))
    np.testing.assert_array_equal(lows, d.icdf(np.array([0.25, (1 - 0.9) / 2])))
    np.testing.assert_array_equal(highs, d.isf(np.array([0.25, (1 - 0.9) / 2])))
    with pytest.raises(ValueError, match=f"{case.distribution.__name__}.*confidence.*1.5"):
        d.interval(1.5)
