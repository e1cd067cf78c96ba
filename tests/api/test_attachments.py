"""Uploads over the API: who may bring what, who may fetch it."""

import io
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from events import services
from events.models import Attachment
from tests.scenes import heic, paper

URL = "/api/v1/attachments/"


def picture(name="前.jpg"):
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), "#2a6").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def upload(client, file=None, **more):
    return client.post(URL, {"file": file or picture(), **more}, format="multipart")


def bytes_of(answer):
    return b"".join(answer.streaming_content)


def test_a_photo_goes_up_and_comes_back_to_those_who_see_the_event(county, api):
    sent = picture()
    answer = upload(api(county.worker), sent, kind="before")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["kind"], body["content_type"], body["thumbnail"], body["seq"]) == ("before", "image/jpeg", True, None)
    event = services.report(
        actor=county.worker, description="井盖缺失", location=county.west.point, photos=[body["id"]]
    ).event
    client = api(county.operator)
    (listed,) = client.get(f"/api/v1/events/{event.pk}/").json()["attachments"]
    assert (listed["id"], listed["seq"]) == (body["id"], 1)
    got = client.get(f"{URL}{body['id']}/")
    assert (got.status_code, got["Content-Type"]) == (200, "image/jpeg")
    assert got["Cache-Control"] == "private, max-age=3600"
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Disposition"].startswith("inline; filename*=utf-8''")
    sent.seek(0)
    assert bytes_of(got) == sent.read()
    small = client.get(f"{URL}{body['id']}/thumbnail/")
    assert small["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(bytes_of(small))).size == (480, 360)


@pytest.mark.parametrize("part", ["", "thumbnail/", "viewing/"])
def test_to_all_others_the_photo_does_not_exist(county, api, part):
    pk = upload(api(county.worker), heic()).json()["id"]
    assert api(county.worker).get(f"{URL}{pk}/{part}").status_code == 200  # one's own, not bound yet
    assert api(county.operator).get(f"{URL}{pk}/{part}").status_code == 404
    services.report(actor=county.worker, description="x", location=county.west.point, photos=[pk])
    assert api(county.operator_east).get(f"{URL}{pk}/{part}").status_code == 404
    assert api(county.stranger).get(f"{URL}{pk}/{part}").status_code == 404
    assert api().get(f"{URL}{pk}/{part}").status_code == 401
    assert api(county.worker).get(f"{URL}{uuid.uuid4()}/{part}").status_code == 404


def test_a_photo_of_an_iphone_comes_as_it_was_and_as_a_jpeg(county, api):
    sent, client = heic(), api(county.worker)
    body = upload(client, sent).json()
    assert (body["content_type"], body["thumbnail"], body["viewing"]) == ("image/heic", True, True)
    got = client.get(f"{URL}{body['id']}/")
    assert (got["Content-Type"], got["Content-Disposition"][:10]) == ("image/heic", "attachment")
    sent.seek(0)
    assert bytes_of(got) == sent.read()
    shown = client.get(f"{URL}{body['id']}/viewing/")
    assert shown["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(bytes_of(shown))).size == (96, 64)
    other = upload(client).json()
    assert other["viewing"] is False and client.get(f"{URL}{other['id']}/viewing/").status_code == 404


def test_what_a_browser_might_run_is_only_offered_as_a_file(county, api):
    pk = upload(api(county.worker), paper()).json()["id"]
    got = api(county.worker).get(f"{URL}{pk}/")
    assert (got["Content-Type"], got["Content-Disposition"][:10]) == ("application/pdf", "attachment")
    assert api(county.worker).get(f"{URL}{pk}/thumbnail/").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "file"),
        ({"file": "text"}, "file"),
        ({"file": SimpleUploadedFile("x.jpg", b"<html><script>alert(1)</script>")}, "file"),
        ({"file": SimpleUploadedFile("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")}, "file"),
        ({"file": picture(), "kind": "selfie"}, "kind"),
        ({"file": picture(), "event": "1"}, "event"),
    ],
)
def test_an_upload_that_is_wrong_names_the_field_and_keeps_nothing(county, api, body, field):
    answer = api(county.worker).post(URL, body, format="multipart")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert not Attachment.objects.exists()


def test_uploads_need_a_post_and_are_throttled(county, api, monkeypatch):
    assert upload(api(county.stranger)).status_code == 403
    monkeypatch.setattr("core.api.throttling.UploadThrottle.THROTTLE_RATES", {"upload": "1/min"})
    client = api(county.worker)
    assert [upload(client).status_code for _n in range(2)] == [201, 429]


def test_a_file_that_is_gone_from_the_disk_is_a_404(county, api):
    pk = upload(api(county.worker)).json()["id"]
    Attachment.objects.get().file.storage.delete(Attachment.objects.get().file.name)
    assert api(county.worker).get(f"{URL}{pk}/").status_code == 404
