"""Probability distributions for NumPy at the speed of compiled code."""

from fastdist import constraints, kernels
from fastdist.distribution import Distribution
from fastdist.distributions.beta import Beta
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.cauchy import Cauchy
from fastdist.distributions.chi2 import Chi2
from fastdist.distributions.continuous_bernoulli import ContinuousBernoulli
from fastdist.distributions.exponential import Exponential
from fastdist.distributions.fisher_snedecor import FisherSnedecor
from fastdist.distributions.gamma import Gamma
from fastdist.distributions.generalized_extreme_value import GeneralizedExtremeValue
from fastdist.distributions.generalized_pareto import GeneralizedPareto
from fastdist.distributions.gumbel import Gumbel
from fastdist.distributions.half_cauchy import HalfCauchy
from fastdist.distributions.half_normal import HalfNormal
from fastdist.distributions.inverse_gamma import InverseGamma
from fastdist.distributions.inverse_gaussian import InverseGaussian
from fastdist.distributions.kumaraswamy import Kumaraswamy
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.log_normal import LogNormal
from fastdist.distributions.logistic import Logistic
from fastdist.distributions.logit_relaxed_bernoulli import LogitRelaxedBernoulli
from fastdist.distributions.normal import Normal
from fastdist.distributions.pareto import Pareto
from fastdist.distributions.poisson import Poisson
from fastdist.distributions.rayleigh import Rayleigh
from fastdist.distributions.relaxed_bernoulli import RelaxedBernoulli
from fastdist.distributions.skew_normal import SkewNormal
from fastdist.distributions.student_t import StudentT
from fastdist.distributions.triangular import Triangular
from fastdist.distributions.truncated import Truncated
from fastdist.distributions.truncated_normal import TruncatedNormal
from fastdist.distributions.uniform import Uniform
from fastdist.distributions.von_mises import VonMises
from fastdist.distributions.weibull import Weibull
from fastdist.engine.threads import get_num_threads, set_num_threads

__version__ = "0.1.0"

__all__ = [
    "Beta",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ContinuousBernoulli",
    "Distribution",
    "Exponential",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedExtremeValue",
    "GeneralizedPareto",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "InverseGamma",
    "InverseGaussian",
    "Kumaraswamy",
    "Laplace",
    "LogNormal",
    "Logistic",
    "LogitRelaxedBernoulli",
    "Normal",
    "Pareto",
    "Poisson",
    "Rayleigh",
    "RelaxedBernoulli",
    "SkewNormal",
    "StudentT",
    "Triangular",
    "Truncated",
    "TruncatedNormal",
    "Uniform",
    "VonMises",
    "Weibull",
    "constraints",
    "get_num_threads",
    "kernels",
    "set_num_threads",
]
