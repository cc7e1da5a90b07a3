"""Conversations as text: rendered by the base model's chat template as transformers would, but without it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ftdemo.errors import SourceError
from ftdemo.store.conversations import ChatMessage
from ftdemo.store.samples import Sample
from ftdemo.tokens.files import CHAT_TEMPLATE, TOKENIZER_CONFIG, read_json

_NAMED_TOKENS = (
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
)  # fmt: skip
"""Special tokens that a template may write by these names."""
_NOT_GIVEN = ("tools", "documents")
"""What a template may ask for; there is none of it here, which is another thing than a name nobody knows."""


def as_messages(sample: Sample) -> list[ChatMessage]:
    """A sample as chat messages, the answer last; white space around texts is not for the model to learn."""
    turns = [("system", sample.system)] if sample.system and sample.system.strip() else []
    turns += [*sample.history, ("user", sample.question), ("assistant", sample.answer)]
    return [{"role": role, "content": (text or "").strip()} for role, text in turns]


def with_answer(prompt: Sequence[ChatMessage], answer: str) -> list[ChatMessage]:
    """A conversation with an answer at its end, as it is."""
    return [*prompt, {"role": "assistant", "content": answer}]


@dataclass(frozen=True)
class ChatTemplate:
    """A base model's chat template.

    Args:
        render_messages: makes the text of a conversation, special tokens written out; if the second argument
            is true, the beginning of an answer follows.
    """

    render_messages: Callable[[list[ChatMessage], bool], str]

    @classmethod
    def of_folder(cls, folder: Path) -> "ChatTemplate":
        """Read the template of a base model's folder.

        Raises:
            SourceError: the folder has none, or it cannot be used.
        """
        import jinja2

        config = read_json(folder / TOKENIZER_CONFIG)
        source = _template_text(folder, config)
        try:
            template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise _unusable(folder, error) from error
        given: dict[str, str | None] = dict.fromkeys(_NOT_GIVEN)
        given |= {name: _token(config[name]) for name in _NAMED_TOKENS if config.get(name)}

        def render(messages: list[ChatMessage], answer_follows: bool) -> str:
            try:
                return str(template.render(messages=messages, add_generation_prompt=answer_follows, **given))
            except (jinja2.TemplateError, TypeError, ValueError) as error:
                raise _unusable(folder, error) from error

        return cls(render)

    def render(self, sample: Sample) -> str:
        """The text that the model reads and learns from, special tokens written out.

        Raises:
            SourceError: the template does not take such a sample, such as one with a system message.
        """
        return self.render_messages(as_messages(sample), False)


def _environment() -> Any:
    """Templates come from strangers: they run in Jinja's sandbox, set up as transformers does."""
    from jinja2 import nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class AnswerMark(Extension):
        """`{% generation %}` … `{% endgeneration %}`, marks around answers that add nothing to the text."""

        tags = {"generation"}  # noqa: RUF012 - as jinja declares it

        def parse(self, parser: Parser) -> nodes.Node:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body, lineno=line)

    def raise_exception(message: str) -> None:
        raise ValueError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, AnswerMark]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().astimezone().strftime(form)
    return environment


def _template_text(folder: Path, config: dict[str, Any]) -> str:
    file = folder / CHAT_TEMPLATE
    if file.is_file():
        return file.read_text(encoding="utf-8")
    templates = config.get("chat_template")
    if isinstance(templates, list):
        templates = {entry["name"]: entry["template"] for entry in templates}.get("default")
    if not isinstance(templates, str):
        raise SourceError(
            f"The base model in {folder.name} has no chat template.", "Choose one made for chat ('Instruct')."
        )
    return templates


def _unusable(folder: Path, error: Exception) -> SourceError:
    return SourceError(
        f"The chat template of {folder.name} does not take these messages: {error}.",
        "Leave out the system message or the earlier turns, or choose another base model.",
    )


def _token(value: Any) -> str:
    return str(value["content"] if isinstance(value, dict) else value)
