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
    """The fewest trials after which a share seen is above chance with 95 % confidence, if it stays as it is.

    A share tells once the lower end of its `wilson_interval` lies above chance. That interval holds exactly
    the values that the score test does not reject (Wilson 1927), so the end passes chance c with

        (share - c)² > z² c (1 - c) / n,   which is   n > z² c (1 - c) / (share - c)².

    Successes are not rounded to whole ones on the way: rounding up would let a better share than the one seen
    pass, and rounding down a worse one fail, each at some n only.

    Args:
        share: the share seen, from 0 to 1.
        chance: what guessing reaches, from 0 to 1.
        most: where to give up.

    Returns:
        The number of trials, or None if the share is not above chance or `most` would not do.
    """
    if share <= chance:
        return None
    trials = math.floor(Z_95**2 * chance * (1 - chance) / (share - chance) ** 2) + 1
    return trials if trials <= most else None
