"""Record values: Confluent's wire format, Avro by the registry's schemas, and the JSON of docs/contracts.md."""

import datetime
import io
import json
import struct
import urllib.request

import fastavro

# A zero byte and the id of the schema, a big-endian int32.
FRAME = struct.Struct(">bi")


class Values:
    """Decodes values. A schema is asked of the registry when its id is met for the first time."""

    def __init__(self, registry_url):
        self.registry_url = registry_url.rstrip("/")
        self.schemas = {}

    def decode(self, value):
        magic, schema_id = FRAME.unpack_from(value)
        if magic != 0:
            raise ValueError(f"the value begins with byte {magic}: it is not in Confluent's wire format")
        if schema_id not in self.schemas:
            with urllib.request.urlopen(f"{self.registry_url}/schemas/ids/{schema_id}", timeout=30) as answer:
                self.schemas[schema_id] = fastavro.parse_schema(json.loads(json.load(answer)["schema"]))
        datum = io.BytesIO(value[FRAME.size :])
        decoded = fastavro.schemaless_reader(datum, self.schemas[schema_id])
        if datum.read(1) != b"":
            raise ValueError(f"the value is longer than schema {schema_id} says")
        return decoded


def row_json(row):
    """A row in the JSON rendering: `kpis` is always there, `profileKpis` only if it holds something."""
    rendered = {"kpis": {}, **as_json(row)}
    if rendered.get("profileKpis") == {}:
        del rendered["profileKpis"]
    return rendered


def as_json(value):
    """A value in the JSON rendering: instants as ISO 8601 in UTC, and nothing for null."""
    if isinstance(value, dict):
        return {name: as_json(field) for name, field in value.items() if field is not None}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value
