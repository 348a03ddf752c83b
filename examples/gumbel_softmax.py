"""A discrete latent variable that is learned through relaxed draws.

Run it with ``python examples/gumbel_softmax.py``. At a high temperature a Gumbel-softmax draw mixes all
categories, at a low one it is all but one-hot. Here 600 numbers come from one of three normal distributions
each. An encoder gives the logits of the category of a number, draws of it go on to a decoder that holds the
means, and the gradient of the evidence comes back through the draws while the temperature falls. It saves
``gumbel_softmax.png``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import style
from adam import Adam

import fastdist as fd

MEANS, SCALE, N = np.array([-4.0, 0.5, 5.0]), 1.0, 600
STEPS, HOTTEST, COLDEST = 800, 2.0, 0.1


def temperature(step: int) -> float:
    """From the hottest down, by the same factor each step."""
    return HOTTEST * (COLDEST / HOTTEST) ** (step / (STEPS - 1))


def train(x: np.ndarray, rng: int) -> tuple[dict[str, np.ndarray], list[float]]:
    """The encoder's weights and the decoder's means, and the bound of the evidence at each step."""
    random, optimiser = np.random.default_rng(rng), Adam(0.05)
    features = np.stack([np.ones_like(x), x, x**2 / 10], axis=1)
    theta = {"weights": 0.1 * random.normal(size=(3, 3)), "means": np.array([-1.0, 0.0, 1.0])}
    uniform, bounds = fd.Categorical(logits=np.zeros(3)), []
    for step in range(STEPS):
        logits = features @ theta["weights"]
        draws, moved = fd.gumbel_softmax_and_grad(logits, tau=temperature(step), rng=random)
        log_density, slopes = fd.Normal(theta["means"], SCALE).log_prob_and_grad(x[:, np.newaxis])
        kl, in_q, _ = fd.kl_divergence_and_grad(fd.Categorical(logits=logits), uniform)
        bounds.append(float(np.mean((draws * log_density).sum(axis=1) - kl)))
        in_logits = np.einsum("ni,nij->nj", log_density, moved["logits"]) - in_q["logits"]
        gradient = {"weights": -features.T @ in_logits / N, "means": -(draws * slopes["loc"]).mean(axis=0)}
        optimiser.step(theta, gradient)
    return theta, bounds


def main() -> None:
    """Train, print and draw."""
    path = style.output("Learn a discrete latent variable by Gumbel-softmax draws.", "gumbel_softmax.png")
    random = np.random.default_rng(1)
    labels = fd.Categorical(probs=[1.0, 1.0, 1.0]).sample(N, rng=random)
    x = MEANS[labels] + SCALE * random.normal(size=N)
    theta, bounds = train(x, rng=2)
    order = np.argsort(theta["means"])
    logits = np.stack([np.ones_like(x), x, x**2 / 10], axis=1) @ theta["weights"][:, order]
    right = np.mean(np.argmax(logits, axis=1) == labels)
    print(f"Means: {np.round(theta['means'][order], 2).tolist()}, drawn with {MEANS.tolist()}.")
    print(f"The category of {right:.1%} of the numbers is found.")
    first, last = np.mean(bounds[:20]), np.mean(bounds[-20:])
    print(f"Bound of the log evidence of a number: {first:.2f} at first, {last:.2f} at last.")
    draw(x, theta["weights"][:, order], theta["means"][order], path)


def draw(x: np.ndarray, weights: np.ndarray, means: np.ndarray, output: Path) -> None:
    """Draws at falling temperatures, and what was learned."""
    figure, axes = style.panels(5, 13.0, 3.2, width_ratios=(1, 1, 1, 1, 2))
    corners = np.array([(0.0, 0.0), (1.0, 0.0), (0.5, 3**0.5 / 2)])
    logits = np.log(np.full((1500, 3), [0.5, 0.3, 0.2]))
    for part, tau in zip(axes[:4], (5.0, 1.0, 0.3, 0.05), strict=True):
        places = fd.gumbel_softmax(logits, tau=tau, rng=1) @ corners
        part.fill(*corners.T, facecolor="none", edgecolor=style.QUIET, linewidth=0.6)
        part.plot(*places.T, ".", color=style.BLUE, markersize=2, alpha=0.4, markeredgewidth=0)
        part.set_aspect("equal")
        part.axis("off")
        part.set_title(f"temperature {tau:g}", fontsize=10, color=style.INK)
    last = axes[4]
    last.hist(x, bins=60, color=style.PALE, density=True)
    grid = np.linspace(x.min(), x.max(), 400)
    chances = fd.Categorical(logits=np.stack([np.ones_like(grid), grid, grid**2 / 10], axis=1) @ weights).probs
    for k, colour in enumerate((style.BLUE, style.ORANGE, style.GREEN)):
        last.plot(grid, 0.14 * chances[:, k], color=colour, linewidth=1.8)
        last.axvline(means[k], color=colour, linewidth=0.8, linestyle=":")
    last.set(yticks=[])
    style.title(last, "Numbers, and the chances of three categories")
    style.save(figure, output)


if __name__ == "__main__":
    main()
