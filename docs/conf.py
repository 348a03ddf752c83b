"""Sphinx's settings. The pages of the distributions are made by :mod:`generate` when a build starts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generate

import fastdist

project = "fastdist"
author = copyright = "The fastdist developers"
version = release = fastdist.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc", "myst_parser"]
exclude_patterns = ["_build"]
default_role = "code"
nitpicky = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "fastdist"
html_static_path = ["_static"]


def setup(app):
    app.connect("builder-inited", lambda app: generate.main())
