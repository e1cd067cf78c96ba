from django.db import models

from core import ciphers


class EncryptedField(models.TextField):
    """Text that is clear in Python and encrypted in the database; it can be neither filtered nor ordered by."""

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return value if value is None else ciphers.encrypt(value)

    def from_db_value(self, value, expression, connection):
        return value if value is None else ciphers.decrypt(value)

    def get_lookup(self, lookup_name):
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
