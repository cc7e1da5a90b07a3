"""From text to token ids and back, with the base model's own tokenizer."""

from pathlib import Path
from typing import TYPE_CHECKING

from ftdemo.errors import SourceError

if TYPE_CHECKING:
    from tokenizers import Tokenizer


def load_tokenizer(base_folder: Path) -> "Tokenizer":
    """The tokenizer of a base model's folder; it neither cuts off nor pads.

    Raises:
        SourceError: the folder's file cannot be read.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(base_folder / "tokenizer.json"))
    except Exception as error:  # the library raises bare Exception for a file it cannot read
        raise SourceError(
            f"The tokenizer of {base_folder.name} cannot be read: {error}.", "Choose another base model."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
