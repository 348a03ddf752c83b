"""The divergence of one Student t distribution from another, by a trapezoidal sum on a scale made for the two.

With r = log q - log p it is the integral of p (exp(r) - 1 - r), which is not negative anywhere, and nothing cancels.
All singularities of the integrand are at L1 +- i S1 and L2 +- i S2, the locations and scales times the roots of the
degrees of freedom. On

    u = asinh((x - L1) / S1) + asinh((x - L2) / S2)

each is pi/2 or more from the real axis, wherever they are, and the inverse is the root of a quadratic equation.
There the trapezoidal rule converges exponentially (Trefethen and Weideman 2014, doi:10.1137/130932132). Nodes spread
out like sinh beyond the bulk, so that a tail of 1e141 scales takes a few dozen more. Large degrees of freedom are
like normal distributions, to which scales of a few standard deviations are suited. Tails of few degrees of freedom
reach beyond float64: there both densities are powers, of which the logarithms are added up.

The largest relative error seen is 1e-13, over degrees of freedom from 1e-80 to 1e6 and any locations and scales;
1.5e-15 is typical. That of `student_t_negentropy` is 3e-14, next to 10 degrees of freedom.
"""

from math import asinh, ceil, cosh, exp, expm1, log, log1p, sinh, sqrt

from fastdist.engine.bits import fma
from fastdist.engine.kernel import kernel
from fastdist.special.beta import digamma_rise, log_curvature
from fastdist.special.gamma import trigamma
from fastdist.special.logs import exp_excess, log_quotient
from fastdist.special.student_t import student_t_log_top

__all__ = ["student_t_divergence", "student_t_negentropy"]

# A finite stand-in for infinitely many degrees of freedom: the normal limit to the last digit.
MANY = 1e300
# The square of what stands for S of a normal distribution, in standard deviations.
WIDE = 6.0
STEP, STRETCH = 0.14, 0.4
# What is left out of a density integrates to exp(-REACH), or is where squared distances pass exp(FARTHEST).
REACH, FARTHEST = 41.0, 650.0
# From this u on both densities are powers of the distance.
POWERS, LOG_4 = 600.0, 1.3862943611198906

# The negentropy times df**2, in 1 / df, highest power first (``tools/fit_student_t_negentropy.py``); where it holds.
NEGENTROPY = (
    -7994.060753429591, 9173.393718495458, -2375.4487497255727, 347.8062830414015, 183.18667002390237,
    43.54540809612414, 19.83390922877341, 17.062383681381284, 10.357146672730059, 5.083333269028432,
    2.900000000591184, 2.124999999997293, 1.5000000000000047, 0.75,
)  # fmt: skip
NEGENTROPY_FROM = 10.0
HALF_LOG_2PI = 0.9189385332046728


@kernel(heavy=True)
def _slope_offset(nu):
    """digamma((nu + 1) / 2) - digamma(nu / 2) - 1 / nu."""
    x = 0.5 * nu
    t = 1.0 / x / x
    # The terms cancel for large nu.
    return t * (0.125 - t * (0.015625 - t * 0.0078125)) if x > 1e3 else digamma_rise(x, 0.5) - 0.5 / x


@kernel
def _slopes(ratio, nu, offset):
    """Derivatives of the log density in nu, in the location and in the log scale; ratio = z / sqrt(nu)."""
    w = ratio * ratio
    share = w / (1.0 + w)
    near = w < 1.0
    short = w if near else 0.0
    excess = short * short * (0.5 * log_curvature(short) - 1.0 / (1.0 + short)) if near else share - log1p(w)
    in_df = 0.5 * (offset + excess + share / nu)
    return in_df, (nu + 1.0) / nu * (ratio / (1.0 + w)), (nu + 1.0) * share - 1.0


@kernel
def _reach(nu, other):
    """How far a density is looked at, in its scales: the logarithm of the other may be as large as its df."""
    fall = 2.0 * (REACH + log1p(other if other < 1e9 else 1e9)) / nu
    return sqrt(nu * expm1(fall if fall < FARTHEST else FARTHEST))


@kernel(heavy=True)
def student_t_divergence(nu, loc, scale, mu, other_loc, other_scale):
    """The divergence of the second from the first, and its derivatives in all six parameters."""
    nu, mu = nu if nu < MANY else MANY, mu if mu < MANY else MANY
    # Lengths are in the first's S1.
    width, other_width = sqrt(nu / (1.0 + nu / WIDE)), sqrt(mu / (1.0 + mu / WIDE))
    unit, root, other_root = scale * width, sqrt(nu), sqrt(mu)
    b = unit / (other_scale * other_width)
    d = (other_loc - loc) / unit
    k, other_k = width / root, unit / (other_scale * other_root)
    change = other_root * (other_scale - scale) + scale * ((mu - nu) / (root + other_root))
    gap_k = k * (change / (other_scale * other_root))
    half, other_half = 0.5 * (nu + 1.0), 0.5 * (mu + 1.0)
    # Of distributions alike differences are taken before the logarithms.
    alike = abs(other_half - half) < 0.5 * half and abs(gap_k) < 0.5 * k and abs(d) * other_k < 1.0
    log_top = student_t_log_top(nu) + log(width)
    shift = log_quotient(scale, other_scale) + (student_t_log_top(mu) - student_t_log_top(nu))
    offset, other_offset = _slope_offset(nu), _slope_offset(mu)

    distance = abs(d)
    first, second = _reach(nu, mu) / width, _reach(mu, nu) / (b * other_width) + distance
    far = first if first > second else second
    stop = asinh(far) + asinh(b * (far + distance))
    stop = stop if stop < 700.0 else 700.0
    # Of few degrees of freedom the tails reach beyond float64, where u = log(4 b y**2).
    least = nu if nu < mu else mu
    fall = 2.0 * (REACH + log1p((mu if nu < mu else nu) if nu + mu < 1e9 else 1e9)) / least
    stop = fall + abs(log(b)) + LOG_4 if fall > FARTHEST else stop
    log_k, log_other_k, log_b = log(k), log(other_k), log(b)
    log_gap = log1p(gap_k / other_k) if alike else log_k - log_other_k
    at_first, at_second = asinh(b * (1.0 + distance)), asinh(distance + 1.0 / b)
    stretch = STRETCH / (2.0 + (at_first if at_first > at_second else at_second))
    count = float(ceil(asinh(stretch * stop) / (stretch * STEP)))

    rise = b * d
    total, in_nu, in_scale, in_mu, in_far_loc, in_near_loc, in_other_scale = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    mean_own, mean_df, mean_log_scale = 0.0, 0.0, 0.0
    i = -count
    while i <= count:
        v = stretch * STEP * i
        u = sinh(v) / stretch
        if abs(u) > POWERS:
            log_y = 0.5 * (abs(u) - LOG_4 - log_b)
            i += 1.0
            r = shift + (nu + 1.0) * log_gap + (nu - mu) * (log_other_k + log_y)
            weight = 0.5 * cosh(v)
            density = weight * exp(log_top - (nu + 1.0) * log_k - nu * log_y)
            other_mass = weight * exp(log_top + shift - (mu + 1.0) * log_other_k - mu * log_y)
            pulled = other_mass - density if r > 1.0 else density * expm1(r)
            total += pulled - density * r
            own = density * -r
            df = 0.5 * (offset + 1.0 + 1.0 / nu) - log_k - log_y
            mean_own, mean_df, mean_log_scale = mean_own + own, mean_df + density * df, mean_log_scale + density * nu
            in_nu += own * df
            in_scale += own * nu
            in_mu += pulled * (0.5 * (other_offset + 1.0 + 1.0 / mu) - log_other_k - log_y)
            in_other_scale += pulled * mu
            continue
        s, inv_c = sinh(u), 1.0 / cosh(u)
        t = s * inv_c
        whole = 2.0 * b + (1.0 + b * b) * inv_c
        middle = t * sqrt(((1.0 + b * b) * inv_c + 2.0 * b + rise * d * b * inv_c) / inv_c)
        i += 1.0
        # Distances from both locations: of the two forms of the root that which does not cancel.
        p, q = rise * (b * inv_c + 1.0), -d * (inv_c + b)
        y = (p + middle) / whole if p * t >= 0.0 else (t - rise * inv_c) * ((s + rise) / (middle - p))
        z = (q + middle) / whole if q * t >= 0.0 else (t + d * inv_c) * ((s - d) / (middle - q))
        weight = cosh(v) / (1.0 / sqrt(1.0 + y * y) + b / sqrt(1.0 + b * z * (b * z)))

        ratio, other_ratio = k * y, other_k * z
        w, other_w = ratio * ratio, other_ratio * other_ratio
        level, other_level = log1p(w), log1p(other_w)
        if alike:
            apart = (gap_k * y + other_k * d) * (ratio + other_ratio) / (1.0 + other_w)
            moved = log1p(apart) if abs(apart) < 0.5 else level - other_level
            r = shift + (half * moved + (half - other_half) * other_level)
        else:
            r = shift + (half * level - other_half * other_level)
        density = weight * exp(log_top - half * level)
        pulled = weight * exp(log_top + shift - other_half * other_level) - density if r > 1.0 else density * expm1(r)
        total += pulled - density * r if abs(r) > 0.5 else density * exp_excess(r)
        own = density * -r
        df, _, log_scale = _slopes(ratio, nu, offset)
        mean_own, mean_df, mean_log_scale = mean_own + own, mean_df + density * df, mean_log_scale + density * log_scale
        in_nu += own * df
        in_scale += own * log_scale
        df, location, log_scale = _slopes(other_ratio, mu, other_offset)
        in_mu += pulled * df
        in_near_loc += pulled * location
        in_far_loc -= density * location
        in_other_scale += pulled * log_scale
    # The same number twice: far apart without the mean of q's own slope, which is 0, and close together without
    # terms that cancel.
    # What the sum leaves of the means of p's own slopes, which are 0, does not count as often as -r is large.
    in_nu -= STEP * mean_own * mean_df
    in_scale -= STEP * mean_own * mean_log_scale
    in_other_loc = STEP * (in_far_loc if STEP * total > 1.0 else in_near_loc) * (other_root / other_scale)
    return (
        STEP * total,
        STEP * in_nu,
        -in_other_loc,
        STEP * in_scale / scale,
        STEP * in_mu,
        in_other_loc,
        STEP * in_other_scale / other_scale,
    )


@kernel(heavy=True)
def student_t_negentropy(nu):
    """The divergence from a t distribution of the normal one of its mean and variance, for nu > 2, and its slope."""
    r = 1.0 / nu
    if nu < NEGENTROPY_FROM:
        half, two = 0.5 * (nu + 1.0), nu - 2.0
        rest = (student_t_log_top(nu) + HALF_LOG_2PI) - 0.5 * r - half * _slope_offset(nu)
        slope = 0.5 * (half * (trigamma(0.5 * nu) - trigamma(half)) - r) - r / two
        return rest - 0.5 * log(two * r), slope
    value, slope = 0.0, 0.0
    for c in NEGENTROPY:
        slope = fma(slope, r, value)
        value = fma(value, r, c)
    return r * r * value, -r * r * r * (2.0 * value + r * slope)
