"""What a row of the conformance suite consists of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Invalid(NamedTuple):
    """Arguments that must be refused with a ValueError that holds each of these texts."""

    arguments: dict[str, Any]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One distribution.

    Attributes
    ----------
    distribution : type
        The class.
    ordinary : tuple of dict
        Parameter sets that float64 resolves everywhere: densities without a singularity inside
        rounding distance of an end, finite moments up to the fourth if `moments` says so. Events have one shape, and
        parameters of different sets go together.
    extreme : tuple of dict
        Parameter sets at the far ends of what is valid.
    invalid : tuple of Invalid
        Arguments that are refused.
    scipy : callable or None
        ``scipy(**parameters)``: SciPy's frozen distribution, if it has one.
    reference : str
        The name of its file in ``references/distributions``; empty for a point mass, which tests of its own hold
        to what it is.
    undefined : tuple of (dict, dict)
        Parameter sets and what moments without a finite value must be there.
    modes : tuple of (dict, float)
        Parameter sets and their mode, where a search of the density would not find it.
    moments : bool
        Whether there are moments up to the fourth.
    regular : bool
        Whether the support is the same for all parameters, so that the score has mean 0.
    tolerance : dict
        By method, a relative tolerance against the reference other than the suite's, with its
        reason beside it.
    name : str
        How tests call the row, if not by its class.
    gradients : tuple of str
        The methods that have a form with derivatives.
    random : callable, optional
        ``random(rng, n)``: arrays of `n` random parameter sets over all that is valid, for a discrete support.
    """

    distribution: type
    ordinary: tuple[dict[str, Any], ...]
    extreme: tuple[dict[str, Any], ...]
    invalid: tuple[Invalid, ...]
    scipy: Callable[..., Any] | None
    reference: str
    undefined: tuple[tuple[dict[str, Any], dict[str, float]], ...] = ()
    modes: tuple[tuple[dict[str, Any], float], ...] = ()
    moments: bool = True
    regular: bool = True
    tolerance: dict[str, float] = field(default_factory=dict)
    name: str = ""
    gradients: tuple[str, ...] = ("log_prob", "cdf")
    random: Callable[..., dict[str, Any]] | None = None

    def __str__(self) -> str:
        return self.name or self.distribution.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the rows."""
        return tuple(self.ordinary[0])

    @property
    def sets(self) -> tuple[dict[str, Any], ...]:
        """All valid parameter sets."""
        return self.ordinary + self.extreme
