"""What the models of an evaluation read, as token ids. No torch is imported here."""

from collections.abc import Sequence
from dataclasses import dataclass

from ftdemo.errors import UserError
from ftdemo.evaluation.general import general_knowledge
from ftdemo.evaluation.prompts import Prompt
from ftdemo.evaluation.settings import EvaluationSettings
from ftdemo.models.base import BaseModel
from ftdemo.rewards.votes import AnswerTokeniser
from ftdemo.tokens.sequences import TokenisedSample
from ftdemo.tokens.template import ChatTemplate
from ftdemo.tokens.tokeniser import load_tokenizer


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
    base: BaseModel, prompts: Sequence[Prompt], settings: EvaluationSettings, tokenise: AnswerTokeniser
) -> Texts:
    """Turn texts into token ids by the base model's chat template.

    Raises:
        SourceError: the tokenizer or the chat template cannot be used.
        UserError: no prompt is short enough.
    """
    template, tokenizer = ChatTemplate.of_folder(base.folder), load_tokenizer(base.folder)
    written = [template.prompt([dict(message) for message in prompt]) for prompt in prompts]
    encoded = [one.ids for one in tokenizer.encode_batch_fast(written, add_special_tokens=False)]
    short = [place for place, ids in enumerate(encoded) if len(ids) <= settings.max_prompt_tokens]
    if not short:
        raise UserError(
            f"There is no prompt of at most {settings.max_prompt_tokens} tokens to compare on.",
            "Add shorter questions, or set the longest prompt higher.",
        )
    return Texts(
        [prompts[place] for place in short],
        [encoded[place] for place in short],
        len(prompts) - len(short),
        [
            tokenise([{"role": "user", "content": question}], answer)
            for question, answer in general_knowledge()
        ],
    )
