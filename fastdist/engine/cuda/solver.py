"""Large matrices on the device, which CuPy hands to cuSOLVER and cuBLAS."""

from __future__ import annotations

import contextlib
import importlib
from typing import Any, NamedTuple

from fastdist.engine.cuda.arrays import Place, at_home, view
from fastdist.engine.cuda.target import explained


class Library(NamedTuple):
    """What is asked of CuPy; NumPy and SciPy have the same under the same names."""

    arrays: Any
    """The module of arrays, with its ``linalg``."""
    solve_triangular: Any
    strict: Any
    """``strict()``: a context in which a Cholesky factor that does not exist is a LinAlgError."""
    stream: Any
    """``stream(pointer)``: a context in which work is queued on a stream."""
    taken: Any
    """``taken(array)``: the engine's own array as one of the library's."""
    given: Any
    """``given(array)``: the other way round."""


def library() -> Library:
    """CuPy, or an error that says how to come by it."""
    try:
        cupy, cupyx, linalg = map(importlib.import_module, ("cupy", "cupyx", "cupyx.scipy.linalg"))
    except ImportError as error:
        raise ImportError(
            "matrices of so many columns are factored on a device by CuPy, which is not installed: "
            "pip install cupy-cuda13x (or the package for your version of CUDA)"
        ) from error
    return Library(
        cupy,
        linalg.solve_triangular,
        lambda: cupyx.errstate(linalg="raise"),
        lambda pointer: cupy.cuda.ExternalStream(pointer) if pointer > 2 else contextlib.nullcontext(),
        cupy.asarray,
        lambda array: view(cupy.ascontiguousarray(array)),
    )


@explained
@at_home
def cholesky(matrix: Any) -> Any:
    """The lower Cholesky factors of symmetric matrices; a LinAlgError where one does not exist."""
    own = library()
    with own.stream(Place(matrix).pointer), own.strict():
        return own.given(own.arrays.linalg.cholesky(own.taken(matrix).astype("f8")))


@explained
@at_home
def inverse(factor: Any) -> Any:
    """The inverses of lower triangular matrices."""
    own = library()
    with own.stream(Place(factor).pointer):
        taken = own.taken(factor)
        flat, one = taken.reshape(-1, *taken.shape[-2:]), own.arrays.eye(taken.shape[-1])
        found = [own.solve_triangular(each, one, lower=True) for each in flat]
        return own.given(own.arrays.stack(found).reshape(taken.shape))


@explained
@at_home
def gram(factor: Any, lower_first: bool) -> Any:
    """``factor @ factor^T``, or ``factor^T @ factor``, symmetric to the last bit."""
    own = library()
    with own.stream(Place(factor).pointer):
        taken, tril = own.taken(factor), own.arrays.tril
        turned = taken.swapaxes(-2, -1)
        product = own.arrays.matmul(taken, turned) if lower_first else own.arrays.matmul(turned, taken)
        return own.given(tril(product) + tril(product, -1).swapaxes(-2, -1))
