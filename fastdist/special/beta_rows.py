"""The constants of the incomplete beta function as a row of an array, for formulas that keep many sets of them."""

from fastdist.engine.kernel import expression, kernel
from fastdist.special.beta_expansion import ORDER
from fastdist.special.beta_tail import IN_B, betainc_constants

__all__ = ["CONSTANTS", "fill_constants", "unpack"]

CONSTANTS = IN_B + ORDER

unpack = expression(f"({', '.join(f'row[{i}]' for i in range(CONSTANTS))},)", "row")
"""The constants from their row."""


@kernel
def fill_constants(a, b, row):
    """Fill a row with the constants for a and b."""
    constants = betainc_constants(a, b)
    for i in range(len(constants)):
        row[i] = constants[i]
