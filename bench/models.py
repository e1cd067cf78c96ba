from django.db import models


class FloorNote(models.Model):
    """The small table of the bare insert view; made by bench.seed, never by a migration of the product."""

    text = models.CharField(max_length=200)
    amount = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        managed = False
        db_table = "bench_floornote"

    def __str__(self):
        return self.text
