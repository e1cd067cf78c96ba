"""What this Python and this machine lack for gridcenter: one word per line, nothing when all is there.

`needs.py python` looks at the interpreter (version, sqlite3, extensions), `needs.py libraries` at the shared
libraries behind the maps and at the venv module. Runs under any Python 3, so that an old one can say so itself.
"""

import ctypes.util
import sys

OLDEST = (3, 11)
LIBRARIES = {
    "gdal": ["gdal"],
    "geos": ["geos_c"],
    "proj": ["proj"],
    "pango": ["pango-1.0", "pangoft2-1.0", "harfbuzz-subset"],
}


def python_lacks():
    """version, sqlite3 or extensions: what makes an interpreter unfit, whatever else is installed."""
    if sys.version_info < OLDEST:
        yield "version"
        return
    try:
        import sqlite3
    except ImportError:
        yield "sqlite3"
        return
    if not hasattr(sqlite3.connect(":memory:"), "enable_load_extension"):
        yield "extensions"


def libraries_lack():
    """spatialite, gdal, geos, proj, pango and venv, each where it cannot be loaded."""
    if not spatialite_loads():
        yield "spatialite"
    for name, library in LIBRARIES.items():
        if not all(ctypes.util.find_library(part) for part in library):
            yield name
    try:
        import ensurepip  # noqa: F401 - Debian ships it in python3-venv only
        import venv  # noqa: F401
    except ImportError:
        yield "venv"


def spatialite_loads():
    """Whether SQLite can load mod_spatialite."""
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        connection.enable_load_extension(True)
        connection.load_extension("mod_spatialite")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


if __name__ == "__main__":
    for word in {"python": python_lacks, "libraries": libraries_lack}[sys.argv[1]]():
        sys.stdout.write(word + "\n")
