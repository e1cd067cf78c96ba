"""Helps of the tests of pages: a browser without a screen, and an event on its way."""

import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from events import services


def visit(user=None) -> Client:
    """A browser of this person (of a stranger without one), in English so that the words are the msgids."""
    made = Client(headers={"accept-language": "en"})
    if user is not None:
        made.force_login(user)
    return made


def report(county, worker, **more):
    supplied = {"description": "井盖缺失", "location": county.west.point, "standard": county.standard.pk, **more}
    return services.report(actor=worker, **supplied).event


def photo(name="photo.jpg"):
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "grey").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def step_url(event, action):
    return reverse("events:step", args=[event.pk, action])


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


STEPS = {
    "register": ("operator", {"urgency": "normal"}),
    "dispatch": ("operator", {}),
    "sign": ("staff", {}),
    "feed_back": ("staff", {"words": "已更换"}),
    "verify_pass": ("worker", {"words": "已恢复", "location": (113.405, 27.605)}),
}


def run(county, event, upto):
    """Take the event along the main road up to and with the step `upto`."""
    for name, (who, supplied) in STEPS.items():
        more = {"register": {"standard": county.standard.pk}, "dispatch": {"lead": county.urban.pk}}.get(name, {})
        services.advance(event_id=event.pk, action=name, actor=getattr(county, who), **supplied, **more)
        if name == upto:
            return
