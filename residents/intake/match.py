"""What a file means for the registry: which of its rows are there already, which are new, which cannot be.

One table per section of the file (`ref` is the first line that speaks of the record), made by statements over all rows
at once. `verdict`: n new, m there already, d perhaps there already (a person decides), w wrong; residents.intake.compare
then tells c changed from u unchanged.
"""

from residents.checks import LOCAL, WHOLE
from residents.intake.cleaner import HOMES
from residents.intake.columns import stage_columns
from residents.intake.stage import Stage, run

ABSENT = {
    "building": ("building_number", "no_building"),
    "dwelling": ("dwelling_door", "no_dwelling"),
    "household": ("household_number", "no_household"),
    "organisation": ("organisation_name", "no_organisation"),
}
KEY_COLUMN = {
    "building": "building_address", "dwelling": "dwelling_door", "household": "household_number",
    "resident": "resident_id_number", "organisation": "organisation_name", "place": "place_name",
}  # fmt: skip
# How a row of the file (r) finds the record of its section; each builds on those before it.
JOINS = {
    "building": "JOIN {building} b ON b.grid_id = r.grid_id AND b.address = r.building_address",
    "dwelling": "JOIN {dwelling} d ON d.building_ref = b.ref AND d.door = r.dwelling_door "
    "AND d.unit = COALESCE(r.dwelling_unit, '')",
    "household": "JOIN {household} h ON h.hkey = {hkey}",
    "organisation": "JOIN {organisation} o ON o.okey = {okey}",
}
ALIAS = {"building": "b", "dwelling": "d", "household": "h", "organisation": "o"}
HKEY = "CASE WHEN r.household_number IS NOT NULL THEN 'n' || r.household_number {else} END"
OKEY = "COALESCE('c' || r.organisation_credit_code, 'n' || r.grid_id || ' ' || r.organisation_name)"


# Who is in the registry as from elsewhere, and by the file lives where they are registered: what
# residents.checks.may_be_registered_here says of one.
CONTRADICTS = (
    f"JOIN residents_resident x ON x.population <> '{LOCAL}' WHERE s.hukou_here AND s.population IS NULL"
)


class Matcher:
    """Fills the section tables of one import and adds to its faults."""

    def __init__(self, stage: Stage):
        self.stage, self.kind = stage, stage.batch.kind
        self.names = [section.name for section in stage.sections]
        self.primary = self.names[-1]

    def run(self):
        run(f"DELETE FROM {self.stage('fault')} WHERE code IN ({_marks(LATER)})", LATER)
        for section in self.stage.sections:
            getattr(self, f"_{section.name}")(section)
            run(f"CREATE UNIQUE INDEX {self.stage(section.name)}_ref ON {self.stage(section.name)} (ref)")
            if not section.makes:
                self._absent(section.name)
            elif section.name == self.primary and section.name != "resident":
                self._repeated(section.name)
        if self.primary == "resident":
            self._residents()
        if self.kind in HOMES:
            self._without_door()
        self._elsewhere()
        self._wrong()

    # ---- the sections

    def _building(self, section):
        self._grouped("building", "r.grid_id, r.building_address", "r.building_address IS NOT NULL",
                      "LEFT JOIN residents_building x ON x.grid_id = g.grid_id AND x.address = g.address "
                      "AND x.ended_on IS NULL", fixed={"address": "r.building_address"})  # fmt: skip

    def _dwelling(self, section):
        unit = "COALESCE(r.dwelling_unit, '')"
        self._grouped("dwelling", f"b.ref, b.record_id, {unit}, r.dwelling_door", "r.dwelling_door IS NOT NULL",
                      "LEFT JOIN residents_dwelling x ON x.building_id = g.building_id AND x.unit = g.unit "
                      "AND x.door = g.door AND x.ended_on IS NULL", before="building",
                      more="b.ref AS building_ref, b.record_id AS building_id",
                      fixed={"unit": unit, "door": "r.dwelling_door"})  # fmt: skip

    def _household(self, section):
        hkey = self._hkey()
        there = (
            "COALESCE(x.id, (SELECT min(y.id) FROM residents_household y WHERE g.number IS NULL "
            "AND y.dwelling_id = g.dwelling_id AND y.ended_on IS NULL))"
        )
        self._grouped("household", hkey, f"{hkey} IS NOT NULL",
                      "LEFT JOIN residents_household x ON x.number = g.number AND x.number <> '' AND x.ended_on IS NULL",
                      before="dwelling", there=there, left=True,
                      more=f"{hkey} AS hkey, max(b.ref) AS building_ref, max(d.ref) AS dwelling_ref, "
                           "max(d.record_id) AS dwelling_id")  # fmt: skip

    def _organisation(self, section):
        there = (
            "COALESCE(x.id, (SELECT min(y.id) FROM residents_organisation y WHERE y.grid_id = g.grid_id "
            "AND y.name = g.name AND y.ended_on IS NULL {no_code}))"
        ).format(no_code="AND (g.credit_code IS NULL OR y.credit_code = '')" if section.makes else "")
        chain = "dwelling" if "dwelling" in self.names else None
        self._grouped("organisation", OKEY, f"{OKEY} IS NOT NULL",
                      "LEFT JOIN residents_organisation x ON x.credit_code = g.credit_code AND x.credit_code <> '' "
                      "AND x.ended_on IS NULL", before=chain, there=there, left=True,
                      more=f"{OKEY} AS okey" + (", max(b.ref) AS building_ref, max(d.ref) AS dwelling_ref, "
                                                "max(d.record_id) AS dwelling_id" if chain else ""))  # fmt: skip

    def _place(self, section):
        self._grouped("place", "r.grid_id, r.place_name", "r.place_name IS NOT NULL",
                      "LEFT JOIN (SELECT grid_id, name, min(id) AS id FROM residents_keyplace WHERE ended_on IS NULL "
                      "GROUP BY grid_id, name) x ON x.grid_id = g.grid_id AND x.name = g.name",
                      before="organisation", left=True, fixed={"name": "r.place_name"},
                      more="max(o.ref) AS organisation_ref, max(o.record_id) AS organisation_id")  # fmt: skip

    def _resident(self, section):
        fields = ", ".join(f"r.resident_{name} AS {name}" for name in self._fields("resident"))
        self.stage.create(
            "resident",
            f"SELECT r.line AS ref, r.grid_id, b.ref AS building_ref, d.ref AS dwelling_ref, "
            f"d.record_id AS dwelling_id, h.ref AS household_ref, h.record_id AS household_id, x.id AS record_id, "
            f"x.status AS was, x.grid_id AS was_in, {_null('bigint')} AS twin_id, "
            f"CASE WHEN x.id IS NULL THEN 'n' ELSE 'm' END AS verdict, {fields} "
            f"FROM {self.stage('raw')} r {self._joined('household')} "
            "LEFT JOIN residents_resident x ON x.id_tag = r.resident_id_tag AND x.id_tag <> ''",
        )

    def _grouped(self, name, by, where, join, *, before=None, left=False, there="x.id", more="", fixed=None):
        """Section `name`: one row per key, with the first line that speaks of it, and the record that is there."""
        fixed = fixed or {}
        picked = [
            f"{fixed[field]} AS {field}" if field in fixed else f"max(r.{name}_{field}) AS {field}"
            for field in self._fields(name)
        ]
        grid = "r.grid_id" if by.startswith("r.grid_id") else "min(r.grid_id)"
        listed = ", ".join(filter(None, ["min(r.line) AS ref", f"{grid} AS grid_id", more, *picked]))
        found = f"{there} AS record_id, {_null('bigint')} AS twin_id"
        self.stage.create(
            name,
            f"SELECT k.*, CASE WHEN k.record_id IS NULL THEN 'n' ELSE 'm' END AS verdict FROM (SELECT g.*, {found} "
            f"FROM (SELECT {listed} FROM {self.stage('raw')} r {self._joined(before, left)} WHERE {where} "
            f"GROUP BY {by}) g {join}) k",
        )

    def _fields(self, section) -> list[str]:
        """Fields of the section in the staging table."""
        start = f"{section}_"
        return [name[len(start) :] for name in stage_columns(self.kind) if name.startswith(start)]

    def _joined(self, last, left=True) -> str:
        """The joins from a row of the file to its records, up to section `last`."""
        if last is None:
            return ""
        names = self.names[: self.names.index(last) + 1]
        tables = {name: self.stage(name) for name in names} | {"hkey": self._hkey(), "okey": OKEY}
        return " ".join(("LEFT " if left else "") + JOINS[name].format(**tables) for name in names)

    def _hkey(self) -> str:
        """By its number; without one, people with a relation to a head form a household behind their door."""
        related = "resident_relation" in stage_columns(self.kind) and self.kind == "people"
        other = "WHEN r.resident_relation IS NOT NULL THEN 'd' || d.ref" if related else ""
        return HKEY.replace("{else}", other)

    # ---- faults that only the whole file or the registry shows

    def _fault(self, code, select, params=()):
        """`select` gives line, column and hint."""
        run(
            f"INSERT INTO {self.stage('fault')} (line, col, code, value, hint) SELECT q.line, q.col, '{code}', '', q.hint "
            f"FROM ({select}) q",
            params,
        )

    def _absent(self, name):
        column, code = ABSENT[name]
        alias = ALIAS[name]
        # Behind a door without a building one mistake is enough.
        known = " AND b.record_id IS NOT NULL" if name == "dwelling" else ""
        self._fault(
            code,
            f"SELECT r.line, '{column}' AS col, '' AS hint FROM {self.stage('raw')} r {self._joined(name)} "
            f"WHERE {alias}.ref IS NOT NULL AND {alias}.record_id IS NULL{known}",
        )

    def _repeated(self, name):
        """Lines that speak of a record that a line before them speaks of."""
        if name == "place":
            join, alias = (
                f"JOIN {self.stage('place')} p ON p.grid_id = r.grid_id AND p.name = r.place_name",
                "p",
            )
        else:
            join, alias = self._joined(name), ALIAS[name]
        self._fault(
            "repeated",
            f"SELECT r.line, '{KEY_COLUMN[name]}' AS col, CAST({alias}.ref AS varchar(20)) AS hint "
            f"FROM {self.stage('raw')} r {join} WHERE {alias}.ref <> r.line",
        )

    def _residents(self):
        table = self.stage("resident")
        run(
            f"UPDATE {table} SET record_id = q.id, was = 'living', was_in = q.grid_id, verdict = 'm' FROM ("
            "SELECT s.ref, min(x.id) AS id, min(x.grid_id) AS grid_id FROM {t} s JOIN residents_resident x "
            "ON x.dwelling_id = s.dwelling_id AND x.name = s.name AND x.birth_month = s.birth_month "
            "AND x.status = 'living' WHERE s.id_tag IS NULL GROUP BY s.ref) q WHERE {t}.ref = q.ref".format(
                t=table
            )
        )
        same = (
            "(SELECT ref, {key} AS k, min(ref) OVER (PARTITION BY {key}) AS first FROM {t} WHERE {where}) q"
            " WHERE q.ref <> q.first"
        )
        # A person without a number of their own is known by name, birth month and door.
        by_person = "name || '/' || COALESCE(CAST(birth_month AS varchar(10)), '') || '/' || COALESCE(dwelling_ref, 0)"
        for key, where, col in (
            ("id_tag", "id_tag IS NOT NULL", "resident_id_number"),
            (by_person, "id_tag IS NULL", "resident_name"),
            ("record_id", "record_id IS NOT NULL AND id_tag IS NULL", "resident_name"),
        ):
            self._fault(
                "repeated",
                f"SELECT q.ref AS line, '{col}' AS col, CAST(q.first AS varchar(20)) AS hint FROM "
                + same.format(key=key, t=table, where=where),
            )
        self._fault(
            "dead",
            f"SELECT ref AS line, 'resident_id_number' AS col, '' AS hint FROM {table} WHERE was = 'dead'",
        )
        self._fault(
            "local_known",
            f"SELECT s.ref AS line, 'resident_hukou_here' AS col, '' AS hint FROM {table} s {CONTRADICTS} "
            "AND x.id = s.record_id",
        )
        self._twins(table)

    def _twins(self, table):
        """New people who may be there already: the same name and birth month; the same phone where one of the two has
        no ID number (families share a phone; two numbers are two people)."""
        pair = (
            "SELECT s.ref, x.id FROM {t} s JOIN residents_resident x ON {on} JOIN {g} g ON g.id = x.grid_id "
            "WHERE s.verdict = 'n' AND x.status <> 'dead'"
        )
        on = (
            "x.name = s.name AND x.birth_month = s.birth_month",
            "x.phone_tag = s.phone_tag AND x.phone_tag <> '' AND (s.id_tag IS NULL OR x.id_tag = '')",
        )
        pairs = " UNION ".join(pair.format(t=table, g=self.stage("grid"), on=one) for one in on)
        run(
            f"UPDATE {table} SET verdict = 'd', twin_id = q.id FROM (SELECT p.ref, min(p.id) AS id FROM ({pairs}) p "
            f"WHERE NOT EXISTS (SELECT 1 FROM {table} o WHERE o.record_id = p.id) GROUP BY p.ref) q "
            f"WHERE {table}.ref = q.ref"
        )

    def _without_door(self):
        """Lines that give no door of a building that has doors, in the file or in the registry."""
        self._fault(
            "no_door",
            f"SELECT r.line, 'dwelling_door' AS col, '' AS hint FROM {self.stage('raw')} r {self._joined('dwelling')} "
            f"WHERE r.dwelling_door = '{WHOLE}' AND (EXISTS (SELECT 1 FROM {self.stage('dwelling')} o "
            f"WHERE o.building_ref = b.ref AND o.door <> '{WHOLE}') OR EXISTS (SELECT 1 FROM residents_dwelling x "
            f"WHERE x.building_id = b.record_id AND x.door <> '{WHOLE}' AND x.ended_on IS NULL))",
        )

    def _elsewhere(self):
        """A record that lies where this person may not import: the row is refused, nothing of the record is said."""
        tables = {"resident": "residents_resident", "household": "residents_household",
                  "organisation": "residents_organisation"}  # fmt: skip
        for name in tables:
            if name not in self.names:
                continue
            join = (
                f"JOIN {self.stage('resident')} s ON s.ref = r.line"
                if name == "resident"
                else f"{self._joined(name)} JOIN {self.stage(name)} s ON s.ref = {ALIAS[name]}.ref"
            )
            self._fault(
                "elsewhere",
                f"SELECT r.line, '{KEY_COLUMN[name]}' AS col, '' AS hint FROM {self.stage('raw')} r {join} "
                f"JOIN {tables[name]} t ON t.id = s.record_id "
                f"WHERE t.grid_id NOT IN (SELECT id FROM {self.stage('grid')})",
            )

    def _wrong(self):
        """Rows with faults, and records that only such rows speak of, are not for the registry."""
        primary = self.stage(self.primary)
        wrong = f"SELECT line FROM {self.stage('fault')}"
        run(f"UPDATE {primary} SET verdict = 'w', twin_id = NULL WHERE ref IN ({wrong})")
        drop_orphans(self.stage)


def drop_orphans(stage: Stage):
    """New buildings, dwellings and households that only rows speak of which are not brought in."""
    *parents, primary = (section.name for section in stage.sections)
    if primary == "place":
        return
    for name in parents:
        # NOT EXISTS: a NOT IN whose list outgrows work_mem is read anew for every row.
        run(
            f"UPDATE {stage(name)} SET verdict = 'w' WHERE verdict = 'n' AND NOT EXISTS (SELECT 1 "
            f"FROM {stage(primary)} p WHERE p.{name}_ref = {stage(name)}.ref AND p.verdict <> 'w')"
        )


# Faults that a comparison finds; the rest the file had when it was read.
LATER = ["repeated", "dead", "elsewhere", "local_known", "no_door", *(code for _column, code in ABSENT.values())]


def _marks(values) -> str:
    return ", ".join(["%s"] * len(values))


def _null(kind) -> str:
    return f"CAST(NULL AS {kind})"
