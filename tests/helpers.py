"""What several test files need: building rows, values inside a support, quadrature, naive loops."""

import functools
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from cases import CASES

from fastdist.engine import evaluate

POINTWISE = ("log_prob", "prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
OF_PARAMETERS = ("mean", "variance", "stddev", "skewness", "kurtosis", "median", "mode", "entropy")
HALF_ULP = 2.0**-53
HEAD = 2.0**21  # terms of a sum before an integral takes over

# A point mass has no density to hold to, and no reference.
HELD = tuple(case for case in CASES if case.reference)

each_case = pytest.mark.parametrize("case", HELD, ids=str)
# Summaries of batches, on devices, and their derivatives are a kernel each: of these families every day.
SUMMARISED = (
    "Normal",
    "Gamma",
    "Beta",
    "StudentT",
    "VonMises",
    "Triangular",
    "Poisson",
    "Geometric(probs)",
)


def if_summarised(case, *more):
    """A row of a test, which is of the large sweep unless the family is one of those."""
    return pytest.param(case, *more, marks=[] if str(case) in SUMMARISED else pytest.mark.slow)


each_summarised = pytest.mark.parametrize("case", list(map(if_summarised, HELD)), ids=str)
# Of the others tails, logarithms and the like, where a loop of each is a kernel of its own, are of the large sweep.
FEW = ("log_prob", "cdf", "icdf")


def of_few(case, method):
    """A row for a method; what is interpolated for long arrays is tested by itself."""
    if method in FEW:
        return pytest.param(case, method)
    interpolated = method in case.distribution.kernels.quick and str(case) != "Gamma"
    return pytest.param(case, method, marks=pytest.mark.slow) if interpolated else if_summarised(case, method)


each_method = pytest.mark.parametrize(("case", "method"), [of_few(c, m) for c in HELD for m in POINTWISE], ids=str)
# For long arrays their tails and quantiles take long to compile, and are those of gamma and beta distributions.
INTERPOLATED_LIKE_ANOTHER = ("Chi2", "InverseGamma", "FisherSnedecor")

reparameterised = pytest.mark.parametrize("case", [c for c in HELD if c.distribution.has_rsample], ids=str)


def each_set(attribute="sets", discrete=None, scipy=False, moments=False):
    """A test over all parameter sets of all rows: `ordinary`, `extreme` or both (`sets`).

    With `discrete`, only over the rows whose support is discrete (True) or continuous (False); with
    `scipy`, only over those of which SciPy has an equivalent; with `moments`, only over those that have any.
    """
    cases = [c for c in HELD if discrete is None or c.distribution.support.is_discrete == discrete]
    cases = [c for c in cases if (c.scipy is not None or not scipy) and (c.moments or not moments)]
    pairs = [(case, parameters) for case in cases for parameters in getattr(case, attribute)]
    return pytest.mark.parametrize(("case", "parameters"), pairs, ids=[set_id(*pair) for pair in pairs])


def each_gradient(attribute=None):
    """A test over all rows, or all parameter sets of one kind, and the methods that have a form with derivatives."""
    rows = [(c, m, p) for c in HELD for m in c.gradients for p in (getattr(c, attribute) if attribute else [None])]
    if attribute is None:
        return pytest.mark.parametrize(("case", "method"), [r[:2] for r in rows], ids=[f"{m}-{c}" for c, m, _ in rows])
    names = [f"{m}-{set_id(c, p)}" for c, m, p in rows]
    return pytest.mark.parametrize(("case", "method", "parameters"), rows, ids=names)


def set_id(case, parameters):
    """A row and one of its parameter sets, readable."""
    return f"{case}-" + ",".join(f"{name}={value}" for name, value in parameters.items()).replace(" ", "")


def batch(case, shape, dtype=np.float64):
    """The ordinary parameter sets as arrays of a batch shape, each set in turn."""
    sets = list(itertools.islice(itertools.cycle(case.ordinary), math.prod(shape)))
    arrays = {}
    for name in case.parameters:
        event = np.shape(case.ordinary[0][name])
        arrays[name] = np.array([s[name] for s in sets], dtype).reshape(tuple(shape) + event)
    return arrays


def domain(d, method):
    """Where a method of an unbatched distribution is defined: the support, unless the density says otherwise."""
    return (d.kernels.density_support if "prob" in method else None) or d.support


def inner(d, n, low=0.02, high=0.98):
    """`n` values inside the support of an unbatched distribution, sorted."""
    return d.icdf(np.linspace(low, high, n))


def values(case, shape, seed=0):
    """Values for a batch of ordinary sets: draws of all of them, mixed, as float64."""
    random = np.random.default_rng(seed)
    draws = [np.asarray(case.distribution(**p).icdf(random.uniform(0.05, 0.95, 50))) for p in case.ordinary]
    return random.choice(np.concatenate(draws), shape)


def draw_slopes(d, x):
    """Derivatives of draws that came out as `x`, in each parameter: by the kernel behind `rsample_and_grad`."""
    program, constants, _ = d._ready("sample_grad")
    results = evaluate.pointwise(program, x, constants, d.dtype, False, "sample_grad")
    return results if program.outputs > 1 else (results,)


def integral(d, function, low=None, high=None):
    """The integral (or sum) of ``function(x) * prob(x)`` from `low` to `high`, included.

    Continuous supports by the double-exponential rule on either side of the median (Takahasi and
    Mori 1974), which forgives singular ends; discrete ones term by term.
    """
    low = d.support.lower if low is None else low
    high = d.support.upper if high is None else high
    if d.support.is_discrete:
        low = low if np.isfinite(low) else d.icdf(1e-200) - 200
        first, last = np.ceil(low), np.floor(min(high, d.isf(1e-200) + 200))
        k = np.arange(first, min(last, first + HEAD) + 1)
        return np.sum(function(k) * d.prob(k)) + (_far_sum(d, function, k[-1] + 1, last) if k.size > HEAD else 0.0)
    # A density may have a kink at its mode.
    cuts = sorted({float(low), *(float(c) for c in (d.median(), d.mode()) if low < c < high), float(high)})
    if len(cuts) == 2:
        cuts.insert(1, min(max(float(d.median()), low), high))
    total = _side(d, function, cuts[1], cuts[0], -1) + _side(d, function, cuts[-2], cuts[-1], 1)
    for a, b in itertools.pairwise(cuts[1:-1]):
        total += _side(d, function, (a + b) / 2, a, -1) + _side(d, function, (a + b) / 2, b, 1)
    return total


def _far_sum(d, function, first, last):
    """The sum from `first` to `last` of terms that fall like a power: by Gauss's rule, octave by octave.

    A sum is the integral from half a step before it to half a step after it. Between counts, where a mass is 0, its
    terms are interpolated.
    """
    nodes, weights = np.polynomial.legendre.leggauss(24)
    total = 0.0
    while first <= last:
        stop = min(2 * first - 1, last)
        half = (stop - first + 1) / 2
        x = first - 0.5 + half * (1 + nodes)
        k, share = np.floor(x), x - np.floor(x)
        a, b, c, e = (function(v) * d.prob(v) for v in (k - 1, k, k + 1, k + 2))
        terms = b + share / 2 * (c - a + share * (2 * a - 5 * b + 4 * c - e + share * (3 * (b - c) + e - a)))
        total += half * np.sum(weights * terms)
        if stop == last or not d.prob(stop) > 0:
            break
        first = stop + 1
    return total


def _side(d, function, middle, end, sign):
    if middle == end:
        return 0.0
    t = np.linspace(-6.2, 6.2, 1601)
    step = t[1] - t[0]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if np.isinf(end):
            unit = abs(d.isf(0.25) - d.icdf(0.25))
            span = np.exp(np.pi / 2 * np.sinh(t))
            x, weight = middle + sign * unit * span, unit * span * np.pi / 2 * np.cosh(t)
        else:
            # The share of the way that is left to the end: near it nothing cancels if the end is 0.
            left = 1 / (1 + np.exp(np.pi * np.sinh(t)))
            x = end + (middle - end) * left
            weight = abs(middle - end) * left * (1 - left) * np.pi * np.cosh(t)
        terms = function(x) * d.prob(x) * weight
    keep = np.isfinite(x) & (weight > 0) & (x != end)
    return step * math.fsum(np.where(keep & np.isfinite(terms), terms, 0.0))


def naive(case, method, parameters, value):
    """A method element by element of the broadcast, each by a scalar call on a scalar distribution."""
    dims = {name: case.distribution.arg_constraints[name].event_dim for name in parameters}
    batches = [np.shape(v)[: np.ndim(v) - dims[name]] for name, v in parameters.items()]
    shape = np.broadcast_shapes(np.shape(value), *batches)
    value = np.broadcast_to(value, shape)
    full = {name: np.broadcast_to(v, shape + np.shape(v)[np.ndim(v) - dims[name] :]) for name, v in parameters.items()}
    result = np.empty(shape)
    for index in np.ndindex(shape):
        single = {name: v[index].tolist() for name, v in full.items()}
        result[index] = getattr(case.distribution(**single), method)(float(value[index]))
    return result


def argument(method, case, shape, seed=0):
    """Values for a method: probabilities for a quantile, else points of the support."""
    if method in ("icdf", "isf"):
        return np.random.default_rng(seed).uniform(0.01, 0.99, shape)
    return values(case, shape, seed)


@functools.cache
def _references(name):
    with np.load(Path(__file__).parent / "references" / "distributions" / f"{name}.npz") as file:
        return dict(file)


class Reference:
    """A file of ``references/distributions``, for one case: results, and its distribution over their rows."""

    def __init__(self, case, prefix=""):
        columns = _references(case.reference)
        self._columns = {key[len(prefix) :]: v for key, v in columns.items() if key.startswith(prefix)}
        table = self._columns["parameters"]
        vector = case.distribution.arg_constraints[case.parameters[0]].event_dim
        names = case.parameters
        self.parameters = {names[0]: table} if vector else dict(zip(names, table.T, strict=True))
        self.distribution = case.distribution(**self.parameters)

    def __getitem__(self, key):
        return self._columns[key]

    def __contains__(self, key):
        return key in self._columns

    def describe(self, bad, got, want, **more):
        """The worst rows, for a failure that can be acted on."""
        rows = []
        with np.errstate(all="ignore"):
            error = np.abs(got - want) / np.abs(want)
        order = np.argsort(-np.where(np.isfinite(error), error, np.inf)[bad])[:8]
        for i in np.flatnonzero(bad)[order]:
            given = {name: v[i].tolist() for name, v in {**self.parameters, **more}.items()}
            rows.append(f"{given}: got {got[i]!r}, exact {want[i]!r}, relative error {error[i]:.2g}")
        return f"{np.count_nonzero(bad)} of {len(bad)} rows\n" + "\n".join(rows)


def close(got, want, relative, slack=0.0, absolute=0.0):
    """Whether each result is right to `relative`, or to what a few half ulps in the inputs would change.

    Subnormal results may be off by four of their spacings, infinite and NaN ones must be equal.
    """
    got, want = np.asarray(got), np.asarray(want)
    with np.errstate(invalid="ignore", over="ignore"):
        bound = relative * np.abs(want) + 4 * HALF_ULP * np.where(np.isfinite(slack), slack, 0.0) + absolute + 2e-323
        near = np.abs(got - want) <= bound
    # Next to the largest float the last rounding decides between it and infinity.
    edge = (np.abs(want) > 1.79e308) & (np.abs(got) > 1.79e308) & (np.sign(want) == np.sign(got))
    return np.where(np.isfinite(want) & np.isfinite(got), near, edge | (got == want) | (np.isnan(got) & np.isnan(want)))


def ks_bound(n, probability=1e-7):
    """The Kolmogorov-Smirnov distance of `n` draws that chance exceeds with at most `probability`."""
    return math.sqrt(math.log(2 / probability) / (2 * n))
