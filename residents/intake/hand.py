"""A process that cleans rows: `python -m residents.intake.hand`, started by residents.intake.crew.

Chunks come by its standard input, cleaned ones leave by its standard output, until the other side closes.
"""

import pickle
import sys

import django

from core.quiet import without_values


def main():
    django.setup()
    from residents.intake import sheets  # needs the models
    from residents.intake.cleaner import Cleaner

    source, target = sys.stdin.buffer, sys.stdout.buffer
    try:
        cleaner = Cleaner(pickle.load(source))
        while True:
            staged, faults = cleaner.clean(pickle.load(source))
            pickle.dump((sheets.lines_of(staged), len(staged), faults), target, protocol=5)
            target.flush()
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:  # Python's own words would quote the row
        sys.exit(f"rows could not be cleaned: {without_values(error)}")


if __name__ == "__main__":
    main()
