"""Moments, entropy and expectations against quadrature of the density."""

import numpy as np
import pytest
from cases import CASES
from helpers import each_case, each_set, integral

UNDEFINED = [(case, *pair) for case in CASES for pair in case.undefined]
MODES = [(case, *pair) for case in CASES for pair in case.modes]


@each_set("ordinary", moments=True)
def test_moments_match_quadrature(case, parameters):
    d = case.distribution(**parameters)
    mean = integral(d, lambda x: x)
    central = [integral(d, lambda x, n=n: (x - mean) ** n) for n in (2, 3, 4)]
    spread = np.sqrt(central[0])
    assert d.mean() == pytest.approx(mean, rel=1e-11, abs=1e-12 * spread)
    assert d.variance() == pytest.approx(central[0], rel=1e-10)
    assert d.stddev() == pytest.approx(spread, rel=1e-10)
    assert d.skewness() == pytest.approx(central[1] / spread**3, rel=1e-9, abs=1e-10)
    assert d.kurtosis() == pytest.approx(central[2] / spread**4 - 3, rel=1e-9, abs=1e-9)


@each_set("ordinary")
def test_entropy_matches_quadrature(case, parameters):
    d = case.distribution(**parameters)

    def surprise(x):
        log_prob = d.log_prob(x)
        return np.where(np.isfinite(log_prob), -log_prob, 0.0)

    entropy = integral(d, surprise)
    assert d.entropy() == pytest.approx(entropy, rel=1e-11, abs=1e-12)
    assert d.perplexity() == pytest.approx(np.exp(entropy), rel=1e-10)


@each_set("ordinary", moments=True)
def test_expect(case, parameters):
    d = case.distribution(**parameters)
    assert d.expect() == pytest.approx(d.mean(), rel=1e-10, abs=1e-11 * d.stddev())

    def wave(x):
        return np.cos((x - d.median()) / d.stddev())

    assert d.expect(wave) == pytest.approx(integral(d, wave), rel=1e-9, abs=1e-10)
    assert d.expect(lambda x: x**2) == pytest.approx(d.variance() + d.mean() ** 2, rel=1e-10)


@each_case
def test_expect_over_a_batch(case):
    whole = case.distribution(**{name: [p[name] for p in case.ordinary] for name in case.parameters})

    def bounded(x):
        return 1.0 / (1.0 + x * x)

    each = [case.distribution(**parameters).expect(bounded) for parameters in case.ordinary]
    np.testing.assert_allclose(whole.expect(bounded), each, rtol=1e-12)


@each_set("ordinary", moments=True)
@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
def test_raw_moments(case, parameters, order):
    d = case.distribution(**parameters)
    scale = integral(d, lambda x: np.abs(x) ** order)
    assert d.moment(order) == pytest.approx(integral(d, lambda x: x**order), rel=1e-9, abs=1e-10 * scale)


@pytest.mark.parametrize("case", [c for c in CASES if c.moments], ids=str)
def test_a_moment_without_closed_form(case):
    # StudentT(5) has no sixth moment; the fifth of the second set exists for every row.
    d = case.distribution(**case.ordinary[1])
    scale = integral(d, lambda x: np.abs(x) ** 5)
    assert d.moment(5) == pytest.approx(integral(d, lambda x: x**5), rel=1e-8, abs=1e-9 * scale)


@each_case
@pytest.mark.parametrize("order", [-1, 1.5, "2", True, None])
def test_moment_refuses(case, order):
    with pytest.raises(ValueError, match="order"):
        case.distribution(**case.ordinary[0]).moment(order)


@each_set()
def test_stats(case, parameters):
    d = case.distribution(**parameters)
    np.testing.assert_array_equal(d.stats(), (d.mean(), d.variance()))
    np.testing.assert_array_equal(d.stats("kms"), (d.kurtosis(), d.mean(), d.skewness()))
    np.testing.assert_array_equal(d.stats("v"), d.variance())
    for moments in ("", "x", "mm "):
        with pytest.raises(ValueError, match="moments"):
            d.stats(moments)


@pytest.mark.parametrize(("case", "parameters", "expected"), UNDEFINED, ids=str)
def test_moments_that_do_not_exist(case, parameters, expected):
    d = case.distribution(**parameters)
    for name, value in expected.items():
        np.testing.assert_equal(float(getattr(d, name)()), value, err_msg=name)
    np.testing.assert_equal(float(d.stddev()), float(np.sqrt(expected["variance"])))


@pytest.mark.parametrize(("case", "parameters", "mode"), MODES, ids=str)
def test_modes_at_an_end(case, parameters, mode):
    assert case.distribution(**parameters).mode() == mode


@each_case
def test_summaries_have_the_shape_of_the_batch(case):
    """Arrays over a batch are the numbers of its members."""
    whole = case.distribution(**{name: [p[name] for p in case.ordinary] for name in case.parameters})
    for name in ("mean", "variance", "stddev", "skewness", "kurtosis", "median", "mode", "entropy", "perplexity"):
        each = [getattr(case.distribution(**parameters), name)() for parameters in case.ordinary]
        got = getattr(whole, name)()
        assert got.shape == whole.batch_shape
        np.testing.assert_allclose(got, each, rtol=1e-15, err_msg=name)
        assert all(isinstance(number, np.generic) for number in each), name
