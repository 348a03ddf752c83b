"""Any univariate distribution, given that its value is between two ends."""

from __future__ import annotations

import copy
import re
from math import inf
from typing import Any, ClassVar

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution, _shown
from fastdist.distributions.normal import Normal
from fastdist.distributions.truncated_normal import TruncatedNormal
from fastdist.engine import evaluate
from fastdist.engine.kernel import expression
from fastdist.parameter import Parameter
from fastdist.truncation.compose import composed


def _support(self: Any) -> Any:
    """The base's support between the ends."""
    whole = self.base.support
    low, high = np.maximum(self.low, whole.lower), np.minimum(self.high, whole.upper)
    if whole.is_discrete:
        return constraints.integer_interval(np.ceil(low), np.floor(high))
    return constraints.interval(low, high)


class Truncated(Distribution):
    r"""A univariate distribution given that its value is between two ends.

    .. math:: p(x) = \frac{f(x)}{F(b) - F(a)}, \quad a \le x \le b

    Both ends belong to the interval, also on a discrete support: there its mass is
    :math:`P(a \le X \le b)`.

    Parameters
    ----------
    base : Distribution
        The distribution, continuous or discrete, with parameters that are numbers.
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
    integrals by the double-exponential rule (Takahasi and Mori 1974, doi:10.2977/prims/1195192451).
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
    support = constraints.dependent_property(_support)

    def __new__(cls, base: Any, low: Any = -inf, high: Any = inf, validate_args: bool = True) -> Truncated:
        if not isinstance(base, Distribution):
            raise TypeError(f"Truncated: base must be a univariate distribution of fastdist; got {base!r}")
        if base.event_shape or base._vector or base.kernels.rows or isinstance(base, Truncated):
            raise TypeError(
                f"Truncated: base must be a univariate distribution with numbers for parameters; got {base!r}"
            )
        return object.__new__(_over(type(base)))


class _Over(Truncated):
    """What the classes of truncated distributions share; each is made by :func:`_over`."""

    _base: ClassVar[type[Distribution]]
    _names: ClassVar[dict[str, str]]
    _mass: ClassVar[Any]

    def __new__(cls, *arguments: Any, **parameters: Any) -> _Over:
        return object.__new__(cls)

    def __init__(
        self, base: Any = None, low: Any = -inf, high: Any = inf, validate_args: bool = True, **parameters: Any
    ) -> None:
        """From a base, or from its parameters by name."""
        names = self._names
        if base is None:
            unknown = sorted(set(parameters) - set(names))
            if unknown:
                raise TypeError(f"{type(self).__name__} has no parameter {unknown[0]}")
            given = parameters
            for name, value in given.items():
                if value is None and not self._base._family._choice:
                    raise TypeError(f"{type(self).__name__}: parameter {name} must be real numbers; got None")
            if not self._base._family._choice and set(given) != set(names):
                default = self._base(**{names[name]: value for name, value in given.items()}, validate_args=False)
                given = {**_own_parameters(default, names), **given}
        else:
            given = _own_parameters(base, names)
        own = {name: given[name] for name in names if given.get(name) is not None}
        self._freeze(validate_args, **own, low=low, high=high)
        if self._base._family._choice:
            kind = self.base._arguments[-1]
            self.__dict__["_arguments"] += (kind,)
        if validate_args:
            if base is None:
                self._base(**{names[name]: value for name, value in own.items()})
            discrete = self._base.support.is_discrete
            relation = "low must not be above high" if discrete else "low must be below high"
            self._require(relation, np.less_equal(self.low, self.high) if discrete else np.less(self.low, self.high))
            if self._mass is not None:
                mass = evaluate.of_parameters(self._mass, self._arguments, self.batch_shape, evaluate.F64)
                self._require("there must be mass between low and high", np.greater(mass, -inf))

    @property
    def base(self) -> Distribution:
        """The distribution that is truncated, with the batch shape of this one."""
        own = {theirs: self._parameters[name] for name, theirs in self._names.items() if name in self._parameters}
        own = {name: float(value) for name, value in own.items()} if self._weak else own
        return self._base(**own, validate_args=False)

    def __reduce__(self) -> Any:
        _, (_, parameters) = super().__reduce__()
        return _restored, (self._base, parameters)

    def __repr__(self) -> str:
        ends = ", ".join(f"{name}={_shown(self._parameters[name], self._weak)}" for name in ("low", "high"))
        return f"Truncated({self.base!r}, {ends})"


def _own_parameters(base: Distribution, names: dict[str, str]) -> dict[str, Any]:
    """The parameters of a base under their names in a truncated distribution."""
    own = {name: base._parameters[theirs] for name, theirs in names.items() if theirs in base._parameters}
    return {name: float(value) for name, value in own.items()} if base._weak else own


def _restored(base: type[Distribution], parameters: dict[str, Any]) -> Truncated:
    return _over(base)(**parameters, validate_args=False)


_classes: dict[type[Distribution], type[_Over]] = {}


def _over(base: type[Distribution]) -> type[_Over]:
    """The class of truncated distributions over a class: made once."""
    if base not in _classes:
        _classes[base] = _made(base)
    return _classes[base]


def _made(base: type[Distribution]) -> type[_Over]:
    # A base may have parameters called low and high itself.
    names = {f"base_{name}" if name in ("low", "high") else name: name for name in base._declared}
    own = {name: copy.copy(base._declared[theirs]) for name, theirs in names.items()}
    kernels = TruncatedNormal.kernels if base is Normal else composed(base)
    mass = None
    if base is not Normal:
        count = len(base._family._parameters) + 2 + base._family._choice
        arguments = ", ".join(f"p{i}" for i in range(count))
        mass = expression(f"f({arguments})[5]", arguments, f=kernels["log_prob"][0])
    namespace: dict[str, Any] = {
        **own,
        "__doc__": _described(base),
        "__module__": __name__,
        "_declared": {**own, "low": Truncated.low, "high": Truncated.high},
        "kernels": kernels,
        "support": constraints.dependent_property(_support, is_discrete=base.support.is_discrete),
        "has_rsample": "sample_grad" in kernels,
        "_base": base,
        "_names": names,
        "_mass": mass,
    }
    return type(f"Truncated{base.__name__}", (_Over,), namespace)


def _described(base: type[Distribution]) -> str:
    """The documentation of :class:`Truncated`, with the base's parameters in the place of the base."""
    own = re.search(r"\n    Parameters\n    -+\n(.*?)    validate_args", base.__doc__ or "", re.S)
    return re.sub(
        r"    base : .*?(?=    low : )", lambda _: own[1] if own else "", Truncated.__doc__ or "", count=1, flags=re.S
    )
