"""Database triggers of the grid tree: the path is computed there, and a child is exactly one level below its parent."""

_PG = """
CREATE OR REPLACE FUNCTION grids_grid_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above record;
BEGIN
  IF NEW.parent_id IS NULL THEN
    NEW.path := '/' || NEW.id || '/';
    RETURN NEW;
  END IF;
  SELECT level, path INTO above FROM grids_grid WHERE id = NEW.parent_id;
  IF NEW.level <> above.level + 1 THEN
    RAISE EXCEPTION 'grid %: level % is not exactly one below its parent (level %)', NEW.code, NEW.level, above.level
      USING ERRCODE = 'check_violation', CONSTRAINT = 'grids_grid_one_level_below';
  END IF;
  NEW.path := above.path || NEW.id || '/';
  RETURN NEW;
END $$;
CREATE TRIGGER grids_grid_place BEFORE INSERT OR UPDATE OF parent_id, level, path ON grids_grid
  FOR EACH ROW EXECUTE FUNCTION grids_grid_place();
CREATE OR REPLACE FUNCTION grids_grid_carry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE grids_grid SET path = '' WHERE parent_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER grids_grid_carry AFTER UPDATE OF parent_id, level, path ON grids_grid
  FOR EACH ROW WHEN (OLD.path IS DISTINCT FROM NEW.path OR OLD.level <> NEW.level)
  EXECUTE FUNCTION grids_grid_carry();
"""

_LEVEL = "(SELECT level FROM grids_grid WHERE id = NEW.parent_id)"
# Of the ids above, not of the parent's path: SQLite's triggers do not recurse, so while a subtree is carried the
# parent's path may still be the old one. Four joins reach the root from level 4.
_ABOVE = """(SELECT COALESCE(d.id || '/', '') || COALESCE(c.id || '/', '') || COALESCE(b.id || '/', '') || a.id || '/'
             FROM grids_grid a LEFT JOIN grids_grid b ON b.id = a.parent_id
             LEFT JOIN grids_grid c ON c.id = b.parent_id LEFT JOIN grids_grid d ON d.id = c.parent_id
             WHERE a.id = NEW.parent_id)"""
_PATH = f"'/' || COALESCE({_ABOVE}, '') || NEW.id || '/'"

_SQLITE = [
    f"""CREATE TRIGGER grids_grid_level_{name} BEFORE {event} ON grids_grid
        WHEN NEW.parent_id IS NOT NULL AND NEW.level <> {_LEVEL} + 1
        BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: grids_grid_one_level_below'); END"""
    for name, event in (("insert", "INSERT"), ("update", "UPDATE OF parent_id, level"))
] + [
    f"""CREATE TRIGGER grids_grid_path_insert AFTER INSERT ON grids_grid
        BEGIN UPDATE grids_grid SET path = {_PATH} WHERE id = NEW.id; END""",
    f"""CREATE TRIGGER grids_grid_path_update AFTER UPDATE OF parent_id, level, path ON grids_grid
        WHEN NEW.path <> {_PATH}
        BEGIN UPDATE grids_grid SET path = {_PATH} WHERE id = NEW.id; END""",
    # The whole subtree at once: a trigger cannot fire itself, so children alone would leave grandchildren behind.
    """CREATE TRIGGER grids_grid_carry AFTER UPDATE OF path ON grids_grid
        WHEN OLD.path <> NEW.path AND OLD.path <> ''
        BEGIN UPDATE grids_grid SET path = NEW.path || substr(path, length(OLD.path) + 1)
              WHERE path LIKE OLD.path || '_%'; END""",
    """CREATE TRIGGER grids_grid_carry_level AFTER UPDATE OF level ON grids_grid
        WHEN OLD.level <> NEW.level AND EXISTS (SELECT 1 FROM grids_grid WHERE parent_id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: grids_grid_one_level_below'); END""",
]


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_PG, params=None)
        return
    for statement in _SQLITE:
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    names = ["grids_grid_place", "grids_grid_carry"]
    if schema_editor.connection.vendor == "postgresql":
        for name in names:
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON grids_grid", params=None)
        return
    for name in ("level_insert", "level_update", "path_insert", "path_update", "carry", "carry_level"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS grids_grid_{name}", params=None)
