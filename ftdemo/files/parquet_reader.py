"""Parquet, batch by batch; what its columns mean is told in `samples/columns.py`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ftdemo.errors import FileFormatError
from ftdemo.files.rows import Row

BATCH = 500


def open_parquet(path: Path) -> tuple[Iterator[Row], int]:
    """The rows of a Parquet file, numbered from 1, and how many there are.

    Raises:
        FileFormatError: it is damaged; also raised while the rows are read.
    """
    import pyarrow
    import pyarrow.parquet

    damaged = FileFormatError(f"The Parquet file {path.name} is damaged.", "Save or download it again.")
    try:
        file = pyarrow.parquet.ParquetFile(path)
        count = file.metadata.num_rows
    except (pyarrow.ArrowException, OSError, ValueError, MemoryError):
        raise damaged from None

    def rows() -> Iterator[Row]:
        number = 0
        try:
            with file:
                for batch in file.iter_batches(batch_size=BATCH):
                    for cells in batch.to_pylist():
                        number += 1
                        yield Row(number, _decoded(cells))
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError, MemoryError):
            raise damaged from None

    return rows(), count


def _decoded(cells: dict[str, Any]) -> dict[str, Any]:
    """Text that was saved as bytes, as older programs do, made into text."""
    return {
        name: cell.decode("utf-8", errors="replace") if isinstance(cell, bytes) else cell
        for name, cell in cells.items()
    }
