from evaluation.models.card import Scorecard, ScoreLine
from evaluation.models.period import Period
from evaluation.models.scheme import Kind, Scheme, SchemeItem

__all__ = ["Kind", "Period", "Scheme", "SchemeItem", "ScoreLine", "Scorecard"]
