"""Files to import, and how a refusal is read."""

import csv
import io

import pytest
from django.utils import timezone
from openpyxl import Workbook

from core.errors import Invalid

LILING = "430281000000"
TODAY = timezone.localdate()


WEST = "430281001001001", "430281001001002"


def table(*rows, name="table.csv", encoding="utf-8"):
    """An open CSV file of these rows."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    file = io.BytesIO(text.getvalue().encode(encoding))
    file.name = name
    return file


def workbook(*rows, name="table.xlsx"):
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    file.seek(0)
    file.name = name
    return file


def said(do, *keys):
    """`do()` is refused as Invalid, about exactly these places; all its sentences."""
    with pytest.raises(Invalid) as caught:
        do()
    assert sorted(caught.value.fields) == sorted(keys)
    return "\n".join(sentence for said in caught.value.fields.values() for sentence in said)


HEADING = ("工号", "姓名", "用户名", "手机", "身份证号", "角色", "网格/单位编码", "起", "止")
GOOD_ID = "11010519491231002X"


def roll(*rows, **more):
    return table(HEADING, *rows, **more)


def one(**more):
    """One good row, with `more` in place of its cells."""
    cells = {
        "number": "G001",
        "name": "张三",
        "username": "zhangsan",
        "phone": "13812348000",
        "id": GOOD_ID,
        "role": "专职网格员",
        "place": WEST[0],
        "since": "2026-01-01",
        "until": "",
    }
    return tuple({**cells, **more}.values())
