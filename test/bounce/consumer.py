"""
Reads topics from their beginning at read_committed and prints one JSON line for each record.

The bounce test believes this program and not the egress: it is another client (librdkafka), in another language, in a
process of its own. It belongs to no consumer group, so it never waits for a rebalance. `finish` on its stdin makes it
read to the present end of every partition and end.
"""

import argparse
import hashlib
import json
import sys
import threading
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

# Confluent's wire format: a zero byte and the id of the schema precede the datum.
FRAME_BYTES = 5


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--brokers", required=True)
    arguments.add_argument("--topics", required=True, help="separated by commas")
    arguments.add_argument("--only", default="", help="only rows whose key holds this text")
    options = arguments.parse_args()
    only = options.only.encode()
    finishing = threading.Event()
    threading.Thread(target=wait_for_finish, args=(finishing,), daemon=True).start()

    consumer = Consumer(
        {
            "bootstrap.servers": options.brokers,
            "group.id": "bounce-consumer",  # librdkafka wants one; nothing is ever committed for it
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
            "reconnect.backoff.ms": 50,
            "reconnect.backoff.max.ms": 500,
            "allow.auto.create.topics": False,
        },
        logger=Silent(),
    )
    metadata = consumer.list_topics(timeout=30)
    partitions = [
        TopicPartition(topic, partition, OFFSET_BEGINNING)
        for topic in options.topics.split(",")
        for partition in metadata.topics[topic].partitions
    ]
    consumer.assign(partitions)
    say({"ready": len(partitions)})

    # Where reading has come to the end of a partition: behind the commit markers, which no message shows.
    ends = {}
    goals = None
    while True:
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            if only in dict(message.headers() or []).get("ce_subject", b""):
                say(line_of(message))
        elif message is not None and message.error().code() == KafkaError._PARTITION_EOF:
            ends[(message.topic(), message.partition())] = message.offset()
        elif message is not None and message.error().fatal():
            raise SystemExit(f"the consumer cannot go on: {message.error()}")
        if not finishing.is_set():
            continue
        if goals is None:
            goals = {
                (each.topic, each.partition): consumer.get_watermark_offsets(each, timeout=30)[1] for each in partitions
            }
        if all(ends.get(place, 0) >= goal for place, goal in goals.items()):
            break
    consumer.close()


def line_of(message):
    value = message.value()
    return {
        "arrivedMs": time.time() * 1000,
        "publishedMs": message.timestamp()[1],
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "headers": {name: text.decode() for name, text in message.headers() or []},
        "digest": None if value is None else hashlib.sha256(value[FRAME_BYTES:]).hexdigest(),
    }


def say(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def wait_for_finish(finishing):
    """Also ends the program when the test that started it is gone."""
    for line in sys.stdin:
        if line.strip() == "finish":
            finishing.set()
            return
    sys.stdout.close()
    import os

    os._exit(1)


class Silent:
    """The broker is killed on purpose: what librdkafka says of it is no news."""

    def log(self, *_):
        pass


if __name__ == "__main__":
    main()
