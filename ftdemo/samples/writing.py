"""From samples to a file."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from ftdemo.errors import UserError
from ftdemo.store.samples import Sample


def write_samples(samples: Iterable[Sample], path: Path) -> int:
    """Write samples to a .jsonl, .json or .csv file, chosen by its ending, and return how many.

    Raises:
        UserError: another ending, or the file cannot be written.
    """
    rows = [vars(sample) for sample in samples]
    ending = path.suffix.lower()
    if ending not in {".jsonl", ".json", ".csv"}:
        raise UserError(
            f"Samples cannot be written to {path.name}.",
            "Give a file name that ends in .jsonl, .json or .csv.",
        )
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if ending == ".jsonl":
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            elif ending == ".json":
                json.dump(rows, file, ensure_ascii=False, indent=2)
            else:
                writer = csv.DictWriter(file, fieldnames=["question", "answer", "split"])
                writer.writeheader()
                writer.writerows(rows)
    except OSError as error:
        raise UserError(
            f"The file {path} cannot be written: {error.strerror or error}.", "Choose another place."
        ) from error
    return len(rows)
