"""Any univariate distribution, given that its value is between two ends."""

from __future__ import annotations

import functools
from math import inf
from typing import Any, ClassVar

import numpy as np

from fastdist import composition, constraints
from fastdist.composition import Composite
from fastdist.distributions.mixed import MixtureDistribution
from fastdist.distributions.normal import Normal
from fastdist.distributions.truncated_normal import TruncatedNormal
from fastdist.engine import evaluate
from fastdist.engine.kernel import expression
from fastdist.parameter import Parameter, wants_checks
from fastdist.truncation.compose import composed


def support_between(self: Any) -> Any:
    """The base's support between the ends."""
    whole = self.base.support
    low, high = np.maximum(self.low, whole.lower), np.minimum(self.high, whole.upper)
    if whole.is_discrete:
        return constraints.integer_interval(np.ceil(low), np.floor(high))
    return constraints.interval(low, high)


class Truncated(Composite):
    r"""A univariate distribution given that its value is between two ends.

    .. math:: p(x) = \frac{f(x)}{F(b) - F(a)}, \quad a \le x \le b

    Both ends belong to the interval, also on a discrete support: there its mass is
    :math:`P(a \le X \le b)`.

    Parameters
    ----------
    base : Distribution
        The distribution, continuous or discrete, with parameters that are numbers, or a mixture of such.
    low : array_like of real, or -inf
        Lower end :math:`a`; broadcasts against the batch of `base`.
    high : array_like of real, or inf
        Upper end :math:`b`, above `low`, or equal to it where the support is discrete.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``truncate(X, lb, ub)`` is the same for its new continuous distributions. The result is of a
    class of its own, derived from `Truncated` for the class of `base`, and its parameters are those of
    `base`, then `low` and `high`: derivatives are in all of them. The mass of an interval is
    the difference of two tails, taken in logs on the side where they are small. On an interval so
    narrow that digits would be lost it is an integral by Gauss's rule (or a sum) instead. Quantiles are the
    base's, polished by Newton's method; draws are quantiles of uniforms; moments are
    integrals by the double-exponential rule (Takahasi and Mori 1974, doi:10.2977/prims/1195192451), of the tails where
    the density is infinite at an end, or sums over integers, of which there may be ten million: of more they are NaN,
    and so is what has too large a part beyond all numbers. What is left of
    a mixture is the mixture of what is left of its components, each weighed by its mass in the interval.
    An end that is no farther inside than the base's own cuts nothing off: derivatives in it are 0, also where the two
    are in one place, and it is the base's parameters that move the end there.
    :class:`~fastdist.TruncatedNormal` is faster, and goes farther into the tails.

    Raises
    ------
    TypeError
        If `base` is not a univariate distribution, or its parameters are vectors.
    ValueError
        If `low` is not below `high`, or there is no mass between them.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Truncated(fd.Gamma(concentration=2.5, rate=1.0), low=1.0, high=4.0)
    >>> d.cdf([1.0, 2.0, 4.0])
    array([0.        , 0.43256605, 1.        ])
    >>> fd.Truncated(fd.Poisson(rate=4.0), low=1).prob(0)
    np.float64(0.0)
    """

    low = Parameter(constraints.real, infinite=True)
    high = Parameter(constraints.real, infinite=True)
    support = constraints.dependent_property(support_between)

    def __new__(cls, base: Any, low: Any = -inf, high: Any = inf, validate_args: bool = True) -> Truncated:
        if isinstance(base, MixtureDistribution) and not base.event_shape:
            from fastdist.distributions.truncated_mixture import TruncatedMixture  # which is made of this class

            return object.__new__(TruncatedMixture)
        if not composition.accepts(base) or isinstance(base, Truncated):
            raise TypeError(
                f"Truncated: base must be a univariate distribution with numbers for parameters; got {base!r}"
            )
        kind: Any = type(base)
        return object.__new__(_over(kind))


class _Over(Truncated):
    """What the classes of truncated distributions share; each is made by :func:`_over`."""

    _mass: ClassVar[Any]

    def __new__(cls, *arguments: Any, **parameters: Any) -> _Over:
        return object.__new__(cls)

    def __init__(
        self, base: Any = None, low: Any = -inf, high: Any = inf, validate_args: bool = True, **parameters: Any
    ) -> None:
        """From a base, or from its parameters by name."""
        self._freeze_over(validate_args, base, parameters, low=low, high=high)
        if wants_checks(validate_args):
            discrete = self._base.support.is_discrete
            relation = "low must not be above high" if discrete else "low must be below high"
            self._require(relation, np.less_equal(self.low, self.high) if discrete else np.less(self.low, self.high))
            if self._mass is not None:
                mass = evaluate.of_parameters(self._mass, self._arguments, self.batch_shape, evaluate.F64)
                self._require("there must be mass between low and high", np.greater(mass, -inf))


@functools.cache
def _over(base: Any) -> type[_Over]:
    """The class of truncated distributions over a class."""
    kernels = TruncatedNormal.kernels if base is Normal else composed(base)
    mass = None
    if base is not Normal:
        count = len(base._family._parameters) + 2 + base._family._choice
        arguments = ", ".join(f"p{i}" for i in range(count))
        mass = expression(f"f({arguments})[5]", arguments, f=kernels["log_prob"][0])
    return composition.made(
        Truncated,
        _Over,
        base,
        kernels,
        support=constraints.dependent_property(support_between, is_discrete=base.support.is_discrete),
        has_rsample="sample_grad" in kernels,
        _mass=mass and staticmethod(mass),
    )
