"""What the documentation says of each distribution beyond its docstring: one row, and data only.

A row gives the distribution its page with a picture, and its line in the table of parametrisations.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One distribution.

    Parameters
    ----------
    name : str
        Its class in fastdist, and in torch.
    scipy : str
        How `scipy.stats` spells it in terms of our parameters.
    torch : str
        Where torch's class of this name differs; empty if nowhere.
    curves : tuple of dict
        The parameter sets that the picture shows.
    span : tuple of float
        The values that the picture shows, from the first to the last.
    top : float, optional
        The largest density that the picture shows, for densities with a pole.
    """

    name: str
    scipy: str
    torch: str
    curves: tuple[dict[str, Any], ...]
    span: tuple[float, float]
    top: float | None = None


ROWS = (
    Row(
        "Normal",
        scipy="norm(loc, scale)",
        torch="",
        curves=({"loc": 0, "scale": 1}, {"loc": 0, "scale": 2}, {"loc": -2, "scale": 0.7}),
        span=(-6, 6),
    ),
    Row(
        "Uniform",
        scipy="uniform(low, high - low)",
        torch="The density at `high` is 0.",
        curves=({"low": 0, "high": 1}, {"low": -1, "high": 3}),
        span=(-2, 4),
    ),
    Row(
        "Exponential",
        scipy="expon(scale=1 / rate)",
        torch="",
        curves=({"rate": 0.5}, {"rate": 1}, {"rate": 2}),
        span=(0, 5),
    ),
    Row(
        "Gamma",
        scipy="gamma(concentration, scale=1 / rate)",
        torch="No quantile.",
        curves=(
            {"concentration": 0.5, "rate": 1},
            {"concentration": 2.5, "rate": 1},
            {"concentration": 9, "rate": 2},
        ),
        span=(0, 10),
        top=0.8,
    ),
    Row(
        "Beta",
        scipy="beta(concentration1, concentration0)",
        torch="No cdf, no quantile.",
        curves=(
            {"concentration1": 0.5, "concentration0": 0.5},
            {"concentration1": 2, "concentration0": 3},
            {"concentration1": 20, "concentration0": 6},
        ),
        span=(0, 1),
        top=5.5,
    ),
    Row(
        "StudentT",
        scipy="t(df, loc, scale)",
        torch="NaN for infinite `df`; no cdf, no quantile.",
        curves=(
            {"df": 1, "loc": 0, "scale": 1},
            {"df": 4, "loc": 0, "scale": 1},
            {"df": float("inf"), "loc": 0, "scale": 1},
        ),
        span=(-6, 6),
    ),
    Row(
        "Poisson",
        scipy="poisson(rate)",
        torch="Draws are floats; no cdf, no quantile.",
        curves=({"rate": 1}, {"rate": 4}, {"rate": 10.5}),
        span=(0, 20),
    ),
    Row(
        "Categorical",
        scipy="rv_discrete(values=(range(K), probs))",
        torch="Mean and variance are NaN; no cdf, no quantile.",
        curves=({"probs": [0.5, 0.25, 0.15, 0.1]}, {"logits": [0, 1, 2, 1]}),
        span=(0, 3),
    ),
)
