"""The pipeline that kernels and loops go through."""

import numba
import numpy as np
import pytest

from fastdist.engine import linked

ROW = numba.float64[::1]


@pytest.mark.parametrize("slow", [True, False])
def test_vectors_take_whole_registers_where_that_is_fast(monkeypatch, slow):
    monkeypatch.setattr(linked, "slow_to_widen", lambda: slow)

    @numba.njit(pipeline_class=linked.LinkedCompiler, forceinline=True)
    def square(v):
        return v * v

    @numba.njit(numba.void(ROW, ROW), pipeline_class=linked.WideCompiler)
    def squares(x, out):
        for k in range(len(x)):
            out[k] = square(x[k])

    out = np.empty(5)
    squares(np.arange(5.0), out)
    assert out.tolist() == [0.0, 1.0, 4.0, 9.0, 16.0]
    (text,) = squares.inspect_llvm().values()
    assert ("prefer-vector-width" in text) is not slow
