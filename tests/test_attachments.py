"""Photos and files: what is taken, what is read from them, whose they are."""

import hashlib
import io
import re
import struct
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone, translation
from PIL import ExifTags, Image
from pypdf.generic import DictionaryObject, NameObject

from core import documents
from core.errors import Invalid, Refused
from events import services
from events.models import Attachment
from events.services import attachments
from events.tasks import drop_uploads
from tests.scenes import Scene, beijing, heic, jpeg, paper, photo

GPS, IFD, Base = ExifTags.GPS, ExifTags.IFD, ExifTags.Base


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def worker(scene):
    return scene.people["worker_full"]


def upload(name, content):
    return SimpleUploadedFile(name, content)


def refused(field, call):
    with pytest.raises(Invalid) as error:
        call()
    assert list(error.value.fields) == [field]
    assert Attachment.objects.filter(event=None).count() == 0


def files(settings):
    root = Path(settings.MEDIA_ROOT)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


# ---- what is taken

EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + b"\0" * 200
NOT_TAKEN = {
    "a program named photo.jpg": ("photo.jpg", EXE),
    "a page named photo.jpg": ("photo.jpg", b"<!doctype html><script>alert(1)</script>"),
    "a drawing with a script": ("photo.png", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    "an archive": ("report.pdf", b"PK\x03\x04" + b"\0" * 100),
    "a shell script": ("note.txt", b"#!/bin/sh\nrm -rf /\n"),
    "a Flash film": ("film.mp4", b"FWS\x05" + b"\0" * 60),
    "nothing": ("photo.jpg", b""),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_the_content_decides_and_not_the_name(worker, settings, what):
    refused("file", lambda: attachments.store(actor=worker, upload=upload(*NOT_TAKEN[what])))
    assert files(settings) == []


@pytest.mark.parametrize(
    ("content", "content_type", "extension"),
    [
        (paper().read(), "application/pdf", ".pdf"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "video/mp4", ".mp4"),
        (b"ID3\x03\0\0\0\0\0\0" + b"\0" * 30, "audio/mpeg", ".mp3"),
    ],
)
def test_what_else_is_taken_keeps_the_extension_of_its_content(worker, content, content_type, extension):
    row = attachments.store(actor=worker, upload=upload("现场.exe", content))
    assert (row.content_type, row.extension, row.name) == (content_type, extension, "现场.exe")
    assert row.file.name.endswith(extension) and not row.thumbnail
    assert row.file.read() == content


def test_a_file_above_the_limit_is_refused_and_one_at_it_is_taken(worker, settings):
    picture = jpeg()
    settings.ATTACHMENT_MAX_BYTES = picture.size
    assert attachments.store(actor=worker, upload=jpeg()).size == picture.size
    settings.ATTACHMENT_MAX_BYTES = picture.size - 1
    with pytest.raises(Invalid) as error:
        attachments.store(actor=worker, upload=jpeg())
    assert list(error.value.fields) == ["file"]


def test_a_broken_picture_is_refused(worker, settings):
    import core.pdf  # noqa: F401 (in a process that has laid out papers as well)

    whole = jpeg(size=(900, 700)).read()
    refused("file", lambda: attachments.store(actor=worker, upload=upload("photo.jpg", whole[: len(whole) // 3])))
    refused("file", lambda: attachments.store(actor=worker, upload=upload("photo.jpg", whole[:30] + b"x" * 500)))
    assert files(settings) == []


def test_a_broken_heic_is_refused_like_a_broken_jpeg(worker, settings):
    whole = heic(size=(900, 700)).read()
    for broken in (whole[: len(whole) // 3], whole[:-40], whole[:60] + b"x" * 900):
        refused("file", lambda broken=broken: attachments.store(actor=worker, upload=upload("a.heic", broken)))
    assert files(settings) == []


def attached(**keys):
    """What puts a dictionary of its own into a PDF."""
    value = DictionaryObject({NameObject(key): NameObject(name) for key, name in keys.items()})
    return lambda writer: writer._add_object(value)


def behind_a_reference(writer):
    writer._add_object(DictionaryObject({NameObject("/S"): writer._add_object(NameObject("/JavaScript"))}))


PDF_NOT_TAKEN = {
    "cut off": (upload("a.pdf", paper().read()[:-200]), "broken or incomplete"),
    "a head alone": (upload("a.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nstartxref\n0\n%%EOF"), "broken or incomplete"),
    "locked": (paper(lambda writer: writer.encrypt("", "owner")), "locked"),
    "a script": (paper(attached(**{"/S": "/JavaScript"})), "scripts or programs"),
    "a script by reference": (paper(behind_a_reference), "scripts or programs"),
    "a program to start": (paper(attached(**{"/S": "/Launch"})), "scripts or programs"),
    "a form with scripts": (paper(attached(**{"/XFA": "/x"})), "scripts or programs"),
}


@pytest.mark.parametrize("what", PDF_NOT_TAKEN)
def test_a_pdf_that_is_broken_locked_or_active_is_refused_in_plain_words(worker, settings, what):
    document, words = PDF_NOT_TAKEN[what]
    with translation.override("en"), pytest.raises(Invalid) as error:
        attachments.store(actor=worker, upload=document)
    assert list(error.value.fields) == ["file"] and words in error.value.fields["file"][0]
    assert files(settings) == [] and not Attachment.objects.exists()


def test_a_script_whose_name_is_written_in_other_letters_is_found_too(worker):
    content = paper(attached(**{"/S": "/JavaScript"})).read()
    disguised = content.replace(b"/S /JavaScript", b"/S /J#61vaScrip#74")
    assert disguised != content
    refused("file", lambda: attachments.store(actor=worker, upload=upload("a.pdf", disguised)))


def test_a_pdf_of_too_many_parts_is_not_looked_through(worker, monkeypatch):
    monkeypatch.setattr(documents, "MOST_OBJECTS", 3)
    refused("file", lambda: attachments.store(actor=worker, upload=paper()))


def png(width, height):
    """A PNG that promises so many pixels and is a few hundred bytes long."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [6000, 10_000, 60_000])
def test_a_picture_that_unpacks_into_gigabytes_is_refused_by_its_promise(worker, settings, side):
    refused("file", lambda: attachments.store(actor=worker, upload=upload("bomb.png", png(side, side))))
    assert files(settings) == []


def test_the_kind_must_be_one_of_those_there_are(worker):
    refused("kind", lambda: attachments.store(actor=worker, upload=jpeg(), kind="selfie"))


def test_only_people_whose_posts_report_handle_or_verify_may_upload(scene):
    for who in ("leader", "district_admin", "stranger", "former"):
        with pytest.raises(Refused):
            attachments.store(actor=scene.people[who], upload=jpeg())
    assert Attachment.objects.count() == 0


# ---- names, hashes, thumbnails


def test_names_are_random_and_nothing_of_the_uploaders_reaches_the_disk(worker, settings):
    rows = [attachments.store(actor=worker, upload=jpeg(name="../../etc/passwd.jpg")) for _ in range(2)]
    for row in rows:
        assert row.name == "passwd.jpg"
        assert re.fullmatch(rf"attachments/{row.public_id.hex[:2]}/{row.public_id.hex}\.jpg", row.file.name)
        assert re.fullmatch(rf"thumbnails/{row.public_id.hex[:2]}/{row.public_id.hex}\.webp", row.thumbnail.name)
    assert len(files(settings)) == 4


def test_the_hash_is_of_the_file_and_stands_in_the_history(scene, worker):
    content = jpeg(colour=(1, 2, 3)).read()
    row = attachments.store(actor=worker, upload=upload("a.jpg", content))
    assert row.sha256 == hashlib.sha256(content).hexdigest() == hashlib.sha256(row.file.read()).hexdigest()
    event = scene.report("worker_full", photos=[str(row.public_id)])
    assert event.transitions.get().photos == [row.sha256]


def test_a_thumbnail_is_small_and_upright_and_tells_nothing_of_the_place(worker):
    exif = Image.Exif()
    exif[Base.Orientation] = 6  # taken upright, stored lying
    exif.get_ifd(IFD.GPSInfo).update(gps(27, 36, 18, "N", 113, 24, 18, "E"))
    row = attachments.store(actor=worker, upload=jpeg(size=(2000, 1000), exif=exif))
    with Image.open(row.thumbnail) as small:
        assert (small.format, small.size) == ("WEBP", (240, 480))
        assert dict(small.getexif()) == {} and "exif" not in small.info
    with Image.open(row.file) as whole:  # the evidence itself stays as it came
        assert whole.getexif().get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] == "N"


def test_of_an_iphones_photo_pages_show_a_jpeg_and_the_original_stays(worker, settings):
    exif = Image.Exif()
    exif[Base.Orientation] = 6
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:03:02 09:15:30"
    exif.get_ifd(IFD.GPSInfo).update(gps(27, 36, 18, "N", 113, 24, 18, "E"))
    sent = heic(size=(2400, 1200), exif=exif)
    row = attachments.store(actor=worker, upload=sent)
    row.refresh_from_db()
    assert row.taken_at == beijing("2026-03-02 09:15:30")
    assert (row.taken_where.x, row.taken_where.y) == pytest.approx((113.405, 27.605))
    for shown, kind, size in ((row.viewing, "JPEG", (1024, 2048)), (row.thumbnail, "WEBP", (240, 480))):
        with Image.open(shown) as picture:
            assert (picture.format, picture.size) == (kind, size)
            assert dict(picture.getexif()) == {} and "exif" not in picture.info
    sent.seek(0)
    assert (row.content_type, row.extension, row.file.read()) == ("image/heic", ".heic", sent.read())
    assert len(files(settings)) == 3
    Attachment.objects.update(uploaded_at=timezone.now() - timedelta(days=8))
    assert attachments.drop_unclaimed() == 1 and files(settings) == []


# ---- EXIF


def gps(*parts):
    lat, lat_ref, lon, lon_ref = parts[:3], parts[3], parts[4:7], parts[7]
    return {GPS.GPSLatitudeRef: lat_ref, GPS.GPSLatitude: lat, GPS.GPSLongitudeRef: lon_ref, GPS.GPSLongitude: lon}


def test_time_and_place_are_read_from_the_photo(worker):
    exif = Image.Exif()
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2026:03:02 09:15:30"
    exif.get_ifd(IFD.GPSInfo).update(gps(27, 36, 18, "N", 113, 24, 18, "E"))
    row = attachments.store(actor=worker, upload=jpeg(exif=exif))
    row.refresh_from_db()
    assert row.taken_at == beijing("2026-03-02 09:15:30")
    assert (row.taken_where.x, row.taken_where.y) == pytest.approx((113.405, 27.605))
    assert row.taken_where.srid == 4326


@pytest.mark.parametrize(("lat", "lon", "expected"), [("S", "W", (-113.405, -27.605)), ("N", "W", (-113.405, 27.605))])
def test_south_and_west_are_negative(worker, lat, lon, expected):
    exif = Image.Exif()
    exif.get_ifd(IFD.GPSInfo).update(gps(27, 36, 18, lat, 113, 24, 18, lon))
    row = attachments.store(actor=worker, upload=jpeg(exif=exif))
    assert (row.taken_where.x, row.taken_where.y) == pytest.approx(expected)


def test_a_photo_without_exif_has_neither_time_nor_place(worker):
    row = attachments.store(actor=worker, upload=jpeg())
    assert (row.taken_at, row.taken_where) == (None, None)


@pytest.mark.parametrize("time", ["0000:00:00 00:00:00", "gestern", "2026:13:40 99:00:00", ""])
def test_a_time_that_is_none_is_left_out(worker, time):
    exif = Image.Exif()
    exif[Base.DateTime] = time
    assert attachments.store(actor=worker, upload=jpeg(exif=exif)).taken_at is None


@pytest.mark.parametrize("broken", [
    b"Exif\0\0", b"Exif\0\0II*\0", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 60, b"Exif\0\0" + b"\x07" * 200,
])  # fmt: skip
def test_a_phone_that_writes_broken_exif_loses_no_photo(worker, broken):
    whole = jpeg().read()
    segment = b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken
    row = attachments.store(actor=worker, upload=upload("photo.jpg", whole[:2] + segment + whole[2:]))
    assert (row.taken_at, row.taken_where) == (None, None) and row.thumbnail


def test_a_place_beyond_the_earth_is_left_out(worker):
    exif = Image.Exif()
    exif.get_ifd(IFD.GPSInfo).update(gps(97, 0, 0, "N", 113, 0, 0, "E"))
    assert attachments.store(actor=worker, upload=jpeg(exif=exif)).taken_where is None


# ---- whose they are


def test_an_upload_is_claimed_by_its_uploader_once(scene, worker):
    mine, theirs = photo(worker), photo(scene.people["reporter"])
    for wrong in ([theirs], [mine, theirs], ["not-an-id"], ["00000000-0000-0000-0000-000000000000"]):
        with pytest.raises(Invalid) as error, transaction.atomic():
            scene.report("worker_full", photos=wrong)
        assert list(error.value.fields) == ["photos"]
    event = scene.report("worker_full", photos=[mine, mine.upper().replace("-", "")])
    assert [str(a.public_id) for a in event.attachments.all()] == [mine]
    with pytest.raises(Invalid), transaction.atomic():
        scene.report("worker_full", photos=[mine])
    assert event.attachments.get().seq == 1


def test_before_and_after_stand_with_the_steps_that_brought_them(scene):
    event = scene.report("worker_full", photos=[photo(scene.people["worker_full"], "before")])
    scene.take(event, "register", "op_station", standard=scene.standard.pk, urgency="normal")
    scene.take(event, "dispatch", "op_station", lead=scene.urban.pk)
    scene.take(event, "sign", "staff_lead")
    scene.take(event, "feed_back", "staff_lead", words="已换", photos=[photo(scene.people["staff_lead"], "after")])
    seen = [photo(scene.people["worker_full"], "verify") for _ in range(2)]
    row = scene.take(event, "verify_pass", "worker_full", words="已恢复", photos=seen, location=scene.west.point)
    assert list(event.attachments.order_by("pk").values_list("kind", "seq")) == [
        ("before", 1), ("after", 5), ("verify", 6), ("verify", 6)
    ]  # fmt: skip
    assert len(row.photos) == 2 and (row.lon, row.lat) == scene.west.point


def test_a_step_that_fails_leaves_its_photos_free(scene):
    event, picture = scene.verifying(), photo(scene.people["worker_full"], "verify")
    with pytest.raises(Invalid), transaction.atomic():
        scene.take(event, "verify_pass", "worker_full", photos=[picture])
    scene.take(event, "verify_pass", "worker_full", words="已恢复", photos=[picture])
    assert event.attachments.get().seq == event.transitions.last().seq


def test_who_sees_the_event_sees_its_photos_and_nobody_else_does(scene):
    event = scene.report("worker_full", photos=[photo(scene.people["worker_full"])])
    free = Attachment.objects.get(public_id=photo(scene.people["worker_full"]))
    bound = event.attachments.get()
    seen = {
        who: set(Attachment.objects.visible_to(user)) for who, user in scene.people.items()
    }
    assert seen["worker_full"] == {bound, free}
    assert seen["op_station"] == seen["op_top"] == seen["grid_leader"] == {bound}
    for who in ("op_east", "worker_east", "staff_lead", "stranger", "former", "reporter"):
        assert (who, seen[who]) == (who, set())


def test_uploads_without_an_uploader_are_not_every_strangers(scene, worker):
    row = attachments.store(actor=worker, upload=jpeg())
    Attachment.objects.filter(pk=row.pk).update(uploader=None)
    assert list(Attachment.objects.visible_to(AnonymousUser())) == []
    worker.is_active = False
    assert list(Attachment.objects.visible_to(worker)) == []


def test_a_row_that_cannot_be_written_leaves_no_file(worker, settings, monkeypatch):
    monkeypatch.setattr(Attachment, "save", _full_disk)
    with pytest.raises(OSError, match="No space left"):
        attachments.store(actor=worker, upload=jpeg())
    assert files(settings) == []


def test_a_disk_that_is_full_half_way_leaves_no_file(worker, settings, monkeypatch):
    save = FileSystemStorage._save

    def full(self, name, content):
        if name.startswith("thumbnails"):
            _full_disk()
        return save(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", full)
    with pytest.raises(OSError, match="No space left"):
        attachments.store(actor=worker, upload=jpeg())
    assert files(settings) == [] and Attachment.objects.count() == 0


def _full_disk(*args, **kwargs):
    raise OSError(28, "No space left on device")


def test_the_same_report_again_does_not_ask_for_its_photos_again(scene, worker):
    picture = photo(worker)
    given = {"description": "井盖缺失", "location": scene.west.point, "photos": [picture], "key": "once"}
    first = services.report(actor=worker, **given)
    assert services.report(actor=worker, **given).pk == first.pk
    assert first.event.attachments.count() == 1
    assert first.at - first.event.reported_at == timedelta(0)


def test_a_large_photo_is_read_without_being_unpacked_whole(worker):
    out = io.BytesIO()
    Image.new("L", (8000, 6000)).save(out, "JPEG")  # 48 million pixels, as phones take them
    row = attachments.store(actor=worker, upload=upload("large.jpg", out.getvalue()))
    with Image.open(row.thumbnail) as small:
        assert small.size == (480, 360)


def test_uploads_that_nobody_claimed_go_after_a_week_with_their_files(scene, worker, settings, monkeypatch):
    monkeypatch.setattr(attachments, "BATCH", 2)
    scene.report("worker_full", photos=[photo(worker)])
    old = [photo(worker) for _ in range(5)]
    fresh = photo(worker)
    week = timezone.now() - timedelta(days=7, seconds=1)
    Attachment.objects.exclude(public_id=fresh).update(uploaded_at=week)
    assert attachments.drop_unclaimed() == 5
    assert not Attachment.objects.filter(public_id__in=old).exists()
    assert Attachment.objects.count() == 2 and len(files(settings)) == 4
    assert drop_uploads.apply().get() == 0


def test_a_cleaning_that_was_interrupted_is_done_again(scene, worker, settings):
    row = Attachment.objects.get(public_id=photo(worker))
    Attachment.objects.update(uploaded_at=timezone.now() - timedelta(days=8))
    row.file.storage.delete(row.file.name)  # the file went, the row did not
    assert attachments.drop_unclaimed() == 1
    assert files(settings) == []
