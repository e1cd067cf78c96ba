"""docs/privacy.md names every field of registry and field work with purpose, basis, reader, term, and none that is not."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db.models import FileField

from core.fields import EncryptedField
from residents import classes
from residents.services import retention, subject

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL))
WITHOUT = re.search(r"^## Without personal data\n(.*?)(?=^## )", TEXT, flags=re.MULTILINE | re.DOTALL)[1]
MODELS = {m.__name__: m for app in ("residents", "fieldwork") for m in apps.get_app_config(app).get_models()}
WITHOUT_PEOPLE = set(re.findall(r"`(\w+)` \(", WITHOUT))


def rows(section):
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]


def test_every_model_has_its_section_or_holds_nobody():
    assert {"CareClass", "GridCount", "QualityCount", "DataGrant"} == WITHOUT_PEOPLE
    assert set(MODELS) - WITHOUT_PEOPLE == set(SECTIONS) & set(MODELS)


@pytest.mark.parametrize("name", sorted(set(MODELS) - WITHOUT_PEOPLE))
def test_every_field_is_named_with_purpose_basis_reader_and_term(name):
    told = rows(SECTIONS[name])
    fields = [field.name for field in MODELS[name]._meta.concrete_fields if not field.primary_key]
    assert [row[0].strip("`") for row in told] == fields or {row[0].strip("`") for row in told} == set(fields)
    assert len(told) == len(fields)
    for row in told:
        assert len(row) == 5 and all(row), row


def test_what_the_list_calls_gone_is_emptied_by_an_erasure_and_nothing_else_is():
    promised = {row[0].strip("`") for row in rows(SECTIONS["Resident"]) if row[4] in ("gone", "until archived")}
    assert promised == set(subject.EMPTY)
    assert set(retention.ARCHIVED) <= promised


def test_every_encrypted_field_and_every_file_of_the_system_is_named():
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedField | FileField):
                name = (
                    f"`{field.name}`" if model.__name__ in SECTIONS else f"`{model._meta.label}.{field.name}`"
                )
                assert name in (SECTIONS.get(model.__name__) or TEXT), name


def test_nothing_is_collected_that_must_not_be():
    forbidden = re.compile(
        r"religio|faith|petition|(?:^|_)hiv|aids|disease|biometr|finger|face_|track|movement", re.IGNORECASE
    )
    names = {field.name for model in MODELS.values() for field in model._meta.get_fields()}
    own = {field["name"] for row in (*classes.CARE, *classes.STATUTORY) for field in row["fields"]}
    labels = {field["label"] for row in (*classes.CARE, *classes.STATUTORY) for field in row["fields"]}
    assert not [name for name in names | own if forbidden.search(name)]
    assert not [label for label in labels if re.search("宗教|信仰|上访|信访|艾滋|民族|指纹|人脸", label)]
    shipped = {row["code"] for row in (*classes.CARE, *classes.STATUTORY)}
    assert not [code for code in shipped if re.search("petition|hiv|aids|relig|ethnic", code)]


# Where the word may stand: the column itself, its form, its page, its import, its erasing, and the demo's people.
KNOWS_ETHNICITY = {
    "residents/models/people.py", "residents/forms/records.py", "residents/admin/records.py", "residents/admin/base.py",
    "residents/services/records.py", "residents/services/subject.py", "residents/grants.py",
    "residents/intake/columns.py", "templates/residents/resident.html", "gridcenter/demo/registry/rows.py",
    "gridcenter/demo/registry/persons.py",
}  # fmt: skip


def test_ethnicity_is_nowhere_but_on_the_person():
    """No selector, figure, filter, map, list or API speaks of it."""
    found = set()
    for folder in (
        "residents",
        "templates",
        "frontend",
        "grids",
        "events",
        "evaluation",
        "exchange",
        "gridcenter",
        "core",
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".html", ".js") and "migrations" not in path.parts:
                text = path.read_text(encoding="utf-8")
                if re.search(r"ethnicity|\bETHNICITY\b", text):
                    found.add(str(path.relative_to(ROOT)))
    assert found - {"residents/codes.py"} <= KNOWS_ETHNICITY
