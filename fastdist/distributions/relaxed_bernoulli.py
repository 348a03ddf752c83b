"""Relaxed Bernoulli distribution."""

from __future__ import annotations

from math import exp, expm1, log, log1p, sqrt
from typing import Any

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions.images import image
from fastdist.distributions.logistic import log_prob as logistic_log_prob
from fastdist.distributions.logistic import slope as logistic_slope
from fastdist.distributions.logit_relaxed_bernoulli import LogitRelaxedBernoulli, prepare, standard
from fastdist.distributions.logit_relaxed_bernoulli import cdf as logit_cdf
from fastdist.distributions.logit_relaxed_bernoulli import draw as logit_draw
from fastdist.distributions.logit_relaxed_bernoulli import icdf as logit_icdf
from fastdist.distributions.logit_relaxed_bernoulli import isf as logit_isf
from fastdist.distributions.logit_relaxed_bernoulli import log_cdf as logit_log_cdf
from fastdist.distributions.logit_relaxed_bernoulli import log_sf as logit_log_sf
from fastdist.distributions.logit_relaxed_bernoulli import sf as logit_sf
from fastdist.engine.kernel import kernel
from fastdist.engine.pairs import derivative
from fastdist.kernels import Kernels
from fastdist.odds import finite_logits, inner_probs, log_odds
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.special.logs import expit, logit
from fastdist.transforms.logistic import SigmoidTransform

INF, NAN = float("inf"), float("nan")

# Below this temperature a draw is so close to 0 or 1 that a smooth function of it is not smooth in the noise.
SHARP = 0.1
# A logistic variate beyond this has no weight left, even with its fourth power.
FAR = 60.0
# Where the mean is below this power of e, it is 0.
LEAST = 800.0


@kernel
def log_prob(x, c):
    temperature, logits, log_temperature, _ = c
    log_x, log_rest = log(x), log1p(-x)
    z = temperature * (log_x - log_rest) - logits
    upper = z > 0.0
    near, far = temperature - 1.0, -temperature - 1.0
    # At temperature 1 the density is finite at both ends: the power 0 of a distance is 1.
    low = (near * log_x if near != 0.0 or x > 0.0 else 0.0) + far * log_rest
    high = far * log_x + (near * log_rest if near != 0.0 or x < 1.0 else 0.0)
    tail = -2.0 * log1p(exp(-z if upper else z))
    return log_temperature + (logits + high if upper else low - logits) + tail


@kernel
def log_prob_and_grad(x, c):
    temperature, chain = c[0], c[3]
    y = logit(x)
    slope = logistic_slope(standard(y, c))
    # The slope, (temperature * slope + 2 x - 1) / (x (1 - x)), in two terms: at temperature 1 the first is 0 and the
    # second finite at both ends.
    sharper = temperature - 1.0
    apart = sharper != 0.0 or 0.0 < x < 1.0
    first = sharper * slope / (x * (1.0 - x)) if apart else 0.0
    gap = c[1] - (sharper * y if apart else 0.0)
    above = gap > 0.0
    fall = -gap if above else gap
    small, size = exp(fall), -2.0 * expm1(fall)
    second = size / ((1.0 - x) + x * small) if above else -size / ((1.0 - x) * small + x)
    return log_prob(x, c), first + second, 1.0 / temperature + y * slope, -slope * chain


@kernel
def cdf(x, c):
    return logit_cdf(logit(x), c)


@kernel
def sf(x, c):
    return logit_sf(logit(x), c)


@kernel
def log_cdf(x, c):
    return logit_log_cdf(logit(x), c)


@kernel
def log_sf(x, c):
    return logit_log_sf(logit(x), c)


@kernel
def icdf(p, c):
    return expit(logit_icdf(p, c))


@kernel
def isf(q, c):
    return expit(logit_isf(q, c))


@kernel
def cdf_and_grad(x, c):
    z = standard(logit(x), c)
    slope = exp(logistic_log_prob(z))
    return expit(z), exp(log_prob(x, c)), logit(x) * slope, -slope * c[3]


@kernel
def draw(noise, c):
    return expit(logit_draw(noise, c))


@kernel
def sample_grad(x, c):
    spread = x * (1.0 - x) / c[0]
    inner = spread > 0.0
    return -spread * logit(x) if inner else 0.0, spread * c[3]


@kernel
def _ends(temperature, size):
    """The range of noise that matters, for log odds of -size."""
    reach = LEAST if size > LEAST else size
    if temperature > 1.0:
        decay = FAR * temperature / (temperature - 1.0)
        reach = decay if decay < reach else reach
    return -FAR, reach + FAR


@kernel
def _smooth_moments(temperature, size):
    """Mean and central moments by the trapezoidal rule over the logistic noise."""
    low, high = _ends(temperature, size)
    step = 0.4 * (temperature if temperature < 1.0 else 1.0)
    count = int((high - low) / step) + 1
    middle = -size / temperature
    center, slope = expit(middle), expit(-middle)
    # Distances are from the image of noise 0: from 0 they would lose their digits where the spread is small.
    offset = 0.0
    for i in range(count):
        noise = low + step * i
        distance = expit(middle + noise / temperature) * slope * -expm1(-noise / temperature)
        offset += step * exp(logistic_log_prob(noise)) * distance
    second, third, fourth = 0.0, 0.0, 0.0
    for i in range(count):
        noise = low + step * i
        weight = step * exp(logistic_log_prob(noise))
        distance = expit(middle + noise / temperature) * slope * -expm1(-noise / temperature) - offset
        square = distance * distance
        second += weight * square
        third += weight * square * distance
        fourth += weight * square * square
    return center + offset, second, third, fourth


@kernel
def _sharp_moments(temperature, size):
    """The same, by parts: E[x**m] is the mean over t, whose cdf is expit(t)**m, of the tail at t."""
    low = -FAR / (1.0 - temperature) - FAR
    step = 0.4
    count = int((FAR - low) / step) + 1
    m1, m2, m3, m4 = 0.0, 0.0, 0.0, 0.0
    for i in range(count):
        t = low + step * i
        x = expit(t)
        weight = step * exp(logistic_log_prob(t)) * expit(-size - temperature * t)
        m1 += weight
        m2 += 2.0 * weight * x
        m3 += 3.0 * weight * x * x
        m4 += 4.0 * weight * x * x * x
    second = m2 - m1 * m1
    third = m3 - 3.0 * m1 * m2 + 2.0 * m1 * m1 * m1
    return m1, second, third, m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1 * m1 * m1 * m1


@kernel(heavy=True)
def moments(temperature, size):
    """Mean and second to fourth central moments for log odds of -size, at most 0.

    Both rules converge geometrically: the integrands are analytic to a distance of pi times the smaller of
    1 and the temperature, or of 1 and its reciprocal.
    """
    if not temperature * size < INF:
        return NAN, NAN, NAN, NAN
    return _smooth_moments(temperature, size) if temperature > SHARP else _sharp_moments(temperature, size)


@kernel
def mean(temperature, weight, by_logits):
    logits = log_odds(weight, by_logits)
    m = moments(temperature, abs(logits))[0]
    return m if logits < 0.0 else 1.0 - m


@kernel
def variance(temperature, weight, by_logits):
    return moments(temperature, abs(log_odds(weight, by_logits)))[1]


@kernel
def _odd(y, logits):
    """An odd function of the log odds: 0 at 0, where only rounding says otherwise."""
    return y if logits != 0.0 else 0.0


@derivative(_odd)
@kernel
def _odd_slopes(result, y, logits):
    return 1.0, 0.0


@kernel
def skewness(temperature, weight, by_logits):
    logits = log_odds(weight, by_logits)
    _, second, third, _ = moments(temperature, abs(logits))
    y = _odd(third / (second * sqrt(second)), logits)
    return y if logits < 0.0 else 0.0 - y


@kernel
def kurtosis(temperature, weight, by_logits):
    _, second, _, fourth = moments(temperature, abs(log_odds(weight, by_logits)))
    return fourth / second / second - 3.0


@kernel
def median(temperature, weight, by_logits):
    return expit(log_odds(weight, by_logits) / temperature)


@kernel(heavy=True)
def mode(temperature, weight, by_logits):
    """The root of temperature tanh(z / 2) = tanh(logit(x) / 2), by bisection; below temperature 1 an end."""
    logits = log_odds(weight, by_logits)
    if temperature <= 1.0:
        return 0.0 if logits < 0.0 else 1.0
    low, high = -800.0, 800.0
    for _ in range(80):
        y = 0.5 * (low + high)
        rising = temperature * logistic_slope(temperature * y - logits) > logistic_slope(y)
        low, high = (y if rising else low), (high if rising else y)
    y = 0.5 * (low + high)
    for _ in range(2):  # what halves an interval does not say how the root moves; Newton's steps do
        inner, outer = logistic_slope(temperature * y - logits), logistic_slope(y)
        bend = temperature * temperature * (1.0 - inner * inner) - (1.0 - outer * outer)
        y = y + 2.0 * (temperature * inner - outer) / bend if bend != 0.0 else y
    return expit(y)


@kernel
def _log_spread(z):
    """-log(x (1 - x)) at x = expit(z)."""
    size = abs(z)
    return size + 2.0 * log1p(exp(-size))


@kernel(heavy=True)
def entropy(temperature, weight, by_logits):
    """That of the logit, and the mean of log(x (1 - x)); by parts it is a mean over the other scale."""
    logits = log_odds(weight, by_logits)
    sharp = temperature <= SHARP
    step = 0.4 if sharp or temperature > 1.0 else 0.4 * temperature
    total = 0.0
    for i in range(int(2.0 * FAR / step) + 1):
        noise = i * step - FAR
        shifted = temperature * noise + logits if sharp else (noise + logits) / temperature
        total += step * exp(logistic_log_prob(noise)) * _log_spread(shifted)
    return 2.0 - log(temperature) - (total / temperature if sharp else total)


class RelaxedBernoulli(Distribution):
    r"""Relaxed (concrete) Bernoulli distribution: a Bernoulli variate with its mass spread over the unit interval.

    .. math::

        p(x) = \frac{\tau e^{-z}}{(1 + e^{-z})^2\, x (1-x)}, \quad
        z = \tau \operatorname{logit}(x) - \operatorname{logit}(p), \quad 0 \le x \le 1

    Parameters
    ----------
    temperature : array_like of positive
        Temperature :math:`\tau`: towards 0 draws approach 0 and 1.
    probs : array_like of (0, 1)
        Probability :math:`p` that a draw is above 1/2. Exactly one of `probs` and `logits` is given.
    logits : array_like of real
        Log odds of `probs`.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy has no such distribution. Draws are logistic functions of a logistic variate; at low
    temperatures most of them round to 0 or 1, where :class:`LogitRelaxedBernoulli` keeps all digits.
    Moments and entropy are integrated to rounding. Sources: Maddison, Mnih, Teh (2017),
    arXiv:1611.00712; Jang, Gu, Poole (2017), arXiv:1611.01144.

    Raises
    ------
    ValueError
        If both or neither of `probs` and `logits` are given, or a parameter is outside its set.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.RelaxedBernoulli(temperature=0.5, probs=[0.25, 0.75])
    >>> d.cdf(0.5)
    array([0.75, 0.25])
    >>> d.mean()
    array([0.27924091, 0.72075909])
    """

    temperature = Parameter(constraints.positive)
    probs = inner_probs()
    logits = finite_logits()
    support = constraints.unit_interval
    has_rsample = True
    kernels = Kernels(
        prepare=prepare,
        log_prob=log_prob,
        log_prob_and_grad=log_prob_and_grad,
        cdf=cdf,
        sf=sf,
        log_cdf=log_cdf,
        log_sf=log_sf,
        icdf=icdf,
        isf=isf,
        cdf_and_grad=cdf_and_grad,
        sampler=Sampler(draw, uniforms=1),
        sample_grad=sample_grad,
        mean=mean,
        variance=variance,
        skewness=skewness,
        kurtosis=kurtosis,
        median=median,
        mode=mode,
        entropy=entropy,
    )

    base_dist, transforms = image(lambda d: LogitRelaxedBernoulli(**d._parameters), lambda d: SigmoidTransform())

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool = True) -> None:
        self._freeze_either(validate_args, {"probs": probs, "logits": logits}, temperature=temperature)
