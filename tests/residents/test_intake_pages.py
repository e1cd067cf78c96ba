"""The pages of an import: refusals in plain words, scope, queries that do not grow, decisions, what strangers get."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import load_workbook

from residents import tasks
from residents.intake import progress, service, sheets, write
from residents.intake.cleaner import Cleaner, Order
from residents.intake.columns import columns
from residents.models import ImportBatch, Resident
from tests.residents.intake_scene import PEOPLE, csv_file, read, xlsx_file
from tests.residents.test_intake import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(client, county, monkeypatch):
    """The operator's browser; jobs run where they are asked for."""
    for task in (tasks.read_import, tasks.apply_import, tasks.undo_import):
        monkeypatch.setattr(task, "delay", task)
    client.force_login(county.operator)
    return client


def url(name, *args):
    return reverse(f"residents:{name}", args=args)


def upload(visitor, file, kind="people"):
    return visitor.post(url("imports"), {"kind": kind, "file": file})


def test_upload_preview_apply_undo(visitor, county):
    grid = county.west.grids[0]
    answer = upload(visitor, csv_file([PEOPLE, person(grid)]))
    batch = ImportBatch.objects.get()
    assert answer.headers["Location"] == url("import", batch.pk)
    text = visitor.get(answer.headers["Location"]).content.decode()
    assert 'data-status="ready"' in text and "刘珍珍" in text and "120****2222" not in text
    visitor.post(url("import-confirm", batch.pk))
    assert Resident.objects.get().name == "刘珍珍"
    assert 'data-status="applied"' in visitor.get(url("import", batch.pk)).content.decode()
    visitor.post(url("import-undo", batch.pk))
    assert not Resident.objects.exists()
    assert 'data-status="undone"' in visitor.get(url("import", batch.pk)).content.decode()


def test_a_wrong_file_is_refused_in_plain_words(visitor, county):
    for file, words in (
        (SimpleUploadedFile("a.xlsx", b"PK\x03\x04nonsense"), "这不是 Excel 文件"),
        (SimpleUploadedFile("a.xls", sheets.OLE + b"\0" * 600), "旧版 Excel"),
        (SimpleUploadedFile("a.xlsx", sheets.OLE + sheets.ENCRYPTED_PACKAGE), "密码"),
        (SimpleUploadedFile("a.csv", b""), "空"),
    ):
        answer = upload(visitor, file)
        assert answer.status_code == 422 and words in answer.content.decode(), words
    assert upload(visitor, csv_file([PEOPLE]), kind="nonsense").status_code == 422
    assert visitor.post(url("imports"), {"kind": "people"}).status_code == 422
    assert not ImportBatch.objects.exists()


def test_a_huge_file_is_refused_by_its_length(visitor):
    answer = visitor.post(url("imports"), {"kind": "people"}, CONTENT_LENGTH=str(2 * 1024**3))
    assert answer.status_code == 413
    assert "120 MB" in answer.content.decode()


def test_an_upload_needs_its_token(county):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(county.operator)
    assert strict.post(url("imports"), {"kind": "people", "file": csv_file([PEOPLE])}).status_code == 403


@pytest.mark.parametrize("tab", ["wrong", "doubt", "changed", "new"])
@pytest.mark.parametrize("count", [1, 30])
def test_a_preview_costs_the_same_for_one_row_and_many(visitor, county, tab, count, django_assert_max_num_queries):
    grid = county.west.grids[0]
    known = [person(grid, f"王{n}", household="") for n in range(count)]
    service_rows = [PEOPLE, *known]
    batch = read(county.operator, "people", csv_file(service_rows))
    service.confirm(actor=county.operator, batch_id=batch.pk)
    service.apply(batch.pk)
    changed = [[*row[:10], "12099998888", *row[11:]] for row in known]
    doubtful = [person(grid, f"王{n}", number=row[9][:6] + row[9][6:], household="") for n, row in enumerate(known)]
    for row in doubtful:
        row[9] = ""
    wrong = [person(grid, phone="1") for _n in range(count)]
    fresh = [person(grid, f"新{n}", household="", phone="") for n in range(count)]
    batch = read(county.operator, "people", csv_file([PEOPLE, *changed, *wrong, *fresh]))
    with django_assert_max_num_queries(14):
        assert visitor.get(url("import", batch.pk), {"tab": tab}).status_code == 200


def test_everybody_else_gets_nothing(client, visitor, county):
    batch = read(county.operator, "people", csv_file([PEOPLE, person(county.west.grids[0])]))
    gets = [url("import", batch.pk), url("import-mistakes", batch.pk)]
    posts = [url(f"import-{name}", batch.pk) for name in ("confirm", "decide", "again", "undo", "discard")]
    for user, status in ((county.operator_east, 404), (county.worker, 403), (county.stranger, 403)):
        client.force_login(user)
        for address in gets:
            assert client.get(address).status_code == status, address
        for address in posts:
            assert client.post(address, {"ref": "2", "choice": "same"}).status_code == status, address
    assert ImportBatch.objects.get().status == "ready"


@pytest.mark.parametrize("kind", ["people", "building", "dwelling", "household", "resident", "organisation", "place"])
def test_each_template_is_read_back(visitor, county, kind):
    answer = visitor.get(url("import-template", kind))
    content = b"".join(answer.streaming_content)
    book = load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["数据", "代码表"]
    upload(visitor, SimpleUploadedFile("t.xlsx", content), kind)
    assert ImportBatch.objects.get().problem == {"code": "no_rows"}  # the example is not read


def test_all_mistakes_as_a_file(visitor, county):
    grid = county.west.grids[0]
    upload(visitor, xlsx_file([PEOPLE, person(grid, phone="110"), person(grid, number="430281198503041234")]))
    answer = visitor.get(url("import-mistakes", ImportBatch.objects.get().pk))
    text = b"".join(answer.streaming_content).decode()
    assert text.splitlines()[1:] == [
        "2,K,联系电话,***,应为 11 位手机号，或带区号的固定电话。",
        "3,J,身份证号,430281********1234,末位校验码不符：有字符输入错误。",
    ]


def test_a_queue_that_does_not_answer_is_said(client, county, monkeypatch):
    def gone(_pk):
        raise ConnectionError

    monkeypatch.setattr(tasks.read_import, "delay", gone)
    client.force_login(county.operator)
    answer = client.post(url("imports"), {"kind": "people", "file": csv_file([PEOPLE])}, follow=True)
    assert "任务队列没有响应" in answer.content.decode()
    assert ImportBatch.objects.get().status == "waiting"


def test_the_bar_says_how_much_is_written_while_it_is_written(visitor, county, monkeypatch):
    """Looked at from the page between two statements, in a transaction that nobody else can see into."""
    monkeypatch.setattr(write, "INSERTED_AT_ONCE", 1)
    grid, seen = county.west.grids[0], []
    rows = [PEOPLE, *(person(grid, f"人{number}", door=f"50{number}", household=f"H{number}") for number in range(3))]
    batch = read(county.operator, "people", csv_file(rows))
    service.confirm(actor=county.operator, batch_id=batch.pk)
    step = write.Progress.step

    def looked_at(self, *args):
        step(self, *args)
        seen.append((progress.told(batch.pk)[0], visitor.get(url("import", batch.pk)).content.decode()))

    monkeypatch.setattr(write.Progress, "step", looked_at)
    assert service.apply(batch.pk) == "applied"
    shares = [share for share, _page in seen]
    assert shares == sorted(shares) and shares[0] < 10 and shares[-1] >= 90 and len(set(shares)) > 8
    assert all(f'max="100" value="{share}"' in page for share, page in seen)
    assert progress.told(batch.pk) is None
    assert "import-progress" not in visitor.get(url("import", batch.pk)).content.decode()


@pytest.mark.parametrize("kind", ["people", "building", "dwelling", "household", "resident", "organisation", "place"])
def test_the_example_of_each_template_is_right(kind):
    """Without the word that says it is an example it would be taken as it stands."""
    listed = columns(kind)
    order = Order(kind, {place: one.name for place, one in enumerate(listed)}, {"430281001001001": 1})
    rows, faults = Cleaner(order).clean([(3, [one.example for one in listed])])
    assert (len(rows), faults) == (1, [])


def test_a_refused_file_is_not_answered_like_a_request(visitor, county):
    upload(visitor, SimpleUploadedFile("t.xlsx", b"no workbook"))
    batch = ImportBatch.objects.get()
    assert (batch.status, batch.get_status_display()) == ("refused", "未通过")
