"""Files to import, and a person who may import them."""

import csv
import io
from contextlib import contextmanager

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from residents.intake import service
from residents.models import ImportBatch

PEOPLE = (
    "网格编码", "小区", "楼栋号", "单元", "房号", "户号", "与户主关系", "姓名", "性别", "身份证号", "联系电话", "民族",
)  # fmt: skip


def csv_file(rows, name="people.csv", encoding="utf-8"):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return SimpleUploadedFile(name, text.getvalue().encode(encoding))


def xlsx_bytes(rows, merge=()) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    for cells in merge:
        book.active.merge_cells(cells)
    book.save(out)
    return out.getvalue()


def xlsx_file(rows, name="people.xlsx", merge=()):
    return SimpleUploadedFile(name, xlsx_bytes(rows, merge))


def read(actor, kind, file) -> ImportBatch:
    """Uploaded and read, as the job leaves it."""
    batch = service.upload(actor=actor, kind=kind, file=file)
    service.read(batch.pk)
    batch.refresh_from_db()
    return batch


def applied(actor, kind, file, without_wrong=False) -> ImportBatch:
    batch = read(actor, kind, file)
    assert batch.status == "ready", batch.problem
    service.confirm(actor=actor, batch_id=batch.pk, without_wrong=without_wrong)
    service.apply(batch.pk)
    batch.refresh_from_db()
    return batch


def faults(batch) -> list[tuple]:
    """(line, column, code) of all that is wrong."""
    from residents.intake.stage import Stage, rows

    return rows(f"SELECT line, col, code FROM {Stage(batch)('fault')} ORDER BY line, col, code")


@contextmanager
def unchanged(*models):
    before = {model: list(model.objects.order_by("pk").values()) for model in models}
    yield
    for model, rows in before.items():
        assert list(model.objects.order_by("pk").values()) == rows, model
