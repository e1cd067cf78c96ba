"""The case file: everything of one event, the proof of its chain, and whose phone is on it."""

import hashlib
import io
import re

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from PIL import Image

from core.errors import Invalid, NotFound, Refused
from events import history_triggers
from events.models import Attachment, Event, Transition
from events.services import attachments, history
from papers import job, services
from papers.makers.case import Case, Shelf
from residents.models import Access
from tests.papers.scene import Village, fresh, read, size_of, text_of
from tests.scenes import Scene, heic

TELLER = "13912345678"


@pytest.fixture
def scene(db, settings):
    settings.PUBLIC_URL = "https://wg.example.cn"
    return Scene()


@pytest.fixture
def case(scene):
    """An event that was supervised, handled, verified, closed, with photos of before and after."""
    event = scene.in_status("closed")
    Event.objects.filter(pk=event.pk).update(contact_name="周诉求", contact_phone="")
    event.refresh_from_db()
    event.contact_phone = TELLER
    event.save(update_fields=["contact_phone"])
    for kind, seq in (("before", 1), ("after", 4), ("other", 1)):
        photo(event, kind, seq)
    return event


def photo(event, kind, seq):
    out = io.BytesIO()
    Image.new("RGB", (1600, 1200), "tan").save(out, "JPEG")
    row = Attachment(
        event=event, seq=seq, kind=kind, name=f"{kind}.jpg", content_type="image/jpeg", extension=".jpg",
        size=len(out.getvalue()), sha256=hashlib.sha256(out.getvalue()).hexdigest(),
    )  # fmt: skip
    row.file.save("x.jpg", ContentFile(out.getvalue()))
    return row


def head_of(scene):
    return scene.person("centre_head", unit=scene.centre)


def make(actor, event, **more):
    return Village.make(None, "case", actor, event=event.pk, **more)


def test_a_case_file_holds_every_step_photo_and_clock_and_the_proof(scene, case):
    head = head_of(scene)
    paper = make(head, case)
    pages = read(paper).pages
    assert {size_of(page) for page in pages} == {(210, 297)} and paper.pages == len(pages) >= 2
    words = text_of(paper)
    case.refresh_from_db()
    for step in case.transitions.all():
        assert step.get_action_display() in words and f"{step.at.astimezone():%H:%M:%S}" in words
    for each in (case.number, case.head_hash, "校验通过", f"{case.head_seq}个步骤、3个附件", "处置前", "处置后",
                 "承办人", "审核人", "批准人", "139****5678", case.lead.name, "尚未封存"):  # fmt: skip
        assert each in words, each
    assert TELLER not in words
    for number, page in enumerate(pages, start=1):
        told = re.sub(r"\s+", "", page.extract_text())
        assert f"{number}/{len(pages)}" in told and "内部资料" in told and head.username in told
    images = {image.name: image.image.width for page in pages for image in page.images}  # pages share them
    assert len(images) == 3 and max(images.values()) <= 1100
    assert paper.title == f"案卷 {case.number}"


def test_a_changed_step_and_a_changed_file_are_named(scene, case):
    assert history.faults_of(case) == []
    shelf = Shelf(case)
    assert shelf.changed() == []
    with shelf.all[0].file.open("wb") as file:
        file.write(b"another")
    step = case.transitions.get(seq=2)
    with connection.cursor() as cursor:
        for statement in history_triggers.removal(connection.vendor):
            cursor.execute(statement)
    Transition.objects.filter(pk=step.pk).update(words="改过的话")
    with connection.cursor() as cursor:
        for statement in history_triggers.statements(connection.vendor):
            cursor.execute(statement)
    (fault,) = history.faults_of(case)
    words = text_of(make(head_of(scene), case))
    assert "记录已被改动" in words and "校验通过" not in words and "before.jpg：文件缺失" in words
    assert re.sub(r"\s+", "", fault) in words


def test_a_clear_phone_needs_permission_and_reason_and_is_written_down(scene, case):
    head, operator = head_of(scene), scene.person("operator", unit=scene.centre)
    with pytest.raises(Refused):
        make(operator, case, unmasked=True, reason="回访诉求人核实")
    with pytest.raises(Invalid):
        make(head, case, unmasked=True, reason="")
    assert not Access.objects.exists()
    paper = make(head, case, unmasked=True, reason="回访诉求人核实")
    assert TELLER in text_of(paper)
    row = Access.objects.get()
    assert (row.user, row.kind, row.record_id, row.fields, row.reason, row.grid_id) == (
        head, "event", case.pk, ["contact_phone"], "回访诉求人核实", case.grid_id,
    )  # fmt: skip
    assert (paper.expires_at - paper.ready_at).total_seconds() == services.UNMASKED_HOURS * 3600


def test_a_clear_paper_is_made_only_while_posts_allow_it_and_each_making_is_written_down(scene, case):
    head = head_of(scene)
    asked = services.ask(actor=head, kind="case", options={"event": case.pk}, unmasked=True, reason="回访诉求人核实")
    head.posts.update(role="operator")  # still prints case files, but none in clear
    assert job.make(asked.pk) == "failed"
    with pytest.raises(Refused):
        services.again(actor=fresh(head), paper_id=asked.pk)
    assert Access.objects.count() == 1
    head.posts.update(role="centre_head")
    services.again(actor=fresh(head), paper_id=asked.pk, address="10.0.0.7")
    assert list(Access.objects.order_by("pk").values_list("reason", "address"))[1:] == [("回访诉求人核实", "10.0.0.7")]
    assert job.make(asked.pk) == "ready"


def test_a_case_file_is_for_those_who_see_the_event(scene, case):
    for actor, error in ((scene.person("operator", unit=scene.east.station), NotFound),
                         (scene.person("worker_full", grid=case.grid), Refused)):  # fmt: skip
        with pytest.raises(error):
            Case().plan(actor, {"event": case.pk})


def test_too_much_for_one_file_is_refused(scene, case, monkeypatch):
    monkeypatch.setattr("papers.makers.case.MOST_PHOTOS", 2)
    with pytest.raises(Invalid) as told:
        Case().plan(head_of(scene), {"event": case.pk})
    assert "3 张照片" in str(told.value.fields["number"])


def test_of_an_iphones_photo_the_jpeg_is_printed_and_the_original_is_proved(scene, case):
    row = attachments.store(actor=scene.people["worker_full"], upload=heic(size=(300, 200)))
    Attachment.objects.filter(pk=row.pk).update(event=case, seq=1)
    shelf = Shelf(case)
    assert Image.open(io.BytesIO(shelf.picture(str(row.public_id)))).size == (300, 200)
    row.file.storage.delete(row.file.name)
    assert Image.open(io.BytesIO(shelf.picture(str(row.public_id)))).size == (300, 200)
    assert shelf.changed() == [row.name]


def test_a_photo_that_is_gone_leaves_a_grey_field(scene, case):
    shelf = Shelf(case)
    first = shelf.all[0]
    first.file.storage.delete(first.file.name)
    assert shelf.picture(str(first.public_id)).startswith(b"\xff\xd8") and shelf.changed() == [first.name]
