"""
A data team's consumer: it follows docs/contracts.md and knows nothing else of the product.

Reads topics of rows and the topic of markers from their beginning at read_committed, and keeps a table. Each line on
its stdin is a request, answered by a line of JSON: `wait` reads until every interval of the range is complete, or
until the limit has passed; `read` reads to the present end of the topics. The answer holds the intervals that are not
complete, with the reason, and the rows of the range.
"""

import argparse
import datetime
import json
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from table import Table, interval_starts
from values import Values, as_json, row_json


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--brokers", required=True)
    arguments.add_argument("--registry", required=True)
    arguments.add_argument("--topics", required=True, help="topics of rows, separated by commas")
    arguments.add_argument("--markers", required=True, help="topic of markers")
    arguments.add_argument("--families", required=True, help="separated by commas")
    arguments.add_argument("--granularity", default="PT15M")
    arguments.add_argument("--from", dest="start", required=True, type=instant)
    arguments.add_argument("--to", dest="end", required=True, type=instant)
    arguments.add_argument("--limit-seconds", type=float, default=60)
    options = arguments.parse_args()

    reader = Reader(options)
    for line in sys.stdin:
        request = line.strip()
        if request == "wait":
            reader.read_until_complete()
        elif request == "read":
            reader.read_to_end()
        else:
            raise SystemExit(f"a request is wait or read, not {request}")
        sys.stdout.write(json.dumps(reader.answer()) + "\n")
        sys.stdout.flush()
    reader.consumer.close()


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Reader:
    def __init__(self, options):
        self.options = options
        self.table = Table()
        self.values = Values(options.registry)
        # Where reading has come to the end of a partition: behind the commit markers, which no message shows.
        self.ends = {}
        self.consumer = Consumer(
            {
                "bootstrap.servers": options.brokers,
                "group.id": "table",  # librdkafka wants one; nothing is ever committed for it
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 50,  # a question for offsets waits behind a fetch
                "allow.auto.create.topics": False,
            }
        )
        metadata = self.consumer.list_topics(timeout=30)
        self.partitions = [
            TopicPartition(topic, partition, OFFSET_BEGINNING)
            for topic in [*options.topics.split(","), options.markers]
            for partition in metadata.topics[topic].partitions
        ]
        self.consumer.assign(self.partitions)

    def read_until_complete(self):
        limit = time.monotonic() + self.options.limit_seconds
        while time.monotonic() < limit:
            if not self.read_one() and not self.incomplete():
                return

    def read_to_end(self):
        goals = {
            (each.topic, each.partition): self.consumer.get_watermark_offsets(each, timeout=30)[1]
            for each in self.partitions
        }
        limit = time.monotonic() + self.options.limit_seconds
        while any(self.ends.get(place, 0) < goal for place, goal in goals.items()):
            if time.monotonic() > limit:
                raise SystemExit(f"the end of the topics was not reached in {self.options.limit_seconds} s")
            self.read_one()

    def read_one(self):
        """False: there is nothing to read at the moment."""
        message = self.consumer.poll(0.1)
        if message is None:
            return False
        if message.error() is not None:
            if message.error().code() != KafkaError._PARTITION_EOF:
                raise SystemExit(f"the consumer cannot go on: {message.error()}")
            self.ends[(message.topic(), message.partition())] = message.offset()
            return True
        value = self.values.decode(message.value())
        if message.topic() == self.options.markers:
            self.table.mark(value)
        else:
            self.table.upsert(value)
        return True

    def incomplete(self):
        options = self.options
        return [
            {"family": family, "intervalStart": as_json(start), "lacks": lacks}
            for family in options.families.split(",")
            for start in interval_starts(options.granularity, options.start, options.end)
            if (lacks := self.table.lacks(family, options.granularity, start)) is not None
        ]

    def answer(self):
        options = self.options
        rows = [
            row_json(row)
            for family in options.families.split(",")
            for start in interval_starts(options.granularity, options.start, options.end)
            for row in self.table.rows_of(family, options.granularity, start)
        ]
        return {"incomplete": self.incomplete(), "rows": rows}


if __name__ == "__main__":
    main()
