"""Divergences of transformed distributions: those of what one bijection is applied to, on both sides."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import chain_rule, lifted
from fastdist.distribution import Distribution
from fastdist.distributions.cauchy import Cauchy
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.log_normal import LogNormal
from fastdist.distributions.logistic import Logistic
from fastdist.distributions.normal import Normal
from fastdist.distributions.student_t import StudentT
from fastdist.distributions.transformed import TransformedDistribution
from fastdist.forward.dual import Dual
from fastdist.kl import Of, batch_of, kl_divergence, register_kl
from fastdist.transforms.affine import AffineTransform
from fastdist.transforms.compose import leaves
from fastdist.transforms.transform import Transform

# Whose affine images are of the same family, also under a scale below 0.
SYMMETRIC = (Normal, Laplace, Logistic, Cauchy, StudentT)


def _bases(p: Any, q: Any) -> tuple[Distribution, Distribution, int]:
    """The distributions of what one bijection is applied to, which leaves a divergence as it is."""
    if p.transforms != q.transforms:
        raise NotImplementedError(
            "kl_divergence: transformed distributions are compared by their bases where their transforms are the same; "
            f"got {p.transforms!r} and {q.transforms!r}. Take method='monte-carlo'"
        )
    if not all(transform.bijective for transform in p.transforms):
        raise NotImplementedError(
            f"kl_divergence: the transforms must be bijections; got {p.transforms!r}. Take method='monte-carlo'"
        )
    # Parameters of the transforms may have a larger batch.
    first, second = (
        d.base_dist if d.base_dist.batch_shape == d.batch_shape else d.base_dist.expand(d.batch_shape) for d in (p, q)
    )
    return first, second, 0


def _before(d: Any, affine: bool) -> tuple[Any, list[Transform], dict[str, str]]:
    """Of which distribution `d` is the image, under which transforms: with its tangents, and what parameters that has.

    Transforms that are `affine` are taken into it, as far as they come first.
    """
    plain = d._plain
    base, steps = plain.base_dist, leaves(plain.transforms)
    names = {name: name for name in base._parameters}
    kind, taken = type(base), 0
    given = {name: chain_rule.argument(d, name, value) for name, value in base._parameters.items()}
    for step in steps if affine else ():
        if type(step) is not AffineTransform:
            break
        shift, slope = (f"transforms_{taken}_{name}" for name in ("loc", "scale"))
        names.update({shift: shift, slope: slope})
        turn = chain_rule.argument(d, slope, step.scale)
        given["loc"] = chain_rule.argument(d, shift, step.loc) + turn * given["loc"]
        given["scale"] = np.abs(turn) * given["scale"]
        taken += 1
    if not taken:
        return lifted.with_tangents(base, d, names), steps, names
    # Those that are left may have a larger batch.
    given["loc"] = np.broadcast_to(given["loc"], plain.batch_shape)
    return kind(**given, validate_args=False), steps[taken:], names


def _moving(d: Any, name: str) -> Any:
    """A distribution with a tangent of 1 in a parameter."""
    value = chain_rule.argument(d, name, d._plain._parameters[name])
    return lifted._made(d, {name: Dual(value, np.ones(np.shape(value)))})


class _OfBases(Of):
    """Images under one bijection: the divergence of what it is applied to, which may be affine images itself."""

    def __call__(self, p: Any, q: Any) -> Any:
        return super().__call__(p, q) if p.transforms == q.transforms else self._apart(p, q)

    def with_gradient(self, p: Any, q: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """The divergence, and its derivatives by the names of p's and of q's parameters."""
        if not self._affine(p, q):
            return super().with_gradient(p, q)
        first = {name: self._apart(_moving(p, name), q).tangent for name in _before(p, True)[2]}
        second = {name: self._apart(p, _moving(q, name)).tangent for name in _before(q, True)[2]}
        return self._apart(p, q), first, second

    def nested(self, p: Any, q: Any) -> Any:
        """The divergence where tangents carry tangents."""
        return self._apart(p, q) if self._affine(p, q) else super().nested(p, q)

    def _affine(self, p: Any, q: Any) -> bool:
        """Whether one is an affine image of a distribution that this leaves in its family, and the other may be."""
        plain = [d._plain for d in (p, q)]
        if any(d.event_shape or d._place is not None or type(d.base_dist) not in SYMMETRIC for d in plain):
            return False
        return any(type(step) is AffineTransform for d in plain for step in leaves(d.transforms)[:1])

    def _apart(self, p: Any, q: Any) -> Any:
        """The divergence of what is left where affine transforms are taken away."""
        batch_of(p, q)
        (first, rest, known), (second, other, others) = (_before(d, self._affine(p, q)) for d in (p, q))
        if rest != other:
            _bases(p._plain, q._plain)
        for d, names in ((p, known), (q, others)):
            lost = [name for name in lifted.carried_by(d) if name not in names]
            if lost:
                raise TypeError(f"{type(d).__name__}.kl_divergence has no derivative in {lost[0]}")
        return kl_divergence(first, second)


for _pair in ((TransformedDistribution, TransformedDistribution), (TransformedDistribution, LogNormal)):
    register_kl(*_pair)(_OfBases(_bases))
register_kl(LogNormal, TransformedDistribution)(_OfBases(_bases))
