"""A table of rows, built by the rules of docs/contracts.md, and the check of it against the markers."""

import datetime
import hashlib
import re


class Table:
    """The latest row of each row key, and the markers of complete intervals."""

    def __init__(self):
        self.rows = {}
        self.markers = []

    def upsert(self, row):
        """Of the records with the same row key the one with the highest (promotion, revision) counts."""
        known = self.rows.get(row["key"])
        if known is None or order(row, "revision") > order(known, "revision"):
            self.rows[row["key"]] = row

    def mark(self, marker):
        # The topic also holds statements that a generation is complete, which speak of no interval.
        if "intervalStart" in marker:
            self.markers.append(marker)

    def rows_of(self, family, granularity, start):
        """The rows of an interval that hold something."""
        return [
            row
            for key, row in self.rows.items()
            if key.startswith(f"{family}/")
            and row["granularity"] == granularity
            and row["intervalStart"] == start
            and not row.get("empty")
        ]

    def marker_of(self, family, granularity, start):
        """The marker that counts for an interval. One without rows may speak of several intervals."""
        speaking = [
            marker
            for marker in self.markers
            if marker["family"] == family
            and marker["granularity"] == granularity
            and marker["intervalStart"] <= start
            and (marker["intervalStart"] == start or (marker["rows"] == 0 and start < marker["intervalEnd"]))
        ]
        return max(speaking, key=lambda marker: order(marker, "number"), default=None)

    def lacks(self, family, granularity, start):
        """Why an interval is not complete in this table; None: it is."""
        marker = self.marker_of(family, granularity, start)
        if marker is None:
            return "no marker"
        rows = self.rows_of(family, granularity, start)
        if len(rows) != marker["rows"]:
            return f"{len(rows)} rows, and {marker['rows']} by marker {marker['number']}"
        if digest(rows) != marker["digest"]:
            return f"{len(rows)} rows of digest {digest(rows)}, and {marker['digest']} by marker {marker['number']}"
        return None


def digest(rows):
    numbers = (
        int(hashlib.md5(f"{row['key']} {row['revision']}".encode()).hexdigest()[:10], 16) for row in rows
    )
    return sum(numbers) % 2**40


def order(record, number):
    """Records of versions that did not publish a promotion come first: they lack the field."""
    return (record.get("promotion") or 0, record[number])


def interval_starts(granularity, start, end):
    """The intervals of a range. Days are left out: how long they are depends on the zone."""
    length = re.fullmatch(r"PT(\d+)([MH])", granularity)
    if length is None:
        raise ValueError(f"the length of the intervals is PT15M, PT30M or PT1H, not {granularity}")
    step = datetime.timedelta(minutes=int(length[1]) * (60 if length[2] == "H" else 1))
    while start < end:
        yield start
        start += step
