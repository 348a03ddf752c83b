"""The relaxed and the continuous Bernoulli distributions, by their log odds and by their probabilities."""

from math import inf, nan

import numpy as np
from scipy import special, stats

import fastdist as fd
from cases.case import Case, Invalid


def chosen(name, **others):
    """What all of these refuse: `name` is the class, `others` are valid values of its other parameters."""
    return (
        Invalid({**others}, (name, "probs", "logits", "neither")),
        Invalid({**others, "probs": 0.5, "logits": 0.0}, (name, "probs", "logits", "both")),
        Invalid({**others, "probs": 0.0}, (name, "probs", "OpenInterval", "0.0")),
        Invalid({**others, "probs": [0.5, 1.0]}, (name, "probs", "1.0", "(1,)")),
        Invalid({**others, "logits": inf}, (name, "logits", "Real()", "inf")),
        Invalid({**others, "logits": [[nan]]}, (name, "logits", "nan", "(0, 0)")),
    )


def _truncated(logits):
    """SciPy's truncated exponential falls: a rising curve is its mirror image, which SciPy lacks."""
    slope = -np.asarray(logits)
    return stats.truncexpon(slope, scale=1 / slope)


CASES = (
    Case(
        fd.LogitRelaxedBernoulli,
        name="LogitRelaxedBernoulli(logits)",
        ordinary=(
            {"temperature": 1.0, "logits": 0.0},
            {"temperature": 0.5, "logits": -2.5},
            {"temperature": 4.0, "logits": 0.75},
        ),
        extreme=(
            {"temperature": 1e-3, "logits": 5.0},
            {"temperature": 1e8, "logits": -1e-3},
            {"temperature": 0.1, "logits": 1e8},
        ),
        invalid=(
            *chosen("LogitRelaxedBernoulli", temperature=1.0),
            Invalid({"temperature": 0.0, "probs": 0.5}, ("LogitRelaxedBernoulli", "temperature", "GreaterThan")),
        ),
        scipy=lambda temperature, logits: stats.logistic(np.divide(logits, temperature), np.divide(1.0, temperature)),
        reference="LogitRelaxedBernoulli",
    ),
    Case(
        fd.LogitRelaxedBernoulli,
        name="LogitRelaxedBernoulli(probs)",
        ordinary=(
            {"temperature": 1.0, "probs": 0.25},
            {"temperature": 0.5, "probs": 0.75},
            {"temperature": 4.0, "probs": 0.5},
        ),
        extreme=({"temperature": 1e-3, "probs": 1e-300}, {"temperature": 1e8, "probs": 0.999}),
        invalid=(Invalid({"temperature": nan, "probs": 0.5}, ("LogitRelaxedBernoulli", "temperature", "nan")),),
        scipy=lambda temperature, probs: stats.logistic(
            special.logit(probs) / np.asarray(temperature), np.divide(1.0, temperature)
        ),
        reference="LogitRelaxedBernoulli(probs)",
    ),
    Case(
        fd.RelaxedBernoulli,
        name="RelaxedBernoulli(logits)",
        ordinary=(
            {"temperature": 2.0, "logits": 0.5},
            {"temperature": 1.5, "logits": -0.25},
            {"temperature": 4.0, "logits": 0.75},
        ),
        extreme=(
            {"temperature": 1.0, "logits": 0.0},
            {"temperature": 0.5, "logits": -2.5},
            {"temperature": 1e3, "logits": -1e-3},
        ),
        invalid=(
            *chosen("RelaxedBernoulli", temperature=1.0),
            Invalid({"temperature": 0.0, "probs": 0.5}, ("RelaxedBernoulli", "temperature", "GreaterThan")),
        ),
        scipy=None,
        reference="RelaxedBernoulli",
        modes=(({"temperature": 0.5, "logits": -1.0}, 0.0), ({"temperature": 0.5, "logits": 1.0}, 1.0)),
    ),
    Case(
        fd.RelaxedBernoulli,
        name="RelaxedBernoulli(probs)",
        ordinary=(
            {"temperature": 2.0, "probs": 0.25},
            {"temperature": 1.5, "probs": 0.75},
            {"temperature": 4.0, "probs": 0.5},
        ),
        extreme=({"temperature": 0.25, "probs": 0.125}, {"temperature": 30.0, "probs": 0.999}),
        invalid=(Invalid({"temperature": nan, "probs": 0.5}, ("RelaxedBernoulli", "temperature", "nan")),),
        scipy=None,
        reference="RelaxedBernoulli(probs)",
    ),
    Case(
        fd.ContinuousBernoulli,
        name="ContinuousBernoulli(logits)",
        ordinary=({"logits": -0.5}, {"logits": -2.5}, {"logits": -6.0}),
        extreme=({"logits": 0.0}, {"logits": 1e-12}, {"logits": 2.5}, {"logits": 800.0}, {"logits": -1e8}),
        invalid=chosen("ContinuousBernoulli"),
        scipy=lambda logits: _truncated(logits),
        reference="ContinuousBernoulli",
        modes=(({"logits": 2.5}, 1.0), ({"logits": 0.0}, 0.0)),
    ),
    Case(
        fd.ContinuousBernoulli,
        name="ContinuousBernoulli(probs)",
        ordinary=({"probs": 0.25}, {"probs": 0.125}, {"probs": 0.4375}),
        extreme=({"probs": 0.5}, {"probs": 0.5000001}, {"probs": 0.499}, {"probs": 1e-300}, {"probs": 0.999}),
        invalid=(Invalid({"probs": [[0.5], [-0.25]]}, ("ContinuousBernoulli", "probs", "-0.25", "(1, 0)")),),
        scipy=lambda probs: _truncated(special.logit(probs)),
        reference="ContinuousBernoulli(probs)",
    ),
)
