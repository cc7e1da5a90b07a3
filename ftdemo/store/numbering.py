"""What two migrations do: numbers are given once, and what a job or model comes from is kept by number."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

NUMBERED = ("sample_sets", "jobs", "tuned_models", "reward_models", "rated_answers")
"""Tables whose rows can be removed and are referred to by number from elsewhere."""
JOB_FOLDER = re.compile(r"job-(\d+)\b")


def give_numbers_once(db: Database) -> None:
    """Rebuild the tables with AUTOINCREMENT, and let none go on below a number that was ever seen.

    SQLite gives the number of a removed newest row again; a model's folder was named by its job's number.

    Raises:
        sqlite3.IntegrityError: references are being looked after, and would remove rows with the old table.
    """
    if db.execute("PRAGMA foreign_keys").fetchone()[0]:
        raise sqlite3.IntegrityError("tables are rebuilt with foreign_keys off only")
    for table in NUMBERED:
        _rebuild(db, table)
    _never_below(db, "jobs", max([0, *_job_numbers(db)]))
    known = db.execute("select coalesce(max(sample_set_id), 0) from jobs").fetchone()[0]
    _never_below(db, "sample_sets", known)


def keep_origins_by_number(db: Database) -> None:
    """Add the numbers of parents, sets and reward models to jobs and models, as far as names tell them."""
    for column in ("parent_id", "reward_id", "held_out_reward_id", "model_id"):
        db.table("jobs").add_column(column, int)
    for column in ("sample_set_id", "parent_id", "reward_id", "held_out_reward_id"):
        db.table("tuned_models").add_column(column, int)
    names = _Names(db)
    for job in list(db.query("select * from jobs")):
        settings = json.loads(job["settings"])
        when, found = job["created_at"], {"sample_set_id": names.sample_set(job)}
        if job["kind"] == "evaluate":
            against = settings.get("against")
            job["parent_model"] = None if against in (None, "base") else against
            found["model_id"] = names.tuned(job["model_name"], when)
        db.table("jobs").update(
            job["id"],
            {
                **found,
                "parent_model": job["parent_model"],
                "parent_id": names.tuned(job["parent_model"], when),
                "reward_id": names.reward(job["reward_model"], when),
                "held_out_reward_id": names.reward(settings.get("held_out_reward"), when),
            },
        )
    for model in list(db.query("select * from tuned_models")):
        jobs = list(db.query("select * from jobs where id = ?", [model["job_id"]]))
        named = {
            "sample_set_id": names.set_by_name(model["sample_set_name"], model["created_at"]),
            "parent_id": names.tuned(model["parent_model"], model["created_at"]),
            "reward_id": names.reward(model["reward_model"], model["created_at"]),
            "held_out_reward_id": None,
        }
        # The job was there before the model: what its names meant then is surer.
        db.table("tuned_models").update(model["id"], {key: jobs[0][key] for key in named} if jobs else named)


class _Names:
    """Tells what names meant at a time; where that is not sure, nothing: none is better than a wrong one."""

    def __init__(self, db: Database) -> None:
        self._sets = list(db.query("select * from sample_sets"))
        self._tuned = list(
            db.query(
                "select tuned_models.*, coalesce(jobs.model_name, tuned_models.name) as first_name "
                "from tuned_models left join jobs on jobs.id = tuned_models.job_id"
            )
        )
        self._rewards = list(db.query("select *, name as first_name from reward_models"))

    def sample_set(self, job: dict[str, Any]) -> int | None:
        """A job's set, unless its number was given to another set since."""
        now = next((one for one in self._sets if one["id"] == job["sample_set_id"]), None)
        same = now is None or (
            now["name"] == job["sample_set_name"] and now["created_at"] <= job["created_at"]
        )
        number: int | None = job["sample_set_id"] if same else None
        return number

    def set_by_name(self, name: str | None, when: str) -> int | None:
        """The set that had a name; sets are never renamed."""
        return next(
            (one["id"] for one in self._sets if one["name"] == name and one["created_at"] <= when), None
        )

    def tuned(self, name: str | None, when: str) -> int | None:
        """The tuned model that had a name: the one that was made under it or has it now."""
        return _one(self._tuned, name, when)

    def reward(self, name: str | None, when: str) -> int | None:
        """The reward model that had a name; they are never renamed."""
        return _one(self._rewards, name, when)


def _one(models: list[dict[str, Any]], name: str | None, when: str) -> int | None:
    found = [one for one in models if name in (one["name"], one["first_name"]) and one["created_at"] <= when]
    never_renamed = [one for one in found if one["name"] == one["first_name"]]
    certain = never_renamed if len(never_renamed) == 1 else found
    return certain[0]["id"] if len(certain) == 1 else None


def _rebuild(db: Database, table: str) -> None:
    """Make a table anew with AUTOINCREMENT, its rows and indexes as they were."""
    (sql,) = db.execute("select sql from sqlite_master where type = 'table' and name = ?", [table]).fetchone()
    indexes = db.execute(
        "select sql from sqlite_master where type = 'index' and tbl_name = ? and sql is not null", [table]
    ).fetchall()
    copy = f"{table}_numbered"
    sql = re.sub(rf'(?i)create table "?{table}"?', f'create table "{copy}"', sql, count=1)
    sql = re.sub(r"(?i)integer primary key", "integer primary key autoincrement", sql, count=1)
    db.execute(sql)
    db.execute(f"insert into {copy} select * from {table}")
    db.execute(f"drop table {table}")
    db.execute(f"alter table {copy} rename to {table}")
    for (index,) in indexes:
        db.execute(index)


def _never_below(db: Database, table: str, number: int) -> None:
    """Let a table's next number be greater than one."""
    row = db.execute("select seq from sqlite_sequence where name = ?", [table]).fetchone()
    if row is None:
        db.execute("insert into sqlite_sequence (name, seq) values (?, ?)", [table, number])
    elif row[0] < number:
        db.execute("update sqlite_sequence set seq = ? where name = ?", [number, table])


def _job_numbers(db: Database) -> Iterator[int]:
    """Every number that a job, or the folder of one or of its model, is known to have had."""
    for table, column in (
        ("tuned_models", "folder"),
        ("reward_models", "folder"),
        ("rated_answers", "model_version"),
        ("messages", "model_version"),
    ):
        for (name,) in db.execute(f"select distinct {column} from {table} where {column} like 'job-%'"):
            yield from _number_of(name)
    file = next((row[2] for row in db.execute("PRAGMA database_list") if row[1] == "main"), "")
    if not file:
        return
    data = Path(file).parent
    for folder in ("tuned-models", "reward-models", "gguf"):
        for path in (data / folder).glob("job-*"):
            yield from _number_of(path.name)
    for path in (data / "jobs").glob("*"):
        if path.name.isdecimal():
            yield int(path.name)


def _number_of(name: str) -> Iterator[int]:
    match = JOB_FOLDER.match(name)
    if match:
        yield int(match[1])
