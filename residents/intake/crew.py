"""Processes that clean rows side by side. They end with this one: their standard input closes."""

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

from django.conf import settings

from residents.intake import sheets
from residents.intake.cleaner import Cleaner, Fault, Order

CHUNK = 2000  # rows
FEW = 8000  # rows that are cleaned here: starting a process takes as long
# Beside this process, which reads and hands to the database: that fills two cores, and each takes 200 MB.
HANDS = 1


class CleanerDied(RuntimeError):
    """A process that cleans rows has ended before its work was done."""


class _Hand:
    def __init__(self, order: Order):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "residents.intake.hand"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "gridcenter.settings"),
                              "GRIDCENTER_MODE": settings.GRIDCENTER_MODE},
        )  # fmt: skip
        self._send(order)

    def _send(self, thing):
        try:
            pickle.dump(thing, self.process.stdin, protocol=5)
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise CleanerDied from error

    def take(self, rows):
        self._send(rows)

    def give(self) -> tuple[bytes, int, list[Fault]]:
        try:
            return pickle.load(self.process.stdout)
        except EOFError as error:
            raise CleanerDied from error

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def cleaned(order: Order, rows: Iterator[tuple[int, list]]) -> Iterator[tuple[int, bytes, int, list[Fault]]]:
    """(number of the last row, staging lines as CSV, how many, faults) chunk by chunk, in order."""
    first = list(islice(rows, FEW))
    if len(first) < FEW:
        return _here(order, iter(first))
    return _side_by_side(order, _both(first, rows))


def _both(first, rows):
    yield from first
    yield from rows


def _chunks(rows):
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _here(order, rows):
    cleaner = Cleaner(order)
    for chunk in _chunks(rows):
        staged, faults = cleaner.clean(chunk)
        yield chunk[-1][0], sheets.lines_of(staged), len(staged), faults


def _side_by_side(order, rows):
    """A hand has one chunk at a time: it reads the whole chunk before it answers, so neither side can block the other."""
    with ExitStack() as stack:
        idle = deque(stack.enter_context(_Hand(order)) for _number in range(HANDS))
        busy: deque[tuple[_Hand, int]] = deque()
        for chunk in _chunks(rows):
            if not idle:
                yield _answer(busy, idle)
            hand = idle.popleft()
            hand.take(chunk)
            busy.append((hand, chunk[-1][0]))
        while busy:
            yield _answer(busy, idle)


def _answer(busy, idle):
    hand, last = busy.popleft()
    lines, count, faults = hand.give()
    idle.append(hand)
    return last, lines, count, faults
