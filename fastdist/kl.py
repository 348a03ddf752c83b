"""The Kullback-Leibler divergence: a registry of pairs in closed form, and estimates for the others."""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from fastdist import bounds, chain_rule, estimates, lifted
from fastdist.distribution import Distribution
from fastdist.engine.device import cuda
from fastdist.engine.elementwise import elementwise, first_that_holds
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.kernel import expression, kernel, traits
from fastdist.engine.loops import parameter_scalar
from fastdist.estimates import Estimate
from fastdist.forward.dual import level_in
from fastdist.forward.kernels import applied

Function = TypeVar("Function", bound=Callable[..., Any])

METHODS = ("exact", "quadrature", "monte-carlo")

_registered: dict[tuple[Any, Any], Any] = {}


class Formula:
    """A pair whose divergence is a formula of both sides' parameters: ``formula(*p, *q)``.

    It gives the divergence, then its derivative in each continuous parameter of p and of q. The parameters are those
    that kernels take: where one of two is given, the last says which. A kernel `value` of the same parameters gives the
    divergence alone, where that is less work. Others that are `quick` for arrays do so too, but NaN where they do not
    hold or would lose digits: each is asked for what those before it left.
    """

    def __init__(self, formula: Any, value: Any = None, quick: tuple[Any, ...] = ()) -> None:
        self.formula = formula
        self.quick = quick
        self._value: Any = value
        self._of_numbers: Any = None
        self._separate = value is not None or bool(quick)

    def __call__(self, p: Any, q: Any) -> Any:
        placed = p._place is not None or q._place is not None
        if not (p.batch_shape or q.batch_shape or placed) and self._of_numbers is not None:
            return _dtype(p, q).type(self._of_numbers(*p._arguments, *q._arguments))
        arguments, shape, dtype = (*p._arguments, *q._arguments), batch_of(p, q), _dtype(p, q)
        if self._value is None:
            names = ", ".join(f"p{i}" for i in range(len(arguments)))
            self._value = expression(f"formula({names})[0]", names, formula=self.formula)
        if placed:
            return elementwise(self._value, arguments, shape, dtype)[0]
        if not shape:
            self._of_numbers, _ = parameter_scalar(self._value, len(arguments))
            return dtype.type(self._of_numbers(*arguments))
        return first_that_holds((*self.quick, self._value), arguments, shape, dtype)

    def with_gradient(self, p: Any, q: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The divergence, and its derivatives by the names of p's and of q's parameters."""
        arguments = (*chain_rule.arguments_of(p), *chain_rule.arguments_of(q))
        shape, dtype = batch_of(p, q), _dtype(p, q)
        if level_in(arguments):
            value, *slopes = applied(self.formula, arguments, shape, dtype, "kl_divergence")
        else:
            value, *slopes = elementwise(self.formula, arguments, shape, dtype)
            value = self(p, q) if self._separate else value
        names = [[n for n in d._parameters if not d._declared[n].constraint.is_discrete] for d in (p, q)]
        first, second = slopes[: len(names[0])], slopes[len(names[0]) :]
        return value, dict(zip(names[0], first, strict=True)), dict(zip(names[1], second, strict=True))


@kernel
def _sum(a: Any, b: Any) -> Any:
    return a + b


class Infinite:
    """A pair of which q has no mass where p has some."""

    def __call__(self, p: Any, q: Any) -> Any:
        return self._everywhere(np.inf, p, q)

    def _everywhere(self, value: float, p: Any, q: Any) -> Any:
        place = p._place or q._place
        if place is not None:
            return cuda().moved(value, batch_of(p, q), _dtype(p, q), place)
        return np.full(batch_of(p, q), value, _dtype(p, q))[()]

    def with_gradient(self, p: Any, q: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """Infinity has no derivative: NaN for each parameter."""
        nothing = self._everywhere(np.nan, p, q)
        first, second = (dict.fromkeys(d._parameters, nothing) for d in (p, q))
        return self(p, q), first, second


class Whole:
    """A pair whose divergence is made of whole arrays, as those of matrices are.

    Parameters
    ----------
    value : function
        ``value(p, q, shape)``: the divergence, which broadcasts to the `shape` of the batch.
    gradient : function
        ``gradient(p, q, shape)``: the divergence, and by the names of p's and of q's parameters its derivatives. Such a
        one broadcasts to the batch with the axes of a parameter of one set behind it.
    on_device : bool
        Whether both take parameters that are on a device.
    moving : function, optional
        ``moving(p, q, shape)``: the divergence at parameters that carry tangents which carry tangents.
    """

    def __init__(
        self, value: Callable[..., Any], gradient: Callable[..., Any], on_device: bool = False, moving: Any = None
    ) -> None:
        self._value = value
        self._gradient = gradient
        self._moving = moving
        self.on_device = on_device

    def nested(self, p: Any, q: Any) -> Any:
        """The divergence where tangents carry tangents: None if there is no formula for that."""
        if self._moving is None:
            return None
        shape, value = batch_of(p, q), self(p._plain, q._plain)
        with np.errstate(all="ignore"):
            return chain_rule.with_value(value, np.broadcast_to(self._moving(p, q, shape), shape))

    def __call__(self, p: Any, q: Any) -> Any:
        shape = batch_of(p, q)
        with np.errstate(all="ignore"):
            return _written_out(self._value(p, q, shape), shape, _dtype(p, q), p._place)

    def with_gradient(self, p: Any, q: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The divergence, and its derivatives by the names of p's and of q's parameters."""
        shape, dtype = batch_of(p, q), _dtype(p, q)
        with np.errstate(all="ignore"):
            value, *slopes = self._gradient(p, q, shape)
            first, second = (
                {
                    name: _written_out(found[name], shape + np.shape(v)[len(d.batch_shape) :], dtype, p._place)
                    for name, v in d._parameters.items()
                    if name in found
                }
                for d, found in ((p, slopes[0]), (q, slopes[1]))
            )
            return _written_out(value, shape, dtype, p._place), first, second


class Of:
    """A pair whose divergence is made of those of other distributions, of parameters with the same names.

    ``view(p, q)`` gives the two others, and how many of the last axes of their divergences are summed.
    """

    def __init__(self, view: Callable[[Any, Any], tuple[Distribution, Distribution, int]]) -> None:
        self._view = view

    def __call__(self, p: Any, q: Any) -> Any:
        batch_of(p, q)
        first, second, ndims = self._view(p, q)
        return _summed(kl_divergence(first, second), ndims)

    def with_gradient(self, p: Any, q: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The divergence, and its derivatives by the names of p's and of q's parameters."""
        first, second, ndims = self._parts(p, q)
        value, *slopes = kl_divergence_and_grad(first, second)
        return _summed(value, ndims), *slopes

    def nested(self, p: Any, q: Any) -> Any:
        """The divergence where tangents carry tangents."""
        first, second, ndims = self._parts(p, q)
        return _summed(kl_divergence(first, second), ndims)

    def _parts(self, p: Any, q: Any) -> tuple[Any, Any, int]:
        """The other distributions with the tangents of p and q."""
        batch_of(p, q)
        first, second, ndims = self._view(p._plain, q._plain)
        return moving_as(p, first), moving_as(q, second), ndims


def moving_as(d: Any, part: Distribution) -> Any:
    """What `d` is made of with the tangents that `d` carries."""
    names = {name: name for name in part._parameters}
    lost = [name for name in lifted.carried_by(d) if name not in names]
    if lost:
        raise TypeError(f"{type(d).__name__}.kl_divergence has no derivative in {lost[0]}")
    return lifted.with_tangents(part, d, names)


def _summed(terms: Any, ndims: int) -> Any:
    return np.sum(terms, axis=tuple(range(-ndims, 0)), dtype=F64).astype(terms.dtype) if ndims else terms


def _written_out(value: Any, shape: tuple[int, ...], dtype: np.dtype, place: Any) -> Any:
    if place is not None:
        return cuda().moved(value, shape, dtype, place)
    array = np.asarray(value).astype(dtype, copy=False)
    return (array if array.shape == shape else np.broadcast_to(array, shape).copy())[()]


def batch_of(p: Any, q: Any) -> tuple[int, ...]:
    """The batch that two distributions broadcast to."""
    if p.batch_shape == q.batch_shape:
        shape: tuple[int, ...] = p.batch_shape
        return shape
    try:
        return np.broadcast_shapes(p.batch_shape, q.batch_shape)
    except ValueError:
        raise ValueError(
            f"kl_divergence: batch_shape {p.batch_shape} of p = {type(p).__name__} does not broadcast with "
            f"{q.batch_shape} of q = {type(q).__name__}"
        ) from None


def _dtype(p: Any, q: Any) -> np.dtype:
    """float32 where both sides are, or one is and the other is made of Python numbers alone."""
    if p.dtype is F64 and q.dtype is F64:
        return F64
    narrow = [d.dtype == F32 or d._weak for d in (p, q)]
    return F32 if all(narrow) and F32 in (p.dtype, q.dtype) else F64


# The registry ------------------------------------------------------------------------------------


def register_kl(type_p: Any, type_q: Any) -> Callable[[Function], Function]:
    """Register a function as the divergence of a pair of classes: a decorator.

    The pair serves subclasses too, where none that is more specific is registered.

    Parameters
    ----------
    type_p, type_q : type
        Subclasses of Distribution.

    Returns
    -------
    decorator : callable
        Of ``function(p, q)``, which gives the divergence: an array of the broadcast batch shape. A kernel
        of numbers instead takes the parameters of both sides and gives the divergence and its derivatives.

    Raises
    ------
    TypeError
        If a class is not one of distributions.

    Examples
    --------
    >>> import fastdist as fd
    >>> class Unit(fd.Normal):
    ...     def __init__(self):
    ...         super().__init__(0.0, 1.0)
    >>> @fd.register_kl(Unit, Unit)
    ... def unit_unit(p, q):
    ...     return 0.0
    >>> fd.kl_divergence(Unit(), Unit())
    0.0
    """
    for kind in (type_p, type_q):
        if not isinstance(kind, str) and not (isinstance(kind, type) and issubclass(kind, Distribution)):
            raise TypeError(f"register_kl takes classes of distributions; got {kind!r}")

    def decorator(function: Function) -> Function:
        _registered[type_p, type_q] = Formula(function) if traits(function) is not None else function
        _pair.cache_clear()
        return function

    return decorator


class As(NamedTuple):
    """A distribution as another: its parameters, the other's in terms of them, and its slopes in terms of the other's.

    ``As("df", "0.5 * df, 0.5", "0.5 * g[0]")`` is a chi-square distribution as a gamma one.
    """

    parameters: str
    arguments: str
    slopes: str


def through(formula: Any, first: As, second: As, count: int) -> Any:
    """The kernel of a pair of which each side is another's distribution: `count` of p's parameters come first."""
    names = [[name.strip() for name in side.parameters.split(",")] for side in (first, second)]
    own = [f"p_{name}" for name in names[0]], [f"q_{name}" for name in names[1]]
    arguments = [
        re.sub(r"\b[a-z]\w*\b", lambda found, side=side: f"{side}_{found[0]}", view.arguments)  # type: ignore[misc]
        for side, view in (("p", first), ("q", second))
    ]
    slopes = first.slopes.replace("g[", "v[1 + "), second.slopes.replace("g[", f"v[{1 + count} + ")
    chain = expression(f"(v[0], {slopes[0]}, {slopes[1]})", "v")
    call = f"chain(formula({arguments[0]}, {arguments[1]}))"
    return expression(call, ", ".join([*own[0], *own[1]]), chain=chain, formula=formula)


def infinite(type_p: Any, *types_q: Any) -> None:
    """Register that q has no mass where p has some, or less than any multiple of it."""
    for type_q in types_q:
        _registered[type_p, type_q] = Infinite()


@functools.cache
def _resolved(name: str) -> type:
    """A class of this package by its name: files name classes that are defined after them."""
    found: type = getattr(importlib.import_module(__package__), name)
    return found


def registered() -> dict[tuple[type, type], Any]:
    """All pairs, by their classes."""
    return {
        tuple(_resolved(kind) if isinstance(kind, str) else kind for kind in pair): function  # type: ignore[misc]
        for pair, function in _registered.items()
    }


@functools.cache
def _pair(type_p: Any, type_q: Any) -> Any:
    """What is registered for two classes: the most specific pair."""
    known = registered()
    matches = [pair for pair in known if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])]

    def below(a: tuple[type, type], b: tuple[type, type]) -> bool:
        return a != b and issubclass(a[0], b[0]) and issubclass(a[1], b[1])

    lowest = [pair for pair in matches if not any(below(other, pair) for other in matches)]
    if len(lowest) > 1:
        names = ", ".join(f"({a.__name__}, {b.__name__})" for a, b in lowest)
        raise TypeError(
            f"kl_divergence: of the pairs registered for ({type_p.__name__}, {type_q.__name__}) none is the most "
            f"specific: {names}; register one for these two classes"
        )
    return known[lowest[0]] if lowest else None


def _exact(p: Distribution, q: Distribution, what: str) -> Any:
    """What is registered for two distributions, or an error that says what there is."""
    for name, d in (("p", p), ("q", q)):
        if not isinstance(d, Distribution):
            raise TypeError(f"{what}: {name} must be a distribution; got {d!r}")
    kinds: tuple[Any, Any] = type(p), type(q)
    found = _pair(*kinds)
    if found is None:
        pairs = list(registered())
        first = sorted({b.__name__ for a, b in pairs if isinstance(p, a)})
        second = sorted({a.__name__ for a, b in pairs if isinstance(q, b)})
        raise NotImplementedError(
            f"{what}: no closed form is registered for ({type(p).__name__}, {type(q).__name__}). From "
            f"{type(p).__name__} there is one to {', '.join(first) or 'none'}; to {type(q).__name__} from "
            f"{', '.join(second) or 'none'}. Register one with register_kl, or take method='quadrature' or "
            "method='monte-carlo'"
        )
    if p.event_shape != q.event_shape:
        raise ValueError(f"{what}: p has event_shape {p.event_shape} and q has {q.event_shape}")
    if isinstance(found, Whole) and not p._place is q._place is None:
        names = f"({type(p).__name__}, {type(q).__name__})"
        if not (found.on_device and p._own and q._own):
            raise NotImplementedError(
                f"{what}: the divergence of {names} is computed on the host only: move both there by .to('cpu')"
            )
    return found


# What users call ---------------------------------------------------------------------------------


def kl_divergence(
    p: Distribution,
    q: Distribution,
    *,
    method: str = "exact",
    n: int = 100_000,
    rng: Any = None,
    return_error: bool = False,
) -> Any:
    r"""Kullback-Leibler divergence of q from p, in nats.

    .. math:: D(p \,\|\, q) = \int p(x) \log \frac{p(x)}{q(x)}\, dx

    Parameters
    ----------
    p, q : Distribution
        Their batch shapes broadcast.
    method : {'exact', 'quadrature', 'monte-carlo', 'bounds'}
        The closed form that is registered for the two classes; an adaptive integral over the quantiles of p, or a sum
        over its integers, for distributions of numbers; the mean over `n` draws from p; or two numbers between which
        the divergence of mixtures lies, from the closed forms of their components.
    n : int
        How many draws.
    rng : None, int, numpy.random.Generator or other
        What the draws come from, as in :meth:`Distribution.sample`.
    return_error : bool
        Whether to give an `Estimate` where a number would be given: of a quadrature, with its estimated error.

    Returns
    -------
    divergence : float, ndarray, Estimate or Bounds
        Not negative, 0 for equal distributions, infinite where q has no mass and p has. A Monte Carlo estimate always
        comes with its standard error: ``Estimate(value, error)``. Bounds are ``Bounds(lower, upper)``.

    Notes
    -----
    A quadrature ends where p's tail is below 1e-300; what is beyond follows from how fast the integrand falls there. Of
    a divergence on the very edge of being infinite, as from ``Pareto(1, 2)`` to a normal distribution, the value is
    infinite and so is the error.

    Mixtures, and a mixture and another distribution, have no closed form. The upper bound is the variational one of
    Hershey and Olsen (2007, doi:10.1109/ICASSP.2007.366913); it is 0 for equal mixtures, and close where components are
    far apart. The lower one looks at less than the distributions do: for numbers at intervals, for vectors at means and
    variances, which tell little.

    Raises
    ------
    NotImplementedError
        If no pair is registered for the classes: the error lists those that are for either. If `method` is not
        'exact' and the distributions do not have what it takes.
    TypeError
        If p or q is not a distribution, or the pairs registered for the classes are ambiguous.
    ValueError
        If batch or event shapes do not fit, or `method` is not one of the four.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.kl_divergence(fd.Normal(0.0, 1.0), fd.Normal([0.0, 1.0], 2.0))
    array([0.31814718, 0.44314718])
    >>> fd.kl_divergence(fd.Gumbel(0.0, 1.0), fd.Logistic(0.0, 1.0), method="quadrature")
    np.float64(0.192694724646388)
    >>> mixture = fd.MixtureSameFamily(fd.Categorical(probs=[0.5, 0.5]), fd.Normal([-2.0, 2.0], 1.0))
    >>> fd.kl_divergence(mixture, fd.Normal(0.0, 2.0), method="bounds")
    Bounds(lower=np.float64(0.178586502532), upper=np.float64(0.818147180559))
    """
    if method == "bounds":
        _check_kinds("kl_divergence", p, q)
        return bounds.bounds(p, q, batch_of(p, q), kl_divergence)
    if isinstance(p, lifted.Lifted) or isinstance(q, lifted.Lifted):
        deep = method == "exact" and any(isinstance(d, lifted.Lifted) and d._twin._level for d in (p, q))
        found = _exact(p, q, "kl_divergence") if deep else None
        value = found.nested(p, q) if isinstance(found, (Whole, Of)) else None
        return chain_rule.divergence(p, q, method, kl_divergence_and_grad) if value is None else value
    if method == "exact":
        value = _exact(p, q, "kl_divergence")(p, q)
        return Estimate(value, np.zeros(np.shape(value))[()]) if return_error else value
    return _estimated("kl_divergence", p, q, method, n, rng, return_error)


def kl_divergence_and_grad(p: Distribution, q: Distribution) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """:func:`kl_divergence` in closed form with its derivatives in the parameters of both sides.

    Parameters
    ----------
    p, q : Distribution
        Their batch shapes broadcast.

    Returns
    -------
    divergence : float or ndarray
    grad_p, grad_q : dict
        By the name of a parameter that p or q was given: the derivative, of the shape of the result, with the axes of
        the parameter behind it where that is a vector or a matrix.

    Raises
    ------
    NotImplementedError
        If no pair is registered, or what is registered has no derivatives.

    Examples
    --------
    >>> import fastdist as fd
    >>> value, grad_p, grad_q = fd.kl_divergence_and_grad(fd.Exponential(2.0), fd.Exponential(1.0))
    >>> grad_p, grad_q
    ({'rate': np.float64(0.25)}, {'rate': np.float64(-0.5)})
    """
    found = _exact(p, q, "kl_divergence_and_grad")
    if not isinstance(found, (Formula, Of)) and (isinstance(p, lifted.Lifted) or isinstance(q, lifted.Lifted)):
        names = f"({type(p).__name__}, {type(q).__name__})"
        raise TypeError(f"kl_divergence: there is no rule for second derivatives of what is registered for {names}")
    if not hasattr(found, "with_gradient"):
        raise NotImplementedError(
            f"kl_divergence_and_grad: what is registered for ({type(p).__name__}, {type(q).__name__}) has no"
            " derivatives; register a kernel that gives them"
        )
    result: tuple[Any, dict[str, Any], dict[str, Any]] = found.with_gradient(p, q)
    return result


def cross_entropy(
    p: Distribution,
    q: Distribution,
    *,
    method: str = "exact",
    n: int = 100_000,
    rng: Any = None,
    return_error: bool = False,
) -> Any:
    r"""Cross entropy of p and q, in nats.

    .. math:: H(p, q) = -\int p(x) \log q(x)\, dx = D(p \,\|\, q) + H(p)

    Parameters
    ----------
    p, q : Distribution
        Their batch shapes broadcast.
    method, n, rng, return_error
        As in :func:`kl_divergence`.

    Returns
    -------
    cross_entropy : float, ndarray or Estimate

    Raises
    ------
    NotImplementedError, TypeError, ValueError
        As in :func:`kl_divergence`; or if the entropy of p has no closed form.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.cross_entropy(fd.Normal(0.0, 1.0), fd.Normal(0.0, 1.0)), fd.Normal(0.0, 1.0).entropy()
    (np.float64(1.4189385332046727), np.float64(1.4189385332046727))
    """
    if method == "exact":
        if isinstance(p, lifted.Lifted) or isinstance(q, lifted.Lifted):
            return kl_divergence(p, q) + p.entropy()
        found = _exact(p, q, "cross_entropy")
        if p._place is None and q._place is None:
            value = found(p, q) + p.entropy()
        else:
            value = elementwise(_sum, (found(p, q), p.entropy()), batch_of(p, q), _dtype(p, q))[0]
        return Estimate(value, np.zeros(np.shape(value))[()]) if return_error else value
    return _estimated("cross_entropy", p, q, method, n, rng, return_error)


def _estimated(what: str, p: Any, q: Any, method: str, n: int, rng: Any, return_error: bool) -> Any:
    if method not in METHODS:
        known = METHODS if what == "cross_entropy" else (*METHODS, "bounds")
        raise ValueError(f"{what}: method must be one of {', '.join(map(repr, known))}; got {method!r}")
    _check_kinds(what, p, q)
    shape = batch_of(p, q)
    if method == "monte-carlo":
        return estimates.monte_carlo(what, p, q, shape, n, rng)
    found = estimates.quadrature(what, p, q, shape)
    return found if return_error else found.value


def _check_kinds(what: str, p: Any, q: Any) -> None:
    for name, d in (("p", p), ("q", q)):
        if not isinstance(d, Distribution):
            raise TypeError(f"{what}: {name} must be a distribution; got {d!r}")
    if p.event_shape != q.event_shape:
        raise ValueError(f"{what}: p has event_shape {p.event_shape} and q has {q.event_shape}")
