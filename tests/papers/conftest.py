from tests.papers.scene import village

__all__ = ["village"]
