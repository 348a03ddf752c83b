"""The formulas of every distribution, for use inside a user's own jitted functions.

``fastdist.kernels.gamma.log_prob(x, concentration, rate)`` is a scalar function that plain Python
and ``numba.njit`` code may call. A distribution's name here is its class's in snake case; its
functions take the value first and then the parameters in the order of the class.

Examples
--------
>>> import numba
>>> import numpy as np
>>> import fastdist as fd
>>> log_prob = fd.kernels.normal.log_prob
>>> @numba.njit
... def total(xs):
...     s = 0.0
...     for x in xs:
...         s += log_prob(x, 0.0, 1.0)
...     return s
>>> round(total(np.array([0.0, 1.0])), 6)
-2.337877
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from fastdist import lattice
from fastdist.constraints import Constraint
from fastdist.engine import cpu, loops
from fastdist.engine.elementary import exp
from fastdist.engine.guard import guard
from fastdist.engine.kernel import expression
from fastdist.engine.loops import Program

_families: dict[str, Family] = {}

POINTWISE = ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
GRADIENTS = ("log_prob_and_grad", "cdf_and_grad", "log_cdf_and_grad", "log_sf_and_grad")


class Kernels:
    """What a distribution's file declares: its formulas, each a kernel or a pair (prepare, kernel).

    Parameters
    ----------
    prepare : function
        ``prepare(*parameters)``: a tuple of what the formulas need of the parameters.
    rows : int
        How many constants there are if they are rows of a table; 0 if they are numbers.
    quick : tuple of str
        Methods for which arrays of one parameter set are worth a preparation of their own.
    tabulated : bool
        Whether the masses and tails of one parameter set are worth a table where few counts matter: see
        :mod:`fastdist.lattice`.
    regime : dict, optional
        Formulas by method, in place of the general ones where :meth:`Distribution._in_regime` says
        that all parameter sets allow it: without the branches of the others, a loop vectorises.
    standard : function, optional
        Of a family ``loc + scale * Z``, whose first parameters these are: the log density of Z at z, which may be
        infinite.
    density_support : Constraint, optional
        Where `log_prob`, `prob` and `log_prob_and_grad` hold, if that is wider than the support: a
        density on a circle is defined on every turn, while the cdf and draws keep to one.
    **formulas
        By method: `log_prob`, `prob`, `cdf`, `sf`, `log_cdf`, `log_sf`, `icdf` and `isf` take
        ``(x, constants)``; `log_prob_and_grad` and `cdf_and_grad` give the value, its derivative
        in x (absent where the support is discrete) and in each parameter, and on the integers so do
        `log_cdf_and_grad` and `log_sf_and_grad`, see :mod:`fastdist.tails`; `sample_grad` gives the
        derivative of a draw in each parameter; `bounds` takes ``(constants,)`` and gives the ends
        of the support; `mean`, `variance`, `skewness`, `kurtosis`, `median`, `mode` and `entropy`
        take the parameters, and so does `stddev`, where the variance may overflow or underflow before it.
        `sampler` is a :class:`fastdist.random.sampling.Sampler`.
    """

    def __init__(
        self,
        prepare: FunctionType,
        sampler: Any = None,
        bounds: Any = None,
        rows: int = 0,
        quick: tuple[str, ...] = (),
        tabulated: bool = False,
        regime: dict[str, Any] | None = None,
        standard: FunctionType | None = None,
        density_support: Constraint | None = None,
        **formulas: Any,
    ) -> None:
        self.prepare = prepare
        self.standard = standard
        self.density_support = density_support
        self.rows = rows
        self.quick = lattice.TABULATED if tabulated else quick
        self.tabulated = tabulated
        self.sampler = sampler
        self.bounds = bounds
        self._formulas = formulas
        formulas.update((f"{name}:regime", formula) for name, formula in (regime or {}).items())
        for suffix in ("", ":regime"):
            if f"log_prob{suffix}" in formulas and f"prob{suffix}" not in formulas:
                own, formula = self[f"log_prob{suffix}"]
                density = expression("exp(log_prob(x, c))", "x, c", exp=exp, log_prob=formula)
                formulas[f"prob{suffix}"] = (own, density)

    def __contains__(self, name: str) -> bool:
        return name in self._formulas

    def __iter__(self) -> Iterator[str]:
        return iter(self._formulas)

    def __getitem__(self, name: str) -> tuple[FunctionType, FunctionType]:
        """The prepare kernel and the formula of a method."""
        formula = self._formulas[name]
        return formula if isinstance(formula, tuple) else (self.prepare, formula)


class Family:
    """The compiled formulas of one distribution class.

    With `choice` the last parameter is one of two that say the same, and kernels are told that it is the second.
    """

    def __init__(
        self, name: str, kernels: Kernels, support: Constraint, parameters: tuple[str, ...], choice: bool = False
    ) -> None:
        self._name = name
        self.kernels = kernels
        self.support = support
        self._parameters = parameters
        self._choice = choice
        self._programs: dict[str, Program] = {}
        _families[re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()] = self

    def program(self, name: str) -> Program:
        """The loops of a method."""
        if name not in self._programs:
            _, formula = self.kernels[name]
            outputs, where, summed = 1, None, (0,)
            method = name.partition(":")[0]
            if method in GRADIENTS:
                outputs = 1 + len(self._parameters) + (not self.support.is_discrete)
                summed = (0, *range(outputs - len(self._parameters), outputs))
            elif method == "sample_grad":
                outputs = len(self._parameters)
            if method in POINTWISE + GRADIENTS:
                wider = self.kernels.density_support if "prob" in method else None
                where = guard(method, wider or self.support)
            self._programs[name] = Program(name, formula, where, outputs, self.kernels.bounds, summed)
        return self._programs[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.kernels:
            raise AttributeError(f"{self._name} has no kernel {name!r}; it has {', '.join(dir(self))}")
        prepare, formula = self.kernels[name]
        if name in POINTWISE + GRADIENTS + ("sample_grad",):
            if self.kernels.rows:
                shape, parameters = loops.Shape(self.kernels.rows, 1), list(self._parameters[:1])
            else:
                prepare, parameters = self._told(prepare), list(self._parameters)
                _, count = loops.parameter_scalar(prepare, len(parameters))
                shape = loops.Shape(count or 1)
            function = self.program(name).inline(prepare, parameters, shape)
        else:
            function = cpu.jitted(self._told(formula))
        setattr(self, name, function)
        return function

    def _told(self, formula: FunctionType) -> FunctionType:
        """A kernel of the parameters alone."""
        names = ", ".join(self._parameters)
        return expression(f"formula({names}, 1.0)", names, formula=formula) if self._choice else formula

    def __dir__(self) -> list[str]:
        return sorted(name for name in self.kernels._formulas if ":" not in name)

    def __repr__(self) -> str:
        return f"<kernels of {self._name}: {', '.join(dir(self))}>"


def __getattr__(name: str) -> Any:
    try:
        return _families[name]
    except KeyError:
        raise AttributeError(f"module 'fastdist.kernels' has no distribution {name!r}") from None


def __dir__() -> list[str]:
    return sorted(_families)
