"""What a test knows of one distribution of vectors or matrices."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import mpmath as mp
import numpy as np

mp.mp.dps = 60

SYMMETRIC = ("covariance_matrix", "precision_matrix", "scale_matrix")
TRIANGULAR = ("scale_tril", "scale_tril_row", "scale_tril_column")


def draws(d, n):
    """Events as they come up."""
    return d.sample(n, rng=11)


@dataclass(frozen=True)
class VectorCase:
    """One distribution of vectors or matrices in one of its parametrisations.

    Attributes
    ----------
    distribution : type
    ordinary, extreme : tuple of dict
        Parameter sets; the ordinary ones have one event shape.
    invalid : tuple of (dict, tuple of str)
        Arguments that are refused, and what the ValueError says.
    log_prob : callable
        ``log_prob(x, **parameters)`` in mpmath, from nested lists of numbers that are exact.
    scipy : callable or None
        SciPy's frozen distribution, None where it has none for a set.
    scipy_events : callable
        Events as SciPy takes them.
    scipy_tolerance : float
        Relative.
    scipy_errs : tuple of str
        Summaries that SciPy gets wrong: the tests of draws decide.
    fixed : dict
        Arguments that have no batch.
    values : callable
        ``values(d, n)``: events inside the support at which to compare densities.
    events : str
        What events are on paper: "free", "symmetric" matrices or "lower" triangular ones.
    outside : tuple of float
        What in the place of the first number of an event takes it out of the support.
    regrouped : bool
        Whether sums over an event alone, or among few, are made in another order than among many.
    tolerance, slope_tolerance : float
        Relative, of the log density and of its derivatives.
    steady : callable
        ``steady(parameters)``: whether draws have a density, and fourth moments.
    implicit : tuple of str
        The parameters whose Jacobian is not compared with differences of draws, because a rejection moves them: each
        is tested in a module of its own.
    """

    distribution: type
    ordinary: tuple[dict[str, Any], ...]
    extreme: tuple[dict[str, Any], ...]
    invalid: tuple[tuple[dict[str, Any], tuple[str, ...]], ...]
    log_prob: Callable[..., Any]
    scipy: Callable[..., Any] | None = None
    scipy_events: Callable[..., Any] = lambda x: x
    scipy_tolerance: float = 1e-9
    scipy_errs: tuple[str, ...] = ()
    fixed: dict[str, Any] = field(default_factory=dict)
    values: Callable[..., Any] = draws
    events: str = "free"
    outside: tuple[float, ...] = (math.inf, -math.inf)
    regrouped: bool = False
    tolerance: float = 4e-15
    slope_tolerance: float = 1e-11
    steady: Callable[[dict[str, Any]], bool] = lambda parameters: True
    implicit: tuple[str, ...] = ()

    def __str__(self) -> str:
        given = [*(f"{name}={value}" for name, value in self.fixed.items()), *self.ordinary[0]]
        return f"{self.distribution.__name__}({','.join(given)})"

    def __call__(self, **parameters: Any) -> Any:
        return self.distribution(**self.fixed, **parameters)

    @property
    def sets(self) -> tuple[dict[str, Any], ...]:
        """All valid parameter sets."""
        return self.ordinary + self.extreme

    @property
    def is_discrete(self) -> bool:
        return self.distribution.support.is_discrete

    def batch(self, shape: tuple[int, ...], dtype: Any = np.float64) -> dict[str, np.ndarray]:
        """The ordinary sets as arrays of a batch shape, each set in turn."""
        sets = list(itertools.islice(itertools.cycle(self.ordinary), math.prod(shape)))
        return {
            name: np.array([s[name] for s in sets], dtype).reshape(tuple(shape) + np.shape(value))
            for name, value in self.ordinary[0].items()
        }

    def pool(self, shape: tuple[int, ...]) -> np.ndarray:
        """Events of all the ordinary sets, mixed: in the support of all of them, unless it depends on a total count."""
        pool = np.concatenate([self.values(self(**p), 9) for p in self.ordinary])
        return pool[np.random.default_rng(1).integers(0, len(pool), shape)]

    def directions(self, name: str, shape: tuple[int, ...]) -> Iterator[np.ndarray]:
        """Changes of a parameter, or of an event, on paper: of each number of a vector, or of a matrix as it may be."""
        if len(shape) < 2:
            yield from np.eye(math.prod(shape)).reshape(-1, *shape)
            return
        change = np.random.default_rng(4).normal(size=shape)
        if name in SYMMETRIC or (name == "value" and self.events == "symmetric"):
            yield change + np.swapaxes(change, -2, -1)
        elif name in TRIANGULAR or (name == "value" and self.events == "lower"):
            yield np.tril(change)
        else:
            yield change

    def slope(self, x: np.ndarray, parameters: dict[str, Any], name: str, change: np.ndarray) -> float:
        """The exact derivative of the log density in a direction."""
        given = {k: np.asarray(v, float) for k, v in {"value": x, **parameters}.items()}
        # Numbers that are tiny move by a part of themselves.
        sizes = np.abs(given[name][given[name] != 0])
        with mp.workdps(80):
            step = mp.mpf(10) ** -30 * mp.mpf(1.0 if name == "value" else np.min(sizes, initial=1.0))
            ends = []
            for sign in (1, -1):
                lists = {k: np.vectorize(mp.mpf, otypes=[object])(v) for k, v in given.items()}
                lists[name] = np.asarray(lists[name] + sign * step * change.astype(object))
                lists = {k: v.tolist() for k, v in lists.items()}
                ends.append(self.log_prob(lists.pop("value"), **lists))
            return float((ends[0] - ends[1]) / (2 * step))


def least(parameter: Any) -> float:
    """The smallest size of a number that is not 0."""
    sizes = np.abs(np.ravel(parameter))
    return float(np.min(sizes[sizes > 0], initial=1.0))
