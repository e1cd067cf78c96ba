"""The registry in the admin: records, care registers, grants to departments. Nothing is unmasked by the back door."""

from residents.admin import care, grants, records

__all__ = ["care", "grants", "records"]
