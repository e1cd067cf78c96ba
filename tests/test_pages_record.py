"""One event's page and the report form: input that is kept, photos that stay, conflicts told in words."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from events.models import Attachment, Event, Transition
from events.workflow import Status
from tests.pages import photo, report, run, step_url, text_of, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported(county):
    return report(county, county.worker)


# ---- one event


def test_each_form_is_one_of_the_tables_moves_for_this_person(county, reported):
    assert [m["name"] for m in visit(county.worker).get(f"/events/{reported.pk}/").context["moves"]] == ["cancel"]
    names = {m["name"] for m in visit(county.operator).get(f"/events/{reported.pk}/").context["moves"]}
    assert names == {"register", "reject", "merge", "cancel", "place", "escalate"}


def test_a_step_by_a_plain_form_leads_back_to_the_record(county, reported):
    form = {"key": "k1", "seen": "1", "standard": county.standard.pk, "urgency": "urgent"}
    response = visit(county.operator).post(step_url(reported, "register"), form, follow=True)
    assert response.redirect_chain == [(f"/events/{reported.pk}/", 302)]
    assert "Done: Register" in text_of(response)
    reported.refresh_from_db()
    assert (reported.status, reported.urgency) == (Status.REGISTERED, "urgent")


def test_a_likely_repeat_is_offered_before_it_is_registered(county):
    """The worker left the standard open: only the operator's choice shows that it has been reported already."""
    known, fresh = report(county, county.worker), report(county, county.worker, standard=None)
    client, form = visit(county.operator), {"key": "k1", "standard": county.standard.pk, "urgency": "normal"}
    assert "Has this been reported" not in client.get(f"/events/{fresh.pk}/").content.decode()
    answer = client.post(step_url(fresh, "register"), form)
    assert answer.status_code == 422
    assert f'name="known" value="{known.pk}"' in answer.content.decode()
    fresh.refresh_from_db()
    assert fresh.status == Status.REPORTED
    assert client.post(step_url(fresh, "register"), {**form, "known": str(known.pk)}).status_code == 302


def test_one_that_the_page_shows_at_once_asks_for_no_second_press(county):
    known, fresh = report(county, county.worker), report(county, county.worker)
    client = visit(county.operator)
    page = client.get(f"/events/{fresh.pk}/?do=register").content.decode()
    assert f'name="known" value="{known.pk}"' in page
    form = {"key": "k1", "standard": county.standard.pk, "urgency": "normal", "known": str(known.pk)}
    assert client.post(step_url(fresh, "register"), form).status_code == 302


def test_htmx_is_told_where_to_go(county, reported):
    form = {"key": "k1", "standard": county.standard.pk, "urgency": "normal", "next": "/?list=register"}
    response = visit(county.operator).post(step_url(reported, "register"), form, headers={"hx-request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (204, "/?list=register")


def test_next_never_leads_to_another_site(county, reported):
    form = {"key": "k1", "standard": county.standard.pk, "urgency": "normal", "next": "https://example.org/"}
    response = visit(county.operator).post(step_url(reported, "register"), form)
    assert response["Location"] == f"/events/{reported.pk}/"


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
def test_a_form_with_a_mistake_comes_back_with_its_input(county, reported, headers):
    run(county, reported, upto="register")
    form = {"key": "k2", "words": "请尽快修复", "lead": ""}
    response = visit(county.operator).post(step_url(reported, "dispatch"), form, headers=headers)
    assert response.status_code == 422
    assert "请尽快修复</textarea>" in response.content.decode()
    assert "This field is required." in text_of(response)
    reported.refresh_from_db()
    assert reported.status == Status.REGISTERED


def test_photos_chosen_before_a_mistake_need_not_be_chosen_again(county, reported):
    run(county, reported, upto="sign")
    client = visit(county.staff)
    form = {"key": "k3", "words": "", "photos": photo("after.jpg")}
    response = client.post(step_url(reported, "feed_back"), form)
    kept = Attachment.objects.get()
    assert response.status_code == 422
    assert f'name="photos_kept" value="{kept.public_id}" checked' in response.content.decode()
    form = {"key": "k3", "words": "已更换井盖", "photos_kept": str(kept.public_id)}
    assert client.post(step_url(reported, "feed_back"), form).status_code == 302
    kept.refresh_from_db()
    assert (kept.event_id, kept.kind) == (reported.pk, Attachment.Kind.AFTER)


def test_a_file_that_is_no_picture_is_refused_at_its_field(county, reported):
    run(county, reported, upto="sign")
    script = SimpleUploadedFile("photo.jpg", b"<script>alert(1)</script>", "image/jpeg")
    response = visit(county.staff).post(
        step_url(reported, "feed_back"), {"key": "k3", "words": "已更换", "photos": script}
    )
    assert response.status_code == 422
    assert "photo.jpg: This kind of file is not taken." in text_of(response)
    reported.refresh_from_db()
    assert reported.status == Status.HANDLING


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
def test_the_second_of_two_operators_reads_who_was_faster_and_keeps_the_input(county, reported, headers):
    run(county, reported, upto="register")
    form = {"key": "late", "seen": "1", "words": "与本事件无关"}
    second = county.person("operator", unit=county.west.station)
    response = visit(second).post(step_url(reported, "reject"), form, headers=headers)
    assert response.status_code == 409
    assert f"{county.operator.name} was faster: Register." in text_of(response)
    assert "与本事件无关</textarea>" in response.content.decode()
    assert Transition.objects.filter(event=reported).count() == 2


def test_nobody_was_faster_than_oneself_or_where_the_step_does_not_fit(county, reported):
    run(county, reported, upto="register")
    client = visit(county.operator)
    form = {"key": "late", "seen": "1", "words": "与本事件无关"}
    answer = client.post(step_url(reported, "reject"), form)
    assert answer.status_code == 409
    assert "Your step “Register” was taken before. The event is now: Awaiting dispatch." in text_of(answer)
    answer = client.post(step_url(reported, "reject"), {**form, "seen": "2"})
    assert answer.status_code == 409
    assert "is not the next step here. The event is now: Awaiting dispatch." in text_of(answer)
    assert "was faster" not in text_of(answer)


def test_the_same_button_pressed_twice_makes_one_step(county, reported):
    client = visit(county.operator)
    form = {"key": "twice", "seen": "1", "standard": county.standard.pk, "urgency": "normal"}
    assert [client.post(step_url(reported, "register"), form).status_code for _ in range(2)] == [302, 302]
    assert Transition.objects.filter(event=reported, action="register").count() == 1


def test_the_standard_can_be_found_without_a_script(county, reported):
    client = visit(county.operator)
    county.standard.search_text = "bllj 暴露垃圾"
    county.standard.save()
    form = {"key": "k", "standard": "", "standard_q": "暴露垃圾", "urgency": "normal"}
    response = client.post(step_url(reported, "register"), form)
    assert response.status_code == 422
    assert "Choose one of the matches; if there is none, type other words." in text_of(response)
    assert f'type="radio" name="standard" value="{county.standard.pk}"' in response.content.decode()


def test_the_record_shows_words_photos_units_and_clocks(county, reported):
    run(county, reported, upto="verify_pass")
    words = text_of(visit(county.operator_top).get(f"/events/{reported.pk}/"))
    for expected in ("已更换", "已恢复", "市城管局", "Clocks of the stages", "阳三街道第1网格", "Lead unit：市城管局"):
        assert expected in words


# ---- report


REPORT = {"key": "r1", "description": "路面塌陷", "lat": "27.605", "lng": "113.405", "urgency": "normal"}


def test_a_report_finds_its_grid_and_its_station(county):
    response = visit(county.worker).post("/events/report/", REPORT, follow=True)
    event = Event.objects.get()
    assert response.redirect_chain == [(f"/events/{event.pk}/", 302)]
    assert (event.grid, event.holder, event.reporter) == (county.west.grids[0], county.west.station, county.worker)


def test_an_operator_takes_down_a_call_without_a_pin(county):
    form = {
        "key": "r2", "description": "噪声扰民", "urgency": "normal", "source": "hotline", "grid": county.west.grids[1].pk,
        "contact_name": "张女士", "contact_phone": "13900001234",
    }  # fmt: skip
    assert visit(county.operator).post("/events/report/", form).status_code == 302
    event = Event.objects.get()
    assert (event.source, event.grid, event.holder) == ("hotline", county.west.grids[1], county.centre)
    assert "13900001234" in text_of(visit(county.operator_top).get(f"/events/{event.pk}/"))
    onlooker = text_of(visit(county.person("party_leader", grid=county.west.village)).get(f"/events/{event.pk}/"))
    assert "139****1234" in onlooker and "13900001234" not in onlooker
    assert "source" not in visit(county.worker).get("/events/report/").context["form"].fields


def test_a_report_with_a_mistake_keeps_input_and_photos(county):
    response = visit(county.worker).post(
        "/events/report/", {**REPORT, "lat": "north", "before": photo(), "place": "解放路3号"}
    )
    assert response.status_code == 422
    content = response.content.decode()
    assert 'value="解放路3号"' in content and "路面塌陷</textarea>" in content and "before_kept" in content
    assert Event.objects.count() == 0


def test_a_likely_repeat_is_shown_once_and_then_taken(county, reported):
    client = visit(county.worker)
    form = {**REPORT, "standard": county.standard.pk}
    response = client.post("/events/report/", form)
    assert response.status_code == 422
    assert [row["event"].pk for row in response.context["repeats"]] == [reported.pk]
    assert client.post("/events/report/", {**form, "confirmed": "1"}).status_code == 302
    assert Event.objects.count() == 2


def test_a_report_sent_twice_over_a_bad_line_is_not_its_own_repeat(county):
    client, form = visit(county.worker), {**REPORT, "standard": county.standard.pk}
    sent = [client.post("/events/report/", form) for _ in range(2)]
    event = Event.objects.get()
    assert [(answer.status_code, answer.headers.get("Location")) for answer in sent] == [(302, f"/events/{event.pk}/")] * 2
    assert client.post("/events/report/", {**form, "key": "another"}).status_code == 422


def test_a_worker_settles_on_the_spot_with_both_photos(county):
    client = visit(county.worker)
    form = {**REPORT, "standard": county.standard.pk, "settled": "on", "words": "已扫除"}
    response = client.post("/events/report/", {**form, "before": photo()})
    assert (response.status_code, Event.objects.count()) == (422, 0)
    kept = str(Attachment.objects.get().public_id)
    assert client.post("/events/report/", {**form, "before_kept": kept, "after": photo("b.jpg")}).status_code == 302
    event = Event.objects.get()
    assert (event.status, event.settled_on_spot) == (Status.CLOSED, True)


def test_the_pin_answers_with_grid_and_team(county):
    words = text_of(visit(county.worker).get("/events/report/here/?lat=27.605&lng=113.405"))
    assert "阳三街道第1网格" in words and county.worker.name in words
    assert "Outside every grid" in text_of(visit(county.worker).get("/events/report/here/?lat=10&lng=10"))
    assert visit(county.worker).get("/events/report/here/?lat=x&lng=").content == b""
