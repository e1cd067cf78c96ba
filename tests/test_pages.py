"""Pages of the desk: who sees what, worklists and lists, and how many queries each takes."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_vite.core.asset_loader import DjangoViteAssetLoader
from django_vite.core.exceptions import DjangoViteAssetNotFoundError

from events import services
from events.models import Attachment, Event, Notice
from events.orders import ORDERS
from events.services import attachments
from events.workflow import Status
from tests.factories import PASSWORD
from tests.pages import photo, report, run, step_url, text_of, visit
from tests.scenes import heic

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported(county):
    return report(county, county.worker)


# ---- strangers and outsiders

PAGES = [
    "/", "/events/", "/events/report/", "/events/export.csv", "/inbox/", "/grids/", "/grids/outlines/",
    "/grids/search/", "/me/", "/scores/",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_sent_to_the_login(county, path):
    response = visit().get(path)
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={path}")


def test_somebody_without_a_post_sees_no_event_and_no_grid(county, reported):
    client = visit(county.stranger)
    assert client.get("/").context["rows"] == []
    assert client.get("/events/").context["rows"] == []
    assert client.get(f"/events/{reported.pk}/").status_code == 404
    assert client.get(f"/grids/{county.root.pk}/").status_code == 404
    assert client.get("/events/report/").status_code == 403
    assert client.get("/events/export.csv").status_code == 403
    assert client.get("/scores/").status_code == 403


def test_the_next_street_sees_nothing_and_can_do_nothing(county, reported):
    client = visit(county.operator_east)
    assert client.get(f"/events/{reported.pk}/").status_code == 404
    assert client.get("/events/").context["rows"] == []
    response = client.post(step_url(reported, "reject"), {"key": "k", "words": "不属实"})
    assert response.status_code == 404
    reported.refresh_from_db()
    assert reported.status == Status.REPORTED
    assert reported.transitions.count() == 1


def test_photos_are_for_those_who_see_the_event(county):
    visit(county.worker).post(
        "/events/report/",
        {"key": "r", "description": "路面破损", "lat": "27.605", "lng": "113.405", "urgency": "normal", "before": photo()},
    )
    row = Attachment.objects.get()
    for path in (f"/files/{row.public_id}/", f"/files/{row.public_id}/small/", f"/files/{row.public_id}/view/"):
        assert visit(county.operator).get(path).status_code == 200
        assert visit(county.operator_east).get(path).status_code == 404
        assert visit().get(path).status_code == 302


def test_a_photo_that_browsers_do_not_show_is_shown_as_a_jpeg_and_can_be_had_as_it_came(county):
    row = attachments.store(actor=county.worker, upload=heic())
    event = report(county, county.worker, photos=[str(row.public_id)])
    seen = visit(county.operator)
    page = seen.get(f"/events/{event.pk}/").content.decode()
    for path, kind in (("small/", "image/webp"), ("view/", "image/jpeg"), ("", "image/heic")):
        assert f'"/files/{row.public_id}/{path}"' in page
        assert seen.get(f"/files/{row.public_id}/{path}")["Content-Type"] == kind
    Attachment.objects.update(thumbnail="", viewing="")  # what was taken before there were any
    assert [seen.get(f"/files/{row.public_id}/{path}").status_code for path in ("small/", "view/", "")] == [404, 404, 200]


# ---- my work


def test_my_work_holds_what_lies_with_me_most_urgent_first(county):
    late, fresh = report(county, county.worker), report(county, county.worker, description="路灯不亮")
    Event.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(hours=3))
    response = visit(county.operator).get("/")
    assert [row["event"].pk for row in response.context["rows"]] == [late.pk, fresh.pk]
    assert [row["light"] for row in response.context["rows"]] == ["red", "green"]
    assert {tab["name"]: tab.get("count") for tab in response.context["tabs"]}["mine"] == 2
    assert {tab["name"]: tab.get("count") for tab in response.context["tabs"]}["late"] == 1
    names = [button["name"] for button in response.context["rows"][0]["buttons"]]
    assert names == ["register", "reject"]


def test_the_worker_finds_the_verification_and_the_rating_among_their_work(county, reported):
    assert visit(county.worker).get("/").context["rows"] == []
    run(county, reported, upto="feed_back")
    rows = visit(county.worker).get("/").context["rows"]
    assert [(row["event"].pk, row["buttons"][0]["name"]) for row in rows] == [(reported.pk, "verify_pass")]
    shown = {"words": "已恢复", "location": county.west.point}
    services.advance(event_id=reported.pk, action="verify_pass", actor=county.worker, **shown)
    rows = visit(county.worker).get("/").context["rows"]
    assert [row["buttons"][0]["name"] for row in rows] == ["evaluate"]


def test_a_called_unit_finds_the_whistle_among_its_work(county, reported):
    run(county, reported, upto="dispatch")
    soon = timezone.now() + timedelta(hours=1)
    services.advance(
        event_id=reported.pk, action="whistle", actor=county.operator, units=[county.police.pk], place="路口", come_by=soon
    )
    rows = visit(county.police_staff).get("/").context["rows"]
    assert [row["buttons"][0]["name"] for row in rows] == ["report_in"]


@pytest.mark.parametrize("path", ["/", "/?list=late", "/events/", "/events/?order=urgent&open=yes", "/inbox/"])
def test_a_list_takes_as_many_queries_for_twenty_events_as_for_one(county, path):
    def queries():
        Event.objects.update(due_at=timezone.now() - timedelta(hours=1))
        client = visit(county.operator)
        client.get(path)  # fills the copies kept in this process
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    report(county, county.worker)
    one = queries()
    for number in range(20):
        report(county, county.worker, description=f"第{number}件")
    assert queries() == one
    # session, user, posts, the list's own (at most seven), saved views, columns, unread notices
    assert one <= 17


def test_a_record_takes_as_many_queries_after_nine_steps_as_after_one(county, reported):
    client = visit(county.operator)

    def queries():
        client.get(f"/events/{reported.pk}/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/events/{reported.pk}/").status_code == 200
        return len(captured)

    first = queries()
    run(county, reported, upto="feed_back")
    assert queries() <= first + 1  # whether another unit co-handles
    # among them: what similar events got (2), order of the buttons, the grid's team, history of place and reporter
    assert first <= 30  # and the data versions, by which every page knows the warnings


# ---- list


def test_filters_narrow_the_list(county):
    west, east = report(county, county.worker), report(county, county.worker_east, location=county.east.point)
    client = visit(county.operator_area)

    def pks(query):
        return {row["event"].pk for row in client.get(f"/events/?{query}").context["rows"]}

    assert pks("") == {west.pk, east.pk}
    assert pks(f"grid={county.west.town.pk}") == {west.pk}
    assert pks(f"unit={county.east.station.pk}") == {east.pk}
    assert pks("status=reported&status=closed") == {west.pk, east.pk}
    assert pks("status=closed") == set()
    assert pks("light=red") == set()
    assert pks("standard=E0101") == {west.pk, east.pk}
    assert pks("q=井盖") == {west.pk, east.pk}
    assert pks("q=电梯") == set()
    assert pks(f"q=%23{east.pk}") == {east.pk}
    assert pks(f"reported_from={timezone.localdate() + timedelta(days=1)}") == set()
    assert pks("grid=999999") == set()
    assert pks("status=nonsense") == set()


@pytest.mark.parametrize("odd", ["²", "9" * 40, "x", "-1", "%00", "'\"><b>", "垃圾" * 500])
def test_odd_addresses_are_answered_without_breaking(county, reported, odd):
    client = visit(county.operator)
    names = ("q", "status", "grid", "unit", "standard", "light", "reported_from", "after", "size", "order", "late", "kind")
    for name in names:
        assert client.get(f"/events/?{name}={odd}").status_code == 200, name
    assert client.get(f"/?list={odd}&after={odd}").status_code == 200
    assert client.get(f"/inbox/?after={odd}").status_code == 200
    assert client.get(f"/events/report/here/?lat={odd}&lng={odd}&standard={odd}").status_code == 200
    assert client.get(f"/events/report/here/?lat=27.605&lng=113.405&standard={odd}").status_code == 200
    assert client.get(f"/events/report/standards/?standard_q={odd}").status_code == 200
    assert client.get(f"/events/report/grids/?name=grid&grid_q={odd}").status_code == 200
    assert client.get(f"/scores/?kind={odd}").status_code == 200
    assert client.get(f"/events/{reported.pk}/?do={odd}").status_code == 200
    form = {"key": "k", "standard": odd, "urgency": odd, "seen": odd}
    assert client.post(step_url(reported, "register"), form).status_code == 422
    assert client.post(step_url(reported, "merge"), {"key": "k", "repeats": odd}).status_code == 422


def test_pages_follow_each_other_by_key(county):
    made = [report(county, county.worker, description=f"第{n}件").pk for n in range(35)]
    client = visit(county.operator)
    for order in ORDERS:
        seen, after = [], ""
        for _page in range(2):
            response = client.get(f"/events/?order={order}&size=20&after={after}")
            seen += [row["event"].pk for row in response.context["rows"]]
            after = response.context["page"].next
        assert after == ""
        assert sorted(seen) == sorted(made)
        assert len(seen) == len(set(seen)) == 35
    assert client.get("/events/?after=rubbish&order=urgent").context["page"].first


def test_the_export_holds_the_filtered_rows_and_disarms_formulas(county):
    report(county, county.worker, description="=1+1 垃圾")
    report(county, county.worker_east, location=county.east.point, description="东边")
    response = visit(county.operator).get("/events/export.csv")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("case number,status,")
    assert "'=1+1 垃圾" in lines[1]
    assert "东边" not in "".join(lines)
    assert visit(county.worker).get("/events/export.csv").status_code == 403


# ---- inbox


def test_the_inbox_counts_opens_and_marks(county, reported):
    client = visit(county.operator)
    notice = Notice.objects.get(user=county.operator)
    assert 'id="unread"' in client.get("/").content.decode()
    assert client.post(reverse("events:open-notice", args=[notice.pk]))["Location"] == f"/events/{reported.pk}/"
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert 'id="unread"' not in client.get("/").content.decode()
    assert visit(county.operator_east).post(reverse("events:open-notice", args=[notice.pk])).status_code == 404


def test_marking_all_as_read_spares_what_came_later(county, reported):
    client = visit(county.operator)
    newest = client.get("/inbox/").context["notices"][0].pk
    later = report(county, county.worker, description="后来的")
    client.post("/inbox/read/", {"newest": newest})
    unread = Notice.objects.filter(user=county.operator).unread()
    assert [notice.event_id for notice in unread] == [later.pk]


# ---- grids, login, language, errors


def test_a_grid_shows_its_team_and_its_open_events(county, reported):
    county.worker.phone = "13900000000"
    county.worker.save()
    response = visit(county.operator).get(f"/grids/{county.west.grids[0].pk}/")
    words = text_of(response)
    assert county.worker.name in words and "13900000000" in words
    assert visit(county.operator).get(f"/grids/{county.west.village.pk}/").status_code == 200
    assert visit(county.operator).get(f"/grids/{county.east.village.pk}/").status_code == 404
    assert visit(county.operator).get("/grids/")["Location"] == f"/grids/{county.west.village.pk}/"


@pytest.mark.parametrize(
    ("who", "whole"),
    [
        ("operator", True),  # the station that holds the village
        ("operator_top", True),
        ("worker", True),  # the grid's own
        ("staff", False),  # a bureau of the county
        ("police_staff", False),
        ("leader", False),  # sees the whole county, answers for no desk
        ("grid_leader", False),  # of the village above
    ],
)
def test_phones_of_a_grids_people_are_whole_for_its_centres_and_its_own_people_only(county, who, whole):
    county.leader = county.person("leader", grid=county.root)
    county.grid_leader = county.person("grid_leader", grid=county.west.village)
    county.worker.phone = "13812348000"
    county.worker.save()
    html = visit(getattr(county, who)).get(f"/grids/{county.west.grids[0].pk}/").content.decode()
    assert ("13812348000" in html, "138****8000" in html) == (whole, not whole)


def test_a_grid_is_found_by_name_or_code_within_ones_land(county):
    def names(user, words):
        return [grid.name for grid in visit(user).get("/grids/search/", {"q": words}).context["grids"]]

    assert names(county.operator, "第1网格") == ["阳三街道第1网格"]
    assert names(county.operator_area, "第1网格") == ["阳三街道第1网格", "来龙门街道第1网格"]
    assert names(county.operator_area, "430281002001") == ["来龙门街道一社区", "来龙门街道第1网格", "来龙门街道第2网格"]
    assert names(county.operator, "") == names(county.stranger, "网格") == []


def test_a_grids_figures_add_up_over_its_children(county, reported):
    report(county, county.worker_east, location=county.east.point)
    Event.objects.filter(pk=reported.pk).update(due_at=timezone.now() - timedelta(hours=1))
    content = visit(county.operator_top).get(f"/grids/{county.area.pk}/").content.decode()
    figures = re.findall(r'<td class="num">(?:<a[^>]*>.*?</svg>)?(\d+)(?:</a>)?</td>', content)
    assert figures == ["1", "1", "1", "0"]


def test_outlines_are_those_of_the_persons_land(county):
    names = {f["properties"]["name"] for f in visit(county.worker).get("/grids/outlines/").json()["features"]}
    assert names == {"阳三街道第1网格", "阳三街道第2网格"}
    assert visit(county.stranger).get("/grids/outlines/").json()["features"] == []


def test_the_page_of_a_fault_needs_no_front_end(db, monkeypatch):
    """Where the manifest is gone every page fails, and the one that says so must not."""

    def gone(*_args, **_kwargs):
        raise DjangoViteAssetNotFoundError("no manifest")

    monkeypatch.setattr(DjangoViteAssetLoader, "generate_vite_asset", gone)
    client = visit()
    client.raise_request_exception = False
    response = client.get("/login/")
    page = response.content.decode()
    assert (response.status_code, "Something has broken" in page) == (500, True)
    assert re.findall(r"<link|<script|<img|/static/|@import|url\(", page) == []


def test_login_logout_and_language(county):
    client = visit()
    form = {"username": county.operator.username, "password": PASSWORD, "next": "/inbox/"}
    response = client.post("/login/", form)
    assert response["Location"] == "/inbox/"
    assert 'lang="en"' in client.get("/").content.decode()
    client.post("/language/", {"language": "zh-hans", "next": "/"})
    assert "我的工作" in text_of(client.get("/"))
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert client.get("/").status_code == 302


def test_a_list_that_renews_itself_after_the_session_leads_to_the_login(county):
    response = visit().get("/?list=late", headers={"hx-request": "true"}, follow=True)
    assert (response.status_code, response["HX-Redirect"]) == (204, "/login/?next=%2F%3Flist%3Dlate")


def test_a_form_sent_after_the_session_leads_back_to_its_page_and_to_no_other_host(county):
    sent = {"hx-request": "true", "hx-current-url": "http://testserver/events/7/?do=sign"}
    response = visit().post("/events/7/sign/", headers=sent, follow=True)
    assert (response.status_code, response["HX-Redirect"]) == (204, "/login/?next=%2Fevents%2F7%2F%3Fdo%3Dsign")
    sent["hx-current-url"] = "http://elsewhere.example/events/7/"
    response = visit().post("/events/7/sign/", headers=sent, follow=True)
    assert response["HX-Redirect"] == "/login/?next=%2Fevents%2F7%2Fsign%2F"


def test_a_wrong_password_is_told_in_words(county):
    response = visit().post("/login/", {"username": county.operator.username, "password": "wrong"})
    assert response.status_code == 200
    assert "alert-danger" in response.content.decode()


def test_too_many_wrong_passwords_lock_the_name_and_say_so(county, settings):
    settings.AXES_FAILURE_LIMIT = 3
    client = visit()
    for _attempt in range(3):
        response = client.post("/login/", {"username": county.operator.username, "password": "wrong"})
    assert response.status_code == 429
    assert "There were too many wrong passwords" in text_of(response)
    right = client.post("/login/", {"username": county.operator.username, "password": PASSWORD})
    assert right.status_code == 429


def test_errors_are_told_in_plain_words(county):
    response = visit(county.operator).get("/no-such-page/")
    assert response.status_code == 404
    assert "Nothing is to be seen here" in text_of(response)


def test_no_page_names_another_host(county, reported):
    client = visit(county.operator)
    records = (f"/events/{reported.pk}/", f"/grids/{county.west.village.pk}/", "/login/")
    for path in ("/", "/events/", "/events/report/", "/inbox/", *records):
        found = re.findall(r'(?:src|href|action)="((?:https?:)?//[^"]+)"', client.get(path).content.decode())
        assert found == [], path
