"""Reads messages of a queue and prints one line of JSON for each: a consumer with a client of its own (pika)."""

import hashlib
import json
import sys

import pika

url, queue, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
channel.basic_qos(prefetch_count=200)
seen = 0
for method, properties, body in channel.consume(queue, inactivity_timeout=30):
    if method is None:
        sys.exit(f"{seen} of {count} messages came within 30 s")
    headers = properties.headers
    print(json.dumps({
        "id": properties.message_id,
        "routingKey": method.routing_key,
        "key": headers["ce_subject"],
        "revision": int(headers["streamvane-row-revision"]),
        "inBody": json.loads(body)["revision"],
        "digest": hashlib.sha256(body).hexdigest(),
    }))
    channel.basic_ack(method.delivery_tag)
    seen += 1
    if seen == count:
        break
channel.connection.close()
