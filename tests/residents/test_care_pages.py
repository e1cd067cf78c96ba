"""Pages of private data and registers: what they show to whom, and nothing at all to others."""

import io
import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from pypdf import PdfReader

from residents import care
from residents.models import Access, CareClass, CareRecord, SupportRecord
from residents.services import access, records, support
from residents.services import care as registers
from tests.factories import PostFactory
from tests.residents.scene import GUARDIAN, CareClassFactory

pytestmark = pytest.mark.django_db
WHY = "核对低保申请材料"
LIMIT = "您今天已查看 1 条记录"
SECRET = ("精神障碍", "机密监护人", "安置帮教", "社区矫正", "戒毒")


def browser(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(answer):
    return answer.content.decode()


def url(name, *args):
    return reverse(f"residents:{name}", args=args)


# ---- unmasking


def test_unmasking_asks_for_a_reason_and_shows_the_values_once(people):
    client, page = browser(people.leader), url("unmask", "resident", people.old.pk)
    asked = client.get(page, headers={"HX-Request": "true"})
    assert asked.status_code == 200 and people.old.phone not in text(asked)
    refused = client.post(page, {"fields_wanted": ["phone"], "reason": "x"}, headers={"HX-Request": "true"})
    assert refused.status_code == 422 and people.old.phone not in text(refused)
    assert Access.objects.count() == 0
    shown = client.post(
        page, {"fields_wanted": ["phone", "id_number"], "reason": WHY}, headers={"HX-Request": "true"}
    )
    assert people.old.phone in text(shown) and people.old.id_number in text(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    assert "<html" not in text(shown) and "<html" in text(client.get(page))
    row = Access.objects.get()
    assert (row.fields, row.address, row.user) == (["id_number", "phone"], "127.0.0.1", people.leader)
    again = client.get(f"{page}?closed=1", headers={"HX-Request": "true"})
    assert people.old.phone not in text(again)


@pytest.mark.parametrize("kind", ["dwelling", "organisation", "place"])
def test_other_records_have_their_private_fields_too(people, kind):
    from tests.residents.factories import KeyPlaceFactory, OrganisationFactory

    record, number = people.old.dwelling, "13700001111"
    if kind == "dwelling":
        type(record).objects.filter(pk=record.pk).update(owner_phone=number)
    elif kind == "organisation":
        record = OrganisationFactory(grid=people.home, phone=number)
    else:
        record = KeyPlaceFactory(grid=people.home, responsible_phone=number)
    field = access.PRIVATE[type(record)][0]
    answer = browser(people.leader).post(
        url("unmask", kind, record.pk), {"fields_wanted": [field], "reason": WHY}
    )
    assert number in text(answer)
    assert Access.objects.get().kind == {"place": "place"}.get(kind, kind)


def test_the_day_s_limit_is_said_in_words(people, settings):
    settings.UNMASK_PER_DAY = 1
    file, client = people.file(), browser(people.leader)
    phone = {"fields_wanted": ["phone"], "reason": WHY}
    assert client.post(url("unmask", "resident", people.ill.pk), phone).status_code == 200
    for name, args, given in (
        ("unmask", ("resident", people.old.pk), phone),
        ("statement", (people.old.pk,), {"reason": WHY}),
        ("support-file", (file.pk,), {"reason": WHY}),
    ):
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.post(url(name, *args), given, headers=headers)
            shown = text(answer)
            assert answer.status_code == 429, name
            assert LIMIT in shown and "相应权限" not in shown, name
            assert WHY in shown and people.old.phone not in shown and "机密监护人" not in shown
    assert Access.objects.count() == 1


def test_neighbours_cannot_unmask(people):
    county = people.county
    page = url("unmask", "resident", people.old.pk)
    for outsider, codes in (
        (county.worker_east, {404}),
        (county.worker_next, {404}),
        (people.inspector, {403}),
        (county.stranger, {403}),
        (county.person("district_admin", grid=people.home), {403}),
    ):
        for answer in (
            browser(outsider).get(page),
            browser(outsider).post(page, {"fields_wanted": ["phone"], "reason": WHY}),
        ):
            assert answer.status_code in codes, outsider
            assert people.old.phone not in text(answer)
    assert Access.objects.count() == 0


# ---- the log


def test_supervisors_read_the_log_and_others_do_not(people):
    access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason=WHY)
    access.unmask(actor=people.leader_east, record=people.far, fields=["phone"], reason="东街的理由")
    shown = text(browser(people.head).get(url("access")))
    assert WHY in shown and "钱老人" in shown and "东街的理由" not in shown
    inspected = text(browser(people.inspector).get(url("access")))
    assert WHY in inspected and "钱老人" not in inspected  # figures and the log, not the registry
    assert url("access") in text(browser(people.inspector).get("/"))
    assert url("access") not in text(browser(people.county.worker).get("/"))
    for outsider in (people.county.worker, people.county.operator, people.county.stranger):
        assert browser(outsider).get(url("access")).status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("flagged=1", False), ("act=open", False), ("act=unmask", True), ("who=nobody", False),
     ("day=1999-01-01", False), ("day=not-a-day", True), ("page=99", True), ("act=%00", True)],
)  # fmt: skip
def test_the_log_is_filtered(people, query, found, monkeypatch):
    monkeypatch.setattr(access, "NIGHT", (24, 0))
    access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason=WHY)
    assert (WHY in text(browser(people.head).get(f"{url('access')}?{query}"))) == found


def test_the_log_s_filter_offers_what_its_reader_may_know_of(people):
    access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason=WHY)
    for reader, knows in ((people.head, True), (people.inspector, False)):
        shown = text(browser(reader).get(url("access")))
        assert [f'value="{act}"' in shown for act in ("open", "list")] == [knows, knows]
        assert ("特殊人群" in shown) == knows
        assert all(f'value="{act}"' in shown for act in ("unmask", "export", "statement", "roles"))
        # Asked by hand it filters nothing, as any word that is none of the choices.
        assert (WHY in text(browser(reader).get(f"{url('access')}?act=open"))) == (not knows)


@pytest.mark.parametrize("count", [1, 30])
def test_the_log_costs_the_same_for_one_row_and_thirty(people, count):
    for _turn in range(count):
        access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason=WHY)
    client = browser(people.head)
    client.get(url("access"))
    with CaptureQueriesContext(connection) as queries:
        client.get(url("access"))
    # Session, user, posts of today, classes, count, rows, and what the frame of the page asks.
    assert len(queries) <= 9, [query["sql"][:120] for query in queries]


def test_a_resident_s_record_shows_who_looked_to_supervisors(people):
    access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason=WHY)
    file = people.file()
    support.open_file(actor=people.leader, pk=file.pk, reason="查阅档案材料")
    assert WHY in text(browser(people.head).get(url("looks", people.old.pk)))
    assert "查阅档案材料" in text(browser(people.head).get(url("looks", people.ill.pk)))
    assert browser(people.leader).get(url("looks", people.old.pk)).status_code == 403


# ---- registers


def test_each_person_sees_the_classes_of_their_roles(people):
    people.file()
    people.care()
    seen = text(browser(people.leader).get(f"{url('care')}?class=mental_disorder"))
    assert "赵病人" in seen and "严重精神障碍患者" in seen and "机密监护人" not in seen
    for outsider in (
        people.county.worker,
        people.county.operator,
        people.county.worker_next,
        people.leader_east,
    ):
        page = browser(outsider).get(f"{url('care')}?class=mental_disorder")
        assert "赵病人" not in text(page)
        if outsider != people.leader_east:
            assert not [word for word in SECRET if word in text(page)], outsider
    assert "钱老人" in text(browser(people.county.worker).get(f"{url('care')}?class=solitary_elderly"))


@pytest.mark.parametrize("which", ["solitary_elderly", "mental_disorder"])
@pytest.mark.parametrize("count", [1, 15])
def test_a_register_s_list_costs_the_same_for_one_and_fifteen(people, which, count):
    for number in range(count):
        person = people.person(f"某{number}", people.home)
        people.file(person) if which == "mental_disorder" else people.care(person)
    client, page = browser(people.leader), f"{url('care')}?class={which}"
    client.get(page)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page).status_code == 200
    assert len(queries) <= 12, [query["sql"][:120] for query in queries]


def test_an_entry_is_begun_visited_changed_and_ended_on_its_pages(people):
    client = browser(people.county.worker)
    begin = url("care-begin", people.old.pk)
    choice = text(client.get(begin))
    assert "独居老人" in choice and not [word for word in SECRET if word in choice]
    form = {"since": "2026-03-01", "attention": 2, "visit_days": 7, "responsible": "", "reason": "独居"}
    wrong = client.post(f"{begin}?class=solitary_elderly", form | {"own_contact_phone": "12"})
    assert wrong.status_code == 422 and 'value="12"' in text(wrong)
    done = client.post(f"{begin}?class=solitary_elderly", form | {"own_contact_phone": "13811112222"})
    assert done.status_code == 302
    entry = CareRecord.objects.get()
    assert entry.values == {"contact_phone": "13811112222"}
    page = text(client.get(url("care-entry", entry.pk)))
    assert "138****2222" in page
    change = {"attention": 1, "visit_days": 14, "responsible": "", "own_contact_phone": "13811112222"}
    assert client.post(url("care-entry", entry.pk), change).status_code == 302
    assert client.post(url("care-visit", entry.pk)).status_code == 302
    entry.refresh_from_db()
    assert (entry.attention, entry.visit_days, entry.visited_on) == (1, 14, timezone.localdate())
    end = {"on": timezone.localdate().isoformat(), "reason": "子女接回"}
    assert client.post(url("care-end", entry.pk), {"on": end["on"], "reason": ""}).status_code == 422
    assert client.post(url("care-end", entry.pk), end).status_code == 302
    assert client.post(url("care-visit", entry.pk), follow=True).status_code == 200  # said, not broken
    entry.refresh_from_db()
    assert entry.end_reason == "子女接回"


def test_a_class_one_may_not_know_is_a_missing_page(people):
    client = browser(people.county.worker)
    for code in ("mental_disorder", "no-such-class"):
        for answer in (
            client.get(f"{url('care-begin', people.old.pk)}?class={code}"),
            client.post(f"{url('care-begin', people.old.pk)}?class={code}", {}),
        ):
            assert answer.status_code == 404
            assert not [word for word in SECRET if word in text(answer)]


def test_a_statutory_file_opens_with_a_reason(people):
    file = people.file()
    client, page = browser(people.leader), url("support-file", file.pk)
    asked = client.get(page)
    assert "机密监护人" not in text(asked) and Access.objects.count() == 0
    opened = client.post(page, {"reason": WHY})
    assert "机密监护人" in text(opened) and Access.objects.get().act == "open"
    assert "no-store" in opened.headers["Cache-Control"]
    change = {"attention": 1, "visit_days": 10, "responsible": ""} | {
        f"own_{k}": v for k, v in GUARDIAN.items()
    }
    assert client.post(url("support-change", file.pk), change | {"own_guardian": ""}).status_code == 422
    assert client.post(url("support-change", file.pk), change).status_code == 302
    assert client.post(url("support-visit", file.pk)).status_code == 302
    end = {"on": timezone.localdate().isoformat(), "reason": "退出管理"}
    assert client.post(url("support-end", file.pk), end).status_code == 302
    assert not SupportRecord.objects.get().open


def test_for_outsiders_a_file_is_a_missing_page(people):
    file = people.file()
    county = people.county
    for outsider in (county.worker, county.operator, people.leader_east, county.worker_next):
        client = browser(outsider)
        for name in ("support-file", "support-change", "support-visit", "support-end"):
            answers = [client.post(url(name, file.pk), {"reason": WHY})]
            if name in ("support-file", "support-end"):
                answers.append(client.get(url(name, file.pk)))
            for answer in answers:
                assert answer.status_code == 404, (outsider, name)
        missing = client.get(url("support-file", 999_999))
        assert missing.status_code == 404
    assert Access.objects.count() == 0


def test_the_registers_of_a_person_are_those_one_may_know(people):
    people.file()
    people.care(people.ill)
    page = url("registers", people.ill.pk)
    assert "严重精神障碍患者" in text(browser(people.leader).get(page))
    hers = text(browser(people.county.worker).get(page))
    assert "独居老人" in hers and not [word for word in SECRET if word in hers]
    same = text(browser(people.county.worker).get(url("registers", people.neighbour.pk)))
    assert len(same) < len(hers)
    assert browser(people.county.worker_east).get(page).status_code == 404


# ---- rights


def test_a_statement_is_printed_for_a_reason(people):
    entry = people.care()
    registers.visit(entry, actor=people.leader, words="喝了药")
    registers.end(entry, actor=people.leader, reason="子女接回")
    records.change(people.old, actor=people.leader, occupation="退休教师")
    page, client = url("statement", people.old.pk), browser(people.leader)
    assert people.old.id_number not in text(client.get(page))
    with translation.override("zh-hans"):
        made = client.post(page, {"reason": "本人持证申请查询"})
    assert made.headers["Content-Type"] == "application/pdf" and "no-store" in made.headers["Cache-Control"]
    paper = PdfReader(io.BytesIO(made.content))
    words = "".join(page.extract_text() for page in paper.pages)
    for told in (
        "钱老人", people.old.id_number, people.old.phone, "独居老人", "本人持证申请查询", "喝了药", "关注等级", "子女接回",
        "→ 退休教师",
    ):  # fmt: skip
        assert told in words, told
    assert Access.objects.get().act == "statement"
    assert client.post(page, {"reason": ""}).status_code == 422
    assert browser(people.county.worker_east).get(page).status_code == 404


def test_erasing_is_for_heads_of_centres(people):
    page = url("erase", people.old.pk)
    assert browser(people.leader).get(page).status_code == 403
    client = browser(people.head)
    assert "写入事件描述或办理意见中的姓名仍留在事件档案中" in client.get(page).content.decode()
    refused = client.post(page, {"reason": "本人申请删除信息"})
    assert refused.status_code == 422
    people.old.refresh_from_db()
    assert people.old.name == "钱老人"


# ---- phones of a class's own fields


def test_a_contact_s_phone_stands_masked_in_the_form_and_is_written_blind(people):
    contact = "13811112222"
    entry = registers.begin(
        actor=people.leader, resident=people.old, care_class=people.solitary,
        data={"contact": "钱小", "contact_phone": contact},
    )  # fmt: skip
    client, page = browser(people.leader), url("care-entry", entry.pk)
    form = {"attention": 2, "visit_days": 7, "responsible": "", "own_contact": "钱小"}

    def after(typed):
        client.post(page, form | {"own_contact_phone": typed})
        return CareRecord.objects.get().values.get("contact_phone")

    shown = text(client.get(page))
    assert contact not in shown and shown.count("138****2222") == 3  # the fact, the placeholder, the hint
    assert (after(""), after("138****2222"), after(" ")) == (contact,) * 3
    wrong = client.post(page, form | {"own_contact_phone": "12"})
    assert wrong.status_code == 422 and 'value="12"' in text(wrong) and contact not in text(wrong)
    assert after("139 0000 1111") == "13900001111"
    assert after("-") is None
    assert Access.objects.count() == 0


def test_a_contact_s_phone_is_shown_for_a_reason_to_who_may_unmask(people):
    contact = "13811112222"
    entry = registers.begin(
        actor=people.leader, resident=people.old, care_class=people.solitary,
        data={"contact": "钱小", "contact_phone": contact},
    )  # fmt: skip
    client, page = browser(people.leader), url("unmask", "care", entry.pk)
    assert page in text(client.get(url("care-entry", entry.pk)))
    asked = text(client.get(page))
    assert contact not in asked and 'value="contact_phone"' in asked and 'value="contact"' not in asked
    assert client.post(page, {"fields_wanted": ["contact_phone"], "reason": "x"}).status_code == 422
    assert client.post(page, {"fields_wanted": ["contact"], "reason": WHY}).status_code == 422
    assert Access.objects.count() == 0
    assert contact in text(client.post(page, {"fields_wanted": ["contact_phone"], "reason": WHY}))
    row = Access.objects.get()
    assert (row.act, row.kind, row.record_id, row.resident, row.fields) == (
        "unmask", "care", entry.pk, people.old, ["contact_phone"],
    )  # fmt: skip
    type(entry).objects.filter(pk=entry.pk).update(data={})
    assert page not in text(client.get(url("care-entry", entry.pk)))  # nothing to show: nothing is offered
    reader = PostFactory(role="district_admin", grid=people.old.grid).user  # reads, and unmasks nothing
    assert page not in text(browser(reader).get(url("care-entry", entry.pk)))
    assert browser(reader).get(page).status_code == 403
    assert Access.objects.count() == 1


def test_a_guardian_s_phone_is_read_in_an_opened_file_and_written_blind(people):
    """The opening has its reason and its row in the log: whoever may unmask reads whom to call."""
    file, guardian = people.file(), GUARDIAN["guardian_phone"]
    client = browser(people.leader)
    opened = text(client.post(url("support-file", file.pk), {"reason": WHY}))
    assert opened.count(guardian) == 1 and "139****6666" in opened  # the fact; the form has the mask
    own = {f"own_{name}": value for name, value in GUARDIAN.items()} | {"own_guardian_phone": ""}
    form = {"attention": 1, "visit_days": 10, "responsible": ""} | own
    # A refused form is no opening: it tells nothing of what is stored.
    refused = client.post(url("support-change", file.pk), form | {"visit_days": 0})
    assert refused.status_code == 422
    assert guardian not in text(refused) and "139****6666" not in text(refused)
    assert client.post(url("support-change", file.pk), form).status_code == 302
    assert support.brief(actor=people.leader, pk=file.pk).own == GUARDIAN
    assert client.post(url("support-change", file.pk), form | {"own_guardian_phone": "12"}).status_code == 422
    client.post(url("support-change", file.pk), form | {"own_guardian_phone": "13700002222"})
    assert support.brief(actor=people.leader, pk=file.pk).own["guardian_phone"] == "13700002222"


# ---- lists of statutory registers


def opened():
    return list(Access.objects.filter(act="list").order_by("pk").values_list("user", "rows", "grid", "class_tag"))


def test_opening_the_list_of_a_statutory_register_is_written_down_once(people, monkeypatch):
    for person in (people.ill, people.neighbour):
        people.file(person)
    client, page = browser(people.leader), f"{url('care')}?class=mental_disorder"
    row = (people.leader.pk, 2, people.home.pk, care.class_tag(people.disorder))
    for turned in (page, f"{page}&page=2", page):
        assert client.get(turned).status_code == 200
    assert opened() == [row]
    client.get(url("care") + "?class=solitary_elderly")
    assert opened() == [row]  # a care register's list is none of these
    client.get(f"{url('due')}?list=statutory")
    assert opened() == [row]  # no more than what was open
    people.file(people.old)
    client.get(page)
    assert opened()[1:] == [(people.leader.pk, 3, *row[2:])]
    monkeypatch.setattr(access, "LISTED", timedelta(0))
    client.get(page)
    assert len(opened()) == 3
    browser(people.head).get(page)
    assert opened()[3][:3] == (people.head.pk, 3, people.county.west.station.grid_id)
    shown = text(browser(people.head).get(f"{url('access')}?act=list"))
    assert shown.count(f"<td>{people.leader}</td>") == 3 and "严重精神障碍" not in shown


def test_visits_due_in_statutory_registers_are_such_a_list(people):
    client = browser(people.leader)
    client.get(f"{url('due')}?list=statutory")
    assert opened() == []
    people.file(visit_days=10)
    client.get(f"{url('due')}?list=visits")
    assert opened() == []
    client.get(f"{url('due')}?list=statutory")
    assert opened() == [(people.leader.pk, 1, people.home.pk, care.class_tag(people.disorder))]


def test_lists_are_no_looks_at_single_records(people, settings):
    settings.UNMASK_PER_DAY = 1
    people.file()
    browser(people.leader).get(f"{url('care')}?class=mental_disorder")
    assert access.looks_today(people.leader) == 0
    access.unmask(actor=people.leader, record=people.old, fields=["phone"], reason=WHY)


def test_who_may_not_know_the_register_leaves_no_row_and_reads_none(people):
    people.file()
    for outsider in (people.county.worker, people.leader_east, people.county.operator):
        browser(outsider).get(f"{url('care')}?class=mental_disorder")
    assert [row for row in opened() if row[1]] == []
    browser(people.leader).get(f"{url('care')}?class=mental_disorder")
    seen = text(browser(people.inspector).get(url("access")))
    assert f"<td>{people.leader}</td>" not in seen


# ---- history


def plain(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text(answer))).split())


def test_the_history_of_an_entry_tells_from_and_to_with_phones_masked(people):
    entry = registers.begin(
        actor=people.leader, resident=people.old, care_class=people.solitary, responsible=people.leader,
        data={"contact": "钱小", "contact_phone": "13811112222", "health": "自理"},
    )  # fmt: skip
    registers.change(
        entry, actor=people.county.worker, attention=1, responsible=people.county.worker,
        data={"contact_phone": "13900001111", "health": "失能"},
    )  # fmt: skip
    assert url("history", "care", entry.pk) in text(browser(people.leader).get(url("care-entry", entry.pk)))
    told = browser(people.leader).get(url("history", "care", entry.pk), headers={"HX-Request": "true"})
    changed, begun = f" {plain(told)}".split(" 修改 ")[1].split(" 纳入 ")
    for words in (
        f"责任人 {people.leader} → {people.county.worker}", "关注等级 中 → 高", "138****2222 → 139****1111", "自理 → 失能",
    ):  # fmt: skip
        assert words in changed, (words, changed)
    assert "钱小" in begun and "钱小" not in changed and "138****2222" in begun
    assert "13811112222" not in text(told) and "13900001111" not in text(told)
    for outsider in (people.leader_east, people.county.worker_next):
        assert browser(outsider).get(url("history", "care", entry.pk)).status_code == 404
    only_heads = CareClassFactory(code="only-heads", roles=["centre_head"])
    CareRecord.objects.filter(pk=entry.pk).update(care_class=only_heads)
    assert browser(people.leader).get(url("history", "care", entry.pk)).status_code == 404


def test_the_history_of_a_file_stands_in_the_opened_file_alone(people):
    file = people.file(responsible=people.leader)
    own = GUARDIAN | {"guardian": "新监护人", "guardian_phone": "13700002222"}
    support.change(actor=people.leader, pk=file.pk, attention=1, responsible=None, data=own)
    client, page = browser(people.leader), url("support-file", file.pk)
    assert "机密监护人" not in text(client.get(page))
    shown = plain(client.post(page, {"reason": WHY}))
    for words in ("机密监护人 → 新监护人", "139****6666 → 137****2222", "关注等级 中 → 高", f"责任人 {people.leader} → —"):
        assert words in shown, (words, shown)
    assert "13955556666" not in shown and shown.count("13700002222") == 1  # the fact, not the history
    assert client.get(url("history", "support", file.pk)).status_code == 404


# ---- visits


@pytest.mark.parametrize(
    ("day", "said"), [("2099-01-01", "不能晚于今天"), ("2025-12-31", "2026-01-01"), ("2026-02-31", "有效")]
)
def test_a_visit_on_a_wrong_day_is_said_at_the_field_and_what_was_typed_stays(people, day, said):
    entry, file = people.care(), people.file()
    CareRecord.objects.filter(pk=entry.pk).update(since="2026-01-01")
    client = browser(people.leader)
    for page in (url("care-visit", entry.pk), url("support-visit", file.pk)):
        answer = client.post(page, {"on": day, "words": "灯坏了，已报修", "next": "entry"})
        shown = text(answer)
        assert answer.status_code == 422
        assert f'value="{day}"' in shown and 'value="灯坏了，已报修"' in shown
        errors = re.search(r'id="visit-on_errors"[^>]*>(.*?)</ul>', shown, re.DOTALL)
        assert errors and said in errors[1], page
        assert "机密监护人" not in shown
    assert not entry.visits.exists() and support.brief(actor=people.leader, pk=file.pk).visits == []
    assert Access.objects.count() == 0


def test_a_visit_to_somebody_whose_care_has_ended_is_refused_in_words(people):
    entry, client = people.care(), browser(people.leader)
    registers.end(entry, actor=people.leader, reason="子女接回")
    answer = client.post(url("care-visit", entry.pk), {"on": "", "words": "来过"})
    assert answer.status_code == 422 and "已经终止" in text(answer)
    pressed = client.post(url("care-visit", entry.pk), follow=True)
    assert pressed.status_code == 200 and "已经终止" in text(pressed)


def test_a_visit_without_a_day_is_of_today(people):
    entry = people.care()
    done = browser(people.leader).post(url("care-visit", entry.pk), {"on": "", "words": " 一切正常 ", "next": "entry"})
    assert done.url == url("care-entry", entry.pk)
    assert [(one.day, one.words) for one in entry.visits.all()] == [(timezone.localdate(), "一切正常")]


def test_whoever_may_only_read_a_register_is_offered_no_visit(people):
    entry, file = people.care(), people.file()
    CareClass.objects.filter(pk=people.solitary.pk).update(roles=["police_officer", "grid_leader"])
    police = people.county.person("police_officer", grid=people.home)
    visits = {"solitary_elderly": url("care-visit", entry.pk), "mental_disorder": url("support-visit", file.pk)}
    for code, visit in visits.items():
        read = text(browser(police).get(f"{url('care')}?class={code}"))
        assert ("老人" in read or "赵病人" in read) and visit not in read
        assert visit in text(browser(people.leader).get(f"{url('care')}?class={code}"))
        assert browser(police).post(visit).status_code == 403
