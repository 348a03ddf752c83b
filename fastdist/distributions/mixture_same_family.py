"""Mixtures of components of one family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastdist import constraints, devices, lifted
from fastdist.distribution import Distribution
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.components import members
from fastdist.distributions.independent import Independent
from fastdist.distributions.mixed import Group, MixtureDistribution, checked_mixture
from fastdist.engine.device import on_device
from fastdist.mixtures.support import AnyOf


class MixtureSameFamily(MixtureDistribution):
    r"""Mixture of components of one family: the last axis of a batch.

    .. math:: p(x) = \sum_k w_k\, p_k(x)

    Parameters
    ----------
    mixture_distribution : Categorical
        The weights :math:`w_k`; its batch broadcasts with that of the components, without their last axis.
    component_distribution : Distribution
        The components :math:`p_k`, along the last axis of its batch: of numbers, vectors or matrices.
    validate_args : bool
        Whether to check the arguments.

    Notes
    -----
    SciPy has ``Mixture(components, weights=weights)`` for its new univariate distributions. The class, its arguments
    and its attributes are torch's, which has of the methods `log_prob`, `cdf`, `mean`, `variance` and `sample`.

    Where the components are distributions of numbers, one compiled loop goes over blocks of values, and in a block over
    the components. Tails are means of the components' own tails, so none is 1 minus the other. A quantile lies
    between the smallest and the largest of the components' quantiles, and is found there by Newton's method on the
    log of the smaller tail, with bisection; of counts it is the smallest integer exactly. Components that are mixtures
    themselves are asked for their tails, array by array. The entropy is integrated between the components' quantiles,
    to about 1e-13 of the sizes of its terms, with a warning where mass lies between an end of the support and the float
    next to it. A component of weight 0 adds nothing.

    Derivatives are in the weights, ``probs`` or ``logits`` as :class:`Categorical` has them, and in the components'
    parameters, each with the components along its last axis, before the axes of a parameter that is a vector.
    (``component_`` comes before a name that is taken.) Those of draws are by the implicit function theorem: for each
    component its own, times its share of the density. Those of draws of vectors are Jacobians, by the cdf of each
    number given those before it, where components are normal or Student distributions of vectors, or
    :class:`Independent` ones of numbers.

    Raises
    ------
    TypeError
        If `mixture_distribution` is not a Categorical, or `component_distribution` is not a distribution.
    ValueError
        If there are not as many components as weights, or batches do not broadcast.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.MixtureSameFamily(fd.Categorical(probs=[0.25, 0.75]), fd.Normal(loc=[-1.0, 2.0], scale=[1.0, 0.5]))
    >>> d.log_prob([0.0, 2.0])
    array([-2.80191988, -0.51162364])
    >>> d.cdf(d.icdf(1e-20))
    np.float64(1e-20)
    >>> d.mean(), d.variance()
    (np.float64(1.25), np.float64(2.125))
    """

    component_distribution: Distribution

    _component: Any

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool = True
    ) -> None:
        who, component = type(self).__name__, component_distribution
        mixture = checked_mixture(who, mixture_distribution)
        if not isinstance(component, Distribution):
            raise TypeError(f"{who}: component_distribution must be a distribution; got {component!r}")
        count = mixture._categories
        if not component.batch_shape or component.batch_shape[-1] != count:
            raise ValueError(
                f"{who}: the last axis of component_distribution's batch must hold {count} components, one for each "
                f"weight; its batch_shape is {component.batch_shape}"
            )
        try:
            own, others = mixture.batch_shape, component.batch_shape[:-1]
            batch_shape = own if own == others else np.broadcast_shapes(own, others)
        except ValueError:
            raise ValueError(
                f"{who}: mixture_distribution has batch_shape {mixture.batch_shape}, which does not broadcast with "
                f"component_distribution's {component.batch_shape} without its last axis"
            ) from None
        whole = (*batch_shape, count)
        expanded = component if component.batch_shape == whole else component.expand(whole)
        self.__dict__.update(component_distribution=component, _component=expanded)
        self._freeze_mixture(mixture, [Group(expanded, slice(None))], batch_shape, component.event_shape)
        taken = self._weights_name
        names = {name: f"component_{name}" if name == taken else name for name in component._parameters}
        weights = mixture._parameters[taken]
        self.__dict__["_parameters"] = {
            taken: weights,
            **{names[name]: value for name, value in component._parameters.items()},
        }
        self.__dict__["_own_names"] = names

    @constraints.dependent_property
    def support(self) -> Any:
        """The union of the components' supports."""
        support, d = self._component.support, self._component
        while isinstance(d, Independent):
            d = d.base_dist
        numbers = not support.event_dim and np.ndim(support.lower) == np.ndim(support.upper) == 0
        return support if numbers or not constraints.is_dependent(type(d).support) else AnyOf([support])

    # Tangents -----------------------------------------------------------------------------------

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        if name == "mixture_distribution":
            return lifted.of_part(given, {})
        return lifted.of_part(given, self._own_names)

    def _carried(self, name: str, d: Any, *value: Any) -> Any:
        component = lifted.with_tangents(self.component_distribution, d, self._own_names)
        return getattr(component, name)(*(np.expand_dims(v, np.ndim(v) - len(self.event_shape)) for v in value))

    def _axes_of(self, name: str) -> int:
        if name == self._weights_name:
            return 1
        (own,) = (mine for mine, theirs in self._own_names.items() if theirs == name)
        return 1 + self.component_distribution._axes_of(own)

    # Identity -----------------------------------------------------------------------------------

    def expand(self, batch_shape: Any) -> Distribution:
        """The same distribution with its parameters broadcast to `batch_shape`."""
        shape = self._shape(batch_shape, "batch_shape")
        count = self.mixture_distribution._categories
        mixture: Any = self.mixture_distribution.expand(shape)
        found = MixtureSameFamily(mixture, self._component.expand((*shape, count)))
        return found if self._place is None else found.to("cuda")

    def _of_parts(self, change: Callable[[Any], Any]) -> Distribution:
        return MixtureSameFamily(change(self.mixture_distribution), change(self.component_distribution))

    def __reduce__(self) -> Any:
        return type(self), (self.mixture_distribution, self.component_distribution)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MixtureSameFamily):
            return NotImplemented
        same = self.mixture_distribution == other.mixture_distribution
        return same and self.component_distribution == other.component_distribution

    def __hash__(self) -> int:
        return hash((MixtureSameFamily, self.mixture_distribution, self.component_distribution))

    def __repr__(self) -> str:
        return f"MixtureSameFamily({self.mixture_distribution!r}, {self.component_distribution!r})"

    # The components -----------------------------------------------------------------------------

    def _each(self, name: str, *arguments: Any) -> Any:
        found = getattr(self._component, name)(*arguments)
        return found if on_device(found) else np.asarray(found, np.float64)

    def _at(self, name: str, value: Any) -> Any:
        if self._is_there or on_device(value):
            return getattr(self._component, name)(devices.with_axis(self, value, name))
        value = np.asarray(value)
        place = value.ndim - len(self.event_shape)
        return np.asarray(getattr(self._component, name)(np.expand_dims(value, place)))

    def _one_by_one(self, name: str, value: Any) -> np.ndarray:
        if "members" not in self._constants:
            self._constants["members"] = members(self._component)
        parts = self._constants["members"]
        if parts is None:
            return self._at(name, value)
        first = np.asarray(getattr(parts[0], name)(value))
        found = np.empty((*first.shape, len(parts)), first.dtype)
        found[..., 0] = first
        for k, part in enumerate(parts[1:], 1):
            found[..., k] = getattr(part, name)(value)
        return found

    def _slopes_at(self, value: Any) -> tuple[np.ndarray, list[tuple[str, Any, np.ndarray]]]:
        place = value.ndim - len(self.event_shape)
        terms, grad = self._component.log_prob_and_grad(np.expand_dims(value, place))
        names = {"value": "value", **self._own_names}
        return np.asarray(terms), [(names[name], slice(None), np.asarray(g)) for name, g in grad.items()]

    def _named(self, rows: list[np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self._own_names.values(), rows, strict=True))

    def _by_group(self, slopes: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        (own,) = slopes
        return {self._own_names[name]: slope for name, slope in own.items()}

    _own_names: dict[str, str]
