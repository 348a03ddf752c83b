"""Variational inference beside the exact answer: the rate of deaths by horse kick in the Prussian army.

Run it with ``python examples/horse_kicks.py``. In 200 corps-years of fourteen corps' records 122 men were
killed (L. von Bortkiewicz, "Das Gesetz der kleinen Zahlen", Leipzig 1898: the ten corps that he keeps for his
table). The deaths of a corps in a year are taken for Poisson, their rate for Gamma(2, 2) beforehand. Then it
is Gamma(124, 202) afterwards, exactly; here it is found by stochastic gradients instead: a gamma distribution
is moved so that the mean log likelihood of its draws, less its divergence from the prior, becomes as large as
it can. It saves ``horse_kicks.png``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import style
from adam import Adam

import fastdist as fd

YEARS = {0: 109, 1: 65, 2: 22, 3: 3, 4: 1}
PRIOR = fd.Gamma(2.0, 2.0)
DEATHS, TOTAL = sum(k * n for k, n in YEARS.items()), sum(YEARS.values())
DRAWS, STEPS, SHOWN = 32, 2000, (0, 60, 150)


def posterior(theta: dict[str, Any]) -> fd.Gamma:
    """A gamma distribution by the logarithms of its mean and of its concentration."""
    concentration = np.exp(theta["log_concentration"])
    return fd.Gamma(concentration, concentration / np.exp(theta["log_mean"]))


def loss(theta: dict[str, Any], rng: int) -> Any:
    """An estimate of the negative lower bound of the evidence: its derivatives come through the draws."""
    q = posterior(theta)
    rates = q.rsample(DRAWS, rng=rng)
    return fd.kl_divergence(q, PRIOR) - np.mean(DEATHS * np.log(rates) - TOTAL * rates)


def main() -> None:
    """Fit, print and draw."""
    path = style.output("Fit a gamma posterior by stochastic gradients.", "horse_kicks.png")
    exact = fd.Gamma(PRIOR.concentration + DEATHS, PRIOR.rate + TOTAL)
    gradient, optimiser = fd.value_and_grad(loss), Adam(0.03)
    theta: dict[str, Any] = {"log_mean": 0.0, "log_concentration": np.log(5.0)}
    stages, tail = {}, []
    for step in range(STEPS):
        if step in SHOWN:
            stages[step] = posterior(theta)
        _, slope = gradient(theta, step)
        optimiser.step(theta, slope)
        tail = [*tail[-STEPS // 4 :], dict(theta)]
    fitted = posterior({name: np.mean([entry[name] for entry in tail]) for name in theta})
    print(f"{'':<12}{'mean':>10}{'std':>10}{'5 %':>10}{'95 %':>10}")
    for name, d in (("prior", PRIOR), ("exact", exact), ("fitted", fitted)):
        print(f"{name:<12}{d.mean():>10.4f}{d.stddev():>10.4f}{d.icdf(0.05):>10.4f}{d.isf(0.05):>10.4f}")
    print(f"Divergence of the exact posterior from the fitted one: {fd.kl_divergence(fitted, exact):.1e}")
    draw(stages, fitted, exact, path)


def draw(stages: dict[int, fd.Gamma], fitted: fd.Gamma, exact: fd.Gamma, output: Path) -> None:
    """The fit on its way to the exact posterior, and the counts beside those that it predicts."""
    figure, (left, right) = style.panels(2, 10.5, 3.8, width_ratios=(1.4, 1))
    x = np.linspace(0.2, 1.8, 500)
    for number, (step, d) in enumerate(stages.items()):
        left.plot(x, d.prob(x), color=style.ORANGE, alpha=0.3 + 0.25 * number, linewidth=1.3)
        place = d.isf(0.1)
        left.text(place + 0.02, d.prob(place) + 0.1, f"step {step}", color=style.ORANGE, fontsize=9)
    left.plot(x, exact.prob(x), color=style.PALE, linewidth=7)
    left.plot(x, fitted.prob(x), color=style.BLUE, linewidth=1.8)
    left.text(0.7, 6.3, "exact (pale) and fitted", color=style.BLUE)
    left.set(xlim=(0.2, 1.8), ylim=(0, None), yticks=[], xlabel="deaths in a corps and year")
    style.title(left, "The rate, as gradients of draws find it")
    k = np.array(list(YEARS))
    right.bar(k, list(YEARS.values()), color=style.PALE)
    predicted = fd.NegativeBinomial(fitted.concentration, probs=1.0 / (1.0 + fitted.rate))
    right.plot(k, sum(YEARS.values()) * predicted.prob(k), "o", color=style.BLUE)
    right.set(xlabel="deaths", xticks=k)
    style.title(right, "Corps-years: counted (bars) and predicted")
    style.save(figure, output)


if __name__ == "__main__":
    main()
