from tests.residents.family import family  # noqa: F401
from tests.residents.scene import people  # noqa: F401
