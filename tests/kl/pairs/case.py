"""What a row about a pair of distributions says."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """Two classes, the textbook formula of their divergence in mpmath, and sets of all its parameters.

    A set holds p's parameters, then q's: the first plain, others far apart, nearly equal, huge and tiny. The formula
    shares nothing with the library.
    """

    first: type
    second: type
    formula: Callable[..., Any]
    sets: list[tuple[float, ...]]
    count: int | None = None
    """How many of the parameters are p's, if not half of them."""

    @property
    def name(self) -> str:
        return f"{self.first.__name__}-{self.second.__name__}"

    def of(self, parameters: tuple[float, ...]) -> tuple[Any, Any]:
        """The two distributions."""
        count = len(parameters) // 2 if self.count is None else self.count
        return self.first(*parameters[:count]), self.second(*parameters[count:])
