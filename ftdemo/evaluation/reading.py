"""What the models of an evaluation read, as token ids. No torch is imported here."""

from collections.abc import Sequence
from dataclasses import dataclass

from ftdemo.errors import UserError
from ftdemo.evaluation.general import general_knowledge
from ftdemo.evaluation.prompts import Prompt
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import with_answer
from ftdemo.tokens.tokeniser import ChatTokeniser


@dataclass(frozen=True)
class Texts:
    """Prompts to answer, and general questions with their right answers.

    Args:
        prompts: those that are short enough.
        ids: their token ids, to the beginning of the answer.
        dropped: how many were too long.
        general: the general questions, each with its answer and the end token.
    """

    prompts: list[Prompt]
    ids: list[list[int]]
    dropped: int
    general: list[TokenisedSample]

    @property
    def questions(self) -> list[str]:
        """The prompts' last messages."""
        return [prompt[-1]["content"] for prompt in self.prompts]


def read_texts(
    tokeniser: ChatTokeniser, prompts: Sequence[Prompt], settings: EvaluationSettings, max_length: int
) -> Texts:
    """Turn texts into token ids by the base model's chat template.

    Args:
        tokeniser: the base model's.
        prompts: chat messages, the question last.
        settings: say how long a prompt may be.
        max_length: longest general question with answer in tokens; of a longer one the beginning is cut off.

    Raises:
        SourceError: the chat template cannot be used.
        UserError: no prompt is short enough.
    """
    encoded = tokeniser.prompts(prompts)
    short = [place for place, ids in enumerate(encoded) if len(ids) <= settings.max_prompt_tokens]
    if not short:
        raise UserError(
            f"There is no prompt of at most {settings.max_prompt_tokens} tokens to compare on.",
            "Add shorter questions, or set the longest prompt higher.",
        )
    general = tokeniser.answered(
        (with_answer([{"role": "user", "content": asked}], answer) for asked, answer in general_knowledge()),
        closed=False,
    )
    return Texts(
        [prompts[place] for place in short],
        [encoded[place] for place in short],
        len(prompts) - len(short),
        [one.last(max_length) for one in general],
    )
