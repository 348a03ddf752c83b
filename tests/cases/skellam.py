"""The difference of two Poisson counts."""

from math import inf, nan

from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Skellam,
        # SciPy's quantile gives up (an endless loop) at many other sets.
        ordinary=({"rate1": 4.0, "rate2": 1.5}, {"rate1": 10.5, "rate2": 12.25}, {"rate1": 3.0, "rate2": 8.25}),
        extreme=(
            {"rate1": 1e-3, "rate2": 1e-3},
            {"rate1": 0.5, "rate2": 1e-3},
            {"rate1": 4.0, "rate2": 0.0},
            {"rate1": 0.0, "rate2": 100.0},
            {"rate1": 0.0, "rate2": 0.0},
            {"rate1": 3.0, "rate2": 70.25},
            {"rate1": 1e3, "rate2": 1e3},
            {"rate1": 1e-5, "rate2": 1e8},
            {"rate1": 1e12, "rate2": 2e12},
        ),
        invalid=(
            Invalid({"rate1": -1.5, "rate2": 1.0}, ("Skellam", "rate1", "GreaterThanEq(lower_bound=0.0)", "-1.5")),
            Invalid({"rate1": 1.0, "rate2": nan}, ("Skellam", "rate2", "nan")),
            Invalid({"rate1": inf, "rate2": 1.0}, ("Skellam", "rate1", "inf")),
            Invalid({"rate1": 1.0, "rate2": [[1.0, 2.0, -2.5]]}, ("Skellam", "rate2", "-2.5", "(0, 2)")),
        ),
        scipy=lambda rate1, rate2: stats.skellam(rate1, rate2),
        reference="Skellam",
        undefined=(
            (
                {"rate1": 0.0, "rate2": 0.0},
                {"mean": 0.0, "variance": 0.0, "skewness": nan, "kurtosis": inf, "entropy": 0.0},
            ),
        ),
        modes=(
            ({"rate1": 0.0, "rate2": 0.0}, 0.0),
            ({"rate1": 4.0, "rate2": 0.0}, 4.0),
            ({"rate1": 0.0, "rate2": 4.5}, -4.0),
            ({"rate1": 7.5, "rate2": 7.5}, 0.0),
            ({"rate1": 1e15, "rate2": 1e15}, 0.0),
        ),
        random=lambda rng, n: {"rate1": 10.0 ** rng.uniform(-3, 15, n), "rate2": 10.0 ** rng.uniform(-3, 15, n)},
    ),
)
