"""What went wrong, for a log that must hold nobody's data: databases and parsers quote in their messages what they read."""

import traceback
from pathlib import Path

LAST = 12  # places in the code: more would be the frameworks' own
SAID = ("pgcode", "sqlite_errorname")  # what drivers say of the kind of error
NAMED = ("schema_name", "table_name", "column_name", "constraint_name")  # what PostgreSQL says beside its message


def without_values(error: BaseException) -> str:
    """Kind, code, table and constraint of an error and of those behind it, and the places in the code. No message."""
    return " ← ".join(_told(one) for one in _behind(error))


def _behind(error):
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _told(error) -> str:
    diag = getattr(error, "diag", None)
    facts = [getattr(error, name, None) for name in SAID] + [getattr(diag, name, None) for name in NAMED]
    frames = traceback.extract_tb(error.__traceback__)[-LAST:]
    places = (f"{Path(one.filename).parent.name}/{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames)
    return f"{type(error).__name__}({', '.join(str(fact) for fact in facts if fact)}) at {' > '.join(places)}"
