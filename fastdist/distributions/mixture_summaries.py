"""Moments and entropies of mixtures: of what the components say of theirs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist import devices
from fastdist.distribution import Distribution
from fastdist.distributions.categorical import Categorical
from fastdist.engine import rows
from fastdist.engine.device import on_device
from fastdist.mixtures import entropies
from fastdist.mixtures.moments import MOMENTS


class MixtureSummaries(Distribution):
    """The summaries of a distribution that is one of several others with probability."""

    mixture_distribution: Categorical

    _weights: Any
    """The masses of the components, over the whole batch."""
    _discrete: bool
    """Whether components give counts."""

    # What a mixture defines ---------------------------------------------------------------------

    def _each(self, name: str, *arguments: Any) -> np.ndarray:
        """A summary of all components, along an axis after those of the batch."""
        raise NotImplementedError

    def _at(self, name: str, value: Any) -> np.ndarray:
        """A method of all components at a value, along a new last axis."""
        raise NotImplementedError

    def _one(self, index: tuple[int, ...]) -> Callable[[str, Any], Any]:
        """``f(method, value)`` of one parameter set."""
        raise NotImplementedError

    @property
    def _is_there(self) -> bool:
        """Whether the parameters are on a device, and not only what loops need of them."""
        return self.mixture_distribution._place is not None

    # Moments ------------------------------------------------------------------------------------

    def _mean_of(self, each: np.ndarray) -> np.ndarray:
        """The mean of what the components say, along the axis after those of the batch."""
        axis = len(self.batch_shape)
        weights = self._weights.reshape(self._weights.shape + (1,) * (each.ndim - axis - 1))
        return np.sum(np.multiply(weights, each, out=np.zeros(np.shape(each)), where=weights > 0), axis=axis)

    def _moment(self, name: str) -> Any:
        """A moment from those of the components."""
        if self.event_shape:
            devices.refuse(self, name)
        axis, (formula, needed) = len(self.batch_shape), MOMENTS[name]
        each = [self._each(own) for own in needed]
        weights, shape = self._weights, self.batch_shape
        if not self._is_there:
            # Each number of an event is a parameter set of its own, with the components along the last axis.
            each = [np.moveaxis(own, axis, -1) for own in each]
            shape = each[0].shape[:-1]
            weights = weights.reshape(self.batch_shape + (1,) * (len(shape) - axis) + weights.shape[-1:])
        found = rows.prepare(formula, (weights, *each), shape, 1, ()).batched()[0]
        return self._rounded(found)

    def _rounded(self, value: Any) -> Any:
        if on_device(value):
            return devices.rounded(self, value, self.batch_shape)
        with np.errstate(over="ignore"):
            return np.asarray(value).astype(self.dtype, copy=False)[()]

    def mean(self) -> Any:
        """The mean of the components' means."""
        return self._moment("mean")

    def variance(self) -> Any:
        """The mean of the components' variances, and the variance of their means."""
        return self._moment("variance")

    def stddev(self) -> Any:
        """Square root of the variance."""
        return self._moment("stddev")

    def covariance(self) -> Any:
        """Covariance matrix of an event, along two last axes: of components that have one."""
        if len(self.event_shape) != 1:
            raise NotImplementedError(f"{type(self).__name__}.covariance is defined for events that are vectors")
        devices.refuse(self, "covariance")
        means = self._each("mean")
        with np.errstate(invalid="ignore"):
            distance = means - np.expand_dims(self._mean_of(means), len(self.batch_shape))
        between = distance[..., :, np.newaxis] * distance[..., np.newaxis, :]
        return self._rounded(self._mean_of(self._each("covariance") + between))

    def skewness(self) -> Any:
        """Third standardised moment."""
        return self._moment_of_numbers("skewness")

    def kurtosis(self) -> Any:
        """Excess kurtosis."""
        return self._moment_of_numbers("kurtosis")

    def _moment_of_numbers(self, name: str) -> Any:
        if self.event_shape:
            raise NotImplementedError(f"{type(self).__name__}: moments above the second are those of numbers only")
        return self._moment(name)

    def mode(self) -> Any:
        """Not defined in closed form: a mixture may have as many modes as components, or one between them."""
        raise NotImplementedError(
            f"{type(self).__name__}.mode has no closed form: a mixture may have as many modes as components, or one "
            "between them; maximise log_prob_and_grad from the modes of the components"
        )

    def median(self) -> Any:
        """The quantile of one half."""
        return self.icdf(0.5 if self._place is not None else np.full(self.batch_shape, 0.5, self.dtype)[()])

    # Means of other terms -----------------------------------------------------------------------

    @devices.host_only
    def entropy(self) -> Any:
        """Entropy in nats, by quadrature between quantiles of all components, or by summation."""
        if self.event_shape:
            raise NotImplementedError(
                f"{type(self).__name__}.entropy has no closed form, and is integrated for events that are numbers only"
            )

        def surprise(index: tuple[int, ...], x: np.ndarray) -> np.ndarray:
            log_p = self._one(index)("log_prob", x)
            return entropies.mean_of(log_p, -log_p)

        return self._rounded(self._over_values(surprise))

    def _over_values(self, term: Callable[[tuple[int, ...], np.ndarray], np.ndarray]) -> np.ndarray:
        """The integral of ``term(index, values)``, or the sum of that, over what each parameter set may give."""
        levels = np.array(entropies.LEVELS).reshape((-1, *(1,) * len(self.batch_shape)))
        ends = np.concatenate([self._at("icdf", levels), self._at("isf", levels)])
        results = np.empty(self.batch_shape)
        for index in np.ndindex(self.batch_shape):
            points = np.unique(ends[(slice(None), *index)][:, self._weights[index] > 0])
            if not self._discrete:
                entropies.warn_of_unseen(self._one(index), points)
            added = entropies.total if self._discrete else entropies.integral
            results[index] = added(functools.partial(term, index), points)
        return results

    def perplexity(self) -> Any:
        """Exponential of the entropy."""
        return np.exp(self.entropy())

    def expect(self, func: Callable[[Any], Any] | None = None) -> Any:
        """The mean of the components' ``expect(func)``."""
        return self._rounded(self._mean_of(self._each("expect", func)))
