"""Measure the errors of the derivatives of draws, and keep them for the documentation.

    python docs/measure_derivatives.py

A draw x moves with a parameter by -(dF/dparameter) / density, whatever algorithm drew it: that is evaluated exactly at
the same floats. torch and JAX take part where they are installed and give this derivative; what was recorded of those
that are not is kept. The result is ``docs/derivatives.json``.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

import fastdist as fd

HERE = Path(__file__).parent
RESULT = HERE / "derivatives.json"
LOST = 1e-8  # a relative error from which a value counts as lost
SMALLEST = 2.0**-1022
CONCENTRATIONS = tuple(10.0**k for k in range(-3, 7))
LEVELS = (1e-10, 1e-6, 1e-3, 0.1, 0.5, 0.9)


class Case(NamedTuple):
    """A family, its parameters, and the derivatives of a draw in those that are named.

    ``exact(x, *parameters)`` gives the density, then the derivatives of the cdf in the parameters.
    """

    make: Callable[..., Any]
    exact: Callable[..., Any]
    sets: list[tuple[float, ...]]
    names: tuple[str, ...]
    measured: tuple[int, ...]
    peers: dict[str, Callable[..., Any]]


def main() -> None:
    """Measure every case."""
    sys.path[:0] = [str(HERE.parent / "tests" / "references")]
    rows: list[dict[str, Any]] = []
    for title, case in cases(importlib.import_module("exact").GRIDS).items():
        sys.stderr.write(f"\r{title:40}")
        rows += measured(title, case)
    rows += dirichlet(importlib.import_module("exact").GRIDS["Beta"].point)
    sys.stderr.write("\n")
    versions = {"fastdist": fd.__version__}
    versions |= {name: importlib.metadata.version(name) for name in ("torch", "jax") if found(name)}
    if RESULT.exists():
        kept = json.loads(RESULT.read_text())
        rows += [row for row in kept["rows"] if row["library"] not in versions]
        versions = kept["versions"] | versions
    lines = ",\n  ".join(json.dumps(row) for row in rows)
    RESULT.write_text(f'{{"versions": {json.dumps(versions)},\n "rows": [\n  {lines}\n ]}}\n')


def cases(grids: Any) -> dict[str, Case]:
    """By title."""

    def of(name: str) -> Callable[..., Any]:
        return lambda x, *parameters: grids[name].point(x, *parameters).cdf_grad

    pairs = list(itertools.product(CONCENTRATIONS[::3], repeat=2))
    few = list(itertools.product((1e-3, 0.3, 20.0, 1e6), (0.5, 3.0)))
    return {
        "Gamma": Case(
            fd.Gamma, of("Gamma"), [(a, 1.0) for a in CONCENTRATIONS], ("concentration", "rate"), (0,), gamma_peers()
        ),
        "Beta": Case(fd.Beta, of("Beta"), pairs, ("concentration1", "concentration0"), (0, 1), beta_peers()),
        "StudentT": Case(
            fd.StudentT, of("StudentT"), [(n, 0.0, 1.0) for n in CONCENTRATIONS], ("df", "loc", "scale"), (0,), {}
        ),
        "VonMises": Case(
            fd.VonMises, of("VonMises"), [(0.0, k) for k in CONCENTRATIONS], ("loc", "concentration"), (1,), {}
        ),
        "TruncatedNormal": Case(
            fd.TruncatedNormal,
            of("TruncatedNormal"),
            [(m, s, -1.0, 2.0) for m, s in itertools.product((-30.0, -1.0, 0.6, 8.0), (0.5, 1.0, 50.0))],
            ("loc", "scale", "low", "high"),
            (0, 1, 2, 3),
            {},
        ),
        "Truncated(Gamma)": Case(
            lambda a, b, low, high: fd.Truncated(fd.Gamma(a, b), low, high),
            of("Truncated(Gamma)"),
            [(a, b, 0.5 * max(a, 0.1) / b, 2.0 * max(a, 0.1) / b) for a, b in few],
            ("concentration", "rate", "low", "high"),
            (0, 1, 2, 3),
            {},
        ),
        "MixtureSameFamily(Normal)": mixture(fd.Normal, of("Normal"), [(-1.0, 0.5, 2.0, 1.5), (0.0, 1e-3, 0.0, 1e3)]),
        "MixtureSameFamily(Gamma)": mixture(
            fd.Gamma, of("Gamma"), [(a, 1.0, b, 2.0) for a, b in ((1e-3, 2.0), (0.3, 30.0), (20.0, 1e3), (1e5, 1e6))]
        ),
    }


def mixture(family: Any, component: Callable[..., Any], sets: list[tuple[float, ...]]) -> Case:
    """Of two components with equal weights, in the first weight's place and the parameters of both."""
    first, second = family.arg_constraints

    def make(p: float, a: float, b: float, c: float, d: float) -> Any:
        return fd.MixtureSameFamily(fd.Categorical(probs=[p, 1.0 - p]), family([a, c], [b, d]))

    def exact(x: Any, p: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        one, other = component(x, a, b), component(x, c, d)
        return p * one[0] + (1 - p) * other[0], mp.mpf(0), *(p * s for s in one[1:]), *((1 - p) * s for s in other[1:])

    names = ("probs", first, second, first, second)
    return Case(make, exact, [(0.5, *given) for given in sets], names, (1, 2, 3, 4), {})


def measured(title: str, case: Case) -> Iterator[dict[str, Any]]:
    """One row for each library and parameter."""
    points, exact, own, at_ends = [], [], [], []
    for given in case.sets:
        d = case.make(*given)
        quantiles = np.unique([d.icdf(np.array(LEVELS)).ravel(), d.isf(np.array(LEVELS)).ravel()])
        for x in quantiles[np.isfinite(quantiles)]:
            slopes = d._slopes_of_draws(np.float64(x))
            moved = [component(slopes[case.names[i]], case, i) for i in case.measured]
            # A draw that float64 cannot tell from an end of the support has a derivative that is finite.
            if not (abs(x) > SMALLEST and SMALLEST < np.max(d.prob(x)) < np.inf) or (title == "Beta" and x == 1.0):
                at_ends.append(moved)
                continue
            points.append((*given, float(x)))
            density, *of_cdf = case.exact(mp.mpf(float(x)), *map(mp.mpf, given))
            exact.append([float(-of_cdf[i] / density) for i in case.measured])
            own.append(moved)
    if not np.isfinite(at_ends).all():
        raise ArithmeticError(f"{title}: a derivative at an end of the support is not finite")
    table = np.array(points)
    results = {"fastdist": np.array(own)} | {name: f(*table.T) for name, f in case.peers.items() if found(name)}
    for library, got in results.items():
        for column, i in enumerate(case.measured):
            if column < got.shape[1]:
                name = case.names[i] + ("" if case.names.count(case.names[i]) == 1 else f", {1 + (i > 2)}")
                yield row(title, name, library, got[:, column], np.array(exact)[:, column], table)


def component(slopes: Any, case: Case, i: int) -> float:
    """A mixture's slopes have its components as a last axis."""
    return float(slopes if np.ndim(slopes) == 0 else slopes[int(i > 2)])


def row(title: str, name: str, library: str, got: Any, exact: Any, table: Any) -> dict[str, Any]:
    """The worst error, where it is, and how many are lost or are no numbers."""
    with np.errstate(all="ignore"):
        error = np.where(got == exact, 0.0, np.abs(got - exact) / np.maximum(np.abs(exact), SMALLEST))
    defined = np.isfinite(got)
    worst = int(np.argmax(np.where(defined, error, 0.0)))
    return {
        "case": title,
        "parameter": name,
        "library": library,
        "points": len(exact),
        "worst": float(error[worst]),
        "point": table[worst].tolist(),
        "lost": int(np.count_nonzero(~(error < LOST))),
        "undefined": int(np.count_nonzero(~defined)),
    }


def dirichlet(beta: Any) -> Iterator[dict[str, Any]]:
    """The diagonal of the Jacobian of draws: each number is a beta variate."""
    random = np.random.default_rng(5)
    given = 10.0 ** random.uniform(-1.0, 6.0, (60, 3))
    draws, slopes = fd.Dirichlet(given).rsample_and_grad(rng=3)
    alone = np.all((draws > SMALLEST) & (draws < 1.0), axis=-1)
    given, draws, own = given[alone], draws[alone], slopes["concentration"][alone]
    exact = np.empty_like(draws)
    for i, k in np.ndindex(exact.shape):
        a, rest = mp.mpf(given[i, k]), mp.fsum(map(mp.mpf, np.delete(given[i], k)))
        density, in_a, _ = beta(mp.mpf(draws[i, k]), a, rest).cdf_grad
        exact[i, k] = float(-in_a / density)
    results = {"fastdist": np.diagonal(own, axis1=-2, axis2=-1)}
    if found("torch"):
        torch: Any = importlib.import_module("torch")
        x, a = torch.tensor(draws), torch.tensor(given)
        slope = torch._dirichlet_grad(x, a, a.sum(-1, True).expand_as(a))
        results["torch"] = (slope * (1.0 - x)).numpy()
    table = np.stack([given.ravel(), np.repeat(given.sum(axis=-1), 3), draws.ravel()], axis=-1)
    for library, got in results.items():
        yield row("Dirichlet", "concentration", library, got.ravel(), exact.ravel(), table)


# Peers: those that give the derivative at a draw that is told --------------------------------------


def found(name: str) -> bool:
    """Whether a library is installed."""
    return importlib.util.find_spec(name) is not None


def gamma_peers() -> dict[str, Callable[..., Any]]:
    """In the concentration."""

    def torch(a: Any, rate: Any, x: Any) -> Any:
        library: Any = importlib.import_module("torch")
        return library._standard_gamma_grad(library.tensor(a), library.tensor(x)).numpy()[:, np.newaxis]

    def jax(a: Any, rate: Any, x: Any) -> Any:
        library: Any = importlib.import_module("jax")
        library.config.update("jax_enable_x64", True)
        return np.asarray(library.lax.random_gamma_grad(a, x))[:, np.newaxis]

    return {"torch": torch, "jax": jax}


def beta_peers() -> dict[str, Callable[..., Any]]:
    """In both concentrations, as torch's Dirichlet distribution differentiates its draws."""

    def torch(a: Any, b: Any, x: Any) -> Any:
        library: Any = importlib.import_module("torch")
        total = library.tensor(a + b)
        in_a = library._dirichlet_grad(library.tensor(x), library.tensor(a), total).numpy() * (1.0 - x)
        in_b = library._dirichlet_grad(library.tensor(1.0 - x), library.tensor(b), total).numpy() * -x
        return np.stack([in_a, in_b], axis=-1)

    return {"torch": torch}


if __name__ == "__main__":
    main()
