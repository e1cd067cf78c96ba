"""The life of a paper: asked for, made by a job (papers.job), fetched, removed.

No request needs the broker: the row is the order. Whoever asks also sends a message, so that it begins at once; if
that fails, the sweep of the next minute finds the row.
"""

import logging
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from core import holds
from core.errors import Conflict, NotFound, Refused
from grids.scope import Scope
from papers.makers import RECIPES
from papers.models import Kind, Paper, Status
from residents.models import Access
from residents.models.trail import Kind as Recorded
from residents.services import access

log = logging.getLogger(__name__)
FOLDER = "papers"
MOST_WAITING = 5  # papers of one person that are not finished yet
MOST_TRIES = 3  # a paper that ends its worker so often is not begun again by itself
UNMASKED_HOURS = 24  # so long a paper with private data in clear is kept
GATHERS = timedelta(seconds=40)  # the sweep leaves alone what a message of the request is about to begin
CLEAR = "residents.export_unmasked"


def may_make(user) -> list[Kind]:
    """The kinds this person may have made somewhere."""
    return [kind for kind in Kind if RECIPES[kind].may(user)]


@transaction.atomic
def ask(*, actor, kind: str, options: dict, unmasked=False, reason="", key: UUID | None = None, address="") -> Paper:
    """Order a paper; the same `key` orders it once. Raises Refused, NotFound, Invalid (limits, reason), Conflict."""
    if kind not in RECIPES:
        raise NotFound
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=actor.pk)
    if key and (made := Paper.objects.filter(uid=key, owner=actor).first()):
        return made
    plan = RECIPES[kind].plan(actor, options)
    if Paper.objects.filter(owner=actor).unfinished().count() >= MOST_WAITING:
        raise Conflict(_("You have %(count)s papers in work already: wait for one of them.") % {"count": MOST_WAITING})
    reason = _permitted(actor, plan, reason, address) if unmasked else ""
    return _ordered(
        **({"uid": key} if key else {}), owner=actor, kind=kind, title=plan.title[:160], options=options,
        grid=plan.grid, language=translation.get_language() or settings.LANGUAGE_CODE, unmasked=unmasked,
        reason=reason, total=_ticks(plan.parts),
    )  # fmt: skip


def _ordered(**given) -> Paper:
    try:
        with transaction.atomic():
            return Paper.objects.create(**given)
    except IntegrityError as error:
        if not Paper.objects.filter(uid=given.get("uid")).exists():
            raise
        # Somebody else's key, from a page that was handed on: of whose paper it is nothing is said.
        raise Conflict(_("This form can be sent no more: look through what you chose and send it again.")) from error


def permit_clear(actor, plan):
    """Raises Refused where this person's posts of today do not let them print private data in clear."""
    if not Scope.of(actor).may_at(CLEAR, plan.grid.path):
        raise Refused(_("Your post does not let you print private data in clear."))


def _permitted(actor, plan, reason, address) -> str:
    """Private data in clear: by permission, with a reason, written down before anything is made."""
    permit_clear(actor, plan)
    row = access.write(
        actor=actor, act=Access.Act.EXPORT, kind=Recorded.EVENT, record_id=getattr(plan.subject, "pk", None),
        grid=plan.grid, fields=["contact_phone"], reason=access.checked_reason(reason), address=address,
        limited=False,
    )  # fmt: skip
    return row.reason


def _ticks(parts: int) -> int:
    """Units of progress: a part made, a part laid out, the file."""
    return 2 * parts + 1


def own(user, pk) -> Paper:
    """One's own paper. Raises NotFound."""
    found = Paper.objects.visible_to(user).select_related("grid").defer("grid__boundary").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def fetch(*, actor, paper_id: int, form: str):
    """The file (`pdf` or `xlsx`) of one's own ready paper, if one's posts still allow it. Raises NotFound, Refused."""
    paper = own(actor, paper_id)
    field = {"pdf": paper.file, "xlsx": paper.sheet}.get(form)
    if paper.status != Status.READY or not field or paper.expires_at <= timezone.now():
        raise NotFound
    grid = RECIPES[paper.kind].permit(actor, paper.options)
    if paper.unmasked and not Scope.of(actor).may_at(CLEAR, grid.path):
        raise Refused
    return paper, field


def interrupted(paper) -> bool:
    """Whether its job has died: it is said to be in work, and nobody is at it."""
    return paper.status == Status.MAKING and not holds.at_work(FOLDER, paper.pk)


@transaction.atomic
def again(*, actor, paper_id: int, address="") -> Paper:
    """A paper whose job died, or that failed, to be made once more. Raises NotFound, Refused, Conflict. With private data
    in clear it is written down once more: what is made now tells what is so now."""
    paper = Paper.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=paper_id).first()
    if paper is None:
        raise NotFound
    if paper.status not in (Status.WAITING, Status.FAILED) and not interrupted(paper):
        raise Conflict(_("This paper is: %(status)s.") % {"status": paper.get_status_display()})
    plan = RECIPES[paper.kind].plan(actor, paper.options)
    if paper.unmasked:
        _permitted(actor, plan, paper.reason, address)
    paper.status, paper.tries, paper.done, paper.phase, paper.problem = Status.WAITING, 0, 0, "", {}
    paper.created_at = timezone.now()
    paper.save(update_fields=["status", "tries", "done", "phase", "problem", "created_at"])
    return paper


@transaction.atomic
def discard(*, actor, paper_id: int):
    """Remove one's own paper with its files. Raises NotFound, Conflict while a job is at it."""
    paper = Paper.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=paper_id).first()
    if paper is None:
        raise NotFound
    if paper.status == Status.MAKING and not interrupted(paper):
        raise Conflict(_("This paper is: %(status)s.") % {"status": paper.get_status_display()})
    _remove(paper)


def workplace(paper) -> Path:
    """Where its job writes before the file is whole."""
    return Path(settings.MEDIA_ROOT) / FOLDER / "work" / paper.uid.hex


def clear(paper):
    """Remove all that jobs have left of it on the disk, also what one has stored that was killed before it told so."""
    for field in (paper.file, paper.sheet):
        field.storage.delete(field.field.generate_filename(paper, ""))
    shutil.rmtree(workplace(paper), ignore_errors=True)


def _remove(paper):
    clear(paper)
    Paper.objects.filter(pk=paper.pk).update(status=Status.GONE, file="", sheet="")
    holds.forget(FOLDER, paper.pk)


def due(now=None) -> list[int]:
    """Papers that somebody must begin: waiting for a while, or left by a dead job. The oldest first."""
    now = now or timezone.now()
    waiting = Paper.objects.filter(status=Status.WAITING, created_at__lt=now - GATHERS)
    found = list(waiting.order_by("pk").values_list("pk", flat=True))
    return found + [paper.pk for paper in Paper.objects.filter(status=Status.MAKING) if interrupted(paper)]


def purge(now=None) -> int:
    """Remove the files of papers whose time is over. Idempotent."""
    old = Paper.objects.filter(status=Status.READY, expires_at__lte=now or timezone.now())
    count = 0
    for paper in old:
        try:
            _remove(paper)
        except OSError:  # one that the disk keeps must not keep all others
            log.exception("the files of paper %s could not be removed", paper.pk)
        else:
            count += 1
    return count


def kept_until(paper, now):
    if paper.unmasked:
        return now + timedelta(hours=UNMASKED_HOURS)
    return now + timedelta(days=settings.PAPER_KEEP_DAYS)
