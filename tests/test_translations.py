"""Every string of the interface has its Chinese: makemessages in a copy finds nothing new, nothing doubtful."""

import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import translation

from core.admin_words import SAID_OTHERWISE
from events.models.standard import LimitUnit
from events.workflow import Status

ENGLISH = settings.BASE_DIR / "locale" / "en" / "LC_MESSAGES" / "django.po"
PO = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
MIN_LENGTH = tuple(
    f"Your password must contain at least %(min_length)d {word}." for word in ("character", "characters")
)
LEFT_OUT = shutil.ignore_patterns(".*", "node_modules", "var", "static", "__pycache__", "*.pyc", "tests", "bench", "*.mo")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """The catalogue as makemessages would write it now."""
    if shutil.which("xgettext") is None:
        pytest.skip("gettext is not installed")
    copy = tmp_path_factory.mktemp("source") / "copy"
    shutil.copytree(settings.BASE_DIR, copy, ignore=LEFT_OUT)
    command = [sys.executable, "manage.py", "makemessages", "-l", "zh_Hans", "--no-location", "--no-wrap"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env=_environment(copy), check=False)
    assert done.returncode == 0, done.stderr
    return copy / PO.relative_to(settings.BASE_DIR)


def _environment(copy):
    return {"PATH": os.environ["PATH"], "GRIDCENTER_MODE": "demo", "DATA_DIR": str(copy / "var"), "LC_ALL": "C.UTF-8"}


def _msgids(path, *options):
    command = ["msgattrib", "--no-obsolete", "--no-wrap", *options, path]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in re.findall(r'^msgid "(.*)"$', found.stdout, re.MULTILINE) if line]


def test_no_string_is_without_chinese(fresh):
    assert _msgids(fresh, "--untranslated") == []


def test_no_translation_is_a_guess(fresh):
    assert _msgids(fresh, "--only-fuzzy") == []


def test_placeholders_agree_and_the_file_compiles(tmp_path):
    command = ["msgfmt", "--check-format", "--check-domain", "-o", tmp_path / "django.mo", PO]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_chinese_stands_in_english_order(fresh):
    """A msgid may carry the field's term behind the English ("Register 立案"); the Chinese is the term alone."""
    text = PO.read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid "([A-Za-z][A-Za-z ,()-]* [一-鿿]+)"\nmsgstr "([^"]*)"$', text, re.MULTILINE)
    assert len(pairs) > 60
    assert [pair for pair in pairs if re.search(r"[A-Za-z]", pair[1])] == []


def test_readers_of_english_see_no_chinese_term():
    """Each msgid with a term behind it has its English alone in the English catalogue, which has nothing else."""
    carried = re.compile(r'^msgid "([A-Za-z][A-Za-z ,()-]*) ([一-鿿]+)(: .*)?"$', re.MULTILINE)
    catalogue = ENGLISH.read_text(encoding="utf-8")
    assert set(carried.findall(catalogue)) == set(carried.findall(PO.read_text(encoding="utf-8")))
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', catalogue, re.MULTILINE)
    assert [(ours, theirs) for ours, theirs in pairs if re.sub(r" [一-鿿]+", "", ours, count=1) != theirs] == []
    with translation.override("en"):
        assert str(Status.REPORTED.label) == "Awaiting registration"


def test_an_amount_of_time_is_said_as_people_say_it():
    with translation.override("en"):
        assert LimitUnit.WORK_DAY.words("1.00") == "1 working day"
        assert LimitUnit.URGENT_HOUR.words(Decimal("0.50")) == "0.5 urgent hours"
        assert LimitUnit.NATURAL_DAY.words(Decimal("30.00")) == "30 calendar days"
    with translation.override("zh-hans"):
        assert LimitUnit.WORK_HOUR.words("4.00") == "4 个工作时"


def test_people_are_addressed_alike_in_words_that_come_with_django():
    with translation.override("zh-hans"):
        said = [translation.gettext(str(words)) for words in SAID_OTHERWISE]
        short = translation.ngettext(*MIN_LENGTH, 10) % {"min_length": 10}
    assert [words for words in (*said, short) if "你" in words] == []
    assert short == "您的密码必须包含至少 10 个字符。"


def test_the_words_of_the_field_are_right():
    with translation.override("zh-hans"):
        assert [str(status.label) for status in Status] == [
            "待立案", "待派遣", "待签收", "处置中", "待核查", "已结案", "已评价", "不予立案", "并案", "作废", "挂账",
        ]  # fmt: skip
