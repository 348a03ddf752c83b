"""Skew normal distribution."""

from __future__ import annotations

from math import atan2, exp, log, log1p, sqrt
from typing import Any

from fastdist import constraints, interpolate
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.erf import _exp_of_square, erf, erfcx
from fastdist.special.normal import folded_ndtri, log_ndtr, ndtr, ndtri
from fastdist.special.owens_t import WIDEST, mills, owens_core, owens_rest, slant
from fastdist.special.scaled import over, reciprocal
from fastdist.tails import from_smaller

HALF_LOG_2PI = 0.91893853320467274178
LOG_2 = 0.6931471805599453
SQRT_HALF = 0.7071067811865476
SQRT_2_OVER_PI = 0.7978845608028654
INV_PI = 0.3183098861837907

# Up to here, where no less than a fifth of the mass is to the left, it is found from 0 on.
NEAR = 0.2533471031357997
# exp(-GONE**2 / 2) is beyond float64's precision.
GONE = 8.7
MOST_STEPS = 60
INF = float("inf")


@kernel
def prepare(loc, scale, alpha):
    return loc, reciprocal(scale), alpha, LOG_2 - HALF_LOG_2PI - log(scale)


@kernel
def slanted(alpha, z):
    """alpha * z, and 0 for alpha = 0 also where z has overflowed."""
    return alpha * z if alpha != 0.0 or abs(z) < INF else 0.0


@kernel
def log_prob(x, c):
    z = over(x - c[0], c[1])
    return c[3] - 0.5 * z * z + log_ndtr(slanted(c[2], z))


@kernel
def prob(x, c):
    z = over(x - c[0], c[1])
    return over(SQRT_2_OVER_PI * _exp_of_square(abs(z), -0.5) * ndtr(slanted(c[2], z)), c[1])


@kernel
def hazard(y):
    """The standard normal density over its cdf: the derivative of log_ndtr."""
    return SQRT_2_OVER_PI / erfcx(-y * SQRT_HALF) if y < 40.0 else 0.0


@kernel
def log_prob_and_grad(x, c):
    _, inverse, alpha, _ = c
    z = over(x - c[0], inverse)
    rise = hazard(slanted(alpha, z))
    slope = alpha * rise - z
    in_alpha = z * rise if rise != 0.0 else 0.0
    in_x = over(slope, inverse)
    return log_prob(x, c), in_x, -in_x, -over(1.0 + z * slope, inverse), in_alpha


@kernel
def prepare_tails(loc, scale, alpha):
    """The location and scale, then what the tails need of alpha, with the sign that makes it positive."""
    size = abs(alpha)
    length, d = slant(size)
    return loc, scale, -1.0 if alpha < 0.0 else 1.0, size, length, d, INV_PI * atan2(1.0, size)


@kernel(heavy=True)
def tail_parts(z, c):
    """(power, factor, lower, peak) at z for alpha >= 0: exp(-power) times `factor` is the lower or the upper tail.

    `peak` is the density times exp(power). Below 0 the lower tail is what Owen's T lacks of its value
    at infinity; from there on the mass of the half normal is added; beyond NEAR the upper tail is a
    normal one with T added.
    """
    alpha, length, d = c[3], c[4], c[5]
    h = abs(z)
    k, far = h * length, alpha * h
    # The Gaussian factor of the integral for T(z, alpha), or for T(alpha z, 1 / alpha).
    width = far if alpha <= 1.0 else h
    rest = SQRT_2_OVER_PI / length * owens_rest(k, d) if z <= NEAR or (width > WIDEST and far < GONE) else 0.0
    if z <= 0.0:
        # Where this would underflow, the power is beyond 1e200.
        return 0.5 * k * k, rest if rest > 1e-307 else 1e-307, True, SQRT_2_OVER_PI * mills(far)
    if z <= NEAR:
        return 0.0, erf(z * SQRT_HALF) + exp(-0.5 * k * k) * rest, True, SQRT_2_OVER_PI * exp(-0.5 * h * h) * ndtr(far)
    normal = mills(h)
    if far >= GONE:
        factor = 2.0 * normal
    elif width > WIDEST:
        factor = 2.0 * normal - exp(-0.5 * far * far) * rest
    elif alpha <= 1.0:
        factor = normal + INV_PI * alpha * owens_core(far, alpha)
    else:
        p = exp(-0.5 * h * h) * normal
        shrunk = exp(-0.5 * (alpha - 1.0) * (alpha + 1.0) * (h * h))
        other = mills(far) * (1.0 - 2.0 * p) - INV_PI / alpha * owens_core(h, 1.0 / alpha)
        factor = 2.0 * normal + shrunk * other
    return 0.5 * h * h, factor, False, SQRT_2_OVER_PI * ndtr(far)


@kernel
def tail(x, c):
    power, factor, lower, _ = tail_parts(c[2] * ((x - c[0]) / c[1]), c)
    return -power, factor, lower == (c[2] > 0.0)


TAILS = from_smaller(tail)
cdf = TAILS["cdf"]
PREPARED_TAILS: dict[str, Any] = {name: (prepare_tails, formula) for name, formula in TAILS.items()}


@kernel(heavy=True)
def start(p, q, c):
    """A first guess of the quantile for alpha >= 0."""
    length, below = c[4], c[6]
    if p < below:
        return ndtri(p / (2.0 * below)) / length
    # The half normal's quantile, less what the slope lets through below 0.
    if p <= q:
        z = folded_ndtri(p)
        return folded_ndtri(p - 2.0 * below * ndtr(-z * length))
    half = 0.5 * q if q > 1e-320 else q
    return -ndtri(half + below * ndtr(ndtri(half) * length))


@kernel(heavy=True)
def standard_quantile(p, q, c):
    """The z where the cdf for alpha >= 0 is p = 1 - q: Halley's iteration for the log of the smaller tail."""
    wants_lower = p <= q
    sign = 1.0 if wants_lower else -1.0
    target = log(p if wants_lower else q)
    z = start(p, q, c)
    for _ in range(MOST_STEPS):
        power, factor, lower, rate = tail_parts(z, c)
        if lower == wants_lower:
            miss = log(factor) - power - target
            rate /= factor
        else:
            small = exp(-power)
            miss = log1p(-small * factor) - target
            rate *= small / (1.0 - small * factor)
        newton = miss / rate
        slope = c[3] * hazard(c[3] * z) - z
        bend = 1.0 + 0.5 * newton * (rate - sign * slope)
        step = -sign * newton / (bend if bend > 0.5 else 0.5)
        moved = z + step
        if moved == z or abs(step) * (1.0 + rate) < 1e-5:
            return moved
        z = moved
    return z


@kernel(heavy=True)
def quantile(p, q, c):
    """The quantile for either sign of alpha."""
    turned = c[2] < 0.0
    return c[0] + c[1] * (c[2] * standard_quantile(q if turned else p, p if turned else q, c))


@kernel
def icdf(p, c):
    return quantile(p, 1.0 - p, c)


@kernel
def isf(q, c):
    return quantile(1.0 - q, q, c)


@kernel
def prepare_grad(loc, scale, alpha):
    length, _ = slant(abs(alpha))
    return *prepare_tails(loc, scale, alpha), *prepare(loc, scale, alpha), 1.0 / length


@kernel
def cdf_and_grad(x, c):
    z = (x - c[0]) / c[1]
    density = prob(x, c[7:11])
    k = z * c[4]
    spread = z * density if density > 0.0 else 0.0
    return cdf(x, c[:7]), density, -density, -spread, -INV_PI * exp(-0.5 * k * k) * c[11] * c[11]


@kernel
def sample_grad(x, c):
    z = (x - c[0]) / c[1]
    return 1.0, z, c[1] * hazard(slanted(c[9], z)) * c[11] * c[11]


@kernel
def prepare_draw(loc, scale, alpha):
    length, d = slant(abs(alpha))
    return loc, scale * (-d if alpha < 0.0 else d), scale / length


@kernel
def draw(noise, c):
    return c[0] + (c[1] * abs(noise[0]) + c[2] * noise[1])


@kernel
def standard_mean(alpha):
    """The mean for loc = 0 and scale = 1."""
    _, d = slant(abs(alpha))
    return SQRT_2_OVER_PI * (-d if alpha < 0.0 else d)


@kernel
def mean(loc, scale, alpha):
    return loc + scale * standard_mean(alpha)


@kernel
def variance(loc, scale, alpha):
    m = standard_mean(alpha)
    return scale * scale * (1.0 - m * m)


@kernel
def stddev(loc, scale, alpha):
    m = standard_mean(alpha)
    return scale * sqrt(1.0 - m * m)


@kernel
def skewness(loc, scale, alpha):
    m = standard_mean(alpha)
    ratio = m / sqrt(1.0 - m * m)
    return 0.4292036732051034 * ratio * ratio * ratio


@kernel
def kurtosis(loc, scale, alpha):
    m = standard_mean(alpha)
    square = m * m / (1.0 - m * m)
    return 0.28318530717958645 * square * square


@kernel(heavy=True)
def standard_mode(alpha):
    """The root of alpha hazard(alpha z) = z for alpha > 0: Newton's method in log y for y = alpha z."""
    if alpha < 1e-9:
        return SQRT_2_OVER_PI * alpha
    square = 2.0 * log(alpha)
    # To the right of the root, from where the concave difference of logarithms leads straight to it.
    y = sqrt(2.0 * log1p(alpha * alpha)) if alpha < 1e8 else sqrt(2.0 * square)
    for _ in range(MOST_STEPS):
        gap = square - 0.5 * y * y - HALF_LOG_2PI - log_ndtr(y) - log(y)
        step = gap / (1.0 + y * (y + hazard(y)))
        moved = y * exp(step)
        if abs(step) < 1e-15:
            break
        y = moved
    return y / alpha


@kernel
def mode(loc, scale, alpha):
    z = standard_mode(abs(alpha))
    return loc + scale * (-z if alpha < 0.0 else z)


@kernel(heavy=True)
def entropy(loc, scale, alpha):
    """The half normal's entropy, plus the mean of the binary entropy of ndtr(alpha z) over a half normal z.

    By the trapezoidal rule in v = sqrt(1 + alpha**2) z: the integrand is even and analytic for |Im v| < 2.8.
    """
    length, d = slant(abs(alpha))
    total, v = 0.5 * LOG_2, 0.4
    while v < 9.5:
        y, shrunk = d * v, v / length
        lower, upper = log_ndtr(-y), log_ndtr(y)
        total -= exp(-0.5 * shrunk * shrunk) * (exp(lower) * lower + exp(upper) * upper)
        v += 0.4
    return log(scale) + (0.5 + HALF_LOG_2PI - LOG_2) + 0.4 * SQRT_2_OVER_PI / length * total


class SkewNormal(Distribution):
    r"""Skew normal distribution.

    .. math::

        p(x) = \frac{2}{\sigma}\, \varphi(z)\, \Phi(\alpha z), \quad z = \frac{x - \xi}{\sigma}

    with :math:`\varphi` and :math:`\Phi` the density and the cdf of a standard normal.

    Parameters
    ----------
    loc : array_like of real
        Location :math:`\xi`, which is not the mean.
    scale : array_like of positive
        Scale :math:`\sigma`, which is not the standard deviation.
    alpha : array_like of real
        Shape :math:`\alpha`: 0 is the normal distribution, large values tend to a half normal.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``skewnorm(alpha, loc, scale)`` is the same distribution (A. Azzalini, Scand. J. Statist. 12
    (1985) 171-178). The cdf rests on Owen's T function (1956, doi:10.1214/aoms/1177728074), computed as
    in Patefield and Tandy (2000, doi:10.18637/jss.v005.i05) near the middle; the light tail is an
    integral of positive terms, so it is right down to where float64 ends. Draws are
    ``loc + scale * (d * abs(z0) + sqrt(1 - d**2) * z1)`` with ``d = alpha / sqrt(1 + alpha**2)`` and two
    normals; their derivatives are implicit.

    Raises
    ------
    ValueError
        If `loc` or `alpha` is not finite, or `scale` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.SkewNormal(loc=0.0, scale=1.0, alpha=[-3.0, 0.0, 3.0])
    >>> d.cdf(0.0)
    array([0.89758362, 0.5       , 0.10241638])
    >>> d.log_cdf(-20.0)
    array([ -203.22400819,  -203.91715537, -2010.53816889])
    """

    loc = Parameter(constraints.real)
    scale = Parameter(constraints.positive)
    alpha = Parameter(constraints.real)
    support = constraints.real
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        quick=interpolate.METHODS,
        log_prob=log_prob,
        prob=prob,
        log_prob_and_grad=log_prob_and_grad,
        **PREPARED_TAILS,
        icdf=(prepare_tails, icdf),
        isf=(prepare_tails, isf),
        cdf_and_grad=(prepare_grad, cdf_and_grad),
        sampler=Sampler(draw, normals=2, prepare=prepare_draw),
        sample_grad=(prepare_grad, sample_grad),
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, loc: Any, scale: Any, alpha: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, scale=scale, alpha=alpha)
