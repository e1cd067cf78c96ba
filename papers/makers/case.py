"""Case file 案卷: one event whole, on paper: what, where, every step, photos, clocks, units, the proof of its chain."""

import hashlib
import io
from collections import defaultdict

from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from core.ciphers import mask_phone
from core.errors import Invalid, NotFound, Refused
from core.pictures import BROKEN, open_picture
from events import dossier
from events.models import Attachment, Event, Seal, SealedHead
from events.services import history
from grids import names
from grids.scope import Scope
from papers import SCHEME
from papers.models import Kind
from papers.recipes import Content, Plan, Recipe

MOST_PHOTOS, MOST_STEPS = 120, 600
PIXELS, QUALITY = (1100, 1100), 80  # at half a page's width that is 300 dots per inch
RELATED = ("standard", "grid", "holder", "centre", "lead", "reporter", "merged_into")


class Case(Recipe):
    kind = Kind.CASE
    permission = "papers.make_case"
    most_pages = 150

    def permit(self, user, options):
        return self._event(user, options).grid

    def _event(self, user, options) -> Event:
        rows = Event.objects.visible_to(user).select_related(*RELATED).defer("grid__boundary").order_by()
        event = rows.filter(pk=options.get("event") or 0).first()
        if event is None:
            raise NotFound
        if not Scope.of(user).may(self.permission):
            raise Refused
        return event

    def plan(self, user, options):
        event = self._event(user, options)
        photos = event.attachments.count()
        if photos > MOST_PHOTOS or event.head_seq > MOST_STEPS:
            words = _("This event has %(photos)s photos and %(steps)s steps; a file holds %(most)s and %(long)s.")
            facts = {"photos": photos, "steps": event.head_seq, "most": MOST_PHOTOS, "long": MOST_STEPS}
            raise Invalid(fields={"number": [words % facts]})
        return Plan(event.grid, _("Case file %(event)s") % {"event": event}, 1, event)

    def content(self, order):
        event = order.plan.subject
        shelf = Shelf(event)
        return Content(iter([order.page("case", **self._facts(order, event, shelf))]), shelf.picture)

    def _facts(self, order, event, shelf) -> dict:
        parts = dossier.dossier(event)
        known = names.current().grids
        steps = parts["timeline"][::-1]
        phone = event.contact_phone
        return {
            **parts, "event": event, "steps": steps, "phone": phone if order.unmasked else mask_phone(phone),
            "where": [known[pk]["name"] for pk in event.grid.ancestor_ids if pk in known],
            "pictures": shelf.rows(steps), "files": [one for one in parts["photos"] if not one.is_image],
            "proof": proof(event, shelf), "light": event.current_light,
        }  # fmt: skip


class Shelf:
    """The photos of an event for a paper: read once, their content compared with what was written down."""

    def __init__(self, event):
        self.all = list(event.attachments.order_by("pk"))
        self.by_id = {str(one.public_id): one for one in self.all if one.is_image}

    def picture(self, name: str) -> bytes:
        """A JPEG for `paper:name`; a grey one with a cross where the file is gone or cannot be read."""
        photo = self.by_id[name]
        try:
            with (photo.viewing or photo.file).open("rb") as file, open_picture(file) as image:
                image.draft("RGB", PIXELS)
                made = ImageOps.exif_transpose(image)
                made.thumbnail(PIXELS)
                return _jpeg(made)
        except BROKEN:
            return _jpeg(Image.new("RGB", (4, 3), "#d5dbe1"))

    def rows(self, steps) -> list[dict]:
        """Photos before beside photos after, then the others in twos: [{"left", "right", "pair"}]."""
        taken = {photo.pk: step["row"] for step in steps for photo in step["photos"]}
        kinds = defaultdict(list)
        for one in self.by_id.values():
            kinds[one.kind].append({"photo": one, "step": taken.get(one.pk), "address": f"{SCHEME}{one.public_id}"})
        before = kinds.pop(Attachment.Kind.BEFORE, [])
        after = kinds.pop(Attachment.Kind.AFTER, []) + kinds.pop(Attachment.Kind.VERIFY, [])
        paired = min(len(before), len(after))
        made = [{"left": a, "right": b, "pair": True} for a, b in zip(before, after, strict=False)]
        rest = before[paired:] + after[paired:] + [one for many in kinds.values() for one in many]
        for at in range(0, len(rest), 2):
            made.append({"left": rest[at], "right": rest[at + 1] if at + 1 < len(rest) else None, "pair": False})
        return made

    def changed(self) -> list[str]:
        """Names of files that are gone or are not what was uploaded."""
        return [one.name for one in self.all if _digest(one) != one.sha256]


def _digest(attachment) -> str:
    digest = hashlib.sha256()
    try:
        with attachment.file.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _jpeg(image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def proof(event, shelf) -> dict:
    """Whether steps and files are as they were written: the chain's head, the last seal over it, every fault."""
    head = SealedHead.objects.filter(event_id=event.pk).order_by("-seq").first()
    seal = Seal.objects.filter(pk=head.seal_id).first() if head else None
    return {
        "faults": history.faults_of(event), "changed": shelf.changed(), "hash": event.head_hash, "steps": event.head_seq,
        "files": len(shelf.all), "sealed": head and head.seq, "seal": seal and f"{seal}", "seal_hash": seal and seal.hash,
        "at": timezone.localtime(),
    }  # fmt: skip
