"""The CUDA target: the only folder that imports CUDA, and only when it is used.

``target`` compiles a kernel for the device, ``programs`` writes the loops around formulas, ``arrays`` takes and gives
the arrays of CuPy, PyTorch and Numba, ``evaluate`` does on the device what :mod:`fastdist.engine.evaluate` does on the
host, under the same names.
"""
