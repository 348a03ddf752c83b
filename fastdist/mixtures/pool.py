"""The components of a mixture as rows of constants, and kernels that call the formulas of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from fastdist.composition import InRegime, Layout, executed, guarded
from fastdist.distribution import Distribution
from fastdist.engine.evaluate import Constants
from fastdist.engine.kernel import expression

# The first rows: the weights, their logarithms, and the kind of each component.
OWN = 3


class Kind(NamedTuple):
    """A class of components, and whether all of them are in the regime for which it declares formulas."""

    family: type[Distribution]
    regime: bool

    @property
    def base(self) -> Any:
        """What formulas are made of."""
        return InRegime(self.family) if self.regime else self.family

    def guarded(self, method: str, outputs: int = 1) -> FunctionType:
        """A method's formula, defined for every value."""
        kernels = self.base.kernels
        support = (kernels.density_support if "prob" in method else None) or self.family.support
        return guarded(method, kernels, support, outputs, heavy=False)

    @property
    def parameters(self) -> int:
        """How many parameters a component has."""
        return len(self.family._family._parameters)


class _Drawn(InRegime):
    """A kind with a sampler in the place of a method."""

    def __init__(self, kind: Kind, sampler: Any) -> None:
        super().__init__(kind.family)
        self._sampler = sampler

    def __getitem__(self, method: str) -> tuple[FunctionType, FunctionType]:
        return self._sampler.prepare or self._base.kernels.prepare, self._sampler.formula


class Pool:
    """Kinds of components with the formulas of some methods; the method `sampler` is given by `samplers`."""

    def __init__(self, kinds: tuple[Kind, ...], methods: tuple[str, ...], samplers: Sequence[Any] = ()) -> None:
        self.kinds = kinds
        bases: list[Any] = [kind.base for kind in kinds]
        if samplers:
            bases = [_Drawn(kind, sampler) for kind, sampler in zip(kinds, samplers, strict=True)]
        self._layouts = [Layout(base, methods, 0) for base in bases]
        self.sizes = [sum(layout._counts) for layout in self._layouts]
        self.size = OWN + max(self.sizes)

    def formulas(self, method: str, outputs: Sequence[int] | None = None) -> list[FunctionType]:
        """For each kind the kernel ``(x, constants of one component)`` of a method."""
        made = []
        for i, (kind, layout) in enumerate(zip(self.kinds, self._layouts, strict=True)):
            formula = kind.guarded(method, 1 if outputs is None else outputs[i])
            made.append(expression(f"f(x, {layout.span(method)})", "x, c", f=formula))
        return made

    def unguarded(self, method: str) -> list[FunctionType]:
        """As :meth:`formulas`, for values inside the support only."""
        return [
            expression(f"f(x, {layout.span(method)})", "x, c", f=kind.base.kernels[method][1])
            for kind, layout in zip(self.kinds, self._layouts, strict=True)
        ]

    def array(self, weights: np.ndarray, logs: np.ndarray, groups: Sequence[tuple[Any, Distribution, Any]]) -> Any:
        """The rows of all parameter sets, with the axes (constant, set, component).

        `groups` are a kind's number, a distribution of that kind, and which components it is: an index, or a slice
        if the last axis of its batch is that of the components.
        """
        count = weights.shape[-1]
        sets = weights.size // count if count else 0
        rows = np.zeros((self.size, sets, count))
        rows[0], rows[1] = weights.reshape(sets, count), logs.reshape(sets, count)
        for number, _, place in groups:
            rows[2, :, place] = number
        for first, place, constants in self.parts(groups):
            array = constants.array
            given = array.reshape(len(array), -1, count) if isinstance(place, slice) else array
            rows[first : first + len(array), :, place] = given
        return rows

    def parts(self, groups: Sequence[tuple[Any, Distribution, Any]]) -> Iterator[tuple[int, Any, Constants]]:
        """What is prepared of each group: the first of its rows, which components it is of, and the constants."""
        for number, d, place in groups:
            first = OWN
            for prepare in self._layouts[number].prepares:
                constants = d._prepared(prepare)
                yield first, place, constants
                first += len(constants.array)


def called(pool: Pool, target: str, name: str, value: str = "x", index: str = "k", cell: str = "") -> list[str]:
    """Statements that set `target` to ``name(value, constants)`` of the component's kind.

    ``{i}`` in `cell` is the number of a row, and the rest says where in it the component is.
    """
    cell = cell or f"c[{{i}}][{index}]"
    lines = []
    for number, size in enumerate(pool.sizes):
        constants = "".join(cell.format(i=OWN + i) + ", " for i in range(size))
        call = f"{target} = {name}{number}({value}, ({constants}))"
        if len(pool.sizes) == 1:
            return [call]
        word = "if" if number == 0 else "elif"
        lines += [f"{word} {cell.format(i=2)} == {float(number)}:", f"    {call}"]
    lines[-2] = "else:"
    return lines


def named(name: str, formulas: Sequence[FunctionType]) -> dict[str, FunctionType]:
    """The kernels of all kinds under the names that :func:`called` gives them."""
    return {f"{name}{number}": formula for number, formula in enumerate(formulas)}


def indented(depth: int, lines: Sequence[str]) -> str:
    """Lines as a block of text."""
    return "\n".join("    " * depth + line for line in lines)


def row_kernel(source: str, name: str, **names: Any) -> Any:
    """The kernel of a text that walks over components: a function of its own."""
    return executed(source, name, heavy=True, **names)
