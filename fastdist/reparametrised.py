"""The kernels of a family whose parameters are functions of another's: no formula is written twice."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import Any

from fastdist.engine.kernel import expression
from fastdist.kernels import GRADIENTS, POINTWISE, Kernels
from fastdist.random.sampling import Sampler


def reparametrised(base: Kernels, parameters: str, arguments: str, slopes: str, **formulas: Any) -> Kernels:
    """The kernels of `base` in other parameters.

    Parameters
    ----------
    base : Kernels
        Those of the other family.
    parameters : str
        The new parameters, ``"df"``.
    arguments : str
        The other family's parameters in terms of the new ones, ``"0.5 * df, 0.5"``.
    slopes : str
        The derivatives in the new parameters in terms of those in the others, the tuple ``g``:
        ``"0.5 * g[0]"``. They must not depend on the parameters.
    **formulas
        Formulas of the new family in place of those derived.
    """

    @functools.cache
    def prepared(prepare: FunctionType) -> FunctionType:
        return expression(f"prepare({arguments})", parameters, prepare=prepare)

    chained = expression(f"({slopes},)", "g")
    one_by_one = expression(slopes, "g")
    with_value = expression("g[:2] + chained(g[2:])", "g", chained=chained)
    derived: dict[str, Any] = {}
    regime: dict[str, Any] = {}
    for full in base:
        name, _, suffix = full.partition(":")
        prepare, formula = base[full]
        new: Any
        if name in POINTWISE:
            new = (prepared(prepare), formula)
        elif name in GRADIENTS:
            new = (prepared(prepare), expression("chain(of(x, c))", "x, c", chain=with_value, of=formula))
        elif name == "sample_grad":
            new = (prepared(prepare), expression("chain(of(x, c))", "x, c", chain=one_by_one, of=formula))
        else:
            new = expression(f"of({arguments})", parameters, of=formula)
        (regime if suffix else derived)[name] = new
    return Kernels(
        prepare=prepared(base.prepare),
        quick=base.quick,
        tabulated=base.tabulated,
        regime=regime,
        sampler=resampled(base.sampler, parameters, arguments),
        **{**derived, **formulas},
    )


def resampled(sampler: Sampler, parameters: str, arguments: str) -> Sampler:
    """The sampler of a family in other parameters: see :func:`reparametrised`."""
    own = expression(f"prepare({arguments})", parameters, prepare=sampler.prepare)
    return sampler.through(sampler.formula, own)
