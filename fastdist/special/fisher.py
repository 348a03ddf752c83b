"""Derivatives of the tails of Fisher and Snedecor's distribution in its degrees of freedom.

With a = df1 / 2, b = df2 / 2 and x / y = (a / b) F, y = 1 - x, the cdf at F is I_x(a, b). Its derivatives
at a fixed F are those of I in a and b and a share of the density, which nearly cancel where one parameter
is large: F then hardly depends on it. Here the tail is its ratio R to the kernel K = x**a y**b / B(a, b), by
the continued fraction of :mod:`fastdist.special.beta_tail`, and both factors are differentiated along a fixed F:
u (b - m), for one, moves by u (u + m v / b), and no term is the small difference of two large ones.

Where a and b exceed 32, and next to the mean, the expansion of :mod:`fastdist.special.beta_expansion` serves,
differentiated likewise.

Largest relative error seen, beside what a rounding of the inputs changes: 2.1e-11 over a and b from 5e-4 to 5e7
(99 of 100 within 3e-13), 1e-12 by the expansion.
"""

from math import log, sqrt

from fastdist.engine.kernel import kernel
from fastdist.special.beta import digamma_gap_fall, log_curvature, saddle_offset
from fastdist.special.beta_expansion import ORDER, expansion_at_fixed_ratio
from fastdist.special.beta_tail import (
    EPSILON,
    HUGE,
    HUGE_INVERSE,
    SETTLED,
    _half_square,
    _polynomial,
    betainc_constants,
    saddle_root,
)

__all__ = ["fisher_constants", "fisher_falls", "fisher_log_slope", "fisher_slopes"]

FALLS, IN_A, IN_B = 14 + 3 * ORDER, 18 + 3 * ORDER, 18 + 4 * ORDER  # where they begin in `fisher_constants`
ZEROS = (0.0,) * (2 * ORDER)
STEPS, NOISE = 700.0, 4e-16


@kernel(heavy=True)
def _fraction_slopes(a, b, u, v, offset):
    """(R, dR/da, dR/db) at a fixed F, for the tail at u that is the smaller one or close to it."""
    n = a + b
    base = offset + 1.0
    step = 1.0 + v
    by_a, by_b = v / a, v / b
    r = 1.0 / (a + 1.0)
    p0, p0_a, p0_b = 1.0, 0.0, 0.0
    p1, p1_a, p1_b = a * r * base, r * (r * base + a * by_a * offset), a * r * u * (offset / b)
    q0, q0_a, q0_b = 0.0, 0.0, 0.0
    q1, q1_a, q1_b = 1.0, 0.0, 0.0
    m = 1.0
    converged = False
    settled = 0
    slope_a, slope_b = 0.0, 0.0
    while m < STEPS and settled < 2:
        i = (a + (m - 1.0)) * r
        i_a = m * r * r
        j = ((n + m) - 1.0) * u * r
        j_a = u * r * r * (m - b) + j * by_a
        j_b = u * (u - (a + (m - 1.0)) * by_b) * r
        up = m * (b - m) * u
        up_b = m * u * (u + m * by_b)
        rise = up * r
        rise_a = rise * (by_a - r)
        rise_b = up_b * r
        alpha = i * j * up
        alpha_a = i_a * j * up + i * (j_a * up + j * up * by_a)
        alpha_b = i * (j_b * up + j * up_b)
        r = 1.0 / (a + (2.0 * m + 1.0))
        part = (base + m * step) * r
        share = (a + m) * r
        beta = (m + rise) + (a + m) * part
        beta_a = rise_a + part * ((m + 1.0) * r) + share * by_a * (offset - m * u)
        beta_b = rise_b + share * (u / b) * (offset + m * v)
        p2 = beta * p1 + alpha * p0
        q2 = beta * q1 + alpha * q0
        p2_a = beta * p1_a + beta_a * p1 + alpha * p0_a + alpha_a * p0
        q2_a = beta * q1_a + beta_a * q1 + alpha * q0_a + alpha_a * q0
        p2_b = beta * p1_b + beta_b * p1 + alpha * p0_b + alpha_b * p0
        q2_b = beta * q1_b + beta_b * q1 + alpha * q0_b + alpha_b * q0
        converged = converged or abs(q2 * p1 - q1 * p2) <= EPSILON * abs(q2 * p1)
        if converged:
            # The value may end early, for an integer b, where its derivatives do not.
            factor = q2 / p2
            next_a, next_b = (q2_a - factor * p2_a) / p2, (q2_b - factor * p2_b) / p2
            # Nor do they settle below the rounding of what cancels: further steps would add more of it.
            rough_a = SETTLED * abs(next_a) + NOISE * abs(q2_a / p2)
            rough_b = SETTLED * abs(next_b) + NOISE * abs(q2_b / p2)
            still = abs(next_a - slope_a) <= rough_a and abs(next_b - slope_b) <= rough_b
            settled = settled + 1 if still else 0
            slope_a, slope_b = next_a, next_b
        scale = HUGE_INVERSE if abs(p2) > HUGE else 1.0
        p0, p0_a, p0_b = p1 * scale, p1_a * scale, p1_b * scale
        q0, q0_a, q0_b = q1 * scale, q1_a * scale, q1_b * scale
        p1, p1_a, p1_b = p2 * scale, p2_a * scale, p2_b * scale
        q1, q1_a, q1_b = q2 * scale, q2_a * scale, q2_b * scale
        m += 1.0
    factor = q1 / p1
    return factor, (q1_a - factor * p1_a) / p1, (q1_b - factor * p1_b) / p1


@kernel
def fisher_log_slope(a, u, shift, fall):
    """Derivative of log K in `a` at a fixed F: shift = (b u - a v) / a, fall = digamma_gap_fall(a, b)."""
    return (log(u * fall[1]) - shift if shift < -0.5 else -0.5 * shift * shift * log_curvature(shift)) + fall[0]


@kernel
def fisher_falls(a, b):
    """What `fisher_log_slope` needs: for a, then for b."""
    return digamma_gap_fall(a, b), (a + b) / a, digamma_gap_fall(b, a), (a + b) / b


@kernel
def fisher_constants(a, b):
    """`betainc_constants`, `fisher_falls`, then the coefficients of the expansion about the mean."""
    c = betainc_constants(a, b)
    return c + fisher_falls(a, b) + (expansion_at_fixed_ratio(a, b, c[10]) if c[11] >= 0.0 else ZEROS)


@kernel
def fisher_slopes(x, y, shift, c):
    """Derivatives of the cdf in a and b at a fixed F, over the kernel K; shift = a y - b x, `c` as above."""
    if abs(shift) < c[11]:
        half = _half_square(c[0], c[1], shift)
        z = saddle_root(half, c[0], c[1], shift)
        return -_polynomial(z, c[IN_A:IN_B]), -_polynomial(z, c[IN_B:])
    # The fraction's terms cancel only if this agrees with the rounded x and y.
    shift = saddle_offset(c[0], c[1], x, y)
    fall_x, fall_y = (c[FALLS], c[FALLS + 1]), (c[FALLS + 2], c[FALLS + 3])
    lower = shift >= 0.0 if c[0] >= 1.0 and c[1] >= 1.0 else x * c[3] <= y * c[2]
    # From the side of a small parameter the terms do not alternate: it serves a little beyond the mean too.
    few = c[0] if c[0] < c[1] else c[1]
    reach = 1.0 + (2.0 / sqrt(few) if few >= 1.0 and few <= 1e3 else 0.0)
    lower = lower and not (c[0] > 16.0 * c[1] and y * c[2] < reach * x * c[3])
    lower = lower or (c[1] > 16.0 * c[0] and x * c[3] < reach * y * c[2])
    a, b = (c[0], c[1]) if lower else (c[1], c[0])
    u, v = (x, y) if lower else (y, x)
    offset = shift if lower else -shift
    ratio, in_a, in_b = _fraction_slopes(a, b, u, v, offset)
    log_a = fisher_log_slope(a, u, -offset / a, fall_x if lower else fall_y)
    log_b = fisher_log_slope(b, v, offset / b, fall_y if lower else fall_x)
    in_a, in_b = log_a * ratio + in_a, log_b * ratio + in_b
    return (in_a, in_b) if lower else (-in_b, -in_a)
