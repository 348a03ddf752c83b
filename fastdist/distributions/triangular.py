"""Triangular distribution."""

from __future__ import annotations

from math import inf, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.engine.kernel import kernel
from fastdist.kernels import Kernels
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler

LOG_2 = 0.69314718055994530942
SQRT_2 = 1.41421356237309504880

# A smaller tail may be about to underflow.
TINY = 1e-290

# Beyond these widths areas are taken of lengths times a power of two: the product of two lengths is no number else.
WIDE, NARROW, SHRUNK, GROWN = 1e150, 1e-140, 2.0**-530, 2.0**530


@kernel
def prepare(low, high, peak):
    """The ends and the peak; by side, its share of the width, width times side in a unit, and logarithms; the unit."""
    width, left, right = high - low, peak - low, high - peak
    unit = SHRUNK if width > WIDE else (GROWN if width < NARROW else 1.0)
    areas = (width * unit) * (left * unit), (width * unit) * (right * unit)
    return low, high, peak, left / width, right / width, *areas, log(width), log(left), log(right), unit


@kernel
def bounds(c):
    return c[0], c[1]


@kernel
def log_prob(x, c):
    low, high, peak, _, _, _, _, log_width, log_left, log_right, _ = c
    rising = x < peak
    far = x - low if rising else high - x
    log_side = log_left if rising else log_right
    return LOG_2 - log_width + (log(far) - log_side if x != peak else 0.0)


@kernel
def prob(x, c):
    low, high, peak, _, _, _, _, _, _, _, _ = c
    rising = x < peak
    far, side = x - low if rising else high - x, peak - low if rising else high - peak
    return 2.0 * (far / side if x != peak else 1.0) / (high - low)


@kernel
def log_prob_and_grad(x, c):
    low, high, peak, _, _, _, _, _, _, _, unit = c
    inv_width = 1.0 / ((high - low) * unit)
    if x == peak:
        # The density has a kink here: at its top it depends on the width alone.
        return log_prob(x, c), 0.0, inv_width * unit, -inv_width * unit, 0.0
    if x < peak:
        in_x, side = 1.0 / ((x - low) * unit), 1.0 / ((peak - low) * unit)
        return log_prob(x, c), in_x * unit, (inv_width - (in_x - side)) * unit, -inv_width * unit, -side * unit
    in_x, side = -1.0 / ((high - x) * unit), 1.0 / ((high - peak) * unit)
    return log_prob(x, c), in_x * unit, inv_width * unit, (-inv_width - (in_x + side)) * unit, side * unit


@kernel
def tail(far, beyond, side, area, other_share):
    """Probability of a distance `far` from one end: past the peak by `beyond`, the peak's share and the rest."""
    past = beyond > 0.0
    return other_share + beyond * ((side - beyond) + side) / area if past else far / area * far


@kernel
def log_beyond_peak(beyond, side):
    """The log of the part of a tail that is past the peak, less that of the area."""
    return log(beyond) + (log(side - 0.5 * beyond) + LOG_2)


@kernel
def cdf(x, c):
    low, high, peak, share, _, left_area, right_area, _, _, _, unit = c
    area = right_area if x > peak else left_area
    return tail((x - low) * unit, (x - peak) * unit, (high - peak) * unit, area, share)


@kernel
def sf(x, c):
    low, high, peak, _, share, left_area, right_area, _, _, _, unit = c
    area = left_area if x < peak else right_area
    return tail((high - x) * unit, (peak - x) * unit, (peak - low) * unit, area, share)


@kernel
def log_cdf(x, c):
    p = cdf(x, c)
    if p > 0.5:
        return log1p(-sf(x, c))
    if p > TINY or c[0] < c[2] < x:
        return log(p)
    left, right = c[8], c[9]
    return 2.0 * log(x - c[0]) - c[7] - left if c[0] < c[2] else log_beyond_peak(x - c[2], c[1] - c[2]) - c[7] - right


@kernel
def log_sf(x, c):
    q = sf(x, c)
    if q > 0.5:
        return log1p(-cdf(x, c))
    if q > TINY or x < c[2] < c[1]:
        return log(q)
    left, right = c[8], c[9]
    return 2.0 * log(c[1] - x) - c[7] - right if c[2] < c[1] else log_beyond_peak(c[2] - x, c[2] - c[0]) - c[7] - left


@kernel
def prepare_quantile(low, high, peak):
    """The ends and the peak; by side, its share of the width, and the root of width times side."""
    _, _, _, share, other, left_area, right_area, _, _, _, unit = prepare(low, high, peak)
    return low, high, peak, share, other, sqrt(left_area) / unit, sqrt(right_area) / unit


@kernel
def distance(p, q, share, root, side, other_root, width):
    """The distance from an end whose tail has probability p = 1 - q, and whether it ends before the peak."""
    past = p > share
    beyond = width * (p - share) * (side / (side + other_root * sqrt(q))) if past else 0.0
    return beyond if past else sqrt(p) * root, past


@kernel
def icdf(p, c):
    low, high, peak, share, other, left_root, right_root = c
    if p < 0.5 or p < share:
        far, past = distance(p, 1.0 - p, share, left_root, high - peak, right_root, high - low)
        return peak + far if past else low + far
    far, past = distance(1.0 - p, p, other, right_root, peak - low, left_root, high - low)
    return peak - far if past else high - far


@kernel
def isf(q, c):
    low, high, peak, other, share, left_root, right_root = c
    if q < 0.5 or q < share:
        far, past = distance(q, 1.0 - q, share, right_root, peak - low, left_root, high - low)
        return peak - far if past else high - far
    far, past = distance(1.0 - q, q, other, left_root, high - peak, right_root, high - low)
    return peak + far if past else low + far


@kernel
def shares(x, c):
    """Whether x counts as left of the peak; its distance from the end on that side over the side, and over the width;
    what is left of 2 without both, times the first; and the inverse of the width, which is taken in units."""
    low, high, peak, _, _, _, _, _, _, _, unit = c
    rising = x < peak or high == peak
    far, beyond = (x - low if rising else high - x) * unit, (peak - x if rising else x - peak) * unit
    left, right = (peak - low) * unit, (high - peak) * unit
    inv_side, inv_width = (1.0 / left if rising else 1.0 / right), 1.0 / ((high - low) * unit)
    share, other = (left if rising else right) * inv_width, (right if rising else left) * inv_width
    of_side, of_width, past = far * inv_side, far * inv_width, beyond * inv_side
    # Near the peak and past it 1 is nearly all taken away.
    near = other + past * (2.0 * share - past * (share + 1.0))
    left_over = (2.0 - of_side - of_width) * of_side if past > 0.3 else near
    return rising, of_side, of_width, left_over, inv_width


@kernel
def sample_grad(x, c):
    rising, of_side, of_width, left_over, _ = shares(x, c)
    in_end = 0.5 * left_over / of_side if of_side > 0.0 else 1.0
    in_other = 0.5 * of_width
    return in_end if rising else in_other, in_other if rising else in_end, 0.5 * of_side


@kernel
def cdf_and_grad(x, c):
    rising, of_side, of_width, left_over, inv_width = shares(x, c)
    unit = inv_width * c[10]
    in_end, in_other, in_peak = -left_over * unit, -of_side * of_width * unit, -of_side * of_side * unit
    in_low, in_high = in_end if rising else in_other, in_other if rising else in_end
    return cdf(x, c), 2.0 * of_side * unit, in_low, in_high, in_peak


@kernel
def draw(noise, c):
    return icdf(noise[0], c)


@kernel
def mean(low, high, peak):
    return low + (0.5 * (peak - low) + 0.5 * (high - low)) / 1.5


@kernel
def variance(low, high, peak):
    left, right = 0.25 * (peak - low), 0.25 * (high - peak)
    return (left * left + left * right + right * right) / 1.125


@kernel
def stddev(low, high, peak):
    width = high - low
    left, right = (peak - low) / width, (high - peak) / width
    return width * sqrt((left * left + left * right + right * right) / 18.0)


@kernel
def skewness(low, high, peak):
    width = high - low
    left, right = (peak - low) / width, (high - peak) / width
    square = left * left + left * right + right * right
    return SQRT_2 * (right - left) * (2.0 * left + right) * (left + 2.0 * right) / (5.0 * square * sqrt(square))


@kernel
def kurtosis(low, high, peak):
    return -0.6


@kernel
def mode(low, high, peak):
    return peak


@kernel
def entropy(low, high, peak):
    return 0.5 + log(0.5 * (high - low))


@kernel
def wide(low, high, peak):
    """Whether the ends are a finite distance above 0 apart."""
    return (low < high) & (high - low < inf)


@kernel
def holds_peak(low, high, peak):
    """Whether the peak is between the ends."""
    return (low <= peak) & (peak <= high)


class Triangular(Distribution):
    r"""Triangular distribution.

    .. math::

        p(x) = \frac{2}{b - a} \begin{cases} (x - a) / (c - a), & a \le x \le c \\
                                             (b - x) / (b - c), & c \le x \le b \end{cases}

    Parameters
    ----------
    low : array_like of real
        Lower end :math:`a`.
    high : array_like of real
        Upper end :math:`b`, above `low`.
    peak : array_like of real
        Mode :math:`c`, from `low` to `high`, both included.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``triang(c, loc, scale)`` has ``low = loc``, ``high = loc + scale`` and
    ``peak = loc + c * scale``. At the peak, where the density has a kink, its derivative is given as
    0. Draws are quantiles of uniform noise.

    Raises
    ------
    ValueError
        If `low` is not below `high`, `peak` is not between them, or a parameter is not finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Triangular(low=0.0, high=4.0, peak=1.0)
    >>> d.cdf([0.0, 1.0, 4.0]), d.mode()
    (array([0.  , 0.25, 1.  ]), np.float64(1.0))
    """

    low = Parameter(constraints.real)
    high = Parameter(constraints.real)
    peak = Parameter(constraints.real)
    has_rsample = True
    _relations = (
        ("low must be below high, by a finite difference", wide),
        ("peak must be from low to high", holds_peak),
    )
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        log_prob=log_prob,
        prob=prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=(prepare_quantile, icdf),
        isf=(prepare_quantile, isf),
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=1, prepare=prepare_quantile),
        sample_grad=sample_grad,
        mean=mean,
        variance=variance,
        stddev=stddev,
        skewness=skewness,
        kurtosis=kurtosis,
        mode=mode,
        entropy=entropy,
    )

    def __init__(self, low: Any, high: Any, peak: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, low=low, high=high, peak=peak)

    @constraints.dependent_property()
    def support(self) -> Any:
        """The closed interval between the ends."""
        return constraints.interval(self.low, self.high)
