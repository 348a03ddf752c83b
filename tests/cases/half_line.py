"""Distributions on half of the line."""

from math import inf, nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Exponential,
        ordinary=({"rate": 1.0}, {"rate": 2.5}, {"rate": 0.125}),
        extreme=({"rate": 1e-3}, {"rate": 1e8}, {"rate": 1e-300}, {"rate": 1e300}),
        invalid=(
            Invalid({"rate": 0.0}, ("Exponential", "rate", "GreaterThan(lower_bound=0.0)", "0.0")),
            Invalid({"rate": -1.5}, ("Exponential", "rate", "-1.5")),
            Invalid({"rate": nan}, ("Exponential", "rate", "nan")),
            Invalid({"rate": inf}, ("Exponential", "rate", "inf")),
            Invalid({"rate": [1.0, -2.5]}, ("Exponential", "rate", "-2.5", "(1,)")),
        ),
        scipy=lambda rate: stats.expon(scale=1 / np.asarray(rate)),
        reference="Exponential",
    ),
    Case(
        fd.Gamma,
        ordinary=(
            {"concentration": 2.5, "rate": 1.0},
            {"concentration": 1.0, "rate": 2.0},
            {"concentration": 30.0, "rate": 0.125},
        ),
        extreme=(
            {"concentration": 1e-3, "rate": 1.0},
            {"concentration": 0.1, "rate": 1e-3},
            {"concentration": 0.75, "rate": 1e8},
            {"concentration": 1e8, "rate": 1e8},
            {"concentration": 1e5, "rate": 1e-3},
        ),
        invalid=(
            Invalid({"concentration": 0.0, "rate": 1.0}, ("Gamma", "concentration", "GreaterThan", "0.0")),
            Invalid({"concentration": 1.0, "rate": -2.5}, ("Gamma", "rate", "GreaterThan", "-2.5")),
            Invalid({"concentration": nan, "rate": 1.0}, ("Gamma", "concentration", "nan")),
            Invalid({"concentration": 1.0, "rate": inf}, ("Gamma", "rate", "inf")),
            Invalid({"concentration": [[1.0], [-2.5]], "rate": [1.0]}, ("Gamma", "concentration", "-2.5", "(1, 0)")),
        ),
        scipy=lambda concentration, rate: stats.gamma(concentration, scale=1 / np.asarray(rate)),
        reference="Gamma",
        modes=(({"concentration": 0.5, "rate": 1.0}, 0.0), ({"concentration": 1.0, "rate": 1.0}, 0.0)),
    ),
    Case(
        fd.InverseGaussian,
        ordinary=(
            {"loc": 1.0, "concentration": 2.0},
            {"loc": 2.5, "concentration": 10.0},
            {"loc": 0.5, "concentration": 4.0},
        ),
        extreme=(
            {"loc": 1.0, "concentration": 1e-3},
            {"loc": 1e8, "concentration": 1e-3},
            {"loc": 1e-3, "concentration": 0.05},
            {"loc": 1.0, "concentration": 1e8},
            {"loc": 1e3, "concentration": 1e8},
            {"loc": 1e-3, "concentration": 1e8},
        ),
        invalid=(
            Invalid({"loc": 0.0, "concentration": 1.0}, ("InverseGaussian", "loc", "GreaterThan", "0.0")),
            Invalid({"loc": -1.5, "concentration": 1.0}, ("InverseGaussian", "loc", "-1.5")),
            Invalid({"loc": 1.0, "concentration": nan}, ("InverseGaussian", "concentration", "nan")),
            Invalid({"loc": 1.0, "concentration": inf}, ("InverseGaussian", "concentration", "inf")),
            Invalid({"loc": 1.0, "concentration": [1.0, -2.5]}, ("InverseGaussian", "concentration", "-2.5", "(1,)")),
        ),
        scipy=lambda loc, concentration: stats.invgauss(np.divide(loc, concentration), scale=concentration),
        reference="InverseGaussian",
    ),
)
