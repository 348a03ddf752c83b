"""The distributions to 40 digits: densities, both tails, all derivatives and moments, in mpmath.

A family is a function of the value and the parameters that gives a :class:`~exact.tools.Point`. The
formulas are the textbook's and share nothing with the library. Each module adds its `GRIDS`.
"""

import importlib
import pkgutil

_modules = [importlib.import_module(f"exact.{module.name}") for module in pkgutil.iter_modules(__path__)]

GRIDS = {name: grid for module in _modules for name, grid in getattr(module, "GRIDS", {}).items()}
