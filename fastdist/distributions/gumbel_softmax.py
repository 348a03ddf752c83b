"""Gumbel-softmax draws from arrays of log weights, as a function."""

from __future__ import annotations

import math
from math import inf
from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.chain_rule import with_value
from fastdist.distributions.relaxed_one_hot_categorical import draw_and_grad, gumbel_noise, normalise, relax, relaxed_at
from fastdist.engine import elementary
from fastdist.engine.device import cuda, on_device
from fastdist.engine.evaluate import F32, F64
from fastdist.engine.kernel import kernel
from fastdist.engine.row_programs import Flat
from fastdist.engine.rows import DIRECT
from fastdist.engine.seed import Key, key_from
from fastdist.forward.dual import as_array, level_in, whole, without_tangent
from fastdist.parameter import Parameter
from fastdist.random.rows import GUMBEL, RowSampler, draw_rows
from fastdist.reals import as_index, as_reals

INF = float("inf")

# The constants are tau and the row of logits.


@kernel
def scores(noise, c):
    relax(noise[0], c[0], c[1])


@kernel
def soft(noise, c, out):
    normalise(noise[0], out)


@kernel
def hard(noise, c, out):
    best = relax(noise[0], c[0], c[1])
    valid = noise[0][best] == 0.0
    for k in range(len(out)):
        valid = valid and c[1][k] < INF
        out[k] = 0.0
    out[best] = 1.0 if valid else np.nan


@kernel
def soft_and_grad(noise, c, out, jacobian, in_tau):
    draw_and_grad(noise, c[0], 1.0, c[1], c[1], False, out, jacobian, in_tau)


@kernel
def hard_and_grad(noise, c, out, jacobian, in_tau):
    draw_and_grad(noise, c[0], 1.0, c[1], c[1], False, out, jacobian, in_tau)
    best = 0
    for k in range(len(out)):
        best = k if noise[0][k] > noise[0][best] else best
    for k in range(len(out)):
        out[k] = 0.0 if out[k] == out[k] else np.nan
    out[best] += 1.0


_LOGITS = Parameter(constraints.logits)
_LOGITS.name = "logits"
# Errors name the class of the caller.
_CALLER = type("gumbel_softmax", (), {})()

_SOFT = RowSampler((scores, Flat(0, elementary.exp), soft), (GUMBEL,))
_HARD = RowSampler(hard, (GUMBEL,))
_SOFT_GRAD = RowSampler(soft_and_grad, (GUMBEL,), scratch=1, results=(1, 2, 1))
_HARD_GRAD = RowSampler(hard_and_grad, (GUMBEL,), scratch=1, results=(1, 2, 1))


def gumbel_softmax(logits: Any, tau: float = 1.0, hard: bool = False, axis: int = -1, rng: Any = None) -> np.ndarray:
    r"""Draws from the relaxed one-hot categorical distribution of each slice of `logits`.

    .. math:: x_k = \frac{e^{(l_k + g_k) / \tau}}{\sum_j e^{(l_j + g_j) / \tau}}, \quad g_k \sim \text{Gumbel}(0, 1)

    Parameters
    ----------
    logits : array_like of real
        Unnormalised log weights :math:`l`, -inf for weight 0.
    tau : float
        Temperature: positive.
    hard : bool
        Whether to give one-hot vectors, of the largest numbers, in their place.
    axis : int
        The axis along which the categories are.
    rng : None, int, numpy.random.SeedSequence or numpy.random.Generator
        A Generator is advanced. The draw of slice i depends on the seed and on i alone.

    Returns
    -------
    ndarray
        Of the shape of `logits`, float32 if they are, else float64.

    Raises
    ------
    ValueError
        If `tau` is not positive and finite, if a logit is NaN or inf, or if all logits of a slice are -inf.

    Notes
    -----
    torch's ``nn.functional.gumbel_softmax`` draws from the same distribution. A hard draw is exactly one-hot here. The
    category of the largest number has the categorical distribution of the weights at any `tau`.

    Source: Jang, Gu and Poole, "Categorical reparameterization with Gumbel-softmax", 2017, arXiv:1611.01144.

    Examples
    --------
    >>> import fastdist as fd
    >>> fd.gumbel_softmax([[0.0, 1.0, 2.0]], hard=True, rng=1).sum()
    np.float64(1.0)
    """
    if on_device(logits):
        return _drawn_there(logits, tau, hard, axis, rng)
    if level_in((logits, tau)):
        return _moved(logits, tau, hard, axis, rng)
    return _drawn(_HARD if hard else _SOFT, logits, tau, axis, key_from(rng, _CALLER), 1)[0]


def _drawn_there(logits: Any, tau: Any, hard: bool, axis: int, rng: Any) -> Any:
    """Draws on the device of the logits."""
    engine, key = cuda(), key_from(rng, _CALLER)
    dtype, shape = engine.dtype_of(logits), engine.shape_of(logits)
    if _checked_axis(dtype, shape, axis, tau) != len(shape) - 1:
        raise NotImplementedError("gumbel_softmax: on a device the categories must be along the last axis")
    index = engine.first_outside(logits, "v < INF", engine.place_for("gumbel_softmax", logits))
    if index is not None:
        at = tuple(int(i) for i in np.unravel_index(index, shape))
        raise ValueError(f"gumbel_softmax: a logit must be finite or -inf; got another at index {at}")
    return cuda("rows").draw_each(_HARD if hard else _SOFT, (float(tau),), logits, _precision(dtype), key)


def _checked_axis(dtype: np.dtype, shape: tuple[int, ...], axis: int, tau: Any) -> int:
    """The number of the axis of categories, after a look at what was given."""
    if dtype.kind not in "fiub":
        raise TypeError(f"gumbel_softmax: logits must be real numbers; got dtype {dtype}")
    if not shape:
        raise ValueError("gumbel_softmax: logits must have an axis of categories; got a number")
    if np.ndim(tau) or not 0.0 < as_reals(tau, "gumbel_softmax", "tau") < inf:
        raise ValueError(f"gumbel_softmax: tau must be a positive number; got {tau!r}")
    given = as_index(axis, "gumbel_softmax", "axis")
    if not -len(shape) <= given < len(shape):
        raise ValueError(f"gumbel_softmax: axis must lie in [{-len(shape)}, {len(shape) - 1}]; got {given}")
    axis = given % len(shape)
    if shape[axis] == 0:
        raise ValueError(f"gumbel_softmax: logits must have at least one category; got shape {shape}")
    return axis


def _precision(dtype: np.dtype) -> np.dtype:
    return F32 if dtype.kind == "f" and dtype.itemsize <= 4 else F64


def _moved(logits: Any, tau: Any, hard: bool, axis: int, rng: Any) -> Any:
    """Draws with tangents: those of the soft ones of the same noise, also of hard ones."""
    key, logits = key_from(rng, _CALLER), as_array(whole(logits))
    (draws,) = _drawn(_HARD if hard else _SOFT, without_tangent(logits), without_tangent(tau), axis, key, 1)
    rows = np.moveaxis(logits, axis, -1)
    soft = np.moveaxis(relaxed_at(gumbel_noise(key, rows.shape), rows, tau, False), -1, axis)
    return with_value(draws, soft.astype(draws.dtype))


def gumbel_softmax_and_grad(
    logits: Any, tau: float = 1.0, hard: bool = False, axis: int = -1, rng: Any = None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """:func:`gumbel_softmax` with the derivatives of the soft draws, also where hard ones are given.

    Parameters
    ----------
    logits, tau, hard, axis, rng
        As for :func:`gumbel_softmax`.

    Returns
    -------
    draws : ndarray
        Those of :func:`gumbel_softmax`.
    grad : dict
        ``"logits"``: the Jacobian, which has the axes of the draws and behind them that of the logits of the same
        slice. ``"tau"``: the derivative in `tau`, of the shape of the draws.

    Examples
    --------
    >>> import fastdist as fd
    >>> draws, grad = fd.gumbel_softmax_and_grad([0.0, 1.0, 2.0], tau=0.5, rng=1)
    >>> grad["logits"].shape
    (3, 3)
    """
    sampler, key = _HARD_GRAD if hard else _SOFT_GRAD, key_from(rng, _CALLER)
    draws, jacobian, in_tau = _drawn(sampler, logits, tau, axis, key, 3)
    return draws, {"logits": jacobian, "tau": in_tau}


def _drawn(sampler: RowSampler, logits: Any, tau: Any, axis: Any, key: Key, results: int) -> list[np.ndarray]:
    given = as_reals(logits, "gumbel_softmax", "logits")
    axis = _checked_axis(given.dtype, given.shape, axis, tau)
    dtype = _precision(given.dtype)
    moved = np.moveaxis(given, axis, -1)
    size = moved.shape[-1]
    n = math.prod(moved.shape[:-1])
    rows = moved.reshape(n, size)
    shapes = ((size,), (size, size), (size,))[:results]
    outs = [np.empty((n, *shape), dtype) for shape in shapes]

    def constants(start: int, stop: int) -> Any:
        part = np.ascontiguousarray(rows[start:stop], F64)
        return DIRECT, 0, (np.full(stop - start, float(tau)), part)

    if n:
        draw_rows(sampler, constants, outs, (0, 1), key, size)
        if np.isnan(outs[0].sum()):
            _LOGITS.check(moved, "gumbel_softmax")
    full = [out.reshape(moved.shape[:-1] + shape) for out, shape in zip(outs, shapes, strict=True)]
    return [np.moveaxis(out, given.ndim - 1, axis) for out in full]
