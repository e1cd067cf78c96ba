from grids.models.grid import Grid, LevelName
from grids.models.post import Post
from grids.models.unit import DepartmentKind, Unit

__all__ = ["DepartmentKind", "Grid", "LevelName", "Post", "Unit"]
