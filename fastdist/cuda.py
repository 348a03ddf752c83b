"""What there is of CUDA on this machine.

Distributions compute on a device when their parameters or values are arrays there (CuPy's, PyTorch's, Numba's), or when
they are moved by ``d.to("cuda")``: nothing here is needed for that.

Examples
--------
>>> import fastdist as fd
>>> sorted(fd.cuda.info())
['cupy', 'devices', 'driver', 'numba', 'numba-cuda', 'problem', 'simulated', 'toolkit']
"""

from __future__ import annotations

from typing import Any

__all__ = ["info", "is_available"]


def is_available() -> bool:
    """Whether there is a device, with a driver that answers."""
    from fastdist.engine.cuda import target

    return target.available()


def info() -> dict[str, Any]:
    """What was found: a report to read, or to send with a question.

    Returns
    -------
    dict
        ``numba``, ``numba-cuda`` and ``cupy``: versions, None for what is not installed (without numba-cuda Numba's
        built-in target compiles); ``driver`` and ``toolkit``: the CUDA versions that the driver knows and that the
        compiler comes from, None if not found; ``devices``: name and compute capability of each; ``simulated``: whether
        kernels run in Numba's simulator; ``problem``: what keeps kernels from running, None if nothing does.
    """
    from fastdist.engine.cuda import target

    return target.info()
