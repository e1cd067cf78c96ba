"""The pool of the request threads: who worked last is asked first, and nothing gets lost."""

import threading
import time

from core.threads import WarmFirst

SECONDS = 20


def name():
    return threading.current_thread().name


def busy(pool, count):
    """So many threads at once, all free again; their names."""
    gate = threading.Barrier(count)

    def work():
        gate.wait(SECONDS)
        return name()

    names = [each.result(SECONDS) for each in [pool.submit(work) for _n in range(count)]]
    until_free(pool, count)
    return names


def until_free(pool, count):
    deadline = time.monotonic() + SECONDS
    while len(pool._work_queue._waiting) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_one_after_the_other_meets_one_thread_however_many_there_are():
    with WarmFirst(4, "warm") as pool:
        assert len(set(busy(pool, 4))) == 4
        seen = []
        for _turn in range(20):
            seen.append(pool.submit(name).result(SECONDS))
            until_free(pool, 4)
        assert len(set(seen)) == 1


def test_at_once_they_share_the_work_and_more_than_there_are_threads_waits():
    with WarmFirst(3, "warm") as pool:
        assert len(set(busy(pool, 3))) == 3
        assert sorted(pool.map(lambda n: n * n, range(500))) == [n * n for n in range(500)]
    assert not any(thread.is_alive() for thread in pool._threads)


def test_closing_it_drops_what_nobody_has_begun():
    pool, begun, gate = WarmFirst(1, "warm"), threading.Event(), threading.Event()

    def first():
        begun.set()
        return gate.wait(SECONDS)

    running, waiting = pool.submit(first), pool.submit(name)
    assert begun.wait(SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    gate.set()
    assert running.result(SECONDS) and waiting.cancelled()
