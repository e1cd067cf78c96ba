from grids.models.grid import Grid, LevelName
from grids.models.outline import Anchor, Outline, OutlineStamp
from grids.models.post import Post
from grids.models.unit import DepartmentKind, Unit

__all__ = ["Anchor", "DepartmentKind", "Grid", "LevelName", "Outline", "OutlineStamp", "Post", "Unit"]
