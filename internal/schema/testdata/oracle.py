"""Records what the original makes of schemas and values, one JSON object a line.

Run with StackStorm's st2common on PYTHONPATH, beside jsonschema 4.26:

    python oracle.py validate > validate.jsonl
    python oracle.py complete > complete.jsonl
    python oracle.py validate 20000 7 > /tmp/many.jsonl     # random cases, seed 7
"""
import json
import random
import sys

import jsonschema
from jsonschema.exceptions import best_match
from st2common.util import schema as st2

TYPES = ["array", "boolean", "integer", "null", "number", "object", "string"]
NAMES = ["a", "b", "host", "x-1", ""]
VALUES = [None, True, False, 0, 1, -1, 5, 2**70, 0.0, 1.0, 1.5, -0.5, 1e300, "", "a", "abc", "é", "it's", "5",
          [], [1], [1, 1], [1, True], [1, 1.0], ["a", "b"], [[1], [True]], [{"a": 1}, {"a": True}], [None],
          {}, {"a": 1}, {"a": None}, {"b": "x"}, {"a": 1, "b": 2}, {"x-1": [1, 2]}, {"host": {"a": "q"}}, {"a": {"a": {"a": 1}}}]


def value(rng, depth=0):
    if depth > 2 or rng.random() < 0.6:
        return rng.choice(VALUES)
    if rng.random() < 0.5:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(NAMES): value(rng, depth + 1) for _ in range(rng.randrange(4))}


def schema(rng, depth=0):
    out = {}
    for _ in range(rng.choice([1, 1, 2, 2, 3, 4])):
        out.update(keyword(rng, depth))
    return out


def keyword(rng, depth):
    def sub():
        return schema(rng, depth + 1) if depth < 3 else {"type": rng.choice(TYPES)}

    def subs():
        return [sub() for _ in range(rng.randrange(1, 4))]

    simple = [
        lambda: {"type": rng.choice(TYPES)},
        lambda: {"type": rng.sample(TYPES, rng.randrange(1, 3))},
        lambda: {"enum": [rng.choice(VALUES)] + ([["z"]] if rng.random() < 0.5 else [])},
        lambda: {"pattern": rng.choice(["^a", "b$", "[0-9]", "é", "^$"])},
        lambda: {"minLength": rng.randrange(3)}, lambda: {"maxLength": rng.randrange(3)},
        lambda: {"minItems": rng.randrange(3)}, lambda: {"maxItems": rng.randrange(3)},
        lambda: {"minProperties": rng.randrange(3)}, lambda: {"maxProperties": rng.randrange(3)},
        lambda: {"uniqueItems": rng.random() < 0.8},
        lambda: {"minimum": rng.choice([0, 1, 1.5, 5]), "exclusiveMinimum": rng.random() < 0.5},
        lambda: {"maximum": rng.choice([0, 1, 1.5, 5]), "exclusiveMaximum": rng.random() < 0.5},
        lambda: {"multipleOf": rng.choice([1, 2, 0.5, 0.1, 3])},
        lambda: {"required": rng.random() < 0.5},
        lambda: {"format": "date"},
    ]
    deep = [
        lambda: {"properties": {n: dict(sub(), required=rng.random() < 0.4) for n in rng.sample(NAMES, 2)}},
        lambda: {"patternProperties": {rng.choice(["^a", "b", "."]): sub()}},
        lambda: {"additionalProperties": False},
        lambda: {"items": sub()}, lambda: {"items": subs()}, lambda: {"items": subs(), "additionalItems": rng.choice([False, sub()])},
        lambda: {"allOf": subs()}, lambda: {"anyOf": subs()}, lambda: {"oneOf": subs()}, lambda: {"not": sub()},
        lambda: {"dependencies": {"a": rng.choice([["b"], sub()])}},
        lambda: {"type": "object", "properties": {"a": {"$ref": "#/definitions/d"}}, "definitions": {"d": {"type": "string"}}},
    ]
    return rng.choice(simple if depth > 2 else simple + deep)()


def parameters(rng, depth=0):
    """Properties as people write them, with defaults at every depth."""
    props = {}
    for name in rng.sample(NAMES, rng.randrange(1, 4)):
        typ = rng.choice(TYPES[:3] + TYPES[4:])
        spec = {"type": typ if rng.random() < 0.9 else [typ, rng.choice(TYPES)]}
        if len(spec["type"]) == 2 and spec["type"][0] == spec["type"][1]:
            spec["type"] = typ
        if rng.random() < 0.4:
            spec["default"] = rng.choice([None, None] + VALUES) if depth == 0 else rng.choice([None, 1, "d", {}, []])
        if rng.random() < 0.3:
            spec["required"] = rng.random() < 0.7
        if rng.random() < 0.1:
            spec["enum"] = ["a", 1]
        if typ == "object" and depth < 2 and rng.random() < 0.7:
            spec.update(parameters(rng, depth + 1))
        if typ == "array" and depth < 2:
            spec["items"] = rng.choice([
                {"type": "integer", "default": 3},
                dict(parameters(rng, depth + 1), type="object")])
        if rng.random() < 0.1:
            spec = {"anyOf": [{"type": "string"}, {"type": "integer"}]}
        props[name] = spec
    return {"type": "object", "properties": props, "additionalProperties": rng.random() < 0.5}


def validate(doc, instance):
    found = list(st2.CustomValidator(doc, registry=st2._LOCAL_SCHEMA_REGISTRY).iter_errors(instance))
    if not found:
        return {"ok": True}
    top = best_match(found)
    return {"message": top.message, "path": list(top.absolute_path), "all": [e.message for e in found]}


def complete(doc, instance):
    try:
        return {"ok": True, "value": st2.validate(instance, doc, st2.CustomValidator, True, True)}
    except jsonschema.ValidationError as e:
        return {"message": e.message}


def main():
    mode = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    make = {"validate": (schema, validate), "complete": (parameters, complete)}[mode]
    for _ in range(count):
        doc, instance = make[0](rng), value(rng)
        if mode == "complete" and not isinstance(instance, dict):
            instance = {rng.choice(NAMES): instance}
        try:
            out = make[1](doc, instance)
        except Exception:  # what the original does not survive says nothing
            continue
        print(json.dumps({"schema": doc, "value": instance, "want": out}, ensure_ascii=False))


main()
