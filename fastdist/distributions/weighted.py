"""What families of vectors over weighted categories share: ``probs`` or ``logits`` along the last axis."""

from __future__ import annotations

import functools
from math import exp, log, log1p
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices
from fastdist.distributions.categorical import Categorical, normalised
from fastdist.engine import rows
from fastdist.engine.kernel import kernel
from fastdist.parameter import Parameter, wants_checks
from fastdist.vector import VectorDistribution

ROUNDING = 1e-15


@kernel
def fill_masses(weights, by_logits, probs, logs):
    """The masses and their logarithms, where rounding to the parameter's dtype has not left them a sum other than 1."""
    total = 0.0
    for k in range(len(weights)):
        probs[k] = exp(weights[k]) if by_logits > 0.0 else weights[k]
        total += probs[k]
    # What a common factor is off by rounding cancels in a sum of deviances; divided it would be off anew for each.
    off = abs(total - 1.0) > ROUNDING * len(weights)
    log_total = log(total) if off else 0.0
    best = 0
    for k in range(len(weights)):
        logs[k] = (weights[k] if by_logits > 0.0 else log(weights[k])) - log_total
        probs[k] = probs[k] / total if off else probs[k]
        best = k if probs[k] > probs[best] else best
    rest = 0.0
    for k in range(len(weights)):
        rest += probs[k] if k != best else 0.0
    # Of a mass close to 1 the others know the logarithm to more digits.
    logs[best] = log1p(-rest) if rest < 0.5 else logs[best]


@kernel
def fill_others(probs, others):
    """For each category the mass of all others, which 1 - p loses where p is close to 1."""
    total = 0.0
    for k in range(len(probs)):
        others[k] = total
        total += probs[k]
    total = 0.0
    for k in range(len(probs) - 1, -1, -1):
        others[k] += total
        total += probs[k]


@kernel
def masses(weights, by_logits, probs, logs, others):
    fill_masses(weights, by_logits, probs, logs)
    fill_others(probs, others)


class Weighted(VectorDistribution):
    """A family whose last parameter is `probs` or `logits`, normalised as :class:`Categorical` does it."""

    probs = Parameter(constraints.weights, derived=lambda d: d._categorical.probs)
    logits = Parameter(constraints.logits, derived=lambda d: d._categorical.logits)
    _on_device = True

    def _freeze_weights(self, validate_args: bool, probs: Any, logits: Any, **others: Any) -> None:
        self._freeze_either(False, {"probs": probs, "logits": logits}, **others)
        if wants_checks(validate_args):
            for other in others:
                given, who = self._parameters[other], type(self).__name__
                if self._place is not None:
                    devices.check_parameter(self._declared[other], self._own[other], who)
                else:
                    self._declared[other].check(np.asarray(given), who)
        name, weights = normalised(self, validate_args)
        self.__dict__.update(
            _parameters={**self._parameters, name: weights},
            _arguments=(*self._arguments[:-2], weights, self._arguments[-1]),
        )

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        return {name: chain_rule.normalised(name, given) if name in ("probs", "logits") else given}

    @functools.cached_property
    def _categorical(self) -> Categorical:
        """The distribution of the category of one trial."""
        name = "logits" if self._by_logits else "probs"
        return Categorical(**{name: self._parameters[name]}, validate_args=False)

    @property
    def _by_logits(self) -> bool:
        return "logits" in self._parameters

    def _masses(self) -> tuple[Any, Any]:
        """The masses in float64, and for each that of all other categories."""
        weights, by_logits = self._arguments[-2:]
        shape = self.event_shape
        probs, _, others = rows.prepare(masses, (weights, by_logits), self.batch_shape, 0, (shape,) * 3).batched()
        return probs, others
