"""The relaxed and the continuous Bernoulli distributions, by their log odds and by their probabilities."""

import mpmath as mp
from mpmath import mpf

from exact.location_scale import logistic, logistic_lower, logistic_tails
from exact.tools import Grid, complement, differentiated

PLACES = [(1.0, 0.0), (0.5, 0.5), (1e-3, 2.0), (0.05, -1.25), (0.3, -300.0), (3.0, 0.7), (30.0, -1e-3), (1e8, 1e3)]


def _expit(z):
    return 1 / (1 + mp.exp(-z))


def logit_relaxed(x, temperature, logits):
    return mp.log(temperature) + logistic(temperature * x - logits)


def logit_relaxed_tails(x, temperature, logits):
    return logistic_tails(temperature * x - logits)


def logit_relaxed_quantile(p, upper, temperature, logits):
    return (logits + (-1 if upper else 1) * logistic_lower(p)) / temperature


def logit_relaxed_moments(temperature, logits):
    variance = mp.pi**2 / (3 * temperature**2)
    return logits / temperature, variance, mpf(0), mpf("1.2"), 2 - mp.log(temperature)


def relaxed(x, temperature, logits):
    return logit_relaxed(logistic_lower(x), temperature, logits) - mp.log(x) - mp.log1p(-x)


def relaxed_tails(x, temperature, logits):
    return logit_relaxed_tails(logistic_lower(x), temperature, logits)


def relaxed_quantile(p, upper, temperature, logits):
    return _expit(logit_relaxed_quantile(p, upper, temperature, logits))


@mp.workdps(60)
def relaxed_moments(temperature, logits):
    """By the trapezoidal rule, whose error falls by exp(-pi**2 / step) here.

    Above temperature 1 over the noise; below, by parts, over t with E[x**m] = integral of the tail of the
    logit times the derivative of expit(t)**m.
    """
    step = mpf(1) / 8
    hot = temperature >= 1
    nodes = [step * k for k in range(-int((150 + abs(logits)) / step), int((150 + abs(logits)) / step))]
    if hot:
        xs = [(_expit((noise + logits) / temperature), step * mp.exp(logistic(noise))) for noise in nodes]
        raw = [mp.fsum(w * x**m for x, w in xs) for m in range(1, 5)]
        shifted = [((t + logits) / temperature, step * mp.exp(logistic(t))) for t in nodes]
    else:
        tails = [(_expit(t), step * mp.exp(logistic(t)) * _expit(logits - temperature * t)) for t in nodes]
        raw = [mp.fsum(m * w * x ** (m - 1) for x, w in tails) for m in range(1, 5)]
        # log(x (1 - x)) is -E|z - T| for a logistic T: both logistic variates may change places.
        shifted = [(temperature * t + logits, step * mp.exp(logistic(t)) / temperature) for t in nodes]
    spread = -mp.fsum(w * (abs(z) + 2 * mp.log1p(mp.exp(-abs(z)))) for z, w in shifted)
    m1, m2, m3, m4 = raw
    second = m2 - m1**2
    third = m3 - 3 * m1 * m2 + 2 * m1**3 if logits else mpf(0)
    fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
    return m1, second, third / second ** mpf("1.5"), fourth / second**2 - 3, 2 - mp.log(temperature) + spread


def relaxed_place(temperature, logits):
    x = _expit(logits / temperature)
    return x, max(x * (1 - x) / temperature, mpf("1e-3"))


def _by_probs(function):
    """The same family in terms of probs, the last parameter."""
    return lambda *a: function(*a[:-1], logistic_lower(a[-1]))


def continuous(x, logits):
    return logits * x + mp.log(logits / mp.expm1(logits) if logits else mpf(1))


def continuous_tails(x, logits):
    if abs(logits) < mpf(10) ** -15:
        lower = mp.log(x + logits * x * (x - 1) / 2)
        return lower, mp.log(1 - x - logits * x * (x - 1) / 2)
    if logits > 0:
        return tuple(reversed(continuous_tails(1 - x, -logits)))
    lower = mp.log(mp.expm1(logits * x) / mp.expm1(logits))
    upper = logits * x + mp.log(mp.expm1(logits * (1 - x)) / mp.expm1(logits))
    return (lower, complement(lower)) if lower < upper else (complement(upper), upper)


def continuous_quantile(p, upper, logits):
    with mp.workdps(800):
        p = 1 - p if upper else p
        return mp.log1p(p * mp.expm1(logits)) / logits if logits else p


@mp.workdps(120)
def continuous_moments(logits):
    if not logits:
        return mpf("0.5"), mpf(1) / 12, mpf(0), mpf("-1.2"), mpf(0)
    a, e = logits, mp.exp(logits)
    mean = 1 / (1 - 1 / e) - 1 / a
    second = 1 / a**2 - e / (1 - e) ** 2
    third = -2 / a**3 - e * (1 + e) / (1 - e) ** 3
    fourth = 6 / a**4 - e * (1 + 4 * e + e**2) / (1 - e) ** 4
    entropy = -(a * mean + mp.log(a / mp.expm1(a)))
    return mean, second, third / second ** mpf("1.5"), fourth / second**2, entropy


TILTS = [-1e8, -300.0, -12.5, -1.5, -1e-3, -1e-12, 0.0, 1e-7, 0.25, 5.0, 40.0, 750.0]
PROBS = [1e-300, 1e-8, 1e-3, 0.25, 0.49999, 0.5, 0.5000001, 0.75, 0.999]
GRIDS = {
    "LogitRelaxedBernoulli": Grid(
        differentiated(logit_relaxed, logit_relaxed_tails),
        logit_relaxed_moments,
        PLACES,
        quantile=logit_relaxed_quantile,
    ),
    "LogitRelaxedBernoulli(probs)": Grid(
        differentiated(_by_probs(logit_relaxed), _by_probs(logit_relaxed_tails)),
        _by_probs(logit_relaxed_moments),
        [(0.5, 0.25), (1e-3, 1e-300), (1e8, 0.999)],
        quantile=_by_probs(logit_relaxed_quantile),
    ),
    "RelaxedBernoulli": Grid(
        differentiated(relaxed, relaxed_tails),
        relaxed_moments,
        PLACES,
        0.0,
        1.0,
        scale=relaxed_place,
        quantile=relaxed_quantile,
    ),
    "RelaxedBernoulli(probs)": Grid(
        differentiated(_by_probs(relaxed), _by_probs(relaxed_tails)),
        _by_probs(relaxed_moments),
        [(0.5, 0.25), (2.0, 0.75), (1e-3, 0.5), (0.3, 1e-8), (1e3, 0.999)],
        0.0,
        1.0,
        scale=_by_probs(relaxed_place),
        quantile=_by_probs(relaxed_quantile),
    ),
    "ContinuousBernoulli": Grid(
        differentiated(continuous, continuous_tails),
        continuous_moments,
        [(a,) for a in TILTS],
        0.0,
        1.0,
        quantile=continuous_quantile,
    ),
    "ContinuousBernoulli(probs)": Grid(
        differentiated(_by_probs(continuous), _by_probs(continuous_tails)),
        _by_probs(continuous_moments),
        [(p,) for p in PROBS],
        0.0,
        1.0,
        quantile=_by_probs(continuous_quantile),
    ),
}
