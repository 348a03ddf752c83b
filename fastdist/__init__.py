"""Probability distributions for NumPy at the speed of compiled code."""

from fastdist import constraints, kernels
from fastdist.distribution import Distribution
from fastdist.distributions.beta import Beta
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.exponential import Exponential
from fastdist.distributions.gamma import Gamma
from fastdist.distributions.normal import Normal
from fastdist.distributions.poisson import Poisson
from fastdist.distributions.student_t import StudentT
from fastdist.distributions.uniform import Uniform
from fastdist.engine.threads import get_num_threads, set_num_threads

__version__ = "0.1.0"

__all__ = [
    "Beta",
    "Categorical",
    "Distribution",
    "Exponential",
    "Gamma",
    "Normal",
    "Poisson",
    "StudentT",
    "Uniform",
    "constraints",
    "get_num_threads",
    "kernels",
    "set_num_threads",
]
