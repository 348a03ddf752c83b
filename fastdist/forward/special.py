"""Derivatives of ufuncs of scipy.special, which is imported when a Dual first meets one of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from fastdist.forward.ufuncs import partials

ROOT_PI = math.sqrt(math.pi)
ROOT_2PI = math.sqrt(2 * math.pi)


def _trigamma(x: Any) -> Any:
    """The derivative of digamma, by reflection below 0."""
    reflected = np.square(math.pi / np.sin(math.pi * x)) - special.zeta(2.0, 1.0 - x)
    return np.where(x > 0, special.zeta(2.0, x), reflected)


def _mills(x: Any) -> Any:
    """The normal cdf over the density."""
    return 0.5 * ROOT_2PI * special.erfcx(-x / math.sqrt(2))


def _exprel_slope(r: Any, x: Any) -> Any:
    """(exp(x) - r) / x, near 0 by its series."""
    near = np.abs(x) < 0.5
    small = np.where(near, x, 0.0)
    series: Any = 0.0
    for k in range(16, -1, -1):
        series = series * small + (k + 1) / math.factorial(k + 2)
    rest = np.where(near, 1.0, x)
    far = np.where(rest > 0, r * (1.0 - 1.0 / rest) + 1.0 / rest, (np.exp(np.minimum(rest, 0.0)) - r) / rest)
    return np.where(near, series, far)


partials(special.gammaln, lambda r, x: special.psi(x))
partials(special.loggamma, lambda r, x: special.psi(x))
partials(special.gamma, lambda r, x: r * special.psi(x))
partials(special.psi, lambda r, x: _trigamma(x))
partials(
    special.betaln,
    lambda r, a, b: special.psi(a) - special.psi(a + b),
    lambda r, a, b: special.psi(b) - special.psi(a + b),
)
partials(
    special.beta,
    lambda r, a, b: r * (special.psi(a) - special.psi(a + b)),
    lambda r, a, b: r * (special.psi(b) - special.psi(a + b)),
)
partials(special.erf, lambda r, x: 2.0 / ROOT_PI * np.exp(-x * x))
partials(special.erfc, lambda r, x: -2.0 / ROOT_PI * np.exp(-x * x))
partials(special.erfinv, lambda r, p: 0.5 * ROOT_PI * np.exp(r * r))
partials(special.erfcinv, lambda r, p: -0.5 * ROOT_PI * np.exp(r * r))
partials(special.ndtr, lambda r, x: np.exp(-0.5 * x * x) / ROOT_2PI)
partials(special.log_ndtr, lambda r, x: 1.0 / _mills(x))
partials(special.ndtri, lambda r, p: ROOT_2PI * np.exp(0.5 * r * r))
partials(special.ndtri_exp, lambda r, p: _mills(r))
partials(special.expit, lambda r, x: r * special.expit(-x))
partials(special.log_expit, lambda r, x: special.expit(-x))
partials(special.logit, lambda r, p: 1.0 / (p * (1.0 - p)))
partials(special.xlogy, lambda r, x, y: np.log(y), lambda r, x, y: np.where((x == 0) & (y == 0), 0.0, x / y))
partials(
    special.xlog1py, lambda r, x, y: np.log1p(y), lambda r, x, y: np.where((x == 0) & (y == -1), 0.0, x / (1.0 + y))
)
partials(special.entr, lambda r, x: -1.0 - np.log(x))
partials(special.rel_entr, lambda r, x, y: np.log(x / y) + 1.0, lambda r, x, y: -x / y)
partials(special.kl_div, lambda r, x, y: np.log(x / y), lambda r, x, y: 1.0 - x / y)
partials(special.cosm1, lambda r, x: -np.sin(x))
partials(special.exprel, lambda r, x: _exprel_slope(r, x))
partials(special.j0, lambda r, x: -special.j1(x))
partials(special.i0, lambda r, x: special.i1(x))
partials(special.i0e, lambda r, x: special.i1e(x) - np.sign(x) * r)
partials(special.i1, lambda r, x: special.i0(x) - np.where(x == 0, 0.5, r / x))
partials(special.i1e, lambda r, x: special.i0e(x) - np.sign(x) * r - np.where(x == 0, 0.5, r / x))
partials(special.k0, lambda r, x: -special.k1(x))
partials(special.k1, lambda r, x: -special.k0(x) - r / x)
