from django.core.management.base import BaseCommand
from django.utils import translation

from events.workflow import BEFORE, BEGINNINGS, MOVES, RELATIONS, SAME, Status

RESUMED = (Status.REGISTERED, Status.DISPATCHED, Status.HANDLING)  # where a suspension can lead back to
WHILE = {"spot_check_waits": "while a spot check waits"}
ENDS = (Status.EVALUATED, Status.REJECTED, Status.MERGED, Status.CANCELLED)


def graph() -> str:
    """The workflow as a Mermaid state diagram, from the table alone; moves that stay in a status are notes on it."""
    with translation.override(None):  # neither language alone: the English with the field's term
        lines = ["stateDiagram-v2"]
        lines += [f"    {status.value}: {status.label}" for status in Status]
        lines += [f"    [*] --> {move.target.value}: {move.label}" for move in BEGINNINGS.values()]
        for (source, target), labels in _ways().items():
            lines.append(f"    {source} --> {target}: {', '.join(labels)}")
        lines += [f"    {status.value} --> [*]" for status in ENDS]
        for status in Status:
            staying = [f"        {m.label}" for m in MOVES.values() if m.target == SAME and status in m.sources]
            if staying:
                lines += [f"    note right of {status.value}", *staying, "    end note"]
    return "\n".join(lines) + "\n"


def _ways() -> dict[tuple[str, str], list[str]]:
    """(from, to) → the labels of the moves between them, in the order of the statuses."""
    found: dict[tuple[str, str], list[str]] = {}
    for source in Status:
        for move in MOVES.values():
            if source in move.sources and move.target != SAME:
                for target in RESUMED if move.target == BEFORE else (move.target,):
                    found.setdefault((source.value, target.value), []).append(str(move.label))
    return found


def table() -> str:
    """The workflow as a Markdown table: every action with from, to, who, what."""
    with translation.override(None):
        lines = ["| action | | from | to | who | must supply | may supply |", "|---|---|---|---|---|---|---|"]
        for name, move in {**BEGINNINGS, **MOVES}.items():
            who = ", or ".join(_who(w) for w in move.who)
            must, may = _must(move), ", ".join(f"`{field}`" for field in move.may)
            sources = ", ".join(status.value for status in Status if status in move.sources) or "—"
            sources += f" {WHILE[move.while_true]}" if move.while_true else ""
            target = {SAME: "the same", BEFORE: "as before"}.get(move.target) or move.target.value
            lines.append(f"| `{name}` | {move.label} | {sources} | {target} | {who} | {must} | {may} |")
    return "\n".join(lines) + "\n"


def _must(move) -> str:
    """The fields a move must bring, and when the others."""
    words = [f"`{field}`" for field in move.must]
    words += [f"`{field}` if the standard asks for photos" for field in move.as_standard_asks]
    if move.on_site:
        words.append(" or ".join(f"`{field}`" for field in move.on_site) + " from a worker on site")
    return ", ".join(words)


def _who(who) -> str:
    relation = str(RELATIONS[who.relation])
    return f"{relation} (`{who.permission}`)" if who.permission else relation


class Command(BaseCommand):
    help = "Print the workflow as a Mermaid diagram (docs/workflow.md holds it; a test compares them)."

    def add_arguments(self, parser):
        parser.add_argument("--table", action="store_true", help="the table of moves in Markdown instead")

    def handle(self, *args, **options):
        self.stdout.write(table() if options["table"] else graph(), ending="")
