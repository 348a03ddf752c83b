"""The hypergeometric distribution."""

from math import inf, nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid


def _set(population, successes, draws):
    return {"population": population, "successes": successes, "draws": draws}


def _random(rng, n):
    """Populations up to 1e15; few or many successes, few or many draws."""
    population = np.floor(10.0 ** (15.0 * rng.random(n) ** 2))

    def part():
        few = np.floor(population ** rng.random(n))
        return np.choose(rng.integers(0, 3, n), [few, population - few, np.floor(population * rng.random(n))])

    return _set(population, part(), part())


CASES = (
    Case(
        fd.Hypergeometric,
        ordinary=(_set(100, 7, 12), _set(120, 60, 70), _set(500, 50, 100)),  # each with the others' population too
        extreme=(
            _set(0, 0, 0),
            _set(10, 0, 5),
            _set(10, 10, 4),
            _set(10, 4, 10),
            _set(2, 1, 1),
            _set(3, 2, 1),
            _set(1000, 999, 998),
            _set(10**9, 20, 10**8),
            _set(10**6, 5 * 10**5, 1000),
            _set(10**12, 10**11, 10**9),
            _set(10**15, 5 * 10**14, 9 * 10**14),
        ),
        invalid=(
            Invalid(_set(10.5, 2, 3), ("Hypergeometric", "population", "IntegerGreaterThanEq", "10.5")),
            Invalid(_set(10, -2, 3), ("Hypergeometric", "successes", "-2")),
            Invalid(_set(10, 2, nan), ("Hypergeometric", "draws", "nan")),
            Invalid(_set(inf, 2, 3), ("Hypergeometric", "population", "inf")),
            Invalid(_set(10, 11, 3), ("Hypergeometric", "successes must not exceed population", "11.0", "10.0")),
            Invalid(_set(10, 2, [3, 12]), ("Hypergeometric", "draws must not exceed population", "12.0", "(1,)")),
        ),
        scipy=lambda population, successes, draws: stats.hypergeom(population, successes, draws),
        reference="Hypergeometric",
        undefined=(
            (_set(10, 10, 4), {"mean": 4.0, "variance": 0.0, "skewness": nan, "kurtosis": nan, "entropy": 0.0}),
            (_set(2, 1, 1), {"mean": 0.5, "variance": 0.25, "skewness": 0.0, "kurtosis": -2.0}),
        ),
        modes=(
            (_set(0, 0, 0), 0.0),
            (_set(10, 10, 4), 4.0),
            (_set(2, 1, 1), 1.0),
            (_set(10, 5, 1), 1.0),
            (_set(10**15, 10**15 - 1, 10**15 - 1), 999999999999998.0),
        ),
        regular=False,
        random=_random,
        gradients=("log_prob",),
    ),
)
