"""Geometric and negative binomial distributions."""

from math import inf, nan

from scipy import special, stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Geometric,
        name="Geometric(probs)",
        ordinary=({"probs": 0.3}, {"probs": 0.5}, {"probs": 0.0625}),
        extreme=({"probs": 1.0}, {"probs": 1 - 2.0**-40}, {"probs": 1e-5}, {"probs": 1e-12}),
        invalid=(
            Invalid({"probs": 0.0}, ("Geometric", "probs", "LeftOpenInterval(lower_bound=0.0, upper_bound=1.0)")),
            Invalid({"probs": nan}, ("Geometric", "probs", "nan")),
            Invalid({"probs": [[0.5, 1.0, 1.25]]}, ("Geometric", "probs", "1.25", "(0, 2)")),
            Invalid({}, ("Geometric", "probs", "logits", "neither")),
            Invalid({"probs": 0.5, "logits": 0.0}, ("Geometric", "probs", "logits", "both")),
        ),
        scipy=lambda probs: stats.geom(probs, loc=-1),
        reference="Geometric",
        undefined=(({"probs": 1.0}, {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0}),),
        modes=(({"probs": 0.25}, 0.0),),
    ),
    Case(
        fd.Geometric,
        name="Geometric(logits)",
        ordinary=({"logits": -0.75}, {"logits": 0.0}, {"logits": -3.0}),
        extreme=({"logits": inf}, {"logits": 700.0}, {"logits": 30.0}, {"logits": -20.0}),
        invalid=(
            Invalid({"logits": nan}, ("Geometric", "logits", "nan")),
            Invalid(
                {"logits": -inf},
                ("Geometric", "logits", "LeftOpenInterval(lower_bound=-inf, upper_bound=inf)", "-inf"),
            ),
        ),
        scipy=lambda logits: stats.geom(special.expit(logits), loc=-1),
        reference="Geometric(logits)",
        modes=(({"logits": -3.0}, 0.0),),
    ),
    Case(
        fd.NegativeBinomial,
        name="NegativeBinomial(probs)",
        ordinary=(
            {"total_count": 2.5, "probs": 0.75},
            {"total_count": 5.0, "probs": 0.5},
            {"total_count": 40.0, "probs": 0.3},
        ),
        extreme=(
            {"total_count": 0.0, "probs": 0.5},
            {"total_count": 3.0, "probs": 0.0},
            {"total_count": 1e-300, "probs": 0.5},
            {"total_count": 0.01, "probs": 0.99},
            {"total_count": 0.5, "probs": 0.9999},
            {"total_count": 3.0, "probs": 1e-300},
            {"total_count": 3.0, "probs": 1 - 2.0**-20},
            {"total_count": 1e3, "probs": 0.01},
            {"total_count": 1e10, "probs": 0.3},
            {"total_count": 1e12, "probs": 1e-11},
        ),
        invalid=(
            Invalid(
                {"total_count": -1.5, "probs": 0.5},
                ("NegativeBinomial", "total_count", "GreaterThanEq(lower_bound=0.0)", "-1.5"),
            ),
            Invalid({"total_count": inf, "probs": 0.5}, ("NegativeBinomial", "total_count", "inf")),
            Invalid(
                {"total_count": 3.0, "probs": 1.0},
                ("NegativeBinomial", "probs", "HalfOpenInterval(lower_bound=0.0, upper_bound=1.0)", "1.0"),
            ),
            Invalid({"total_count": 3.0, "probs": [0.5, nan]}, ("NegativeBinomial", "probs", "nan", "(1,)")),
            Invalid({"total_count": 3.0}, ("NegativeBinomial", "probs", "logits", "neither")),
            Invalid({"total_count": 3.0, "probs": 0.5, "logits": 0.0}, ("NegativeBinomial", "both")),
        ),
        scipy=lambda total_count, probs: stats.nbinom(total_count, 1 - probs),
        reference="NegativeBinomial",
        undefined=(
            (
                {"total_count": 0.0, "probs": 0.5},
                {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0},
            ),
            (
                {"total_count": 5.0, "probs": 0.0},
                {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0},
            ),
        ),
        modes=(
            ({"total_count": 3.0, "probs": 0.5}, 2.0),
            ({"total_count": 0.5, "probs": 0.99}, 0.0),
            ({"total_count": 0.0, "probs": 0.5}, 0.0),
        ),
    ),
    Case(
        fd.NegativeBinomial,
        name="NegativeBinomial(logits)",
        ordinary=(
            {"total_count": 2.5, "logits": 1.0},
            {"total_count": 5.0, "logits": 0.0},
            {"total_count": 40.0, "logits": -0.75},
        ),
        extreme=(
            {"total_count": 3.0, "logits": -inf},
            {"total_count": 3.0, "logits": -700.0},
            {"total_count": 0.01, "logits": 20.0},
            {"total_count": 1e9, "logits": -18.0},
        ),
        invalid=(
            Invalid(
                {"total_count": 3.0, "logits": inf},
                ("NegativeBinomial", "logits", "HalfOpenInterval(lower_bound=-inf, upper_bound=inf)", "inf"),
            ),
            Invalid({"total_count": 3.0, "logits": nan}, ("NegativeBinomial", "logits", "nan")),
        ),
        scipy=lambda total_count, logits: stats.nbinom(total_count, special.expit(-logits)),
        reference="NegativeBinomial(logits)",
        modes=(({"total_count": 3.0, "logits": 0.0}, 2.0),),
    ),
)
