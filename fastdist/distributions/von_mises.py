"""Von Mises distribution."""

from __future__ import annotations

from math import atan2, cos, exp, log1p, sin, sqrt
from typing import Any

import numpy as np

from fastdist import constraints, devices, interpolate
from fastdist.distribution import Distribution
from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel, together
from fastdist.engine.trigonometric import sincos_turn
from fastdist.kernels import Kernels
from fastdist.kl import register_kl
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.bessel import bessel_ratio, bessel_ratio_gap
from fastdist.special.bessel_divergence import bessel_ratio_slope, log_i0_divergence
from fastdist.special.von_mises import (
    von_mises_constants,
    von_mises_entropy,
    von_mises_kurtosis,
    von_mises_log_norm,
    von_mises_log_tail,
    von_mises_quantile,
    von_mises_slope_ratio,
    von_mises_tail,
    von_mises_variance,
)

NAN = float("nan")
PI = 3.141592653589793
LOG_TWO_ROOT_TWO = 1.0397207708399179

# Concentrations up to here take fewer proposals from the uniform distribution than from a normal one.
DIFFUSE = 1.6


@kernel
def prepare(loc, concentration):
    return loc, -2.0 * concentration, von_mises_log_norm(concentration)


@kernel
def bounds(c):
    return c[0] - PI, c[0] + PI


@kernel
def log_prob(x, c):
    s = sin(0.5 * (x - c[0]))
    return c[1] * s * s - c[2]


@kernel
def prepare_grad(loc, concentration):
    return (*prepare(loc, concentration), bessel_ratio_gap(concentration))


@kernel
def half_angle(x, loc):
    """sin and cos of (x - loc) / 2, right where one of them is small though the difference is rounded."""
    y = x - loc
    moved = y - x
    rest = 0.5 * ((x - (y - moved)) - (loc + moved))
    s, c = sin(0.5 * y), cos(0.5 * y)
    return fma(c, rest, s), fma(-s, rest, c)


@kernel
def log_prob_and_grad(x, c):
    s, cosine = half_angle(x, c[0])
    slope = c[1] * s * cosine
    return c[1] * s * s - c[2], slope, -slope, c[3] - 2.0 * s * s


@kernel
def prepare_cdf(loc, concentration):
    return (loc, *von_mises_constants(concentration))


@kernel
def cdf(x, c):
    s, cosine = half_angle(x, c[0])
    tail = von_mises_tail(s if s > 0.0 else -s, cosine, c[1:])
    return 1.0 - tail if s > 0.0 else tail


@kernel
def sf(x, c):
    s, cosine = half_angle(x, c[0])
    tail = von_mises_tail(s if s > 0.0 else -s, cosine, c[1:])
    return tail if s > 0.0 else 1.0 - tail


@kernel
def log_cdf(x, c):
    s, cosine = half_angle(x, c[0])
    log_tail = von_mises_log_tail(s if s > 0.0 else -s, cosine, c[1:])
    return log1p(-exp(log_tail)) if s > 0.0 else log_tail


@kernel
def log_sf(x, c):
    s, cosine = half_angle(x, c[0])
    log_tail = von_mises_log_tail(s if s > 0.0 else -s, cosine, c[1:])
    return log_tail if s > 0.0 else log1p(-exp(log_tail))


@kernel
def icdf(p, c):
    angle = von_mises_quantile(p if p < 0.5 else 1.0 - p, c[1:])
    return c[0] - angle if p < 0.5 else c[0] + angle


@kernel
def isf(q, c):
    angle = von_mises_quantile(q if q < 0.5 else 1.0 - q, c[1:])
    return c[0] + angle if q < 0.5 else c[0] - angle


@kernel
def loc_slope(x, c):
    return 1.0


@kernel
def concentration_slope(x, c):
    s, cosine = half_angle(x, c[0])
    ratio = von_mises_slope_ratio(s if s > 0.0 else -s, cosine, c[1:])
    return ratio if s > 0.0 else -ratio


@kernel
def cdf_and_grad(x, c):
    s, _ = half_angle(x, c[0])
    density = exp(-2.0 * c[1] * s * s - c[2])
    return cdf(x, c), density, -density, -density * concentration_slope(x, c)


@kernel
def prepare_draw(loc, concentration):
    # A normal s = sin(y/2) is flatter than the target by e**(-2 spare s*s), which makes the bound on their ratio
    # the same at the mode and a quarter turn from it: in between the ratio is below, because its log is convex.
    echo = exp(-2.0 * concentration)
    spare = LOG_TWO_ROOT_TWO - log1p(echo)
    narrow = concentration > DIFFUSE
    scale = 0.5 / sqrt(concentration - spare if narrow else 1.0)
    return (loc, -2.0 * concentration, -2.0 * (spare if narrow else concentration), scale, 1.0 / (1.0 + echo),
            1.0 if narrow else 0.0)  # fmt: skip


@kernel
def accept(half, square, weight, u, c):
    """The draw for a proposal y = 2 half, abs(y) < pi/2, or for its mirror image pi - y; NaN if both are rejected."""
    mirrored = weight * exp(c[1] * (1.0 - 2.0 * square))
    y = 2.0 * half
    turned = (PI if y > 0.0 else -PI) - y
    y = y if u < weight else (turned if u < weight + mirrored else NAN)
    return c[0] + y


@kernel
def draw_narrow(noise, c):
    s = noise[0] * c[3]
    square = s * s
    inside = square < 0.5
    square = square if inside else 0.5
    root = sqrt(1.0 - square)
    weight = exp(c[2] * square) * c[4] / root
    return accept(atan2(s, root), square, weight if inside else 0.0, noise[1], c)


@kernel
def draw(noise, c):
    turn = 0.25 * noise[2] - 0.125
    s, _ = sincos_turn(turn)
    square = s * s
    wide = accept(2.0 * PI * turn, square, exp(c[2] * square) * c[4], noise[1], c)
    return draw_narrow(noise, c) if c[5] > 0.0 else wide


_NARROW = Sampler(draw_narrow, normals=1, uniforms=1, rejects=True, prepare=prepare_draw)


@kernel
def mean(loc, concentration):
    return loc


@kernel
def variance(loc, concentration):
    return von_mises_variance(concentration)


@kernel
def skewness(loc, concentration):
    return 0.0


@kernel
def kurtosis(loc, concentration):
    return von_mises_kurtosis(concentration)


@kernel
def entropy(loc, concentration):
    return von_mises_entropy(concentration)


class VonMises(Distribution):
    r"""Von Mises distribution: the normal distribution's counterpart on the circle.

    .. math:: p(x) = \frac{e^{\kappa \cos(x - \mu)}}{2 \pi I_0(\kappa)}, \quad \mu - \pi \le x \le \mu + \pi

    Parameters
    ----------
    loc : array_like of real
        Mean direction :math:`\mu`, in radians.
    concentration : array_like of positive
        Concentration :math:`\kappa`: the angle has variance :math:`1/\kappa` where that is small.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``vonmises(kappa, loc)`` has ``kappa = concentration``. The density is periodic: `log_prob` and
    `prob` take angles on any turn, to 2e15 away from `loc`. Draws, the cdf and quantiles are on the turn
    around `loc`, from ``loc - pi`` to ``loc + pi``, so that a draw is `loc` plus an angle and has
    derivative 1 in it; torch, NumPy and SciPy wrap draws to :math:`[-\pi, \pi)`.

    `mean`, `variance` and the other moments are those of the draws as numbers, as in SciPy. torch's
    ``variance`` is the circular one, :math:`1 - I_1(\kappa) / I_0(\kappa)`:
    ``1 - d.expect(lambda x: np.cos(x - loc))``.

    The log density is taken from :math:`-2 \sin^2((x - \mu) / 2)` and scaled Bessel functions, which cancels
    no digits at large concentrations. Tails are the density times a Gauss-Legendre quadrature, right
    to the last digits relative to themselves, and in the log where they underflow. Draws are made by
    rejection from a normal :math:`\sin(y / 2)`, or from a uniform angle up to concentration 1.6, on the
    circle folded at :math:`\pm \pi / 2`; at least two of three proposals are accepted, where the wrapped
    Cauchy proposals of Best and Fisher (1979, doi:10.2307/2346732) lose a third at all large
    concentrations. Derivatives of draws are implicit.

    Raises
    ------
    ValueError
        If `loc` is not finite, or `concentration` is not positive and finite.

    Examples
    --------
    >>> import numpy as np
    >>> import fastdist as fd
    >>> d = fd.VonMises(loc=0.0, concentration=[0.5, 4.0])
    >>> d.cdf(1.0)
    array([0.72847734, 0.96677418])
    >>> d.prob(2 * np.pi) == d.prob(0.0)
    array([ True,  True])
    """

    loc = Parameter(constraints.real)
    concentration = Parameter(constraints.positive)
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        bounds=bounds,
        density_support=constraints.real,
        quick=interpolate.METHODS,
        log_prob=log_prob,
        log_prob_and_grad=(prepare_grad, log_prob_and_grad),
        cdf=(prepare_cdf, cdf),
        sf=(prepare_cdf, sf),
        log_cdf=(prepare_cdf, log_cdf),
        log_sf=(prepare_cdf, log_sf),
        icdf=(prepare_cdf, icdf),
        isf=(prepare_cdf, isf),
        cdf_and_grad=(prepare_cdf, cdf_and_grad),
        sampler=Sampler(draw, normals=1, uniforms=2, rejects=True, prepare=prepare_draw),
        sample_grad=(prepare_cdf, together(loc_slope, concentration_slope)),
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        median=mean,
        mode=mean,
        entropy=entropy,
    )

    def __init__(self, loc: Any, concentration: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, loc=loc, concentration=concentration)

    @constraints.dependent_property()
    @devices.host_only
    def support(self) -> Any:
        """The closed interval of one turn around `loc`."""
        return constraints.interval(self.loc - PI, self.loc + PI)

    def _sampler(self) -> Sampler:
        """Normal proposals alone where no concentration needs another: the draws are the same."""
        return _NARROW if np.all(np.greater(self.concentration, DIFFUSE)) else self.kernels.sampler


@register_kl(VonMises, VonMises)
@kernel
def kl_von_mises(loc, concentration, other_loc, other):
    # That of the concentrations, and that of the directions.
    s, cosine = half_angle(loc, other_loc)
    turned, length = 2.0 * s * s, bessel_ratio(concentration)
    beyond, rise = log_i0_divergence(other, concentration)
    in_loc = other * length * (2.0 * s * cosine)
    in_own = bessel_ratio_slope(concentration) * ((concentration - other) + other * turned)
    return beyond + other * length * turned, in_loc, in_own, -in_loc, rise + length * turned
