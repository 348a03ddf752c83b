"""Write zeta.npz: the functions of fastdist.special.zeta by mpmath at 100 digits and more, rounded to float64.

The last row of each table says how much the result moves with its inputs, in relative units of them.
"""

from pathlib import Path

import mpmath as mp
import numpy as np
from exact.zipf import hurwitz
from make_distributions import number
from mpmath import mpf

DIGITS = 60


def scaled(s, q):
    return q ** (s - 1) * hurwitz(s, q)


def slope(s, q):
    """-d log zeta(s, q) / ds."""
    return -hurwitz(s, q, 1) / hurwitz(s, q)


def without_pole(s):
    return hurwitz(s, 1) - 1 / (s - 1)


def power_sum(s, n):
    return mp.fsum(mpf(k) ** -s for k in range(1, int(n) + 1)) if n < 100 else hurwitz(s, 1) - hurwitz(s, n + 1)


def power_sum_slope(s, n):
    if n < 100:
        terms = [(mpf(k) ** -s, mp.log(k)) for k in range(1, int(n) + 1)]
        return mp.fsum(p * v for p, v in terms) / mp.fsum(p for p, _ in terms)
    return (hurwitz(s, n + 1, 1) - hurwitz(s, 1, 1)) / (hurwitz(s, 1) - hurwitz(s, n + 1))


def table(function, *columns):
    """The columns, the results, and how these move with s."""
    rows = []
    for row in zip(*(c.tolist() for c in columns), strict=True):
        exact = [mpf(v) for v in row]
        h = exact[0] * mpf(10) ** -25
        value = function(*exact)
        moved = abs(function(exact[0] + h, *exact[1:]) - value) / h * exact[0]
        rows.append([*row, number(value), number(moved)])
    return np.array(rows).T


@mp.workdps(DIGITS + 40)
def main():
    rng = np.random.default_rng(20261)

    def excess(top, n=150):
        return 1.0 + 10.0 ** rng.uniform(-15.0, top, n)

    def counts(top, n=150):
        return np.floor(10.0 ** rng.uniform(0.0, np.where(rng.random(n) < 0.5, 2.0, top)))

    tables = {
        "scaled_hurwitz_zeta": table(scaled, excess(3.0), counts(30.0)),
        "hurwitz_log_slope": table(slope, excess(3.0), counts(30.0)),
        "zetam1": table(lambda s: hurwitz(s, 2), excess(3.0)),
        "zeta_without_pole": table(without_pole, excess(1.5)),
        "power_sum": table(power_sum, excess(1.5), counts(300.0)),
        "power_sum_log_slope": table(power_sum_slope, excess(0.6), counts(300.0)),
        # By its first terms: the next are 1e-60 of them, and less.
        "far": table(lambda s, q: 1 / (s - 1) + 1 / (2 * q), excess(3.0), 10.0 ** rng.uniform(30.0, 300.0, 150)),
    }
    np.savez_compressed(Path(__file__).with_name("zeta.npz"), **tables)


if __name__ == "__main__":
    main()
