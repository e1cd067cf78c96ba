"""Photos of people who work in a grid: kept, replaced, removed. None without its person, none after its account."""

from datetime import datetime, timedelta

from django import forms
from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import faces
from accounts.models import Portrait, User
from accounts.roles import WORKER_ROLES

SETTLES = timedelta(days=1)  # a file without its row is left alone so long: somebody may be storing it


def keep(*, user: User, portrait: File):
    """A portrait (faces.cut) in place of the one before, whose file goes when this is committed."""
    made = Portrait(user=user)
    made.file.save("", portrait, save=False)
    try:
        with transaction.atomic():
            _take(user)
            made.save(force_insert=True)
    except BaseException:
        made.file.delete(save=False)  # no row, no file
        raise
    user.portrait = made


@transaction.atomic
def remove(*, user: User) -> bool:
    """Whether there was one."""
    return _take(user)


def _take(user) -> bool:
    User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user.pk)  # one at a time
    held = Portrait.objects.filter(user=user.pk).first()
    if held is not None:
        held.drop_file()
        held.delete()
    user._state.fields_cache.pop("portrait", None)
    return held is not None


def remove_left(*, dry_run: bool = False, now: datetime | None = None) -> int:
    """Photos of deactivated accounts, and files that a killed process has left. Returns how many. Idempotent."""
    left = list(User.objects.filter(is_active=False, portrait__isnull=False).order_by("pk"))
    lost = list(_lost((now or timezone.now()) - SETTLES))
    if not dry_run:
        for user in left:
            remove(user=user)
        for name in lost:
            _storage().delete(name)
    return len(left) + len(lost)


def _storage():
    return Portrait._meta.get_field("file").storage


def _lost(before):
    """Names of files older than `before` that no row names."""
    storage, known = _storage(), set(Portrait.objects.values_list("file", flat=True))
    folders = storage.listdir(faces.FOLDER)[0] if storage.exists(faces.FOLDER) else ()
    for folder in folders:
        for file in storage.listdir(f"{faces.FOLDER}/{folder}")[1]:
            name = f"{faces.FOLDER}/{folder}/{file}"
            if name not in known and storage.get_modified_time(name) < before:
                yield name


class PhotoForm(forms.Form):
    """One's own photo: another one, or none any more. Grid workers bring one; whoever has one may take it back."""

    photo = faces.PhotoField(
        label=gettext_lazy("New photo"),
        help_text=gettext_lazy(
            "JPEG, PNG or WebP up to 10 MB. It is cut upright (5:7); place and time that the camera wrote into it "
            "are removed."
        ),
    )
    remove = forms.BooleanField(required=False)

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.held = Portrait.objects.filter(user=user.pk).first()

    @cached_property
    def works(self) -> bool:
        # posts is the reverse side of grids.Post: this app knows nothing of grids.
        return self.user.posts.on().filter(role__in=WORKER_ROLES).exists()

    def clean_photo(self):
        if self.cleaned_data["photo"] and not self.works:
            raise forms.ValidationError(_("Photos are kept of those only who are grid workers today."))
        return self.cleaned_data["photo"]

    def clean(self):
        given = super().clean()
        if not self.errors and not given["photo"] and not given["remove"]:
            self.add_error("photo", _("Choose a picture first."))
        return given

    def save(self):
        if self.cleaned_data["remove"]:
            remove(user=self.user)
        else:
            keep(user=self.user, portrait=self.cleaned_data["photo"])
