#!/usr/bin/env python3
"""Write golden.jsonl: what jsonpath-rw 1.4.0 finds. Usage: golden.py [random-count [seed]] > golden.jsonl"""
import json
import logging
import random
import sys

import jsonpath_rw

logging.disable(logging.CRITICAL)

DOCS = [
    {"trigger": {"body": {"name": "n", "items": [{"id": 1, "x-y": 2}, {"id": 2}, 3], "a b": {"c": 4}, "a.b": 5, "1a": 6, "where": 7, "é": 8}, "text": "abc", "count": 5, "none": None, "flag": True, "f": 1.5},
     "system": {"k": "v"}, "headers": {"X-GitHub-Event": "push", "x-github-event": "p2"}},
    {"people": [{"first": "J", "last": "D", "tags": ["a", "b"]}, {"first": "B", "age": 3}], "empty": [], "ed": {}, "a": {"a": {"a": 1}}, "n": [[1, 2], [3, [4]]]},
    [1, [2, 3], {"a": [4, {"a": 5}]}],
    "text", 5, None,
]

PATHS = """$ @ `this` `parent` $.trigger.body.name trigger.body.name trigger..id trigger.body.items[0].id trigger.body.items[-1] trigger.body.items[5] trigger.body.items[-5] trigger.body.items[0:2]
trigger.body.items[*] trigger.body.items[*].id trigger.body.items.id trigger.body.* trigger.* * *.* $..* $..id $..[0] trigger.text[0] trigger.text[1:] trigger.text[*] trigger.count[0] trigger.count[*] trigger.none[0]
trigger.none[*] trigger.f[0] trigger.f[*] trigger.flag[*] trigger.body[0] trigger.body[*] trigger.body[20] trigger.body.items[0]["x-y"] trigger.body.items[0].x-y trigger.body["a.b"] trigger.body.'a.b' trigger.body."a.b" trigger.body['1a'] trigger.body.1a
trigger.body['where'] trigger.body.where trigger.body.é trigger.body['é'] headers.X-GitHub-Event headers['X-GitHub-Event'] headers[X-GitHub-Event] system.k a.a.a a..a a.a.`parent`.a a.a.`parent`.`parent`.people people[*].first,last people[*][first,last]
people[*]["first","age"] people[*].tags[*] people[0].tags[0,1] people[1:] people[:1] people[:] people[0:-1] people[-1:] people[::2] people[0:2:1] empty[*] empty[0] ed[0] ed[*] ed.* n[*][*] n..[1] n[1][1][0] a|n a.a|n a.(a|n) (a|n).a
(people|n)[0] people|n[0] people.*|a people[*] where last people[*] where age.first people[*] where tags people.first where last $..a where a a&n a.b&c [0] [1][0] [*] [*].a $[2].a[1].a [-1] [-9] [0:1] ..a a.. a. .a a..b.c a.b..c
a['b'] a["b'c"] a['b a[ a] a[] a[a a() ((a)) (a (a)b a b a,b a,b,c a,*  *,a a.*.a $.$ a.$ a.$.people `bogus` `par\\ent` 'it\\'s' "a\\"b" 'a\\\\b' '' "" a.'' trigger.body.'a\\ b' a[٣] a[0x1] a-b a- -a a@b @a a:b a/b a+b a!b a[1:2,3] a[1,2]
where a where a where trigger[body].name trigger["body"]["name"] trigger [ body ] . name trigger['body','system'] $.. .. ... a...b $.*[0] *[0] *..a""".split("\n")
PATHS = [p for line in PATHS for p in line.split(" ")] + ["trigger.body.'a b'.c", 'trigger.body."a b".c', "people[*] where last", "people[*] where age", "people[*] where `this`.last", "a where a", "$..* where a", "people[*] where first.tags",
         "(people[*] where last).first", "trigger . body . name", "trigger\n.body", "", " ", "a b", "a where", "where", "'a", '"a', "`a", "a ['b']", "'a\\\nb'", "people [ 0 : 1 ] . first", "a | n | people", "people.*.first | a..a", "$..first,last", "n[*][0] | n[*][1]"]

PIECES = ["a", "n", "people", "first", "*", "$", "..", ".", ".", "[0]", "[1]", "[*]", "[-1]", "[0:1]", "[a]", "['first','last']", "`this`", "`parent`", "|", " where ", "(", ")", ",", "tags"]


def tag(v):
    return v


def record(path, i):
    rec = {"p": path, "d": i}
    try:
        rec["v"] = [m.value for m in jsonpath_rw.parse(path).find(DOCS[i])]
    except Exception as e:
        rec["e"] = "%s: %s" % (type(e).__name__, e)
    return rec


def main():
    if len(sys.argv) > 1:
        rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
        cases = [("".join(rng.choice(PIECES) for _ in range(rng.randint(1, 6))), rng.choice([1, 1, 2])) for _ in range(int(sys.argv[1]))]
    else:
        cases = [(p, i) for p in PATHS for i in (0, 1, 2)] + [(p, i) for p in ("$", "*", "[*]", "[0]", "a", "$..a", "..") for i in (3, 4, 5)]
    print(json.dumps({"docs": DOCS}, ensure_ascii=False))
    for path, i in cases:
        print(json.dumps(record(path, i), ensure_ascii=False))


if __name__ == "__main__":
    main()
