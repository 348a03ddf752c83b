"""Two estimates of one gradient: by how much a draw moves, and by how much its probability does.

Run it with ``python examples/gradient_variance.py``. A policy draws an action x and is paid h(x) = -(x -
3)**2. The gradient of the mean pay in the policy's parameter is estimated from single draws: pathwise as
h'(x) dx/dtheta, where ``rsample_and_grad`` gives the second factor, and by the score as h(x) d log
p(x)/dtheta from ``log_prob_and_grad``. Both are right on average. It prints their spread for a normal and for
a gamma policy, and saves ``gradient_variance.png``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import style

import fastdist as fd

DRAWS = 100_000


class Policy(NamedTuple):
    """A family, the parameter that is learned, and the exact gradient of the mean pay in it."""

    name: str
    family: Any
    parameter: str
    gradient: Any


POLICIES = (
    # The mean pay is -((loc - 3)**2 + 1).
    Policy("Normal", lambda loc: fd.Normal(loc, 1.0), "loc", lambda loc: -2.0 * (loc - 3.0)),
    # That of Gamma(a, 1) is -((a - 3)**2 + a).
    Policy("Gamma", lambda a: fd.Gamma(a, 1.0), "concentration", lambda a: -2.0 * (a - 3.0) - 1.0),
)


def estimates(policy: Policy, value: float, rng: int) -> tuple[np.ndarray, np.ndarray]:
    """The pathwise estimate of each draw, and that by the score."""
    d = policy.family(value)
    x, moved = d.rsample_and_grad(DRAWS, rng=rng)
    _, slopes = d.log_prob_and_grad(x)
    pay, slope = -((x - 3.0) ** 2), -2.0 * (x - 3.0)
    return slope * moved[policy.parameter], pay * slopes[policy.parameter]


def main() -> None:
    """Estimate, print and draw."""
    path = style.output("Compare pathwise and score-function gradients.", "gradient_variance.png")
    print(f"{'policy':<24}{'exact':>8}{'pathwise':>20}{'score function':>22}{'variances':>12}")
    for policy in POLICIES:
        for value in (1.0, 3.0, 6.0):
            found = estimates(policy, value, rng=1)
            (a, s), (b, t) = ((each.mean(), each.std()) for each in found)
            label = f"{policy.name}({policy.parameter} {value:g})"
            print(
                f"{label:<24}{policy.gradient(value):>8.2f}{a:>10.2f} +- {s:<6.2f}{b:>11.2f} +- {t:<6.2f}"
                f"{(t / s) ** 2:>10.0f}x"
            )
    draw(path)


def draw(output: Path) -> None:
    """How the estimates of single draws are spread, and the spread at other parameters."""
    figure, (first, second, third) = style.panels(3, 12.5, 3.7, width_ratios=(1, 1, 1.1))
    for axes, policy, value in zip((first, second), POLICIES, (2.0, 2.0), strict=True):
        pathwise, score = estimates(policy, value, rng=2)
        bins = np.linspace(-25, 25, 101)
        axes.hist(score, bins, density=True, color=style.ORANGE, alpha=0.55)
        axes.hist(pathwise, bins, density=True, color=style.BLUE, alpha=0.75)
        axes.axvline(policy.gradient(value), color=style.INK, linewidth=1.2)
        axes.set(xlim=(-25, 25), ylim=(0, 0.3), yticks=[], xlabel="estimate from one draw")
        style.title(axes, f"{policy.name} policy, {policy.parameter} {value:g}")
    first.text(-24, first.get_ylim()[1] * 0.9, "pathwise", color=style.BLUE, weight="bold")
    first.text(-24, first.get_ylim()[1] * 0.8, "score function", color=style.ORANGE, weight="bold")
    values = np.linspace(0.5, 8.0, 24)
    for policy, line in zip(POLICIES, ("-", "--"), strict=True):
        spreads = np.array([[each.std() for each in estimates(policy, v, rng=3)] for v in values])
        third.plot(values, spreads[:, 0], line, color=style.BLUE, linewidth=1.8)
        third.plot(values, spreads[:, 1], line, color=style.ORANGE, linewidth=1.8)
        third.text(8.1, spreads[-1, 0], policy.name, color=style.BLUE, va="center")
        third.text(8.1, spreads[-1, 1], policy.name, color=style.ORANGE, va="center")
    third.set(yscale="log", xlim=(0.5, 9.4), xlabel="parameter of the policy")
    third.minorticks_off()
    third.set_yticks([2, 5, 10, 20], ["2", "5", "10", "20"])
    style.title(third, "Standard deviation of one estimate")
    style.save(figure, output)


if __name__ == "__main__":
    main()
