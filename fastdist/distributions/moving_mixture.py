"""Mixtures at parameters that are Duals: what has no compiled derivatives is made of the components' own results."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import lifted
from fastdist.forward.dual import without_tangent


class MovingMixture(lifted.Differentiable):
    """What mixtures do where tangents carry tangents."""

    def _carried(self, name: str, d: Any, *value: Any) -> Any:
        """A method of all components at the parameters of `d`: along an axis behind those of the batch."""
        raise NotImplementedError

    def _weights_at(self: Any, d: Any) -> Any:
        """The masses of the components."""
        name = self._weights_name
        weights = lifted.argument(d, name, self.mixture_distribution._parameters[name])
        return np.exp(weights) if self._by_logits else weights

    def _nested(self: Any, name: str, d: Any, value: Any) -> Any:
        if name in lifted.QUANTILES:
            return None
        terms, weights = self._carried(name, d, value), self._weights_at(d)
        return log_mean(weights, terms) if name.startswith("log") else np.sum(weights * terms, axis=-1)

    def _differentiated(self: Any, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        if name not in ("mean", "variance"):
            return lifted.differentiated(self, name, d, *value)
        axes = len(self.event_shape)
        weights = self._weights_at(d)
        weights = np.reshape(weights, (*weights.shape, *(1,) * axes))
        means = self._carried("mean", d)
        mean = np.sum(weights * means, axis=-1 - axes, keepdims=True)
        terms = means if name == "mean" else self._carried("variance", d) + np.square(means - mean)
        return (np.sum(weights * terms, axis=-1 - axes),)


def log_mean(weights: Any, terms: Any) -> Any:
    """The log of the weighted mean, along the last axis, of what `terms` are the logarithms of."""
    with np.errstate(all="ignore"):
        plain = without_tangent(terms) + np.log(without_tangent(weights))
        top = np.max(plain, axis=-1, keepdims=True)
        finite = np.isfinite(top)
        shift = np.where(finite, top, 0.0)
        found = np.log(np.sum(weights * np.exp(terms - shift), axis=-1)) + shift[..., 0]
    return np.where(finite[..., 0], found, top[..., 0])
