#!/usr/bin/env python3
"""Write golden.jsonl: what the Python libraries behind StackStorm's functions answer.

Needs semver 3.0.4, PyYAML 6.0.3 with libyaml and jsonpath-rw 1.4.0. Each line: f the filter, a its positional and
k its keyword arguments (the first is the filtered value), then v the result or e [class, text] of the error.
"""
import ast
import datetime
import json
import logging
import posixpath
import re

import jsonpath_rw
import semver
import yaml

logging.disable(logging.CRITICAL)

VERSIONS = ["1.2.3", "0.0.0", "1.2.4", "1.10.0", "1.9.0", "2.0.0", "1.2.3-rc.1", "1.2.3-rc.2", "1.2.3-rc.10", "1.2.3-alpha", "1.2.3-1", "1.2.3-a.b.c", "1.2.3-a.1", "1.2.3+b1", "1.2.3-rc.1+b2", "10.20.30",
            "99999999999999999999.0.0", "1.2", "1", "v1.2.3", "1.2.3.4", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.3+", "", " 1.2.3", "1.2.3\n", "1.2.x", "1.2.3-é", "1.2.-3", "1.2.3--", "1.2.3-0a"]
VALUES = [None, True, False, 0, -1, 1.5, 1e16, 1e-7, 10**20, "", "a", "é日😀", 'q"q', '"', '"a"', "a\nb\t", "\\", "<&>", "/", [], {}, [1, [2, "x"], {"a": None}], {"b": 1, "a": [1, 2], "é": "ü"}, {"a": {"b": {}, "c": []}}, "[1, 2]", '{"a": 1}', "a: 1", "null", "a:b, c:d",
          ["a,b: c"], {"k:, ": "v\n"}, {1: "x", None: 2, True: 3, 1.5: 4}]


def human(seconds):
    assert isinstance(seconds, (int, float))
    if seconds == 0:
        return "0s"
    if seconds < 1:
        return "%s\u03bcs" % seconds
    if isinstance(seconds, float):
        seconds = int(round(seconds))
    at = datetime.datetime(1, 1, 1) + datetime.timedelta(seconds=seconds)
    parts = [(at.year - 1, "y"), (at.day - 1, "d"), (at.hour, "h"), (at.minute, "m"), (at.second, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return "".join("%d%s" % p for p in parts)


def compare(v, w):
    return semver.Version.parse(v).compare(w)


def text(v):
    return v if isinstance(v, str) else str(v)


def dumps(v, indent=None, sort_keys=False, separators=(",", ": ")):
    kw = {"indent": indent, "sort_keys": sort_keys}
    if separators is not None:
        kw["separators"] = separators
    return json.dumps(v, **{k: x for k, x in kw.items() if x is not None})


def strict_json(v):
    def refuse(c):
        raise json.JSONDecodeError("Expecting value", c, 0)
    return json.loads(str(v), parse_constant=refuse)


def query(v, q):
    return [m.value for m in jsonpath_rw.parse(q).find(v)] or None


def dump_yaml(v, indent=None, allow_unicode=True):
    kw = {"default_flow_style": False, "indent": indent, "allow_unicode": allow_unicode}
    return yaml.dump(v, Dumper=yaml.CSafeDumper, **{k: x for k, x in kw.items() if x is not None})


def flags(ignorecase):
    return re.I if ignorecase else 0


FUNCTIONS = {
    "version_compare": compare,
    "version_more_than": lambda v, w: compare(v, w) == 1,
    "version_less_than": lambda v, w: compare(v, w) == -1,
    "version_equal": lambda v, w: compare(v, w) == 0,
    "version_match": lambda v, m: semver.Version.parse(v).match(m),
    "version_bump_major": lambda v: str(semver.Version.parse(v).bump_major()),
    "version_bump_minor": lambda v: str(semver.Version.parse(v).bump_minor()),
    "version_bump_patch": lambda v: str(semver.Version.parse(v).bump_patch()),
    "version_strip_patch": lambda v: "%d.%d" % semver.Version.parse(v).to_tuple()[:2],
    "to_human_time_from_seconds": human,
    "json_escape": lambda v: json.dumps(v).strip('"'),
    "to_complex": json.dumps,
    "to_json_string": dumps,
    "to_yaml_string": dump_yaml,
    "from_json_string": strict_json,
    "from_yaml_string": lambda v: yaml.load(str(v), Loader=yaml.CSafeLoader),
    "jsonpath_query": query,
    "use_none": lambda v: "%*****__%NONE%__*****%" if v is None else v,
    "basename": posixpath.basename,
    "dirname": posixpath.dirname,
    "regex_match": lambda v, p, ignorecase=False: bool(re.match(p, text(v), flags(ignorecase))),
    "regex_search": lambda v, p, ignorecase=False: bool(re.search(p, text(v), flags(ignorecase))),
    "regex_replace": lambda v, p, r, ignorecase=False: re.compile(p, flags(ignorecase)).sub(r, text(v)),
    "regex_substring": lambda v, p, result_index=0, ignorecase=False: re.findall(p, text(v), flags(ignorecase))[result_index],
}


def cases():
    for v in VERSIONS:
        for f in ("version_bump_major", "version_bump_minor", "version_bump_patch", "version_strip_patch"):
            yield f, [v], {}
        for w in VERSIONS:
            yield "version_compare", [v, w], {}
    for f in ("version_more_than", "version_less_than", "version_equal"):
        for v, w in (("1.2.3", "1.2.3"), ("1.2.3", "1.2.4"), ("1.3.0", "1.2.4"), ("x", "1.0.0"), ("1.0.0", 5), (5, "1.0.0"), (None, "1.0.0"), ("1.2.3", [1, 2, 3]), ("1.2.3", [1, 2]), ("1.2.3", [1, 2, 3, "rc"]), ("1.2.3", [-1]), ("1.2.3", ["a"])):
            yield f, [v, w], {}
    for m in (">=1.0.0", ">1.2.3", "<2.0.0", "<=1.2.3", "==1.2.3", "!=1.2.3", "1.2.3", "1.2.4", "=1.2.3", "~1.2", "", ">", ">=", ">= 1.0.0", "^1.0.0", ">=1.2", "<1.2.3-rc", "!1.0.0", "abc", 5, None):
        yield "version_match", ["1.2.3", m], {}
    for n in (0, 0.0, 0.5, 1e-6, -1, -0.5, 1, 59, 60, 61, 3599, 3600, 3661, 3661.4, 3661.5, 3662.5, 86399, 86400, 90061, 40 * 86400, 31 * 86400, 32 * 86400, 364 * 86400, 365 * 86400, 366 * 86400, 400 * 86400 + 5, 1461 * 86400, 4 * 365 * 86400, 10**9, 10**10, 0.999, 1.0, 1.4, True, False,
              315537897599, 315537897600, 10**15, 10**30, "5", None, [], float(10**12)):
        yield "to_human_time_from_seconds", [n], {}
    for v in VALUES:
        for f in ("json_escape", "to_complex", "to_json_string", "to_yaml_string", "use_none", "from_json_string", "from_yaml_string", "basename", "dirname"):
            yield f, [v], {}
        for k in ({"indent": 2}, {"indent": 0}, {"indent": "\t"}, {"sort_keys": True}, {"indent": 4, "sort_keys": True}, {"separators": None}, {"separators": None, "indent": 2}, {"separators": [";", "="]}, {"separators": ["", ""], "indent": 1}, {"indent": True}, {"sort_keys": None}):
            yield "to_json_string", [v], k
        for k in ({"indent": 4}, {"indent": 1}, {"indent": 100}, {"allow_unicode": False}, {"allow_unicode": None}, {"indent": -1}):
            yield "to_yaml_string", [v], k
        yield "regex_match", [v, r"[\[{(a1T]"], {}
        yield "regex_substring", [v, r"."], {}
    for v in ("NaN", "Infinity", "[1,]", "{'a': 1}", "1 2", "01", '"\t"', '"\\ud83d"', '{"a": 1, "a": 2}', "", " 1 ", "tru"):
        yield "from_json_string", [v], {}
    for v in ("a: b: c", "{{ x }}", "!foo a", "- 1\n- on\n", "a: 010", "2020-01-02", "a: 1\n---\nb: 2"):
        yield "from_yaml_string", [v], {}
    for v in ("/a/b/c", "a", "/", "//", "///a", "a/", "/a/", "a//b", "", "a/b/", "//a", "./x", "..", "a//", "///"):
        yield "basename", [v], {}
        yield "dirname", [v], {}
    for p in ("fox", "^the", "QUICK", "(q)(u)", "(?P<w>qu\\w+)", "(", "x*", "[0-9]", "\\s"):
        for f in ("regex_match", "regex_search", "regex_substring"):
            yield f, ["the quick brown fox", p], {}
            yield f, ["the quick brown fox", p], {"ignorecase": True}
        for r in ("", "X", "\\1", "\\g<w>", "\\\\", "\\2\\1", "\\g<0>!", "\\q"):
            yield "regex_replace", ["the quick brown fox", p, r], {}
    for i in (0, 1, -1, 5, -5):
        yield "regex_substring", ["a1b2c3", "[0-9]"], {"result_index": i}
    yield "regex_match", ["a", 5], {}
    yield "regex_match", ["a", None], {}
    yield "regex_replace", ["A", "a", "b"], {"ignorecase": 1}
    for q in ("a", "$", "$..a", "a[*]", "b[0]", "[", "a b", "", "a.b.c", "`parent`", "b[9]", "*", "n[0]"):
        yield "jsonpath_query", [{"a": [1, 2], "b": [{"a": 3}], "n": 5}, q], {}
    yield "jsonpath_query", [None, "a"], {}
    yield "jsonpath_query", ["abc", "[0]"], {}


CASTS = {
    "integer": int,
    "number": float,
    "boolean": lambda v: ast.literal_eval(v.capitalize()) if isinstance(v, str) else v,
}
CAST_VALUES = [None, True, False, 0, 5, -3, 5.9, -5.9, 1e30, "5", " 5 ", "5.9", "1_000", "0x10", "x", "", "true", "TRUE", "tRuE", "false", "False", "none", "yes", "1", "0", "'a'", "[1]", "1e3", "inf", "nan", "-5", "+5", [], [1], {}, "10" * 20, " true", "true ", "1.5", "(1, 2)", "__import__('os')"]


def main():
    for f, a, k in cases():
        emit({"f": f, "a": a, "k": k}, FUNCTIONS[f], a, k)
    for kind, cast in CASTS.items():
        for v in CAST_VALUES:
            emit({"cast": kind, "a": [v], "k": {}}, cast, [v], {})


def tag(v):
    if isinstance(v, float) and (v != v or v in (float("inf"), float("-inf"))):
        return {"$float": repr(v)}
    if isinstance(v, (datetime.date, datetime.datetime)):
        return {"$str": str(v)}
    if isinstance(v, tuple):
        return {"$tuple": [tag(x) for x in v]}
    if isinstance(v, list):
        return [tag(x) for x in v]
    if isinstance(v, dict):
        return {"$map": [[tag(k), tag(x)] for k, x in v.items()]}
    return v


def emit(rec, fn, a, k):
    try:
        rec["v"] = tag(fn(*a, **k))
    except Exception as e:
        cls = "re.error" if isinstance(e, re.error) else type(e).__name__
        rec["e"] = [cls, str(e)]
    rec["a"], rec["k"] = tag(rec["a"]), tag(rec["k"])
    print(json.dumps(rec))


if __name__ == "__main__":
    main()
