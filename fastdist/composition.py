"""Distributions over another: one class for each class of the base, with the base's parameters and its own.

What they share is here: their parameters and how they are written down (:class:`Composite`), and the means to make
formulas of those of the base (:func:`guarded`, :class:`Layout`, :func:`executed`).
"""

from __future__ import annotations

import copy
import re
from math import floor
from typing import Any, ClassVar

import numpy as np

from fastdist import lifted
from fastdist.distribution import Distribution
from fastdist.engine import evaluate, loops
from fastdist.engine.bits import LARGEST
from fastdist.engine.guard import guard
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import shown, wants_checks
from fastdist.rebuilt import rebuilt

INF, NAN = float("inf"), float("nan")


# Formulas ----------------------------------------------------------------------------------------


def executed(source: str, name: str, heavy: bool = False, **names: Any) -> Any:
    """The kernel `name` of `source`, in which `names` stand for kernels."""
    defined: dict[str, Any] = {}
    known = {"np": np, "floor": floor, "INF": INF, "NAN": NAN, "LARGEST": LARGEST, **names}
    exec(compile(source, "<fastdist composition>", "exec"), known, defined)
    return kernel(defined[name], heavy=heavy)


def guarded(name: str, kernels: Kernels, support: Any, outputs: int = 1, heavy: bool = True) -> Any:
    """A method's formula behind the guard of its support: defined for every value, and compiled once if heavy."""
    results = [f"r{i}" for i in range(outputs)]
    body = guard(name, support).lines([f"{', '.join(results)} = FORMULA(v, c)"], results, "c")
    lines = ["ZERO, ONE = 0.0, 1.0", *body, f"return {', '.join(results)}"]
    source = "\n".join(["def guarded(v, c):", *(f"    {line}" for line in lines)])
    return executed(source, "guarded", heavy, FORMULA=kernels[name][1], BOUNDS=kernels.bounds)


class InRegime:
    """A class of distributions for makers of formulas, with those for its regime in the place of the general ones."""

    def __init__(self, base: type[Distribution]) -> None:
        self._base = base
        self._family = base._family
        self.support = base.support
        self.has_rsample = base.has_rsample

    @property
    def kernels(self) -> InRegime:
        """What looks up formulas: this itself."""
        return self

    def __contains__(self, method: str) -> bool:
        return method in self._base.kernels

    def __getitem__(self, method: str) -> tuple[Any, Any]:
        kernels, own = self._base.kernels, f"{method}:regime"
        return kernels[own if own in kernels else method]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base.kernels, name)


class Layout:
    """Where the constants of the base's methods stand among those of a distribution over it.

    After the first `own`, which are those of the latter, comes what the base prepares for `methods`, each
    preparation once.
    """

    def __init__(self, base: type[Distribution], methods: tuple[str, ...], own: int) -> None:
        self.prepares: list[Any] = []
        self._places: dict[str, int] = {}
        for method in methods:
            prepare, _ = base.kernels[method]
            if prepare not in self.prepares:
                self.prepares.append(prepare)
            self._places[method] = self.prepares.index(prepare)
        self._counts = [constants(prepare, base) for prepare in self.prepares]
        self._own = own

    def span(self, method: str) -> str:
        """The constants of a method as a slice of ``c``."""
        place = self._places[method]
        start = self._own + sum(self._counts[:place])
        return f"c[{start}:{start + self._counts[place]}]"

    def spans(self, *methods: str) -> str:
        """The constants of several methods, as arguments."""
        return ", ".join(self.span(method) for method in methods)

    def local(self, *methods: str) -> str:
        """The same before they are joined: what each preparation gave."""
        return ", ".join(f"b{self._places[method]}" for method in methods)

    def preparation(self, given: str) -> tuple[list[str], dict[str, Any]]:
        """Statements that prepare of the base's parameters `given`, and the kernels that they call."""
        lines = [f"b{i} = PREPARE{i}({given})" for i in range(len(self.prepares))]
        return lines, {f"PREPARE{i}": prepare for i, prepare in enumerate(self.prepares)}

    @property
    def joined(self) -> str:
        """All that was prepared, as entries of a tuple."""
        return ", ".join(f"*b{i}" for i in range(len(self.prepares)))


def constants(prepare: Any, base: type[Distribution]) -> int:
    """How many numbers a preparation of the base's parameters gives."""
    family = base._family
    return loops.parameter_scalar(prepare, len(family._parameters) + family._choice)[1] or 1


# Classes -----------------------------------------------------------------------------------------


class Composite(Distribution):
    """A distribution over another.

    Its parameters are those of the base, under the base's names or with ``base_`` before a name that is taken, and
    then its own.
    """

    _outer: ClassVar[type[Composite]]
    _base: ClassVar[type[Distribution]]
    _names: ClassVar[dict[str, str]]

    def _freeze_over(self, validate_args: bool, base: Any, parameters: dict[str, Any], **own: Any) -> None:
        """As :meth:`_freeze`, from a base, or from its `parameters` by name where that is None."""
        names, choice = self._names, self._base._family._choice
        given = parameters
        if base is not None:
            given = _parameters_of(base, names)
        else:
            unknown = sorted(set(parameters) - set(names))
            if unknown:
                raise TypeError(f"{type(self).__name__} has no parameter {unknown[0]}")
            for name, value in given.items():
                if value is None and not choice:
                    raise TypeError(f"{type(self).__name__}: parameter {name} must be real numbers; got None")
            if not choice and set(given) != set(names):
                default = self._base(**{names[name]: value for name, value in given.items()}, validate_args=False)
                given = {**_parameters_of(default, names), **given}
        kept = {name: given[name] for name in names if given.get(name) is not None}
        self._freeze(validate_args, **kept, **own)
        if base is not None and base._weak and all(map(evaluate.is_python_scalar, own.values())):
            self.__dict__["_weak"] = True
        if choice:
            self.__dict__["_arguments"] += (self.base._arguments[-1],)
        if base is None and wants_checks(validate_args):
            self._base(**{names[name]: value for name, value in kept.items()})

    @property
    def base(self) -> Distribution:
        """The distribution that this one is over, with its batch shape."""
        own = {theirs: self._parameters[name] for name, theirs in self._names.items() if name in self._parameters}
        return rebuilt(self._base, self._as_given(own), self._weak)

    def _tangents_of(self, name: str, given: Any) -> dict[str, Any]:
        if isinstance(given, lifted.Lifted):
            return lifted.of_part(given, {theirs: name for name, theirs in self._names.items()})
        return {name: given}

    def _others(self) -> dict[str, Any]:
        """The parameters that are not the base's."""
        return {name: value for name, value in self._parameters.items() if name not in self._names}

    def __reduce__(self) -> Any:
        return _restored, (self._outer, self.base, self._as_given(self._others()), self._weak)

    def __repr__(self) -> str:
        own = ", ".join(f"{name}={shown(value, self._weak)}" for name, value in self._others().items())
        return f"{self._outer.__name__}({self.base!r}, {own})"


def _parameters_of(base: Distribution, names: dict[str, str]) -> dict[str, Any]:
    """A base's parameters by their names over it, as numbers if they were given as such."""
    own = {name: base._parameters[theirs] for name, theirs in names.items() if theirs in base._parameters}
    return base._as_given(own)


def _restored(outer: Any, base: Distribution, own: dict[str, Any], weak: bool) -> Any:
    distribution = outer(base, **own, validate_args=False)
    distribution.__dict__["_weak"] = weak
    return distribution


def accepts(base: Any) -> bool:
    """Whether formulas can be made of those of `base`: it is univariate, and its parameters are numbers."""
    if not isinstance(base, Distribution) or isinstance(base, lifted.Lifted) or not hasattr(base, "kernels"):
        return False
    return not (base.event_shape or base._vector or base.kernels.rows)


def made(outer: Any, shared: type, base: type[Distribution], kernels: Kernels, **namespace: Any) -> Any:
    """The class of distributions `outer` over `base`, derived from `shared`."""
    names = {f"base_{name}" if name in outer._declared else name: name for name in base._declared}
    parameters = {name: copy.copy(base._declared[theirs]) for name, theirs in names.items()}
    return type(
        f"{outer.__name__}{base.__name__}",
        (shared,),
        {
            **parameters,
            "__doc__": _described(outer, base),
            "__module__": outer.__module__,
            "_declared": {**parameters, **outer._declared},
            "kernels": kernels,
            "_outer": outer,
            "_base": base,
            "_names": names,
            **namespace,
        },
    )


def _described(outer: type, base: type) -> str:
    """The documentation of `outer`, with the parameters of `base` in its place."""
    own = re.search(r"\n    Parameters\n    -+\n(.*?)    validate_args", base.__doc__ or "", re.S)
    return re.sub(
        r"    base : .*?(?=    \w+ : )", lambda _: own[1] if own else "", outer.__doc__ or "", count=1, flags=re.S
    )
