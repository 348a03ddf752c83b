"""Probability distributions for NumPy at the speed of compiled code."""

from fastdist import constraints, cuda, kernels, transforms
from fastdist.distribution import Distribution
from fastdist.distributions import transformed_divergences as _  # noqa: F401 - registers them
from fastdist.distributions.bernoulli import Bernoulli
from fastdist.distributions.beta import Beta
from fastdist.distributions.beta_binomial import BetaBinomial
from fastdist.distributions.binomial import Binomial
from fastdist.distributions.categorical import Categorical
from fastdist.distributions.cauchy import Cauchy
from fastdist.distributions.chi2 import Chi2
from fastdist.distributions.continuous_bernoulli import ContinuousBernoulli
from fastdist.distributions.delta import Delta
from fastdist.distributions.dirichlet import Dirichlet
from fastdist.distributions.dirichlet_multinomial import DirichletMultinomial
from fastdist.distributions.discrete_uniform import DiscreteUniform
from fastdist.distributions.exponential import Exponential
from fastdist.distributions.fisher_snedecor import FisherSnedecor
from fastdist.distributions.gamma import Gamma
from fastdist.distributions.generalized_extreme_value import GeneralizedExtremeValue
from fastdist.distributions.generalized_pareto import GeneralizedPareto
from fastdist.distributions.geometric import Geometric
from fastdist.distributions.gumbel import Gumbel
from fastdist.distributions.gumbel_softmax import gumbel_softmax, gumbel_softmax_and_grad
from fastdist.distributions.half_cauchy import HalfCauchy
from fastdist.distributions.half_normal import HalfNormal
from fastdist.distributions.hypergeometric import Hypergeometric
from fastdist.distributions.independent import Independent
from fastdist.distributions.inverse_gamma import InverseGamma
from fastdist.distributions.inverse_gaussian import InverseGaussian
from fastdist.distributions.inverse_wishart import InverseWishart
from fastdist.distributions.kumaraswamy import Kumaraswamy
from fastdist.distributions.laplace import Laplace
from fastdist.distributions.lkj import LKJ
from fastdist.distributions.lkj_cholesky import LKJCholesky
from fastdist.distributions.log_normal import LogNormal
from fastdist.distributions.logistic import Logistic
from fastdist.distributions.logistic_normal import LogisticNormal
from fastdist.distributions.logit_relaxed_bernoulli import LogitRelaxedBernoulli
from fastdist.distributions.low_rank_multivariate_normal import LowRankMultivariateNormal
from fastdist.distributions.matrix_normal import MatrixNormal
from fastdist.distributions.mixture import Mixture
from fastdist.distributions.mixture_same_family import MixtureSameFamily
from fastdist.distributions.multinomial import Multinomial
from fastdist.distributions.multivariate_normal import MultivariateNormal
from fastdist.distributions.multivariate_student_t import MultivariateStudentT
from fastdist.distributions.negative_binomial import NegativeBinomial
from fastdist.distributions.normal import Normal
from fastdist.distributions.one_hot_categorical import OneHotCategorical, OneHotCategoricalStraightThrough
from fastdist.distributions.pareto import Pareto
from fastdist.distributions.poisson import Poisson
from fastdist.distributions.rayleigh import Rayleigh
from fastdist.distributions.relaxed_bernoulli import RelaxedBernoulli
from fastdist.distributions.relaxed_one_hot_categorical import ExpRelaxedCategorical, RelaxedOneHotCategorical
from fastdist.distributions.skellam import Skellam
from fastdist.distributions.skew_normal import SkewNormal
from fastdist.distributions.student_t import StudentT
from fastdist.distributions.transformed import TransformedDistribution
from fastdist.distributions.triangular import Triangular
from fastdist.distributions.truncated import Truncated
from fastdist.distributions.truncated_normal import TruncatedNormal
from fastdist.distributions.uniform import Uniform
from fastdist.distributions.von_mises import VonMises
from fastdist.distributions.von_mises_fisher import VonMisesFisher
from fastdist.distributions.weibull import Weibull
from fastdist.distributions.wishart import Wishart
from fastdist.distributions.zero_inflated import ZeroInflated
from fastdist.distributions.zipf import Zipf
from fastdist.engine.threads import get_num_threads, set_num_threads
from fastdist.forward import Dual, jvp, value_and_grad
from fastdist.kl import cross_entropy, kl_divergence, kl_divergence_and_grad, register_kl
from fastdist.transforms.registry import biject_to, transform_to

__version__ = "0.1.0"

__all__ = [
    "LKJ",
    "Bernoulli",
    "Beta",
    "BetaBinomial",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ContinuousBernoulli",
    "Delta",
    "Dirichlet",
    "DirichletMultinomial",
    "DiscreteUniform",
    "Distribution",
    "Dual",
    "ExpRelaxedCategorical",
    "Exponential",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedExtremeValue",
    "GeneralizedPareto",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Hypergeometric",
    "Independent",
    "InverseGamma",
    "InverseGaussian",
    "InverseWishart",
    "Kumaraswamy",
    "LKJCholesky",
    "Laplace",
    "LogNormal",
    "Logistic",
    "LogisticNormal",
    "LogitRelaxedBernoulli",
    "LowRankMultivariateNormal",
    "MatrixNormal",
    "Mixture",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "MultivariateStudentT",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "Rayleigh",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "Skellam",
    "SkewNormal",
    "StudentT",
    "TransformedDistribution",
    "Triangular",
    "Truncated",
    "TruncatedNormal",
    "Uniform",
    "VonMises",
    "VonMisesFisher",
    "Weibull",
    "Wishart",
    "ZeroInflated",
    "Zipf",
    "biject_to",
    "constraints",
    "cross_entropy",
    "cuda",
    "get_num_threads",
    "gumbel_softmax",
    "gumbel_softmax_and_grad",
    "jvp",
    "kernels",
    "kl_divergence",
    "kl_divergence_and_grad",
    "register_kl",
    "set_num_threads",
    "transform_to",
    "transforms",
    "value_and_grad",
]
