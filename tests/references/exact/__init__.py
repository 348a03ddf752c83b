"""The distributions to 40 digits: densities, both tails, all derivatives and moments, in mpmath.

A family is a function of the value and the parameters that gives a :class:`~exact.tools.Point`. The
formulas are the textbook's and share nothing with the library.
"""

from exact import discrete, half_line, interval, line

GRIDS = line.GRIDS | half_line.GRIDS | interval.GRIDS | discrete.GRIDS
