import uuid

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.models.event import Event


def _path(folder, attachment, name):
    return f"{folder}/{attachment.public_id.hex[:2]}/{attachment.public_id.hex}{name}"


def file_path(attachment, name):
    """Where the file lies: a random name, never the uploader's."""
    return _path("attachments", attachment, attachment.extension)


def thumbnail_path(attachment, name):
    return _path("thumbnails", attachment, ".webp")


def viewing_path(attachment, name):
    return _path("viewing", attachment, ".jpg")


class AttachmentQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of visible events, and one's own uploads that belong to none yet."""
        if user.pk is None or not user.is_active:
            return self.none()  # a resident's upload has no uploader either: it is not every stranger's
        return self.filter(
            Q(event__in=Event.objects.visible_to(user).order_by()) | Q(event=None, uploader_id=user.pk)
        )


class Attachment(models.Model):
    """A photo or file. Uploaded first, then bound to an event by the step that brings it."""

    class Kind(models.TextChoices):
        BEFORE = "before", _("Before 处置前")
        AFTER = "after", _("After 处置后")
        VERIFY = "verify", _("Verification 核查")
        OTHER = "other", _("Other")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event = models.ForeignKey(
        "events.Event",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="attachments",
        verbose_name=_("event"),
    )
    seq = models.PositiveIntegerField(
        _("step"), null=True, blank=True, help_text=_("The step that brought it.")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.OTHER)
    file = models.FileField(_("file"), upload_to=file_path, max_length=200)
    thumbnail = models.FileField(_("thumbnail"), upload_to=thumbnail_path, max_length=200, blank=True)
    viewing = models.FileField(
        _("viewing picture"), upload_to=viewing_path, max_length=200, blank=True, default="", db_default="",
        help_text=_("A JPEG of a photo that browsers do not show (HEIC)."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=120)
    extension = models.CharField(max_length=8, blank=True, default="")
    content_type = models.CharField(pgettext_lazy("of a file", "type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True, help_text=_("From EXIF."))
    taken_where = models.PointField(
        _("taken where"), srid=4326, null=True, blank=True, help_text=_("From EXIF.")
    )
    uploader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("uploader"),
    )
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self):
        return self.name

    @property
    def is_image(self):
        return self.content_type.startswith("image/")

    @property
    def files(self):
        """What of it lies in the storage."""
        return [field for field in (self.file, self.thumbnail, self.viewing) if field]
