"""Making a paper: run by a job, harmless when run twice or killed, one process at a time (core.holds)."""

import logging
import tempfile
from pathlib import Path

from django.core.files import File
from django.utils import timezone, translation

from core import holds
from core.errors import DomainError
from papers import pdf, workbook
from papers.makers import RECIPES
from papers.models import Paper, Phase, Status
from papers.recipes import Order
from papers.services import FOLDER, MOST_TRIES, kept_until

log = logging.getLogger(__name__)


def make(paper_id: int) -> str:
    """Make one paper. Returns the status it leaves, empty if there was nothing to do."""
    with holds.held(FOLDER, paper_id) as mine:
        unfinished = Paper.objects.unfinished().select_related("owner", "grid").defer("grid__boundary")
        paper = unfinished.filter(pk=paper_id).first() if mine else None
        if paper is None:
            return ""
        if paper.tries >= MOST_TRIES:
            return _end(paper, Status.FAILED, problem={"code": "stopped"})
        now = timezone.now()
        _keep(paper, status=Status.MAKING, phase=Phase.GATHER, tries=paper.tries + 1, done=0, started_at=now, as_of=now)
        try:
            with translation.override(paper.language):
                return _make(paper, now)
        except DomainError as error:
            words = [str(word) for words in error.fields.values() for word in words] or [str(error.message)]
            return _end(paper, Status.FAILED, problem={"words": " ".join(words)})
        except Exception:
            log.exception("paper %s could not be made", paper_id)
            return _end(paper, Status.FAILED, problem={"code": "fault"})


def _make(paper, now) -> str:
    recipe = RECIPES[paper.kind]
    plan = recipe.plan(paper.owner, paper.options)
    order = Order(paper.owner, plan, paper.options, now, paper.unmasked)
    content = recipe.content(order)
    _keep(paper, total=2 * plan.parts + 1)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "paper.pdf"
        parts = _told(content.parts, paper)
        pages = pdf.write(
            parts, target, picture=content.picture, most_pages=recipe.most_pages,
            tell=lambda phase, done: _keep(paper, phase=phase, done=2 * done),
        )  # fmt: skip
        _store(paper.file, target)
        if content.sheets:
            sheet = Path(folder) / "paper.xlsx"
            workbook.write(content.sheets, sheet)
            _store(paper.sheet, sheet)
    done = timezone.now()
    return _end(
        paper, Status.READY, pages=pages, done=paper.total, problem={}, file=paper.file.name, sheet=paper.sheet.name,
        ready_at=done, expires_at=kept_until(paper, done),
    )  # fmt: skip


def _told(parts, paper):
    for number, html in enumerate(parts):
        _keep(paper, phase=Phase.LAYOUT, done=2 * number + 1)
        yield html


def _store(field, path: Path):
    """A file of an attempt before is put aside: its name is the paper's own."""
    name = field.field.generate_filename(field.instance, "")
    field.storage.delete(name)
    with path.open("rb") as file:
        field.save(name, File(file), save=False)


def _keep(paper, **values):
    for name, given in values.items():
        setattr(paper, name, given)
    Paper.objects.filter(pk=paper.pk).update(**values)


def _end(paper, status, **values) -> str:
    _keep(paper, status=status, phase="", **values)
    return status
