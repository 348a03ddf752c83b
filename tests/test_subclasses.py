"""Classes that users derive, arguments that torch's wrappers hand on, and objects that must not change."""

import copy
import pickle

import numpy as np
import pytest

import fastdist as fd


class Unit(fd.Normal):
    """With a constructor of its own, which takes no parameters."""

    def __init__(self):
        super().__init__(0.0, 1.0)


def test_a_class_with_a_constructor_of_its_own():
    d = Unit()
    for other in (pickle.loads(pickle.dumps(d)), copy.copy(d), copy.deepcopy(d)):
        assert type(other) is Unit and other == d
    wide = d.expand((3,))
    assert type(wide) is Unit and wide.batch_shape == (3,)
    np.testing.assert_array_equal(wide.log_prob(0.5), np.full(3, d.log_prob(0.5)))


def test_no_word_on_validation_is_torch_default():
    mixture = fd.MixtureSameFamily(fd.Categorical([0.5, 0.5]), fd.Normal([0.0, 1.0], 1.0))
    for make, says in (
        (lambda **none: fd.Gamma(-1.0, 1.0, **none), "concentration"),
        (lambda **none: fd.Dirichlet([1e308, 1e308], **none), "sum of the concentrations"),
        (lambda **none: fd.Categorical([-0.5, 0.5], **none), "probs"),
        (lambda **none: fd.Multinomial(-1, [0.5, 0.5], **none), "total_count"),
        (lambda **none: fd.Wishart(0.5, np.eye(2), **none), "df must be greater"),
        (lambda **none: fd.MultivariateNormal([0.0, 0.0], scale_tril=-np.eye(2), **none), "scale_tril"),
        (lambda **none: fd.Truncated(fd.Gamma(2.0, 1.0), 3.0, 1.0, **none), "low must be below high"),
        (lambda **none: fd.Truncated(mixture, 3.0, 1.0, **none), "low must be below high"),
        (lambda **none: fd.ZeroInflated(fd.DiscreteUniform(-2, 3), 0.5, **none), "must not begin below 0"),
        (lambda **none: fd.TransformedDistribution(fd.Normal(0.0, 1.0), fd.transforms.LogTransform(), **none), "Log"),
    ):
        for none in ({}, {"validate_args": None}):
            with pytest.raises((ValueError, TypeError), match=says):
                make(**none)


class Tensor:
    """An array whose size is a method, as that of torch's tensors."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape, self.ndim = self.values.shape, self.values.ndim

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)

    def size(self):
        return self.shape


def test_arrays_of_other_libraries():
    x = np.linspace(0.5, 3.0, 100)
    for d in (fd.Gamma(2.0, 1.0), fd.Poisson(3.0), fd.StudentT(4.5)):
        np.testing.assert_array_equal(d.cdf(Tensor(x)), d.cdf(x))
        np.testing.assert_array_equal(d.log_prob(Tensor(np.floor(x))), d.log_prob(np.floor(x)))


def test_results_are_the_callers_own():
    d = fd.VonMisesFisher(np.array([0.6, 0.0, 0.8]), 2.5)
    before = d.log_prob([1.0, 0.0, 0.0])
    mode = d.mode()
    mode *= 2.0
    assert d.log_prob([1.0, 0.0, 0.0]) == before


def test_parameters_that_are_not_checked_come_to_an_end():
    for d in (
        fd.Dirichlet([np.nan, 1.0], validate_args=False),
        fd.Dirichlet([-1.0, 1.0], validate_args=False),
        fd.Wishart(np.nan, np.eye(2), validate_args=False),
        fd.LKJCholesky(3, np.nan, validate_args=False),
        fd.LKJCholesky(3, [1.0, np.nan], validate_args=False),
        fd.VonMisesFisher([1.0, 0.0], np.nan, validate_args=False),
    ):
        assert np.isnan(d.sample(rng=1)).any()
    for d in (
        fd.DirichletMultinomial([np.nan, 1.0], 3, validate_args=False),
        fd.VonMisesFisher([1.0, 0.0, 0.0, 0.0], np.nan, validate_args=False),
    ):
        assert d.sample(2, rng=1).shape == (2, *d.event_shape)
    for summary in (
        fd.Multinomial(np.inf, [0.5, 0.5], validate_args=False).entropy(),
        fd.Kumaraswamy(0.0, 0.0, validate_args=False).variance(),
        fd.Kumaraswamy([1.0, 2.0], 0.0, validate_args=False).kurtosis(),
    ):
        assert np.isnan(summary).all()


def test_modes_of_more_trials_than_there_are_numbers_for():
    for n in (2**53 + 2, 10**18, 2**60):
        probs = np.array([0.1, 0.2, 0.7])
        mode = fd.Multinomial(n, probs=probs).mode()
        np.testing.assert_allclose(mode / n, probs, rtol=1e-14)


def test_arguments_stand_where_torch_has_them():
    """A third one that is no word on validation is not taken for one."""
    assert fd.ContinuousBernoulli(0.3, None, (0.499, 0.501)) == fd.ContinuousBernoulli(0.3)
    assert fd.ContinuousBernoulli(0.3, lims=(0.4, 0.6), validate_args=True) == fd.ContinuousBernoulli(0.3)
    assert np.isnan(fd.ContinuousBernoulli(np.nan, None, (0.499, 0.501), False).mean())
