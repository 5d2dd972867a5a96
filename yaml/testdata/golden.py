#!/usr/bin/env python3
"""Write decode.jsonl and encode.jsonl: what PyYAML 6.0.3 with libyaml reads and writes. Usage: golden.py [random-count seed]"""
import datetime
import json
import math
import os
import random
import sys

import yaml

SCALARS = """
1 01 010 08 09 0 -0 +1 -1 00 0_1 1_000 1__0 _1 1_ 0777 0888 0o17 0x1F 0xfg 0x_ 0x 0X1F 0b11 0b12 0b_1 0b -0b11 -0x1F -010 +010
12345678901234567890 -99999999999999999999999 1:30 1:60 12:30:45 0:30 1:30:00 01:30 -1:30 1:30.5 1:2:3.25 190:20:30 190:20:30.15 60:00
1.5 .5 5. 1. 1.e+3 1.5e3 1.5e+3 1.5E-3 1e3 1e+3 1E5 -.5 +.5 +1.5 1_0.5 1._5 1.5_ . .. ... 1.2.3 .e1 1.5e .inf -.inf +.inf .Inf .INF .iNF .nan .NaN .NAN -.nan inf nan
true True TRUE tRue false False FALSE yes Yes YES no No NO on On ON off Off OFF y Y n N t f oN
null Null NULL nUll ~ none None nil ~~ -
2020-01-02 2020-1-2 2020-01-32 2020-13-01 2020-02-30 2020-02-29 2019-02-29 2020-01-02T03:04:05 2020-01-02t03:04:05Z 2020-1-2T3:04:05.5 0000-01-01
2020-01-02T03:04:05.123456789+05:30 2020-01-02T03:04:05-5 2020-01-02T03:04:05+24:00 2020-01-02T25:00:00 2020-01-02T03:60:00 20-01-02 2020-01-02T03:04
= << <<a =a == a=b !x @a `a %a &a *a |a >a -a ?a :a a: a:b a#b #a a,b [a {a ]a }a "a" 'a' "a\\tb" 'a''b' "\\x41\\u00e9\\U0001F600" "\\z" é 日本 😀
1,000 1-2 1/2 1.2.3.4 10.0.0.1 v1.2 a.b a_b a-b +a 0.0 0.1 100 1e-3 -1e3 1.0e+3 3.14159265358979 1.7976931348623157e+308 1.0e+400
""".split()

LONG = ["2020-01-02 03:04:05", "2020-01-02 03:04:05 +01:00", "2020-01-02 03:04:05.25 Z", "2020-01-02  03:04:05 -5", "2001-12-14 21:59:43.10 -5",
        "a b", "a #b", "a# b", "yes no", "!!int '5'", "!!int 0o17", "!!int 1:30", "!!int abc", "!!int ''", "!!float 5", "!!float 1e3", "!!float x", "!!bool yes",
        "!!bool maybe", "!!null x", "!!null ''", "!!str 5", "!!str", "! 5", "!foo bar", "!!foo bar", "!!binary aGVsbG8=", "!!binary aGVs bG8=", "!!binary a", "!!binary é",
        "!!timestamp 2020-01-02", "!!timestamp x", "!!set {a, b}", "!!set [a]", "!!omap [a: 1, b: 2]", "!!omap [a]", "!!omap {a: 1}", "!!omap [{a: 1, b: 2}]",
        "!!pairs [a: 1, a: 2]", "!!map {a: 1}", "!!map [a]", "!!seq [1]", "!!seq {a: 1}", "!!str {a: 1}", "!!str [a]", "!!int {=: 5}", "!!str {=: a, b: c}", "!!python/object:os.x {}",
        "!!python/tuple [1]", "!<tag:yaml.org,2002:int> '7'", "!!merge x", "!!value x", "[a, b, ]", "[a,, b]", "[]", "{}", "{a}", "{a, b: c}", "{a: 1, a: 2}", "[a: 1]", "[a: 1, b]", "{? a : b}",
        "{1: a}", "{null: a}", "{1.5: a}", "{true: a}", "{[1]: a}", "{{a: b}: c}", "{{ x }}", "{{ x }}-y", "a {{ x }}", "'{{ x }}'", "<% a %>", "<% a: b %>", "{% x %}", "[{{ x }}]", "[<% f(a, b) %>]",
        "{x: <% f(a, b) %>}", "{1: a, true: b, 1.0: c}", "{=: a}", "{<<: {a: 1}, a: 2}", "{a: 2, <<: {a: 1, b: 3}}", "{<<: [{a: 1}, {a: 2, b: 3}]}", "{<<: 5}", "{<<: [5]}", "{'<<': 1}", "{<<: {<<: {a: 1}, b: 2}, c: 3}",
        "&x [*x]", "&x {a: *x}", "[&x {a: 1}, *x]", "[&x a, *x]", "*y", "[&x 1, &x 2, *x]", "\"a\\\n  b\"", "'a\n\n  b'", "a\n  b", "\"a\n  b\"", "|\n  a\n  b", "|-\n  a\n", "|+\n  a\n\n", ">\n  a\n  b\n\n  c\n",
        ">-\n  a\n   b\n  c", "|2\n   a\n", "|\n\n  a", "|x\n a", "|1-\n  a\n", "- a\n  - b", "\n  - a\n  - b", "\n- a\n- b", "\n  a: 1\n  a: 2", "\n  a: 1\n b: 2", "\n  ? a\n  : b", "\n  ? a\n  ? b", "\n  ? [a]\n  : b", "a: b", "a\tb", "\ta", "'a", "\"a", "[a", "{a", "{a: 1"]

DOCS = ["", "\n", "# c\n", "---\n", "...\n", "--- a\n", "a\n...\n", "a: 1\n---\nb: 2\n", "a: 1\n...\nb: 2\n", "--- a\n--- b\n", "%YAML 1.1\n---\na: 1\n", "%YAML 1.2\n---\na: 1\n", "%YAML 2.0\n---\na\n", "%FOO x\n---\na\n",
        "%TAG ! tag:x,2000:\n---\n!a b\n", "%TAG !e! tag:yaml.org,2002:\n---\n!e!int '5'\n", "%YAML 1.1\na: 1\n", "a: 1\n\tb: 2\n", "a:\tb\n", "a:\n\t- b\n", "-\ta\n", "- a\n-\tb\n", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2", "\ufeffa: 1\n", "a\x00b", "a: \x07\n", "a: \x7f\n", "a: \x85b\n", "a: \u2028b\n",
        "a: b: c\n", "a\nb: c\n", "- a\nb: c\n", "a: 1\n- b\n", "a:\n  b: 1\n c: 2\n", "a: [1,\n2]\n", "a: {b: 1,\nc: 2}\n", "? a\n", "? a\n: b\n? c\n", ": a\n", "- - a\n  - b\n- c\n", "-\n  - a\n", "a: !!str\nb: 1\n", "a: &x\nb: *x\n", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n",
        "yes: 1\non: 2\nno: 3\n1: 4\n~: 5\n'1': 6\n1.0: 7\n", "base: &b {x: 1, y: 2}\na:\n  <<: *b\n  y: 3\nc:\n  y: 3\n  <<: *b\n", "a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc:\n  <<: [*a, *b]\n  w: 0\n", "a: &a {x: 1}\nc:\n  <<: *a\n  <<: {x: 5, q: 1}\n",
        "x: &x {<<: *x}\n", "a: >\n  folded\n  text\n\n  para\n   indented\n  end\n\n\nb: |+\n  keep\n\n\nc: end\n", "a: \"x\\\n   y\"\n", "a: 'x\n\n\n  y'\n", "a: \"\\  x\"\n", "\"a b\": 1\n'c': 2\n", "a : 1\n", "a:1\n", "a: -\n", "- -\n", "a: ?\n", "a: :\n", "a: - b\n", "-a: 1\n", "!!map\na: 1\n", "!!set\n? a\n? b\n",
        "!!omap\n- a: 1\n- b: [x]\n", "--- |\n a\n", "--- >-\n a\n b\n", "--- # c\na: 1\n", "a: # c\n  b\n", "a:\n# c\n  b: 1\n  # d\n", "a: 1 # c\n#d\nb: 2\n", "a: '#'\n", "a: b#c\n", "key with spaces: 1\n", "? |\n  block key\n: - one\n  - two\n", "a" * 1100 + ": 1\n", "a: @\n", "a: %\n", "a: `x`\n", "@a: 1\n", "- @a\n",
        "a: 'it''s'\nb: \"q\\\"q\\\\\"\n", "a: |\n x\n  y\n\n z\n", "a: |\n\tx\n", "a:\n    b:\n      - c\n      -   d: 1\n          e: 2\n", "a: |2\n    x\n", "a: |\nb: 1\n", "a: >\n\n\n  x\n", "[a, [b, c], {d: e}]\n", "[a, b\n]\n", "{a: [1, 2], b: {c: d}}\n", "{a: 'x', \"b\": y}\n", "{\"a\":1}\n", "{a:1}\n", "{a:1, b: 2}\n", "['a':1]\n",
        "a: {b}\n", "[? a : b]\n", "a: http://x.y/z?a=b&c=d\n", "a: c:\\dir\n", "a: x:y\n", "a: [x:y, http://a/b]\n", "a: \"x\": y\n", "a: 'x' y\n", "a: [1] 2\n", "a: *\n", "a: &\n", "&a\n", "*a\n", "a: &b *c\n", "a: ! x\n", "a: !<x\n", "!\n", "a: 0xFFFFFFFFFFFFFFFFFF\n", "a: 1\n b\n", "a: 'x\n  y\n  z'\n", "a: x\n  y\n\n  z\n", "a: \"tab\\tin\"\n", "a: x\ty\n", "a: x\t# c\n"]

ALPHABET = ["a", "b", ":", ": ", "- ", " ", "\n", "\n  ", "\n", "[", "]", "{", "}", ", ", "#", " #", "'", '"', "1", "yes", "&x ", "*x", "!", "!!str ", "|", ">", "\t", "?", "? ", "<<: ", "%", "é", "\\", "---", "..."]


def tag(v):
    if isinstance(v, bool) or v is None or isinstance(v, (int, str)):
        return v
    if isinstance(v, float):
        return {"$float": repr(v)}
    if isinstance(v, list):
        return [tag(x) for x in v]
    if isinstance(v, tuple):
        return {"$tuple": [tag(x) for x in v]}
    if isinstance(v, set):
        return {"$set": sorted((tag(x) for x in v), key=lambda x: json.dumps(x))}
    if isinstance(v, dict):
        return {"$map": [[tag(k), tag(x)] for k, x in v.items()]}
    if isinstance(v, bytes):
        return {"$bytes": v.hex()}
    if isinstance(v, datetime.datetime):
        return {"$datetime": v.isoformat()}
    if isinstance(v, datetime.date):
        return {"$date": v.isoformat()}
    raise TypeError(type(v))


def decode(text):
    rec = {"t": text}
    try:
        rec["v"] = tag(yaml.load(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as e:
        rec["e"] = str(e)
    except RecursionError:
        rec["e"] = "recursive"
    except Exception as e:
        rec["e"] = "%s: %s" % (type(e).__name__, e)
    return rec


# Judged otherwise by go.yaml.in/yaml/v4: plain texts that begin or end with an indicator inside brackets, a lone
# document end, keys of more than 1024 characters. A mapping that merges itself is refused by us on purpose.
KNOWN = {"- [%s, {%s: 1}]\n" % (s, s) for s in ("-", "?a", ":a", "a:")} | {"...\n", "a" * 1100 + ": 1\n", "x: &x {<<: *x}\n"}


def decode_cases(rng, count):
    if count:
        for _ in range(count):
            yield "".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 10)))
        return
    for s in SCALARS + LONG:
        yield "k: %s\n" % s
    for s in SCALARS:
        yield "- [%s, {%s: 1}]\n" % (s, s)
    yield from DOCS


WORDS = ["a", "word", "yes", "null", "1", "1.5", "é", "日本", "😀", "x: y", "#c", "-", "- a", "it's", '"q"', "tab\there", "line\nbreak", "two\n\nbreaks", " lead", "trail ", "a  b", "very-long-word-" * 7, "@", "%x", "{x}",
         "[x]", "a,b", "&x", "*x", "!x", "|", ">", "?", "? a", ":", "a:", "a: b", "=", "<<", "~", "2020-01-02", "0x1F", "010", "1:30", "\x07", "\x85", "\u2028", "\ufeff", "\ufffe", "\x7f", "\xa0", "---", "--- a", "...", "a\n", "\na", "a\r\nb", "", " ", "\n", "a #b", "a# b", "key with spaces", "\\", "c:\\x", "off", "1e3", "1_000", ".5", "+1"]


def sample_text(rng):
    return rng.choice(["", " ", " ", "\n"]).join(rng.choice(WORDS) for _ in range(rng.randint(1, 14)))


def sample(rng, depth=0):
    k = rng.random()
    if depth > 3 or k < 0.45:
        return sample_text(rng) if rng.random() < 0.6 else rng.choice(WORDS)
    if k < 0.55:
        return rng.choice([None, True, False, 0, -1, 10**20, 1.5, 1e17, 1e-7, math.inf, -math.inf, 0.1, 2.0, 1e16, 123456789.125])
    if k < 0.75:
        return [sample(rng, depth + 1) for _ in range(rng.randint(0, 4))]
    return {rng.choice(WORDS) if rng.random() < 0.9 else rng.choice([1, None, True, 1.5, sample_text(rng)]): sample(rng, depth + 1) for _ in range(rng.randint(0, 4))}


def encode(v, sort_keys, allow_unicode, indent):
    kw = {"default_flow_style": False, "sort_keys": sort_keys, "allow_unicode": allow_unicode}
    if indent:
        kw["indent"] = indent
    try:
        return yaml.dump(v, Dumper=yaml.CSafeDumper, **kw)
    except TypeError:
        return None


def encode_cases(rng, count):
    fixed = WORDS + [None, True, 1, 1.5, [], {}, [[]], [{}], {"a": []}, {"a": {}}, [[1, 2], [3]], {"a": [1, {"b": 2}]}, [{"a": 1, "b": 2}], {"b": 1, "a": 2}, {"a": {"b": {"c": [1]}}}, [[[1]]], {1: 2, None: 3},
                     {"a": "x" * 200}, {"a": " ".join(["word"] * 40)}, ["a b " * 40], {"k": "line1\nline2\n"}, {"k": "a: b " * 30}, {"x" * 130: 1}, {"a\nb": 1}, {"": 1}, datetime.date(2020, 1, 2), {"d": datetime.datetime(2020, 1, 2, 3, 4, 5, 6)},
                     (1, 2), b"hello", {"k": b"x" * 100}, {"s": {1, }}]
    for v in fixed:
        yield v
    for _ in range(count):
        yield sample(rng)


def main():
    count, seed = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (0, 1)
    out = os.environ.get("OUT", os.path.dirname(os.path.abspath(__file__)))
    rng = random.Random(seed)
    with open(os.path.join(out, "decode.jsonl"), "w") as f:
        for text in decode_cases(rng, count):
            if text in KNOWN:
                continue
            f.write(json.dumps(decode(text), ensure_ascii=False) + "\n")
    with open(os.path.join(out, "encode.jsonl"), "w") as f:
        for v in encode_cases(rng, count or 300):
            sort = rng.random() < 0.5
            uni = rng.random() < 0.7
            indent = rng.choice([0, 0, 0, 4, 3])
            text = encode(v, sort, uni, indent)
            if text is not None:
                f.write(json.dumps({"v": tag(v), "sort": sort, "uni": uni, "indent": indent, "t": text}, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
