"""Records what StackStorm makes of parameters; run with st2common on PYTHONPATH:

    python oracle.py > params.jsonl

Cases in which both an action and its runner have templates as defaults, or in
which a template replaces a template, are left out: there Gale differs on purpose.
"""
import json
import random
import sys

from st2common.util import param

KV = {"x": "foo", "n": "5", "list": "[1, 2]", "obj": '{"a": 7}', "flag": "true"}


class Lookup:
    def __init__(self, scope=None, user=None, context=None, name=""):
        self.name = name

    def __getattr__(self, key):
        if key.startswith("_"):
            raise AttributeError(key)
        return Lookup(name=self.name + "." + key if self.name else key)

    def __getitem__(self, key):
        return Lookup(name=self.name + "." + key if self.name else key)

    def __str__(self):
        return KV.get(self.name, "")


param.KeyValueLookup = Lookup
param.UserKeyValueLookup = Lookup
param.get_config = lambda pack, user: {"port": 22, "host": "h1", "deep": {"a": [1, "x"]}}
CONTEXT = {"user": "joe", "pack": "p"}
TRIGGER = {"name": "web", "count": 3, "items": [1, {"a": True}], "none": None}


def case(runner, action, given):
    out = {"runner": runner, "action": action, "given": given}
    try:
        live = param.render_live_params(runner, action, given, CONTEXT, {"trigger": TRIGGER})
        out["live"] = live
        out["final"] = param.render_final_params(runner, action, live, CONTEXT)
    except Exception as e:
        out["error"] = type(e).__name__
        out["message"] = str(e)
    return out


RUNNER = {"cmd": {"type": "string"}, "sudo": {"type": "boolean", "default": False}, "timeout": {"type": "integer", "default": 60},
          "env": {"type": "object"}, "dir": {"type": "string", "default": "/tmp", "immutable": True}}

FIXED = [
    (RUNNER, {"cmd": {"default": "cp {{args}} {{source}}", "immutable": True}, "source": {"type": "string"}, "args": {"default": "-v{% if force %} -f{% endif %}"}, "force": {"type": "boolean"}},
     {"source": "a b", "force": "true"}),
    (RUNNER, {}, {"cmd": "{{ trigger.name }}-{{ trigger.count }}"}),
    (RUNNER, {}, {"cmd": "{{ st2kv.system.x }}", "env": {"A": "{{cmd}}", "B": "{{ cmd }}", "C": ["{{sudo}}", 1]}}),
    (RUNNER, {}, {"cmd": "{{ config_context.host }}:{{ config_context.port }}", "timeout": "{{ config_context.port }}"}),
    (RUNNER, {}, {"cmd": "{{ action_context.user }}", "timeout": "17", "sudo": "TRUE"}),
    (RUNNER, {}, {"cmd": "{{ nope }}"}), (RUNNER, {}, {"cmd": "{{ nope | default('x') }}"}), (RUNNER, {}, {"cmd": "{{ cmd }}"}),
    (RUNNER, {}, {"cmd": "{{ sudo }}", "sudo": "{{ cmd }}"}), (RUNNER, {}, {"cmd": "{{"}), (RUNNER, {}, {"cmd": "{% raw %}{{ x }}{% endraw %}"}),
    (RUNNER, {}, {"timeout": "abc"}), (RUNNER, {}, {"timeout": 5.9}), (RUNNER, {}, {"timeout": True}), (RUNNER, {}, {"timeout": "5.0"}),
    (RUNNER, {}, {"sudo": "yes"}), (RUNNER, {}, {"sudo": "1"}), (RUNNER, {}, {"sudo": ""}), (RUNNER, {}, {"cmd": 5}), (RUNNER, {}, {"cmd": None}),
    (RUNNER, {}, {"env": "{'a': True}"}), (RUNNER, {}, {"env": '{"a": 1}'}), (RUNNER, {}, {"env": "x=1"}), (RUNNER, {}, {"env": ""}),
    (RUNNER, {}, {"dir": "/x"}), (RUNNER, {}, {"unknown": "{{ trigger.name }}"}), (RUNNER, {}, {"cmd": "{{ trigger.missing }}"}),
    (RUNNER, {}, {"cmd": "{{ range(3) | list }}"}), (RUNNER, {}, {"cmd": "{{ trigger.none }}"}), (RUNNER, {}, {"env": {"k": "{{ trigger.name }}\"x"}}),
    (RUNNER, {}, {"env": {"a": "{{trigger}}"}}), (RUNNER, {}, {"env": "{{ trigger }}"}), (RUNNER, {}, {"cmd": "{{ trigger | to_json_string }}"}),
    (RUNNER, {"l": {"type": "array", "default": "{{ st2kv.system.list }}"}, "o": {"type": "object", "default": "{{ st2kv.system.obj | from_json_string }}"},
              "n": {"type": "integer", "default": "{{ st2kv.system.n }}"}, "b": {"type": "boolean", "default": "{{ st2kv.system.flag }}"}}, {}),
    (RUNNER, {"l": {"type": "array", "default": "{{ st2kv.system.list }}"}, "n": {"type": "integer", "default": "{{ st2kv.system.n }}"}}, {"l": None, "n": 0}),
    (RUNNER, {"l": {"type": "array", "default": ["{{ trigger.name }}"]}}, {}), (RUNNER, {"n": {"type": "number"}}, {"n": "1e3"}),
    (RUNNER, {"u": {"type": "string", "default": "{{ v | use_none }}"}, "v": {"type": "string"}}, {"u": "{{ v | use_none }}"}),
    (RUNNER, {"free": {}}, {"free": "{{ trigger.count }}"}), (RUNNER, {"free": {"description": "d"}}, {"free": [1]}),
    (RUNNER, {"a": {"type": "string", "default": "{{ b }}"}, "b": {"type": "string", "default": "{{ a }}"}}, {}),
    (RUNNER, {"a": {"type": "string", "default": "{{ b }}"}, "b": {"type": "string", "default": "{{ a }}"}}, {"a": "z"}),
    ({}, {}, {"x": "{{ trigger.name }}"}), ({}, {}, {}),
    (RUNNER, {"cmd": {"default": "own"}}, {}), (RUNNER, {"sudo": {"default": True}}, {}),
]

VALUES = ["text", "{{ a }}", "{{b}}", "{{ trigger.name }}", "{{ c }}-{{ trigger.count }}", "{{ d | default(1) }}", 5, 1.5, True, None, "7", "true", "[1]",
          ["{{a}}", "{{ b }}"], {"k": "{{a}}"}, [], "{{ trigger['items'] }}", "{{ '%s' | format(a) }}", "{{ a ~ b }}"]
TYPES = ["string", "string", "integer", "number", "boolean", "array", "object", None]


def specs(rng, names):
    out = {}
    for n in names:
        spec = {}
        t = rng.choice(TYPES)
        if t:
            spec["type"] = t
        if rng.random() < 0.5:
            spec["default"] = rng.choice(VALUES)
        out[n] = spec
    return out


rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 4)
cases = list(FIXED)
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 250):
    action = specs(rng, rng.sample("abcd", rng.randrange(1, 4)))
    runner = specs(rng, [n for n in rng.sample("abcd", rng.randrange(0, 3)) if n not in action])
    names = list(action) + list(runner)
    given = {n: rng.choice(VALUES) for n in names if rng.random() < 0.5}
    if any("{{" in str(given[n]) and "{{" in str({**runner, **action}[n].get("default")) for n in given):
        continue
    cases.append((runner, action, given))
for runner, action, given in cases:
    print(json.dumps(case(json.loads(json.dumps(runner)), json.loads(json.dumps(action)), json.loads(json.dumps(given)))))
