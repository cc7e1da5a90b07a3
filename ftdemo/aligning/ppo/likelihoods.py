"""How likely a model finds the tokens of answers, and what reward it expects on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name

from ftdemo.language.likelihoods import by_answer, token_entropy
from ftdemo.language.packing import pack, rows_of
from ftdemo.language.sampling import Rollout


@dataclass(frozen=True)
class Judged:
    """What a model says of some answers.

    Tensors are float32, of shape (answers, longest), and 0 where `mask` is false, if nothing else is said.

    Args:
        logprobs: log-probability of each token given all before it, in nats.
        entropy: of the distribution that it was drawn from, in nats, if it was asked for.
        values: reward expected from before each token on, if there was a value head.
        mask: true for the tokens of the answers, which come first in each row.
        logits: of the distributions that the tokens were drawn from, of shape (tokens, vocabulary), answer by
            answer, if they were asked for.
    """

    logprobs: Tensor
    entropy: Tensor | None
    values: Tensor | None
    mask: Tensor
    logits: Tensor | None = None


def rows(rollouts: Sequence[Rollout], packed: bool) -> Iterator[list[int]]:
    """Divide answers, by their numbers, into rows that are computed at once.

    Args:
        rollouts: the answers.
        packed: whether the model can read several in a row; if not, each is a row.
    """
    if not packed:
        yield from ([number] for number in range(len(rollouts)))
        return
    samples = [rollout.as_sample() for rollout in rollouts]
    # In the order that `rows_of` puts them into anyway, so that their numbers can be told from it.
    order = sorted(range(len(samples)), key=lambda number: len(samples[number].ids), reverse=True)
    start = 0
    for row in rows_of([samples[number] for number in order]):
        yield order[start : start + len(row)]
        start += len(row)


def judge(
    model: Any,
    rollouts: Sequence[Rollout],
    temperature: float,
    *,
    packed: bool,
    value_head: torch.nn.Linear | None = None,
    entropy: bool = False,
    logits: bool = False,
) -> Judged:
    """Read a row of answers; logits are taken only where an answer's token is predicted.

    The value head gets the hidden states without their history: what it has to learn is no task for the
    policy's adapter.

    Args:
        model: the causal language model.
        rollouts: the answers; one only, unless the model reads packed rows.
        temperature: what logits are divided by, as in sampling.
        packed: whether the model reads packed rows.
        value_head: from the last hidden state to the expected reward.
        entropy: whether to compute it, which takes as long as the likelihoods.
        logits: whether to keep them, which takes much memory.
    """
    row = pack([rollout.as_sample() for rollout in rollouts])
    device = model.get_input_embeddings().weight.device
    layout = {"layout": row["layout"]} if packed else {}
    hidden = model.base_model(
        input_ids=row["input_ids"].to(device),
        position_ids=row["position_ids"].to(device),
        use_cache=False,
        **layout,
    ).last_hidden_state[0, row["predicting"].to(device)]
    scores = model.get_output_embeddings()(hidden).float() / temperature
    lengths = torch.tensor([len(rollout.answer) for rollout in rollouts], device=device)
    mask = torch.arange(int(lengths.max()), device=device)[None] < lengths[:, None]

    values = None
    if value_head is not None:
        with torch.autocast(device.type, enabled=False):
            values = by_answer(value_head(hidden.detach().float())[:, 0], mask)
    return Judged(
        logprobs=by_answer(-F.cross_entropy(scores, row["labels"].to(device), reduction="none"), mask),
        entropy=by_answer(token_entropy(scores), mask) if entropy else None,
        values=values,
        mask=mask,
        logits=scores if logits else None,
    )
