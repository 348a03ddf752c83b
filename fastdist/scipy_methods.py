"""Methods of SciPy's frozen distributions that are made of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import devices, integrate
from fastdist.reals import as_reals


class SciPyMethods:
    """What every distribution has of them."""

    def var(self: Any) -> Any:
        """:meth:`variance`."""
        return self.variance()

    def std(self: Any) -> Any:
        """:meth:`stddev`."""
        return self.stddev()

    def rvs(self: Any, size: Any = None, random_state: Any = None) -> Any:
        """Draws of shape `size`, the batch's axes included, as SciPy counts them."""
        full = self.batch_shape if size is None else self._shape(size, "size")
        ndim = len(self.batch_shape)
        if full[len(full) - ndim :] != self.batch_shape:
            raise ValueError(f"{type(self).__name__}.rvs: size {full} does not end in batch_shape {self.batch_shape}")
        return self.sample(full[: len(full) - ndim], rng=random_state)

    def stats(self: Any, moments: str = "mv") -> Any:
        """Mean ``m``, variance ``v``, skewness ``s`` and excess kurtosis ``k``, as asked for."""
        methods = {"m": self.mean, "v": self.variance, "s": self.skewness, "k": self.kurtosis}
        if not isinstance(moments, str):
            raise TypeError(f"{type(self).__name__}.stats: moments must be letters of 'mvsk'; got {moments!r}")
        if not moments or set(moments) - set(methods):
            raise ValueError(f"{type(self).__name__}.stats: moments must be letters of 'mvsk'; got {moments!r}")
        values = tuple(methods[letter]() for letter in moments)
        return values if len(values) > 1 else values[0]

    def interval(self: Any, confidence: float) -> tuple[Any, Any]:
        """The ends between which a draw lies with probability `confidence`, with equal tails."""
        who = f"{type(self).__name__}.interval"
        given = as_reals(confidence, who, "confidence")
        if not np.all((given >= 0) & (given <= 1)):
            raise ValueError(f"{who}: confidence must be in [0, 1]; got {confidence!r}")
        tail = (1 - given.astype(self.dtype)) / 2
        return self.icdf(tail), self.isf(tail)

    @devices.host_only
    def expect(self: Any, func: Any = None) -> Any:
        """Mean of ``func(x)`` by quadrature, or by summation over a discrete support.

        `func` takes an array of values and gives an array of the same shape; without it the mean
        of x itself is integrated. What lies beyond float64's tails is estimated from how the
        integrand falls there: a mean may be infinite, or NaN. A RuntimeWarning says how far off
        the mean may be where that is more than 1e-8 of the function's size.
        """
        if not (func is None or callable(func)):
            raise TypeError(f"{type(self).__name__}.expect: func must be a function; got {func!r}")
        return integrate.expect(self, func if func is not None else lambda x: x)

    def moment(self: Any, order: int) -> Any:
        """Mean of ``x ** order``."""
        if isinstance(order, bool) or not hasattr(order, "__index__") or order.__index__() < 0:
            raise ValueError(f"{type(self).__name__}.moment: order must be a nonnegative integer; got {order!r}")
        if order == 0:
            return np.ones(self.batch_shape, self.dtype)[()]
        if order > 4:
            return self.expect(lambda x: x ** order.__index__())
        m = self.mean()
        if order == 1:
            return m
        devices.refuse(self, "moment")
        v = self.variance()
        if order == 2:
            return v + m * m
        # A point mass has no skewness, but no third moment about its mean either.
        third = np.where(v > 0, self.skewness(), 0.0) * v * np.sqrt(v)
        if order == 3:
            return (third + 3 * m * v + m**3)[()]
        fourth = (np.where(v > 0, self.kurtosis(), 0.0) + 3) * v * v
        return (fourth + 4 * m * third + 6 * m * m * v + m**4)[()]
