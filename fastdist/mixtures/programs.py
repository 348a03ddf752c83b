"""The compiled methods of mixtures over kinds of components, each made once."""

from __future__ import annotations

import functools
from typing import Any

from fastdist.engine.kernel import expression
from fastdist.engine.loops import Program
from fastdist.engine.row_programs import RowProgram
from fastdist.mixtures import formulas
from fastdist.mixtures.formulas import MixtureSampler
from fastdist.mixtures.loops import BlockProgram
from fastdist.mixtures.pool import Kind, Pool
from fastdist.random.sampling import Sampler

DENSITY = ("log_prob", "prob")
TAILS = ("prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
OTHER = {"log_cdf": "sf", "log_sf": "cdf"}
GRADIENTS = {
    "log_prob_and_grad": ("log_prob_and_grad",),
    "cdf_and_grad": ("cdf_and_grad", "sf"),
    "sample_grad": ("log_prob", "cdf", "sf", "sample_grad"),
}


class Programs:
    """The methods of mixtures whose components are of these kinds. Use :func:`programs`."""

    def __init__(self, kinds: tuple[Kind, ...]) -> None:
        self.kinds = kinds
        self.discrete = kinds[0].family.support.is_discrete
        self._pools: dict[tuple[str, ...], Pool] = {}
        self._programs: dict[Any, Any] = {}
        self._has: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        """Whether a method can be made of those that the components have."""
        if name not in self._has:
            needs = self._needs(name)
            self._has[name] = all(method in kind.family.kernels for method in needs for kind in self.kinds)
        return self._has[name]

    def _needs(self, name: str) -> tuple[str, ...]:
        if name in GRADIENTS:
            return GRADIENTS[name]
        return DENSITY if name in DENSITY else TAILS

    def pool(self, name: str) -> Pool:
        """The constants that a method takes."""
        methods = self._needs(name)
        if methods not in self._pools:
            self._pools[methods] = Pool(self.kinds, methods)
        return self._pools[methods]

    def program(self, name: str) -> Program:
        """A method of a value."""
        if name not in self._programs:
            if name in ("icdf", "isf"):
                pool = self.pool(name)
                cdf, sf = formulas.mean(pool, "cdf"), formulas.mean(pool, "sf")
                for own, quantile in formulas.quantiles(pool, self.discrete, cdf, sf).items():
                    self._programs[own] = Program(own, quantile)
            else:
                self._programs[name] = self._blocks(name)
        return self._programs[name]

    def _blocks(self, name: str) -> BlockProgram:
        pool = self.pool(name)
        if not name.startswith("log"):
            return BlockProgram(name, formulas.mean(pool, name), pool, name, logs=False)
        own, other = formulas.log_sum(pool, name), None
        if name in OTHER:
            other = formulas.mean(pool, OTHER[name])
            text = "log_tail(own(x, c), other(x, c))"
            own = expression(text, "x, c", log_tail=formulas.log_tail, own=own, other=other)
        return BlockProgram(name, own, pool, name, logs=True, other=other)

    def gradient(self, name: str, by_logits: bool) -> RowProgram:
        """A method with its derivatives, as a formula of events of one number."""
        key = name, by_logits
        if key not in self._programs:
            pool = self.pool(name)
            if name == "sample_grad":
                formula = formulas.sample_grad(pool, by_logits)
            else:
                make = formulas.log_prob_and_grad if name == "log_prob_and_grad" else formulas.cdf_and_grad
                formula = make(pool, not self.discrete, by_logits)
            rows = 1 + max(kind.parameters for kind in self.kinds)
            outputs = (0, *(() if self.discrete or name == "sample_grad" else (0,)), *(1,) * rows)
            self._programs[key] = RowProgram(name, formula, outputs, scratch=2)
        return self._programs[key]

    def sampling(self, samplers: tuple[Sampler, ...]) -> tuple[MixtureSampler, Pool]:
        """Draws by these samplers of the kinds, and the pool of their constants."""
        if samplers not in self._programs:
            pool = Pool(self.kinds, ("sampler",), samplers)
            self._programs[samplers] = MixtureSampler(pool, samplers), pool
        return self._programs[samplers]


@functools.cache
def programs(kinds: tuple[Kind, ...]) -> Programs:
    """The methods over these kinds."""
    return Programs(kinds)
