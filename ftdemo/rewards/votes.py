"""Votes as token ids: pairs of answers, and answers with a thumb."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ftdemo.feedback.preferences import ChatMessage, PreferencePair, RatedAnswer
from ftdemo.tokens.sequences import TokenisedSample, common_length
from ftdemo.tokens.template import ChatTemplate
from ftdemo.tokens.tokeniser import load_tokenizer


@dataclass(frozen=True)
class PairVote:
    """A pair, tokenised.

    Args:
        chosen: prompt and better answer.
        rejected: prompt and worse answer.
    """

    chosen: TokenisedSample
    rejected: TokenisedSample

    @property
    def sequences(self) -> tuple[TokenisedSample, ...]:
        """What has to be scored to learn from it."""
        return self.chosen, self.rejected


@dataclass(frozen=True)
class ThumbVote:
    """An answer with a thumb, tokenised.

    Args:
        answer: prompt and answer.
        liked: thumb up or down.
    """

    answer: TokenisedSample
    liked: bool

    @property
    def sequences(self) -> tuple[TokenisedSample, ...]:
        """What has to be scored to learn from it."""
        return (self.answer,)


TrainingVote = PairVote | ThumbVote


class AnswerTokeniser:
    """Turns prompts with answers into token ids that end with the answer's end token.

    Args:
        base_folder: the base model's folder.
        max_length: longest sequence in tokens; of a longer one the beginning is cut off, since a score is
            read at the end.
    """

    def __init__(self, base_folder: Path, max_length: int) -> None:
        self._template = ChatTemplate.of_folder(base_folder)
        self._tokenizer = load_tokenizer(base_folder)
        self._max_length = max_length

    def __call__(self, prompt: Sequence[ChatMessage], answer: str) -> TokenisedSample:
        """Token ids of a conversation with this answer at its end."""
        before = self._template.render_messages(list(prompt), True)
        text = self._template.render_messages([*prompt, {"role": "assistant", "content": answer}], False)
        # Templates put a line break behind the end token; what is scored ends with the token itself.
        ids = self._tokenizer.encode(text.rstrip("\n"), add_special_tokens=False).ids
        asked = self._tokenizer.encode(before, add_special_tokens=False).ids
        surplus = max(0, len(ids) - self._max_length)
        return TokenisedSample(ids[surplus:], max(0, common_length(asked, ids) - surplus))


def tokenise_votes(
    pairs: Sequence[PreferencePair], rated: Sequence[RatedAnswer], tokenise: AnswerTokeniser
) -> list[TrainingVote]:
    """Pairs first, then thumbs."""
    votes: list[TrainingVote] = [
        PairVote(tokenise(pair.prompt, pair.chosen), tokenise(pair.prompt, pair.rejected)) for pair in pairs
    ]
    votes += [ThumbVote(tokenise(one.prompt, one.answer), one.liked) for one in rated]
    return votes
