"""Arrays on the device, or on the simulated one, and how results are held to those of the host."""

import numpy as np
import pytest

import fastdist as fd
from fastdist.engine.cuda import arrays, target

# NumPy's scalars stand for a simulated device's registers: they warn where a register overflows or divides by 0.
marks = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.skipif(not fd.cuda.is_available(), reason="no CUDA device, and none is simulated"),
]


def marked(test):
    """A single test with these marks."""
    for mark in marks:
        test = mark(test)
    return test


def array(x):
    """`x` on the device."""
    return arrays.of_host(np.asarray(x))


def put(d):
    """A distribution with its parameters on the device."""
    return d.to("cuda")


def host(x):
    """What is in an array on the device."""
    return arrays.to_host(x) if hasattr(x, "shape") and not isinstance(x, (np.ndarray, np.generic)) else np.asarray(x)


def agree(found, expected, rtol=1e-11, atol=1e-13):
    """The same but for the rounding of elementary functions, of which the device has its own."""
    expected = np.asarray(expected)
    found = host(found)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype or not target.SIMULATED
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)
