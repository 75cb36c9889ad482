"""Bags in SQLite, the metadata beside bags, and whole files cut short."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hostile.documents import HOSTILE_YAML
from hostile.good_files import good_mcap, good_sqlite, study
from hostile.kinds import ESCAPES, READ, RECORDING, kind, sparse, variants


def _metadata(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (good_mcap(folder / "bag") / "metadata.yaml").write_bytes(content)
        return folder / "bag"

    return make


variants(
    READ,
    "metadata",
    {name: _metadata(content) for name, content in HOSTILE_YAML.items() if name != "infinite"},
)
ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n)"
SQL = {
    "null": "update messages set timestamp = null where id % 7 = 0;"
    "update messages set data = null where id = 9",
    "text": "update messages set timestamp = 'noon', data = 'text' where id % 7 = 0",
    "blobs": "update messages set timestamp = x'00', topic_id = x'00' where id % 7 = 0",
    "times_beyond": "update messages set timestamp = 9223372036854775807 where id % 7 = 0",
    "null_topics": "update topics set name = null, type = x'00'",
    "gigabytes": "update messages set data = zeroblob(500000000) where id = 9",
    "escapes": f"update topics set name = '/{ESCAPES}' || name",
    "endless_messages": "drop table messages; create view messages as "
    f"{ENDLESS} select i as id, 1 as topic_id, 1 as timestamp, x'00' as data from n",
    "endless_topics": f"drop table topics; create view topics as {ENDLESS} "
    "select i as id, 'a' as name, 'b' as type, 'cdr' as serialization_format from n",
    "computed": "drop table messages; create table messages(id integer primary key, topic_id, timestamp,"
    " data as (zeroblob(900000000)))",
    "trigger": "create trigger t after insert on messages begin delete from messages; end",
    "virtual": "drop table messages; create virtual table messages using fts5(id, topic_id, timestamp, data)",
    "no_tables": "drop table messages; drop table topics",
    "many_topics": f"{ENDLESS} insert into topics select 100 + i, '/t' || i, 'a/msg/B', 'cdr' from n "
    "limit 100000",
}


def _sql(script: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with sqlite3.connect(good_sqlite(folder / "a.db3")) as database:
            database.executescript(script)
        database.close()
        return folder / "a.db3"

    return make


variants(READ, "sqlite", {name: _sql(script) for name, script in SQL.items()})
variants(RECORDING, "sqlite", {"sparse": sparse("a.db3", b"SQLite format 3\x00")})


@kind(READ)
def sqlite_damaged(folder: Path) -> Path:
    """Write a bag of which every tenth page is noise."""
    path = good_sqlite(folder / "a.db3")
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(3)
    for begin in range(4096, len(content), 40_960):
        content[begin : begin + 4096] = rng.bytes(4096)
    path.write_bytes(content)
    return path


def _truncated(make: Callable[[Path], Path], share: float) -> Callable[[Path], Path]:
    def cut(folder: Path) -> Path:
        path = make(folder)
        file = next(path.glob("*.mcap")) if path.is_dir() else path
        content = file.read_bytes()
        file.write_bytes(content[: round(len(content) * share)])
        return path

    return cut


def _study_npz(folder: Path) -> Path:
    study().save(folder / "a.npz")
    return folder / "a.npz"


for _share in (0.0, 0.01, 0.3, 0.9, 0.999):
    variants(
        READ,
        f"truncated_to_{_share:g}",
        {
            "npz": _truncated(_study_npz, _share),
            "mcap": _truncated(lambda folder: good_mcap(folder / "bag"), _share),
            "sqlite": _truncated(lambda folder: good_sqlite(folder / "a.db3"), _share),
        },
    )
