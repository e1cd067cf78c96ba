"""Everything that is wrong with a file, said at once and by name: a file is mended in one go."""

from django.utils.translation import gettext as _

from core.errors import Invalid


class Findings:
    """Collects sentences by place ("7.phone": row and column, or a grid's code) and raises them together."""

    def __init__(self):
        self.wrong: dict[str, list[str]] = {}

    def __bool__(self):
        return bool(self.wrong)

    def at(self, row: int, column: str, label: str, message: str):
        """In row `row`, as a spreadsheet counts it, column `column`, which its reader knows as `label`."""
        words = _("Row %(row)s, %(column)s: %(message)s") % {"row": row, "column": label, "message": message}
        self.wrong.setdefault(f"{row}.{column}", []).append(words)

    def of(self, key: str, message: str):
        """About something that is not a cell: a grid, a feature, the file."""
        self.wrong.setdefault(key, []).append(message)

    @property
    def sentences(self) -> list[str]:
        return [sentence for said in self.wrong.values() for sentence in said]

    def raise_any(self):
        """Raises Invalid if anything was said: `fields` maps the place to its sentences."""
        if self.wrong:
            words = _("Nothing was imported. Mistakes found: %(count)s.") % {"count": len(self.sentences)}
            raise Invalid(words, fields=self.wrong)
