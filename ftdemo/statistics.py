"""Shares and what can be said of them from few observations."""

import math

Z_95 = 1.959963984540054


def wilson_interval(successes: float, trials: int, z: float = Z_95) -> tuple[float, float]:
    """The interval that holds a share with 95 % confidence (Wilson 1927, JASA 22:209-212).

    Args:
        successes: how many of the trials succeeded; a tie counts as a half.
        trials: how many there were.
        z: the normal quantile of the confidence; 1.96 for 95 %.

    Returns:
        Its lower and upper end; (0, 1) without trials.
    """
    if trials == 0:
        return 0.0, 1.0
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, centre - half), min(1.0, centre + half)


def trials_to_tell(share: float, chance: float, most: int = 10_000) -> int | None:
    """The fewest trials after which a share seen is above chance with 95 % confidence.

    Args:
        share: the share seen.
        chance: what guessing reaches.
        most: where to give up.

    Returns:
        The number of trials, or None if the share is not above chance or `most` would not do.
    """
    if share <= chance:
        return None
    return next((n for n in range(1, most) if wilson_interval(round(share * n), n)[0] > chance), None)
