"""docs/workflow.md says what the table says."""

import io
import re
from pathlib import Path

from django.core.management import call_command

from events.management.commands.workflow_graph import graph, table
from events.workflow import BEGINNINGS, MOVES, Status

PAGE = (Path(__file__).parent.parent / "docs" / "workflow.md").read_text()


def printed(*arguments):
    out = io.StringIO()
    call_command("workflow_graph", *arguments, stdout=out)
    return out.getvalue()


def test_the_diagram_in_the_docs_is_the_tables():
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
    assert diagram == graph() == printed()


def test_the_table_in_the_docs_is_the_tables():
    assert f"\n{table()}\n" in PAGE
    assert table() == printed("--table")


def test_the_diagram_shows_every_way_and_every_status():
    ways = set(re.findall(r"^    (\w+) --> (\w+):", graph(), re.MULTILINE))
    assert ways == {
        ("reported", "registered"), ("reported", "rejected"), ("reported", "merged"), ("reported", "cancelled"),
        ("registered", "dispatched"), ("registered", "suspended"),
        ("dispatched", "handling"), ("dispatched", "registered"), ("dispatched", "suspended"),
        ("handling", "registered"), ("handling", "suspended"), ("handling", "verifying"),
        ("suspended", "registered"), ("suspended", "dispatched"), ("suspended", "handling"),
        ("verifying", "closed"), ("verifying", "dispatched"),
        ("closed", "evaluated"), ("closed", "registered"), ("evaluated", "registered"),
    }  # fmt: skip
    assert re.findall(r"^    (\w+): ", graph(), re.MULTILINE) == Status.values


def test_every_move_has_a_row():
    assert re.findall(r"^\| `(\w+)`", table(), re.MULTILINE) == [*BEGINNINGS, *MOVES]
