"""Sums of a mass and of its scores from one integer to the end of a support: term by term, or by Abel and Plana.

DLMF 2.10.2: the sum less the integral is f / 2 at each end and an integral up the imaginary axis, which falls as
exp(-2 pi t). The integral itself is Gauss and Legendre's, between places where the mass has fallen by a factor.
"""

import functools

import mpmath as mp
from mpmath import mpf

SUMMED, APART, NODES, PERIODS = 5000, 100, 20, 10
ENOUGH = mpf(10) ** -30


class Mass:
    """What is summed.

    Parameters
    ----------
    log_mass, scores : callable
        The log mass at x and its derivatives in the parameters, also for complex x.
    ratio, steps : callable
        The mass at x + 1 over that at x, and how much each score grows from x to x + 1.
    low, high : mpf
        The ends of the support.
    rises : (bool, bool)
        Whether the mass may rise again towards the lower and the upper end.
    """

    def __init__(self, log_mass, scores, ratio, steps, low, high, rises=(False, False)):
        self.log_mass, self.scores, self.ratio, self.steps = log_mass, scores, ratio, steps
        self.low, self.high, self.rises = low, high, rises

    def tail(self, first, sign):
        """The log of the sum from `first` up (sign 1) or down (-1), and the means of the scores in it."""
        last = self.high if sign > 0 else self.low
        top, length = self.log_mass(first), abs(last - first)
        if length <= SUMMED:
            total = self._added(first, last, sign, mpf(1))
        else:
            near, far = first + sign * (APART - 1), last - sign * (APART - 1)
            total = self._added(first, near - sign, sign, mpf(1))
            rest, ended = self._between(near, far, sign, top)
            total = _plus(total, rest)
            if not ended:
                start = mp.exp(self.log_mass(far + sign) - top)
                total = _plus(total, self._added(far + sign, last, sign, start))
        return top + mp.log(total[0]), tuple(s / total[0] for s in total[1:])

    def _added(self, first, last, sign, term):
        """Term by term."""
        scores, x = list(self.scores(first)), first
        total = [mpf(0)] * (1 + len(scores))
        while True:
            total = _plus(total, (term, *(term * s for s in scores)))
            if x == last or (not self.rises[sign > 0] and term < ENOUGH * total[0]):
                return total
            place = x if sign > 0 else x - 1
            term = term * self.ratio(place) if sign > 0 else term / self.ratio(place)
            scores = [s + sign * d for s, d in zip(scores, self.steps(place), strict=True)]
            x += sign

    def _between(self, first, last, sign, top):
        """From `first` to `last` by Abel and Plana's formula, and whether nothing is left before `last`."""

        def values(x):
            f = mp.exp(self.log_mass(x) - top)
            return (f, *(f * s for s in self.scores(x)))

        total, ended = self._integral(first, last, sign, top, values)
        total = _plus(_plus(total, [v / 2 for v in values(first)]), _up_the_axis(values, first, sign), -1)
        if not ended:
            total = _plus(_plus(total, [v / 2 for v in values(last)]), _up_the_axis(values, last, -sign), -1)
        return total, ended

    def _integral(self, first, last, sign, top, values):
        """In the logarithm of the distance from the end behind up to the middle, then of that from the end ahead."""
        behind, ahead = (self.low, self.high) if sign > 0 else (self.high, self.low)
        middle = (self.low + self.high) / 2
        total = None
        for end, start, stop in ((behind, first, middle), (ahead, middle, last)):
            if (stop - start) * sign <= 0 and start == first:
                continue
            start = first if (start - first) * sign < 0 else start
            side = 1 if start > end else -1
            u, goal = mp.log(abs(start - end)), mp.log(abs(stop - end))
            step = mp.sign(goal - u) / 2
            while u != goal:
                here = self.log_mass(end + side * mp.exp(u))
                move = step
                while True:
                    to = u + move if abs(move) < abs(goal - u) else goal
                    halfway, there = (self.log_mass(end + side * mp.exp(v)) for v in ((u + to) / 2, to))
                    if abs(there - here) < 5 and abs(halfway - here) < 5:
                        break
                    move /= 2
                for node, weight in _nodes():
                    v = u + (to - u) * node
                    distance = mp.exp(v)
                    part = values(end + side * distance)
                    weight *= distance * abs(to - u)
                    total = _plus(total or [mpf(0)] * len(part), [weight * p for p in part])
                u = to
                if not self.rises[sign > 0] and there < here and there - top < mp.log(ENOUGH * total[0]) - 10:
                    return total, True
        return total, False


def without_noise(scores):
    """The same, and 0 for what rounding leaves of it."""
    return tuple(mpf(0) if abs(s) < ENOUGH else s for s in scores)


def _plus(a, b, sign=1):
    return [x + sign * y for x, y in zip(a, b, strict=True)]


def _up_the_axis(values, x, sign):
    """2 integral of Im f(x + i t) / (exp(2 pi t) - 1) for sums that go up from x, of Im f(x - i t) for down."""
    total = None
    for panel in range(PERIODS):
        for node, weight in _nodes():
            t = panel + node
            part = [2 * weight * v.imag / mp.expm1(2 * mp.pi * t) for v in values(mp.mpc(x, sign * t))]
            total = _plus(total, part) if total else part
    return total


@functools.cache
def _nodes():
    """Gauss and Legendre's rule on [0, 1]."""
    found = []
    for i in range(NODES):
        x = mp.cos(mp.pi * (i + mpf("0.75")) / (NODES + mpf("0.5")))
        for _ in range(8):
            p, before = mpf(1), mpf(0)
            for k in range(1, NODES + 1):
                p, before = ((2 * k - 1) * x * p - (k - 1) * before) / k, p
            slope = NODES * (x * p - before) / (x * x - 1)
            x -= p / slope
        found.append(((1 + x) / 2, 1 / ((1 - x * x) * slope * slope)))
    return found
