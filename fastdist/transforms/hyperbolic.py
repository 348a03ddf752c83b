"""Hyperbolic functions."""

from __future__ import annotations

from math import asinh, atanh, cosh, log, log1p, sinh, sqrt, tanh
from typing import Any

from fastdist import constraints
from fastdist.engine.kernel import kernel
from fastdist.transforms.chain import Formula
from fastdist.transforms.elementwise import Elementwise
from fastdist.transforms.parameters import FINITE, POSITIVE

LN2 = 0.6931471805599453
# From here on cosh(x) is exp(|x|) / 2 to the last bit of its logarithm.
FAR = 20.0


@kernel
def log_cosh(x):
    """log(cosh(x)), with full relative accuracy near 0."""
    size = abs(x)
    s = sinh(FAR if size > FAR else size)
    return size - LN2 if size > FAR else 0.5 * log1p(s * s)


@kernel
def forward(x, c):
    return tanh(x)


@kernel
def inverse(y, c):
    return atanh(y)


@kernel
def log_slope(x, c):
    return -2.0 * log_cosh(x)


@kernel
def forward_and_grad(x, c):
    y = tanh(x)
    sech = 1.0 / cosh(x)
    return y, log_slope(x, c), sech * sech, -2.0 * y


TANH = Formula(forward, inverse, log_slope, forward_and_grad)


class TanhTransform(Elementwise):
    r"""The map :math:`y = \tanh x`.

    Parameters
    ----------
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    From x = 19.1 on the nearest float is 1, whose inverse is inf; with ``cache_size=1`` the inverse of a result is the
    value itself. The log determinant is taken from x and is right everywhere.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.TanhTransform()
    >>> t.log_abs_det_jacobian([1e-5, 300.0])
    array([-1.00000000e-10, -5.98613706e+02])
    """

    formula = TANH
    codomain = constraints.interval(-1.0, 1.0)
    sign = 1


@kernel
def prepare_sinh_arcsinh(skewness, tailweight):
    return skewness, tailweight, log(tailweight)


@kernel
def sinh_arcsinh(x, c):
    return sinh((asinh(x) + c[0]) * c[1])


@kernel
def sinh_arcsinh_inverse(y, c):
    return sinh(asinh(y) / c[1] - c[0])


@kernel
def sinh_arcsinh_log_slope(x, c):
    a = asinh(x)
    return c[2] + log_cosh((a + c[0]) * c[1]) - log_cosh(a)


@kernel
def sinh_arcsinh_and_grad(x, c):
    a = asinh(x)
    shifted = a + c[0]
    u = shifted * c[1]
    t, in_u = tanh(u), cosh(u)
    da = 1.0 / sqrt(1.0 + x * x)
    log_slope = sinh_arcsinh_log_slope(x, c)
    in_x = c[1] * in_u * da
    # tanh(a) = x / sqrt(1 + x * x)
    return (
        sinh(u),
        log_slope,
        in_x,
        (c[1] * t - x * da) * da,
        c[1] * in_u,
        shifted * in_u,
        c[1] * t,
        1.0 / c[1] + shifted * t,
    )


SINH_ARCSINH = Formula(
    sinh_arcsinh,
    sinh_arcsinh_inverse,
    sinh_arcsinh_log_slope,
    sinh_arcsinh_and_grad,
    prepare_sinh_arcsinh,
    parameters=("skewness", "tailweight"),
)


class SinhArcsinhTransform(Elementwise):
    r"""The map :math:`y = \sinh((\operatorname{arsinh} x + \text{skewness}) \cdot \text{tailweight})`.

    It makes a normal variate skewed, and its tails heavier (a tail weight above 1) or lighter.

    Parameters
    ----------
    skewness : array_like of real
        Skewed to the right if it is positive.
    tailweight : array_like of positive
    cache_size : int
        See :class:`Transform`.

    Notes
    -----
    M. C. Jones and A. Pewsey, *Sinh-arcsinh distributions*, Biometrika 96 (2009), doi:10.1093/biomet/asp053, whose
    parameters are :math:`\varepsilon = -\text{skewness} \cdot \text{tailweight}` and :math:`\delta = \text{tailweight}`
    in their transformation of a variate. TensorFlow Probability also divides by a constant, which this map does not.

    Raises
    ------
    ValueError
        If `skewness` is not finite, or `tailweight` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> t = fd.transforms.SinhArcsinhTransform(skewness=0.5, tailweight=1.5)
    >>> t.inv(t(2.0))
    np.float64(2.0)
    """

    formula = SINH_ARCSINH
    sign = 1
    skewness: Any
    tailweight: Any

    def __init__(self, skewness: Any, tailweight: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        skewness, tailweight = self._parameter("skewness", skewness), self._parameter("tailweight", tailweight)
        self._check("skewness", skewness, FINITE)
        self._check("tailweight", tailweight, POSITIVE)
        self._set(skewness=skewness, tailweight=tailweight)
        self._fused.batch_shape  # noqa: B018 - an error about shapes now, not at the first call

    def _arguments(self) -> dict[str, Any]:
        return {"skewness": self.skewness, "tailweight": self.tailweight}
