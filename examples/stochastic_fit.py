"""Maximum likelihood by stochastic gradient descent: the gradient of a few of the data at a time.

Run it with ``python examples/stochastic_fit.py``. First 1,000 draws from a normal distribution with mean -4
and scale 2 are fitted from a start at 1 and 1, then a gamma distribution to the rain of 623 wet days in
Seattle, whose best parameters are known from all of the data at once. It saves ``stochastic_fit.png``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import style
from adam import Adam
from scipy.optimize import minimize

import fastdist as fd

RAIN = Path(__file__).parent / "data" / "seattle-rain.csv"
BATCH = 50


def normal(theta: dict[str, Any]) -> fd.Distribution:
    """What the first fit is about."""
    return fd.Normal(theta["loc"], np.exp(theta["log_scale"]))


def gamma(theta: dict[str, Any]) -> fd.Distribution:
    """What the second fit is about."""
    return fd.Gamma(np.exp(theta["log_concentration"]), np.exp(theta["log_rate"]))


def descend(
    model: Callable[[dict[str, Any]], Any], start: dict[str, Any], data: np.ndarray, steps: int, rng: int
) -> list[dict[str, Any]]:
    """The parameters after each step, the last tenth of them averaged in the last entry."""
    random = np.random.default_rng(rng)
    theta, optimiser, path = dict(start), Adam(0.05), [dict(start)]

    def loss(theta: dict[str, Any], batch: np.ndarray) -> Any:
        return -model(theta).log_likelihood(batch) / len(batch)

    gradient = fd.value_and_grad(loss)
    for _ in range(steps):
        _, slope = gradient(theta, random.choice(data, BATCH, replace=False))
        optimiser.step(theta, slope)
        path.append(dict(theta))
    tail = path[-steps // 10 :]
    return [*path, {name: np.mean([entry[name] for entry in tail]) for name in theta}]


def whole(model: Callable[[dict[str, Any]], Any], start: dict[str, Any], data: np.ndarray) -> dict[str, Any]:
    """The parameters of the largest likelihood of all data."""
    names = list(start)
    gradient = fd.value_and_grad(lambda theta: -model(dict(zip(names, theta, strict=True))).log_likelihood(data))
    found = minimize(gradient, [start[name] for name in names], jac=True, method="BFGS")
    return dict(zip(names, found.x, strict=True))


def main() -> None:
    """Fit, print and draw."""
    path = style.output("Fit distributions by stochastic gradient descent.", "stochastic_fit.png")
    draws = fd.Normal(-4.0, 2.0).sample(1000, rng=1)
    normal_path = descend(normal, {"loc": 1.0, "log_scale": 0.0}, draws, 600, rng=2)
    fitted, best = normal_path[-1], whole(normal, {"loc": 0.0, "log_scale": 0.0}, draws)
    print(f"{'':<28}{'mini-batches':>14}{'all data':>12}{'drawn from':>12}")
    print(f"{'Normal mean':<28}{fitted['loc']:>14.3f}{best['loc']:>12.3f}{-4:>12}")
    print(f"{'Normal scale':<28}{np.exp(fitted['log_scale']):>14.3f}{np.exp(best['log_scale']):>12.3f}{2:>12}")

    rain = np.loadtxt(RAIN, delimiter=",", skiprows=5, usecols=1)
    start = {"log_concentration": 0.0, "log_rate": 0.0}
    rain_path, rain_best = descend(gamma, start, rain, 600, rng=3), whole(gamma, start, rain)
    for name in start:
        label = f"Rain: {name.removeprefix('log_')}"
        print(f"{label:<28}{np.exp(rain_path[-1][name]):>14.3f}{np.exp(rain_best[name]):>12.3f}")
    draw(normal_path, rain, rain_path[-1], path)


def draw(path: list[dict[str, Any]], rain: np.ndarray, fitted: dict[str, Any], output: Path) -> None:
    """How the normal parameters move, and the rain with the density that was fitted to it."""
    figure, (left, right) = style.panels(2, 10.5, 3.8)
    steps = np.arange(len(path) - 1)
    left.plot(steps, [entry["loc"] for entry in path[:-1]], color=style.BLUE)
    left.plot(steps, np.exp([entry["log_scale"] for entry in path[:-1]]), color=style.ORANGE)
    left.axhline(-4, color=style.BLUE, linewidth=0.8, linestyle=":")
    left.axhline(2, color=style.ORANGE, linewidth=0.8, linestyle=":")
    left.text(590, -3.5, "mean", color=style.BLUE, ha="right")
    left.text(590, 2.4, "scale", color=style.ORANGE, ha="right")
    left.set(xlabel="step", xlim=(0, 600))
    style.title(left, "A normal distribution, 50 of 1,000 draws a step")
    x = np.linspace(0.1, 40, 400)
    right.hist(rain, bins=40, range=(0, 40), density=True, color=style.PALE)
    right.plot(x, gamma(fitted).prob(x), color=style.BLUE, linewidth=2)
    right.set(xlabel="rain on a wet day (mm)", xlim=(0, 40))
    style.title(right, "Rain in Seattle, and the gamma density fitted to it")
    style.save(figure, output)


if __name__ == "__main__":
    main()
