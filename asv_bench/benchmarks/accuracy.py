"""The worst error against the committed references, in units in the last place."""

import importlib

import numpy as np

from .common import ROOT, ROWS, over

REFERENCES = ROOT / "tests" / "references"
VALUES = ("log_prob", "cdf", "sf", "log_cdf", "log_sf", "icdf", "isf")
# By reference file: the module, and its functions with one row of arguments each and the result last.
SPECIAL = {
    "elementary": ("fastdist.engine.elementary", "log log1p exp expm1 pow cbrt sinh cosh tanh asinh atanh"),
    "erf": ("fastdist.special.erf", "erf erfc erfcx"),
    "gamma": ("fastdist.special.gamma", "gammaln log_gamma1p digamma trigamma stirling_error deviance"),
    "logs": ("fastdist.special.logs", "log1mexp log1pexp log_expit expit logit logaddexp logsubexp xlogy xlog1py"),
    "normal": ("fastdist.special.normal", "ndtr log_ndtr ndtri ndtri_exp"),
}
HALF_ULP = 2.0**-53
SMALLEST_NORMAL = 2.2250738585072014e-308


def worst(got, want, slack=0.0, least=0.0):
    """The largest error in ulp, where one ulp is widened by what half an ulp in the inputs would change.

    An ulp is that of `least` at least.
    """
    ordinary = np.isfinite(want) & (np.abs(want) > SMALLEST_NORMAL)
    slack = np.broadcast_to(np.where(np.isfinite(slack), slack, 0.0), want.shape)
    unit = np.spacing(np.maximum(np.abs(want[ordinary]), least)) + HALF_ULP * slack[ordinary]
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(got[ordinary] - want[ordinary]) / unit
    return float(error.max())


class Distributions:
    """Methods on a grid of parameters from 1e-3 to 1e8 and values from the middle to the ends of float64."""

    params = (list(ROWS), VALUES)
    param_names = ("distribution", "method")
    unit = "ulp"

    def track_worst(self, row, method):
        case = ROWS[row]
        start = "q_" if method in ("icdf", "isf") else ""
        with np.load(REFERENCES / "distributions" / f"{case.reference}.npz") as file:
            columns = {key.removeprefix(start): file[key] for key in file.files if key.startswith(start)}
        table = columns["parameters"]
        vector = case.distribution.arg_constraints[case.parameters[0]].event_dim
        rows = [table] if vector else table.T
        d = case.distribution(**dict(zip(case.parameters, rows, strict=True)))
        got = getattr(d, method)(columns["level" if method in ("icdf", "isf") else "value"])
        # A log density passes through 0 where its terms, which are of order 1, cancel.
        return worst(got, columns[method], columns[f"{method}.slack"], 1.0 if method == "log_prob" else 0.0)


class Special:
    """Special functions on the tables of their tests."""

    params = ([f"{file}.{name}" for file, (_, names) in SPECIAL.items() for name in names.split()],)
    param_names = ("function",)
    unit = "ulp"

    def track_worst(self, function):
        file, name = function.split(".")
        with np.load(REFERENCES / f"{file}.npz") as tables:
            table = tables[name]
        *inputs, want = table if len(table) < 5 else table.T
        return worst(over(getattr(importlib.import_module(SPECIAL[file][0]), name), *inputs), want)
