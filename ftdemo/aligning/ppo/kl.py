"""What straying from the reference model costs, and how that price follows the divergence."""

from dataclasses import dataclass

GAIN = 0.1
"""K_β in Ziegler et al. 2019."""
LARGEST_ERROR = 0.2


@dataclass
class KlController:
    """The coefficient β of the divergence in the reward.

    Args:
        coefficient: β now, in units of the score a nat.
        target: divergence to be kept, in nats an answer; None keeps β as it is.
    """

    coefficient: float
    target: float | None = None

    def update(self, divergence: float) -> None:
        """Follow the divergence of a batch (Ziegler et al. 2019, arXiv:1909.08593, section 2.2).

        e = clip(KL / target - 1, -0.2, 0.2) and β ← β·(1 + 0.1·e).

        Args:
            divergence: mean over the answers of their divergence from the reference, in nats.
        """
        if self.target is None:
            return
        error = divergence / self.target - 1
        error = min(max(error, -LARGEST_ERROR), LARGEST_ERROR)
        self.coefficient *= 1 + GAIN * error
