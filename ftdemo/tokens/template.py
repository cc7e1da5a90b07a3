"""A sample as the model will see it: rendered by the base model's chat template, without transformers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ftdemo.errors import SourceError
from ftdemo.store.samples import Sample

Message = dict[str, str]


def as_messages(sample: Sample) -> list[Message]:
    """A sample as chat messages, the answer last; white space around texts is not for the model to learn."""
    turns = [("system", sample.system)] if sample.system and sample.system.strip() else []
    turns += [*sample.history, ("user", sample.question), ("assistant", sample.answer)]
    return [{"role": role, "content": (text or "").strip()} for role, text in turns]


@dataclass(frozen=True)
class ChatTemplate:
    """A base model's chat template.

    Args:
        render_messages: makes the text of a conversation, special tokens written out; if the second argument
            is true, the beginning of an answer follows.
    """

    render_messages: Callable[[list[Message], bool], str]

    @classmethod
    def of_folder(cls, folder: Path) -> "ChatTemplate":
        """Read the template of a base model's folder.

        Raises:
            SourceError: the folder has none, or it cannot be used.
        """
        import jinja2

        config = _read_json(folder / "tokenizer_config.json")
        source = _template_text(folder, config)
        try:
            template = _environment().from_string(source)
        except jinja2.TemplateError as error:
            raise _unusable(folder, error) from error
        tokens = {
            name: _token(config[name]) for name in ("bos_token", "eos_token", "pad_token") if config.get(name)
        }

        def render(messages: list[Message], answer_follows: bool) -> str:
            try:
                return template.render(messages=messages, add_generation_prompt=answer_follows, **tokens)
            except (jinja2.TemplateError, TypeError, ValueError) as error:
                raise _unusable(folder, error) from error

        return cls(render)

    def render(self, sample: Sample) -> str:
        """The text that the model reads and learns from, special tokens written out.

        Raises:
            SourceError: the template does not take such a sample, such as one with a system message.
        """
        return self.render_messages(as_messages(sample), False)

    def prompt(self, messages: list[Message]) -> str:
        """The text after which a model answers a conversation.

        Raises:
            SourceError: the template does not take such a conversation.
        """
        return self.render_messages(messages, True)


def _environment() -> Any:
    """Templates come from strangers: they run in Jinja's sandbox, set up as transformers does."""
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def raise_exception(message: str) -> None:
        raise ValueError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = lambda form: datetime.now().astimezone().strftime(form)
    return environment


def _template_text(folder: Path, config: dict[str, Any]) -> str:
    file = folder / "chat_template.jinja"
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


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _token(value: Any) -> str:
    return str(value["content"] if isinstance(value, dict) else value)
