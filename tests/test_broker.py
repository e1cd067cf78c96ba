"""The embedded broker: messages arrive whole, in order, and what cannot be read ends nobody."""

from threading import Thread

import pytest
from kombu import Connection

from core.broker import Transport


@pytest.fixture
def broker(tmp_path):
    """Connections to a folder of the test's own. (kombu keeps names of queues per process: each test has its own.)"""
    folders = {"data_folder_in": str(tmp_path / "queue"), "data_folder_out": str(tmp_path / "queue"),
               "control_folder": str(tmp_path / "control")}  # fmt: skip
    for folder in ("queue", "control"):
        (tmp_path / folder).mkdir()
    return lambda: Connection("filesystem://", transport_options=folders)


def test_the_address_leads_to_our_transport(broker):
    with broker() as connection:
        assert isinstance(connection.transport, Transport)


def test_messages_that_are_read_while_they_are_written_arrive_whole_and_once(broker):
    count, text = 200, "长" * 20_000  # long enough to be seen half-written

    def write():
        with broker() as connection, connection.SimpleQueue("work") as queue:
            for number in range(count):
                queue.put({"number": number, "text": text})

    writer = Thread(target=write)
    with broker() as connection, connection.SimpleQueue("work") as queue:
        writer.start()
        found = []
        while len(found) < count:
            message = queue.get(timeout=120)
            assert message.payload["text"] == text
            found.append(message.payload["number"])
            message.ack()
    writer.join()
    assert sorted(found) == list(range(count))


def test_messages_come_in_the_order_they_were_sent(broker, tmp_path):
    with broker() as connection, connection.SimpleQueue("order") as queue:
        for number in range(3):
            queue.put(number)
            (name,) = (path.name for path in (tmp_path / "queue").iterdir())
            assert name.endswith(".order.msg")
            message = queue.get(timeout=120)
            assert message.payload == number
            message.ack()


def test_a_message_that_a_full_disk_has_cut_off_is_left_out(broker, tmp_path, caplog):
    with broker() as connection, connection.SimpleQueue("cut") as queue:
        (tmp_path / "queue" / "0_cut.cut.msg").write_text('{"body": "eyJ')
        queue.put("whole")
        with caplog.at_level("ERROR"):
            assert queue.get(timeout=120).payload == "whole"
        assert "cannot be read and is left out" in caplog.text
        assert list((tmp_path / "queue").iterdir()) == []
