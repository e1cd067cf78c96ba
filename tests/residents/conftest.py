from tests.residents.scene import people  # noqa: F401
