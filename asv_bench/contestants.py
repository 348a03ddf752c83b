"""What is compared: families, the work done with them, and how each library's user would write it.

Every contestant is a Python statement over a small set of names, so that the table below is all
there is to read: ``p0, p1, ...`` are the parameters, ``d`` the frozen distribution, ``e`` another
of its family, ``x`` values drawn from ``d``, ``q`` probabilities, ``n`` and ``shape`` the number of
draws, ``rng`` a NumPy Generator. A scalar is a Python number (for torch a tensor without axes), an
array is float64. Counts and categories are int64 as NumPy draws them; torch gets what torch itself
draws.

torch's distributions are made with ``validate_args=False``, which takes the check of every value
out of its times; only where freezing itself is timed do both sides check their parameters.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

LIBRARIES = {"fastdist": "fastdist", "scipy": "SciPy", "numpy": "NumPy", "torch": "torch", "numba_stats": "numba-stats"}
ALL_SIZES = (1, 10**3, 10**6)
LAST_AXIS = (1000, 1000)
EVENTS = (1, 10**3, 10**5)
TABLES = (100_000, 10)
BATCH = (10**6,)


@dataclass(frozen=True)
class Family:
    """A distribution as the libraries spell it.

    Parameters
    ----------
    name : str
        The class in fastdist and in torch, which agree on names and on the order of parameters.
    parameters : tuple
        What ``p0, p1, ...`` stand for.
    scipy : str
        SciPy's frozen distribution, if it has the family.
    numpy : str
        A NumPy user's expression for `n` draws.
    numba_stats : str
        Its module and the arguments after the value, if it has the family.
    values : str
        "real", "count", "category", or of vectors and matrices "counts" or "events".
    own, torch : str
        The constructors, if they are not the class with ``p0, p1, ...``.
    events_last : bool
        Whether SciPy takes the axis that numbers the events last.
    """

    name: str
    parameters: tuple[Any, ...]
    scipy: str
    numpy: str
    numba_stats: tuple[str, str] = ("", "")
    values: str = "real"
    own: str = ""
    torch: str = ""
    events_last: bool = False

    @property
    def of_events(self) -> bool:
        """Whether a value is a vector or a matrix."""
        return self.values in ("counts", "events")


_WEIGHTS = np.random.default_rng(1).random(100)
_LOADINGS = np.random.default_rng(2).normal(size=(50, 5))
_COVARIANCE = np.eye(50) + 0.1 * _LOADINGS @ _LOADINGS.T

FAMILIES = {
    family.name: family
    for family in (
        Family("Normal", (1.0, 2.0), "stats.norm(p0, p1)", "rng.normal(p0, p1, n)", ("norm", "p0, p1")),
        Family(
            "Uniform", (-1.0, 3.0), "stats.uniform(p0, p1 - p0)", "rng.uniform(p0, p1, n)", ("uniform", "p0, p1 - p0")
        ),
        Family(
            "Exponential", (1.0,), "stats.expon(scale=1 / p0)", "rng.standard_exponential(n)", ("expon", "0.0, 1 / p0")
        ),
        Family(
            "Gamma",
            (2.5, 1.5),
            "stats.gamma(p0, scale=1 / p1)",
            "rng.gamma(p0, 1 / p1, n)",
            ("gamma", "p0, 0.0, 1 / p1"),
        ),
        Family("Beta", (2.0, 3.0), "stats.beta(p0, p1)", "rng.beta(p0, p1, n)"),
        Family("StudentT", (4.5, 0.0, 1.0), "stats.t(p0, p1, p2)", "rng.standard_t(p0, n)", ("t", "p0, p1, p2")),
        Family("InverseGaussian", (1.0, 2.0), "stats.invgauss(p0 / p1, scale=p1)", "rng.wald(p0, p1, n)"),
        Family(
            "SkewNormal",
            (0.0, 1.0, 4.0),
            "stats.skewnorm(p2, p0, p1)",
            "p0 + p1 * (p2 * np.abs(rng.normal(size=n)) + rng.normal(size=n)) / np.sqrt(1 + p2 * p2)",
        ),
        Family("Cauchy", (1.0, 2.0), "stats.cauchy(p0, p1)", "p0 + p1 * rng.standard_cauchy(n)"),
        Family("Laplace", (1.0, 2.0), "stats.laplace(p0, p1)", "rng.laplace(p0, p1, n)", ("laplace", "p0, p1")),
        Family("Logistic", (1.0, 2.0), "stats.logistic(p0, p1)", "rng.logistic(p0, p1, n)"),
        Family("Gumbel", (1.0, 2.0), "stats.gumbel_r(p0, p1)", "rng.gumbel(p0, p1, n)"),
        Family(
            "LogNormal",
            (0.5, 0.75),
            "stats.lognorm(p1, scale=np.exp(p0))",
            "rng.lognormal(p0, p1, n)",
            ("lognorm", "p1, 0.0, float(np.exp(p0))"),
        ),
        Family("HalfCauchy", (2.0,), "stats.halfcauchy(scale=p0)", "np.abs(p0 * rng.standard_cauchy(n))"),
        Family("HalfNormal", (2.0,), "stats.halfnorm(scale=p0)", "np.abs(rng.normal(0.0, p0, n))"),
        Family("Rayleigh", (2.0,), "stats.rayleigh(scale=p0)", "rng.rayleigh(p0, n)"),
        Family("Weibull", (2.0, 1.5), "stats.weibull_min(p1, scale=p0)", "p0 * rng.weibull(p1, n)"),
        Family("Pareto", (1.0, 3.0), "stats.pareto(p1, scale=p0)", "p0 * (1 + rng.pareto(p1, n))"),
        Family(
            "GeneralizedPareto",
            (0.0, 1.0, 0.25),
            "stats.genpareto(p2, p0, p1)",
            "p0 + p1 * np.expm1(p2 * rng.standard_exponential(n)) / p2",
        ),
        Family(
            "GeneralizedExtremeValue",
            (0.0, 1.0, 0.25),
            "stats.genextreme(-p2, p0, p1)",
            "p0 + p1 * np.expm1(p2 * rng.gumbel(size=n)) / p2",
        ),
        Family(
            "Triangular",
            (0.0, 4.0, 1.0),
            "stats.triang((p2 - p0) / (p1 - p0), p0, p1 - p0)",
            "rng.triangular(p0, p2, p1, n)",
        ),
        Family(
            "ContinuousBernoulli",
            (0.25,),
            "stats.truncexpon(np.log(1 / p0 - 1), scale=1 / np.log(1 / p0 - 1))",
            "np.log1p(rng.random(n) * (2 * p0 - 1) / (1 - p0)) / np.log(p0 / (1 - p0))",
        ),
        Family(
            "LogitRelaxedBernoulli",
            (0.5, 0.25),
            "stats.logistic(np.log(p1 / (1 - p1)) / p0, 1 / p0)",
            "(rng.logistic(size=n) + np.log(p1 / (1 - p1))) / p0",
        ),
        Family(
            "RelaxedBernoulli",
            (0.5, 0.25),
            "",
            "1 / (1 + np.exp(-(rng.logistic(size=n) + np.log(p1 / (1 - p1))) / p0))",
        ),
        Family("Chi2", (4.5,), "stats.chi2(p0)", "rng.chisquare(p0, n)", ("chi2", "p0, 0.0, 1.0")),
        Family("InverseGamma", (2.5, 1.5), "stats.invgamma(p0, scale=p1)", "1 / rng.gamma(p0, 1 / p1, n)"),
        Family("FisherSnedecor", (5.0, 8.5), "stats.f(p0, p1)", "rng.f(p0, p1, n)"),
        Family("Kumaraswamy", (2.0, 3.0), "", "(1 - (1 - rng.random(n)) ** (1 / p1)) ** (1 / p0)"),
        Family("VonMises", (0.0, 2.5), "stats.vonmises(p1, p0)", "rng.vonmises(p0, p1, n)"),
        Family(
            "TruncatedNormal",
            (0.5, 1.0, -1.0, 2.0),
            "stats.truncnorm((p2 - p0) / p1, (p3 - p0) / p1, p0, p1)",
            "(lambda z: np.resize(z[(z > p2) & (z < p3)], n or ()))(rng.normal(p0, p1, 2 * (n or 8)))",
            ("truncnorm", "p2, p3, p0, p1"),
        ),
        Family("Poisson", (10.0,), "stats.poisson(p0)", "rng.poisson(p0, n)", ("poisson", "p0"), "count"),
        Family(
            "Categorical",
            (_WEIGHTS / _WEIGHTS.sum(),),
            "stats.rv_discrete(values=(np.arange(len(p0)), p0))",
            "rng.choice(len(p0), n, p=p0)",
            values="category",
        ),
        Family("Bernoulli", (0.3,), "stats.bernoulli(p0)", "rng.binomial(1, p0, n)", values="count"),
        Family("Binomial", (100, 0.3), "stats.binom(p0, p1)", "rng.binomial(p0, p1, n)", values="count"),
        Family(
            "BetaBinomial",
            (20, 2.0, 3.0),
            "stats.betabinom(p0, p1, p2)",
            "rng.binomial(p0, rng.beta(p1, p2, n), n)",
            values="count",
        ),
        Family("Geometric", (0.2,), "stats.geom(p0, loc=-1)", "rng.geometric(p0, n) - 1", values="count"),
        Family(
            "NegativeBinomial",
            (5.0, 0.6),
            "stats.nbinom(p0, 1 - p1)",
            "rng.negative_binomial(p0, 1 - p1, n)",
            values="count",
        ),
        Family("DiscreteUniform", (1, 6), "stats.randint(p0, p1 + 1)", "rng.integers(p0, p1 + 1, n)", values="count"),
        Family(
            "Hypergeometric",
            (500, 60, 200),
            "stats.hypergeom(p0, p1, p2)",
            "rng.hypergeometric(p1, p0 - p1, p2, n)",
            values="count",
        ),
        Family("Zipf", (2.5,), "stats.zipf(p0)", "rng.zipf(p0, n)", values="count"),
        Family(
            "Skellam", (10.0, 5.0), "stats.skellam(p0, p1)", "rng.poisson(p0, n) - rng.poisson(p1, n)", values="count"
        ),
        Family(
            "ZeroInflated",
            (4.0, 0.25),
            "",
            "rng.poisson(p0, n) * (rng.random(n) >= p1)",
            values="count",
            own="fd.ZeroInflated(fd.Poisson(p0), p1)",
        ),
        Family(
            "OneHotCategorical",
            (np.full(10, 0.1),),
            "stats.multinomial(1, p0)",
            "rng.multinomial(1, p0, n)",
            values="counts",
        ),
        Family(
            "Multinomial",
            (100, np.full(10, 0.1)),
            "stats.multinomial(p0, p1)",
            "rng.multinomial(p0, p1, n)",
            values="counts",
        ),
        Family(
            "DirichletMultinomial",
            (np.arange(1.0, 11.0), 100),
            "stats.dirichlet_multinomial(p0, p1)",
            "rng.multinomial(p1, rng.dirichlet(p0, n))",
            values="counts",
        ),
        Family(
            "RelaxedOneHotCategorical",
            (0.5, np.arange(1.0, 11.0) / 55),
            "",
            "special.softmax((np.log(p1) + rng.gumbel(size=(n or 1, 10))) / p0, axis=-1)",
            values="events",
        ),
        Family(
            "Dirichlet",
            (np.arange(1.0, 11.0),),
            "stats.dirichlet(p0)",
            "rng.dirichlet(p0, n)",
            values="events",
            events_last=True,
        ),
        Family("LogisticNormal", (np.zeros(9), np.ones(9)), "", "", values="events"),
        Family(
            "MultivariateNormal",
            (np.zeros(50), _COVARIANCE),
            "stats.multivariate_normal(p0, p1)",
            "rng.multivariate_normal(p0, p1, n, method='cholesky')",
            values="events",
        ),
        Family(
            "LowRankMultivariateNormal",
            (np.zeros(50), _LOADINGS, np.ones(50)),
            "stats.multivariate_normal(p0, p1 @ p1.T + np.diag(p2))",
            "rng.multivariate_normal(p0, p1 @ p1.T + np.diag(p2), n, method='cholesky')",
            values="events",
        ),
        Family(
            "MultivariateStudentT",
            (5.0, np.zeros(10), _COVARIANCE[:10, :10]),
            "stats.multivariate_t(p1, p2, p0)",
            "",
            values="events",
            own="fd.MultivariateStudentT(p0, p1, scale_matrix=p2)",
        ),
        Family(
            "MatrixNormal",
            (np.zeros((5, 10)), np.linalg.cholesky(_COVARIANCE[:5, :5]), np.linalg.cholesky(_COVARIANCE[:10, :10])),
            "stats.matrix_normal(p0, p1 @ p1.T, p2 @ p2.T)",
            "",
            values="events",
        ),
        Family(
            "Wishart", (15.0, _COVARIANCE[:10, :10]), "stats.wishart(p0, p1)", "", values="events", events_last=True
        ),
        Family(
            "InverseWishart",
            (15.0, _COVARIANCE[:10, :10]),
            "stats.invwishart(p0, p1)",
            "",
            values="events",
            events_last=True,
        ),
        Family("LKJ", (1.5,), "", "", values="events", own="fd.LKJ(10, p0)"),
        Family(
            "LKJCholesky",
            (1.5,),
            "",
            "",
            values="events",
            own="fd.LKJCholesky(10, p0)",
            torch="td.LKJCholesky(10, p0)",
        ),
        Family("VonMisesFisher", (np.full(10, 0.1**0.5), 20.0), "stats.vonmises_fisher(p0, p1)", "", values="events"),
        Family(
            "Independent",
            (np.zeros(10), np.arange(1.0, 11.0)),
            "",
            "rng.normal(p0, p1, (n or 1, 10))",
            values="events",
            own="fd.Independent(fd.Normal(p0, p1), 1)",
            torch="td.Independent(td.Normal(p0, p1), 1)",
        ),
        Family(
            "TransformedDistribution",
            (0.0, 1.0, 1.0, 0.5),
            "",
            "np.exp(p2 + p3 * rng.normal(p0, p1, n))",
            own="fd.TransformedDistribution(fd.Normal(p0, p1), "
            "[fd.transforms.AffineTransform(p2, p3), fd.transforms.ExpTransform()])",
            torch="td.TransformedDistribution(td.Normal(p0, p1), [td.AffineTransform(p2, p3), td.ExpTransform()])",
        ),
        Family(
            "MixtureSameFamily",
            (np.array([0.1, 0.2, 0.3, 0.2, 0.2]), np.arange(-4.0, 5.0, 2.0), np.array([0.5, 1.0, 0.3, 2.0, 1.0])),
            "",
            "(lambda k: rng.normal(p1[k], p2[k]))(rng.choice(5, n, p=p0))",
            own="fd.MixtureSameFamily(fd.Categorical(p0), fd.Normal(p1, p2))",
            torch="td.MixtureSameFamily(td.Categorical(p0), td.Normal(p1, p2))",
        ),
    )
}


SCALARS = tuple(name for name, family in FAMILIES.items() if not family.of_events)
VECTORS = tuple(name for name, family in FAMILIES.items() if family.of_events)
DIVERGENT = ("Normal", "Uniform", "Exponential", "Gamma", "Beta", "Laplace", "Gumbel", "Poisson", "Bernoulli")


@dataclass(frozen=True)
class Work:
    """One thing that users do, as a statement for each library that has it.

    Parameters
    ----------
    name : str
    statements : dict
        By library. In braces: `new` the constructor, `draws` NumPy's call, `log_density` SciPy's
        spelling, `module` and `arguments` of numba-stats, `name` of the family.
    families : tuple of str
        By default all whose values are numbers.
    sizes : tuple
        Numbers of values, or shapes: of values whose last axis is the parameters', or of a batch of tables.
    random : bool
        Whether results are draws, which cannot agree.
    """

    name: str
    statements: dict[str, str]
    families: tuple[str, ...] = SCALARS
    sizes: tuple[Any, ...] = ALL_SIZES
    random: bool = False


_LOG_PROB = {
    "fastdist": "d.log_prob(x)",
    "scipy": "d.{log_density}(x)",
    "torch": "d.log_prob(x)",
    "numba_stats": "{module}.{log_density}(x, {arguments})",
}

_SAMPLE = {
    "fastdist": "d.sample(shape, rng=rng)",
    "scipy": "d.rvs(size=n, random_state=rng)",
    "numpy": "{draws}",
    "torch": "d.sample(shape)",
    "numba_stats": "{module}.rvs({arguments}, n or 1, None)",
}

_DIVERGENCE = {"fastdist": "fd.kl_divergence(d, e)", "torch": "td.kl_divergence(d, e)"}

WORKS = (
    Work("freeze", {"fastdist": "{new}", "scipy": "{new}", "torch": "{new}"}, families=tuple(FAMILIES), sizes=(1,)),
    Work("log_prob", _LOG_PROB),
    Work(
        "cdf",
        {
            "fastdist": "d.cdf(x)",
            "scipy": "d.cdf(x)",
            "torch": "d.cdf(x)",
            "numba_stats": "{module}.cdf(x, {arguments})",
        },
    ),
    Work("sf", {"fastdist": "d.sf(x)", "scipy": "d.sf(x)"}),
    Work("log_cdf", {"fastdist": "d.log_cdf(x)", "scipy": "d.logcdf(x)"}),
    Work(
        "icdf",
        {
            "fastdist": "d.icdf(q)",
            "scipy": "d.ppf(q)",
            "torch": "d.icdf(q)",
            "numba_stats": "{module}.ppf(q, {arguments})",
        },
    ),
    Work("sample", _SAMPLE, random=True),
    Work("log_prob, events", _LOG_PROB, families=VECTORS, sizes=EVENTS),
    Work(
        "sample, events",
        {**_SAMPLE, "scipy": "d.rvs(size=n or 1, random_state=rng)"},
        families=VECTORS,
        sizes=EVENTS,
        random=True,
    ),
    Work(
        "sample, a batch of tables",
        {
            "fastdist": "d.sample(rng=rng)",
            "numpy": "(p0.cumsum(-1) > rng.random((len(p0), 1))).argmax(-1)",
            "torch": "d.sample()",
        },
        families=("Categorical",),
        sizes=(TABLES,),
        random=True,
    ),
    Work("kl_divergence", _DIVERGENCE, families=DIVERGENT, sizes=(1,)),
    Work("kl_divergence, a batch", _DIVERGENCE, families=DIVERGENT, sizes=(BATCH,)),
    Work("kl_divergence, a batch of tables", _DIVERGENCE, families=("Categorical",), sizes=(TABLES,)),
    Work(
        "gumbel_softmax",
        {
            "fastdist": "fd.gumbel_softmax(p0, rng=rng)",
            "numpy": "special.softmax(p0 + rng.gumbel(size=p0.shape), axis=-1)",
            "torch": "torch.nn.functional.gumbel_softmax(p0)",
        },
        families=("Categorical",),
        sizes=(TABLES,),
        random=True,
    ),
    # Both sides freeze anew: in a fit the parameters differ from call to call.
    Work(
        "log_likelihood_and_grad",
        {"fastdist": "{new}.log_likelihood_and_grad(x)", "torch": "log_likelihood_and_grad(td.{name}, leaves, x)"},
        families=("Normal", "Gamma", "StudentT", "Beta", "Exponential"),
    ),
    # Not the same amount of work: fastdist gives the derivatives of every draw, reverse mode the
    # sum of them over all draws, which is all that it can give in one pass.
    Work(
        "rsample_and_grad",
        {"fastdist": "{new}.rsample_and_grad(shape, rng=rng)", "torch": "rsample_and_grad(td.{name}, leaves, shape)"},
        families=("Normal", "Gamma", "Beta"),
        random=True,
    ),
    # numba-stats takes scalar parameters only.
    Work(
        "log_prob, last axis",
        {library: text for library, text in _LOG_PROB.items() if library != "numba_stats"},
        families=("Normal", "Gamma"),
        sizes=(LAST_AXIS,),
    ),
)


def installed() -> dict[str, str]:
    """The peers that can be imported, with their versions."""
    peers = [library for library in LIBRARIES if library != "fastdist" and importlib.util.find_spec(library)]
    return {library: importlib.metadata.version(library.replace("_", "-")) for library in peers}


def label(size: Any) -> str:
    """A size as a person writes it."""
    return "x".join(map(str, size)) if isinstance(size, tuple) else f"{size:,}".replace(",", " ")


def count(size: Any) -> int:
    """How many values a size stands for."""
    return int(np.prod(size))


def entrants(work: Work, family: Family) -> list[str]:
    """The libraries that may take part; some find out only when asked that they lack the method."""
    lacking = {"numba_stats": not family.numba_stats[0], "scipy": not family.scipy, "numpy": not family.numpy}
    return [library for library in work.statements if not lacking.get(library)]


def statement(library: str, work: Work, family: Family) -> str:
    """What the user of a library writes."""
    module, arguments = family.numba_stats
    return work.statements[library].format(
        name=family.name,
        new=_constructor(library, family),
        draws=family.numpy,
        log_density="logpdf" if family.values in ("real", "events") else "logpmf",
        module=module,
        arguments=arguments,
    )


def names(library: str, family: Family, size: Any) -> dict[str, Any]:
    """The names that the statements of a library may use."""
    rng = np.random.default_rng(20)
    n = None if size == 1 else size
    parameters = family.parameters
    tables = isinstance(size, tuple) and family.values == "category"
    if tables:
        parameters, n = (rng.dirichlet(np.ones(size[-1]), size[0]),), None
    elif isinstance(size, tuple):
        parameters = tuple(np.linspace(p, 2 * p, size[-1]) for p in parameters)
    scope: dict[str, Any] = {"np": np, "special": special, "rng": rng, "n": n, "shape": _shape(n)}
    scope.update(_numbered(parameters))
    if tables:
        x, q = (parameters[0].cumsum(-1) > rng.random((size[0], 1))).argmax(-1), rng.random(size[0])
    else:
        x, q = _drawn(family, scope), rng.random(n)
    if size == 1 and not family.of_events:
        x, q = (float(x) if family.values == "real" else int(x)), float(q)
    scope.update(x=x, q=q, **_LOADERS[library]())
    if library == "scipy" and family.events_last:
        scope["x"] = np.ascontiguousarray(np.moveaxis(x, 0, -1))
    if library == "torch":
        scope.update(_torch_names(scope["torch"], family.values, parameters, x, q))
    if library in ("fastdist", "torch") or (library == "scipy" and not tables):
        new = _constructor(library, family)
        text = new if library != "torch" else new[:-1] + ", validate_args=False)"
        scope["d"] = eval(text, scope)
        if family.name in DIVERGENT or tables:
            scope["e"] = eval(text, {**scope, **_numbered(_others(parameters, library, scope))})
    return scope


def _others(parameters: tuple[Any, ...], library: str, scope: dict[str, Any]) -> tuple[Any, ...]:
    """Other parameters: a quarter larger, or tables with their categories in the opposite order."""
    others = tuple(p[:, ::-1].copy() if np.ndim(p) == 2 else 1.25 * p for p in parameters)
    if library != "torch":
        return others
    return tuple(scope["torch"].tensor(p, dtype=scope["torch"].float64) for p in others)


def _drawn(family: Family, scope: dict[str, Any]) -> Any:
    """Values: NumPy's draws, or fastdist's where NumPy has none."""
    if family.numpy:
        return eval(family.numpy, scope)
    return eval(_constructor("fastdist", family), {**scope, **_LOADERS["fastdist"]()}).sample(scope["shape"], rng=20)


def _shape(n: Any) -> tuple[int, ...]:
    if n is None:
        return ()
    return n if isinstance(n, tuple) else (n,)


def _numbered(parameters: tuple[Any, ...]) -> dict[str, Any]:
    return {f"p{i}": p for i, p in enumerate(parameters)}


def _constructor(library: str, family: Family) -> str:
    arguments = ", ".join(_numbered(family.parameters))
    spelling = {
        "fastdist": family.own or f"fd.{family.name}({arguments})",
        "torch": family.torch or f"td.{family.name}({arguments})",
    }
    return spelling.get(library, family.scipy)


def _torch_names(torch: Any, values: str, parameters: tuple[Any, ...], x: Any, q: Any) -> dict[str, Any]:
    def log_likelihood_and_grad(family: Any, leaves: Any, x: Any) -> Any:
        total = family(*leaves, validate_args=False).log_prob(x).sum()
        return total.detach(), torch.autograd.grad(total, leaves)

    def rsample_and_grad(family: Any, leaves: Any, shape: Any) -> Any:
        draws = family(*leaves, validate_args=False).rsample(shape)
        return draws.detach(), torch.autograd.grad(draws.sum(), leaves)

    def tensor(value: Any, **options: Any) -> Any:
        return torch.tensor(np.asarray(value), dtype=torch.float64, **options)

    return {
        **_numbered(tuple(tensor(p) for p in parameters)),
        "leaves": tuple(tensor(p, requires_grad=True) for p in parameters),
        "x": torch.tensor(np.asarray(x)) if values == "category" else tensor(x),
        "q": tensor(q),
        "log_likelihood_and_grad": log_likelihood_and_grad,
        "rsample_and_grad": rsample_and_grad,
    }


def _load_torch() -> dict[str, Any]:
    return {"torch": importlib.import_module("torch"), "td": importlib.import_module("torch.distributions")}


def _load_numba_stats() -> dict[str, Any]:
    modules = [family.numba_stats[0] for family in FAMILIES.values() if family.numba_stats[0]]
    return {module: importlib.import_module(f"numba_stats.{module}") for module in modules}


_LOADERS: dict[str, Any] = {
    "fastdist": lambda: {"fd": importlib.import_module("fastdist")},
    "scipy": lambda: {"stats": importlib.import_module("scipy.stats")},
    "numpy": dict,
    "torch": _load_torch,
    "numba_stats": _load_numba_stats,
}
