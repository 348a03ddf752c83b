"""A variational autoencoder of handwritten digits, in NumPy.

Run it with ``python examples/digits.py``; it takes scikit-learn for the 1,797 digits that it ships (E.
Alpaydin and C. Kaynak, UCI Machine Learning Repository, doi:10.24432/C50P49). An encoder with one hidden
layer gives the mean and the scale of two numbers for each digit, a decoder the chance that each of 64 pixels
is dark. The backward rules of the matrix products are written out; what lies between the two networks is
fastdist's: ``rsample_and_grad`` carries the gradient through the draws, ``kl_divergence_and_grad`` gives that
of the divergence from the prior. It saves ``digits.png``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import style
from adam import Adam

import fastdist as fd

PIXELS, HIDDEN, LATENT = 64, 64, 2
EPOCHS, BATCH = 120, 100
PRIOR = fd.Normal(0.0, 1.0)

Weights = dict[str, np.ndarray]


def initial(rng: np.random.Generator) -> Weights:
    """Weights of both networks."""
    sizes = {"in": (PIXELS, HIDDEN), "loc": (HIDDEN, LATENT), "log_scale": (HIDDEN, LATENT)}
    sizes |= {"up": (LATENT, HIDDEN), "out": (HIDDEN, PIXELS)}
    weights = {name: rng.normal(size=shape) / np.sqrt(shape[0]) for name, shape in sizes.items()}
    return weights | {f"{name}_bias": np.zeros(shape[1]) for name, shape in sizes.items()}


def layer(weights: Weights, name: str, x: np.ndarray) -> np.ndarray:
    """A linear map."""
    return x @ weights[name] + weights[f"{name}_bias"]


def encode(weights: Weights, x: np.ndarray) -> tuple[np.ndarray, fd.Normal]:
    """The hidden layer, and the distribution of the latent numbers."""
    hidden = np.tanh(layer(weights, "in", x))
    return hidden, fd.Normal(layer(weights, "loc", hidden), np.exp(layer(weights, "log_scale", hidden)))


def decode(weights: Weights, z: np.ndarray) -> tuple[np.ndarray, fd.Bernoulli]:
    """The hidden layer, and the distribution of the pixels."""
    hidden = np.tanh(layer(weights, "up", z))
    return hidden, fd.Bernoulli(logits=layer(weights, "out", hidden))


def step(weights: Weights, x: np.ndarray, rng: np.random.Generator) -> tuple[float, Weights]:
    """The loss of a batch of digits and its gradient: backwards through what was computed forwards."""
    hidden, latent = encode(weights, x)
    z, moved = latent.rsample_and_grad(rng=rng)
    up, pixels = decode(weights, z)
    log_prob, slopes = pixels.log_prob_and_grad(x)
    kl, in_latent, _ = fd.kl_divergence_and_grad(latent, PRIOR)
    gradient: Weights = {}

    def back(name: str, source: np.ndarray, slope: np.ndarray) -> np.ndarray:
        gradient[name], gradient[f"{name}_bias"] = source.T @ slope, slope.sum(axis=0)
        return slope @ weights[name].T

    n = len(x)
    in_up = back("out", up, -slopes["logits"] / n) * (1 - up**2)
    in_z = back("up", z, in_up)
    in_loc = in_z * moved["loc"] + in_latent["loc"] / n
    in_log_scale = (in_z * moved["scale"] + in_latent["scale"] / n) * latent.scale
    in_hidden = back("loc", hidden, in_loc) + back("log_scale", hidden, in_log_scale)
    back("in", x, in_hidden * (1 - hidden**2))
    return (kl.sum() - log_prob.sum()) / n, gradient


def train(x: np.ndarray, rng: int, epochs: int = EPOCHS) -> tuple[Weights, list[float]]:
    """The weights, and the mean loss of each epoch."""
    random, optimiser = np.random.default_rng(rng), Adam(0.003)
    weights, losses = initial(random), []
    for epoch in range(epochs):
        order, total = random.permutation(len(x)), 0.0
        for start in range(0, len(x), BATCH):
            batch = x[order[start : start + BATCH]]
            loss, gradient = step(weights, batch, random)
            optimiser.step(weights, gradient)
            total += loss * len(batch)
        losses.append(total / len(x))
        print(f"\repoch {epoch + 1} of {epochs}: loss {losses[-1]:.2f} nats a digit", end="", flush=True)
    print()
    return weights, losses


def main() -> None:
    """Train and draw."""
    path = style.output("Train a variational autoencoder of digits.", "digits.png")
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = (digits.data > 7).astype(float)
    weights, losses = train(x, rng=1)
    draw(weights, losses, x, digits.target, path)


def draw(weights: Weights, losses: list[float], x: np.ndarray, labels: np.ndarray, output: Path) -> None:
    """The loss, where the digits lie, and what the decoder makes of places between them."""
    figure, (left, middle, right) = style.panels(3, 13.0, 4.2, width_ratios=(0.8, 1, 1))
    left.plot(np.arange(1, len(losses) + 1), losses, color=style.BLUE, linewidth=2)
    left.set(xlabel="epoch", xlim=(0, len(losses)))
    style.title(left, "Loss, in nats a digit")
    _, latent = encode(weights, x)
    for digit in range(10):
        own = latent.loc[labels == digit]
        middle.scatter(*own.T, s=5, color=f"C{digit}", alpha=0.6, linewidths=0)
        middle.text(*np.median(own, axis=0), str(digit), fontsize=14, weight="bold", color=style.INK)
    middle.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    style.title(middle, "Means of the latent numbers")
    quantiles = fd.Normal(0.0, 1.0).icdf(np.linspace(0.03, 0.97, 14))
    grid = np.stack(np.meshgrid(quantiles, quantiles[::-1]), axis=-1)
    _, pixels = decode(weights, grid)
    tiles = pixels.probs.reshape(14, 14, 8, 8).transpose(0, 2, 1, 3).reshape(112, 112)
    right.imshow(tiles, cmap="Blues", interpolation="nearest")
    right.axis("off")
    style.title(right, "What the decoder makes of places between")
    style.save(figure, output)


if __name__ == "__main__":
    main()
