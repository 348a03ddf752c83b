"""Mixtures of unlike components."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastdist import chain_rule, constraints, devices, lifted
from fastdist.distribution import Distribution
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.delta import Delta
from fastdist.distributions.mixed import Group, MixtureDistribution, checked_mixture, is_discrete
from fastdist.engine.device import entry, on_device
from fastdist.mixtures.support import union


class Mixture(MixtureDistribution):
    r"""Mixture of components that may be of different families.

    .. math:: p(x) = \sum_k w_k\, p_k(x)

    Parameters
    ----------
    mixture_distribution : Categorical
        The weights :math:`w_k`.
    components : sequence of Distribution
        The components :math:`p_k`, one for each weight: events of one shape, and all of them continuous or all of them
        discrete. Their batches broadcast with that of the weights.
    validate_args : bool
        Whether to check the arguments.

    Notes
    -----
    SciPy has ``Mixture(components, weights=weights)`` for its new univariate distributions; torch has no such class.
    All is done as in :class:`MixtureSameFamily`, which is the shorter way to write components of one family. Where all
    components are distributions of numbers, one compiled formula serves all mixtures of the same families, in any order
    and number. Derivatives are in the weights, ``probs`` or ``logits``, and in the components' parameters: the loc of
    the first is ``components_0_loc``.

    Raises
    ------
    TypeError
        If `mixture_distribution` is not a Categorical, or something in `components` is not a distribution.
    ValueError
        If there are not as many components as weights, if their events differ in shape, if some are
        discrete and others continuous, if a point mass is among densities, or if batches do not broadcast.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Mixture(fd.Categorical(probs=[0.9, 0.1]), [fd.Normal(0.0, 1.0), fd.StudentT(2.0, 0.0, 3.0)])
    >>> d.log_prob([0.0, 10.0])
    array([-0.99200301, -7.26138745])
    >>> d.sf(1e9)
    np.float64(4.5e-19)
    """

    components: tuple[Distribution, ...]

    def __init__(
        self, mixture_distribution: Categorical, components: Sequence[Distribution], validate_args: bool = True
    ) -> None:
        who = type(self).__name__
        mixture = checked_mixture(who, mixture_distribution)
        given = tuple(components) if isinstance(components, (list, tuple)) else ()
        if not given or not all(isinstance(d, Distribution) for d in given):
            raise TypeError(f"{who}: components must be a sequence of distributions; got {components!r}")
        if len(given) != mixture._categories:
            raise ValueError(f"{who}: there are {mixture._categories} weights and {len(given)} components")
        events = [d.event_shape for d in given]
        if any(shape != events[0] for shape in events):
            raise ValueError(f"{who}: the components must have events of one shape; got {', '.join(map(str, events))}")
        _check_measures(who, given)
        batches = [mixture.batch_shape, *(d.batch_shape for d in given)]
        try:
            batch_shape = np.broadcast_shapes(*batches)
        except ValueError:
            raise ValueError(f"{who}: batches do not broadcast: {', '.join(map(str, batches))}") from None
        groups = [
            Group(d if d.batch_shape in ((), batch_shape) else d.expand(batch_shape), k) for k, d in enumerate(given)
        ]
        self.__dict__.update(components=given)
        self._freeze_mixture(mixture, groups, batch_shape, events[0])
        own = {f"components_{k}_{name}": v for k, d in enumerate(given) for name, v in d._parameters.items()}
        self.__dict__["_parameters"] = {self._weights_name: mixture._parameters[self._weights_name], **own}

    @constraints.dependent_property
    def support(self) -> Any:
        """The union of the components' supports."""
        return union([d.support for d in self.components])

    # Tangents -----------------------------------------------------------------------------------

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        if name == "mixture_distribution":
            return lifted.of_part(given, {})
        found: dict[str, Any] = {}
        level = max(map(chain_rule.level_of_part, given))
        for k, part in enumerate(given):
            if chain_rule.level_of_part(part) == level:
                names = {own: f"components_{k}_{own}" for own in part._tangents}
                found.update(lifted.of_part(part, names))
        return found

    def _carried(self, name: str, d: Any, *value: Any) -> Any:
        results = []
        for k, part in enumerate(self.components):
            names = {own: f"components_{k}_{own}" for own in part._parameters}
            results.append(getattr(lifted.with_tangents(part, d, names), name)(*value))
        return np.stack(np.broadcast_arrays(*results), axis=-1 if value else -1 - len(self.event_shape))

    def _axes_of(self, name: str) -> int:
        if name == self._weights_name:
            return 1
        k, own = name.removeprefix("components_").split("_", 1)
        return self.components[int(k)]._axes_of(own)

    # Identity -----------------------------------------------------------------------------------

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        mixture: Any = self.mixture_distribution.expand(shape)
        # Numbers go along with what is on a device as they are.
        kept = [self._is_there and d._place is None for d in self.components]
        found = Mixture(mixture, [d if own else d.expand(shape) for d, own in zip(self.components, kept, strict=True)])
        return found if self._place is None else found.to("cuda")

    def _of_parts(self, change: Callable[[Any], Any]) -> Distribution:
        return Mixture(change(self.mixture_distribution), [change(d) for d in self.components])

    def __reduce__(self) -> Any:
        return type(self), (self.mixture_distribution, self.components)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mixture):
            return NotImplemented
        return self.mixture_distribution == other.mixture_distribution and self.components == other.components

    def __hash__(self) -> int:
        return hash((Mixture, self.mixture_distribution, self.components))

    def __repr__(self) -> str:
        return f"Mixture({self.mixture_distribution!r}, {list(self.components)!r})"

    # The components -----------------------------------------------------------------------------

    def _each(self, name: str, *arguments: Any) -> Any:
        if self._is_there:
            return devices.stacked(self, [getattr(d, name)(*arguments) for d, _ in self._groups], self.batch_shape)
        results = []
        for d, _ in self._groups:
            result = np.asarray(getattr(d, name)(*arguments), np.float64)
            own = result.shape[len(d.batch_shape) :]
            results.append(np.broadcast_to(result, self.batch_shape + own))
        return np.stack(results, axis=len(self.batch_shape))

    def _at(self, name: str, value: Any) -> Any:
        if self._is_there or on_device(value):
            return devices.stacked(self, [getattr(d, name)(value) for d, _ in self._groups], None, value)
        return np.stack(np.broadcast_arrays(*self._all_at(name, value)), axis=-1)

    def _all_at(self, name: str, value: Any) -> list[Any]:
        return [np.asarray(getattr(d, name)(value)) for d, _ in self._groups]

    def _slopes_at(self, value: Any) -> tuple[np.ndarray, list[tuple[str, Any, np.ndarray]]]:
        ndim = value.ndim - len(self.event_shape)
        shape = np.broadcast_shapes(value.shape[:ndim], self.batch_shape)
        terms, found = [], []
        for d, k in self._groups:
            own = np.broadcast_shapes(value.shape[:ndim], d.batch_shape)
            term, grad = d.log_prob_and_grad(value)
            terms.append(np.broadcast_to(term, shape))
            for name, slope in grad.items():
                whole = np.broadcast_to(slope, shape + np.shape(slope)[len(own) :])
                found.append((name if name == "value" else f"components_{k}_{name}", k, whole))
        return np.stack(terms, axis=-1), found

    def _named(self, rows: list[np.ndarray]) -> dict[str, np.ndarray]:
        return {
            f"components_{k}_{name}": entry(rows[i], k)
            for k, d in enumerate(self.components)
            for i, name in enumerate(d._parameters)
        }

    def _by_group(self, slopes: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        return {f"components_{k}_{name}": slope for k, own in enumerate(slopes) for name, slope in own.items()}


def _check_measures(who: str, given: tuple[Distribution, ...]) -> None:
    """Raise a ValueError if densities are not all with respect to the same measure."""
    discrete = [is_discrete(d) for d in given]
    if any(discrete) != all(discrete):
        one, other = given[discrete.index(True)], given[discrete.index(False)]
        raise ValueError(
            f"{who}: components must be all discrete or all continuous: {type(one).__name__} is discrete, "
            f"{type(other).__name__} is not"
        )
    points = [isinstance(d, Delta) for d in given]
    if any(points) != all(points):
        raise ValueError(f"{who}: a point mass, Delta, has no density, and the other components have one")
