from fieldwork.models.patrol import Patrol

__all__ = ["Patrol"]
