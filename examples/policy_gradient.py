"""Policy gradient: a cart that learns to balance a pole.

Run it with ``python examples/policy_gradient.py``. The cart is pushed to the left or to the right fifty times
a second; which of the two is drawn from a Categorical policy whose logits are linear in the state. An episode
is over when the pole leans by more than 12 degrees, the cart leaves the track, or after 200 steps. The
gradient of the mean return is estimated by the score function: the derivative of ``log_prob`` at each action,
times the return from there on less that of the other episodes at the same time. It saves
``policy_gradient.png``.

The cart and its constants are those of Barto, Sutton and Anderson, "Neuronlike adaptive elements that can
solve difficult learning control problems", IEEE Transactions on Systems, Man, and Cybernetics 13 (1983)
834-846.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import style
from adam import Adam

import fastdist as fd

GRAVITY, CART, POLE, HALF_LENGTH, FORCE, TICK = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02
LEANING, TRACK, LONGEST = np.deg2rad(12), 2.4, 200
EPISODES, UPDATES = 50, 40


def moved(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    """The state of each cart a tick later: place, speed, angle of the pole and its speed."""
    _, speed, angle, turning = state.T
    force = np.where(action == 1, FORCE, -FORCE)
    mass = CART + POLE
    push = (force + POLE * HALF_LENGTH * turning**2 * np.sin(angle)) / mass
    bend = (GRAVITY * np.sin(angle) - np.cos(angle) * push) / (HALF_LENGTH * (4 / 3 - POLE * np.cos(angle) ** 2 / mass))
    pull = push - POLE * HALF_LENGTH * bend * np.cos(angle) / mass
    return state + TICK * np.stack([speed, pull, turning, bend], axis=1)


def episodes(weights: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How long each episode lasts, and an estimate of the gradient of the mean in the weights."""
    state = rng.uniform(-0.05, 0.05, (EPISODES, 4))
    alive = np.ones(EPISODES, bool)
    scores, rewards = [], []
    for _ in range(LONGEST):
        policy = fd.Categorical(logits=state @ weights)
        action = policy.sample(rng=rng)
        _, slopes = policy.log_prob_and_grad(action)
        scores.append(np.where(alive[:, None, None], state[:, :, None] * slopes["logits"][:, None, :], 0.0))
        rewards.append(alive.astype(float))
        state = moved(state, action)
        alive &= (abs(state[:, 0]) < TRACK) & (abs(state[:, 2]) < LEANING)
        if not alive.any():
            break
    later = np.cumsum(np.array(rewards)[::-1], axis=0)[::-1]
    advantage = later - later.mean(axis=1, keepdims=True)
    return later[0], np.einsum("te,teij->ij", advantage, np.array(scores)) / EPISODES


def learn(rng: int) -> tuple[np.ndarray, np.ndarray]:
    """The weights, and the lengths of all episodes of each update."""
    random, optimiser = np.random.default_rng(rng), Adam(0.2)
    theta, lengths = {"weights": np.zeros((4, 2))}, []
    for _ in range(UPDATES):
        length, gradient = episodes(theta["weights"], random)
        optimiser.step(theta, {"weights": -gradient})
        lengths.append(length)
    return theta["weights"], np.array(lengths)


def main() -> None:
    """Learn, print and draw."""
    path = style.output("Learn to balance a pole by the score function.", "policy_gradient.png")
    weights, lengths = learn(rng=1)
    for update in (0, UPDATES // 4, UPDATES // 2, UPDATES - 1):
        print(f"update {update:>3}: an episode lasts {lengths[update].mean():>6.1f} steps")
    print(
        f"Push to the right by the state (place, speed, angle, turning): {np.round(weights[:, 1] - weights[:, 0], 1)}"
    )
    draw(lengths, path)


def draw(lengths: np.ndarray, output: Path) -> None:
    """The episodes of each update and their mean."""
    figure, axes = style.panels(1, 7.5, 3.8)
    updates = np.arange(len(lengths))
    spread = np.random.default_rng(0).uniform(-0.3, 0.3, lengths.shape)
    axes.plot(updates[:, None] + spread, lengths, ".", color=style.QUIET, markersize=2.5, alpha=0.5, markeredgewidth=0)
    axes.plot(updates, lengths.mean(axis=1), color=style.BLUE, linewidth=2.2)
    axes.set(xlabel="update", xlim=(-1, len(lengths)), ylim=(0, 205))
    style.title(axes, "Steps until the pole falls: 50 episodes an update, and their mean")
    style.save(figure, output)


if __name__ == "__main__":
    main()
