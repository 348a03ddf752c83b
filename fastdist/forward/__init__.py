"""Forward-mode derivatives: arrays that carry tangents through NumPy."""

from fastdist.forward import functions, linalg, ufuncs
from fastdist.forward.drive import jvp, value_and_grad
from fastdist.forward.dual import Dual

__all__ = ["Dual", "functions", "jvp", "linalg", "ufuncs", "value_and_grad"]
