"""Field by field: what a file would change in records that are there, and what of it is the same.

Plain columns are compared by the database; only records that differ, or whose encrypted fields have no hash to compare
by, are looked at one by one. Differences are kept as they may be shown: private values masked.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from core import ciphers
from core.bulk import Json, copy_rows
from residents.intake.columns import DERIVED, ENCRYPTED, stage_columns
from residents.intake.stage import Stage, rows, run, unlogged
from residents.services import trail

PIECE = 5000
TAGGED = {"id_number": "id_tag", "phone": "phone_tag"}  # of residents: equal tags are equal values
POINT = ("lon", "lat")
PLACED = {"resident": ("dwelling", "household"), "household": ("dwelling",), "organisation": ("dwelling",),
          "place": ("organisation",)}  # fmt: skip


class Comparer:
    """Fills the table of differences and turns verdict m into c (changed) or u (unchanged)."""

    def __init__(self, stage: Stage):
        self.stage = stage

    def run(self):
        self.stage.drop("diff")
        run(
            f"CREATE {unlogged()} TABLE {self.stage('diff')} "
            "(section varchar(12) NOT NULL, ref integer NOT NULL, changes text NOT NULL)"
        )
        for section in self.stage.sections:
            if section.makes:
                copy_rows(self.stage("diff"), ["section", "ref", "changes"], self._differences(section))
                self._settle(section.name)
        run(f"CREATE INDEX {self.stage('diff')}_ref ON {self.stage('diff')} (section, ref)")

    def _settle(self, name):
        changed = f"SELECT ref FROM {self.stage('diff')} WHERE section = %s"
        run(f"UPDATE {self.stage(name)} SET verdict = 'c' WHERE verdict = 'm' AND ref IN ({changed})", [name])
        run(f"UPDATE {self.stage(name)} SET verdict = 'u' WHERE verdict = 'm'")

    def _differences(self, section) -> Iterator[list]:
        fields = compared(self.stage.batch.kind, section.name)
        for ref, pairs, moves in self._candidates(section, fields):
            told = {}
            for name, (new, old) in pairs.items():
                if new is None:
                    continue
                before, after = plain(section.name, name, old), plain(section.name, name, new)
                if before != after:
                    told[name] = [mask(name, before), mask(name, after)]
            told |= moves
            if told:
                yield [section.name, ref, Json(told)]

    def _candidates(self, section, fields):
        """(ref, {field: (new, old)}, {link: [old id, None]}) of rows that are there, or perhaps there."""
        name, last = section.name, 0
        links = PLACED.get(name, ())
        extra = ", s.was" if name == "resident" else ""
        listed = ", ".join(f"s.{field}, {registry(field)}" for field in fields)
        linked = "".join(f", s.{link}_ref, s.{link}_id, x.{link}_id" for link in links if self._has(link))
        sql = (
            f"SELECT s.ref, {listed or 'NULL, NULL'}{linked}{extra} FROM {self.stage(name)} s "
            f"JOIN {section.model._meta.db_table} x ON x.id = COALESCE(s.record_id, s.twin_id) "
            f"WHERE s.ref > %s AND s.verdict IN ('m', 'd') AND ({self._differs(name, fields, links)}) "
            f"ORDER BY s.ref LIMIT {PIECE}"
        )
        while piece := rows(sql, [last]):
            for row in piece:
                pairs = {field: row[1 + 2 * i : 3 + 2 * i] for i, field in enumerate(fields)}
                rest = row[1 + 2 * max(1, len(fields)) :]
                yield row[0], pairs, self._moves(links, rest, name)
            last = piece[-1][0]

    def _has(self, link) -> bool:
        return any(section.name == link for section in self.stage.sections)

    def _moves(self, links, rest, name):
        """A record goes where the file says: the new place may itself be new, and has no number yet."""
        told, place = {}, 0
        for link in filter(self._has, links):
            ref, new, old = rest[place : place + 3]
            place += 3
            if ref is not None and (new is None or new != old):
                told[f"{link}_id"] = [old or "", new or ""]
        if name == "resident" and rest[-1] == "departed":
            told["status"] = ["departed", "living"]
        return told

    def _differs(self, name, fields, links) -> str:
        parts = []
        for field in fields:
            if field in ENCRYPTED:
                tag = TAGGED.get(field) if name == "resident" else None
                if tag:
                    parts.append(f"s.{tag} IS NOT NULL AND s.{tag} <> x.{tag}")
                else:
                    parts.append(f"s.{field} IS NOT NULL")
            elif field == "dangers" or field in POINT:
                parts.append(f"s.{field} IS NOT NULL")
            else:
                parts.append(f"s.{field} IS NOT NULL AND s.{field} IS DISTINCT FROM x.{field}")
        for link in filter(self._has, links):
            parts.append(f"s.{link}_ref IS NOT NULL AND s.{link}_id IS DISTINCT FROM x.{link}_id")
        if name == "resident":
            parts = [part for part in parts if not part.startswith("s.birth_date")]
            # The number tells the birth date; without one it must be decrypted.
            parts += [
                "s.was = 'departed'",
                "s.birth_date IS NOT NULL AND (x.id_tag = '' OR s.id_tag IS NULL)",
            ]
        return " OR ".join(f"({part})" for part in parts) or "1 = 0"


def compared(kind: str, section: str) -> list[str]:
    """Fields of a section that a file may change: what names the record is the same by definition."""
    start = f"{section}_"
    keys = {"building": {"address"}, "dwelling": {"unit", "door"}}.get(section, set())
    names = [name[len(start) :] for name in stage_columns(kind) if name.startswith(start)]
    return [name for name in names if name not in keys and name not in DERIVED.get(section, ())]


def registry(field: str) -> str:
    """The registry's column for a field, as SQL."""
    if field in POINT:
        return f"ST_{'X' if field == 'lon' else 'Y'}(x.location)"
    if field == "dangers" and connection.vendor == "postgresql":
        return "x.dangers::text"
    return f"x.{field}"


def plain(section: str, name: str, value) -> str | int:
    """A value as it compares, whatever the database's driver made of it; encrypted ones in clear."""
    if value is None:
        return ""
    if name in ENCRYPTED:
        return ciphers.decrypt(value)
    if name == "dangers":
        return "、".join(sorted(json.loads(value)))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, date | datetime):
        return value.isoformat()[:10]
    if isinstance(value, Decimal | float):
        return f"{float(value):.6f}".rstrip("0").rstrip(".")
    return value


def mask(name: str, value):
    """As the history shows it."""
    return trail.MASKS[name](str(value)) if name in trail.MASKS and value != "" else value
