"""Maps of single numbers, and chains of them as one formula.

A link of a chain is a :class:`Formula` or its inverse. From the links :class:`Chain` makes one kernel for the value,
one for the inverse, one for the log of the slope and so on, so that a chain of any length is one pass over memory.
:class:`Fused` binds a chain to parameters.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from fastdist.composition import executed
from fastdist.engine import evaluate
from fastdist.engine.evaluate import F32, F64, Constants
from fastdist.engine.kernel import kernel, traits
from fastdist.engine.loops import Program

# A parameter that says how others are meant, and in which there are no derivatives.
CHOICE = "choice"


class Formula:
    """A map of numbers, as kernels.

    Parameters
    ----------
    forward, inverse : function
        ``forward(x, constants)`` and ``inverse(y, constants)``.
    log_slope : function, optional
        ``log_slope(x, constants)``: the log of the absolute derivative of `forward`. None if the map is not a
        bijection.
    forward_and_grad : function, optional
        The value and `log_slope`, the derivatives of both in x, then those of the value in each parameter, then those
        of `log_slope` in each.
    prepare : function, optional
        ``prepare(*parameters)``: a tuple of the constants, if there are any.
    parameters : tuple of str
        The names of the parameters.
    size : int, optional
        How many constants there are, if it is not what `prepare` gives in CPython.
    affine : bool
        Whether the slope is the same everywhere.
    turned_by : str, optional
        The parameter whose sign is that of the slope; without it the map increases.
    """

    def __init__(
        self,
        forward: FunctionType,
        inverse: FunctionType,
        log_slope: FunctionType | None = None,
        forward_and_grad: FunctionType | None = None,
        prepare: FunctionType | None = None,
        parameters: tuple[str, ...] = (),
        size: int | None = None,
        affine: bool = False,
        turned_by: str | None = None,
    ) -> None:
        self.forward = forward
        self.inverse = inverse
        self.log_slope = log_slope
        self.forward_and_grad = forward_and_grad
        self.prepare = prepare
        self.parameters = parameters
        self.affine = affine
        self.turned_by = turned_by
        if size is None:
            size = 0 if prepare is None else len(prepare(*(1.0,) * len(parameters)))
        self.size = size


class Link(NamedTuple):
    """A formula in a chain, or its inverse."""

    formula: Formula
    inverted: bool

    @property
    def flipped(self) -> Link:
        """The link that undoes this one."""
        return Link(self.formula, not self.inverted)


class Chain:
    """The formulas of links that follow each other, as single kernels of ``(x, constants)``.

    Use :func:`chain`, which makes each chain once.
    """

    def __init__(self, links: tuple[Link, ...]) -> None:
        self.links = links
        self.size = sum(link.formula.size for link in links)
        self.affine = all(link.formula.affine for link in links)
        self.bijective = all(link.formula.log_slope is not None for link in links)
        self._kernels: dict[str, FunctionType] = {}
        self._programs: dict[str, Program] = {}

    @property
    def parameters(self) -> int:
        """How many parameters the links have, together."""
        return sum(len(link.formula.parameters) for link in self.links)

    def places(self) -> dict[tuple[int, str], int]:
        """Where the parameters in which there are derivatives stand among all, by the number of the link and name."""
        if any(link.formula.forward_and_grad is None for link in self.links):
            return {}
        given = [(i, name) for i, link in enumerate(self.links) for name in link.formula.parameters]
        return {key: place for place, key in enumerate(given) if key[1] != CHOICE}

    def prepare(self, names: list[str]) -> tuple[list[str], str, dict[str, Any]]:
        """Statements that prepare of the parameters `names`, what they give as entries of a tuple, and the kernels."""
        lines, joined, kernels, first = [], [], {}, 0
        for i, (formula, _) in enumerate(self.links):
            given = names[first : first + len(formula.parameters)]
            first += len(formula.parameters)
            if formula.prepare is not None:
                lines.append(f"l{i} = LINK{i}({', '.join(given)})")
                joined.append(f"*l{i}")
                kernels[f"LINK{i}"] = formula.prepare
        return lines, ", ".join(joined), kernels

    def kernel(self, name: str) -> FunctionType:
        """``forward``, ``inverse``, ``log_slope``, or one of the kernels that give more than one result.

        ``forward_and_log`` and ``inverse_and_log`` give a value and the log of the slope on the way to it,
        ``forward_and_grad`` what :class:`Formula` says.
        """
        if name not in self._kernels:
            self._kernels[name] = self._made(name)
        return self._kernels[name]

    def program(self, name: str) -> Program:
        """The loops of a kernel."""
        if name not in self._programs:
            outputs = 2 if name.endswith("_log") else 1
            if name == "forward_and_grad":
                outputs = 4 + 2 * self.parameters
            self._programs[name] = Program(name, self.kernel(name), None, outputs)
        return self._programs[name]

    def _spans(self) -> list[str]:
        """The constants of each link."""
        spans, first = [], 0
        for formula, _ in self.links:
            # A link without constants is given those of all, and takes no notice.
            spans.append(f"c[{first}:{first + formula.size}]" if 0 < formula.size < self.size else "c")
            first += formula.size
        return spans

    def _made(self, name: str) -> FunctionType:
        if name == "forward_and_grad":
            return self._with_grad()
        steps = list(zip(range(len(self.links)), self.links, self._spans(), strict=True))
        if name.startswith("inverse"):
            steps = [(i, link.flipped, span) for i, link, span in reversed(steps)]
        with_log = "log" in name
        if with_log:
            self._require("log_slope")
        names: dict[str, Any] = {}
        lines = []
        terms = []
        for step, (i, (formula, inverted), span) in enumerate(steps):
            before, after = ("x" if step == 0 else f"x{step}"), f"x{step + 1}"
            names[f"MAP{i}"] = formula.inverse if inverted else formula.forward
            names[f"SLOPE{i}"] = formula.log_slope
            if inverted or step < len(steps) - 1 or name != "log_slope":
                lines.append(f"{after} = MAP{i}({before}, {span})")
            if with_log:
                lines.append(f"s{step} = {'-' if inverted else ''}SLOPE{i}({after if inverted else before}, {span})")
                terms.append(f"s{step}")
        value = f"x{len(steps)}" if steps else "x"
        total = " + ".join(terms) or "0.0"
        if self.affine:  # the log of the slope is a constant: what is NaN stays it by name
            total = f"({total} if x == x else x)"
        result = {"log_slope": total}.get(name, f"{value}, {total}" if with_log else value)
        made = _function(lines, result, names)
        kernels = [k for key, k in names.items() if k is not None and (with_log or key.startswith("MAP"))]
        if len(steps) == 1 and all((traits(k) or (False,))[0] for k in kernels):
            return kernel(made, single=True)
        return made

    def _require(self, what: str) -> None:
        if any(getattr(link.formula, what) is None for link in self.links):
            raise NotImplementedError(
                f"a chain of {len(self.links)} maps has no {what}: one of them is not a bijection"
            )

    def _with_grad(self) -> FunctionType:
        """The chain rule along the links, for x and for each parameter."""
        self._require("forward_and_grad")
        names: dict[str, Any] = {}
        lines = ["v, s, d, t = x, 0.0, 1.0, 0.0"]
        seen: list[str] = []
        for i, ((formula, inverted), span) in enumerate(zip(self.links, self._spans(), strict=True)):
            own = [f"{i}_{j}" for j in range(len(formula.parameters))]
            values, logs = [f"p{o}" for o in own], [f"q{o}" for o in own]
            names[f"GRAD{i}"] = formula.forward_and_grad
            results = ", ".join(["{}", "l", "a", "b", *values, *logs])
            if inverted:
                names[f"MAP{i}"] = formula.inverse
                lines += [f"u = MAP{i}(v, {span})", f"{results.format('_')} = GRAD{i}(u, {span})"]
                for p, q in zip(values, logs, strict=True):
                    lines += [f"{p} = -{p} / a", f"{q} = -({q} + b * {p})"]
                lines += ["l, a, b = -l, 1.0 / a, -b / a"]
            else:
                lines.append(f"{results.format('u')} = GRAD{i}(v, {span})")
            for other in seen:
                lines += [f"q{other} += b * p{other}", f"p{other} *= a"]
            lines += ["s, t, d, v = s + l, t + b * d, d * a, u"]
            seen += own
        result = ", ".join(["v", "s", "d", "t", *(f"p{o}" for o in seen), *(f"q{o}" for o in seen)])
        return _function(lines, result, names)


def _function(lines: list[str], result: str, names: dict[str, Any]) -> FunctionType:
    source = "\n".join(["def formula(x, c):", *(f"    {line}" for line in lines), f"    return {result}"])
    return executed(source, "formula", **names)


@functools.cache
def chain(links: tuple[Link, ...]) -> Chain:
    """The chain of these links, made once."""
    return Chain(links)


class Piece(NamedTuple):
    """A link with its parameters: numbers, or arrays if `dtype` is not None."""

    link: Link
    arguments: tuple[Any, ...]
    dtype: np.dtype | None
    moving: tuple[Any, ...] | None = None
    """The parameters with their tangents, if one has any."""

    @property
    def flipped(self) -> Piece:
        """The piece that undoes this one."""
        return self._replace(link=self.link.flipped)


class Fused:
    """A chain with its parameters: what elementwise transforms are computed by."""

    def __init__(self, pieces: tuple[Piece, ...], who: str) -> None:
        self.pieces = pieces
        self.chain = chain(tuple(piece.link for piece in pieces))
        self.arguments = tuple(argument for piece in pieces for argument in piece.arguments)
        dtypes = [piece.dtype for piece in pieces if piece.dtype is not None]
        self.weak = not dtypes
        self.dtype = F32 if dtypes and all(dtype == F32 for dtype in dtypes) else F64
        try:
            self.batch_shape = np.broadcast_shapes(*(np.shape(argument) for argument in self.arguments))
        except ValueError:
            shapes = ", ".join(str(np.shape(argument)) for argument in self.arguments)
            raise ValueError(f"{who}: parameters of shapes {shapes} do not broadcast") from None
        self._constants: Constants | None = None
        self._calls: dict[str, Callable[[float], Any]] = {}

    @property
    def constants(self) -> Constants:
        """What the kernels need of the parameters, prepared once."""
        if self._constants is None:
            self._constants = self._prepared()
        return self._constants

    def _prepared(self) -> Constants:
        if not self.chain.size:  # a loop takes one constant at least
            return Constants(np.zeros((1, 1)), (), (0.0,))
        names = [f"p{i}" for i in range(len(self.arguments))]
        return evaluate.prepare(_preparation(self.chain, len(names)), self.arguments, self.batch_shape)

    def __call__(self, name: str, value: Any, who: str) -> Any:
        """A kernel of the chain at each element of `value`: an array or number, or a tuple of them."""
        if type(value) is float or type(value) is int:
            call = self._calls.get(name)
            if call is None:
                constants = self.constants
                if constants.scalars is None or self.chain.program(name).outputs > 1:
                    return self._general(name, value, who)
                entry = self.chain.program(name).scalar(constants.shape)
                call = self._calls[name] = functools.partial(entry, *constants.scalars)
            try:
                return self.dtype.type(call(value))
            except TypeError:  # an integer that is no float
                return self._general(name, value, who)
        return self._general(name, value, who)

    def _general(self, name: str, value: Any, who: str) -> Any:
        return evaluate.pointwise(self.chain.program(name), value, self.constants, self.dtype, self.weak, who)


@functools.cache
def _preparation(chain: Chain, count: int) -> FunctionType:
    """The kernel that prepares all constants of a chain."""
    names = [f"p{i}" for i in range(count)]
    lines, joined, kernels = chain.prepare(names)
    source = "\n".join(
        [f"def prepare({', '.join(names)}):", *(f"    {line}" for line in lines), f"    return ({joined},)"]
    )
    return executed(source, "prepare", **kernels)
