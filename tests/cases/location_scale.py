"""Families of loc + scale * Z, and of scale * Z."""

from math import inf, nan

from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

SETS = ({"loc": 0.0, "scale": 1.0}, {"loc": -3.5, "scale": 2.5}, {"loc": 10.0, "scale": 0.25})
EXTREMES = ({"loc": 1e8, "scale": 1e-3}, {"loc": 0.0, "scale": 1e150}, {"loc": -1e-300, "scale": 1e-300})
SCALES = ({"scale": 1.0}, {"scale": 2.5}, {"scale": 0.125})
EXTREME_SCALES = ({"scale": 1e-3}, {"scale": 1e8}, {"scale": 1e-300}, {"scale": 1e150})


def refused(name):
    """What all of these refuse."""
    return (
        Invalid({"loc": 0.0, "scale": 0.0}, (name, "scale", "GreaterThan(lower_bound=0.0)", "0.0")),
        Invalid({"loc": nan, "scale": 1.0}, (name, "loc", "Real()", "nan")),
        Invalid({"loc": inf, "scale": 1.0}, (name, "loc", "Real()", "inf")),
        Invalid({"loc": [0.0, 1.0], "scale": [[1.0, 2.0], [3.0, -4.5]]}, (name, "scale", "-4.5", "(1, 1)")),
    )


def refused_scales(name):
    """What those without a location refuse."""
    return (
        Invalid({"scale": 0.0}, (name, "scale", "GreaterThan(lower_bound=0.0)", "0.0")),
        Invalid({"scale": nan}, (name, "scale", "nan")),
        Invalid({"scale": inf}, (name, "scale", "inf")),
        Invalid({"scale": [1.0, -2.5]}, (name, "scale", "-2.5", "(1,)")),
    )


CASES = (
    Case(
        fd.Cauchy,
        ordinary=SETS,
        extreme=EXTREMES,
        invalid=refused("Cauchy"),
        scipy=stats.cauchy,
        reference="Cauchy",
        moments=False,
        undefined=(({"loc": 0.0, "scale": 1.0}, {"mean": nan, "variance": nan, "skewness": nan, "kurtosis": nan}),),
    ),
    Case(
        fd.Laplace,
        ordinary=SETS,
        extreme=EXTREMES,
        invalid=refused("Laplace"),
        scipy=stats.laplace,
        reference="Laplace",
    ),
    Case(
        fd.Logistic,
        ordinary=SETS,
        extreme=EXTREMES,
        invalid=refused("Logistic"),
        scipy=stats.logistic,
        reference="Logistic",
    ),
    Case(
        fd.Gumbel,
        ordinary=SETS,
        extreme=EXTREMES,
        invalid=refused("Gumbel"),
        scipy=stats.gumbel_r,
        reference="Gumbel",
    ),
    Case(
        fd.HalfCauchy,
        ordinary=SCALES,
        extreme=EXTREME_SCALES,
        invalid=refused_scales("HalfCauchy"),
        scipy=lambda scale: stats.halfcauchy(scale=scale),
        reference="HalfCauchy",
        moments=False,
        undefined=(({"scale": 1.0}, {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan}),),
    ),
    Case(
        fd.HalfNormal,
        ordinary=SCALES,
        extreme=EXTREME_SCALES,
        invalid=refused_scales("HalfNormal"),
        scipy=lambda scale: stats.halfnorm(scale=scale),
        reference="HalfNormal",
    ),
    Case(
        fd.Rayleigh,
        ordinary=SCALES,
        extreme=EXTREME_SCALES,
        invalid=refused_scales("Rayleigh"),
        scipy=lambda scale: stats.rayleigh(scale=scale),
        reference="Rayleigh",
    ),
)
