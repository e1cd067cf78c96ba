"""The life of a paper: asked for, made, fetched, removed; and what goes wrong on the way."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from weasyprint.urls import FatalURLFetchingError

from core import holds
from core.errors import Conflict, Invalid, NotFound
from papers import job, pdf, services, tasks
from papers.models import Paper, Status
from tests.papers.scene import fresh
from tests.papers.test_signs import options


@pytest.fixture(autouse=True)
def quick(monkeypatch, request):
    """Pages are not laid out here: the tests of each kind do that."""
    if request.node.name == "test_nothing_is_fetched_for_a_paper":
        return

    def write(parts, target, *, tell, **limits):
        count = len(list(parts))
        tell("write", count)
        target.write_bytes(b"%PDF-1.7 quick")
        return count

    monkeypatch.setattr(pdf, "write", write)


@pytest.fixture
def sent(monkeypatch):
    """What requests tell workers, without a worker."""
    told = []
    monkeypatch.setattr(tasks.make_paper, "apply_async", lambda args, **more: told.append(args[0]))
    return told


@pytest.fixture
def desk(village):
    client = Client()
    client.force_login(village.head)
    return client


def ask(village, **more):
    return services.ask(actor=village.head, kind="sign", options=options(village.grid), **more)


def form_of(village, **more):
    return options(village.grid) | {"phone": "", "area": ""} | more


def test_by_its_pages_a_paper_is_asked_for_watched_and_fetched(village, desk, sent):
    assert "公示牌" in desk.get("/papers/").content.decode()
    page = desk.get(f"/papers/new/sign/?grid={village.grid.pk}")
    assert f'value="{village.grid.pk}"' in page.content.decode() and village.grid.name in page.content.decode()
    answer = desk.post("/papers/new/sign/", form_of(village))
    paper = Paper.objects.get()
    assert answer.headers["Location"] == f"/papers/{paper.pk}/" and sent == [paper.pk]
    waiting = desk.get(f"/papers/{paper.pk}/").content.decode()
    assert 'hx-trigger="every 1s"' in waiting and "正在排队" in waiting
    assert desk.get(f"/papers/{paper.pk}/file/pdf/").status_code == 404  # not yet

    assert tasks.make_paper(paper.pk) == "ready"
    ready = desk.get(f"/papers/{paper.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "every 1s" not in ready and f"/papers/{paper.pk}/file/pdf/" in ready and "<html" not in ready
    got = desk.get(f"/papers/{paper.pk}/file/pdf/")
    assert b"".join(got.streaming_content).startswith(b"%PDF-") and got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Cache-Control"] == "no-store" and "attachment" in got.headers["Content-Disposition"]
    assert desk.get(f"/papers/{paper.pk}/file/xlsx/").status_code == 404  # a sign has no tables
    assert desk.get(f"/papers/{paper.pk}/file/exe/").status_code == 404


def test_a_wrong_form_comes_back_with_what_was_typed(village, desk, sent):
    answer = desk.post("/papers/new/sign/", form_of(village, phone="0731-99998888", below="yes"))
    assert answer.status_code == 422 and "0731-99998888" in answer.content.decode()
    assert "其下没有网格" in answer.content.decode()
    for wrong in ({"grid": village.county.east.grids[0].pk}, {"grid": "x"}, {"size": "A9"}, {"roles": ["leader"]}):
        assert desk.post("/papers/new/sign/", form_of(village, **wrong)).status_code == 422, wrong
    assert not Paper.objects.exists() and sent == []


def test_the_picker_shows_only_grids_where_one_may_print(village, desk):
    rows = desk.get("/papers/grids/?kind=sign&grid_q=网格").content.decode()
    assert "阳三街道第1网格" in rows and "来龙门" not in rows
    assert desk.get("/papers/grids/?kind=nothing").status_code == 403


def test_no_request_needs_the_broker(village, desk, monkeypatch):
    def away(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr(tasks.make_paper, "apply_async", away)
    assert desk.post("/papers/new/sign/", form_of(village)).status_code == 302
    paper = Paper.objects.get()
    assert paper.status == Status.WAITING and services.due() == []  # its own message may still come
    Paper.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    assert services.due() == [paper.pk]
    begun = []
    monkeypatch.setattr(tasks.make_paper, "apply_async", lambda args, **more: begun.append(tasks.make_paper(*args)))
    assert tasks.sweep_papers() == 1 and begun == ["ready"] and tasks.sweep_papers() == 0


def test_a_key_of_somebody_elses_paper_is_refused_and_says_nothing_of_it(village, desk, sent):
    theirs = services.ask(actor=village.leader, kind="sign", options=options(village.grid))
    Paper.objects.filter(pk=theirs.pk).update(title="别人的公示牌")
    key = str(theirs.uid)
    answer = desk.post("/papers/new/sign/", form_of(village) | {"key": key})
    page = answer.content.decode()
    assert answer.status_code == 422 and "此表单已失效" in page
    for each in ("别人的公示牌", village.leader.name, village.leader.username, key, f"/papers/{theirs.pk}/"):
        assert each not in page, each
    assert list(Paper.objects.values_list("pk", "owner_id")) == [(theirs.pk, village.leader.pk)] and sent == []
    again = re.search(r'name="key" value="([^"]+)"', page)[1]  # another key: sent again it is taken
    assert desk.post("/papers/new/sign/", form_of(village) | {"key": again}).status_code == 302
    with pytest.raises(Conflict):
        ask(village, key=theirs.uid, unmasked=False)


def test_pressed_twice_it_is_asked_for_once_and_made_once(village, monkeypatch):
    key = "6b1f6f0e-7d0b-4f0e-9a64-0d6c2f0c9a01"
    assert ask(village, key=key).pk == ask(village, key=key).pk
    paper = Paper.objects.get()
    assert job.make(paper.pk) == "ready"
    name = Paper.objects.get().file.name
    assert job.make(paper.pk) == ""  # a message that comes twice
    assert Paper.objects.get().file.name == name


def test_a_dead_job_is_told_and_begun_again_but_not_for_ever(village, desk, sent):
    paper = ask(village)
    Paper.objects.update(status=Status.MAKING, started_at=timezone.now(), tries=1)
    with holds.held(services.FOLDER, paper.pk):
        assert services.due() == [] and job.make(paper.pk) == ""  # somebody is at it
        with pytest.raises(Conflict):
            services.again(actor=village.head, paper_id=paper.pk)
    assert "制作被中断" in desk.get(f"/papers/{paper.pk}/").content.decode()
    assert services.due() == [paper.pk]
    assert desk.post(f"/papers/{paper.pk}/again/").status_code == 302 and sent == [paper.pk]
    assert job.make(paper.pk) == "ready"

    Paper.objects.update(status=Status.MAKING, tries=services.MOST_TRIES)
    assert job.make(paper.pk) == "failed"
    assert "多次被中断" in desk.get(f"/papers/{paper.pk}/").content.decode()


def test_a_fault_is_told_in_plain_words_and_can_be_tried_again(village, desk, monkeypatch):
    paper = ask(village)
    with monkeypatch.context() as broken:
        broken.setattr(pdf, "write", lambda *args, **more: 1 / 0)
        assert job.make(paper.pk) == "failed"
    assert "制作时出错" in desk.get(f"/papers/{paper.pk}/").content.decode()
    services.again(actor=village.head, paper_id=paper.pk)
    assert job.make(paper.pk) == "ready"


def test_posts_are_asked_again_when_it_is_made_and_when_it_is_fetched(village, desk):
    made, waiting = village.make("sign", **options(village.grid)), ask(village)
    village.head.posts.update(until=timezone.localdate())
    assert desk.get(f"/papers/{made.pk}/file/pdf/").status_code == 404
    assert job.make(waiting.pk) == "failed"
    with pytest.raises(NotFound):
        services.fetch(actor=fresh(village.head), paper_id=made.pk, form="pdf")


def test_a_paper_that_is_made_can_be_fetched_though_more_people_hold_posts_now(village, desk, monkeypatch):
    made = village.make("sign", **options(village.grid))
    monkeypatch.setattr("papers.makers.sign.MOST_PEOPLE", 0)
    assert desk.get(f"/papers/{made.pk}/file/pdf/").status_code == 200


def test_a_paper_is_its_owners_alone(village):
    paper = village.make("sign", **options(village.grid))
    for person in (village.county.operator, village.top, village.county.operator_east, village.county.stranger):
        client = Client()
        client.force_login(person)
        for name in ("paper", "again", "discard"):
            method = client.get if name == "paper" else client.post
            assert method(reverse(f"papers:{name}", args=[paper.pk])).status_code == 404, name
        assert client.get(f"/papers/{paper.pk}/file/pdf/").status_code == 404
    assert Paper.objects.get().status == Status.READY


def test_files_go_after_their_time_or_when_they_are_discarded(village, settings):
    settings.PAPER_KEEP_DAYS = 2
    first, second = village.make("sign", **options(village.grid)), village.make("sign", **options(village.grid))
    place = first.file.storage.path(first.file.name)
    assert timedelta(days=1.9) < first.expires_at - timezone.now() < timedelta(days=2)
    assert services.purge() == 0
    assert services.purge(timezone.now() + timedelta(days=3)) == 2
    first.refresh_from_db()
    assert (first.status, first.file.name) == (Status.GONE, "") and not first.file.storage.exists(place)
    third = village.make("sign", **options(village.grid))
    services.discard(actor=village.head, paper_id=third.pk)
    assert not third.file.storage.exists(third.file.name)
    assert second.pk != third.pk


def test_a_file_that_the_disk_keeps_does_not_keep_the_others(village, monkeypatch):
    papers = [village.make("sign", **options(village.grid)) for _n in range(3)]
    clear, later = services.clear, timezone.now() + timedelta(days=30)

    def kept(paper):
        if paper.pk == papers[1].pk:
            raise PermissionError
        clear(paper)

    with monkeypatch.context() as broken:
        broken.setattr(services, "clear", kept)
        assert services.purge(later) == 2
    assert services.purge(later) == 1 and not Paper.objects.exclude(status=Status.GONE).exists()


def left(settings):
    """What lies on the disk besides locks."""
    found = (one for one in (Path(settings.MEDIA_ROOT) / "papers").rglob("*") if one.is_file())
    return [one for one in found if one.suffix != ".lock"]


def test_nothing_of_a_paper_stays_on_the_disk_whose_job_dies_again_and_again(village, settings, monkeypatch):
    paper = ask(village)

    def killed(*args, **more):
        raise KeyboardInterrupt  # as a signal would: no word to the row, no tidying

    with monkeypatch.context() as dying:
        dying.setattr(job, "_end", killed)
        for _try in range(services.MOST_TRIES):
            with pytest.raises(KeyboardInterrupt):
                job.make(paper.pk)
    assert len(left(settings)) == 1  # stored, and no row knows it
    (services.workplace(paper) / "paper.pdf").parent.mkdir(parents=True)
    (services.workplace(paper) / "paper.pdf").write_bytes(b"%PDF- half of it")  # from a kill in between
    assert job.make(paper.pk) == "failed" and left(settings) == []


def test_nothing_of_a_paper_stays_that_failed_after_its_file_was_stored(village, settings, monkeypatch):
    paper = ask(village)
    monkeypatch.setattr(job, "kept_until", lambda *args: 1 / 0)
    assert job.make(paper.pk) == "failed" and left(settings) == []


def test_a_paper_that_is_discarded_while_its_job_begins_is_not_made(village, settings, monkeypatch):
    paper, now = ask(village), timezone.now()

    def meanwhile():
        services.discard(actor=village.head, paper_id=paper.pk)
        return now

    with monkeypatch.context() as racing:
        racing.setattr(job.timezone, "now", meanwhile)
        assert job.make(paper.pk) == ""
    paper.refresh_from_db()
    assert paper.status == Status.GONE and left(settings) == []


def test_one_person_has_so_many_papers_in_work(village):
    for _ in range(services.MOST_WAITING):
        ask(village)
    with pytest.raises(Conflict):
        ask(village)


def test_nothing_is_fetched_for_a_paper(tmp_path):
    target = tmp_path / "paper.pdf"
    for address in ("file:///etc/hostname", "http://127.0.0.1:1/x.png", "https://example.com/x.png"):
        with pytest.raises(FatalURLFetchingError):
            pdf.write([f'<img src="{address}"><p>字</p>'], target, most_pages=2)
        assert not target.exists()
    with pytest.raises(Invalid):
        pdf.write(["<p>字</p>" * 3, "<p>字</p>"], target, most_pages=1)
    with pytest.raises(pdf.Refused):
        pdf.Given().fetch("file:///etc/hostname")
