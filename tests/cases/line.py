"""Distributions on the whole line."""

from math import inf, nan

from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Normal,
        ordinary=({"loc": 0.0, "scale": 1.0}, {"loc": -3.5, "scale": 2.5}, {"loc": 10.0, "scale": 0.25}),
        extreme=(
            {"loc": 1e8, "scale": 1e-3},
            {"loc": 0.0, "scale": 1e150},
            {"loc": -1e-300, "scale": 1e-300},
            {"loc": -1e300, "scale": 1e292},
        ),
        invalid=(
            Invalid({"loc": 0.0, "scale": 0.0}, ("Normal", "scale", "GreaterThan(lower_bound=0.0)", "0.0")),
            Invalid({"loc": nan, "scale": 1.0}, ("Normal", "loc", "Real()", "nan")),
            Invalid({"loc": inf, "scale": 1.0}, ("Normal", "loc", "Real()", "inf")),
            Invalid({"loc": 0.0, "scale": inf}, ("Normal", "scale", "inf")),
            Invalid({"loc": [0.0, 1.0], "scale": [[1.0, 2.0], [3.0, -4.5]]}, ("Normal", "scale", "-4.5", "(1, 1)")),
        ),
        scipy=lambda loc, scale: stats.norm(loc, scale),
        reference="Normal",
    ),
    Case(
        fd.StudentT,
        ordinary=(
            {"df": 5.0, "loc": 0.0, "scale": 1.0},
            {"df": 30.0, "loc": -3.5, "scale": 2.5},
            {"df": 7.5, "loc": 2.0, "scale": 0.25},
        ),
        extreme=(
            {"df": 0.1, "loc": 0.0, "scale": 1.0},
            {"df": 1.0, "loc": 0.0, "scale": 1.0},
            {"df": 2.5, "loc": 1e8, "scale": 1e-3},
            {"df": 1e8, "loc": 0.0, "scale": 1.0},
            {"df": inf, "loc": 1.0, "scale": 2.0},
        ),
        invalid=(
            Invalid({"df": 0.0}, ("StudentT", "df", "GreaterThan(lower_bound=0.0)", "0.0")),
            Invalid({"df": nan}, ("StudentT", "df", "nan")),
            Invalid({"df": 1.0, "loc": inf}, ("StudentT", "loc", "Real()", "inf")),
            Invalid({"df": 1.0, "loc": 0.0, "scale": -2.5}, ("StudentT", "scale", "-2.5")),
            Invalid({"df": [1.0, 2.0, -2.5], "loc": 0.0, "scale": 1.0}, ("StudentT", "df", "-2.5", "(2,)")),
        ),
        scipy=lambda df, loc, scale: stats.t(df, loc, scale),
        reference="StudentT",
        undefined=(
            ({"df": 1.0}, {"mean": nan, "variance": nan, "skewness": nan, "kurtosis": nan}),
            ({"df": 1.5}, {"mean": 0.0, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"df": 2.0}, {"mean": 0.0, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"df": 3.0}, {"mean": 0.0, "variance": 3.0, "skewness": nan, "kurtosis": inf}),
            ({"df": 4.0}, {"mean": 0.0, "variance": 2.0, "skewness": 0.0, "kurtosis": inf}),
            ({"df": inf}, {"mean": 0.0, "variance": 1.0, "skewness": 0.0, "kurtosis": 0.0}),
        ),
    ),
    Case(
        fd.SkewNormal,
        ordinary=(
            {"loc": 0.0, "scale": 1.0, "alpha": 4.0},
            {"loc": -3.5, "scale": 2.5, "alpha": -1.5},
            {"loc": 10.0, "scale": 0.25, "alpha": 0.5},
        ),
        extreme=(
            {"loc": 0.0, "scale": 1.0, "alpha": 0.0},
            {"loc": 0.0, "scale": 1.0, "alpha": -1e-3},
            {"loc": 0.0, "scale": 1.0, "alpha": 1e8},
            {"loc": 0.0, "scale": 1e8, "alpha": -1e3},
            {"loc": 1e8, "scale": 1e-3, "alpha": 20.0},
            {"loc": 0.0, "scale": 1e-300, "alpha": -1.0},
        ),
        invalid=(
            Invalid({"loc": 0.0, "scale": 0.0, "alpha": 1.0}, ("SkewNormal", "scale", "GreaterThan", "0.0")),
            Invalid({"loc": nan, "scale": 1.0, "alpha": 1.0}, ("SkewNormal", "loc", "Real()", "nan")),
            Invalid({"loc": 0.0, "scale": 1.0, "alpha": inf}, ("SkewNormal", "alpha", "Real()", "inf")),
            Invalid({"loc": 0.0, "scale": inf, "alpha": 1.0}, ("SkewNormal", "scale", "inf")),
            Invalid({"loc": 0.0, "scale": [[1.0, -4.5]], "alpha": 1.0}, ("SkewNormal", "scale", "-4.5", "(0, 1)")),
        ),
        scipy=lambda loc, scale, alpha: stats.skewnorm(alpha, loc, scale),
        reference="SkewNormal",
    ),
)
