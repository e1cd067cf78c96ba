"""Classes of care and their own fields are data: each is called in the reader's language."""

import pytest
from django.utils import translation

from core.errors import Invalid
from residents import classes, schema
from residents.models import CareClass
from tests.residents.factories import CareClassFactory

pytestmark = pytest.mark.django_db


def test_every_shipped_class_field_and_choice_has_english_words():
    classes.load(CareClass)
    with translation.override("en"):
        told = [str(one) for one in CareClass.objects.all()]
        for one in CareClass.objects.all():
            told += [one.what_for, one.basis]
            for field in one.fields:
                told += [schema.label(field), *(schema.words(field, choice) for choice in field["choices"])]
    assert len(told) > 100 and all(word.isascii() for word in told)


def test_the_form_shows_the_words_and_keeps_the_value():
    classes.load(CareClass)
    fields = CareClass.objects.get(code="disabled").fields
    for language, words in (("en", ("Kind of disability", "sight")), ("zh-hans", ("残疾类别", "视力"))):
        with translation.override(language):
            asked = schema.form_fields(fields)["own_type"]
            assert (asked.label, dict(asked.choices)["视力"]) == words
            assert schema.cleaned(fields, {"type": "视力", "grade": "一级"}) == {"type": "视力", "grade": "一级"}


def test_a_class_of_ones_own_without_english_stays_chinese():
    field = {"name": "need", "label": "所需", "kind": "text", "required": False, "choices": []}
    mine = CareClassFactory(name="失独家庭", fields=[field])
    with translation.override("en"):
        assert (str(mine), schema.label(mine.fields[0])) == ("失独家庭", "所需")


def test_english_choices_must_match_the_chinese_ones():
    field = {"name": "kind", "label": "类别", "kind": "choice", "choices": ["甲", "乙"], "choices_en": ["first"]}
    with pytest.raises(Invalid):
        schema.checked([field])
    assert schema.checked([field | {"choices_en": ["first", "second"]}])[0]["choices_en"] == ["first", "second"]
