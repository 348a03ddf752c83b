"""Write urn.npz: beta-binomial and hypergeometric masses, tails and scores, and the differences that they are made of.

Parameters are random over the whole range that the library takes: counts up to 1e15, concentrations from 1e-10 to
1e15. Masses and tails are those of :mod:`exact`.
"""

from pathlib import Path

import mpmath as mp
import numpy as np
from exact.beta_binomial import beta_binomial
from exact.hypergeometric import hypergeometric
from mpmath import mpf

ROWS = 150


def beta_binomial_rows(random):
    rows = []
    while len(rows) < ROWS:
        n = np.floor(10 ** random.uniform(0, 15))
        a, b = 10 ** (random.uniform(-10, 15, 2) if random.random() < 0.3 else random.uniform(-2, 6, 2))
        b = a * 10 ** random.uniform(-1, 1) if random.random() < 0.4 else b
        p = random.beta(a, b)
        k = np.floor(n * p + random.normal() * 2 * np.sqrt(n * p * (1 - p)))
        k = float(random.integers(0, 5)) if random.random() < 0.2 else k
        k = n - k if random.random() < 0.1 else k
        if 0 <= k < n:
            rows.append((k, n, a, b))
    return rows


def hypergeometric_rows(random):
    rows = []
    while len(rows) < ROWS:
        population = np.floor(10 ** random.uniform(0, 15))
        shares = random.random(2)
        few = random.random(2) < 0.4
        successes, draws = np.floor(np.where(few, population**shares, population * shares))
        low, high = max(0.0, draws + successes - population), min(draws, successes)
        share = successes / population
        spread = np.sqrt(draws * share * (1 - share) * (1 - draws / population))
        bell = random.random() < 0.7
        k = np.floor(draws * share + 3 * spread * random.normal() if bell else low + (high - low) * random.random())
        if low <= k < high:
            rows.append((k, population, successes, draws))
    return rows


def distribution_rows(point, rows):
    """The rows, and for each: log mass, log cdf, log tail, and the scores."""
    found = []
    for row in rows:
        p = point(*(mpf(v) for v in row))
        found.append([float(v) for v in (p.log_prob, p.log_cdf, p.log_sf, *p.log_prob_grad)])
    return np.array(rows), np.array(found)


@mp.workdps(120)
def rise_gaps(random):
    """b, a, n and the second differences of log Gamma and digamma over a and n."""
    b, a = 10 ** random.uniform(-10, 15, (2, 600))
    n = np.floor(10 ** random.uniform(0, 15, 600))
    found = []
    for row in zip(b, a, n, strict=True):
        x, h, m = (mpf(v) for v in row)
        found.append([f(x + h + m) - f(x + h) - f(x + m) + f(x) for f in (mp.loggamma, mp.digamma)])
    return np.stack([b, a, n], axis=1), np.array(found, dtype=float)


def main():
    random = np.random.default_rng(5)
    columns = {}
    columns["rise_in"], columns["rise_out"] = rise_gaps(random)
    columns["bb_in"], columns["bb_out"] = distribution_rows(beta_binomial, beta_binomial_rows(random))
    columns["hg_in"], columns["hg_out"] = distribution_rows(hypergeometric, hypergeometric_rows(random))
    np.savez_compressed(Path(__file__).with_name("urn.npz"), **columns)


if __name__ == "__main__":
    main()
