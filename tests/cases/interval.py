"""Distributions on an interval."""

from math import inf, nan

import numpy as np
from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Uniform,
        ordinary=({"low": 0.0, "high": 1.0}, {"low": -1.0, "high": 3.0}, {"low": 0.5, "high": 0.75}),
        extreme=(
            {"low": 1e8, "high": 1e8 + 1.0},
            {"low": -1e300, "high": 1e300},
            {"low": 0.0, "high": 1e-300},
            {"low": 1.0, "high": 1.000000001},
        ),
        invalid=(
            Invalid({"low": 1.0, "high": 1.0}, ("Uniform", "low", "high", "1.0")),
            Invalid({"low": 2.0, "high": 1.5}, ("Uniform", "low", "high", "2.0", "1.5")),
            Invalid({"low": nan, "high": 1.0}, ("Uniform", "low", "Real()", "nan")),
            Invalid({"low": 0.0, "high": inf}, ("Uniform", "high", "Real()", "inf")),
            Invalid({"low": [0.0, 1.0, 2.25], "high": 2.0}, ("Uniform", "low", "high", "2.25", "(2,)")),
        ),
        scipy=lambda low, high: stats.uniform(low, np.subtract(high, low)),
        reference="Uniform",
        modes=(({"low": -1.0, "high": 3.0}, -1.0),),
        regular=False,
    ),
    Case(
        fd.Beta,
        ordinary=(
            {"concentration1": 2.0, "concentration0": 3.0},
            {"concentration1": 1.5, "concentration0": 1.0},
            {"concentration1": 20.0, "concentration0": 16.5},
        ),
        extreme=(
            {"concentration1": 1e-3, "concentration0": 1e-3},
            {"concentration1": 0.1, "concentration0": 30.0},
            {"concentration1": 0.5, "concentration0": 0.75},
            {"concentration1": 1e-3, "concentration0": 1e8},
            {"concentration1": 1e8, "concentration0": 1e8},
            {"concentration1": 1e5, "concentration0": 2.5},
            {"concentration1": 1e-300, "concentration0": 1e300},
            {"concentration1": 1e20, "concentration0": 2.5},
        ),
        invalid=(
            Invalid({"concentration1": 0.0, "concentration0": 1.0}, ("Beta", "concentration1", "GreaterThan", "0.0")),
            Invalid({"concentration1": 1.0, "concentration0": -2.5}, ("Beta", "concentration0", "-2.5")),
            Invalid({"concentration1": nan, "concentration0": 1.0}, ("Beta", "concentration1", "nan")),
            Invalid({"concentration1": 1.0, "concentration0": inf}, ("Beta", "concentration0", "inf")),
            Invalid({"concentration1": 1.0, "concentration0": [1.0, nan]}, ("Beta", "concentration0", "nan", "(1,)")),
        ),
        scipy=lambda concentration1, concentration0: stats.beta(concentration1, concentration0),
        reference="Beta",
        modes=(
            ({"concentration1": 0.5, "concentration0": 2.0}, 0.0),
            ({"concentration1": 2.0, "concentration0": 1.0}, 1.0),
            ({"concentration1": 0.75, "concentration0": 0.5}, 1.0),
        ),
    ),
    Case(
        fd.VonMises,
        ordinary=(
            {"loc": 0.0, "concentration": 1.0},
            {"loc": 0.75, "concentration": 4.0},
            {"loc": -2.0, "concentration": 0.25},
        ),
        extreme=(
            {"loc": 0.0, "concentration": 1e-3},
            {"loc": 1.0, "concentration": 1e-300},
            {"loc": 0.0, "concentration": 1.6},
            {"loc": 3.0, "concentration": 30.0},
            {"loc": 0.0, "concentration": 100.0},
            {"loc": -0.5, "concentration": 1e6},
            {"loc": 0.0, "concentration": 1e300},
            {"loc": 1e8, "concentration": 2.0},
        ),
        invalid=(
            Invalid({"loc": 0.0, "concentration": 0.0}, ("VonMises", "concentration", "GreaterThan", "0.0")),
            Invalid({"loc": nan, "concentration": 1.0}, ("VonMises", "loc", "Real()", "nan")),
            Invalid({"loc": 0.0, "concentration": inf}, ("VonMises", "concentration", "inf")),
            Invalid({"loc": 0.0, "concentration": [1.0, -2.5]}, ("VonMises", "concentration", "-2.5", "(1,)")),
        ),
        scipy=lambda loc, concentration: stats.vonmises(concentration, loc),
        reference="VonMises",
    ),
    Case(
        fd.Triangular,
        ordinary=(
            {"low": 0.0, "high": 1.0, "peak": 0.5},
            {"low": -1.0, "high": 3.0, "peak": 0.75},
            {"low": 0.25, "high": 2.0, "peak": 0.625},
        ),
        extreme=(
            {"low": 1e8, "high": 1e8 + 8.0, "peak": 1e8 + 1.0},
            {"low": 0.0, "high": 1.0, "peak": 0.0},
            {"low": 0.0, "high": 1.0, "peak": 1.0},
            {"low": -1e150, "high": 1e150, "peak": 0.0},
        ),
        invalid=(
            Invalid({"low": 1.0, "high": 1.0, "peak": 1.0}, ("Triangular", "low", "high", "1.0")),
            Invalid({"low": 0.0, "high": 1.0, "peak": -0.5}, ("Triangular", "peak", "-0.5")),
            Invalid({"low": 0.0, "high": [1.0, 2.0], "peak": 1.5}, ("Triangular", "peak", "1.5", "(0,)")),
            Invalid({"low": nan, "high": 1.0, "peak": 0.5}, ("Triangular", "low", "Real()", "nan")),
            Invalid({"low": 0.0, "high": inf, "peak": 0.5}, ("Triangular", "high", "Real()", "inf")),
        ),
        scipy=lambda low, high, peak: stats.triang(
            np.subtract(peak, low) / np.subtract(high, low), low, np.subtract(high, low)
        ),
        reference="Triangular",
        regular=False,
    ),
    Case(
        fd.Kumaraswamy,
        ordinary=(
            {"concentration1": 2.0, "concentration0": 3.0},
            {"concentration1": 1.5, "concentration0": 1.0},
            {"concentration1": 8.0, "concentration0": 16.5},
        ),
        extreme=(
            {"concentration1": 1e-3, "concentration0": 1e-3},
            {"concentration1": 0.1, "concentration0": 30.0},
            {"concentration1": 0.5, "concentration0": 0.75},
            {"concentration1": 1e-3, "concentration0": 1e8},
            {"concentration1": 1e8, "concentration0": 1e-3},
            {"concentration1": 1e8, "concentration0": 1e8},
            {"concentration1": 1.0, "concentration0": 1e8},
        ),
        invalid=(
            Invalid(
                {"concentration1": 0.0, "concentration0": 1.0}, ("Kumaraswamy", "concentration1", "GreaterThan", "0.0")
            ),
            Invalid({"concentration1": 1.0, "concentration0": -2.5}, ("Kumaraswamy", "concentration0", "-2.5")),
            Invalid({"concentration1": nan, "concentration0": 1.0}, ("Kumaraswamy", "concentration1", "nan")),
            Invalid({"concentration1": 1.0, "concentration0": inf}, ("Kumaraswamy", "concentration0", "inf")),
            Invalid({"concentration1": [1.0, -2.5], "concentration0": 1.0}, ("Kumaraswamy", "-2.5", "(1,)")),
        ),
        scipy=None,
        reference="Kumaraswamy",
        modes=(
            ({"concentration1": 0.5, "concentration0": 2.0}, 0.0),
            ({"concentration1": 2.0, "concentration0": 1.0}, 1.0),
            ({"concentration1": 1.0, "concentration0": 2.0}, 0.0),
            ({"concentration1": 1.0, "concentration0": 1.0}, 0.0),
            ({"concentration1": 0.75, "concentration0": 0.5}, 1.0),
        ),
    ),
)
