"""Families of powers and of extreme values."""

from math import inf, nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.LogNormal,
        ordinary=({"loc": 0.0, "scale": 0.5}, {"loc": -1.5, "scale": 0.25}, {"loc": 2.0, "scale": 0.125}),
        extreme=(
            {"loc": 0.0, "scale": 1e-3},
            {"loc": 1e-3, "scale": 10.0},
            {"loc": 600.0, "scale": 1e-3},
            {"loc": -300.0, "scale": 30.0},
        ),
        invalid=(
            Invalid({"loc": 0.0, "scale": 0.0}, ("LogNormal", "scale", "GreaterThan(lower_bound=0.0)", "0.0")),
            Invalid({"loc": inf, "scale": 1.0}, ("LogNormal", "loc", "Real()", "inf")),
            Invalid({"loc": [0.0, nan], "scale": 1.0}, ("LogNormal", "loc", "nan", "(1,)")),
        ),
        scipy=lambda loc, scale: stats.lognorm(scale, scale=np.exp(loc)),
        reference="LogNormal",
    ),
    Case(
        fd.Pareto,
        ordinary=({"scale": 1.0, "alpha": 6.0}, {"scale": 2.5, "alpha": 12.0}, {"scale": 0.25, "alpha": 30.0}),
        extreme=(
            {"scale": 1.0, "alpha": 0.06},
            {"scale": 1e-3, "alpha": 0.5},
            {"scale": 1e8, "alpha": 1e8},
            {"scale": 1e-300, "alpha": 1.0},
        ),
        invalid=(
            Invalid({"scale": 0.0, "alpha": 1.0}, ("Pareto", "scale", "GreaterThan(lower_bound=0.0)", "0.0")),
            Invalid({"scale": 1.0, "alpha": -2.5}, ("Pareto", "alpha", "-2.5")),
            Invalid({"scale": inf, "alpha": 1.0}, ("Pareto", "scale", "inf")),
            Invalid({"scale": [1.0, nan], "alpha": 1.0}, ("Pareto", "scale", "nan", "(1,)")),
        ),
        scipy=lambda scale, alpha: stats.pareto(alpha, scale=scale),
        reference="Pareto",
        undefined=(
            ({"scale": 1.0, "alpha": 1.0}, {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"scale": 1.0, "alpha": 2.0}, {"mean": 2.0, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"scale": 1.0, "alpha": 3.0}, {"mean": 1.5, "variance": 0.75, "skewness": inf, "kurtosis": inf}),
            ({"scale": 3.0, "alpha": 4.0}, {"mean": 4.0, "variance": 2.0, "kurtosis": inf}),
        ),
        regular=False,
    ),
    Case(
        fd.Weibull,
        ordinary=(
            {"scale": 1.0, "concentration": 2.5},
            {"scale": 2.5, "concentration": 1.0},
            {"scale": 0.25, "concentration": 8.0},
        ),
        extreme=(
            {"scale": 1.0, "concentration": 0.05},
            {"scale": 1e-3, "concentration": 0.1},
            {"scale": 1.0, "concentration": 0.75},
            {"scale": 1e8, "concentration": 1e8},
        ),
        invalid=(
            Invalid({"scale": 0.0, "concentration": 1.0}, ("Weibull", "scale", "GreaterThan", "0.0")),
            Invalid({"scale": 1.0, "concentration": -2.5}, ("Weibull", "concentration", "-2.5")),
            Invalid({"scale": inf, "concentration": 1.0}, ("Weibull", "scale", "inf")),
            Invalid({"scale": [1.0, nan], "concentration": 1.0}, ("Weibull", "scale", "nan", "(1,)")),
        ),
        scipy=lambda scale, concentration: stats.weibull_min(concentration, scale=scale),
        reference="Weibull",
        undefined=(({"scale": 1.0, "concentration": 1e-3}, {"mean": inf, "variance": inf, "skewness": inf}),),
        modes=(({"scale": 1.0, "concentration": 0.5}, 0.0),),
    ),
    Case(
        fd.GeneralizedPareto,
        ordinary=(
            {"loc": 0.0, "scale": 1.0, "concentration": 0.125},
            {"loc": -3.5, "scale": 2.5, "concentration": 0.0},
            {"loc": 2.0, "scale": 0.25, "concentration": -0.25},
        ),
        extreme=(
            {"loc": 0.0, "scale": 1.0, "concentration": 1e-12},
            {"loc": 0.0, "scale": 1.0, "concentration": -1e-12},
            {"loc": 0.0, "scale": 1.0, "concentration": 1.0},
            {"loc": 1.0, "scale": 1e8, "concentration": 3.0},
            {"loc": 0.0, "scale": 1.0, "concentration": -1.0},
            {"loc": 0.0, "scale": 1e-3, "concentration": -2.0},
        ),
        invalid=(
            Invalid(
                {"loc": 0.0, "scale": 0.0, "concentration": 1.0}, ("GeneralizedPareto", "scale", "GreaterThan", "0.0")
            ),
            Invalid({"loc": nan, "scale": 1.0, "concentration": 1.0}, ("GeneralizedPareto", "loc", "nan")),
            Invalid({"loc": 0.0, "scale": 1.0, "concentration": inf}, ("GeneralizedPareto", "concentration", "inf")),
            Invalid({"loc": 1e20, "scale": 1.0, "concentration": [1.0, -1.5]}, ("upper end", "loc", "-1.5", "(1,)")),
        ),
        scipy=lambda loc, scale, concentration: stats.genpareto(concentration, loc, scale),
        reference="GeneralizedPareto",
        undefined=(
            (
                {"loc": 0.0, "scale": 1.0, "concentration": 1.0},
                {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan},
            ),
            (
                {"loc": 0.0, "scale": 1.0, "concentration": 0.5},
                {"mean": 2.0, "variance": inf, "skewness": nan, "kurtosis": nan},
            ),
        ),
        modes=(({"loc": 0.0, "scale": 1.0, "concentration": -2.0}, 0.5),),
        regular=False,
    ),
    Case(
        fd.GeneralizedExtremeValue,
        ordinary=(
            {"loc": 0.0, "scale": 1.0, "concentration": 0.125},
            {"loc": -3.5, "scale": 2.5, "concentration": 0.0},
            {"loc": 2.0, "scale": 0.25, "concentration": -0.25},
        ),
        extreme=(
            {"loc": 0.0, "scale": 1.0, "concentration": 1e-12},
            {"loc": 0.0, "scale": 1.0, "concentration": -1e-12},
            {"loc": 0.0, "scale": 1.0, "concentration": 1.0},
            {"loc": 1.0, "scale": 1e8, "concentration": 3.0},
            {"loc": 0.0, "scale": 1.0, "concentration": -1.0},
            {"loc": 0.0, "scale": 1e-3, "concentration": -2.0},
        ),
        invalid=(
            Invalid(
                {"loc": 0.0, "scale": 0.0, "concentration": 1.0},
                ("GeneralizedExtremeValue", "scale", "GreaterThan", "0.0"),
            ),
            Invalid({"loc": nan, "scale": 1.0, "concentration": 1.0}, ("GeneralizedExtremeValue", "loc", "nan")),
            Invalid(
                {"loc": 0.0, "scale": 1.0, "concentration": [0.0, inf]},
                ("GeneralizedExtremeValue", "concentration", "inf", "(1,)"),
            ),
        ),
        scipy=lambda loc, scale, concentration: stats.genextreme(np.negative(concentration), loc, scale),
        reference="GeneralizedExtremeValue",
        undefined=(
            (
                {"loc": 0.0, "scale": 1.0, "concentration": 1.0},
                {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan},
            ),
            ({"loc": 0.0, "scale": 1.0, "concentration": 0.5}, {"variance": inf, "skewness": nan, "kurtosis": nan}),
        ),
        modes=(({"loc": 0.0, "scale": 1.0, "concentration": -2.0}, 0.5),),
        regular=False,
    ),
)
