"""Distributions on the integers."""

from math import inf, nan
from typing import Any

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid


def _table(weights: Any) -> Any:
    weights = np.asarray(weights, float)
    return stats.rv_discrete(values=(np.arange(len(weights)), weights / weights.sum()))()


CASES = (
    Case(
        fd.Poisson,
        ordinary=({"rate": 4.0}, {"rate": 10.5}, {"rate": 70.25}),
        extreme=({"rate": 1e-3}, {"rate": 0.5}, {"rate": 1e3}, {"rate": 1e8}),
        invalid=(
            Invalid({"rate": -1.5}, ("Poisson", "rate", "GreaterThanEq(lower_bound=0.0)", "-1.5")),
            Invalid({"rate": nan}, ("Poisson", "rate", "nan")),
            Invalid({"rate": inf}, ("Poisson", "rate", "inf")),
            Invalid({"rate": [[1.0, 2.0, -2.5]]}, ("Poisson", "rate", "-2.5", "(0, 2)")),
        ),
        scipy=lambda rate: stats.poisson(rate),
        reference="Poisson",
        undefined=(({"rate": 0.0}, {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0}),),
        modes=(({"rate": 0.0}, 0.0), ({"rate": 4.5}, 4.0)),
        random=lambda rng, n: {"rate": 10.0 ** rng.uniform(-3, 6, n)},
    ),
    Case(
        fd.Categorical,
        name="Categorical(probs)",
        ordinary=(
            {"probs": [0.125, 0.5, 0.25, 0.125]},
            {"probs": [0.1, 0.2, 0.3, 0.4]},
            {"probs": [3.0, 1.0, 1.0, 2.0]},
        ),
        extreme=({"probs": [1e-3, 0.0, 1e-8, 0.0, 3.0]}, {"probs": [1.0]}, {"probs": [0.0, 0.0, 1.0]}),
        invalid=(
            Invalid({"probs": [0.5, -2.5]}, ("Categorical", "probs", "Weights()", "-2.5")),
            Invalid({"probs": [0.0, 0.0]}, ("Categorical", "probs", "Weights()", "0.0")),
            Invalid({"probs": [0.5, nan]}, ("Categorical", "probs", "nan")),
            Invalid({"probs": [0.5, inf]}, ("Categorical", "probs", "inf")),
            Invalid({"probs": [[0.5, 0.5], [1.0, -2.5]]}, ("Categorical", "probs", "-2.5", "(1,)")),
            Invalid({"probs": 0.5}, ("Categorical", "probs")),
            Invalid({"probs": np.empty((0,))}, ("Categorical", "probs")),
            Invalid({}, ("Categorical", "probs", "logits", "neither")),
            Invalid({"probs": [1.0], "logits": [0.0]}, ("Categorical", "probs", "logits", "both")),
        ),
        scipy=lambda probs: _table(probs),
        reference="Categorical",
        undefined=(({"probs": [0.0, 1.0, 0.0]}, {"mean": 1.0, "variance": 0.0, "skewness": nan, "kurtosis": nan}),),
        modes=(({"probs": [0.25, 0.375, 0.375]}, 1.0),),
        random=lambda rng, n: {"probs": rng.dirichlet(np.full(7, 0.3), n)},
    ),
    Case(
        fd.Categorical,
        name="Categorical(logits)",
        ordinary=(
            {"logits": [0.0, 1.0, -1.0, 0.5]},
            {"logits": [3.0, 3.5, 3.0, 2.0]},
            {"logits": [-700.0, -701.0, -699.0, -700.5]},
        ),
        extreme=({"logits": [0.0, -inf, -30.0, 1.0, -800.0]}, {"logits": [5.0]}, {"logits": [1e300, 0.0, -1e300]}),
        invalid=(
            Invalid({"logits": [0.5, nan]}, ("Categorical", "logits", "Logits()", "nan")),
            Invalid({"logits": [0.5, inf]}, ("Categorical", "logits", "inf")),
            Invalid({"logits": [-inf, -inf]}, ("Categorical", "logits", "-inf")),
            Invalid({"logits": [[0.5, 1.5], [1.0, nan]]}, ("Categorical", "logits", "nan", "(1,)")),
        ),
        scipy=lambda logits: _table(np.exp(np.subtract(logits, np.max(logits)))),
        reference="Categorical(logits)",
        modes=(({"logits": [0.0, 2.0, 2.0]}, 1.0),),
        random=lambda rng, n: {"logits": rng.normal(0.0, 20.0, (n, 5))},
    ),
)
