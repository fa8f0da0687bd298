#!/usr/bin/env python3
"""Writes crates/kch-avro/tests/golden/*.json: what fastavro, an independent codec, makes of schemas and data.

usage: scripts/golden_avro.py [FOLDER]      (needs `pip install fastavro`)

Each file is one schema with cases of bytes (hex, from fastavro.schemaless_writer), the same datum in our plain JSON (written
down here by hand) and in Avro JSON (from fastavro.json_writer; left out where that fails, see WITHOUT_AVRO_JSON).
"""

import io
import json
import pathlib
import sys
import uuid
from datetime import date, datetime, time, timezone
from decimal import Decimal

import fastavro

UTC = timezone.utc


def record(*fields, name="R", **more):
    return {"type": "record", "name": name, "fields": [{"name": n, "type": t} for n, t in fields], **more}


def logical(base, name, **more):
    return {"type": base, "logicalType": name, **more}


ITEM = record(("sku", "string"), ("count", "int"), name="Item")
NODE = record(("value", "int"), ("next", ["null", "Node"]), name="Node")
TREE = {"type": "record", "name": "Tree", "fields": [
    {"name": "label", "type": "string"},
    {"name": "children", "type": {"type": "array", "items": "Tree"}}]}
COLOR = {"type": "enum", "name": "shop.Color", "symbols": ["RED", "GREEN", "BLUE"]}
MD5 = {"type": "fixed", "name": "MD5", "size": 4}
FIXED_DECIMAL = {"type": "fixed", "name": "Money", "size": 8, "logicalType": "decimal", "precision": 12, "scale": 3}
SOME_UUID = "828044c8-832b-48b4-b1f0-89a500496335"
DAY = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)

# name -> schema, [(datum for fastavro, plain JSON)]
GOLDEN = {
    "int": ("int", [(n, str(n)) for n in (0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2**31 - 1, -2**31)]),
    "long": ("long", [(n, str(n)) for n in (0, 2**53 + 1, 2**63 - 1, -2**63, -3)]),
    "float": ("float", [(1.5, "1.5"), (0.0, "0.0"), (-2.25, "-2.25")]),
    "double": ("double", [(0.1, "0.1"), (-1e300, "-1e+300"), (5e-324, "5e-324"), (2.0, "2.0")]),
    "boolean": ("boolean", [(True, "true"), (False, "false")]),
    "null": ("null", [(None, "null")]),
    "string": ("string", [("", '""'), ("héllo \U0001F600", '"héllo \U0001F600"'), ('"\\\n\x01', '"\\"\\\\\\n\\u0001"')]),
    "bytes": ("bytes", [(b"", '""'), (b"\x00\x01\xff", '"AAH/"')]),
    "fixed": (MD5, [(b"\xde\xad\xbe\xef", '"3q2+7w=="')]),
    "enum": (COLOR, [("RED", '"RED"'), ("BLUE", '"BLUE"')]),
    "array": ({"type": "array", "items": "long"}, [([], "[]"), ([1, -2, 300], "[1,-2,300]"), (list(range(100)), json.dumps(list(range(100)), separators=(",", ":")))]),
    "map": ({"type": "map", "values": "string"}, [({}, "{}"), ({"b": "1", "a": "2"}, '{"b":"1","a":"2"}')]),
    "nullable": (["null", "string"], [(None, "null"), ("x", '"x"')]),
    "numbers": (["null", "int", "long", "double"], [(("int", 5), "5"), (("long", 5), '{"long":5}'), (2**40, str(2**40)), (1.5, "1.5")]),
    "records": (record(("id", "long"), ("items", {"type": "array", "items": ITEM}), ("labels", {"type": "map", "values": ["null", "int"]}), ("color", ["null", COLOR]), name="shop.Order"), [
        ({"id": 7, "items": [{"sku": "a", "count": 2}, {"sku": "b", "count": -1}], "labels": {"x": None, "y": 3}, "color": "GREEN"},
         '{"id":7,"items":[{"sku":"a","count":2},{"sku":"b","count":-1}],"labels":{"x":null,"y":3},"color":"GREEN"}'),
    ]),
    "list": (NODE, [({"value": 1, "next": {"value": 2, "next": None}}, '{"value":1,"next":{"value":2,"next":null}}')]),
    "tree": (TREE, [({"label": "a", "children": [{"label": "b", "children": []}]}, '{"label":"a","children":[{"label":"b","children":[]}]}')]),
    "decimal": (logical("bytes", "decimal", precision=30, scale=2), [
        (Decimal("40.20"), '"40.20"'), (Decimal("-0.01"), '"-0.01"'), (Decimal("0.00"), '"0.00"'), (Decimal("1234567890123456789012345678.90"), '"1234567890123456789012345678.90"')]),
    "decimal_fixed": (FIXED_DECIMAL, [(Decimal("-999999999.999"), '"-999999999.999"'), (Decimal("0.001"), '"0.001"')]),
    "uuid": (logical("string", "uuid"), [(uuid.UUID(SOME_UUID), f'"{SOME_UUID}"')]),
    "date": (logical("int", "date"), [(date(2026, 11, 22), '"2026-11-22"'), (date(1, 1, 1), '"0001-01-01"')]),
    "time_millis": (logical("int", "time-millis"), [(time(23, 59, 59, 999000), '"23:59:59.999"')]),
    "time_micros": (logical("long", "time-micros"), [(time(0, 0, 0, 1), '"00:00:00.000001"')]),
    "timestamp_millis": (logical("long", "timestamp-millis"), [(DAY, '"2026-11-22T10:00:00.123Z"'), (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), '"1969-12-31T23:59:59.000Z"')]),
    "timestamp_micros": (logical("long", "timestamp-micros"), [(DAY, '"2026-11-22T10:00:00.123456Z"')]),
    "local_timestamp_millis": (logical("long", "local-timestamp-millis"), [(DAY.replace(tzinfo=None), '"2026-11-22T10:00:00.123"')]),
    "local_timestamp_micros": (logical("long", "local-timestamp-micros"), [(DAY.replace(tzinfo=None), '"2026-11-22T10:00:00.123456"')]),
}

# fastavro's JSON writer recurses for ever on a record inside an array of itself.
WITHOUT_AVRO_JSON = {"tree"}


def binary(schema, datum):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, datum)
    return out.getvalue()


def avro_json(schema, datum):
    out = io.StringIO()
    fastavro.json_writer(out, schema, [datum])
    return json.loads(out.getvalue())


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "crates/kch-avro/tests/golden"
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    folder.mkdir(parents=True, exist_ok=True)
    for name, (raw, cases) in GOLDEN.items():
        schema = fastavro.parse_schema(json.loads(json.dumps(raw)), named_schemas={})
        rows = []
        for datum, plain in cases:
            json.loads(plain)
            row = {"hex": binary(schema, datum).hex(), "plain": plain}
            if name not in WITHOUT_AVRO_JSON:
                row["avro"] = avro_json(schema, datum)
            rows.append(row)
        text = json.dumps({"by": f"fastavro {fastavro.__version__}", "schema": raw, "cases": rows}, indent=1, ensure_ascii=True)
        (folder / f"{name}.json").write_text(text + "\n")
    print(f"{len(GOLDEN)} schemas, {sum(len(c) for _, c in GOLDEN.values())} cases in {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
