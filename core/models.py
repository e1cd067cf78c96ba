from django.db import models


class DataVersion(models.Model):
    """See core.versions: moved by database triggers only."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.BigIntegerField(default=0)

    def __str__(self):
        return f"{self.name} {self.value}"
