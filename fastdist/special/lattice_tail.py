"""Sums of a mass over all integers from one on, relative to the mass there, at bounded cost.

For masses whose neighbours have a rational ratio. Few terms are added up by that ratio. Where the mass falls
slowly, its continuation to the reals is integrated instead by Gauss and Legendre's rule, over the log odds of the
place between the ends of the support: there a bell stays a bell, and a power of the distance to an end becomes an
exponential. The sum less the integral is Euler and Maclaurin's correction at the first half-integer, in central
differences (DLMF 2.10(i); F. B. Hildebrand, Introduction to Numerical Analysis, 1974, section 5.8).
"""

from math import exp, expm1, log, log1p, sqrt

from fastdist.engine.bits import to_int
from fastdist.engine.kernel import filled, kernel
from fastdist.special.quadrature import NODES_32, WEIGHTS_32

__all__ = ["itself", "lattice_tail", "surprise"]

# Up to about so many terms are added up: that takes as long as two panels of the integral.
SHORT = 512.0
# An estimate of how many may be wrong: beyond this many the rest is integrated.
LONGEST = 4096.0
FURTHER = 64.0
# Next to an end of the support a mass varies within a few counts: this many are added up there. With it the
# first neglected term of the correction is below 1e-16 of the sum, for any power of the distance to the end.
NEAR_END = 32.0
# A panel ends where the mass has fallen by exp(-FALL), or after WIDEST in the log odds: their logistic function has
# a singularity at pi i, and on the ellipse that clears it by a half 64 degrees leave 1e-17.
FALL, WIDEST = 42.0, 4.0
MOST_PANELS = 64
NEGLIGIBLE = 1e-17
# From here on not every count is a float.
INEXACT = 2.0**53


def _of_the_family(*_):
    """In the place of a formula that :func:`fastdist.engine.kernel.filled` puts in."""
    raise NotImplementedError("a template: put the formulas of a family in")


RATIO = RISE = SLOPES = ROOM = MOVE = BEFORE_END = MIRROR = FALLS = MEASURE = _of_the_family
CORRECTION = INTEGRAL = _of_the_family


@kernel
def itself(ratio):
    """The measure of a tail."""
    return ratio


@kernel
def surprise(ratio):
    """The measure of an entropy: t log t."""
    return ratio * log(ratio) if ratio > 0.0 else 0.0


@kernel
def _correction(s, base):
    """What the sum from here on exceeds the integral from half a count below by, where the mass here is `base`."""
    up1 = base * RATIO(0.0, s)
    up2 = up1 * RATIO(1.0, s)
    up3 = up2 * RATIO(2.0, s)
    down1 = base / RATIO(-1.0, s)
    down2 = down1 / RATIO(-2.0, s)
    down3 = down2 / RATIO(-3.0, s)
    down4 = down3 / RATIO(-4.0, s)
    nearest = MEASURE(base) - MEASURE(down1)
    second = MEASURE(up1) - MEASURE(down2)
    third = MEASURE(up2) - MEASURE(down3)
    widest = MEASURE(up3) - MEASURE(down4)
    cubic = second - 3.0 * nearest
    fifth = third - 5.0 * second + 10.0 * nearest
    seventh = widest - 7.0 * third + 21.0 * second - 35.0 * nearest
    # 1 / (2 asinh(d / 2)) - 1 / d in powers of the central difference d
    high = 367.0 / 967680.0 * fifth - 27859.0 / 464486400.0 * seventh
    return nearest / 24.0 - 17.0 / 5760.0 * cubic + high


@kernel
def _place(t, a, b):
    """How far up the log odds t beyond those of a : b are, and the derivative of that in t."""
    growth = expm1(t)
    share = a * (b / (a + b + a * growth))
    return share * growth, (a + b) * (1.0 + growth) / (a + b + a * growth) * share


@kernel(heavy=True)
def _integral(s, length, base):
    """The integral of the measure from half a count below on, over `length` counts."""
    below, above = ROOM(s)
    a, b = below + 0.5, above + 1.5
    whole = a + b
    left = b - length if b < INEXACT or length < 0.75 * b else NEAR_END  # less its rounding
    end = log1p(length / a * (whole / left))
    total = 0.0
    t = 0.0
    panels = 0
    while t < end and panels < MOST_PANELS:
        panels += 1
        h, speed = _place(t, a, b)
        slope, bend = SLOPES(h - 0.5, s)
        tilt = (b - a - 2.0 * h) / whole
        fall = -(slope * speed + tilt)
        steeper = -((bend * speed + slope * tilt) * speed - 2.0 * speed / whole)
        rest = base * exp(RISE(h - 0.5, s)) * speed * (1.0 / fall if fall * (end - t) > 1.0 else end - t)
        if FALLS(s) and fall > 0.0 and rest < NEGLIGIBLE * abs(total):
            break
        square = fall * fall + 2.0 * FALL * steeper
        reach = fall + sqrt(square if square > 0.0 else 0.0)
        width = 2.0 * FALL / reach if reach * WIDEST > 2.0 * FALL else WIDEST
        width = width if width < end - t else end - t
        panel = 0.0
        for i in range(16):
            h, speed = _place(t + width * NODES_32[i], a, b)
            panel += WEIGHTS_32[i] * (MEASURE(base * exp(RISE(h - 0.5, s))) * speed)
            h, speed = _place(t + width * (1.0 - NODES_32[i]), a, b)
            panel += WEIGHTS_32[i] * (MEASURE(base * exp(RISE(h - 0.5, s))) * speed)
        total += width * panel
        t += width
    return total


@kernel(heavy=True)
def _tail(s):
    """The sum of MEASURE(mass there / mass here) from the state `s` on, to the end of the support."""
    below, above = ROOM(s)
    # A bell falls the faster the further up, but a power the slower: what it does a little further up tells.
    slope, bend = SLOPES(FURTHER if above > 2.0 * FURTHER else 0.0, s)
    square = slope * slope - 2.0 * FALL * bend
    reach = sqrt(square if square > 0.0 else 0.0) - slope
    falls = FALLS(s)
    # Where the mass rises again at the end, a long product of ratios would carry its rounding there.
    short = not above > (LONGEST if falls else SHORT) or (falls and reach * SHORT > 2.0 * FALL)
    near = NEAR_END - below if below < NEAR_END else 0.0
    count = (above if not above > LONGEST else LONGEST) if short else near
    total = 0.0
    term = 1.0
    j = 0.0
    while j < count:
        total += MEASURE(term)
        term *= RATIO(j, s)
        j += 1.0
        if falls and term < 1.0 and term * SHORT < NEGLIGIBLE * abs(total):
            return total
    if not j < above - 2.0 * NEAR_END:
        while j < above and j < 2.0 * LONGEST:
            total += MEASURE(term)
            term *= RATIO(j, s)
            j += 1.0
        return total + MEASURE(term)
    start = MOVE(j, s)
    length, rise, end = BEFORE_END(NEAR_END - 1.0, start)
    total += CORRECTION(start, term)
    if falls:
        total += INTEGRAL(start, length, term)
        if not above < INEXACT:  # nothing is left at the end, nor are there numbers for its counts
            return total
    else:
        # Next to an end only what starts there knows the distance to it.
        below, above = ROOM(start)
        half = 0.5 * (above - below)
        half = half if half > 0.0 else 0.0
        _, climb, last = BEFORE_END(NEAR_END, start)
        total += INTEGRAL(start, half, term) + INTEGRAL(MIRROR(last), length - half, term * exp(climb))
    term *= exp(rise)
    total -= CORRECTION(end, term)
    for i in range(to_int(NEAR_END)):
        total += MEASURE(term)
        term *= RATIO(float(i), end)
    return total


def lattice_tail(measure, **family):
    """The kernel of a state: the sum of measure(mass there / mass here) from there up to the end of the support.

    Parameters
    ----------
    measure : function
        :func:`itself` or :func:`surprise`.
    RATIO, RISE, SLOPES, ROOM, MOVE, BEFORE_END, MIRROR, FALLS : function
        Of a state `s`, a place as the family takes it. ``RATIO(j, s)`` is the mass j + 1 counts further over that
        at j; ``RISE(h, s)`` the log of the mass h further, for real h, over that here; ``SLOPES(h, s)`` about its
        first two derivatives; ``ROOM(s)`` the counts below and above; ``MOVE(j, s)`` the state j further;
        ``BEFORE_END(j, s)`` how much further that is which has j counts above, the log of its mass over that here, and
        that state;
        ``MIRROR(s)`` the same place with up and down exchanged; ``FALLS(s)`` whether the mass, once it falls, falls up
        to the end.
    """
    family["MEASURE"] = measure
    correction = filled(_correction, **family)
    integral = filled(_integral, **family)
    return filled(_tail, CORRECTION=correction, INTEGRAL=integral, **family)
