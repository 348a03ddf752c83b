"""Coefficients of the negentropy in :mod:`fastdist.special.student_t_divergence`, highest power first."""

import mpmath as mp
from fit import chebyshev_grid, minimax, show

mp.mp.dps = 60


def negentropy(nu):
    """log(2 pi e variance) / 2 less the entropy, for nu > 2 and scale 1."""
    half = (nu + 1) / 2
    log_top = mp.loggamma(half) - mp.loggamma(nu / 2) - mp.log(mp.pi * nu) / 2
    entropy = half * (mp.digamma(half) - mp.digamma(nu / 2)) - log_top
    return mp.log(2 * mp.pi * mp.e * nu / (nu - 2)) / 2 - entropy


def main():
    points = chebyshev_grid(0, mp.mpf(1) / 10, 200)
    fit = minimax(points, [negentropy(1 / t) / t**2 for t in points], 13)
    show(f"NEGENTROPY  # error {mp.nstr(fit[2], 2)}", fit[0][::-1])


if __name__ == "__main__":
    main()
