"""Files about records that are there: entries of registers, tenancies, building heads. Hundreds or some ten thousand
rows, so that they are compared in this process, by queries over whole lists; what is staged of them is sealed.
"""

from residents.intake.rolls.base import Roll
from residents.intake.rolls.heads import Heads
from residents.intake.rolls.leases import Leases
from residents.intake.rolls.registers import PREFIX, Register, class_of, layout_of

ROLLS = {"care": Register, "tenancy": Leases, "head": Heads}


def of(batch, stage=None) -> Roll | None:
    """The reader and writer of such a file; None for the other kinds. Raises NotFound where it brings entries of a
    register that its owner may not know of (any more)."""
    made = ROLLS.get(batch.kind)
    return made(batch, stage) if made else None


__all__ = ["PREFIX", "Register", "Roll", "class_of", "layout_of", "of"]
