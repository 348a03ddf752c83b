"""Normal distribution on an interval."""

from __future__ import annotations

from math import exp, log, log1p, sqrt
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.kernel import expression, in_parts, kernel
from fastdist.kernels import Kernels
from fastdist.kl import register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import exp_excess
from fastdist.special.normal import ndtri
from fastdist.special.normal_interval import (
    _reach,
    excess_moments,
    interval_constants,
    log_share,
    moments_in_units,
    place,
    quantile,
    share,
    tilted_mean,
)
from fastdist.special.quadrature import NODES_32, WEIGHTS_32

INF, NAN = float("inf"), float("nan")
# A divergence below which two distributions on one interval are integrated together.
ALIKE = 1e-2
HALF_LOG_2PI, SQRT_2PI = 0.91893853320467274178, 2.5066282746310002

# Where draws are quantiles of the plain normal cdf: at least so wide, and no farther out, in standard deviations.
WIDE, SHALLOW = 1e-2, 20.0


@kernel
def _turned(loc, scale, low, high):
    """The signed scale, and both ends, nearer first, of the interval turned so that its bulk is on the right."""
    flipped = (low - loc) + (high - loc) < 0.0
    unit = -scale if flipped else scale
    near, far = (high, low) if flipped else (low, high)
    return unit, near, far, (near - loc) / unit, (far - loc) / unit, (high - low) / scale


@kernel
def prepare_density(loc, scale, low, high):
    unit, near, _, a, b, width = _turned(loc, scale, low, high)
    c = interval_constants(a, b, width)
    # In a tail densities are relative to that at the near end: their logs alone would be huge.
    return low, high, near if a >= 0.0 else loc, 1.0 / unit, a if a >= 0.0 else 0.0, -log(scale) - HALF_LOG_2PI - c[10]


@kernel
def bounds(c):
    return c[0], c[1]


@kernel(single=True)
def log_prob(x, c):
    y = (x - c[2]) * c[3]
    return c[5] - y * (c[4] + 0.5 * y)


@kernel
def prepare_grad(loc, scale, low, high):
    unit, _, _, a, b, width = _turned(loc, scale, low, high)
    c = interval_constants(a, b, width)
    first, size, second = tilted_mean(a, 0.0, width, width) if a >= 0.0 else tilted_mean(0.0, a, b, width)
    at_near, at_far = c[7] / (c[9] * scale), c[8] / (c[9] * scale)
    at_low, at_high = (at_near, at_far) if unit > 0.0 else (at_far, at_near)
    return (*prepare_density(loc, scale, low, high), scale, first, size * second, at_low, at_high)


@kernel
def log_prob_and_grad(x, c):
    _, _, start, inv_unit, rise, log_norm, scale, first, second, at_low, at_high = c
    y = (x - start) * inv_unit
    in_scale = (y * (2.0 * rise + y) - second) / scale
    return log_norm - y * (rise + 0.5 * y), -(rise + y) * inv_unit, (y - first) * inv_unit, in_scale, at_low, -at_high


@kernel
def prepare(loc, scale, low, high):
    unit, near, far, a, b, width = _turned(loc, scale, low, high)
    return (low, high, near, far, loc, unit, *interval_constants(a, b, width))


@kernel
def _share(x, c):
    """Whether x is in the left part of the interval, and the share of the mass on its side."""
    near, far, loc, unit = c[2], c[3], c[4], c[5]
    lower, part = share((x - loc) / unit, (x - near) / unit, (far - x) / unit, c[6:])
    return lower == (unit > 0.0), part


@kernel
def cdf(x, c):
    left, part = _share(x, c)
    return part if left else 1.0 - part


@kernel
def sf(x, c):
    left, part = _share(x, c)
    return 1.0 - part if left else part


@kernel
def _log_share(x, c):
    near, far, loc, unit = c[2], c[3], c[4], c[5]
    lower, part = log_share((x - loc) / unit, (x - near) / unit, (far - x) / unit, c[6:])
    return lower == (unit > 0.0), part


@kernel
def log_cdf(x, c):
    left, part = _log_share(x, c)
    return part if left else log1p(-exp(part))


@kernel
def log_sf(x, c):
    left, part = _log_share(x, c)
    return log1p(-exp(part)) if left else part


@kernel
def _quantile(left, right, c):
    low, high, near, far, loc, unit = c[0], c[1], c[2], c[3], c[4], c[5]
    distance, origin = quantile(left if unit > 0.0 else right, right if unit > 0.0 else left, c[6:])
    start = near if origin < 0.0 else (far if origin > 0.0 else loc)
    x = start + (-unit if origin > 0.0 else unit) * distance
    x = low if x < low else x
    return high if x > high else x


@kernel
def _plain_quantile(left, right, c):
    """The quantile where loc is inside the interval and neither end is next to 0: one of the whole normal's."""
    low, high, loc, unit, p_near, p_far, mass = c[0], c[1], c[4], c[5], c[11], c[12], c[15]
    below = p_near + (left if unit > 0.0 else right) * mass
    above = p_far + (right if unit > 0.0 else left) * mass
    z = ndtri(below if below < above else above)
    x = loc + unit * (z if below < above else -z)
    x = low if x < low else x
    return high if x > high else x


@kernel
def icdf_plain(p, c):
    return _plain_quantile(p, 1.0 - p, c)


@kernel
def isf_plain(q, c):
    return _plain_quantile(1.0 - q, q, c)


@kernel
def icdf(p, c):
    return _quantile(p, 1.0 - p, c)


@kernel
def isf(q, c):
    return _quantile(1.0 - q, q, c)


@kernel
def prepare_cdf_grad(loc, scale, low, high):
    return (*prepare(loc, scale, low, high), *prepare_grad(loc, scale, low, high))


@kernel
def _share_and_ratio(x, c):
    """Whether x is in the left part of the interval, the share of the mass on its side, and that over the density."""
    near, far, loc, unit = c[2], c[3], c[4], c[5]
    lower, mass, _, factor, lift = place((x - loc) / unit, (x - near) / unit, (far - x) / unit, c[6:18])
    # Neither the share nor the density underflows in their ratio.
    return lower == (unit > 0.0), mass * factor / c[15], mass * lift * SQRT_2PI * c[24]


@kernel
def _slide_with_normal(x, left, ratio, c):
    """How x moves with loc and scale if the share below it stays."""
    near, far, loc, unit = c[2], c[3], c[4], c[5]
    a, b, width = c[6], c[7], c[8]
    low, high, _, inv_unit, _, _, scale, first, second, _, _ = c[18:]
    t, d, e = (x - loc) / unit, (x - near) / unit, (far - x) / unit
    lower = left == (unit > 0.0)
    length = d if lower else e
    if a >= 0.0:
        own_first, size, own_second = tilted_mean(a, 0.0 if lower else d, d if lower else width, length)
    else:
        own_first, size, own_second = tilted_mean(0.0, a if lower else t, t if lower else b, length)
    turned = -ratio if left else ratio
    in_loc = turned * (own_first - first) * inv_unit
    in_scale = (turned * size / scale) * (own_second - second / size)
    if low == -INF and high == INF:
        in_loc, in_scale = 1.0, t
    return in_loc, in_scale


@kernel
def _drop(x, c):
    """How far the log density at x is below that where it is the largest."""
    y = (x - c[20]) * c[21]
    return y * (c[22] + 0.5 * y)


@kernel
def _slide_with_ends(x, left, part, ratio, c):
    """How x moves with low and high if the share below it stays."""
    low, high, start, inv_unit, rise, _, _, _, _, at_low, at_high = c[18:]
    below, above, drop = part if left else 1.0 - part, 1.0 - part if left else part, _drop(x, c)
    y_low, y_high = (low - start) * inv_unit, (high - start) * inv_unit
    from_low = above * exp(drop - y_low * (rise + 0.5 * y_low)) if left and low > -INF else ratio * at_low
    from_high = ratio * at_high if left or high == INF else below * exp(drop - y_high * (rise + 0.5 * y_high))
    return from_low, from_high


@kernel
def cdf_and_grad(x, c):
    left, part, ratio = _share_and_ratio(x, c)
    in_loc, in_scale = _slide_with_normal(x, left, ratio, c)
    in_low, in_high = _slide_with_ends(x, left, part, ratio, c)
    below, density = part if left else 1.0 - part, exp(c[23] - _drop(x, c))
    return below, density, -in_loc * density, -in_scale * density, -in_low * density, -in_high * density


@kernel
def _normal_slopes(x, c):
    left, _, ratio = _share_and_ratio(x, c)
    return _slide_with_normal(x, left, ratio, c)


@kernel
def _end_slopes(x, c):
    return _slide_with_ends(x, *_share_and_ratio(x, c), c)


@kernel
def sample_grad(x, c):
    left, part, ratio = _share_and_ratio(x, c)
    in_loc, in_scale = _slide_with_normal(x, left, ratio, c)
    in_low, in_high = _slide_with_ends(x, left, part, ratio, c)
    return in_loc, in_scale, in_low, in_high


_each = ((slopes, place) for slopes in (_normal_slopes, _end_slopes) for place in (0, 1))
in_parts(sample_grad, *(expression(f"of(x, c)[{place}]", "x, c", of=slopes) for slopes, place in _each))


@kernel
def prepare_draw(loc, scale, low, high):
    """Of an interval whose mass is not too small: turned, with the tails on both sides."""
    unit, _, _, a, b, width = _turned(loc, scale, low, high)
    c = interval_constants(a, b, width)
    below, mass, above = c[5], c[9], c[6]
    if a >= 0.0:
        density = exp(-0.5 * a * a)
        mass, above = density * mass, density * above
        below = 1.0 - density * c[3]
    return low, high, loc, unit, below, mass, above


@kernel
def draw(noise, c):
    u = noise[0]
    low, high, loc, unit, below, mass, above = c
    left, right = below + u * mass, above + (1.0 - u) * mass
    z = ndtri(left if left < right else right)
    x = loc + unit * (z if left < right else -z)
    x = low if x < low else x
    return high if x > high else x


@kernel
def draw_any(noise, c):
    return _quantile(noise[0], 1.0 - noise[0], c)


@kernel
def _moments(loc, scale, low, high):
    """Where the mean is counted from, a signed length, and the mean and the central moments in its units."""
    unit, near, _, a, b, width = _turned(loc, scale, low, high)
    start = near if a >= 0.0 else loc
    length, first, second, third, fourth = moments_in_units(a, b, width)
    return start, unit * length, first, second, third, fourth


@kernel
def mean(loc, scale, low, high):
    start, unit, first, _, _, _ = _moments(loc, scale, low, high)
    return start + unit * first if low > -INF or high < INF else loc


@kernel
def variance(loc, scale, low, high):
    _, unit, _, second, _, _ = _moments(loc, scale, low, high)
    return unit * (unit * second) if low > -INF or high < INF else scale * scale


@kernel
def stddev(loc, scale, low, high):
    _, unit, _, second, _, _ = _moments(loc, scale, low, high)
    return abs(unit) * sqrt(second) if low > -INF or high < INF else scale


@kernel
def skewness(loc, scale, low, high):
    _, unit, _, second, third, _ = _moments(loc, scale, low, high)
    value = third / (second * sqrt(second))
    return (value if unit > 0.0 else -value) if low > -INF or high < INF else 0.0


@kernel
def kurtosis(loc, scale, low, high):
    _, _, _, second, _, fourth = _moments(loc, scale, low, high)
    return fourth / (second * second) - 3.0 if low > -INF or high < INF else 0.0


@kernel
def mode(loc, scale, low, high):
    return low if loc < low else (high if loc > high else loc)


@kernel
def entropy(loc, scale, low, high):
    _, _, _, a, b, width = _turned(loc, scale, low, high)
    _, size, second = tilted_mean(a, 0.0, width, width) if a >= 0.0 else tilted_mean(0.0, a, b, width)
    return 0.5 * size * second - prepare_density(loc, scale, low, high)[5]


@kernel
def ordered(loc, scale, low, high):
    """Whether there is an interval between the ends."""
    return low < high


class TruncatedNormal(Distribution):
    r"""Normal distribution given that the value is between two ends.

    .. math::

        p(x) = \frac{e^{-(x-\mu)^2 / (2\sigma^2)}}{\int_a^b e^{-(t-\mu)^2 / (2\sigma^2)} \, dt},
        \quad a \le x \le b

    Parameters
    ----------
    loc : array_like of real
        Mean :math:`\mu` of the normal distribution.
    scale : array_like of positive
        Its standard deviation :math:`\sigma`.
    low : array_like of real, or -inf
        Lower end :math:`a`.
    high : array_like of real, or inf
        Upper end :math:`b`, above `low`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)`` is the same
    distribution; names are those of TensorFlow Probability. Every method keeps its digits on intervals
    however narrow, or far in a tail: masses are relative to the density at the end that is nearer to `loc`,
    and on narrow intervals they are integrals, not differences. Draws are quantiles of uniforms
    (inversion, as Wichura 1988, doi:10.2307/2347330, recommends for the normal). Their derivatives
    are those of the quantile at a fixed level.

    Raises
    ------
    ValueError
        If `loc` is not finite, `scale` is not positive and finite, or `low` is not below `high`.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.TruncatedNormal(loc=0.0, scale=1.0, low=[-1.0, 40.0], high=float("inf"))
    >>> d.mean()
    array([ 0.28759997, 40.02496885])
    >>> d.cdf(40.01)
    array([1.        , 0.32988079])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    low = Parameter(constraints.real, infinite=True)
    high = Parameter(constraints.real, infinite=True)
    has_rsample = True
    _relations = (("low must be below high", ordered),)
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        log_prob=(prepare_density, log_prob),
        log_prob_and_grad=(prepare_grad, log_prob_and_grad),
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        regime={"icdf": icdf_plain, "isf": isf_plain},
        cdf_and_grad=(prepare_cdf_grad, cdf_and_grad),
        sampler=Sampler(draw_any, uniforms=1),
        sample_grad=(prepare_cdf_grad, sample_grad),
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, loc: Any, scale: Any, low: Any, high: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale, low=low, high=high)

    def _in_regime(self) -> bool:
        """All intervals hold loc, are wide, and end where rounding an end costs more than rounding the rest."""
        far_low, far_high = np.subtract(self.loc, self.low), np.subtract(self.high, self.loc)
        enough = np.minimum(far_low, far_high) > 0.25 * self.scale
        for end, far in ((self.low, far_low), (self.high, far_high)):
            enough &= np.isinf(end) | (np.abs(end) > 0.25 * (np.abs(self.loc) + far))
        return bool(np.all(enough))

    def _sampler(self) -> Sampler:
        """Without the care for deep tails and narrow intervals where no parameter set needs it."""
        with np.errstate(all="ignore"):
            a, b = (self.low - self.loc) / self.scale, (self.high - self.loc) / self.scale
            wide = (b - a > WIDE) & (a < SHALLOW) & (b > -SHALLOW)
        return _PLAIN if np.all(wide) else self.kernels.sampler

    @constraints.dependent_property()
    def support(self) -> Any:
        """The closed interval between the ends."""
        return constraints.interval(self.low, self.high)


_PLAIN = Sampler(draw, uniforms=1, prepare=prepare_draw)


@kernel(heavy=True)
def tilted_excess(slope, first, second, near, far, a, b):
    """The mean of exp(-h) - 1 + h under the density exp(-slope t - t*t / 2) on a part of the line around 0 or from it.

    h is a (t - first) + b (t (2 slope + t) - second) / 2 less its mean; the part ends at -near and at far. Then how far
    the means of t and of t (2 slope + t) move if the density is multiplied by exp(-h).
    """
    total, mass, in_first, in_second = 0.0, 0.0, 0.0, 0.0
    for side in range(2):
        stop = near if side == 0 else far
        sign = -1.0 if side == 0 else 1.0
        for i in range(16):
            for node in (NODES_32[i], 1.0 - NODES_32[i]):
                t = sign * stop * node
                weight = WEIGHTS_32[i] * stop * exp(-t * (slope + 0.5 * t))
                x, y = t - first, t * (2.0 * slope + t) - second
                h = a * x + 0.5 * b * y
                excess = exp_excess(-h)
                mass += weight
                total += weight * excess
                in_first += weight * ((excess - h) * x)
                in_second += weight * ((excess - h) * y)
    return total / mass, in_first / (mass + total), in_second / (mass + total)


@register_kl(TruncatedNormal, TruncatedNormal)
@kernel(heavy=True)
def kl_truncated_normal(loc, scale, low, high, other_loc, other_scale, other_low, other_high):
    """What q leaves outside the interval of p, and the divergence of the rest of it, on the same interval.

    That is the mean under p of h, a polynomial of degree 2 that log(p / q) is up to a constant, plus the logarithm
    of the mean of exp(-h): where the two are alike, only what exp(-h) is above its tangent at the mean.
    """
    if not (other_low <= low and high <= other_high):
        return INF, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN
    p, q = prepare_grad(loc, scale, low, high), prepare_grad(other_loc, other_scale, other_low, other_high)
    rest = prepare_density(other_loc, other_scale, low, high)
    unit, _, _, near, far, width = _turned(loc, scale, low, high)
    rise, first, second = p[4], p[7], p[8]
    ratio = scale / other_scale
    # In terms of p's t: log(p / q) is a constant, a t and b t (2 rise + t) / 2.
    b = (scale - other_scale) / other_scale * (1.0 + ratio)
    a = unit * ((loc - other_loc) / other_scale / other_scale)
    # Where p begins, in q's terms.
    start = (p[2] - rest[2]) * rest[3]
    inside = p[5] - rest[5] + start * (rest[4] + 0.5 * start) + a * first + 0.5 * b * second
    alike = inside < ALIKE
    in_first, in_second = 0.0, 0.0
    if alike:
        to_left = _reach(0.0, -near) if near < 0.0 else 0.0
        to_right = _reach(rise, width if near >= 0.0 else far)
        excess, in_first, in_second = tilted_excess(rise, first, second, to_left, to_right, a, b)
        inside = log1p(excess)
    c = prepare(other_loc, other_scale, other_low, other_high)
    left = cdf(low, c) if low > other_low else 0.0
    right = sf(high, c) if high < other_high else 0.0
    outside = left + right
    kl = inside + (log_prob(p[2], rest) - log_prob(p[2], q) if outside > 0.5 else -log1p(-outside))

    mean, square, cube, fourth = excess_moments(near, far, width)
    skew = 2.0 * (rise + mean) * square + cube
    spread = 4.0 * (rise + mean) * ((rise + mean) * square + cube) + (fourth - square * square)
    in_loc = (a * square + 0.5 * b * skew) * p[3]
    in_scale = (a * skew + 0.5 * b * spread) / scale
    # q's own terms: the mean of its t, and of t (2 rise + t).
    turn, shift = q[3] / p[3], (p[2] - q[2]) * q[3]
    moved = shift + turn * first
    curved = 2.0 * (shift * (q[4] + 0.5 * shift) + turn * first * (q[4] + shift - turn * rise)) + turn * turn * second
    in_low = p[9] * (1.0 + kl - (log_prob(low, p) - log_prob(low, q))) if p[9] > 0.0 else 0.0
    in_high = p[10] * ((log_prob(high, p) - log_prob(high, q)) - kl - 1.0) if p[10] > 0.0 else 0.0
    to_first, to_second = q[7] - moved, q[8] - curved
    if alike and outside == 0.0:  # from moments of p to those of q: differences would cancel
        to_first = turn * in_first
        to_second = turn * (2.0 * ((loc - other_loc) * q[3]) * in_first + turn * in_second)
    in_other = to_first * q[3], to_second / other_scale, -q[9], q[10]
    return kl, in_loc, in_scale, in_low, in_high, *in_other
