from django.core.management.base import BaseCommand
from django.utils import translation

from events.workflow import BEFORE, BEGINNINGS, MOVES, SAME


def graph() -> str:
    """The workflow as a Mermaid state diagram, from the table alone."""
    with translation.override("en"):
        lines = ["stateDiagram-v2"]
        lines += [f"    [*] --> {move.target.value}: {move.label}" for move in BEGINNINGS.values()]
        for move in MOVES.values():
            for source in sorted(move.sources):
                target = move.target
                if target == BEFORE:
                    lines += [
                        f"    {source.value} --> {s}: {move.label}"
                        for s in ("registered", "dispatched", "handling")
                    ]
                elif target == SAME:
                    lines.append(f"    {source.value} --> {source.value}: {move.label}")
                else:
                    lines.append(f"    {source.value} --> {target.value}: {move.label}")
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "Print the workflow as a Mermaid diagram (docs/workflow.md holds it; a test compares them)."

    def handle(self, *args, **options):
        self.stdout.write(graph(), ending="")
