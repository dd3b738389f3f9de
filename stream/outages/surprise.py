"""How surprising it is that `k` of `n` devices went down: the upper tail of the binomial distribution. Pure.

Source: detection.md A. The tail is summed exactly from its first term, with
P(X = i + 1) = P(X = i) (n - i) / (i + 1) p / (1 - p).
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p


def surprise(n: int, k: int, p: float) -> float:
    """P(Bin(n, p) >= k) for 0 <= k <= n; 1 where k is not above the mean, as nothing there is a surprise."""
    if k <= n * p or k <= 0:
        return 1.0
    if p <= 0:
        return 0.0
    term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p))
    total, odds = term, p / (1 - p)
    for i in range(k, n):
        term *= (n - i) / (i + 1) * odds
        total += term
        if term < total * 1e-12:
            break
    return min(total, 1.0)
