"""The point mass."""

from math import inf, nan

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Delta,
        ordinary=({"value": 2.5}, {"value": -3.0}, {"value": 0.0}),
        extreme=({"value": 1e300}, {"value": -5e-324}),
        invalid=(
            Invalid({"value": nan}, ("Delta", "value", "Real()", "nan")),
            Invalid({"value": inf}, ("Delta", "value", "inf")),
            Invalid({"value": [[1.0, -inf]]}, ("Delta", "value", "-inf", "(0, 1)")),
        ),
        scipy=None,
        reference="",  # no density to hold to: tests/test_delta.py
        undefined=(({"value": 2.5}, {"mean": 2.5, "variance": 0.0, "skewness": nan, "kurtosis": nan, "entropy": 0.0}),),
        modes=(({"value": 2.5}, 2.5),),
        moments=False,
        regular=False,
    ),
)
