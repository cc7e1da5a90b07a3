"""What a model reads, the same for every engine: a conversation's tokens, and how many they may be."""

from ftdemo.engines.protocol import ChatRequest, GenerationSettings
from ftdemo.errors import UserError
from ftdemo.tokens.tokeniser import ChatTokeniser


class Prompts:
    """Turns requests into token ids.

    Args:
        tokeniser: the base model's.
        context: tokens the model can take at once.
        max_prompt_tokens: the most tokens a conversation may have.
    """

    def __init__(self, tokeniser: ChatTokeniser, context: int, max_prompt_tokens: int) -> None:
        self._tokeniser = tokeniser
        self._context = context
        self._most = max_prompt_tokens

    def tokens(self, request: ChatRequest, settings: GenerationSettings) -> list[int]:
        """The token ids after which the model answers.

        Raises:
            UserError: there are more of them than are allowed, or than fit with the answer.
        """
        (ids,) = self._tokeniser.prompts([request.messages])
        refuse_too_long(len(ids), settings, self._context, self._most)
        return ids


def refuse_too_long(length: int, settings: GenerationSettings, context: int, most: int) -> None:
    """Refuse a conversation that cannot be answered.

    Args:
        length: its tokens, the new question included.
        settings: tell how long the answer may become.
        context: tokens the model can read.
        most: tokens a conversation may have here.

    Raises:
        UserError: it is too long.
    """
    if length + settings.max_new_tokens > context:
        raise UserError(
            f"The conversation has {length} tokens; with an answer of up to {settings.max_new_tokens} "
            f"that is more than the {context} the model can read.",
            "Start a new conversation, ask a shorter question, or allow fewer new tokens.",
        )
    if length > most:
        raise UserError(
            f"The conversation has {length} tokens; {most} is the most here.",
            "Start a new conversation, ask a shorter question, or raise FTDEMO_MAX_PROMPT_TOKENS.",
        )
