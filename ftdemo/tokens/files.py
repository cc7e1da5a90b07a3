"""What the files of a base model's folder say about its tokens."""

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftdemo.errors import SourceError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
CHAT_TEMPLATE = "chat_template.jinja"


def deciding_files(folder: Path) -> list[Path]:
    """The files, of those that are there, that decide which token ids a conversation has.

    Args:
        folder: the base model's.

    Raises:
        SourceError: the folder has no tokenizer.
    """
    tokenizer_file(folder)
    files = [folder / name for name in (TOKENIZER, TOKENIZER_CONFIG, CHAT_TEMPLATE)]
    return [file for file in files if file.is_file()]


def tokenizer_file(folder: Path) -> Path:
    """The file with the tokenizer.

    Raises:
        SourceError: there is none.
    """
    file = folder / TOKENIZER
    if not file.is_file():
        raise SourceError(
            f"The base model in {folder.name} has no file {TOKENIZER}.", "Choose a base model that has one."
        )
    return file


def load_tokenizer(folder: Path) -> "Tokenizer":
    """The tokenizer of a base model's folder; it neither cuts off nor pads.

    All who ask get the same one, as long as the file stays as it is: nobody may change its settings.

    Raises:
        SourceError: the folder's file is missing or cannot be read.
    """
    file = tokenizer_file(folder).resolve()
    state = file.stat()
    return _loaded(folder.name, file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _loaded(name: str, file: Path, _written: int, _size: int) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare Exception for a file it cannot read
        raise SourceError(
            f"The tokenizer of {name} cannot be read: {error}.", "Choose another base model."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def named_end_tokens(folder: Path) -> list[int]:
    """The ids that a base model's files name as those that end an answer, the configuration's own first."""
    ends: list[int] = []
    for name in ("config.json", "generation_config.json"):
        named = read_json(folder / name).get("eos_token_id")
        ends += [named] if isinstance(named, int) else list(named or ())
    return list(dict.fromkeys(ends))


def context_limit(folder: Path) -> int | None:
    """How many tokens a base model can take at once, or None if its configuration does not say so."""
    limit = read_json(folder / "config.json").get("max_position_embeddings")
    return limit if isinstance(limit, int) else None


def read_json(file: Path) -> dict[str, Any]:
    """The object in a file; an empty one if there is none that can be read."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
