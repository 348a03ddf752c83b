"""What the conformance suite knows of each distribution: one row, and data only.

A new distribution is held to every property in ``tests/conformance`` by adding its row to `CASES`
and its grid to ``tests/references/make_distributions.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

import fastdist as fd


class Invalid(NamedTuple):
    """Arguments that must be refused with a ValueError that holds each of these texts."""

    arguments: dict[str, Any]
    says: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One distribution.

    Attributes
    ----------
    distribution : type
        The class.
    ordinary : tuple of dict
        Parameter sets that float64 resolves everywhere: densities without a singularity inside
        rounding distance of an end, finite moments up to the fourth. Events have one shape, and
        parameters of different sets go together.
    extreme : tuple of dict
        Parameter sets at the far ends of what is valid.
    invalid : tuple of Invalid
        Arguments that are refused.
    scipy : callable
        ``scipy(**parameters)``: SciPy's frozen distribution.
    reference : str
        Its name in ``references/distributions.npz``.
    undefined : tuple of (dict, dict)
        Parameter sets and what moments without a finite value must be there.
    modes : tuple of (dict, float)
        Parameter sets and their mode, where a search of the density would not find it.
    regular : bool
        Whether the support is the same for all parameters, so that the score has mean 0.
    tolerance : dict
        By method, a relative tolerance against the reference other than the suite's, with its
        reason beside it.
    name : str
        How tests call the row, if not by its class.
    """

    distribution: type
    ordinary: tuple[dict[str, Any], ...]
    extreme: tuple[dict[str, Any], ...]
    invalid: tuple[Invalid, ...]
    scipy: Callable[..., Any]
    reference: str
    undefined: tuple[tuple[dict[str, Any], dict[str, float]], ...] = ()
    modes: tuple[tuple[dict[str, Any], float], ...] = ()
    regular: bool = True
    tolerance: dict[str, float] = field(default_factory=dict)
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.distribution.__name__

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters, in the order of the rows."""
        return tuple(self.ordinary[0])

    @property
    def sets(self) -> tuple[dict[str, Any], ...]:
        """All valid parameter sets."""
        return self.ordinary + self.extreme


def _table(weights: Any) -> Any:
    weights = np.asarray(weights, float)
    return stats.rv_discrete(values=(np.arange(len(weights)), weights / weights.sum()))()


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
        fd.Poisson,
        ordinary=({"rate": 4.0}, {"rate": 10.5}, {"rate": 70.25}),
        extreme=({"rate": 1e-3}, {"rate": 0.5}, {"rate": 1e3}, {"rate": 1e8}),
        invalid=(
            Invalid({"rate": -1.5}, ("Poisson", "rate", "GreaterThanEq(lower_bound=0.0)", "-1.5")),
            Invalid({"rate": nan}, ("Poisson", "rate", "nan")),
            Invalid({"rate": inf}, ("Poisson", "rate", "inf")),
            Invalid({"rate": [[1.0, 2.0, -2.5]]}, ("Poisson", "rate", "-2.5", "(0, 2)")),
        ),
        scipy=lambda rate: stats.poisson(rate),
        reference="Poisson",
        undefined=(({"rate": 0.0}, {"mean": 0.0, "variance": 0.0, "skewness": inf, "kurtosis": inf, "entropy": 0.0}),),
        modes=(({"rate": 0.0}, 0.0), ({"rate": 4.5}, 4.0)),
    ),
    Case(
        fd.Categorical,
        name="Categorical(probs)",
        ordinary=(
            {"probs": [0.125, 0.5, 0.25, 0.125]},
            {"probs": [0.1, 0.2, 0.3, 0.4]},
            {"probs": [3.0, 1.0, 1.0, 2.0]},
        ),
        extreme=({"probs": [1e-3, 0.0, 1e-8, 0.0, 3.0]}, {"probs": [1.0]}, {"probs": [0.0, 0.0, 1.0]}),
        invalid=(
            Invalid({"probs": [0.5, -2.5]}, ("Categorical", "probs", "Weights()", "-2.5")),
            Invalid({"probs": [0.0, 0.0]}, ("Categorical", "probs", "Weights()", "0.0")),
            Invalid({"probs": [0.5, nan]}, ("Categorical", "probs", "nan")),
            Invalid({"probs": [0.5, inf]}, ("Categorical", "probs", "inf")),
            Invalid({"probs": [[0.5, 0.5], [1.0, -2.5]]}, ("Categorical", "probs", "-2.5", "(1,)")),
            Invalid({"probs": 0.5}, ("Categorical", "probs")),
            Invalid({"probs": np.empty((0,))}, ("Categorical", "probs")),
            Invalid({}, ("Categorical", "probs", "logits", "neither")),
            Invalid({"probs": [1.0], "logits": [0.0]}, ("Categorical", "probs", "logits", "both")),
        ),
        scipy=lambda probs: _table(probs),
        reference="Categorical",
        undefined=(({"probs": [0.0, 1.0, 0.0]}, {"mean": 1.0, "variance": 0.0, "skewness": nan, "kurtosis": nan}),),
        modes=(({"probs": [0.25, 0.375, 0.375]}, 1.0),),
    ),
    Case(
        fd.Categorical,
        name="Categorical(logits)",
        ordinary=(
            {"logits": [0.0, 1.0, -1.0, 0.5]},
            {"logits": [3.0, 3.5, 3.0, 2.0]},
            {"logits": [-700.0, -701.0, -699.0, -700.5]},
        ),
        extreme=({"logits": [0.0, -inf, -30.0, 1.0, -800.0]}, {"logits": [5.0]}, {"logits": [1e300, 0.0, -1e300]}),
        invalid=(
            Invalid({"logits": [0.5, nan]}, ("Categorical", "logits", "Logits()", "nan")),
            Invalid({"logits": [0.5, inf]}, ("Categorical", "logits", "inf")),
            Invalid({"logits": [-inf, -inf]}, ("Categorical", "logits", "-inf")),
            Invalid({"logits": [[0.5, 1.5], [1.0, nan]]}, ("Categorical", "logits", "nan", "(1,)")),
        ),
        scipy=lambda logits: _table(np.exp(np.subtract(logits, np.max(logits)))),
        reference="Categorical(logits)",
        modes=(({"logits": [0.0, 2.0, 2.0]}, 1.0),),
    ),
)
