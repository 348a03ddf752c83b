"""From a row of the test cases to something that can be called."""

import functools
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
# Behind what is installed: asv may have put another revision there.
sys.path.extend(str(ROOT / part) for part in (".", "tests", "tests/special", "asv_bench"))

import probes  # noqa: E402
from cases import CASES  # noqa: E402
from compiled import over  # noqa: E402

__all__ = ["DRAWS", "GRADIENTS", "METHODS", "POINTWISE", "ROOT", "ROWS", "batched", "bound", "frozen", "over", "probes"]

ROWS = {str(case): case for case in CASES if case.reference}
POINTWISE = ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
GRADIENTS = ("log_prob_and_grad", "cdf_and_grad", "log_likelihood_and_grad")
DRAWS = ("sample", "rsample_and_grad")
METHODS = POINTWISE + GRADIENTS + DRAWS


def frozen(row: str) -> Any:
    """A distribution with one parameter set."""
    case = ROWS[row]
    return case.distribution(**case.ordinary[0])


def batched(row: str, sets: int) -> Any:
    """A distribution whose parameter sets lie along the last axis: the ordinary ones in turn."""
    case = ROWS[row]
    cycle = list(itertools.islice(itertools.cycle(case.ordinary), sets))
    return case.distribution(**{name: np.array([each[name] for each in cycle]) for name in case.parameters})


def bound(d: Any, method: str, shape: tuple[int, ...]) -> Callable[[], Any]:
    """A method with realistic arguments: draws of `d`, probabilities, or a shape to draw.

    Without axes the argument is a Python number. asv skips what raises NotImplementedError.
    """
    if method == "rsample_and_grad" and not d.has_rsample:
        raise NotImplementedError
    rng = np.random.default_rng(1)
    if method in DRAWS:
        return functools.partial(getattr(d, method), shape, rng=rng)
    if method in ("icdf", "isf"):
        value = rng.random(shape + d.batch_shape)
    else:
        value = np.asarray(d.sample(shape, rng=rng))
    return functools.partial(getattr(d, method), value if value.ndim else value.item())
