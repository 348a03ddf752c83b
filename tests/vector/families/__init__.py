"""What the tests of distributions of vectors and matrices know of each: one row, and data only.

A new distribution is held to every property in ``tests/vector/test_vector.py`` by a row in the `CASES` of one of these
files; what only it has is tested in a module of its own.
"""

import importlib
import pkgutil

_modules = [importlib.import_module(f"vector.families.{module.name}") for module in pkgutil.iter_modules(__path__)]

CASES = tuple(case for module in _modules for case in getattr(module, "CASES", ()))
