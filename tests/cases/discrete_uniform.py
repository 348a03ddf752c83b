"""The discrete uniform distribution."""

from math import inf, nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid


def _random(rng, n):
    """Supports of 1 to 2**54 integers."""
    low = np.floor(rng.choice([-1.0, 1.0], n) * 2.0 ** rng.uniform(0.0, 53.0, n))
    high = np.minimum(low + np.floor(2.0 ** rng.uniform(0.0, 54.0, n)) - 1.0, 2.0**53)
    return {"low": low, "high": high}


CASES = (
    Case(
        fd.DiscreteUniform,
        ordinary=({"low": 0, "high": 9}, {"low": -3, "high": 12}, {"low": 5, "high": 1000}),
        extreme=(
            {"low": 7, "high": 7},
            {"low": 0, "high": 1},
            {"low": -(10**6), "high": 10**12},
            {"low": -(2**50), "high": 2**50},
        ),
        invalid=(
            Invalid({"low": 0.5, "high": 3}, ("DiscreteUniform", "low", "IntegerInterval", "0.5")),
            Invalid({"low": 0, "high": 2.0**54}, ("DiscreteUniform", "high", "IntegerInterval")),
            Invalid({"low": nan, "high": 3}, ("DiscreteUniform", "low", "nan")),
            Invalid({"low": 0, "high": inf}, ("DiscreteUniform", "high", "inf")),
            Invalid({"low": 4, "high": 3}, ("DiscreteUniform", "low must not be above high", "4.0", "3.0")),
            Invalid({"low": [0, 4], "high": 3}, ("DiscreteUniform", "low", "4.0", "(1,)")),
        ),
        scipy=lambda low, high: stats.randint(low, high + 1),
        reference="DiscreteUniform",
        undefined=(
            ({"low": 7, "high": 7}, {"mean": 7.0, "variance": 0.0, "skewness": nan, "kurtosis": nan, "entropy": 0.0}),
        ),
        modes=(({"low": -3, "high": 12}, -3.0),),
        regular=False,
        random=_random,
    ),
)
