"""Relatives of the gamma distribution."""

from math import inf, nan

from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Chi2,
        ordinary=({"df": 5.0}, {"df": 2.0}, {"df": 60.0}),
        extreme=({"df": 1e-3}, {"df": 0.2}, {"df": 1.0}, {"df": 31.8}, {"df": 33.0}, {"df": 1e8}),
        invalid=(
            Invalid({"df": 0.0}, ("Chi2", "df", "GreaterThan", "0.0")),
            Invalid({"df": -2.5}, ("Chi2", "df", "-2.5")),
            Invalid({"df": nan}, ("Chi2", "df", "nan")),
            Invalid({"df": inf}, ("Chi2", "df", "inf")),
            Invalid({"df": [1.0, -2.5]}, ("Chi2", "df", "-2.5", "(1,)")),
        ),
        scipy=lambda df: stats.chi2(df),
        reference="Chi2",
        modes=(({"df": 1.0}, 0.0), ({"df": 2.0}, 0.0)),
    ),
    Case(
        fd.InverseGamma,
        ordinary=(
            {"concentration": 12.0, "rate": 8.0},
            {"concentration": 15.5, "rate": 2.0},
            {"concentration": 30.0, "rate": 100.0},
        ),
        extreme=(
            # Draws of smaller shapes are beyond float64 now and then.
            {"concentration": 0.05, "rate": 1.0},
            {"concentration": 0.1, "rate": 1e-3},
            {"concentration": 0.75, "rate": 1e8},
            {"concentration": 2.5, "rate": 1.0},
            {"concentration": 1e8, "rate": 1e8},
            {"concentration": 1e5, "rate": 1e-3},
        ),
        invalid=(
            Invalid({"concentration": 0.0, "rate": 1.0}, ("InverseGamma", "concentration", "GreaterThan", "0.0")),
            Invalid({"concentration": 1.0, "rate": -2.5}, ("InverseGamma", "rate", "GreaterThan", "-2.5")),
            Invalid({"concentration": nan, "rate": 1.0}, ("InverseGamma", "concentration", "nan")),
            Invalid({"concentration": 1.0, "rate": inf}, ("InverseGamma", "rate", "inf")),
            Invalid({"concentration": 1.0, "rate": [1.0, -2.5]}, ("InverseGamma", "rate", "-2.5", "(1,)")),
        ),
        scipy=lambda concentration, rate: stats.invgamma(concentration, scale=rate),
        reference="InverseGamma",
        undefined=(
            ({"concentration": 1.0, "rate": 1.0}, {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"concentration": 2.0, "rate": 1.0}, {"mean": 1.0, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"concentration": 3.0, "rate": 1.0}, {"mean": 0.5, "variance": 0.25, "skewness": inf, "kurtosis": inf}),
        ),
    ),
    Case(
        fd.FisherSnedecor,
        ordinary=({"df1": 5.0, "df2": 40.0}, {"df1": 2.0, "df2": 50.0}, {"df1": 30.0, "df2": 100.0}),
        extreme=(
            # As above.
            {"df1": 1e-3, "df2": 0.1},
            {"df1": 0.5, "df2": 5.0},
            {"df1": 2.0, "df2": 1.0},
            {"df1": 1e-3, "df2": 1e8},
            {"df1": 1e8, "df2": 0.1},
            {"df1": 1e8, "df2": 7.0},
            {"df1": 1e5, "df2": 1e4},
            {"df1": 1e8, "df2": 1e8},
        ),
        invalid=(
            Invalid({"df1": 0.0, "df2": 1.0}, ("FisherSnedecor", "df1", "GreaterThan", "0.0")),
            Invalid({"df1": 1.0, "df2": -2.5}, ("FisherSnedecor", "df2", "GreaterThan", "-2.5")),
            Invalid({"df1": nan, "df2": 1.0}, ("FisherSnedecor", "df1", "nan")),
            Invalid({"df1": 1.0, "df2": inf}, ("FisherSnedecor", "df2", "inf")),
            Invalid({"df1": 1.0, "df2": [1.0, nan]}, ("FisherSnedecor", "df2", "nan", "(1,)")),
        ),
        scipy=lambda df1, df2: stats.f(df1, df2),
        reference="FisherSnedecor",
        undefined=(
            ({"df1": 3.0, "df2": 2.0}, {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"df1": 3.0, "df2": 4.0}, {"mean": 2.0, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"df1": 1.0, "df2": 6.0}, {"mean": 1.5, "variance": 11.25, "skewness": inf, "kurtosis": inf}),
        ),
        modes=(({"df1": 1.0, "df2": 5.0}, 0.0), ({"df1": 4.0, "df2": 2.0}, 0.25)),
    ),
)
