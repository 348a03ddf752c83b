"""Chi-squared distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastdist import constraints
from fastdist.distribution import Distribution
from fastdist.distributions import exponential, gamma
from fastdist.distributions.gamma import kl_gamma
from fastdist.kl import As, register_kl, through
from fastdist.parameter import Parameter
from fastdist.random.sampling import Sampler
from fastdist.reparametrised import reparametrised, resampled

# It is Gamma(df / 2, 1 / 2).
MAP = ("df", "0.5 * df, 0.5")


class Chi2(Distribution):
    r"""Chi-squared distribution: the sum of squares of standard normal variates.

    .. math:: p(x) = \frac{x^{\nu/2-1} e^{-x/2}}{2^{\nu/2}\, \Gamma(\nu/2)}, \quad x \ge 0

    Parameters
    ----------
    df : array_like of positive
        Degrees of freedom :math:`\nu`, not necessarily an integer.
    validate_args : bool
        Whether to check the parameters.

    Notes
    -----
    SciPy's ``chi2(df)`` is the same distribution. It is ``Gamma(df / 2, 1 / 2)``, and all formulas are
    those of :class:`Gamma`.

    Raises
    ------
    ValueError
        If `df` is not positive and finite.

    Examples
    --------
    >>> import fastdist as fd
    >>> d = fd.Chi2(df=[1.0, 5.0])
    >>> d.sf(10.0)
    array([0.0015654 , 0.07523525])
    """

    df = Parameter(constraints.positive)
    support = constraints.nonnegative
    has_rsample = True
    kernels = reparametrised(gamma.Gamma.kernels, *MAP, slopes="0.5 * g[0]")

    @property
    def concentration(self) -> Any:
        """Shape of the gamma distribution that this is: half of `df`."""
        return 0.5 * self.df

    @property
    def rate(self) -> Any:
        """Rate of the gamma distribution that this is: one half."""
        return 0.5 + 0.0 * self.df

    def __init__(self, df: Any, validate_args: bool = True) -> None:
        self._freeze(validate_args, df=df)

    def _in_regime(self) -> bool:
        """No shape is large enough for the saddle-point form."""
        return bool(np.all(0.5 * self.df - 1.0 <= gamma.SADDLE_POINT))

    def _sampler(self) -> Sampler:
        """Without the boost where no shape needs it."""
        return _UNBOOSTED if np.all(np.greater_equal(self.df, 2.0)) else self.kernels.sampler


_UNBOOSTED = resampled(gamma.UNBOOSTED, *MAP)

AS_GAMMA = As(*MAP, "0.5 * g[0]")
register_kl(Chi2, Chi2)(through(kl_gamma, AS_GAMMA, AS_GAMMA, 2))
for _other, _view in ((gamma.Gamma, gamma.AS_GAMMA), (exponential.Exponential, exponential.AS_GAMMA)):
    register_kl(Chi2, _other)(through(kl_gamma, AS_GAMMA, _view, 2))
    register_kl(_other, Chi2)(through(kl_gamma, _view, AS_GAMMA, 2))
