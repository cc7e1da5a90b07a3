"""Shares and intervals, against counting by other formulas."""

from fractions import Fraction
from statistics import NormalDist

import pytest

from ftdemo.statistics import trials_to_tell, wilson_interval

Z = NormalDist().inv_cdf(0.975)


def told_after(share: Fraction, chance: Fraction) -> int:
    """Trial after trial, in whole fractions: the first at which a z test rejects chance."""
    z_squared = Fraction(Z) ** 2
    trials = 1
    while (share - chance) ** 2 * trials <= z_squared * chance * (1 - chance):
        trials += 1
    return trials


@pytest.mark.parametrize(("share", "needed"), [(0.9, 7), (0.8, 11), (0.55, 385)])
def test_a_share_tells_after_so_many_trials(share: float, needed: int) -> None:
    assert trials_to_tell(share, 0.5) == needed


@pytest.mark.parametrize("chance", [0.5, 0.6, 0.73, 0.9])
@pytest.mark.parametrize("above", [1, 2, 5, 9])
def test_no_trial_fewer_tells(chance: float, above: int) -> None:
    share = chance + above / 100
    needed = trials_to_tell(share, chance)
    assert needed == told_after(Fraction(round(share * 100), 100), Fraction(round(chance * 100), 100))
    # The interval says the same, of the share as it is.
    assert wilson_interval(share * needed, needed)[0] > chance
    assert wilson_interval(share * (needed - 1), needed - 1)[0] <= chance


def test_what_chance_reaches_too_is_never_told() -> None:
    assert trials_to_tell(0.5, 0.5) is None
    assert trials_to_tell(0.4, 0.5) is None
    assert trials_to_tell(1.0, 1.0) is None


def test_so_little_above_chance_is_not_waited_for() -> None:
    assert trials_to_tell(0.51, 0.5, most=9_000) is None
    assert trials_to_tell(0.51, 0.5) == 9_604


def test_what_chance_never_reaches_is_told_at_once() -> None:
    assert trials_to_tell(0.1, 0.0) == 1
