"""Distributions on a part of their support: the base's exact density and tails, over the mass of the interval."""

import itertools

import mpmath as mp
import numpy as np
from mpmath import mpf

from exact.half_line import exponential, gamma
from exact.line import normal
from exact.tools import INF, Grid, Point, tails_of

HALF = mp.log(mpf(1) / 2)
NARROW = mpf("1e-6")
with mp.workdps(70):
    NODES = mp.calculus.quadrature.GaussLegendre(mp.mp).calc_nodes(4, 240)  # 24 nodes


def log_difference(low, high):
    """The log of P(low < X <= high), from log cdf and log tail at either end."""
    (log_cdf_low, log_sf_low), (log_cdf_high, log_sf_high) = low, high
    if log_cdf_high < HALF:
        return mp.log(mp.exp(log_cdf_high) - mp.exp(log_cdf_low))
    if log_sf_low < HALF:
        return mp.log(mp.exp(log_sf_low) - mp.exp(log_sf_high))
    return mp.log(1 - mp.exp(log_cdf_low) - mp.exp(log_sf_high))


def truncated(base, unit, start=-INF):
    """A continuous family from its base's exact points, with low and high as last parameters.

    The base's support is [start, inf). Where an interval is much narrower than ``unit(value, *parameters)``,
    over which the density changes, its mass is the integral of the density by Gauss's rule, which there
    has more than 70 digits, and the derivatives of the log of the mass are means of the base's.
    """

    def at(x, own):
        """The base's log tails, and the derivatives of its cdf in the parameters."""
        if x <= start or x == INF:
            return ((-INF, mpf(0)) if x <= start else (mpf(0), -INF)), [mpf(0) for _ in own]
        p = base(x, *own)
        return (p.log_cdf, p.log_sf), p.cdf_grad[1:]

    def mass(low, high, own):
        """The log of the mass of an interval, and its derivatives in the parameters."""
        low = max(low, start)
        if low == high:
            return -INF, [mpf(0) for _ in own]
        if mp.isfinite(low) and mp.isfinite(high) and high - low < NARROW * unit(low, *own):
            h, middle = (high - low) / 2, (high + low) / 2
            points = [(w, base(middle + h * x, *own)) for x, w in NODES]
            top = points[0][1].log_prob
            weights = [w * mp.exp(p.log_prob - top) for w, p in points]
            total = mp.fsum(weights)
            slopes = [mp.fsum(w * p.log_prob_grad[i + 1] for w, (_, p) in zip(weights, points, strict=True)) / total
                      for i in range(len(own))]  # fmt: skip
            return top + mp.log(h * total), slopes
        (low_tails, low_slopes), (high_tails, high_slopes) = at(low, own), at(high, own)
        whole = log_difference(low_tails, high_tails)
        return whole, [(v - u) / mp.exp(whole) for u, v in zip(low_slopes, high_slopes, strict=True)]

    def density(x, own, whole):
        return mp.exp(base(x, *own).log_prob - whole) if mp.isfinite(x) and x > start else mpf(0)

    def point(x, *parameters):
        *own, low, high = parameters
        if abs(base(x, *own).log_prob) > mpf(10) ** 280 and mp.mp.dps < 800:
            with mp.workdps(800):  # the exponential of it needs all digits of its integer part
                return point(x, *parameters)
        whole, slopes = mass(low, high, own)
        (below, below_slopes), (above, above_slopes) = mass(low, x, own), mass(x, high, own)
        tail, is_lower = min(below, above) - whole, below < above
        log_cdf, log_sf = tails_of(tail, is_lower)
        part, part_slopes = (mp.exp(tail), below_slopes) if is_lower else (-mp.exp(tail), above_slopes)
        p = base(x, *own)
        at_low, at_high = density(low, own, whole), density(high, own, whole)
        grad = [p.log_prob_grad[0], *(g - s for g, s in zip(p.log_prob_grad[1:], slopes, strict=True))]
        cdf_grad = [mp.exp(p.log_prob - whole), *(part * (g - s) for g, s in zip(part_slopes, slopes, strict=True))]
        ends = -mp.exp(log_sf) * at_low, -mp.exp(log_cdf) * at_high
        return Point(p.log_prob - whole, (*grad, at_low, -at_high), log_cdf, log_sf, (*cdf_grad, *ends))

    def log_mass(low, high, own):
        return mass(low, high, own)[0]

    def log_prob(x, *own):
        return base(x, *own).log_prob

    def quantile(level, upper, *parameters):
        """By bisection in the logarithm of the distance to an end, then Newton's method."""
        *own, low, high = parameters
        low = max(low, start)
        whole, goal = log_mass(low, high, own), mp.log(level)

        def gap(x):
            return (log_mass(x, high, own) if upper else log_mass(low, x, own)) - whole - goal

        # From the end where the level is, if it is finite; else from the other one; else from 0.
        ends = [(high, -1), (low, 1)] if upper else [(low, 1), (high, -1)]
        end, sign = next(((v, s) for v, s in ends if mp.isfinite(v)), (mpf(0), 1))
        if mp.isfinite(low) or mp.isfinite(high):
            coordinate, first = (lambda y: end + sign * mp.exp(y)), mp.log(abs(end) or mpf("1e-320")) - 140
            last = mp.log(high - low) if mp.isfinite(high - low) else mpf(200)
        else:
            coordinate, first, last = mp.sinh, mpf(-200), mpf(200)
        rising = (sign > 0) != upper
        if end and (gap(coordinate(first)) > 0) == rising:
            return end
        for _ in range(60):
            y = (first + last) / 2
            first, last = (first, y) if (gap(coordinate(y)) > 0) == rising else (y, last)
        x = coordinate((first + last) / 2)
        for _ in range(4):
            part = gap(x) + goal
            step = (part - goal) * mp.exp(part + whole - log_prob(x, *own))
            x = x + step if upper else x - step
        return x

    return {"point": point, "quantile": quantile}


def moments_of(log_prob, low, high, unit, peak):
    """Mean, variance, skewness, excess kurtosis and entropy by Gauss-Legendre quadrature.

    The density is worth nothing more than 200 of its units away from its peak; panels double from there.
    """
    steps = [mpf(2) ** k for k in range(-6, 8)] + [mpf(200)]
    cuts = {peak} | {peak + sign * unit * s for s in steps for sign in (1, -1)}
    cuts = sorted({min(max(v, low), high) for v in cuts})
    top = log_prob(peak)
    points = []
    for a, b in itertools.pairwise(cuts):
        h, middle = (b - a) / 2, (a + b) / 2
        for x, w in NODES:
            v = h * x  # the distance to the peak keeps its digits on narrow intervals
            t = middle - peak + v
            drop = log_prob(peak + t) - top
            points.append((t, w * h * mp.exp(drop), drop))
    mass = mp.fsum(w for _, w, _ in points)
    mean = mp.fsum(w * t for t, w, _ in points) / mass
    second, third, fourth = (mp.fsum(w * (t - mean) ** n for t, w, _ in points) / mass for n in (2, 3, 4))
    entropy = mp.log(mass) - mp.fsum(w * drop for _, w, drop in points) / mass
    return peak + mean, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


# Normal, gamma, exponential ----------------------------------------------------------------------


def normal_log_prob(x, loc, scale):
    z = (x - loc) / scale
    return -z * z / 2 - mp.log(scale) - mp.log(2 * mp.pi) / 2


def normal_unit(x, loc, scale):
    return scale / max(abs(x - loc) / scale, 1)


def normal_moments(loc, scale, low, high):
    peak = min(max(loc, low), high)
    return moments_of(lambda x: normal_log_prob(x, loc, scale), low, high, normal_unit(peak, loc, scale), peak)


def gamma_log_prob(x, concentration, rate):
    a, y = concentration, rate * x
    return mp.log(rate) + (a - 1) * mp.log(y) - y - mp.loggamma(a)


def gamma_unit(x, concentration, rate):
    return 1 / max(abs((concentration - 1) / x - rate), mp.sqrt(abs(concentration - 1)) / x) if x > 0 else mpf(0)


def gamma_moments(concentration, rate, low, high):
    low = max(low, mpf(0))
    peak = min(max((concentration - 1) / rate, low), high)
    unit = gamma_unit(peak, concentration, rate)
    return moments_of(lambda x: gamma_log_prob(x, concentration, rate), low, high, unit, peak)


def exponential_log_prob(x, rate):
    return mp.log(rate) - rate * x


def exponential_unit(x, rate):
    return 1 / rate if x >= 0 else mpf(0)


def exponential_moments(rate, low, high):
    low = max(low, mpf(0))
    return moments_of(lambda x: exponential_log_prob(x, rate), low, high, 1 / rate, low)


# Poisson -----------------------------------------------------------------------------------------


def poisson_terms(rate, low, high):
    """Counts from low to high that matter, with the logs of their masses."""
    spread = 40 * mp.sqrt(rate) + 200
    first = max(low, mpf(0), mp.floor(min(rate, high) - spread))
    last = min(high, mp.ceil(max(rate, low) + spread))
    k, log_p, terms = first, poisson_log_prob(first, rate), []
    while k <= last:
        terms.append((k, log_p))
        k += 1
        log_p += mp.log(rate / k)
    return terms


def poisson_log_prob(k, rate):
    return k * mp.log(rate) - rate - mp.loggamma(k + 1)


def truncated_poisson(k, rate, low, high):
    terms = poisson_terms(rate, low, high)

    def part(some):
        mass = mp.fsum(mp.exp(log_p) for _, log_p in some)
        return mass, (mp.fsum(mp.exp(log_p) * (j / rate - 1) for j, log_p in some) / mass if some else mpf(0))

    whole, score = part(terms)
    below, score_below = part([t for t in terms if t[0] <= k])
    above, _ = part([t for t in terms if t[0] > k])
    cdf, sf = below / whole, above / whole
    zero = mpf(0)
    return Point(
        poisson_log_prob(k, rate) - mp.log(whole),
        (k / rate - 1 - score, zero, zero),
        mp.log(cdf) if sf > mpf("1e-3") else mp.log1p(-sf),
        mp.log(sf) if sf else -INF,
        (cdf * (score_below - score), zero, zero),
    )


def truncated_poisson_moments(rate, low, high):
    terms = poisson_terms(rate, low, high)
    mass = mp.fsum(mp.exp(log_p) for _, log_p in terms)
    p = [(k, mp.exp(log_p) / mass) for k, log_p in terms]
    mean = mp.fsum(k * q for k, q in p)
    second, third, fourth = (mp.fsum((k - mean) ** n * q for k, q in p) for n in (2, 3, 4))
    entropy = -mp.fsum(q * mp.log(q) for _, q in p)
    return mean, second, third / second ** mpf("1.5"), fourth / second**2 - 3, entropy


_INFINITE = np.inf

GRIDS = {
    "TruncatedNormal": Grid(
        **truncated(normal, normal_unit),
        moments=normal_moments,
        parameters=[
            (0.0, 1.0, -1.0, 2.0),
            (0.0, 1.0, -_INFINITE, _INFINITE),
            (1.0, 2.0, 0.0, _INFINITE),
            (-3.5, 2.5, -_INFINITE, -30.0),
            (0.0, 1.0, 40.0, _INFINITE),
            (0.0, 1.0, 1e5, _INFINITE),
            (0.0, 1.0, 5.0, 5.000000001),
            (0.0, 1.0, -1e-9, 2e-9),
            (0.0, 1.0, -40.0, -39.9),
            (0.0, 1e8, -1.0, 1e3),
            (1e8, 1e-3, 1e8 - 1.0, 1e8),
            (2.0, 0.5, -3.0, 40.0),
        ],
        lower=lambda loc, scale, low, high: low,
        upper=lambda loc, scale, low, high: high,
    ),
    "Truncated(Gamma)": Grid(
        **truncated(gamma, gamma_unit, mpf(0)),
        moments=gamma_moments,
        parameters=[
            (2.5, 1.0, 1.0, 4.0),
            (2.5, 1.0, 20.0, 60.0),
            (0.5, 2.0, 0.25, 1.0),
            (30.0, 0.125, 200.0, 201.0),
            (1e3, 1.0, 950.0, 1e3),
            (30.0, 1e-3, 100.0, 9e3),
        ],
        lower=lambda concentration, rate, low, high: max(low, 0.0),
        upper=lambda concentration, rate, low, high: high,
    ),
    "Truncated(Exponential)": Grid(
        **truncated(exponential, exponential_unit, mpf(0)),
        moments=exponential_moments,
        parameters=[(1.0, 0.5, 2.0), (2.5, -1.0, 1e-3), (1.0, 100.0, 160.0), (1e8, 1e-9, 1e-7), (1e-3, 0.0, 1e4)],
        lower=lambda rate, low, high: max(low, 0.0),
        upper=lambda rate, low, high: high,
    ),
    "Truncated(Poisson)": Grid(
        truncated_poisson,
        truncated_poisson_moments,
        [(4.0, 2.0, 9.0), (4.0, 30.0, 60.0), (10.5, -1.0, 10.0), (64.5, 100.0, 400.0), (1e3, 900.0, 905.0)],
        lower=lambda rate, low, high: max(low, 0.0),
        upper=lambda rate, low, high: high,
        discrete=True,
    ),
}
