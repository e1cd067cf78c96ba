"""The first set of indicators. Importing this package fills evaluation.registry; docs/scores.md explains each.

Two rules hold for all of them. A row belongs to the period in which its deciding instant lies (reported, due, ended,
rated): so no row counts twice, and a period that is over gives the same figure whenever it is scored. Being late is
a fact that stays in the rows; an exemption (申诉) only lets it count as in time.
"""

from evaluation.indicators import departments, workers

__all__ = ["departments", "workers"]
