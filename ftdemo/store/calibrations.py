"""How fast this machine was seen to train."""

import json
from typing import Any

from ftdemo.store.rows import Family, now


class Calibrations(Family):
    """The table `calibrations`."""

    def get(self, key: str) -> dict[str, Any] | None:
        """The figures measured under a key, or None."""
        for row in self._table("calibrations").rows_where("key = ?", [key]):
            figures: dict[str, Any] = json.loads(row["figures"])
            return figures
        return None

    def put(self, key: str, figures: dict[str, Any]) -> None:
        """Keep figures under a key, instead of those kept before."""
        record = {"key": key, "figures": json.dumps(figures), "measured_at": now()}
        self._table("calibrations").insert(record, replace=True)
