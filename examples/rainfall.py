"""How much rain falls on a wet day? Four models fitted to four years of days in Seattle.

Run it with ``python examples/rainfall.py``. It prints a table and saves a picture, ``rainfall.png``
in the current folder or what ``--output`` says.

The gauge reads hundredths of an inch. A wet day is one on which it shows at least one of them: it
has had at least half of one. So what is fitted is a density given that the amount is above that
half: ``log_likelihood_and_grad`` gives the sum over the days, ``cdf_and_grad`` the mass that is cut
off. The amounts come from NOAA: see the head of ``data/seattle-rain.csv``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

import fastdist as fd

DATA = Path(__file__).parent / "data" / "seattle-rain.csv"
STEP = 0.254  # mm in a hundredth of an inch
LEAST = STEP / 2
YEARS = 4
RECORDS = 2000


class Model(NamedTuple):
    """A family of distributions for a function of the amount x, and where its fit starts."""

    name: str
    family: type[fd.Distribution]
    start: dict[str, float]
    forward: Callable[[Any], Any] = lambda x: x
    inverse: Callable[[Any], Any] = lambda y: y
    log_slope: Callable[[Any], Any] = lambda x: 0.0 * x


MODELS = [
    Model("Exponential", fd.Exponential, {"rate": 0.1}),
    Model("Gamma", fd.Gamma, {"concentration": 1.0, "rate": 0.1}),
    Model(
        "Cube-root normal",
        fd.Normal,
        {"loc": 1.0, "scale": 1.0},
        forward=np.cbrt,
        inverse=lambda y: y**3,
        log_slope=lambda x: -np.log(3.0 * np.cbrt(x) ** 2),
    ),
    Model(
        "Log-normal",
        fd.Normal,
        {"loc": 1.0, "scale": 1.0},
        forward=np.log,
        inverse=np.exp,
        log_slope=lambda x: -np.log(x),
    ),
]


class Fit:
    """A model at the parameters of the largest likelihood, given that an amount is above `LEAST`."""

    def __init__(self, model: Model, amounts: np.ndarray) -> None:
        self.model = model
        names, n = list(model.start), len(amounts)
        y, least = model.forward(amounts), model.forward(LEAST)
        # A positive parameter is searched for by its logarithm: no step can leave the domain.
        positive = np.array([model.family.arg_constraints[name] == fd.constraints.positive for name in names])

        def parameters(theta: np.ndarray) -> dict[str, float]:
            values = theta.copy()
            values[positive] = np.exp(theta[positive])
            return dict(zip(names, values.tolist(), strict=True))

        def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
            d = model.family(**parameters(theta))
            total, grad = d.log_likelihood_and_grad(y)
            _, cut_grad = d.cdf_and_grad(least)
            slope = np.array([grad[name] / n + cut_grad[name] / d.sf(least) for name in names])
            slope[positive] *= np.exp(theta[positive])
            return d.log_sf(least) - total / n, -slope

        start = np.array(list(model.start.values()))
        start[positive] = np.log(start[positive])
        found = minimize(loss, start, jac=True, method="BFGS")
        if not found.success:
            raise RuntimeError(f"{model.name}: {found.message}")
        self.distribution = model.family(**parameters(found.x))
        self.kept = self.distribution.sf(least)
        self.log_likelihood = -n * found.fun + model.log_slope(amounts).sum()
        self.aic = 2 * len(names) - 2 * self.log_likelihood
        # The record is rounded: the two cdfs can be compared at the edges of its steps only.
        edges, counts = np.unique(amounts + LEAST, return_counts=True)
        self.ks = np.abs(1 - self.exceedance(edges) - counts.cumsum() / n).max()

    def density(self, x: np.ndarray) -> np.ndarray:
        """Density of the amount on a wet day."""
        return self.distribution.prob(self.model.forward(x)) * np.exp(self.model.log_slope(x)) / self.kept

    def exceedance(self, x: np.ndarray) -> np.ndarray:
        """Probability that more than `x` falls on a wet day."""
        return self.distribution.sf(self.model.forward(x)) / self.kept

    def level(self, probability: float) -> float:
        """The amount that a wet day exceeds with `probability`."""
        return self.model.inverse(self.distribution.isf(probability * self.kept))

    def simulate(self, days: int, rng: int) -> np.ndarray:
        """Records of `days` wet days, each sorted from the wettest day down."""
        drawn = self.distribution.sample((RECORDS, round(days / self.kept)), rng=rng)
        return -np.sort(-self.model.inverse(drawn), axis=1)[:, :days]


def main() -> None:
    """Fit, compare, simulate, print and draw."""
    parser = argparse.ArgumentParser(description="Fit four models to the rain of wet days in Seattle.")
    parser.add_argument("--output", type=Path, default=Path("rainfall.png"), help="the picture (default: %(default)s)")
    output = parser.parse_args().output

    millimetres = np.loadtxt(DATA, delimiter=",", skiprows=5, usecols=1)
    amounts = STEP * np.rint(millimetres / STEP)  # the file has them rounded to 0.1 mm
    days = len(amounts)
    fits = sorted((Fit(model, amounts) for model in MODELS), key=lambda fit: fit.aic)
    best = fits[0]
    records = best.simulate(days, rng=2015)

    mean, top = amounts.mean(), amounts.max()
    print(f"Seattle, 2012 to 2015: {days} wet days, {mean:.1f} mm on average, {top:.0f} mm at most.\n")
    print(f"{'model':<18}{'parameters':<36}{'log-lik.':>9}{'AIC':>9}{'KS':>8}{'10 years':>11}")
    for fit in fits:
        shown = ", ".join(f"{name} {getattr(fit.distribution, name):.3g}" for name in fit.model.start)
        scores = f"{fit.log_likelihood:>9.1f}{fit.aic:>9.1f}{fit.ks:>8.3f}"
        print(f"{fit.model.name:<18}{shown:<36}{scores}{fit.level(YEARS / days / 10):>8.0f} mm")
    low, middle, high = np.quantile(records[:, 0], [0.05, 0.5, 0.95])
    print(f"""
AIC and KS, the largest distance of the cdfs: the smaller the better. The last column is the amount
that one day in ten years exceeds.

{RECORDS} records of {days} wet days drawn from the best, {best.model.name}: the wettest day has
{low:.0f} to {high:.0f} mm in 90 % of them, {middle:.0f} mm in the middle. In the real record it had {top:.0f} mm.
""")
    draw(fits, amounts, records, output)
    print(f"Picture: {output}")


def draw(fits: list[Fit], amounts: np.ndarray, records: np.ndarray, output: Path) -> None:
    """The densities over a histogram, and the tails over the wettest days."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ink, quiet, pale = "#22303c", "#8a98a5", "#dde6ed"
    # By model: colour, line width, and where its name stands in either panel.
    styles = {
        "Exponential": ("#6f8432", 1.6, (12.8, 22.7, "left"), (46.5, 0.145, "right")),
        "Log-normal": ("#cf5c25", 1.6, (1.25, 17.2, "right"), (80, 2.4, "left")),
        "Cube-root normal": (quiet, 1.6, None, (97, 0.04, "left")),
        "Gamma": ("#0868a6", 2.8, (0.36, 8.6, "right"), (82, 0.02, "right")),
    }
    best, days = fits[0], len(amounts)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11.5, 5.4), layout="constrained", width_ratios=[1, 1.15])
    figure.get_layout_engine().set(wspace=0.06)

    # Bins that grow with the amount, and end half-way between what the gauge can show.
    edges = LEAST + STEP * np.array([0, 1, 2, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 203, 305])
    doublings = np.diff(np.log2(edges))
    share = 100 * np.histogram(amounts, edges)[0] / days / doublings
    left.bar(edges[:-1], share, np.diff(edges), align="edge", color=pale, edgecolor="white", linewidth=1.2)
    x, tail = np.geomspace(edges[0], edges[-1], 400), np.linspace(LEAST, 130, 400)
    for fit in reversed(fits):
        colour, width, *places = styles[fit.model.name]
        left.plot(x, 100 * np.log(2) * x * fit.density(x), color=colour, linewidth=width)
        right.plot(tail, days / YEARS * fit.exceedance(tail), color=colour, linewidth=width)
        for axes, place in zip((left, right), places, strict=True):
            if place:
                x0, y0, side = place
                axes.text(x0, y0, fit.model.name, ha=side, color=colour, weight="bold" if fit is best else "normal")

    rank = np.arange(1, days + 1) / YEARS
    low, high = np.quantile(records, [0.05, 0.95], axis=0)
    colour = styles[best.model.name][0]
    right.fill_betweenx(rank, low, high, color=colour, alpha=0.13, linewidth=0)
    right.text(97, 0.25, f"90 % of records drawn\nfrom the {best.model.name}", color=colour, va="center", fontsize=9)
    right.plot(-np.sort(-amounts), rank, "o", color=ink, markersize=3.4, markeredgewidth=0, zorder=3)

    left.set(xscale="log", xlim=(edges[0], edges[-1]), ylim=(0, 27), xlabel="rain on a wet day (mm)")
    left.set_xticks([0.2, 0.5, 1, 2, 5, 10, 20, 50], ["0.2", "0.5", "1", "2", "5", "10", "20", "50"])
    left.set_title("Wet days, % per doubling of the amount", loc="left", fontsize=12, color=ink, pad=14)
    right.set(yscale="log", xlim=(0, 130), ylim=(0.01, 200), xlabel="rain in a day (mm)")
    right.set_yticks(
        [100, 10, 1, 0.1, 0.01], ["100 a year", "10 a year", "1 a year", "1 in 10 years", "1 in 100 years"]
    )
    right.set_title("How many days are wetter: observed (dots) and fitted", loc="left", fontsize=12, color=ink, pad=14)
    for axes in (left, right):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(quiet)
        axes.minorticks_off()
        axes.tick_params(length=0, labelcolor=ink)
        axes.xaxis.label.set_color(ink)
        axes.grid(axis="y", color=pale, linewidth=0.8)
        axes.set_axisbelow(True)
    output.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(output, dpi=160)
    plt.close(figure)


if __name__ == "__main__":
    main()
