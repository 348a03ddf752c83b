"""Write beta.npz: betaln, the incomplete beta function and its derivatives, Student's t, by mpmath.

Everything rests on one series of positive terms (DLMF 8.17.8),
I_x(a, b) = x**a y**b / (a B(a, b)) sum over k of (a + b)_k / (a + 1)_k x**k, from whichever end
needs fewer terms, with 60 digits; its terms are differentiated one by one. For parameters above
1e7 the density is integrated about its mean instead.
"""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 60


def series(a, b, x, y):
    """(F, dF/da, dF/db), F = I_x(a, b) B(a, b) / (x**a y**b)."""
    n = a + b
    term, total = 1 / a, mp.mpf(0)
    rise_a, rise_b = -1 / a, mp.mpf(0)
    total_a, total_b = mp.mpf(0), mp.mpf(0)
    k = 0
    while True:
        total += term
        total_a += term * rise_a
        total_b += term * rise_b
        top, bottom = n + k, a + 1 + k
        ratio = top * x / bottom
        term *= ratio
        rise_a += 1 / top - 1 / bottom
        rise_b += 1 / top
        k += 1
        if ratio < 1 and term * (1 + k) < total * (1 - ratio) * mp.mpf(10) ** -55:
            return total, total_a, total_b


def cost(a, b, x, y):
    """About how many terms `series` takes."""
    n = a + b
    return (
        max(0, (n * x - a) / y)
        + 60 * mp.sqrt(n * x) / max(mp.mpf(1), abs(a - n * x) / mp.sqrt(n * x))
        + 130 / -mp.log(x * (1 - mp.mpf(10) ** -50))
    )


def tails(a, b, x, y):
    """(I, 1 - I, dI/da / K, dI/db / K, log K) with K = x**a y**b / B(a, b)."""
    log_k = a * mp.log(x) + b * mp.log(y) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b)
    k = mp.exp(log_k)
    psi = mp.digamma(a + b)
    in_a, in_b = mp.log(x) + psi - mp.digamma(a), mp.log(y) + psi - mp.digamma(b)
    if max(a, b) > 1e7 and min(a, b) > 1e3:
        return (*integral(a, b, x, y), log_k)
    for left in (True, False) if cost(a, b, x, y) <= cost(b, a, y, x) else (False, True):
        if left:
            f, f_a, f_b = series(a, b, x, y)
        else:
            f, f_b, f_a = series(b, a, y, x)
        near, far = k * f, 1 - k * f
        if far > mp.mpf(10) ** -20:
            break
    sign = 1 if left else -1
    low, high = (near, far) if left else (far, near)
    return low, high, sign * (f * in_a + f_a), sign * (f * in_b + f_b), log_k


def integral(a, b, x, y):
    """As `tails`, less log K, by quadrature in (t - mean) / sigma up to the nearer end."""
    n = a + b
    mean = a / n
    sigma = mp.sqrt(a * b / n) / n
    z = (x - mean) / sigma
    up = z > 0
    log_at = a * mp.log(x) + b * mp.log(y)
    psi = mp.digamma(n)
    shift_a, shift_b = psi - mp.digamma(a), psi - mp.digamma(b)

    def density(w):
        t = x + sigma * (w if up else -w)
        s = y - sigma * (w if up else -w)
        if t <= 0 or s <= 0:
            return mp.mpf(0), mp.mpf(0), mp.mpf(0)
        lt, ls = mp.log(t), mp.log(s)
        p = mp.exp(a * lt + b * ls - log_at) / (t * s) * sigma
        return p, p * (lt + shift_a), p * (ls + shift_b)

    scale = 1 / (1 + abs(z))
    total = [mp.mpf(0)] * 3
    for i in range(60):
        parts = _gauss(density, i * scale, (i + 1) * scale)
        total = [u + v for u, v in zip(total, parts, strict=True)]
        if i > 5 and parts[0] < total[0] * mp.mpf(10) ** -40:
            break
    k = mp.exp(log_at + mp.loggamma(n) - mp.loggamma(a) - mp.loggamma(b))
    near = total[0] * k
    sign = -1 if up else 1
    return (1 - near if up else near), (near if up else 1 - near), sign * total[1], sign * total[2]


NODES = mp.calculus.quadrature.GaussLegendre(mp.mp).calc_nodes(5, 160)


def _gauss(f, low, high):
    half, middle = (high - low) / 2, (high + low) / 2
    total = [mp.mpf(0)] * 3
    for node, weight in NODES:
        total = [u + weight * v for u, v in zip(total, f(middle + half * node), strict=True)]
    return [half * u for u in total]


def beta_rows(rng):
    """a, b, x, y over the whole domain: around the median, in both tails, at the ends."""
    rows = []

    def add(a, b, u):
        """x by its distance u from the mean in units of sigma, in logit(x)."""
        n = a + b
        spread = np.sqrt(1 / a + 1 / b)
        logit = np.log(a / b) + u * spread
        if abs(logit) > 650:
            return
        x, y = 1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))
        small = min(x, y)
        x, y = (small, 1 - small) if x <= y else (1 - small, small)
        big_a, big_b = mp.mpf(a), mp.mpf(b)
        big_x, big_y = exact(x, y)
        if n > 1e7 and min(a, b) > 1e3:
            if abs(u) > 30:
                return
        elif min(cost(big_a, big_b, big_x, big_y), cost(big_b, big_a, big_y, big_x)) > 2000:
            return
        rows.append((a, b, x, y))

    for _ in range(420):
        add(10 ** rng.uniform(-1, 2), 10 ** rng.uniform(-1, 2), rng.normal() * 2)
    for _ in range(320):
        add(10 ** rng.uniform(-10, 4), 10 ** rng.uniform(-10, 4), rng.standard_t(2))
    for _ in range(120):
        add(10 ** rng.uniform(0, 2), 10 ** rng.uniform(4, 15), rng.normal() * 2)
    for _ in range(100):
        add(10 ** rng.uniform(1, 2.5), 10 ** rng.uniform(1, 2.5), rng.normal() * 3)
    for _ in range(40):
        a = 10 ** rng.uniform(3.1, 15)
        add(a, max(1100.0, 10 ** rng.uniform(-2, 2) * a), rng.normal() * 3)
    for _ in range(40):
        add(10 ** rng.uniform(-3, 0), 10 ** rng.uniform(2, 10), rng.normal() * 1.5)
    return [(b, a, y, x) if i % 2 else (a, b, x, y) for i, (a, b, x, y) in enumerate(rows)]


def exact(x, y):
    """(x, y) from the smaller of the two."""
    return (mp.mpf(x), 1 - mp.mpf(x)) if x <= y else (1 - mp.mpf(y), mp.mpf(y))


def logarithm(p, q):
    """log(p) for q = 1 - p."""
    return mp.log(p) if p < q else mp.log1p(-q)


def student_rows(rng):
    """t >= 0 and df."""
    rows = [(10 ** rng.uniform(-3, 2), 10 ** rng.uniform(-2, 2.5)) for _ in range(300)]
    rows += [(10 ** rng.uniform(-2, 100), 10 ** rng.uniform(-3, 2)) for _ in range(80)]
    rows += [(abs(rng.normal()) * 4, 10 ** rng.uniform(2, 5)) for _ in range(120)]
    return rows


def student(t, df):
    """(log pdf, sf, log sf, dt/ddf)."""
    t, df = mp.mpf(t), mp.mpf(df)
    r = t * t / df
    x, y = 1 / (1 + r), r / (1 + r)
    half = mp.mpf(1) / 2
    low, _, in_a, _, _ = tails(df / 2, half, x, y)
    log_pdf = mp.loggamma((df + 1) / 2) - mp.loggamma(df / 2) - mp.log(df * mp.pi) / 2 - (df + 1) / 2 * mp.log1p(r)
    return log_pdf, low / 2, logarithm(low / 2, 1 - low / 2), t / 2 * (in_a / 2 + 1 / df)


def main():
    rng = np.random.default_rng(20)
    beta = beta_rows(rng)
    out = []
    for a, b, x, y in beta:
        big_x, big_y = exact(x, y)
        low, high, in_a, in_b, log_k = tails(mp.mpf(a), mp.mpf(b), big_x, big_y)
        xy = -big_x * big_y
        out.append(
            [float(v) for v in (low, high, logarithm(low, high), logarithm(high, low), xy * in_a, xy * in_b, log_k)]
        )
    t_rows = student_rows(rng)
    t_out = [[float(v) for v in student(t, df)] for t, df in t_rows]
    pairs = 10 ** rng.uniform(-10, 15, (400, 2))
    pairs[::2] = 10 ** rng.uniform(-3, 3, (200, 2))
    logs = []
    for a, b in pairs:
        a, b = mp.mpf(a), mp.mpf(b)
        with mp.workdps(80):
            logs.append(float(mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)))
    np.savez_compressed(
        Path(__file__).with_name("beta.npz"),
        beta_in=np.array(beta),
        beta_out=np.array(out),
        t_in=np.array(t_rows),
        t_out=np.array(t_out),
        ln_in=pairs,
        ln_out=np.array(logs),
    )


if __name__ == "__main__":
    main()
