"""Records what StackStorm makes of criteria; run with st2common and st2reactor on PYTHONPATH:

    python oracle.py > criteria.jsonl

The time is 2026-11-25T07:00:00Z throughout.
"""
import datetime
import json
import random
import sys
import types

import dateutil.parser._parser as inner
from st2common.util import date as date_utils
from st2common.util import payload as payload_module
from st2common.util import templating
from st2reactor.rules import filter as rules

NOW = datetime.datetime(2026, 11, 25, 7, tzinfo=datetime.timezone.utc)
KV = {"x": "foo", "n": "5"}


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 25)


class Lookup:
    def __init__(self, scope=None, prefix=None, name=""):
        self.name = name

    def __getattr__(self, key):
        if key.startswith("_"):
            raise AttributeError(key)
        return Lookup(name=self.name + "." + key if self.name else key)

    def __str__(self):
        return KV.get(self.name, "")


templating.KeyValueLookup = Lookup
payload_module.KeyValueLookup = Lookup
date_utils.get_datetime_utc_now = lambda: NOW
PAYLOAD = {"a": 1, "b": 2, "f": 5.0, "t": True, "c": "str", "s": "Hello World", "multi": "one\ntwo", "l": [1, "x", None], "n": None, "z": 0, "e": "", "u": "ÉTÉ",
           "d": {"k": "v", "deep": {"x-1": [10, 20]}}, "items": [{"name": "web", "cpu": 5, "tags": ["p"]}, {"name": "db", "cpu": 50}, {"name": "cache"}],
           "when": "2026-11-25T06:59:30Z", "later": "2026-11-25T07:10:00+00:00", "empty": [], "a b": {"c.d": 7}, "num": "5", "re": "a.c"}
KEYS = ["trigger.a", "trigger.f", "trigger.t", "trigger.c", "trigger.s", "trigger.multi", "trigger.l", "trigger.n", "trigger.missing", "trigger.d", "trigger.e", "trigger.u",
        "trigger.d.k", "trigger.d.deep.x-1[0]", "trigger.d.deep.x-1[-1]", "trigger.items[1].name", "trigger.items.name", "trigger.items[*].cpu", "trigger.items[9]",
        "trigger.c.x", "trigger.when", "trigger.later", "trigger.z", "trigger.'a b'.'c.d'", "trigger[d][k]", "trigger.num", "trigger.re", "trigger..name", "trigger",
        "trigger.a#1", "trigger.empty", "trigger.c[0]", "trigger.a[0]", "trigger.1x", "trigger.where", "trigger.a/b", "other", "trigger.é", "trigger.d.*"]
PATTERNS = [1, 5, 5.0, "5", True, False, None, "str", "STR", "s", "o W", "", [1, 2], ["str", 1, None], {"k": 1}, "^s", "t.*o", "Hello*", "*[!o]rld", "h?llo*", "(", "[a", 60, "30", "nope",
            "{{ trigger.c }}", "{{ trigger.a }}", "{{trigger.a}}{{trigger.b}}", "^{{ trigger.c }}$", "{{ trigger.l }}", "{{ trigger.zzz }}", "{{ st2kv.system.x | string }}-b",
            "{{ st2kv.system.n | string | int }}", "x{2}", "a {# b", "line\n", "{{ trigger.c", "{{ trigger.n }}", "{{ trigger.t }}", "été", 0, -1, "{% if trigger.a %}str{% endif %}"]
CHILDREN = [{"item.name": {"type": "eq", "pattern": "web"}}, {"item.cpu": {"type": "gt", "pattern": 3}}, {"item.name": {"type": "exists", "pattern": 1}, "item.cpu": {"type": "lt", "pattern": 10}},
            {"item": {"type": "eq", "pattern": 1}}, {"item.cpu": {"type": "gt", "pattern": 3}, "item.cpu#2": {"type": "lt", "pattern": 40}}, {"trigger.a": {"type": "eq", "pattern": 1}},
            {"item.tags": {"type": "search", "condition": "any", "pattern": {"item": {"type": "eq", "pattern": "p"}}}}, {"item.name": {"type": "eq", "pattern": "{{ item.name }}"}}, {}]


def run(criteria, payload):
    failures = []
    rule = types.SimpleNamespace(ref="p.r", id="1", uid="u", enabled=True, criteria=criteria, type={"ref": "standard"})
    f = rules.RuleFilter(types.SimpleNamespace(payload=payload, id="i"), {"name": "t"}, rule)
    f._create_rule_enforcement = lambda failure_reason, exc: failures.append(failure_reason)
    inner.datetime.datetime = Fixed
    try:
        return {"matched": bool(f.filter()), "failed": bool(failures)}
    except Exception as e:
        return {"matched": False, "failed": True}
    finally:
        inner.datetime.datetime = datetime.datetime


rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 6)
OPERATORS = sorted(set(rules.criteria_operators.operators) - {"search"})
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 700):
    if rng.random() < 0.15:
        key = rng.choice(["trigger.items", "trigger.l", "trigger.empty", "trigger.d", "trigger.c", "trigger.n", "trigger.a"])
        one = {"type": "search", "condition": rng.choice(["any", "all", "any2any", "all2any", "none", None]), "pattern": rng.choice(CHILDREN)}
    else:
        key, one = rng.choice(KEYS), {"type": rng.choice(OPERATORS), "pattern": rng.choice(PATTERNS)}
    payload = PAYLOAD if rng.random() < 0.98 else {}
    print(json.dumps({"key": key, "criterion": one, "empty": not payload, "want": run({key: one}, payload)}))
