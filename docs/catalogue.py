"""What the documentation says of each distribution beyond its docstring: one row, and data only.

A row gives the distribution its page with a picture, and its line in the table of parametrisations.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import fastdist as fd


class Row(NamedTuple):
    """One distribution.

    Parameters
    ----------
    name : str
        Its class in fastdist, and in torch.
    scipy : str
        How `scipy.stats` spells it in terms of our parameters; empty if it has no such distribution.
    torch : str
        Where torch's class of this name differs; empty if nowhere.
    curves : tuple of dict
        The parameter sets that the picture shows; without any there is no picture.
    span : tuple of float
        The values that the picture shows, from the first to the last.
    top : float, optional
        The largest density that the picture shows, for densities with a pole.
    picture : {"curves", "triangle", "plane", "sphere", "ellipses", "correlations"}
        What it shows: densities and tails; events of three categories in a triangle; densities of two numbers;
        directions on a sphere; matrices of two rows as ellipses; the correlations of three numbers.
    """

    name: str
    scipy: str
    torch: str
    curves: tuple[dict[str, Any], ...]
    span: tuple[float, float] = (0, 1)
    top: float | None = None
    picture: str = "curves"


ROWS = (
    Row(
        "Normal",
        scipy="norm(loc, scale)",
        torch="",
        curves=({"loc": 0, "scale": 1}, {"loc": 0, "scale": 2}, {"loc": -2, "scale": 0.7}),
        span=(-6, 6),
    ),
    Row(
        "Uniform",
        scipy="uniform(low, high - low)",
        torch="The density at `high` is 0.",
        curves=({"low": 0, "high": 1}, {"low": -1, "high": 3}),
        span=(-2, 4),
    ),
    Row(
        "Exponential",
        scipy="expon(scale=1 / rate)",
        torch="",
        curves=({"rate": 0.5}, {"rate": 1}, {"rate": 2}),
        span=(0, 5),
    ),
    Row(
        "Gamma",
        scipy="gamma(concentration, scale=1 / rate)",
        torch="No quantile.",
        curves=(
            {"concentration": 0.5, "rate": 1},
            {"concentration": 2.5, "rate": 1},
            {"concentration": 9, "rate": 2},
        ),
        span=(0, 10),
        top=0.8,
    ),
    Row(
        "Beta",
        scipy="beta(concentration1, concentration0)",
        torch="No cdf, no quantile.",
        curves=(
            {"concentration1": 0.5, "concentration0": 0.5},
            {"concentration1": 2, "concentration0": 3},
            {"concentration1": 20, "concentration0": 6},
        ),
        span=(0, 1),
        top=5.5,
    ),
    Row(
        "StudentT",
        scipy="t(df, loc, scale)",
        torch="NaN for infinite `df`; no cdf, no quantile.",
        curves=(
            {"df": 1, "loc": 0, "scale": 1},
            {"df": 4, "loc": 0, "scale": 1},
            {"df": float("inf"), "loc": 0, "scale": 1},
        ),
        span=(-6, 6),
    ),
    Row(
        "InverseGaussian",
        scipy="invgauss(loc / concentration, scale=concentration)",
        torch="torch has no such class.",
        curves=(
            {"loc": 1, "concentration": 0.5},
            {"loc": 1, "concentration": 3},
            {"loc": 3, "concentration": 20},
        ),
        span=(0, 6),
    ),
    Row(
        "SkewNormal",
        scipy="skewnorm(alpha, loc, scale)",
        torch="torch has no such class.",
        curves=(
            {"loc": 0, "scale": 1, "alpha": 4},
            {"loc": 0, "scale": 2, "alpha": -2},
            {"loc": -2, "scale": 0.7, "alpha": 0},
        ),
        span=(-6, 6),
    ),
    Row(
        "Cauchy",
        scipy="cauchy(loc, scale)",
        torch="`icdf(0)` is positive; the variance is infinite.",
        curves=({"loc": 0, "scale": 1}, {"loc": 0, "scale": 2}, {"loc": -2, "scale": 0.5}),
        span=(-8, 8),
    ),
    Row(
        "Laplace",
        scipy="laplace(loc, scale)",
        torch="",
        curves=({"loc": 0, "scale": 1}, {"loc": 0, "scale": 2}, {"loc": -2, "scale": 0.6}),
        span=(-8, 8),
    ),
    Row(
        "Logistic",
        scipy="logistic(loc, scale)",
        torch="torch has no such class.",
        curves=({"loc": 0, "scale": 1}, {"loc": 0, "scale": 2}, {"loc": -2, "scale": 0.6}),
        span=(-10, 10),
    ),
    Row(
        "Gumbel",
        scipy="gumbel_r(loc, scale)",
        torch="",
        curves=({"loc": 0, "scale": 1}, {"loc": 0, "scale": 2}, {"loc": -2, "scale": 0.7}),
        span=(-6, 10),
    ),
    Row(
        "LogNormal",
        scipy="lognorm(scale, scale=exp(loc))",
        torch="",
        curves=({"loc": 0, "scale": 0.25}, {"loc": 0, "scale": 0.5}, {"loc": 0.5, "scale": 1}),
        span=(0, 6),
    ),
    Row(
        "HalfCauchy",
        scipy="halfcauchy(scale=scale)",
        torch="",
        curves=({"scale": 0.5}, {"scale": 1}, {"scale": 2}),
        span=(0, 8),
    ),
    Row(
        "HalfNormal",
        scipy="halfnorm(scale=scale)",
        torch="",
        curves=({"scale": 0.5}, {"scale": 1}, {"scale": 2}),
        span=(0, 6),
    ),
    Row(
        "Rayleigh",
        scipy="rayleigh(scale=scale)",
        torch="torch has no such class.",
        curves=({"scale": 0.5}, {"scale": 1}, {"scale": 2}),
        span=(0, 7),
    ),
    Row(
        "Weibull",
        scipy="weibull_min(concentration, scale=scale)",
        torch="",
        curves=(
            {"scale": 1, "concentration": 0.75},
            {"scale": 1, "concentration": 1.5},
            {"scale": 2, "concentration": 5},
        ),
        span=(0, 4),
        top=1.6,
    ),
    Row(
        "Pareto",
        scipy="pareto(alpha, scale=scale)",
        torch="",
        curves=({"scale": 1, "alpha": 1}, {"scale": 1, "alpha": 3}, {"scale": 2, "alpha": 3}),
        span=(0, 6),
    ),
    Row(
        "GeneralizedPareto",
        scipy="genpareto(concentration, loc, scale)",
        torch="Raises for float64 parameters.",
        curves=(
            {"loc": 0, "scale": 1, "concentration": 0.5},
            {"loc": 0, "scale": 1, "concentration": 0},
            {"loc": 0, "scale": 1, "concentration": -0.4},
        ),
        span=(0, 6),
    ),
    Row(
        "GeneralizedExtremeValue",
        scipy="genextreme(-concentration, loc, scale)",
        torch="torch has no such class.",
        curves=(
            {"loc": 0, "scale": 1, "concentration": 0.5},
            {"loc": 0, "scale": 1, "concentration": 0},
            {"loc": 0, "scale": 1, "concentration": -0.5},
        ),
        span=(-4, 7),
    ),
    Row(
        "Triangular",
        scipy="triang((peak - low) / (high - low), low, high - low)",
        torch="torch has no such class.",
        curves=(
            {"low": 0, "high": 1, "peak": 0.5},
            {"low": 0, "high": 2, "peak": 0.25},
            {"low": 0, "high": 2, "peak": 2},
        ),
        span=(-0.25, 2.25),
    ),
    Row(
        "ContinuousBernoulli",
        scipy="truncexpon(-logits, scale=-1 / logits)",
        torch="A Taylor series, off by up to 2 in relative terms, for `probs` close to 1/2.",
        curves=({"probs": 0.05}, {"probs": 0.3}, {"probs": 0.8}),
        span=(0, 1),
    ),
    Row(
        "LogitRelaxedBernoulli",
        scipy="logistic(logits / temperature, 1 / temperature)",
        torch="No cdf, no quantile, no mean.",
        curves=(
            {"temperature": 0.5, "probs": 0.3},
            {"temperature": 1, "probs": 0.3},
            {"temperature": 2, "probs": 0.8},
        ),
        span=(-8, 8),
    ),
    Row(
        "RelaxedBernoulli",
        scipy="",
        torch="No quantile, no mean.",
        curves=(
            {"temperature": 0.4, "probs": 0.3},
            {"temperature": 1.2, "probs": 0.3},
            {"temperature": 4, "probs": 0.8},
        ),
        span=(0, 1),
        top=4.5,
    ),
    Row(
        "Chi2",
        scipy="chi2(df)",
        torch="No quantile.",
        curves=({"df": 1}, {"df": 3}, {"df": 8}),
        span=(0, 15),
        top=0.5,
    ),
    Row(
        "InverseGamma",
        scipy="invgamma(concentration, scale=rate)",
        torch="No quantile.",
        curves=(
            {"concentration": 1, "rate": 1},
            {"concentration": 3, "rate": 1},
            {"concentration": 9, "rate": 12},
        ),
        span=(0, 4),
    ),
    Row(
        "FisherSnedecor",
        scipy="f(df1, df2)",
        torch="NaN where the mean or the variance is infinite; no cdf, no quantile.",
        curves=({"df1": 1, "df2": 2}, {"df1": 5, "df2": 8}, {"df1": 40, "df2": 60}),
        span=(0, 4),
        top=2,
    ),
    Row(
        "Kumaraswamy",
        scipy="",
        torch="The mode is NaN for most shapes.",
        curves=(
            {"concentration1": 0.5, "concentration0": 0.5},
            {"concentration1": 2, "concentration0": 3},
            {"concentration1": 8, "concentration0": 16},
        ),
        span=(0, 1),
        top=5,
    ),
    Row(
        "VonMises",
        scipy="vonmises(concentration, loc)",
        torch="The circular variance; draws are wrapped to [-pi, pi); no cdf, no quantile.",
        curves=(
            {"loc": 0, "concentration": 0.5},
            {"loc": 0, "concentration": 2},
            {"loc": 1, "concentration": 8},
        ),
        span=(-3.141592653589793, 3.141592653589793),
    ),
    Row(
        "TruncatedNormal",
        scipy="truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)",
        torch="There is none; TensorFlow Probability has it under this name.",
        curves=(
            {"loc": 0, "scale": 1, "low": -1, "high": 2},
            {"loc": 0, "scale": 2, "low": 0, "high": float("inf")},
            {"loc": 3, "scale": 1, "low": -2, "high": 2},
        ),
        span=(-3, 5),
    ),
    Row(
        "Truncated",
        scipy="truncate(base, low, high)",
        torch="There is none.",
        curves=(
            {"base": fd.Gamma(2.5, 1), "low": 1, "high": 4},
            {"base": fd.StudentT(2, 3, 0.5), "low": 2, "high": 6},
            {"base": fd.Exponential(0.5), "low": 0, "high": 3},
        ),
        span=(0, 7),
    ),
    Row(
        "Poisson",
        scipy="poisson(rate)",
        torch="Draws are floats; no cdf, no quantile.",
        curves=({"rate": 1}, {"rate": 4}, {"rate": 10.5}),
        span=(0, 20),
    ),
    Row(
        "Bernoulli",
        scipy="bernoulli(probs)",
        torch="Draws are floats; no cdf, no quantile; `probs` of 0 and 1 are clamped in `logits`.",
        curves=({"probs": 0.25}, {"probs": 0.5}, {"logits": 2}),
        span=(0, 1),
    ),
    Row(
        "Binomial",
        scipy="binom(total_count, probs)",
        torch="Draws are floats; no cdf, no quantile; the entropy is a sum over the support.",
        curves=(
            {"total_count": 20, "probs": 0.1},
            {"total_count": 20, "probs": 0.5},
            {"total_count": 30, "probs": 0.8},
        ),
        span=(0, 30),
    ),
    Row(
        "BetaBinomial",
        scipy="betabinom(total_count, concentration1, concentration0)",
        torch="torch has no such class.",
        curves=(
            {"total_count": 20, "concentration1": 2, "concentration0": 3},
            {"total_count": 20, "concentration1": 0.5, "concentration0": 0.5},
            {"total_count": 20, "concentration1": 20, "concentration0": 60},
        ),
        span=(0, 20),
    ),
    Row(
        "Geometric",
        scipy="geom(probs, loc=-1)",
        torch="Draws are floats; no cdf, no quantile. Both count the failures before the first success, from 0.",
        curves=({"probs": 0.2}, {"probs": 0.5}, {"probs": 0.8}),
        span=(0, 15),
    ),
    Row(
        "NegativeBinomial",
        scipy="nbinom(total_count, 1 - probs)",
        torch="Draws are floats; no cdf, no quantile. In both `probs` is the chance of what is counted.",
        curves=(
            {"total_count": 1.5, "probs": 0.7},
            {"total_count": 5, "probs": 0.5},
            {"total_count": 20, "probs": 0.4},
        ),
        span=(0, 30),
    ),
    Row(
        "DiscreteUniform",
        scipy="randint(low, high + 1)",
        torch="torch has no such class.",
        curves=({"low": 1, "high": 6}, {"low": -2, "high": 9}),
        span=(-4, 12),
    ),
    Row(
        "Hypergeometric",
        scipy="hypergeom(population, successes, draws)",
        torch="torch has no such class.",
        curves=(
            {"population": 50, "successes": 10, "draws": 20},
            {"population": 50, "successes": 25, "draws": 20},
            {"population": 500, "successes": 400, "draws": 20},
        ),
        span=(0, 20),
    ),
    Row(
        "Zipf",
        scipy="zipf(power)",
        torch="torch has no such class.",
        curves=({"power": 1.5}, {"power": 2}, {"power": 4}),
        span=(1, 20),
    ),
    Row(
        "Skellam",
        scipy="skellam(rate1, rate2)",
        torch="torch has no such class.",
        curves=({"rate1": 4, "rate2": 4}, {"rate1": 10, "rate2": 3}, {"rate1": 1, "rate2": 8}),
        span=(-20, 25),
    ),
    Row(
        "ZeroInflated",
        scipy="",
        torch="torch has no such class.",
        curves=(
            {"base": fd.Poisson(4), "gate": 0.3},
            {"base": fd.NegativeBinomial(3, probs=0.75), "gate": 0.2},
        ),
        span=(0, 25),
    ),
    Row(
        "TransformedDistribution",
        scipy="",
        torch="Of the cdfs only `cdf` and `icdf`, no tails.",
        curves=(
            {"base_distribution": fd.Normal(0, 1), "transforms": fd.transforms.SinhArcsinhTransform(0.5, 0.75)},
            {"base_distribution": fd.Gamma(2.5, 1), "transforms": fd.transforms.PowerTransform(0.5)},
        ),
        span=(-3, 6),
    ),
    Row("Delta", scipy="", torch="torch has no such class.", curves=()),
    Row(
        "Categorical",
        scipy="rv_discrete(values=(range(K), probs))",
        torch="Mean and variance are NaN; no cdf, no quantile.",
        curves=({"probs": [0.5, 0.25, 0.15, 0.1]}, {"logits": [0, 1, 2, 1]}),
        span=(0, 3),
    ),
    Row(
        "OneHotCategorical",
        scipy="multinomial(1, probs)",
        torch="Draws are floats.",
        curves=({"probs": [0.5, 0.3, 0.2]}, {"logits": [0, 0, 3]}),
        picture="triangle",
    ),
    Row("OneHotCategoricalStraightThrough", scipy="multinomial(1, probs)", torch="Draws are floats.", curves=()),
    Row(
        "RelaxedOneHotCategorical",
        scipy="",
        torch="",
        curves=(
            {"temperature": 2, "probs": [0.5, 0.3, 0.2]},
            {"temperature": 0.5, "probs": [0.5, 0.3, 0.2]},
            {"temperature": 0.1, "probs": [0.5, 0.3, 0.2]},
        ),
        picture="triangle",
    ),
    Row("ExpRelaxedCategorical", scipy="", torch="It is not exported.", curves=()),
    Row(
        "Multinomial",
        scipy="multinomial(total_count, probs)",
        torch="Draws are floats; one `total_count` for the batch; no entropy of a batch.",
        curves=({"total_count": 4, "probs": [0.5, 0.3, 0.2]}, {"total_count": 25, "probs": [0.5, 0.3, 0.2]}),
        picture="triangle",
    ),
    Row(
        "DirichletMultinomial",
        scipy="dirichlet_multinomial(concentration, total_count)",
        torch="torch has no such class.",
        curves=(
            {"concentration": [0.5, 0.5, 0.5], "total_count": 20},
            {"concentration": [2, 3, 5], "total_count": 20},
            {"concentration": [40, 20, 20], "total_count": 20},
        ),
        picture="triangle",
    ),
    Row(
        "Dirichlet",
        scipy="dirichlet(concentration)",
        torch="",
        curves=(
            {"concentration": [0.5, 0.5, 0.5]},
            {"concentration": [2, 3, 5]},
            {"concentration": [40, 20, 20]},
        ),
        picture="triangle",
    ),
    Row(
        "LogisticNormal",
        scipy="",
        torch="No mean, no entropy.",
        curves=(
            {"loc": [0, 0], "scale": [0.5, 0.5]},
            {"loc": [1, 0], "scale": [0.5, 1]},
            {"loc": [0, 0], "scale": [3, 3]},
        ),
        picture="triangle",
    ),
    Row(
        "MultivariateNormal",
        scipy="multivariate_normal(loc, covariance_matrix)",
        torch="",
        curves=(
            {"loc": [0, 0], "covariance_matrix": [[1, 0], [0, 1]]},
            {"loc": [0.5, 0], "covariance_matrix": [[1, 0.8], [0.8, 1]]},
            {"loc": [0, 0], "precision_matrix": [[1, 0.9], [0.9, 3]]},
        ),
        picture="plane",
    ),
    Row(
        "LowRankMultivariateNormal",
        scipy="multivariate_normal(loc, cov_factor @ cov_factor.T + diag(cov_diag))",
        torch="",
        curves=(
            {"loc": [0, 0], "cov_factor": [[1], [1]], "cov_diag": [0.1, 0.1]},
            {"loc": [0, 0], "cov_factor": [[1], [0.3]], "cov_diag": [0.1, 0.5]},
        ),
        picture="plane",
    ),
    Row(
        "MultivariateStudentT",
        scipy="multivariate_t(loc, scale_matrix, df)",
        torch="torch has no such class.",
        curves=(
            {"df": 1, "loc": [0, 0], "scale_matrix": [[1, 0], [0, 1]]},
            {"df": 3, "loc": [0, 0], "scale_matrix": [[1, 0.8], [0.8, 1]]},
            {"df": 30, "loc": [0, 0], "scale_matrix": [[1, 0.8], [0.8, 1]]},
        ),
        picture="plane",
    ),
    Row("MatrixNormal", scipy="matrix_normal(loc, rowcov, colcov)", torch="torch has no such class.", curves=()),
    Row(
        "Wishart",
        scipy="wishart(df, covariance_matrix)",
        torch="Draws are rejected and repeated where rounding spoils them.",
        curves=(
            {"df": 2, "covariance_matrix": [[0.5, 0], [0, 0.5]]},
            {"df": 5, "covariance_matrix": [[0.2, 0.15], [0.15, 0.2]]},
            {"df": 50, "covariance_matrix": [[0.02, 0.015], [0.015, 0.02]]},
        ),
        picture="ellipses",
    ),
    Row(
        "InverseWishart",
        scipy="invwishart(df, scale_matrix)",
        torch="torch has no such class.",
        curves=(
            {"df": 3, "scale_matrix": [[1, 0], [0, 1]]},
            {"df": 8, "scale_matrix": [[5, 3.5], [3.5, 5]]},
            {"df": 50, "scale_matrix": [[47, 35], [35, 47]]},
        ),
        picture="ellipses",
    ),
    Row(
        "LKJ",
        scipy="",
        torch="torch has `LKJCholesky` only.",
        curves=({"dim": 3, "concentration": 0.5}, {"dim": 3, "concentration": 1}, {"dim": 3, "concentration": 10}),
        picture="correlations",
    ),
    Row("LKJCholesky", scipy="", torch="No mean.", curves=()),
    Row(
        "VonMisesFisher",
        scipy="vonmises_fisher(loc, concentration)",
        torch="torch has no such class.",
        curves=(
            {"loc": [0, 0, 1], "concentration": 1},
            {"loc": [1, 0, 0], "concentration": 10},
            {"loc": [0.6, 0, 0.8], "concentration": 100},
        ),
        picture="sphere",
    ),
    Row("Independent", scipy="", torch="", curves=()),
    Row(
        "MixtureSameFamily",
        scipy="Mixture(components, weights=probs)",
        torch="No tails, no quantile, no reparametrised draws.",
        curves=(
            {
                "mixture_distribution": fd.Categorical([0.3, 0.7]),
                "component_distribution": fd.Normal([-2, 1], [0.5, 1]),
            },
            {"mixture_distribution": fd.Categorical([0.5, 0.5]), "component_distribution": fd.Gamma([2, 40], [2, 10])},
        ),
        span=(-4, 8),
    ),
    Row(
        "Mixture",
        scipy="Mixture(components, weights=probs)",
        torch="torch has no such class.",
        curves=(
            {
                "mixture_distribution": fd.Categorical([0.9, 0.1]),
                "components": [fd.Normal(0, 1), fd.Cauchy(3, 0.3)],
            },
            {
                "mixture_distribution": fd.Categorical([0.6, 0.4]),
                "components": [fd.Laplace(-2, 0.5), fd.Gamma(9, 3)],
            },
        ),
        span=(-6, 8),
    ),
)
