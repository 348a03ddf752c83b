"""The Zipf distribution."""

from math import inf, nan

from scipy import stats

import fastdist as fd
from cases.case import Case, Invalid

CASES = (
    Case(
        fd.Zipf,
        # Moments up to the fourth take powers above 5, which leave next to nothing beyond 1.
        ordinary=({"power": 2.0}, {"power": 2.5}, {"power": 3.75}),
        extreme=({"power": 1.5}, {"power": 1.75}, {"power": 8.25}, {"power": 40.0}, {"power": 1e3}),
        invalid=(
            Invalid({"power": 1.0}, ("Zipf", "power", "GreaterThan(lower_bound=1.0)", "1.0")),
            Invalid({"power": 0.25}, ("Zipf", "power", "0.25")),
            Invalid({"power": nan}, ("Zipf", "power", "nan")),
            Invalid({"power": inf}, ("Zipf", "power", "inf")),
            Invalid({"power": [[2.0, 3.0, 0.5]]}, ("Zipf", "power", "0.5", "(0, 2)")),
        ),
        scipy=lambda power: stats.zipf(power),
        reference="Zipf",
        moments=False,
        undefined=(
            ({"power": 2.0}, {"mean": inf, "variance": inf, "skewness": nan, "kurtosis": nan}),
            ({"power": 3.0}, {"variance": inf, "skewness": nan, "kurtosis": nan}),
        ),
        random=lambda rng, n: {"power": 1.0 + 10.0 ** rng.uniform(-10.0, 3.0, n)},
    ),
)
