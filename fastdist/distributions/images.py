"""Distributions that are images of another: the base and the transforms, under torch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def image(base: Callable[[Any], Any], *steps: Callable[[Any], Any]) -> tuple[property, property]:
    """The properties `base_dist` and `transforms` of a family, each part made of a distribution's parameters."""

    def base_dist(self: Any) -> Any:
        """The distribution of which this one is the image under :attr:`transforms`."""
        made = base(self)
        return made if made.batch_shape == self.batch_shape else made.expand(self.batch_shape)

    def transforms(self: Any) -> list[Any]:
        """The transforms that make this distribution of :attr:`base_dist`, the first one first."""
        return [step(self) for step in steps]

    return property(base_dist), property(transforms)
