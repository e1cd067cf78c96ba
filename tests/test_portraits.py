"""Photos of grid workers: brought, cut, shown to whom, printed, and gone when they should be."""

import io
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image, PngImagePlugin

from accounts import faces, portraits
from accounts.models import Portrait, User
from events.services import retention
from grids.models import Post
from papers import faces as printed
from papers.drawing import qr
from tests.admin.scene import administrator, browser, errors, inline, person_data, url
from tests.factories import PostFactory, UserFactory
from tests.pages import text_of, visit
from tests.papers.scene import read, village
from tests.papers.test_signs import options

__all__ = ["village"]

ENGLISH = {"accept-language": "en"}
RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(colour=RED, size=(900, 1200), form="JPEG", **more) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form, **more)
    return out.getvalue()


def upload(content=None, name="me.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content, "image/jpeg")


def give(user, colour=RED) -> Portrait:
    portraits.keep(user=user, portrait=faces.cut(upload(picture(colour))))
    return Portrait.objects.get(user=user)


def files() -> list[str]:
    root = Path(settings.MEDIA_ROOT) / faces.FOLDER
    return sorted(str(one.relative_to(settings.MEDIA_ROOT)) for one in root.rglob("*") if one.is_file())


def photo_of(person) -> str:
    return reverse("grids:photo", args=[person.pk])


def colours(paper) -> set[str]:
    """red or blue: what each picture on the paper mostly is."""
    found = set()
    for page in read(paper).pages:
        for image in page.images:
            red, _green, blue = image.image.convert("RGB").resize((1, 1)).getpixel((0, 0))
            found.add("red" if red > blue else "blue")
    return found


# --- Cut ----------------------------------------------------------------------------------------------------------


def spoken(content) -> str:
    with pytest.raises(faces.Unfit) as told:
        faces.cut(upload(content))
    return str(told.value)


def test_a_picture_is_cut_upright_and_says_nothing_of_where_it_was_taken():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    exif[0x010F] = "A phone"
    exif.get_ifd(0x8825).update({1: "N", 2: (27.0, 39.0, 0.0), 3: "E", 4: (113.0, 29.0, 0.0)})
    image = Image.new("RGB", (1200, 900), RED)
    image.paste(BLUE, (0, 0, 600, 900))  # on its left: the top, once it stands upright
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"home of somebody", xmp=b"<x>xmp of somebody</x>", quality=95)
    assert b"somebody" in out.getvalue() and Image.open(io.BytesIO(out.getvalue())).getexif().get_ifd(0x8825)
    made = faces.cut(upload(out.getvalue())).read()
    with Image.open(io.BytesIO(made)) as cut:
        assert (cut.size, cut.format, dict(cut.getexif()), cut.getexif().get_ifd(0x8825)) == (
            (500, 700),
            "JPEG",
            {},
            {},
        )
        assert "exif" not in cut.info and "comment" not in cut.info and "xmp" not in cut.info
        top, bottom = cut.getpixel((250, 40)), cut.getpixel((250, 660))
    assert top[2] > 150 > top[0] and bottom[0] > 150 > bottom[2]
    assert b"somebody" not in made and b"A phone" not in made


def test_words_in_a_png_are_left_out_and_what_was_cut_out_stands_on_white():
    said = PngImagePlugin.PngInfo()
    said.add_text("Author", "somebody")
    out = io.BytesIO()
    Image.new("RGBA", (600, 800), (0, 0, 0, 0)).save(out, "PNG", pnginfo=said)
    made = faces.cut(upload(out.getvalue())).read()
    assert Image.open(io.BytesIO(made)).getpixel((250, 350)) == (255, 255, 255) and b"somebody" not in made


def test_what_is_wrong_with_a_file_is_said_in_words(monkeypatch):
    whole = "应为完整的 JPEG、PNG 或 WebP 图片。"
    for content in (b"not a picture", b"", picture()[:-4000], picture(form="PNG")[:-40], picture(form="GIF")):
        assert spoken(content) == whole
    assert spoken(picture(size=(199, 600))) == "图片太小，印出来会模糊：宽和高都至少要 200 像素。"
    monkeypatch.setattr(faces, "MOST_UNPACKED", 900 * 1200 - 1)
    assert spoken(picture(form="PNG")) == "图片像素过大。"
    assert faces.cut(upload()).size > 0  # a JPEG is not unpacked whole
    monkeypatch.setattr(faces, "MOST_BYTES", 100)
    assert spoken(picture()) == "图片大于 10 MB。"


# --- Kept, replaced, removed --------------------------------------------------------------------------------------


def test_the_file_of_another_photo_goes_when_the_new_one_is_committed(
    county, django_capture_on_commit_callbacks
):
    first = give(county.worker)
    assert files() == [first.file.name]
    with django_capture_on_commit_callbacks(execute=True):
        second = give(county.worker, BLUE)
        assert files() == sorted([first.file.name, second.file.name])
    assert files() == [second.file.name] and Portrait.objects.count() == 1 and first.version != second.version
    assert county.worker.username not in second.file.name
    with django_capture_on_commit_callbacks(execute=True):
        assert portraits.remove(user=county.worker) is True
    assert files() == [] and not Portrait.objects.exists()
    assert portraits.remove(user=county.worker) is False


def test_a_photo_that_cannot_be_written_down_leaves_no_file_and_the_one_before(county, monkeypatch):
    held = give(county.worker)

    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(Portrait, "save", full)
    with pytest.raises(OSError, match="no space left"):
        portraits.keep(user=county.worker, portrait=faces.cut(upload(picture(BLUE))))
    assert files() == [held.file.name] and Portrait.objects.get(user=county.worker).file == held.file


def test_the_photo_of_somebody_who_is_deleted_goes_with_them(db, django_capture_on_commit_callbacks):
    somebody = UserFactory()
    give(somebody)
    with django_capture_on_commit_callbacks(execute=True):
        somebody.delete()
    assert files() == [] and not Portrait.objects.exists()


def test_the_night_removes_photos_of_closed_accounts_and_files_that_nobody_names(
    county, django_capture_on_commit_callbacks
):
    kept = give(county.worker)
    give(county.worker_next)
    User.objects.filter(pk=county.worker_next.pk).update(is_active=False)
    lost = kept.file.storage.save(faces.place(None, ""), ContentFile(b"killed meanwhile"))
    assert retention.run(dry_run=True).photos == 1 and len(files()) == 3
    later = timezone.now() + portraits.SETTLES + timedelta(minutes=1)
    with django_capture_on_commit_callbacks(execute=True):
        assert (
            portraits.remove_left() == 1
        )  # what lies there since a moment may be somebody's who is storing it
    assert files() == sorted([kept.file.name, lost])
    assert portraits.remove_left(now=later) == 1 and files() == [kept.file.name]
    assert portraits.remove_left(now=later) == 0


# --- In the admin -------------------------------------------------------------------------------------------------


def form_of(person, **more):
    return person_data(username=person.username, name=person.name, is_active="on", **inline(), **more)


def test_an_administrator_brings_replaces_and_removes_the_photo_of_their_people(
    county, django_capture_on_commit_callbacks
):
    client, worker = browser(administrator(county.west.town)), county.worker
    page, address = url(User, "change", worker.pk), reverse("admin:accounts_user_photo", args=[worker.pk])
    assert client.get(address).status_code == 404 and address not in client.get(page).content.decode()
    assert client.post(page, form_of(worker, new_photo=upload())).status_code == 302
    first = Portrait.objects.get(user=worker)
    assert f"{address}?{first.version}" in client.get(page).content.decode()
    answer = client.get(address)
    assert answer["Content-Type"] == "image/jpeg" and b"".join(answer.streaming_content) == first.file.read()
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page, form_of(worker)).status_code == 302  # nothing given: stays as it is
        assert Portrait.objects.get(user=worker).file == first.file
        assert client.post(page, form_of(worker, new_photo=upload(picture(BLUE)))).status_code == 302
    second = Portrait.objects.get(user=worker)
    assert files() == [second.file.name] != [first.file.name]
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(page, form_of(worker, remove_photo="on")).status_code == 302
    assert files() == [] and client.get(address).status_code == 404


def test_a_file_that_will_not_do_comes_back_in_words_and_nothing_is_changed(county):
    client, worker = browser(administrator(county.west.town)), county.worker
    page = url(User, "change", worker.pk)
    given = {**form_of(worker, new_photo=upload(b"a letter", "letter.jpg")), "name": "改名"}
    assert errors(client.post(page, given, headers={"accept-language": "zh-hans"})) == {
        "new_photo": ["应为完整的 JPEG、PNG 或 WebP 图片。"]
    }
    found = errors(client.post(page, {**form_of(worker, new_photo=upload()), "kind": "machine"}, headers=ENGLISH))
    assert found == {"new_photo": ["A department's system has no face."]}
    assert files() == [] and User.objects.get(pk=worker.pk).name != "改名"


def test_deactivating_an_account_removes_its_photo(county, django_capture_on_commit_callbacks):
    give(county.worker)
    client = browser(administrator(county.west.town))
    data = form_of(county.worker)
    data.pop("is_active")
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(url(User, "change", county.worker.pk), data).status_code == 302
    assert not User.objects.get(pk=county.worker.pk).is_active and files() == []


def test_a_new_person_may_come_with_a_photo(county):
    from tests.admin.scene import NEW_PASSWORD, worker_post

    client = browser(administrator(county.west.town))
    data = person_data(**NEW_PASSWORD, **inline(worker_post(county.west.grids[0])), new_photo=upload())
    assert client.post(url(User, "add"), data).status_code == 302
    assert files() == [User.objects.get(username="new").portrait.file.name]


def test_who_may_not_change_the_person_changes_no_photo(county):
    """An administrator of another street sees nothing; of somebody with a post above, what they see stays as it is."""
    worker, held = county.worker, give(county.worker)
    east = browser(administrator(county.east.town))
    assert east.get(reverse("admin:accounts_user_photo", args=[worker.pk])).status_code == 404
    assert east.post(url(User, "change", worker.pk), form_of(worker, remove_photo="on")).status_code == 302
    PostFactory(user=worker, role="inspector", grid=county.root)
    west = browser(administrator(county.west.town))
    assert west.get(reverse("admin:accounts_user_photo", args=[worker.pk])).status_code == 200
    for given in ({"remove_photo": "on"}, {"new_photo": upload(picture(BLUE))}):
        assert west.post(url(User, "change", worker.pk), form_of(worker, **given)).status_code == 403
    assert Portrait.objects.get(user=worker).file == held.file and files() == [held.file.name]


# --- By oneself ---------------------------------------------------------------------------------------------------


def test_a_worker_brings_and_takes_back_their_own(county, django_capture_on_commit_callbacks):
    client = visit(county.worker)
    assert "My photo" in text_of(client.get("/me/")) and "Remove the photo" not in text_of(client.get("/me/"))
    answer = client.post("/me/photo/", {"photo": upload()}, follow=True)
    held = Portrait.objects.get(user=county.worker)
    assert "Your photo has been saved." in text_of(answer) and "Remove the photo" in text_of(answer)
    assert f"{photo_of(county.worker)}?{held.version}" in answer.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/me/photo/", {"remove": "on"}, follow=True)
    assert "Your photo has been removed." in text_of(answer) and files() == []


def test_what_is_wrong_is_said_on_the_page_where_the_password_form_stays_quiet(county):
    client = visit(county.worker)
    for given, words in (
        ({"photo": upload(b"a letter")}, "Expected a whole JPEG, PNG or WebP picture."),
        ({}, "Choose a picture first."),
    ):
        answer = client.post("/me/photo/", given)
        assert answer.status_code == 422 and words in text_of(answer)
        assert answer.context["form"].is_bound is False
    assert files() == []


def test_no_photo_is_taken_of_who_is_no_grid_worker_and_one_that_is_left_may_be_taken_back(county):
    client = visit(county.operator)
    assert "My photo" not in text_of(client.get("/me/"))
    answer = client.post("/me/photo/", {"photo": upload()})
    assert answer.status_code == 422 and files() == []
    assert answer.context["photo_form"].errors == {
        "photo": ["Photos are kept of those only who are grid workers today."]
    }
    give(county.operator)
    assert "Remove the photo" in text_of(client.get("/me/")) and "Save the photo" not in text_of(
        client.get("/me/")
    )
    assert client.post("/me/photo/", {"remove": "on"}).status_code == 302 and not Portrait.objects.exists()


# --- Who sees it --------------------------------------------------------------------------------------------------


def test_a_photo_is_shown_to_who_sees_the_post_and_to_nobody_else(county):
    worker, held = county.worker, give(county.worker)
    for seer in (worker, county.operator, county.operator_top, county.staff):
        answer = visit(seer).get(photo_of(worker))
        assert answer.status_code == 200 and b"".join(answer.streaming_content) == held.file.read()
        assert answer["Cache-Control"] == "private, max-age=3600"
        held.file.seek(0)
    for outsider in (county.worker_east, county.operator_east, county.stranger):
        assert visit(outsider).get(photo_of(worker)).status_code == 404
    assert visit().get(photo_of(worker)).status_code == 302
    assert visit(county.operator).get(photo_of(county.worker_next)).status_code == 404  # there is none
    for name in (
        f"/media-is-served-by-views-only/{held.file.name}",
        f"/media/{held.file.name}",
        f"/{held.file.name}",
    ):
        assert visit(county.operator_top).get(name).status_code == 404
    User.objects.filter(pk=worker.pk).update(is_active=False)  # by whatever way: the night removes it
    assert visit(county.operator).get(photo_of(worker)).status_code == 404
    User.objects.filter(pk=worker.pk).update(is_active=True)
    Post.objects.filter(user=worker).update(until=timezone.localdate())
    assert visit(county.operator).get(photo_of(worker)).status_code == 404
    assert visit(worker).get(photo_of(worker)).status_code == 200  # one's own, as long as it is kept


def test_a_row_whose_file_is_gone_is_a_404(county):
    held = give(county.worker)
    held.file.storage.delete(held.file.name)
    assert visit(county.operator).get(photo_of(county.worker)).status_code == 404


@pytest.mark.parametrize("page", ["grids:detail", "map:about"])
def test_the_team_of_a_grid_is_shown_with_its_photos_in_as_many_queries(
    county, page, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, address = visit(county.operator), reverse(page, args=[county.west.grids[0].pk])
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        html = client.get(address).content.decode()
    assert photo_of(county.worker) not in html
    for _number in range(3):
        give(county.person("worker_part", grid=county.west.grids[0]))
    held = give(county.worker)
    with django_assert_num_queries(len(before)):
        html = client.get(address).content.decode()
    assert (
        f'src="{photo_of(county.worker)}?{held.version}"' in html and html.count('class="person-photo"') == 4
    )


# --- On paper -----------------------------------------------------------------------------------------------------


def test_cards_carry_the_photo_that_the_administrator_has_brought(village):
    worker = village.county.worker
    client = browser(administrator(village.county.west.town))
    assert client.post(url(User, "change", worker.pk), form_of(worker, new_photo=upload())).status_code == 302
    paper = village.make("cards", village.top, grid=village.county.west.town.pk, on_sheet="10")
    (page,) = read(paper).pages
    (image,) = page.images  # the other worker has none: a drawing stands there
    assert image.image.size == printed.CARD and colours(paper) == {"red"}
    assert (
        client.post(
            url(User, "change", worker.pk), form_of(worker, new_photo=upload(picture(BLUE)))
        ).status_code
        == 302
    )
    assert colours(village.make("cards", village.top, grid=village.county.west.town.pk)) == {"blue"}
    assert client.post(url(User, "change", worker.pk), form_of(worker, remove_photo="on")).status_code == 302
    assert colours(village.make("cards", village.top, grid=village.county.west.town.pk)) == set()


@pytest.mark.parametrize("turn", ["portrait", "landscape"])
def test_a_sign_carries_the_photos_of_its_workers_and_a_frame_for_who_has_none(village, turn):
    other = village.county.person("worker_part", grid=village.grid)
    give(village.county.worker)
    give(village.leader, BLUE)  # stands in the table below, without a picture
    paper = village.make("sign", **options(village.grid, turn=turn))
    assert colours(paper) == {"red"} and sum(len(page.images) for page in read(paper).pages) == 1
    assert read(paper).pages[0].extract_text().count("照片") == 1
    give(other)
    paper = village.make("sign", **options(village.grid, turn=turn))
    assert (
        sum(len(page.images) for page in read(paper).pages) == 2
        and "照片" not in read(paper).pages[0].extract_text()
    )


def test_a_photo_that_cannot_be_read_is_left_out_of_a_paper_that_is_made_all_the_same(village, caplog):
    held = give(village.county.worker)
    whole = held.file.read()
    path = Path(held.file.path)
    path.write_bytes(whole[:-2000])
    with caplog.at_level(logging.WARNING, logger="papers.faces"):
        paper = village.make("cards", village.top, grid=village.county.west.town.pk)
    assert colours(paper) == set() and held.file.name in caplog.text
    path.unlink()
    assert colours(village.make("sign", **options(village.grid))) == set()


def test_the_code_of_a_card_stays_large_enough_to_be_read(settings):
    settings.PUBLIC_URL = "https://wangge.liling.gov.cn"
    modules = int(
        qr.svg("https://wangge.liling.gov.cn/g/430281001001001/").split('viewBox="0 0 ')[1].split()[0]
    )
    assert 27 / modules > 0.5  # mm each, on the smaller card
