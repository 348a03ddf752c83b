"""Proposals for negative binomial variates of constant cost.

From one failure and ten expected successes on by transformed rejection with squeeze, after W. Hormann, Insurance:
Mathematics and Economics 12 (1993) 39-45, doi:10.1016/0167-6687(93)90997-4. His proposal u -> (2 a / us + b) u for a
normal shape, with us = 1/2 - |u|, is followed by the cube of Wilson and Hilferty (1931, doi:10.1073/pnas.17.12.684),
which takes the skewness away. The height of the hat and the squeeze are fitted: in a search over 3000 parameter sets
the mass came no closer to the hat than 0.999 of it, and to the squeeze than by 0.01.

Of less than one failure, r, a negative binomial count is a geometric one whose odds are multiplied by a beta variate
of r and 1 - r: that times an exponential variate is a gamma variate. The beta variate is made of two uniforms, M. D.
Johnk, Metrika 8 (1964) 5-15, doi:10.1007/BF02613706.

Where few successes are expected the masses are added up from 0.
"""

from math import exp, floor, log, log1p, sqrt

from fastdist.engine.elementary import log_of_uniform
from fastdist.engine.kernel import kernel
from fastdist.random.counts import as_count
from fastdist.special.negative_binomial import log_negative_binomial_mass, negative_binomial_mass_constants

__all__ = ["negative_binomial_constants", "propose_negative_binomial"]

NAN = float("nan")

# Up to this mean masses are added up, unless the chance of a success is so large that the sum may be long.
SEARCH, LIKELY = 10.0, 0.9
# A mass below this is less than a uniform can tell.
NEVER = 1e-17
# A proposal is (2 FLANK / us + WIDTH) u standard deviations, us = 1/2 - |u|, before its cube is taken.
FLANK, WIDTH = 0.0627, 2.53


@kernel
def negative_binomial_constants(r, p, q, log_p, log_q):
    """What a proposal for r failures and the chance p = 1 - q of a success needs.

    First r, the chances, the mass of 0 where masses are added up, and the log odds; then of the hat the standard
    deviation, a sixth of the skewness, the place, the height and the squeeze.
    """
    mean = r * (p / q)
    if mean < SEARCH and p <= LIKELY:
        return r, p, q, exp(r * log_q), log_p - log_q, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if r < 1.0:
        return r, p, q, 0.0, log_p - log_q, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    spread = sqrt(r * p) / q
    skew = (1.0 + p) / sqrt(r * p)
    square = skew * skew
    middle = mean + 0.5 - 0.1 * skew
    top = 1.1285 + 0.0175 * square + (0.93 + 0.15 * skew) / (spread - 0.8)
    squeeze = 0.91 - 0.025 * square - 1.3 / (spread - 0.3)
    return (
        r, p, q, 0.0, log_p - log_q, spread, skew / 6.0, -skew / 6.0 - 0.0048 * square, middle, top / spread, squeeze
    )  # fmt: skip


@kernel
def _of_a_part(u, v, w, r, log_odds):
    """A count of less than one failure."""
    log_x = log_of_uniform(u) / r
    total = exp(log_x) + exp(log_of_uniform(v) / (1.0 - r))
    # The chance of a success is 1 / (1 + total / (x odds)).
    k = floor(log_of_uniform(w) / -log1p(total / exp(log_x + log_odds)))
    return as_count(k) if total <= 1.0 else NAN


@kernel(heavy=True)
def _is_below(height, k, r, p, q):
    """Whether the mass of k is not below a height."""
    if not k >= 0.0:
        return False
    log_p = log(p) if p < q else log1p(-q)
    log_q = log1p(-p) if p < q else log(q)
    return log(height) <= log_negative_binomial_mass(k, negative_binomial_mass_constants(r, p, q, 0.0, log_p, log_q))


@kernel(heavy=True)
def propose_negative_binomial(u, v, w, c):
    """A negative binomial count from uniforms and :func:`negative_binomial_constants`, or NaN if it is rejected.

    Only less than one failure takes the third.
    """
    r, p, q, term, log_odds, spread, third, shift, middle, top, squeeze = c
    k = 0.0
    if term > 0.0:
        while u > term and term > NEVER:
            u -= term
            term *= (k + r) / (k + 1.0) * p
            k += 1.0
        return k
    if r < 1.0:
        return _of_a_part(u, v, w, r, log_odds) if r > 0.0 else 0.0
    u -= 0.5
    us = 0.5 - abs(u)
    t = (2.0 * FLANK / us + WIDTH) * u + shift
    bend = third * t
    k = floor(middle + spread * (t * (1.0 + bend * (1.0 + bend * (1.0 / 3.0)))))
    kept = v <= squeeze and -0.4 <= u <= 0.43
    if not kept:
        steep = (1.0 + bend) * (1.0 + bend) * (FLANK / (us * us) + WIDTH)
        kept = _is_below(v * top / steep, k, r, p, q)
    return as_count(k) if kept else NAN
