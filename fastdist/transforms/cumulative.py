"""The probability integral transform."""

from __future__ import annotations

import functools
from typing import Any

from fastdist import chain_rule
from fastdist import constraints as sets
from fastdist.composition import Layout, accepts, constants, executed, guarded
from fastdist.distribution import Distribution
from fastdist.transforms.chain import CHOICE, Formula, Link, Piece
from fastdist.transforms.elementwise import Elementwise

METHODS = ("cdf", "icdf", "log_prob")
GRADIENTS = ("cdf_and_grad", "log_prob_and_grad")
"""What kernels are told of which of two parameters is given, in the place of a parameter."""


@functools.cache
def formula_of(base: type[Distribution]) -> Formula:
    """The cdf of a class of distributions as a map of numbers, with the distribution's parameters."""
    kernels, support = base.kernels, base.support
    differentiable = all(name in kernels for name in GRADIENTS)
    layout = Layout(base, METHODS + GRADIENTS if differentiable else METHODS, 0)
    own = len(base._family._parameters)
    names = [f"p{i}" for i in range(own + base._family._choice)]
    lines, prepares = layout.preparation(", ".join(names))
    source = [f"def prepare({', '.join(names)}):", *lines, f"return ({layout.joined},)"]
    prepare = executed("\n    ".join(source), "prepare", **prepares)

    def formula(method: str) -> Any:
        text = f"def formula(x, c):\n    return f(x, {layout.span(method)})"
        return executed(text, "formula", f=guarded(method, kernels, support, heavy=False))

    return Formula(
        formula("cdf"),
        formula("icdf"),
        formula("log_prob"),
        _with_grad(base, layout, own) if differentiable else None,
        prepare,
        parameters=(*base._family._parameters, *(CHOICE,) * base._family._choice),
        size=sum(constants(prepared, base) for prepared in layout.prepares),
    )


def _with_grad(base: type[Distribution], layout: Layout, own: int) -> Any:
    """The cdf and the log density with their derivatives; which of two parameters is given is no parameter."""
    flag = ["0.0"] * base._family._choice
    of_cdf, of_density = [f"f{i}" for i in range(own)], [f"g{i}" for i in range(own)]
    source = f"""
def formula(x, c):
    {", ".join(["p", "d", *of_cdf])} = CDF(x, {layout.span("cdf_and_grad")})
    {", ".join(["l", "e", *of_density])} = DENSITY(x, {layout.span("log_prob_and_grad")})
    return {", ".join(["p", "l", "d", "e", *of_cdf, *flag, *of_density, *flag])}
"""
    formulas = {
        name: guarded(method, base.kernels, base.support, own + 2, heavy=False)
        for name, method in zip(("CDF", "DENSITY"), GRADIENTS, strict=True)
    }
    return executed(source, "formula", **formulas)


class CumulativeDistributionTransform(Elementwise):
    """The map by the cdf of a continuous distribution, whose inverse is the quantile function.

    Parameters
    ----------
    distribution : Distribution
        Univariate, continuous, with parameters that are numbers; its batch broadcasts with the values.
    cache_size : int
        See :class:`Transform`.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.CumulativeDistributionTransform(fd.Normal(0.0, 1.0))
    >>> t(0.0), t.inv(0.5)
    (np.float64(0.5), np.float64(0.0))
    """

    codomain = sets.unit_interval
    sign = 1
    distribution: Distribution
    _base: Any

    def __init__(self, distribution: Distribution, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        plain: Any = getattr(distribution, "_plain", None)
        if not accepts(plain) or distribution.support.is_discrete:
            raise TypeError(
                "CumulativeDistributionTransform: distribution must be continuous and univariate, with numbers for"
                f" parameters; got {distribution!r}"
            )
        self._set(distribution=distribution, _base=type(plain), _level=distribution._level)

    @property
    def domain(self) -> Any:
        """The support of the distribution."""
        return self.distribution.support

    def _pieces(self) -> tuple[Piece, ...]:
        d, link = self.distribution._plain, Link(formula_of(self._base), False)
        moving = chain_rule.arguments_of(self.distribution) if self._level else None
        return (Piece(link, d._arguments, None if d._weak else d.dtype, moving),)

    def _parameters(self) -> dict[str, Any]:
        d = self.distribution
        return {name: chain_rule.argument(d, name, given) for name, given in d._plain._parameters.items()}

    def _below(self, level: int) -> Any:
        return self if self._level < level else type(self)(self.distribution._twin, self._cache_size)

    def _arguments(self) -> dict[str, Any]:
        return {"distribution": self.distribution}
