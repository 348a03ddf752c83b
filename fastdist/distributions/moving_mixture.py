"""Mixtures at parameters that are Duals: what has no compiled derivatives is made of the components' own results."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import chain_rule, constraints
from fastdist.forward.dual import duals_in, made, without_tangent
from fastdist.mixtures import entropies

MOMENTS = ("mean", "variance", "skewness", "kurtosis")


class MovingMixture(chain_rule.Differentiable):
    """What mixtures do where tangents carry tangents."""

    def _carried(self, name: str, d: Any, *value: Any) -> Any:
        """A method of all components at the parameters of `d`: along an axis behind those of the batch."""
        raise NotImplementedError

    def _weights_at(self: Any, d: Any) -> Any:
        """The masses of the components."""
        name = self._weights_name
        weights = chain_rule.argument(d, name, self.mixture_distribution._parameters[name])
        return np.exp(weights) if self._by_logits else weights

    def _nested(self: Any, name: str, d: Any, value: Any) -> Any:
        if name in chain_rule.QUANTILES:
            return None
        terms, weights = self._carried(name, d, value), self._weights_at(d)
        return log_mean(weights, terms) if name.startswith("log") else np.sum(weights * terms, axis=-1)

    def _differentiated(self: Any, name: str, d: Any, *value: Any) -> tuple[Any, ...]:
        axes = len(self.event_shape)
        if name == "entropy" and not axes and not d._twin._level:
            return (self._entropy_at(d),)
        if name not in MOMENTS[: 2 if axes else 4]:
            return chain_rule.differentiated(self, name, d, *value)
        weights = self._weights_at(d)
        weights = np.reshape(weights, (*weights.shape, *(1,) * axes))
        means = self._carried("mean", d)
        mean = np.sum(weights * means, axis=-1 - axes, keepdims=True)
        if name == "mean":
            return (np.sum(weights * means, axis=-1 - axes),)
        distances, variances = means - mean, self._carried("variance", d)
        variance = np.sum(weights * (variances + np.square(distances)), axis=-1 - axes)
        if name == "variance":
            return (variance,)
        # In units of the standard deviation.
        unit = np.sqrt(variance)[..., np.newaxis]
        z, w = distances / unit, np.sqrt(variances) / unit
        third = self._carried("skewness", d) * w**3
        if name == "skewness":
            return (np.sum(weights * (third + 3.0 * z * w**2 + z**3), axis=-1),)
        fourth = (self._carried("kurtosis", d) + 3.0) * w**4
        return (np.sum(weights * (fourth + 4.0 * z * third + 6.0 * (z * w) ** 2 + z**4), axis=-1) - 3.0,)

    def _entropy_at(self: Any, d: Any) -> Any:
        """The entropy as it moves with the density p: by the integral of -dp (log p + a number), whichever that is."""
        if not _keeps_its_support(self):
            raise TypeError(
                f"{type(self).__name__}.entropy: there is no rule for this derivative where a support has ends that "
                "are parameters"
            )
        entropy = self.entropy()

        def moved(j: int) -> Any:
            def term(index: tuple[int, ...], x: np.ndarray) -> np.ndarray:
                found = d.log_prob(np.reshape(x, (*x.shape, *(1,) * len(index))))
                log_p, slope = found.primal[(..., *index)], found._directions[(j, ..., *index)]
                return entropies.mean_of(log_p, -slope * (log_p + np.asarray(entropy)[index]))

            return self._over_values(term)

        carried = list(d._tangents.values())
        directions = np.stack([moved(j) for j in range(len(duals_in(carried, d._level)[0]._directions))])
        return made(entropy, directions, all(dual._single for dual in carried), d._level)


def _keeps_its_support(d: Any) -> bool:
    """Whether no parameter of a mixture's components is an end of what they may give."""
    if isinstance(d, MovingMixture):
        return all(_keeps_its_support(group.distribution) for group in d._groups)  # type: ignore[attr-defined]
    return bool(d.support.is_discrete) or not constraints.is_dependent(type(d).support)


def log_mean(weights: Any, terms: Any) -> Any:
    """The log of the weighted mean, along the last axis, of what `terms` are the logarithms of."""
    with np.errstate(all="ignore"):
        plain = without_tangent(terms) + np.log(without_tangent(weights))
        top = np.max(plain, axis=-1, keepdims=True)
        finite = np.isfinite(top)
        shift = np.where(finite, top, 0.0)
        found = np.log(np.sum(weights * np.exp(terms - shift), axis=-1)) + shift[..., 0]
    return np.where(finite[..., 0], found, top[..., 0])
