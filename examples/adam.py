"""Stochastic gradient descent with steps that adapt to each parameter."""

from __future__ import annotations

import numpy as np


class Adam:
    """Kingma and Ba, "Adam: a method for stochastic optimization" (2015), arXiv:1412.6980.

    Parameters
    ----------
    rate : float
        About how far a parameter moves in a step.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._mean: dict[str, np.ndarray] = {}
        self._square: dict[str, np.ndarray] = {}
        self._steps = 0

    def step(self, parameters: dict[str, np.ndarray], gradient: dict[str, np.ndarray]) -> None:
        """Move the parameters against the gradient, in place."""
        self._steps += 1
        for name, slope in gradient.items():
            mean = self._mean[name] = 0.9 * self._mean.get(name, 0.0) + 0.1 * slope
            square = self._square[name] = 0.999 * self._square.get(name, 0.0) + 0.001 * np.square(slope)
            size = np.sqrt(square / (1 - 0.999**self._steps)) + 1e-8
            parameters[name] = parameters[name] - self._rate * mean / (1 - 0.9**self._steps) / size
