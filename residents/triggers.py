"""Database triggers of the registry: figures per grid, grids that follow the building (trails: kept_triggers)."""

from residents import kept_triggers

# table → [(measure as SQL, condition as SQL)], both over a row called {r}
MEASURES = {
    "residents_building": [("'buildings'", "{r}.ended_on IS NULL")],
    "residents_dwelling": [
        ("'dwellings'", "{r}.ended_on IS NULL"),
        ("'dwellings.' || {r}.use", "{r}.ended_on IS NULL"),
    ],
    "residents_household": [("'households'", "{r}.ended_on IS NULL")],
    "residents_resident": [
        ("'people'", "{r}.status = 'living'"),
        ("'people.' || {r}.population", "{r}.status = 'living'"),
    ],
    "residents_organisation": [("'organisations'", "{r}.ended_on IS NULL")],
    "residents_keyplace": [("'places'", "{r}.ended_on IS NULL")],
    "residents_carerecord": [("'care.' || {r}.care_class_id", "{r}.until IS NULL")],
}
# A record's grid is that of what it stands in: (table, its rows' grid follows, by this column).
CARRY = [
    ("residents_building", "residents_dwelling", "building_id"),
    ("residents_dwelling", "residents_household", "dwelling_id"),
    ("residents_dwelling", "residents_resident", "dwelling_id"),
    ("residents_resident", "residents_carerecord", "resident_id"),
]


def counted(table: str, source: str, sign: int) -> str:
    """SELECT grid_id, measure, d of all rows of `source`."""
    parts = [
        f"SELECT {source}.grid_id, {measure.format(r=source)} AS measure, {sign} AS d FROM {source} "
        f"WHERE {condition.format(r=source)}"
        for measure, condition in MEASURES[table]
    ]
    return " UNION ALL ".join(parts)


def _pg_count(table):
    name = f"{table}_count"
    for event, sources in (
        ("INSERT", [("fresh", 1)]),
        ("UPDATE", [("fresh", 1), ("stale", -1)]),
        ("DELETE", [("stale", -1)]),
    ):
        rows = " UNION ALL ".join(counted(table, source, sign) for source, sign in sources)
        tables = " ".join(
            f"{'NEW' if source == 'fresh' else 'OLD'} TABLE AS {source}" for source, _sign in sources
        )
        function = f"{name}_{event.lower()}"
        yield f"""CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO residents_gridcount (grid_id, measure, amount)
  SELECT grid_id, measure, sum(d) FROM ({rows}) counted GROUP BY 1, 2 HAVING sum(d) <> 0 ORDER BY 1, 2
  ON CONFLICT (grid_id, measure) DO UPDATE SET amount = residents_gridcount.amount + EXCLUDED.amount;
  RETURN NULL;
END $$"""
        yield (
            f"CREATE TRIGGER {function} AFTER {event} ON {table} REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
        )


def _sqlite_count(table):
    for event, sources in (
        ("INSERT", [("NEW", 1)]),
        ("UPDATE", [("OLD", -1), ("NEW", 1)]),
        ("DELETE", [("OLD", -1)]),
    ):
        body = []
        for row, sign in sources:
            for measure, condition in MEASURES[table]:
                body.append(
                    "INSERT INTO residents_gridcount (grid_id, measure, amount) "
                    f"SELECT {row}.grid_id, {measure.format(r=row)}, {sign} WHERE {condition.format(r=row)} "
                    "ON CONFLICT (grid_id, measure) DO UPDATE SET amount = amount + excluded.amount;"
                )
        yield f"CREATE TRIGGER {table}_count_{event.lower()} AFTER {event} ON {table} BEGIN {' '.join(body)} END"


def _pg_carry(table, follower, column):
    name = f"{follower}_carry_{table.removeprefix('residents_')}"
    yield f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE {follower} SET grid_id = NEW.grid_id WHERE {column} = NEW.id AND grid_id <> NEW.grid_id;
  RETURN NULL;
END $$"""
    yield (
        f"CREATE TRIGGER {name} AFTER UPDATE OF grid_id ON {table} FOR EACH ROW "
        f"WHEN (OLD.grid_id <> NEW.grid_id) EXECUTE FUNCTION {name}()"
    )


def _sqlite_carry(table, follower, column):
    name = f"{follower}_carry_{table.removeprefix('residents_')}"
    yield (
        f"CREATE TRIGGER {name} AFTER UPDATE OF grid_id ON {table} WHEN OLD.grid_id <> NEW.grid_id BEGIN "
        f"UPDATE {follower} SET grid_id = NEW.grid_id WHERE {column} = NEW.id AND grid_id <> NEW.grid_id; END"
    )


def statements(vendor: str) -> list[str]:
    """All of them, in the dialect of `postgresql` or `sqlite`."""
    count, carry = (_pg_count, _pg_carry) if vendor == "postgresql" else (_sqlite_count, _sqlite_carry)
    made = [line for table in MEASURES for line in count(table)]
    made += [line for link in CARRY for line in carry(*link)]
    return made + kept_triggers.first(vendor)


def counting(vendor: str) -> list[str]:
    """Those of SQLite that keep the figures: emptying all tables row by row would write figures of grids gone."""
    return [line for table in MEASURES for line in _sqlite_count(table)] if vendor == "sqlite" else []


def counting_removal(vendor: str) -> list[str]:
    """What takes them away: for tests that empty the tables."""
    events = ("insert", "update", "delete") if vendor == "sqlite" else ()
    return [f"DROP TRIGGER IF EXISTS {table}_count_{event}" for table in MEASURES for event in events]


def install(apps, schema_editor):
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)
