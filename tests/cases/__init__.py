"""What the conformance suite knows of each distribution: one row, and data only.

A new distribution is held to every property in ``tests/conformance`` by adding its row to the `CASES`
of one of these files and its formulas and grid to ``tests/references/exact``.
"""

import importlib
import pkgutil

_modules = [importlib.import_module(f"cases.{module.name}") for module in pkgutil.iter_modules(__path__)]

CASES = tuple(case for module in _modules for case in getattr(module, "CASES", ()))
