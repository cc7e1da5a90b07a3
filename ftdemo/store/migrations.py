"""The shape of the SQLite file, as a row of small steps. A step that has shipped is never changed."""

from sqlite_utils import Database, Migrations

from ftdemo.store.numbering import give_numbers_once, keep_origins_by_number

migrations = Migrations("ftdemo")


@migrations()
def m001_sample_sets(db: Database) -> None:
    """Question/answer samples, in named sets."""
    db.table("sample_sets").create(
        {"id": int, "name": str, "file_name": str, "format": str, "created_at": str},
        pk="id",
        not_null={"name", "format", "created_at"},
    )
    db.table("sample_sets").create_index(["name"], unique=True)
    db.table("samples").create(
        {"id": int, "sample_set_id": int, "position": int, "question": str, "answer": str, "split": str},
        pk="id",
        not_null={"sample_set_id", "position", "question", "answer", "split"},
        foreign_keys=[("sample_set_id", "sample_sets", "id")],
    )
    db.table("samples").create_index(["sample_set_id", "position"], unique=True)


@migrations()
def m002_jobs(db: Database) -> None:
    """Long work, one row a job; what a running worker reports is written into its row."""
    db.table("jobs").create(
        {
            "id": int,
            "kind": str,
            "status": str,
            "model_name": str,
            "base_model": str,
            "sample_set_id": int,
            "sample_set_name": str,
            "sample_set_version": int,
            "settings": str,
            "created_at": str,
            "started_at": str,
            "finished_at": str,
            "heartbeat_at": str,
            "worker_pid": int,
            "worker_started": float,
            "stop_request": str,
            "phase": str,
            "step": int,
            "total_steps": int,
            "epoch": float,
            "seconds_left": float,
            "memory_bytes": int,
            "metrics": str,
            "error_message": str,
            "error_remedy": str,
        },
        pk="id",
        not_null={"kind", "status", "model_name", "base_model", "settings", "created_at"},
    )
    db.table("jobs").create_index(["status"])
    db.table("job_metrics").create(
        {
            "job_id": int,
            "step": int,
            "epoch": float,
            "loss": float,
            "held_out_loss": float,
            "learning_rate": float,
            "gradient_norm": float,
            "tokens": int,
            "tokens_per_second": float,
            "memory_bytes": int,
            "recorded_at": str,
        },
        pk=("job_id", "step"),
        foreign_keys=[("job_id", "jobs", "id")],
    )


@migrations()
def m003_tuned_models(db: Database) -> None:
    """The models that jobs made."""
    db.table("tuned_models").create(
        {
            "id": int,
            "name": str,
            "base_model": str,
            "method": str,
            "folder": str,
            "job_id": int,
            "sample_set_name": str,
            "sample_set_version": int,
            "created_at": str,
        },
        pk="id",
        not_null={"name", "base_model", "method", "folder", "created_at"},
        foreign_keys=[("job_id", "jobs", "id")],
    )
    db.table("tuned_models").create_index(["name"], unique=True)


@migrations()
def m004_conversations(db: Database) -> None:
    """What was asked and answered; one conversation may have several sides, each with its own history."""
    db.table("conversations").create(
        {"id": int, "title": str, "created_at": str}, pk="id", not_null={"title", "created_at"}
    )
    db.table("messages").create(
        {
            "id": int,
            "conversation_id": int,
            "turn": int,
            "role": str,
            "model": str,
            "text": str,
            "generation": str,
            "tokens": int,
            "tokens_per_second": float,
            "time_to_first_token_s": float,
            "finish_reason": str,
            "created_at": str,
        },
        pk="id",
        not_null={"conversation_id", "turn", "role", "text", "created_at"},
        foreign_keys=[("conversation_id", "conversations", "id")],
    )
    db.table("messages").create_index(["conversation_id", "turn"])


@migrations()
def m005_sample_versions(db: Database) -> None:
    """Sample sets in versions: a row holds from version `since` until, and without, version `until`.

    Samples also gain what comes before the question, and how much they count.
    """
    db.table("samples").add_column("since", int, not_null_default=1)
    db.table("samples").add_column("until", int)
    db.table("samples").add_column("system", str)
    db.table("samples").add_column("history", str)
    db.table("samples").add_column("weight", float, not_null_default=1.0)
    db.execute("drop index idx_samples_sample_set_id_position")
    db.table("samples").create_index(["sample_set_id", "position", "since"], unique=True)
    db.table("sample_set_versions").create(
        {"sample_set_id": int, "version": int, "note": str, "created_at": str},
        pk=("sample_set_id", "version"),
        not_null={"note", "created_at"},
        foreign_keys=[("sample_set_id", "sample_sets", "id")],
    )
    db.execute(
        "insert into sample_set_versions (sample_set_id, version, note, created_at) "
        "select id, 1, 'added', created_at from sample_sets"
    )


@migrations()
def m006_tuning_methods(db: Database) -> None:
    """What a run continued from, what it answered on the way, and how fast this machine trains."""
    db.table("jobs").add_column("parent_model", str)
    db.table("tuned_models").add_column("parent_model", str)
    db.table("job_answers").create(
        {"job_id": int, "step": int, "position": int, "question": str, "answer": str},
        pk=("job_id", "step", "position"),
        not_null={"question", "answer"},
        foreign_keys=[("job_id", "jobs", "id")],
    )
    db.table("calibrations").create(
        {"key": str, "figures": str, "measured_at": str}, pk="key", not_null={"figures", "measured_at"}
    )


@migrations()
def m007_reward_models(db: Database) -> None:
    """Reward models, and what a method measures at a step beyond loss and speed."""
    db.table("job_metrics").add_column("figures", str)
    db.table("jobs").add_column("reward_model", str)
    db.table("tuned_models").add_column("reward_model", str)
    db.table("reward_models").create(
        {
            "id": int,
            "name": str,
            "base_model": str,
            "folder": str,
            "job_id": int,
            "created_at": str,
        },
        pk="id",
        not_null={"name", "base_model", "folder", "created_at"},
        foreign_keys=[("job_id", "jobs", "id")],
    )
    db.table("reward_models").create_index(["name"], unique=True)


@migrations()
def m008_feedback(db: Database) -> None:
    """What people think of answers.

    Answers are kept as they were shown, so that feedback outlives the model and the conversation. Votes,
    corrections and choices are events: a row is added and never changed, and the latest counts.
    """
    db.table("messages").add_column("model_version", str)
    db.table("secrets").create({"name": str, "value": str}, pk="name", not_null={"value"})
    db.execute(
        """
        create table rated_answers (
            id integer primary key,
            uid text not null unique,
            prompt text not null,
            question text not null,
            answer text not null,
            model text not null,
            model_version text,
            generation text,
            message_id integer unique references messages(id) on delete set null,
            created_at text not null
        )
        """
    )
    on_answer = "integer not null references rated_answers(id) on delete cascade"
    db.execute(
        f"""
        create table votes (
            id integer primary key,
            uid text not null unique,
            answer_id {on_answer},
            voter text not null,
            vote text not null,
            reasons text not null,
            comment text not null,
            created_at text not null
        )
        """
    )
    db.execute(
        f"""
        create table corrections (
            id integer primary key,
            uid text not null unique,
            answer_id {on_answer},
            voter text not null,
            text text,
            created_at text not null
        )
        """
    )
    db.execute(
        f"""
        create table choices (
            id integer primary key,
            uid text not null unique,
            left_id {on_answer},
            right_id {on_answer},
            voter text not null,
            choice text not null,
            comment text not null,
            created_at text not null
        )
        """
    )
    db.table("votes").create_index(["answer_id", "voter", "created_at"])
    db.table("corrections").create_index(["answer_id", "voter", "created_at"])
    db.table("choices").create_index(["left_id", "right_id", "voter", "created_at"])
    db.table("choices").create_index(["right_id"])


@migrations()
def m009_chat(db: Database) -> None:
    """A chat can be taken back and answered again; an answer keeps the exact prompt it was given to."""
    db.table("messages").add_column("prompt", str)
    db.table("messages").add_column("place", str, not_null_default="line")


@migrations()
def m010_numbers_once(db: Database) -> None:
    """No number is given again, whatever is removed."""
    give_numbers_once(db)


@migrations()
def m011_origins_by_number(db: Database) -> None:
    """Parents, sets and reward models are known by number: names change hands."""
    keep_origins_by_number(db)
