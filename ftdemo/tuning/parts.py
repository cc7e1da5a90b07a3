"""Which parts of a model feature-based tuning retrains. Works on parameter names; no torch is imported.

A choice is a comma-separated list of parts:

- `last:N`: the last N blocks (transformer layers)
- `embeddings`: the input embeddings
- `head`: the output head
- `norms`: every normalisation layer
- `name:PATTERN`: parameters whose name matches, such as `name:*.self_attn.v_proj.weight`
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from ftdemo.errors import UserError

BLOCK = re.compile(r"(?:^|\.)(?:layers|h|blocks|block)\.(\d+)\.")
NORM = re.compile(r"norm|(?:^|\.)ln_", re.IGNORECASE)
EMBEDDINGS = ("embed_tokens", "wte", "word_embeddings", "embed_in")
HEADS = ("lm_head", "embed_out")
HELP = "last:N, embeddings, head, norms or name:PATTERN, separated by commas"


def choose_parts(parts: str, names: Iterable[str], tied_head: bool) -> list[str]:
    """The names of the parameters to retrain.

    Args:
        parts: the choice, as above.
        names: the names of all parameters of the model.
        tied_head: whether the output head is the same tensor as the input embeddings; either name of it
            then means that tensor.

    Raises:
        UserError: a part is not known, or the model has no such part.
    """
    names = list(names)
    chosen: set[str] = set()
    for part in split_parts(parts):
        found = _matching(part, names, tied_head)
        if not found:
            raise UserError(f"The model has no part {part!r}.", f"Name parts as {HELP}.")
        chosen.update(found)
    return [name for name in names if name in chosen]


def split_parts(parts: str) -> list[str]:
    """The single parts of a choice.

    Raises:
        UserError: there is none, or one is not of a known form.
    """
    single = [part.strip() for part in parts.split(",") if part.strip()]
    if not single:
        raise UserError("No part of the model is chosen.", f"Name parts as {HELP}.")
    for part in single:
        if not re.fullmatch(r"last:[1-9]\d*|embeddings|head|norms|name:.+", part):
            raise UserError(f"{part!r} is not a part of a model.", f"Name parts as {HELP}.")
    return single


def _matching(part: str, names: list[str], tied_head: bool) -> list[str]:
    kind, _, value = part.partition(":")
    if kind == "name":
        return [name for name in names if fnmatchcase(name, value)]
    if kind == "norms":
        return [name for name in names if NORM.search(name)]
    if kind == "last":
        blocks = {name: int(found.group(1)) for name in names if (found := BLOCK.search(name))}
        first = max(blocks.values(), default=-1) - int(value) + 1
        return [name for name, block in blocks.items() if block >= first]
    wanted = EMBEDDINGS if kind == "embeddings" or tied_head else HEADS
    return [name for name in names if any(part in name for part in wanted)]
