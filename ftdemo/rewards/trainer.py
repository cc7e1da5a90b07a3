"""Training of a reward model on pairs and thumbs together."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 - its usual name

from ftdemo.rewards.network import RewardNetwork
from ftdemo.rewards.votes import PairVote, ThumbVote, TrainingVote
from ftdemo.tokens.sequences import ROW_TOKENS
from ftdemo.training.trainer import LightTrainer


def vote_losses(votes: Sequence[TrainingVote], scores: torch.Tensor) -> torch.Tensor:
    """The loss of each vote.

    Of a pair, −log σ(r(chosen) − r(rejected)) (Bradley and Terry 1952; Stiennon et al. 2020,
    arXiv:2009.01325); of a thumb, −log σ(r) if it is up and −log σ(−r) if it is down, the logistic loss.
    Both are negative log-likelihoods of one vote in nats, so they can be added.

    Args:
        votes: the votes.
        scores: of their sequences, in order, of shape (sequences,).

    Returns:
        Losses of shape (votes,).
    """
    losses = []
    place = 0
    for vote in votes:
        if isinstance(vote, PairVote):
            margin = scores[place] - scores[place + 1]
        else:
            margin = scores[place] if vote.liked else -scores[place]
        losses.append(-F.logsigmoid(margin))
        place += len(vote.sequences)
    return torch.stack(losses)


def margins(votes: Sequence[TrainingVote], scores: Sequence[float]) -> list[float]:
    """How clearly each vote was foreseen: r(chosen) − r(rejected), or ±r; above 0 is right."""
    found = []
    place = 0
    for vote in votes:
        if isinstance(vote, ThumbVote):
            found.append(scores[place] if vote.liked else -scores[place])
        else:
            found.append(scores[place] - scores[place + 1])
        place += len(vote.sequences)
    return found


class RewardTrainer(LightTrainer):
    """Trains a `RewardNetwork`; an item of the data sets is a `TrainingVote`.

    Args:
        head_learning_rate: AdamW's step size for the head; the adapter has the arguments' own.
        **kwargs: as for `transformers.Trainer`.
    """

    def __init__(self, *, head_learning_rate: float, **kwargs: Any) -> None:
        super().__init__(data_collator=lambda votes: {"votes": list(votes)}, **kwargs)
        self._head_learning_rate = head_learning_rate

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        """AdamW with the head's own learning rate."""
        network = self._network
        adapter = [weight for weight in network.model.parameters() if weight.requires_grad]
        groups = [
            {"params": adapter, "lr": self.args.learning_rate},
            {"params": list(network.head.parameters()), "lr": self._head_learning_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.0, fused=True)
        return self.optimizer

    def training_step(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """Add the gradients of a batch, row by row; returns the mean loss of a vote in nats."""
        model.train()
        votes: list[TrainingVote] = inputs["votes"]
        total = torch.zeros((), device=self.args.device)
        for part in rows_of_votes(votes):
            with self.compute_loss_context_manager():
                scores = model([sequence for vote in part for sequence in vote.sequences])
            loss = vote_losses(part, scores).sum() / len(votes)
            self.accelerator.backward(loss)
            total += loss.detach()
        self.tokens_seen += sum(len(sequence.ids) for vote in votes for sequence in vote.sequences)
        return total

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Measure loss and accuracy on the held-out votes."""
        held_out: Any = self.eval_dataset
        scores = self.scores(held_out)
        found = margins(held_out, scores)
        losses = -F.logsigmoid(torch.tensor(found))
        metrics = {
            "eval_loss": float(losses.mean()),
            "figure/accuracy": sum(margin > 0 for margin in found) / len(found),
        }
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def scores(self, votes: Sequence[TrainingVote]) -> list[float]:
        """Scores of the votes' sequences, in order."""
        network = self._network
        network.eval()
        found: list[float] = []
        with torch.no_grad(), self.compute_loss_context_manager():
            for part in rows_of_votes(votes):
                found += network([sequence for vote in part for sequence in vote.sequences]).tolist()
        return found

    @property
    def _network(self) -> RewardNetwork:
        network = self.model
        assert isinstance(network, RewardNetwork)
        return network


def rows_of_votes(
    votes: Sequence[TrainingVote], row_tokens: int = ROW_TOKENS
) -> Iterator[list[TrainingVote]]:
    """Divide votes, in their order, into parts of at most so many tokens, at least one vote each."""
    part: list[TrainingVote] = []
    filled = 0
    for vote in votes:
        size = sum(len(sequence.ids) for sequence in vote.sequences)
        if part and filled + size > row_tokens:
            yield part
            part, filled = [], 0
        part.append(vote)
        filled += size
    if part:
        yield part
