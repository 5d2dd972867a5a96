#!/usr/bin/env python3
"""Fill the expected results of the case files with those of Jinja itself.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install Jinja2==3.1.6
    /tmp/venv/bin/python gen.py *.txt

A file consists of cases:

    === [strict|lenient|expr]
    the template
    --- [ErrorClass]
    the output, or the error's message

Template and output end in front of the newline before the next marker. What
cannot be written so stands as one JSON string, with the word json behind the
mode or class. "expr" evaluates a lone expression and shows its repr. Results
are replaced, templates kept.
"""
import copy, json, os, re, sys, warnings

from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import SandboxedEnvironment

HERE = os.path.dirname(os.path.abspath(__file__))
VARS = json.load(open(os.path.join(HERE, "vars.json")))
ENVS = {
    mode: SandboxedEnvironment(undefined=u, trim_blocks=True, lstrip_blocks=True)
    for mode, u in (("strict", StrictUndefined), ("lenient", Undefined), ("expr", StrictUndefined))
}


def native(v):
    return list(v) if type(v).__name__ == "generator" else v


def run(mode, text):
    env, data = ENVS[mode], copy.deepcopy(VARS)
    try:
        if mode == "expr":
            return "", repr(native(env.compile_expression(text, undefined_to_none=False)(**data)))
        return "", env.from_string(text).render(**data)
    except Exception as e:
        return type(e).__name__, e.message if hasattr(e, "lineno") and hasattr(e, "message") else str(e)


def block(marker, word, text):
    plain = not re.search(r"[\r\x00-\x08\x0b-\x1f\x85\u2028\u2029]|^(===|---)", text, re.M)
    if not plain:
        word, text = (word + " json").strip(), json.dumps(text)
    return f"{marker} {word}".rstrip() + "\n" + text + "\n"


def cases(source):
    for chunk in re.split(r"^===", source, flags=re.M)[1:]:
        head, rest = chunk.split("\n", 1)
        text = re.split(r"\n---", rest, maxsplit=1)[0] if "\n---" in rest else rest.rstrip("\n")
        words = head.split()
        if "json" in words:
            text = json.loads(text)
        yield next((w for w in words if w in ENVS), "strict"), text


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for name in sys.argv[1:]:
        source = open(name, encoding="utf-8", newline="").read()
        head = source.split("===", 1)[0]
        with open(name, "w", encoding="utf-8", newline="") as out:
            out.write(head)
            for mode, text in cases(source):
                cls, result = run(mode, text)
                out.write(block("===", "" if mode == "strict" else mode, text) + block("---", cls, result))
