"""The beta-binomial distribution."""

from math import inf, nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid


def _set(total_count, concentration1, concentration0):
    return {"total_count": total_count, "concentration1": concentration1, "concentration0": concentration0}


def _random(rng, n):
    """Counts up to 1e15; bells, powers at the ends, and the limits where all mass is at the ends or the binomial."""
    concentration1 = 10.0 ** rng.uniform(-4.0, 8.0, n)
    other = rng.choice([10.0 ** rng.uniform(-1.0, 1.0, n) * concentration1, 10.0 ** rng.uniform(-4.0, 8.0, n)])
    return _set(np.floor(10.0 ** (15.0 * rng.random(n) ** 2)), concentration1, other)


CASES = (
    Case(
        fd.BetaBinomial,
        ordinary=(_set(10, 2.0, 3.0), _set(25, 0.75, 4.5), _set(60, 12.0, 7.5)),
        extreme=(
            _set(0, 2.0, 3.0),
            _set(1, 0.5, 2.0),
            _set(5, 1e-8, 1e-3),
            _set(1000, 1e-3, 1e-8),
            _set(1000, 0.5, 0.5),
            _set(300, 1.0, 1.0),
            _set(20, 1e15, 3e14),
            _set(10**6, 0.25, 30.0),
            _set(10**12, 2e6, 3e6),
            _set(10**15, 1e15, 1e13),
        ),
        invalid=(
            Invalid(_set(10.5, 2.0, 3.0), ("BetaBinomial", "total_count", "IntegerGreaterThanEq", "10.5")),
            Invalid(_set(-1, 2.0, 3.0), ("BetaBinomial", "total_count", "-1")),
            Invalid(_set(inf, 2.0, 3.0), ("BetaBinomial", "total_count", "inf")),
            Invalid(_set(10, 0.0, 3.0), ("BetaBinomial", "concentration1", "GreaterThan(lower_bound=0.0)", "0.0")),
            Invalid(_set(10, 2.0, nan), ("BetaBinomial", "concentration0", "nan")),
            Invalid(_set(10, [2.0, -2.5], 3.0), ("BetaBinomial", "concentration1", "-2.5", "(1,)")),
        ),
        scipy=lambda total_count, concentration1, concentration0: stats.betabinom(
            total_count, concentration1, concentration0
        ),
        reference="BetaBinomial",
        undefined=(
            (
                _set(0, 2.0, 3.0),
                {"mean": 0.0, "variance": 0.0, "skewness": nan, "kurtosis": nan, "entropy": 0.0},
            ),
        ),
        modes=(
            (_set(10, 1.0, 1.0), 0.0),
            (_set(10, 0.5, 1.0), 0.0),
            (_set(10, 1.0, 0.5), 10.0),
            (_set(10, 0.5, 0.25), 10.0),
            (_set(9, 2.0, 2.0), 5.0),
            (_set(10**15, 3.0, 2.0), 666666666666667.0),
        ),
        regular=False,
        random=_random,
        gradients=("log_prob",),
    ),
)
