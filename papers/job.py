"""Making a paper: run by a job, harmless when run twice or killed, one process at a time (core.holds)."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files import File
from django.utils import timezone, translation

from core import holds
from core.errors import DomainError
from papers import pdf, services, workbook
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
        if not _begun(paper, now):
            return ""
        try:
            with translation.override(paper.language):
                return _make(paper, now)
        except DomainError as error:
            words = [str(word) for words in error.fields.values() for word in words] or [str(error.message)]
            return _end(paper, Status.FAILED, problem={"words": " ".join(words)})
        except Exception:
            log.exception("paper %s could not be made", paper_id)
            return _end(paper, Status.FAILED, problem={"code": "fault"})


def _begun(paper, now) -> bool:
    """False where its owner has discarded it since it was read."""
    given = {"status": Status.MAKING, "phase": Phase.GATHER, "tries": paper.tries + 1, "done": 0, "started_at": now}
    return _keep(paper, Paper.objects.unfinished(), as_of=now, **given)


def _make(paper, now) -> str:
    recipe = RECIPES[paper.kind]
    plan = recipe.plan(paper.owner, paper.options)
    if paper.unmasked:
        services.permit_clear(paper.owner, plan)
    order = Order(paper.owner, plan, paper.options, now, paper.unmasked)
    content = recipe.content(order)
    _keep(paper, total=2 * plan.parts + 1)
    with _workplace(paper) as folder:
        target = folder / "paper.pdf"
        parts = _told(content.parts, paper)
        pages = pdf.write(
            parts, target, picture=content.picture, most_pages=recipe.most_pages,
            tell=lambda phase, done: _keep(paper, phase=phase, done=2 * done),
        )  # fmt: skip
        _store(paper.file, target)
        if content.sheets:
            sheet = folder / "paper.xlsx"
            workbook.write(content.sheets, sheet)
            _store(paper.sheet, sheet)
    done = timezone.now()
    return _end(
        paper, Status.READY, pages=pages, done=paper.total, problem={}, file=paper.file.name, sheet=paper.sheet.name,
        ready_at=done, expires_at=kept_until(paper, done),
    )  # fmt: skip


@contextmanager
def _workplace(paper) -> Iterator[Path]:
    """A folder that is known by the paper: what a killed job leaves in it is found and removed."""
    services.clear(paper)
    folder = services.workplace(paper)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(parts, paper):
    for number, html in enumerate(parts):
        _keep(paper, phase=Phase.LAYOUT, done=2 * number + 1)
        yield html


def _store(field, path: Path):
    """Under the paper's own name."""
    with path.open("rb") as file:
        field.save(field.field.generate_filename(field.instance, ""), File(file), save=False)


def _keep(paper, among=Paper.objects, **values) -> bool:
    for name, given in values.items():
        setattr(paper, name, given)
    return bool(among.filter(pk=paper.pk).update(**values))


def _end(paper, status, **values) -> str:
    if status == Status.FAILED:
        services.clear(paper)  # nobody would ever fetch or remove what an attempt has stored
    _keep(paper, status=status, phase="", **values)
    return status
