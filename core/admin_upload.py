"""Import pages of the admin: choose a file, check or import; mistakes are listed by row, and then nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core.errors import DomainError

MOST = 500  # lines: a file of the wrong kind is wrong in every row


@dataclass(frozen=True)
class Upload:
    """One import page. `run(request, values, dry_run)` returns the sentences of what was done, or a response.

    `may(request)` says to whom it is open; `form` holds at least the file.
    """

    name: str
    title: str
    help: str
    form: type[forms.Form]
    run: Callable
    may: Callable


class UploadsAdmin:
    """Mixin for a ModelAdmin: `uploads` become pages, and buttons above the list."""

    uploads: tuple[Upload, ...] = ()

    def get_urls(self):
        own = [
            path(
                f"{upload.name}/",
                self.admin_site.admin_view(self._view_of(upload)),
                name=self._url_name(upload),
            )
            for upload in self.uploads
        ]
        return own + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        pages = [
            {"title": upload.title, "url": reverse(f"admin:{self._url_name(upload)}")}
            for upload in self.uploads
            if upload.may(request)
        ]
        return super().changelist_view(request, {"uploads": pages, **(extra_context or {})})

    def _url_name(self, upload):
        return f"{self.opts.app_label}_{self.opts.model_name}_{upload.name}"

    def _view_of(self, upload):
        def view(request):
            if not upload.may(request):
                raise PermissionDenied
            return self._upload(request, upload)

        return view

    def _upload(self, request, upload):
        form = upload.form(request.POST or None, request.FILES or None)
        wrong, done = [], []
        if request.method == "POST" and form.is_valid():
            dry_run = "check" in request.POST
            try:
                done = upload.run(request, form.cleaned_data, dry_run)
            except DomainError as error:
                sentences = [sentence for said in error.fields.values() for sentence in said]
                wrong = [str(error.message), *sentences]
            else:
                if isinstance(done, HttpResponse):
                    return done
                if not dry_run:
                    for sentence in done:
                        messages.success(request, sentence)
                    names = (self.opts.app_label, self.opts.model_name)
                    return HttpResponseRedirect(reverse("admin:{}_{}_changelist".format(*names)))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "upload": upload,
            "title": upload.title,
            "form": form,
            "wrong": wrong[:MOST],
            "more": max(0, len(wrong) - MOST),
            "would": done,
        }
        return TemplateResponse(request, "admin/upload.html", context, status=400 if wrong else 200)


def file_field(label=None, *, required=True, help_text="", accept=".xlsx,.csv"):
    """A field for one file."""
    widget = forms.FileInput(attrs={"accept": accept})
    return forms.FileField(label=label or _("File"), required=required, help_text=help_text, widget=widget)
