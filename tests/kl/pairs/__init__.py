"""What the tests of divergences know of each pair with a closed form: one row, and data only.

A new pair is held to every property in ``tests/kl/test_pairs.py`` by a row in the `PAIRS` of one of these files.
"""

import importlib
import pkgutil

_modules = [importlib.import_module(f"kl.pairs.{module.name}") for module in pkgutil.iter_modules(__path__)]

PAIRS = tuple(pair for module in _modules for pair in getattr(module, "PAIRS", ()))
