"""What the conformance suite knows of each distribution: one row, and data only.

A new distribution is held to every property in ``tests/conformance`` by adding its row to one of these
files and its formulas and grid to ``tests/references/exact``.
"""

from cases import discrete, half_line, interval, line

CASES = line.CASES + half_line.CASES + interval.CASES + discrete.CASES
