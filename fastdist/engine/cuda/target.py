"""What replaces a formula's names on the device, and how a function becomes a kernel there.

A clone keeps ``math.log`` and its like: they are libdevice's. Numba has no word for two things that formulas need, the
bits of a float and the fused multiply-add; and it lets NVVM fuse products and sums that formulas keep apart.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import functools
import importlib.metadata
import math
import threading
import types as pytypes
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numba import config, cuda, types

from fastdist.engine import bits, elementary
from fastdist.engine.kernel import Cloner

SIMULATED = bool(config.ENABLE_CUDASIM)
"""Whether kernels run in Python, by Numba's simulator."""

# A grid of a few blocks is right for few elements.
config.CUDA_LOW_OCCUPANCY_WARNINGS = 0

_NO_TOOLKIT = (
    "the CUDA toolkit's compiler was not found, or is not one that Numba knows: "
    'pip install "fastdist[cuda]" brings one; fastdist.cuda.info() tells what was found'
)

# Where a formula names the library's own function for the host, the device has a better one.
_OWN = ("exp", "expm1", "log", "log1p")
_lock = threading.RLock()


def _on_device() -> tuple[dict[Any, Any], Any]:
    from numba.cuda import libdevice

    def float_bits32(x):  # type: ignore[no-untyped-def]
        return np.int64(libdevice.float_as_int(x))

    def bits_float32(n):  # type: ignore[no-untyped-def]
        return libdevice.int_as_float(np.int32(n))

    def fma(a, b, c):  # type: ignore[no-untyped-def]
        return cuda.fma(a, b, c)

    def jit(function: Any, heavy: bool) -> Any:
        return cuda.jit(function, device=True)

    return {
        math.ceil: libdevice.ceil,
        math.trunc: libdevice.trunc,
        math.cbrt: libdevice.cbrt,
        **{getattr(elementary, name): getattr(math, name) for name in _OWN},
        bits.float_bits: libdevice.double_as_longlong,
        bits.bits_float: libdevice.longlong_as_double,
        bits.float_bits32: jit(float_bits32, False),
        bits.bits_float32: jit(bits_float32, False),
        bits.fma: jit(fma, False),
        bits.to_int: types.int64,
    }, jit


def _bits_float(n: Any) -> np.float64:
    return np.float64(bits.bits_float(n))  # type: ignore[no-untyped-call]


def _fused() -> Any:
    """The C library's multiply-add, for formulas that are wrong if it rounds twice; else that of Python."""
    try:
        of_doubles = ctypes.CDLL(ctypes.util.find_library("m")).fma
    except (AttributeError, OSError):
        return bits.fma
    of_doubles.restype, of_doubles.argtypes = ctypes.c_double, (ctypes.c_double,) * 3

    def fma(a, b, c):  # type: ignore[no-untyped-def]
        return (np.float32 if type(a) is np.float32 else np.float64)(of_doubles(a, b, c))

    return fma


def _in_python() -> tuple[dict[Any, Any], Any]:
    """NumPy's functions, which as those of a device give infinities and NaN where Python's raise."""
    names: tuple[str, ...] = (
        "log",
        "log1p",
        "exp",
        "expm1",
        "cbrt",
        "sqrt",
        "sinh",
        "cosh",
        "tanh",
        "sin",
        "cos",
        "tan",
    )
    names = (*names, "floor", "ceil", "trunc")
    substitutes: dict[Any, Any] = {getattr(math, name): getattr(np, name) for name in names}
    substitutes.update(
        {
            math.pow: np.power,
            math.asinh: np.arcsinh,
            math.atanh: np.arctanh,
            math.atan: np.arctan,
            math.atan2: np.arctan2,
            **{getattr(elementary, name): getattr(np, name) for name in _OWN},
            bits.bits_float: _bits_float,
            bits.fma: _fused(),
        }
    )
    return substitutes, _with_numpy_literals


def _with_numpy_literals(function: Any, heavy: bool) -> Any:
    """A clone whose numbers are NumPy's: divided by 0 they give what a device gives, where Python's raise."""
    code, names = function.__code__, function.__globals__
    function.__code__ = code.replace(co_consts=_numpy_number(code.co_consts))
    names.update((name, _numpy_number(names[name])) for name in code.co_names if name in names)
    return function


def _numpy_number(value: Any) -> Any:
    if type(value) is tuple:
        return tuple(map(_numpy_number, value))
    return np.float64(value) if type(value) is float else value


SUBSTITUTES, _jit = _in_python() if SIMULATED else _on_device()


def _smaller(a, b):  # type: ignore[no-untyped-def]
    return a if a < b else b


def _larger(a, b):  # type: ignore[no-untyped-def]
    return a if a > b else b


# Of two integers Numba's own do not compile for devices.
_BUILTINS = {"min": _jit(_smaller, False), "max": _jit(_larger, False)}
_clone = {
    False: Cloner(SUBSTITUTES, _jit, builtins=_BUILTINS),
    True: Cloner(SUBSTITUTES, _jit, SUBSTITUTES, builtins=_BUILTINS),
}


@contextlib.contextmanager
def _as_written() -> Iterator[None]:
    """Products and sums are rounded one by one, as on the CPU: compensated steps would lose what they compensate."""
    if SIMULATED:
        yield
        return
    from numba.cuda.cudadrv import nvvm

    with _lock:
        compile_ir = nvvm.compile_ir
        nvvm.compile_ir = functools.partial(compile_ir, fma=False)
        try:
            yield
        finally:
            nvvm.compile_ir = compile_ir


def _define(name: str, source: str, kernels: dict[str, pytypes.FunctionType], narrow: bool) -> Any:
    names: dict[str, Any] = {"np": np, "cuda": cuda, "floor": SUBSTITUTES.get(math.floor, math.floor)}
    names.update((key, _clone[narrow](function)) for key, function in kernels.items())
    exec(compile(source, f"<fastdist cuda {name}>", "exec"), names)
    return names[name]


class Kernel:
    """A compiled kernel, launched with exactly the types of its signature, unchecked.

    What numba-cuda does for a launch is mostly to find out what each argument is. Here arrays say that by themselves,
    and what they say goes to the driver by the way that numba-cuda takes.
    """

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._library = None if DIRECT is None else next(iter(compiled.overloads.values()))._codelibrary

    def __call__(self, blocks: int, threads: int, stream: Any, *args: Any) -> None:
        if DIRECT is None or self._library is None:
            self._compiled[blocks, threads, stream](*args)
            return
        cells: list[Any] = []
        for value in args:
            own = getattr(value, "cells", None)
            if own is not None:
                cells += own
            elif hasattr(value, "__cuda_ndarray__"):
                cells += cells_of(value.device_ctypes_pointer.value or 0, value.shape, value.strides, value.dtype)
            else:
                cells.append(value)
        DIRECT.launch(DIRECT.stream(stream), _grid(blocks, threads), self._library.get_cufunc().kernel, *cells)


def cells_of(pointer: int, shape: tuple[int, ...], strides: tuple[int, ...], dtype: np.dtype) -> tuple[int, ...]:
    """What a kernel takes of an array, in the order of Numba's struct: two owners that it has not, then the array."""
    return 0, 0, math.prod(shape), dtype.itemsize, pointer, *shape, *strides


class Direct(NamedTuple):
    """What numba-cuda launches with."""

    launch: Any
    config: Any
    stream: Any


def _direct() -> Direct | None:
    """None where it is another that launches: the simulator, Numba's built-in target, a later numba-cuda."""
    if SIMULATED or not (_version("numba-cuda") or "").startswith("0.30."):
        return None
    try:
        from numba.cuda.cudadrv.driver import _to_core_stream
        from numba.cuda.dispatcher import LaunchConfig, launch
    except ImportError:
        return None
    return Direct(launch, LaunchConfig, _to_core_stream)


@functools.lru_cache(1024)
def _grid(blocks: int, threads: int) -> Any:
    assert DIRECT is not None
    return DIRECT.config(grid=blocks, block=threads)


def build(
    name: str, source: str, kernels: dict[str, pytypes.FunctionType], signature: tuple[Any, ...], narrow: bool = False
) -> Any:
    """The function `name` of `source` as a kernel, in which the names in `kernels` stand for kernels.

    It is launched as ``kernel(blocks, threads, stream, ...)`` with exactly the types of `signature`, unchecked.
    """
    with _as_written():
        function = _define(name, source, kernels, narrow)
        return Kernel(cuda.jit(function) if SIMULATED else cuda.jit(types.void(*signature))(function))


def ptx(
    name: str,
    source: str,
    kernels: dict[str, pytypes.FunctionType],
    signature: tuple[Any, ...],
    narrow: bool = False,
    capabilities: tuple[tuple[int, int], ...] = ((9, 0),),
) -> list[str]:
    """The same as assembly for devices of some capabilities: needs a toolkit but no device.

    Types are found once, and all but the first are left as they are translated: to improve code takes half of the time.
    """
    from numba.cuda.cudadrv import nvvm

    first, *others = capabilities
    found: list[str] = []
    with _as_written():
        compile_ir = nvvm.compile_ir

        def for_all(ir: Any, **options: Any) -> Any:
            for major, minor in others:
                plain = {**options, "opt": 0, "arch": f"compute_{major}{minor}"}
                found.append(compile_ir(ir, **plain).decode())
            return compile_ir(ir, **options)

        nvvm.compile_ir = for_all
        return [cuda.compile_ptx(_define(name, source, kernels, narrow), signature, cc=first)[0], *found]


def available() -> bool:
    """Whether there is a device, with a driver that Numba can use."""
    return bool(cuda.is_available())


def several() -> bool:
    """Whether there is more than one device."""
    with contextlib.suppress(Exception):
        return not SIMULATED and len(cuda.gpus) > 1
    return False


def explained(function: Any) -> Any:
    """`function`, whose failures for want of a driver, a toolkit or memory say what to do about it."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise _explanation(error) from error

    return wrapped


@explained
def called(function: Any, *args: Any) -> Any:
    """``function(*args)``."""
    return function(*args)


def _explanation(error: Exception) -> Exception:
    kind, text = type(error).__name__, str(error)
    if "OUT_OF_MEMORY" in text or kind == "OutOfMemoryError":
        return MemoryError("the device has not enough memory left for this call: give it fewer elements at a time")
    if kind == "CudaSupportError":
        return RuntimeError(
            "no CUDA driver answers: install NVIDIA's driver, or set CUDA_VISIBLE_DEVICES to a device that exists; "
            "fastdist.cuda.info() tells what was found"
        )
    if kind in ("NvvmSupportError", "NvvmError") or "libNVVM" in text or "libdevice" in text:
        return RuntimeError(_NO_TOOLKIT)
    if "UNSUPPORTED_PTX_VERSION" in text:
        return RuntimeError(
            "the driver is older than the CUDA toolkit that compiled this: install a newer driver or an older toolkit; "
            "fastdist.cuda.info() tells both versions"
        )
    return error


def info() -> dict[str, Any]:
    """What was found of CUDA: see :func:`fastdist.cuda.info`."""
    found: dict[str, Any] = {name: _version(name) for name in ("numba", "numba-cuda", "cupy")}
    found.update(driver=None, toolkit=None, devices=[], simulated=SIMULATED, problem=None)
    if SIMULATED:
        return found
    from numba.cuda.cudadrv.driver import driver
    from numba.cuda.cudadrv.runtime import runtime

    with contextlib.suppress(Exception):
        found["toolkit"] = ".".join(map(str, runtime.get_version()))
    try:
        found["driver"] = ".".join(map(str, driver.get_version()))
        found["devices"] = [
            f"{_text(device.name)}, compute capability {'.'.join(map(str, device.compute_capability))}"
            for device in cuda.gpus
        ]
    except Exception as error:
        found["problem"] = str(_explanation(error))
    else:
        if found["toolkit"] is None:
            found["problem"] = _NO_TOOLKIT
    return found


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _version(package: str) -> str | None:
    names = ("cupy", "cupy-cuda13x", "cupy-cuda12x") if package == "cupy" else (package,)
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(name)
    return None


DIRECT = _direct()
"""How kernels are launched past Numba's questions about their arguments, where that is known."""
