"""The kinds of paper."""

from papers.makers.cards import Cards
from papers.makers.case import Case
from papers.makers.report import Report
from papers.makers.sign import Sign
from papers.makers.wall import Wall

RECIPES = {recipe.kind: recipe for recipe in (Sign(), Cards(), Wall(), Case(), Report())}
