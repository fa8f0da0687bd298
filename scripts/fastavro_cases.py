"""Random schemas and data as fastavro writes them: one JSON line a datum, with the schema, the bytes, and the Avro JSON.

Run by fastavro_test.sh; crates/kch-avro/tests/it/fastavro.rs reads the lines. Unions have one branch of each kind of Python
value, since fastavro tells branches apart by nothing else.
"""

import datetime as dt
import decimal
import io
import json
import random
import sys
import uuid

import fastavro

UTC = dt.timezone.utc
EPOCH = dt.datetime(1970, 1, 1)
LOGICAL = ["date", "time-millis", "time-micros", "timestamp-millis", "timestamp-micros", "local-timestamp-millis",
           "local-timestamp-micros", "uuid", "decimal", "decimal-fixed"]
LONG = {"time-micros", "timestamp-millis", "timestamp-micros", "local-timestamp-millis", "local-timestamp-micros"}
NUMBERS = [0, 1, -1, 63, 64, -65, 2**31 - 1, -(2**31)]
LONGS = NUMBERS + [2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
DOUBLES = [0.0, -0.0, 1.5, 0.1, 1e22, 5e-324, 1.7976931348623157e308]


class Maker:
    """Makes one schema and data of it."""

    def __init__(self, rng):
        self.rng, self.count, self.named, self.open = rng, 0, {}, []

    def name(self):
        self.count += 1
        return self.rng.choice(["ns.", "other.ns."]) + f"T{self.count}"

    def schema(self, depth=0):
        kinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string", "enum", "fixed", "logical"]
        if depth < 5:
            kinds += ["array", "map", "union", "record"] * 2
        kind = self.rng.choice(kinds) if depth else self.rng.choice(["record", "record", "union", "array", *kinds])
        if kind in ("enum", "fixed"):
            name = self.name()
            made = {"type": kind, "name": name}
            made |= {"symbols": ["RED", "GREEN", "NaN"]} if kind == "enum" else {"size": self.rng.choice([1, 3, 16])}
            self.named[name] = made
            return made
        if kind == "logical":
            return self.logical()
        if kind == "array":
            return {"type": "array", "items": self.inside(depth)}
        if kind == "map":
            return {"type": "map", "values": self.inside(depth)}
        if kind == "union":
            return self.union(depth)
        if kind == "record":
            name = self.name()
            made = {"type": "record", "name": name, "fields": []}
            self.named[name] = made
            self.open.append(name)
            names = self.rng.sample(["a", "b", "c", "int", "string", "map", "long"], self.rng.randrange(5))
            made["fields"] = [{"name": field, "type": self.field(depth, name)} for field in names]
            self.open.remove(name)
            return made
        return kind

    def field(self, depth, own):
        """A field may be null or the record around it."""
        return ["null", own] if self.rng.random() < 0.1 else self.schema(depth + 1)

    def inside(self, depth):
        return self.rng.choice(self.open) if self.open and self.rng.random() < 0.2 else self.schema(depth + 1)

    def logical(self):
        kind = self.rng.choice(LOGICAL)
        if kind == "uuid":
            return {"type": "string", "logicalType": "uuid"}
        if kind.startswith("decimal"):
            made = {"logicalType": "decimal", "precision": 9, "scale": self.rng.randrange(5)}
            if kind == "decimal":
                return {"type": "bytes", **made}
            name = self.name()
            self.named[name] = {"type": "fixed", "name": name, "size": 5, **made}
            return self.named[name]
        return {"type": "long" if kind in LONG else "int", "logicalType": kind}

    def union(self, depth):
        kinds = self.rng.sample(["null", "boolean", "int", "double", "string", "bytes", "array", "object"], self.rng.randrange(1, 6))
        # fastavro gives a whole number to the first branch for numbers, and rounds it there if that is a float. We refuse to.
        kinds.sort(key=lambda kind: kind == "double")
        branches = []
        for kind in kinds:
            if kind == "int":
                branches.append(self.rng.choice(["int", "long"]))
            elif kind == "double":
                branches.append(self.rng.choice(["float", "double"]))
            elif kind == "array":
                branches.append({"type": "array", "items": self.schema(depth + 1)})
            elif kind == "object":
                branches.append({"type": "map", "values": self.schema(depth + 1)})
            else:
                branches.append(kind)
        return branches

    def datum(self, schema, depth=0):
        rng = self.rng
        if isinstance(schema, list):
            plain = [branch for branch in schema if branch == "null"] if depth > 12 else schema
            return self.datum(rng.choice(plain or schema), depth + 1)
        if isinstance(schema, str) and schema in self.named:
            return self.datum(self.named[schema], depth)
        if isinstance(schema, dict) and "logicalType" in schema:
            return self.logical_datum(schema)
        kind = schema if isinstance(schema, str) else schema["type"]
        few = 0 if depth > 12 else rng.randrange(4)
        match kind:
            case "null":
                return None
            case "boolean":
                return rng.random() < 0.5
            case "int":
                return rng.choice([*NUMBERS, rng.randrange(-(2**31), 2**31)])
            case "long":
                return rng.choice([*LONGS, rng.randrange(-(2**63), 2**63)])
            case "float":
                return rng.choice([0.0, -0.0, 0.5, 16777216.0, 0.1, rng.uniform(-1e9, 1e9)])
            case "double":
                return rng.choice([*DOUBLES, rng.uniform(-1e300, 1e300)])
            case "bytes":
                return rng.randbytes(rng.randrange(6))
            case "string":
                return "".join(rng.choice('ab"\\\n\t\x00\x7fé漢😀/{1') for _ in range(rng.randrange(9)))
            case "enum":
                return rng.choice(schema["symbols"])
            case "fixed":
                return rng.randbytes(schema["size"])
            case "array":
                return [self.datum(schema["items"], depth + 1) for _ in range(few)]
            case "map":
                return {rng.choice(["k", "", "int", "é", "a"]): self.datum(schema["values"], depth + 1) for _ in range(few)}
            case "record":
                return {field["name"]: self.datum(field["type"], depth + 1) for field in schema["fields"]}
        raise ValueError(kind)

    def logical_datum(self, schema):
        rng, kind = self.rng, schema["logicalType"]
        micros = rng.randrange(-(10**15), 4 * 10**15)
        if kind.endswith("millis"):
            micros -= micros % 1000
        if kind == "date":
            return dt.date(1970, 1, 1) + dt.timedelta(days=rng.randrange(-700000, 2900000))
        if kind.startswith("time-"):
            return (EPOCH + dt.timedelta(microseconds=micros % 86_400_000_000)).time()
        if kind.startswith("timestamp"):
            return EPOCH.replace(tzinfo=UTC) + dt.timedelta(microseconds=micros)
        if kind.startswith("local"):
            return EPOCH + dt.timedelta(microseconds=micros)
        if kind == "uuid":
            return uuid.UUID(int=rng.getrandbits(128))
        return decimal.Decimal(rng.randrange(-(10**9) + 1, 10**9)).scaleb(-schema["scale"])


def avro_json(parsed, datum, written):
    """The datum in the specification's JSON; None where fastavro cannot write it, or does not read its own text back."""
    text = io.StringIO()
    try:
        fastavro.json_writer(text, parsed, [datum])
        again = next(fastavro.json_reader(io.StringIO(text.getvalue()), parsed))
        binary = io.BytesIO()
        fastavro.schemaless_writer(binary, parsed, again)
    except Exception:  # it says "No key was set" and the like, as a bare Exception
        return None
    return text.getvalue() if binary.getvalue() == written else None


def main(count):
    seed = random.randrange(2**32)
    print(f"seed {seed}", file=sys.stderr)
    rng = random.Random(seed)
    written = without = 0
    while written < count:
        maker = Maker(rng)
        made = maker.schema()
        parsed = fastavro.parse_schema(json.loads(json.dumps(made)))
        for _ in range(4):
            datum, binary = maker.datum(made), io.BytesIO()
            fastavro.schemaless_writer(binary, parsed, datum)
            text = avro_json(parsed, datum, binary.getvalue())
            print(json.dumps({"schema": json.dumps(made), "bytes": binary.getvalue().hex(), "json": text}))
            written += 1
            without += text is None
    print(f"{without} of {written} data have no JSON that fastavro reads back", file=sys.stderr)


main(int(sys.argv[1]))
