"""The table of cases is complete."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from cases import CASES
from helpers import Reference, each_case

import fastdist as fd
from fastdist.vector import VectorDistribution

DOCS = Path(__file__).parents[2] / "docs"
PUBLIC = sorted(
    name
    for name in fd.__all__
    if inspect.isclass(getattr(fd, name)) and issubclass(getattr(fd, name), fd.Distribution) and name != "Distribution"
)


# What is made of other distributions has those for parameters: tests/transforms, tests/mixtures and tests/vector hold
# it to the same.
COMPOUND = (fd.TransformedDistribution, fd.Independent, fd.Mixture, fd.MixtureSameFamily)
SCALAR = [name for name in PUBLIC if not issubclass(getattr(fd, name), (VectorDistribution, *COMPOUND))]


@pytest.mark.parametrize("name", SCALAR)
def test_every_public_distribution_has_a_row(name):
    assert any(issubclass(case.distribution, getattr(fd, name)) for case in CASES)


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.skipif(not DOCS.exists(), reason="the documentation is not part of this copy")
def test_every_public_distribution_has_its_docs_entry(name):
    pages = [page for kind in ("*.md", "*.rst", "catalogue.py") for page in DOCS.rglob(kind)]
    assert any(name in page.read_text(encoding="utf-8") for page in pages)


@each_case
def test_a_row_is_usable(case):
    """Each row has several ordinary sets over all parameters, invalid ones, and exact references."""
    assert len(case.ordinary) >= 3
    assert all(tuple(parameters) == case.parameters for parameters in case.ordinary)
    assert case.extreme and case.invalid
    assert set(case.parameters) <= set(case.distribution.arg_constraints)
    reference = Reference(case)
    assert len(reference["value"]) >= 10
    assert all(np.asarray(v).dtype == np.float64 for v in reference.parameters.values())


@each_case
def test_docstring_has_its_sections(case):
    """Formula, parameters, notes with SciPy's parametrisation, errors, and an example."""
    doc = inspect.getdoc(case.distribution)
    for section in ("math::", "Parameters\n", "Notes\n", "SciPy", "Raises\n", "Examples\n", ">>> "):
        assert section in doc, section
    assert all(f"{name} : " in doc for name in case.parameters)
