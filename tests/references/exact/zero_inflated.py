"""Distributions with extra zeros, from their bases."""

import mpmath as mp
from mpmath import mpf

from exact.discrete import poisson
from exact.discrete_uniform import discrete_uniform
from exact.tools import INF, Grid, Point, complement


def inflated(base, lowest=0):
    """The point function over that of a base, whose masses begin at `lowest`, or at its first parameter if None."""

    def point(k, *parameters):
        *own, gate = parameters
        rest, first = 1 - gate, own[0] if lowest is None else lowest
        if k < first:
            log_prob, log_cdf, log_sf = (mp.log(gate) if k == 0 else -INF), mp.log(gate), mp.log(rest)
            grad = (mpf(0),) * len(own)
            return Point(log_prob, (*grad, 1 / gate if k == 0 else mpf(0)), log_cdf, log_sf, (*grad, mpf(1)))
        p = base(k, *own)
        mass, tail = mp.exp(p.log_prob), mp.exp(p.log_sf)
        if k == 0:
            whole = gate + rest * mass
            log_prob, grad = mp.log(whole), (*(rest * mass / whole * g for g in p.log_prob_grad), (1 - mass) / whole)
        else:
            log_prob, grad = mp.log(rest) + p.log_prob, (*p.log_prob_grad, -1 / rest)
        log_sf = mp.log(rest) + p.log_sf
        log_cdf = mp.log(gate + rest * mp.exp(p.log_cdf)) if rest * tail > mpf("0.1") else complement(log_sf)
        return Point(log_prob, grad, log_cdf, log_sf, (*(rest * g for g in p.cdf_grad), tail))

    return point


def summed(log_mass, last):
    """Moments and entropy over the counts from 0 to last(*parameters)."""

    def moments(*parameters):
        logs = [log_mass(mpf(k), *parameters) for k in range(last(*parameters) + 1)]
        p = [mp.exp(v) for v in logs]
        mean = mp.fsum(k * q for k, q in enumerate(p))
        second, third, fourth = (mp.fsum((k - mean) ** n * q for k, q in enumerate(p)) for n in (2, 3, 4))
        entropy = -mp.fsum(q * v for q, v in zip(p, logs, strict=True) if q)
        return mean, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy

    return moments


def poisson_with_zeros(k, rate, gate):
    mass = (1 - gate) * mp.exp(k * mp.log(rate) - rate - mp.loggamma(k + 1))
    return mp.log(mass + gate) if k == 0 else mp.log(mass)


def uniform_with_zeros(k, low, high, gate):
    mass = (1 - gate) / (high - low + 1) if low <= k <= high else mpf(0)
    return mp.log(mass + (gate if k == 0 else 0))


POISSON = [(1e-3, 0.25), (0.5, 1e-12), (4.0, 0.25), (4.0, 1 - 1e-9), (10.5, 0.9), (64.5, 0.5), (1e3, 1e-3), (1e3, 0.75)]

GRIDS = {
    "ZeroInflated(Poisson)": Grid(
        inflated(poisson),
        summed(poisson_with_zeros, lambda rate, gate: int(rate + 40 * mp.sqrt(rate) + 100)),
        POISSON,
        0.0,
        discrete=True,
    ),
    "ZeroInflated(DiscreteUniform)": Grid(
        inflated(discrete_uniform, lowest=None),
        summed(uniform_with_zeros, lambda low, high, gate: int(high)),
        [(0.0, 9.0, 0.25), (1.0, 6.0, 1e-6), (3.0, 5.0, 0.5), (0.0, 1000.0, 0.9), (100.0, 2000.0, 1e-3)],
        0.0,
        lambda low, high, gate: high,
        discrete=True,
    ),
}
