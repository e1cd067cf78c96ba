"""Contact cards 民情联系卡: what a worker leaves at every door, for all workers of a territory, to be cut."""

from django.utils.translation import gettext as _

from core.errors import Invalid
from grids import names
from grids.models import Post
from papers.drawing import colours, qr
from papers.faces import CARD, Faces
from papers.models import Kind
from papers.recipes import Content, Plan, Recipe
from papers.team import WORKERS, short_duties

MOST_CARDS = 400
SHEETS_IN_A_PART = 4
# cards on a sheet: (columns, rows, width, height) in mm; A4 is 210 × 297
LAYOUTS = {"10": (2, 5, 90.0, 54.0), "8": (2, 4, 95.0, 66.0)}
A4 = (210.0, 297.0)
MARK, GAP = 5.0, 1.5  # mm: length of a cut mark, and between it and the cards


class Cards(Recipe):
    kind = Kind.CARDS
    permission = "papers.make_sign"
    most_pages = MOST_CARDS // 8 + 1

    def plan(self, user, options):
        grid = self.permit(user, options)
        posts = Post.objects.visible_to(user).on().filter(
            role__in=WORKERS, grid__path__startswith=grid.path, user__is_active=True
        )  # fmt: skip
        count = posts.count()
        if not count:
            raise Invalid(fields={"grid": [_("No grid worker holds a post here today.")]})
        if count > MOST_CARDS:
            words = _("%(count)s cards are too many for one paper, at most %(most)s: choose a smaller territory.")
            raise Invalid(fields={"grid": [words % {"count": count, "most": MOST_CARDS}]})
        qr.resident_address(grid)
        on_sheet = int(options.get("on_sheet") or 10)
        parts = -(-count // (on_sheet * SHEETS_IN_A_PART))
        return Plan(grid, _("Contact cards %(grid)s") % {"grid": grid.name}, parts, posts)

    def content(self, order):
        columns, rows, width, height = LAYOUTS.get(order.options.get("on_sheet"), LAYOUTS["10"])
        posts = order.plan.subject.select_related("user__portrait", "grid").defer("grid__boundary")
        posts = list(posts.order_by("grid__path", "role", "pk"))
        sheets = [posts[at : at + columns * rows] for at in range(0, len(posts), columns * rows)]
        left, top = (A4[0] - columns * width) / 2, (A4[1] - rows * height) / 2
        frame = {
            "width": width, "height": height, "marks": marks(left, top, columns, rows, width, height), "a4": A4,
            "duties": short_duties(), "small": height < 60,
        }  # fmt: skip
        spots = [(left + width * (at % columns), top + height * (at // columns)) for at in range(columns * rows)]
        faces = Faces(CARD)

        def placed(sheet):  # the last sheet may be half empty
            return [(spot, _card(post, faces)) for spot, post in zip(spots, sheet, strict=False)]

        pages = (
            order.page("cards", sheets=[placed(sheet) for sheet in sheets[at : at + SHEETS_IN_A_PART]], **frame)
            for at in range(0, len(sheets), SHEETS_IN_A_PART)
        )
        return Content(pages, faces.picture)


def _card(post, faces) -> dict:
    held = getattr(post.user, "portrait", None)
    known = names.current().grids
    above = [known[pk]["name"] for pk in post.grid.ancestor_ids[-3:-1] if pk in known]
    address = qr.resident_address(post.grid)
    return {
        "name": post.user.name or post.user.username, "phone": post.user.phone, "role": post.get_role_display(),
        "grid": post.grid, "above": " ".join(above), "deep": colours.deep(post.grid.colour), "address": address,
        "code": qr.svg(address), "pale": colours.pale(post.grid.colour, 0.16),
        "photo": faces.address(held and held.file.name),
    }  # fmt: skip


def marks(left, top, columns, rows, width, height) -> list[tuple[float, float, float, float]]:
    """Cut marks (x1, y1, x2, y2 in mm) in the margins, at every edge of a card and on none of them."""
    right, bottom = left + columns * width, top + rows * height
    made = []
    for x in (left + width * at for at in range(columns + 1)):
        made += [(x, top - GAP - MARK, x, top - GAP), (x, bottom + GAP, x, bottom + GAP + MARK)]
    for y in (top + height * at for at in range(rows + 1)):
        made += [(left - GAP - MARK, y, left - GAP, y), (right + GAP, y, right + GAP + MARK, y)]
    return made
