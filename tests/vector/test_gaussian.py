"""Families around the multivariate normal one: what only they have."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats
from vector.families.gaussian import CASES, student

import fastdist as fd
from fastdist.distributions.multivariate_normal import MultivariateNormal
from fastdist.distributions.multivariate_student_t import MultivariateStudentT

CHANCE = 1e-7

each_case = pytest.mark.parametrize("case", CASES, ids=str)


@each_case
def test_far_events(case):
    """Squares that overflow, alone and among others."""
    d = case(**case.ordinary[0])
    for n in (1, 40):
        x = np.broadcast_to(d.mean(), (n, *d.event_shape)).copy()
        x[0] = 1.0
        x[0].flat[0] = 1e200
        far = d.log_prob(x)[0]
        if case.distribution is MultivariateStudentT:
            np.testing.assert_allclose(far, float(case.log_prob(x[0].tolist(), **case.ordinary[0])), rtol=1e-14)
            assert all(np.all(np.isfinite(slope)) for slope in d.log_prob_and_grad(x)[1].values())
        else:
            assert far == -np.inf


@each_case
def test_law_of_draws(case):
    """Means, and the squared lengths of standardised draws, in all directions and as a whole."""
    parameters = case.ordinary[0]
    d = case(**parameters)
    n, size = 200_000, int(np.prod(d.event_shape))
    x = (d.sample(n, rng=6) - parameters["loc"]).reshape(n, size)
    df = parameters.get("df", np.inf)
    shape = d.covariance() * (1.0 if df == np.inf else (df - 2) / df)
    z = np.linalg.solve(np.linalg.cholesky(shape), x.T)
    law = stats.norm if df == np.inf else stats.t(df)
    distance = np.sqrt(np.log(2 / CHANCE) / (2 * n))
    directions = np.concatenate([np.eye(size), np.random.default_rng(0).normal(size=(4, size))])
    for row in directions / np.linalg.norm(directions, axis=1, keepdims=True):
        assert stats.kstest(row @ z, law.cdf).statistic <= distance
    whole = stats.chi2(size) if df == np.inf else stats.f(size, df)
    assert stats.kstest((z**2).sum(0) / (1 if df == np.inf else size), whole.cdf).statistic <= distance


def test_draws_move_with_the_degrees_of_freedom():
    """The mean of what moves a function of draws is the derivative of its mean."""
    for df in (0.7, 3.0, 50.0):
        d = MultivariateStudentT(df, [1.0, 0.0], [[1.0, 0.0], [0.5, 2.0]])
        x, grad = d.rsample_and_grad(400_000, rng=5)
        z = np.linalg.solve([[1.0, 0.0], [0.5, 2.0]], (x - d.loc).T)
        dz = np.linalg.solve([[1.0, 0.0], [0.5, 2.0]], grad["df"].T)
        # The share of the squared length in itself plus df is a beta variate.
        square, moved = (z**2).sum(0), 2 * (z * dz).sum(0)
        got = moved / (1 + square) ** 2  # of square / (1 + square)
        h = 1e-4 * df
        grid = (np.arange(200_000) + 0.5) / 200_000
        means = [np.mean((q := 2 * stats.f(2, df + s * h).ppf(grid)) / (1 + q)) for s in (1, -1)]
        want = (means[0] - means[1]) / (2 * h)
        assert abs(got.mean() - want) <= 5.4 * got.std() / np.sqrt(len(got)) + 1e-4 * abs(want)


@each_case
def test_locations(case):
    for parameters in case.ordinary:
        d = case(**parameters)
        np.testing.assert_array_equal(d.mode(), parameters["loc"])
        np.testing.assert_array_equal(d.mean(), np.where(parameters.get("df", 9.0) > 1, parameters["loc"], np.nan))
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(np.diag(d.covariance()), np.ravel(d.variance()), rtol=1e-14)
            np.testing.assert_allclose(d.stddev() ** 2, d.variance(), rtol=1e-14)


@each_case
def test_derived_matrices(case):
    """The matrices that are not given, from the one that is."""
    d = case(**case.batch((3,)))
    if not hasattr(d, "scale_tril"):
        return
    factor = d.scale_tril
    assert factor.shape == (3, 3, 3) and np.all(np.triu(factor, 1) == 0)
    full = next(getattr(d, name) for name in ("covariance_matrix", "scale_matrix") if hasattr(type(d), name))
    np.testing.assert_allclose(factor @ np.swapaxes(factor, -2, -1), full, rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(full, np.swapaxes(full, -2, -1))
    if hasattr(d, "precision_matrix"):
        product = full @ d.precision_matrix
        np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=1e-11)
    for name in ("covariance_matrix", "precision_matrix", "scale_tril") * (case.distribution is MultivariateNormal):
        other = MultivariateNormal(d.loc, **{name: getattr(d, name)})
        x = d.sample(4, rng=1)
        np.testing.assert_allclose(other.log_prob(x), d.log_prob(x), rtol=1e-9)


def test_exactly_one_matrix():
    one = [[1.0]]
    with pytest.raises(ValueError, match="exactly one of covariance_matrix, precision_matrix and scale_tril; got cov"):
        MultivariateNormal([0.0], one, one)
    with pytest.raises(ValueError, match="exactly one of scale_tril and scale_matrix; got both"):
        MultivariateStudentT(1.0, [0.0], one, one)


def test_no_digit_of_a_location_that_is_not_a_number_is_believed():
    d = MultivariateNormal([np.nan, 0.0], np.eye(2), validate_args=False)
    assert np.isnan(d.log_prob([0.0, 0.0])) and np.isnan(d.log_prob(np.zeros((40, 2)))).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_what_overflows_is_infinite(dtype):
    large, identity = dtype(1e30 if dtype is np.float32 else 1e200), np.eye(2, dtype=dtype)
    wide, narrow = (MultivariateNormal(np.zeros(2, dtype), scale_tril=s * identity) for s in (large, 1 / large))
    for found in (wide.covariance_matrix, np.diag(wide.variance()), narrow.precision_matrix):
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, np.where(np.eye(2), np.inf, 0.0))


@pytest.mark.parametrize("df", [1e-300, 1e-10, 1e-3, 3.0])
def test_far_events_of_few_degrees_of_freedom(df):
    """The quotient of squared length and degrees of freedom may overflow, too."""
    factor = [[1.0, 0.0], [0.5, 2.0]]
    d = MultivariateStudentT(df, [0.0, 1.0], factor)
    x = np.array([[1e300, 0.0], [1e10, 3.0], [1.0, 1.0], [1e160, 1e160], [3e-5, 2.0]])
    want = [float(student(event.tolist(), df, [0.0, 1.0], scale_tril=factor)) for event in x]
    value, grad = d.log_prob_and_grad(x)
    np.testing.assert_allclose(value, want, rtol=1e-15)
    np.testing.assert_allclose(d.log_prob(np.repeat(x, 5, axis=0))[::5], want, rtol=1e-15)
    step = df * mp.mpf(10) ** -40
    for event, slope in zip(x.tolist(), grad["df"], strict=True):
        with mp.workdps(400):
            ends = [student(event, df + s * step, [0.0, 1.0], scale_tril=factor) for s in (1, -1)]
            np.testing.assert_allclose(slope, float((ends[0] - ends[1]) / (2 * step)), rtol=5e-15)


def test_jacobians_of_draws_that_overflow_hold_no_nan():
    for df in (1e-300, 1e-3, np.inf):
        for name in ("scale_tril", "scale_matrix"):
            d = MultivariateStudentT(df, [0.0, 1.0], **{name: np.diag([1.0, 2.0])})
            x, grad = d.rsample_and_grad(200, rng=1)
            assert not any(np.isnan(g).any() for g in (x, *grad.values()))


def test_large_parameters_are_not_shown_whole():
    wrong = -np.eye(50)
    for name in ("covariance_matrix", "scale_tril"):
        with pytest.raises(ValueError, match=r"an array of shape \(50, 50\)") as error:
            MultivariateNormal(np.zeros(50), **{name: wrong})
        assert len(str(error.value)) < 250


def test_the_lower_triangle_counts():
    """Of a matrix that is asymmetric by rounding."""
    rough = np.array([[2.0, 1.0], [1.0 + 1e-6, 3.0]])
    whole = np.tril(rough) + np.tril(rough, -1).T
    for name in ("covariance_matrix", "precision_matrix"):
        one, other = (MultivariateNormal([0.0, 0.0], **{name: matrix}) for matrix in (rough, whole))
        assert one.log_prob([1.0, 2.0]) == other.log_prob([1.0, 2.0])


@pytest.mark.parametrize("scale", [1.0, 1e4, 1e-8])
def test_sums_of_low_rank_slopes(scale):
    """Many events are summed by products of whole arrays."""
    rng = np.random.default_rng(4)
    factor = scale * rng.normal(size=(6, 2))
    d = fd.LowRankMultivariateNormal(rng.normal(size=6), factor, rng.uniform(0.5, 2.0, size=6))
    x = d.sample(5000, rng=1)
    value, each = d.log_prob_and_grad(x)
    total, grad = d.log_likelihood_and_grad(x)
    assert total == pytest.approx(value.sum(), rel=1e-13)
    for name, slope in grad.items():
        # What half an ulp of the events does, they being as large as the factor.
        np.testing.assert_allclose(slope, each[name].sum(axis=0), rtol=1e-10, atol=1e-11 * np.abs(each[name]).sum())
    assert not np.isfinite(d.log_likelihood_and_grad(np.full((40, 6), np.inf))[0])
