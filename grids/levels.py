"""What the levels of the grid tree are called. That is data (LevelName); the names that ship are known in English, too."""

from django.utils.translation import pgettext_lazy

from grids.models import LevelName

SHIPPED = {
    "市": pgettext_lazy("level of grids", "City"),
    "县市区": pgettext_lazy("level of grids", "County"),
    "区": pgettext_lazy("level of grids", "District"),
    "县区": pgettext_lazy("level of grids", "County or district"),
    "片区": pgettext_lazy("level of grids", "Area"),
    "镇街": pgettext_lazy("level of grids", "Town or street"),
    "村社区": pgettext_lazy("level of grids", "Village or community"),
    "网格": pgettext_lazy("level of grids", "Grid"),
}


def name_of(level: int) -> str:
    """In the reader's language if it is a name that ships, else as written; "" for a level without a name. One query."""
    name = LevelName.objects.filter(level=level).values_list("name", flat=True).first() or ""
    return str(SHIPPED.get(name, name))
