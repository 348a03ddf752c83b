"""Bernoulli and binomial distributions."""

from math import inf, nan

import numpy as np
from scipy import special, stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Bernoulli,
        name="Bernoulli(probs)",
        ordinary=({"probs": 0.3}, {"probs": 0.45}, {"probs": 0.125}),
        extreme=({"probs": 0.0}, {"probs": 1.0}, {"probs": 1e-300}, {"probs": 1e-5}, {"probs": 1 - 2.0**-40}),
        invalid=(
            Invalid({"probs": -0.25}, ("Bernoulli", "probs", "Interval(lower_bound=0.0, upper_bound=1.0)", "-0.25")),
            Invalid({"probs": nan}, ("Bernoulli", "probs", "nan")),
            Invalid({"probs": [[0.5, 1.0, 1.25]]}, ("Bernoulli", "probs", "1.25", "(0, 2)")),
            Invalid({}, ("Bernoulli", "probs", "logits", "neither")),
            Invalid({"probs": 0.5, "logits": 0.0}, ("Bernoulli", "probs", "logits", "both")),
        ),
        scipy=lambda probs: stats.bernoulli(probs),
        reference="Bernoulli",
        undefined=(
            ({"probs": 0.0}, {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0}),
            ({"probs": 1.0}, {"mean": 1.0, "variance": 0.0, "skewness": -inf, "kurtosis": inf, "entropy": 0.0}),
        ),
        modes=(({"probs": 0.5}, 1.0), ({"probs": 0.0}, 0.0), ({"probs": 1.0}, 1.0)),
    ),
    Case(
        fd.Bernoulli,
        name="Bernoulli(logits)",
        ordinary=({"logits": -0.75}, {"logits": -0.25}, {"logits": -2.0}),
        extreme=({"logits": -inf}, {"logits": inf}, {"logits": -700.0}, {"logits": 700.0}, {"logits": -1e-10}),
        invalid=(
            Invalid({"logits": nan}, ("Bernoulli", "logits", "Real()", "nan")),
            Invalid({"logits": [0.5, nan]}, ("Bernoulli", "logits", "nan", "(1,)")),
        ),
        scipy=lambda logits: stats.bernoulli(special.expit(logits)),
        reference="Bernoulli(logits)",
        modes=(({"logits": -0.0}, 1.0), ({"logits": -1e-15}, 0.0), ({"logits": inf}, 1.0)),
    ),
    Case(
        fd.Binomial,
        name="Binomial(probs)",
        ordinary=(
            {"total_count": 10.0, "probs": 0.3},
            {"total_count": 12.0, "probs": 0.5},
            {"total_count": 70.0, "probs": 0.875},
        ),
        extreme=(
            {"total_count": 0.0, "probs": 0.5},
            {"total_count": 1.0, "probs": 1.0},
            {"total_count": 1000.0, "probs": 0.0},
            {"total_count": 1000.0, "probs": 1e-300},
            {"total_count": 1e5, "probs": 0.01},
            {"total_count": 1e9, "probs": 2e-9},
            {"total_count": 1e9, "probs": 1 - 2.0**-30},
            {"total_count": 1e12, "probs": 0.5},
        ),
        invalid=(
            Invalid(
                {"total_count": 2.5, "probs": 0.5},
                ("Binomial", "total_count", "IntegerGreaterThanEq(lower_bound=0)", "2.5"),
            ),
            Invalid({"total_count": -1, "probs": 0.5}, ("Binomial", "total_count", "-1")),
            Invalid({"total_count": inf, "probs": 0.5}, ("Binomial", "total_count", "inf")),
            Invalid({"total_count": 3.0, "probs": 1.5}, ("Binomial", "probs", "1.5")),
            Invalid({"total_count": 3.0, "probs": [0.5, nan]}, ("Binomial", "probs", "nan", "(1,)")),
            Invalid({"total_count": [1, 2, -3], "probs": 0.5}, ("Binomial", "total_count", "-3", "(2,)")),
            Invalid({"total_count": 3.0}, ("Binomial", "probs", "logits", "neither")),
            Invalid({"total_count": 3.0, "probs": 0.5, "logits": 0.0}, ("Binomial", "probs", "logits", "both")),
        ),
        scipy=lambda total_count, probs: stats.binom(total_count, probs),
        reference="Binomial",
        undefined=(
            (
                {"total_count": 5.0, "probs": 0.0},
                {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0},
            ),
            (
                {"total_count": 5.0, "probs": 1.0},
                {"mean": 5.0, "variance": 0.0, "skewness": -inf, "kurtosis": inf, "entropy": 0.0},
            ),
        ),
        modes=(
            ({"total_count": 9.0, "probs": 0.5}, 5.0),
            ({"total_count": 9.0, "probs": 1.0}, 9.0),
            ({"total_count": 0.0, "probs": 0.5}, 0.0),
        ),
        regular=False,  # the derivative in total_count is that of a mass which does not end at it
    ),
    Case(
        fd.Binomial,
        name="Binomial(logits)",
        ordinary=(
            {"total_count": 10.0, "logits": -0.75},
            {"total_count": 12.0, "logits": 0.0},
            {"total_count": 70.0, "logits": 2.0},
        ),
        extreme=(
            {"total_count": 3.0, "logits": -inf},
            {"total_count": 3.0, "logits": inf},
            {"total_count": 1000.0, "logits": -700.0},
            {"total_count": 1000.0, "logits": 690.0},
            {"total_count": 1e9, "logits": -20.0},
        ),
        invalid=(
            Invalid({"total_count": 3.0, "logits": nan}, ("Binomial", "logits", "Real()", "nan")),
            Invalid({"total_count": 0.5, "logits": 0.0}, ("Binomial", "total_count", "0.5")),
        ),
        scipy=lambda total_count, logits: stats.binom(total_count, special.expit(np.asarray(logits))),
        reference="Binomial(logits)",
        modes=(({"total_count": 9.0, "logits": 0.0}, 5.0), ({"total_count": 9.0, "logits": inf}, 9.0)),
        regular=False,
    ),
)
