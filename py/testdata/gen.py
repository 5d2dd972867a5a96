"""Writes the golden files of this directory: what Python 3.11 does.

Run with Python 3.11: python3 gen.py. Each line of a file is a JSON array of
strings: the operation, its operands as Python literals, and the outcome as
repr, or as "!Class: message".
"""

import ast
import datetime
import itertools
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
INF = float("inf")


def lit(v):
    """repr, with infinities as literals."""
    return repr(v).replace("inf", "1e999") if "inf" in repr(v) and not isinstance(v, str) else repr(v)


def outcome(f):
    try:
        return repr(f())
    except Exception as e:  # noqa: BLE001 - the error is what is recorded
        return "!%s: %s" % (type(e).__name__, e)


def write(name, rows):
    seen, n = set(), 0
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        for row in rows:
            line = json.dumps(row, ensure_ascii=False)
            if line not in seen:
                seen.add(line)
                f.write(line + "\n")
                n += 1
    print(name, n)


NUMBERS = [0, 1, -1, 2, 3, 7, -7, 10, 255, 2**31, -(2**31), 2**53, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), 2**63, 2**64,
           10**20, -(10**25), 10**310, True, False, 0.0, -0.0, 0.5, -0.5, 1.0, 2.5, -7.5, 3.14, 0.1, 1e16, 1e22, 1e-5,
           123456789.125, 9007199254740992.0, 9007199254740993.5, 1e308, 5e-324, INF, -INF]
OTHERS = [None, "", "a", "abc", "é日", [], [1], [1, "a"], [1, 2, 3], [[1], [2]], (), (1,), (1, 2), {}, {"a": 1}, {1: 2},
          {1}, {1, 2}, b"", b"ab"]

OPS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
    "==": lambda a, b: a == b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
    "[]": lambda a, b: a[b],
}


def too_big(op, a, b):
    if op == "**":
        if isinstance(a, (int, float)) and isinstance(b, (int, float)) and a < 0 and b != int(b if abs(b) < 1e300 else 0):
            return True  # complex
        return isinstance(b, int) and b > 400 and isinstance(a, int) and abs(a) > 1
    if op == "*":
        return any(isinstance(x, int) and x > 400 and not isinstance(y, (int, float)) for x, y in ((a, b), (b, a)))
    return False


def operators():
    random.seed(1)
    values = NUMBERS + OTHERS
    for op, f in OPS.items():
        pairs = list(itertools.product(values, values))
        both = [p for p in pairs if isinstance(p[0], (int, float)) and isinstance(p[1], (int, float))]
        rest = [p for p in pairs if p not in both]
        chosen = random.sample(both, 110) if op not in ("in", "[]") else []
        chosen += random.sample(rest, 110)
        for a, b in chosen:
            if too_big(op, a, b):
                continue
            out = outcome(lambda: f(a, b))
            if len(out) < 500 and "Exceeds the limit" not in out:  # a limit of 3.11 only
                yield [op, lit(a), lit(b), out]
    sets = [set(), {1}, {1, 2}, {2, 3}, {1, 2, 3}]
    for a, b in itertools.product(sets, sets):
        for op in ("<", "<=", ">", ">=", "==", "-", "in"):
            yield [op, repr(a), repr(b), outcome(lambda: OPS[op](a, b))]
    for v in values:
        yield ["neg", lit(v), "None", outcome(lambda: -v)]
        yield ["pos", lit(v), "None", outcome(lambda: +v)]
        yield ["abs", lit(v), "None", outcome(lambda: abs(v))]
        yield ["bool", lit(v), "None", outcome(lambda: bool(v))]
        yield ["len", lit(v), "None", outcome(lambda: len(v))]
        yield ["int", lit(v), "None", outcome(lambda: int(v))]
        yield ["float", lit(v), "None", outcome(lambda: float(v))]
        yield ["list", lit(v), "None", outcome(lambda: list(v))]
        yield ["str", lit(v), "None", outcome(lambda: str(v))]
        yield ["hash", lit(v), "None", outcome(lambda: hash(v) and None)]
        yield ["round", lit(v), "None", outcome(lambda: round(v))]
        for n in (-25, -3, -1, 0, 1, 2, 5):
            yield ["round", lit(v), lit(n), outcome(lambda: round(v, n))]
    for a in [0.5, 1.5, 2.5, -0.5, 2.675, 1.005, 5e15 + 0.5, 25.0, 35.0, 125.5, 1250, 1350, -1250, 15, 25, -25, 1e300]:
        for n in (-3, -2, -1, 0, 1, 2, 3):
            yield ["round", lit(a), lit(n), outcome(lambda: round(a, n))]
    for _ in range(120):
        a = random.choice([random.uniform(0, 10), random.uniform(0, 1e6), random.uniform(0, 1e-6), float(random.randint(1, 50))])
        b = random.choice([random.uniform(-20, 20), random.randint(-30, 30), 0.5, -0.5, 1 / 3])
        yield ["**", lit(a), lit(b), outcome(lambda: a**b)]
    for _ in range(120):
        a = random.choice([random.uniform(-100, 100), random.randint(-100, 100), random.randint(-(10**30), 10**30)])
        b = random.choice([random.uniform(-10, 10), random.randint(-10, 10), random.randint(-(10**20), 10**20)])
        op = random.choice(["/", "//", "%", "<", "=="])
        yield [op, lit(a), lit(b), outcome(lambda: OPS[op](a, b))]


def slices():
    random.seed(2)
    seqs = ["", "abcdef", "añ日🎉ef", [], [1, 2, 3, 4, 5], (1, 2, 3), b"abcdef", range(10), range(5, -5, -2), {}, 5, None]
    marks = [None, 0, 1, 2, -1, -2, 5, 6, -6, 100, -100, 2**70, -(2**70), True]
    for s in seqs:
        for _ in range(40):
            lo, hi, st = random.choice(marks), random.choice(marks), random.choice([None, None, 1, 2, -1, -2, 100, -100])
            yield ["slice", repr(s), repr([lo, hi, st]), outcome(lambda: s[lo:hi:st])]
        for args in (("a", None, None), (None, 1.5, None), (None, None, 0), (None, None, "x")):
            yield ["slice", repr(s), repr(list(args)), outcome(lambda: s[args[0]:args[1]:args[2]])]


TEXTS = ["", "a", "abc", "Hello World", "hello world foo", "  padded\t\n ", "a,b,,c", "aXbXc", "ABC", "abc123", "123", "１２",
         "ß", "ǆx", "ΑΣ ΟΔΟΣ", "İstanbul", "ﬁne", "they're BILL's friends", "l1\nl2\r\nl3\rl4\x0bl5\x1cl6\u2028l7", "\t1\t22\t333",
         "-42", "+7", "½", "²", "naïve café", "日本語テキスト", "🎉party", "aaa", "snake_case", "1abc", "x\x00y", "ÀÉ", "ⅷ", "'quoted'"]

METHOD_ARGS = {
    "center": [(10,), (11, "*"), (3,), (7, "é"), ("x",), (5, "ab"), (5, 1)],
    "ljust": [(10,), (6, "."), (0,)],
    "rjust": [(10,), (6, "."), (0,)],
    "zfill": [(0,), (6,), (10,), ("x",)],
    "count": [("a",), ("",), ("l", 3), ("a", 1, 3), ("o", -5), (1,), ("a", "b")],
    "find": [("a",), ("",), ("b", 1), ("l", -3), ("z",), ("a", 5, 1), ("", 100), (1,), ("a", None, 2), ("本",)],
    "index": [("a",), ("z",), ("b", 1)],
    "rfind": [("a",), ("",), ("b", 1), ("l", 0, -3)],
    "rindex": [("a",), ("z",)],
    "startswith": [("a",), ("",), (("x", "a"),), ("b", 1), (1,), (("a", 1),), ("", 100), ("bc", 1, 2)],
    "endswith": [("c",), ("",), (("x", "c"),), ("b", 0, 2), (1,)],
    "strip": [(), (None,), ("a",), ("abc",), (" \n",), (1,)],
    "lstrip": [(), ("ab",), (1,)],
    "rstrip": [(), ("cd3",), (1,)],
    "removeprefix": [("a",), ("",), ("hello",), (1,)],
    "removesuffix": [("c",), ("",), ("123",), (1,)],
    "expandtabs": [(), (4,), (0,), (1,), (-1,), ("x",)],
    "join": [(["x", "y"],), ("abc",), ([],), (["x", 1],), (1,), ({"k": 1, "j": 2},), (("p",),)],
    "partition": [(",",), ("l",), ("zz",), ("",), (1,)],
    "rpartition": [(",",), ("l",), ("zz",), ("",), (1,)],
    "replace": [("a", "b"), ("", "-"), ("a", "", 1), ("l", "LL", -1), ("", "-", 2), (1, "a"), ("a", 1), ("a", "b", "c"), ("a",)],
    "split": [(), (None,), (",",), ("X", 1), (None, 1), (None, 0), (" ", 1), ("",), (1,), (",", -1), (None, "x"), ("ll",)],
    "rsplit": [(), (None, 1), ("X", 1), (" ", 1), ("",), (",",), (None, 2), (None, 0)],
    "splitlines": [(), (True,), (False,), (0,)],
    "encode": [(), ("utf-8",), ("ascii",), ("ascii", "ignore"), ("ascii", "replace"), ("latin-1",), ("ascii", "xmlcharrefreplace"),
               ("ascii", "backslashreplace"), ("nope",), (1,), ("utf-16-le",), ("UTF_8",)],
    "translate": [({97: "X", 98: None, 108: 76},), ({},)],
    "format_map": [({},)],
}
KEYWORDS = [("split", {"sep": "l"}), ("split", {"maxsplit": 1}), ("split", {"sep": " ", "maxsplit": 1}), ("rsplit", {"maxsplit": 1}),
            ("splitlines", {"keepends": True}), ("expandtabs", {"tabsize": 3}), ("split", {"nope": 1}), ("upper", {"x": 1}),
            ("encode", {"encoding": "ascii", "errors": "replace"}), ("find", {"x": 1}), ("center", {"width": 1}), ("join", {"x": 1})]


def call(v, name, args, kwargs):
    m = getattr(v, name)
    return m(*args, **kwargs)


def record(v, name, args=(), kwargs={}):
    """The outcome of a method, with the receiver as it is afterwards."""
    src = repr(v)
    out = outcome(lambda: call(v, name, args, kwargs))
    return [name, src, repr(tuple(args)), repr(kwargs), out, repr(v)]


def copy(v):
    return ast.literal_eval(repr(v)) if isinstance(v, (list, dict, set)) and v != set() else (set() if v == set() else v)


def methods():
    random.seed(3)
    for name in sorted(m for m in dir(str) if not m.startswith("_") and m not in ("format", "maketrans", "format_map")):
        argses = METHOD_ARGS.get(name, [()])
        for t in TEXTS:
            for args in argses if len(argses) < 3 else random.sample(argses, 3):
                yield record(t, name, args)
        for args in argses:
            yield record("hello", name, args)
        yield record("a", name, (1,) * 9)
        yield record("a", name, ())
        yield record("a", name, (), {"zz": 1})
    for name, kwargs in KEYWORDS:
        yield record("hello world", name, (), kwargs)
    yield record("a b", "split", (" ",), {"sep": " "})
    lists = [[], [1], [3, 1, 2], [1, "a"], ["b", "A", "c"], [1, 1.0, True], [[2], [1]], [None, 1]]
    list_args = {
        "append": [(9,), ([1],)], "count": [(1,), ("a",)], "extend": [([7, 8],), ("xy",), (5,), ({"k": 1},)],
        "index": [(1,), ("zz",), (1, 1), (1, -1), (2, 0, 2), (1, "x")], "insert": [(0, 9), (-1, 9), (100, 9), ("x", 9)],
        "pop": [(), (0,), (-1,), (5,), ("x",)], "remove": [(1,), ("zz",)], "sort": [()],
    }
    for l in lists:
        for name in ("append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort"):
            for args in list_args.get(name, [()]):
                yield record(copy(l), name, args)
        yield record(copy(l), "sort", (), {"reverse": True})
        yield record(copy(l), "sort", (), {"reverse": False, "key": None})
    for name in ("append", "clear", "insert", "pop", "sort", "index"):
        yield record([1], name, (1, 2, 3, 4))
        yield record([1], name, (), {"zz": 1})
    dicts = [{}, {"a": 1}, {"a": 1, "b": [2]}, {1: "x", 2.5: "y", None: 0, (1, 2): 3}]
    dict_args = {
        "fromkeys": [(["a", "b"],), ("xy", 0), (5,), ([[1]],)], "get": [("a",), ("zz",), ("zz", 5), (1.0,), (True,), ([],)],
        "pop": [("a",), ("zz",), ("zz", 1), ([],), (1,)], "setdefault": [("a",), ("n",), ("n", 3), ([], 1)],
        "update": [({"a": 5, "z": 6},), ([("q", 1)],), ([["q", 1], (2, 3)],), (5,), ([1],), (["abc"],), ([([], 1)],), ()],
    }
    for d in dicts:
        for name in ("clear", "copy", "fromkeys", "get", "items", "keys", "values", "pop", "popitem", "setdefault", "update"):
            for args in dict_args.get(name, [()]):
                yield record(copy(d), name, args)
        yield record(copy(d), "update", (), {"k": 1})
        yield record(copy(d), "update", ({"k": 0},), {"k": 1})
    for name in ("get", "items", "update", "pop", "clear", "copy"):
        yield record({}, name, (1, 2, 3, 4))
        if name != "update":
            yield record({}, name, (), {"zz": 1})
    for t in [(), (1, 2, 1), ("a", None)]:
        for name, args in [("count", (1,)), ("index", (1,)), ("index", (1, 1)), ("index", ("zz",)), ("count", ()), ("index", ())]:
            yield record(t, name, args)
    for s in [set(), {1}, {1, 2}, {"a"}]:
        for name, args in [("add", (1,)), ("add", ([],)), ("discard", (1,)), ("remove", (1,)), ("remove", (9,)), ("union", ([5],)), ("union", ()),
                           ("difference", ([1],)), ("intersection", ([1, 5],)), ("symmetric_difference", ([1, 7],)), ("issubset", ([1, 2, 3],)),
                           ("issuperset", ([1],)), ("isdisjoint", ([1],)), ("update", ([3],)), ("difference_update", ([1],)), ("clear", ()),
                           ("copy", ()), ("intersection_update", ([1],)), ("union", (5,)), ("add", ()), ("pop", (1,)), ("union", ([[]],))]:
            yield record(copy(s), name, args)
    yield record(set(), "pop")
    yield record({1}, "pop")
    for n in [0, 1, -1, 255, 256, -128, -129, 2**64, True, -(2**70)]:
        for name in ("as_integer_ratio", "bit_count", "bit_length", "conjugate"):
            yield record(n, name)
        for args, kw in [((), {}), ((2, "big"), {}), ((4, "little"), {}), ((2, "big"), {"signed": True}), ((1,), {"signed": True}),
                         ((9,), {"byteorder": "little", "signed": True}), ((2, "x"), {}), ((-1,), {}), (("a",), {}), ((0,), {})]:
            yield record(n, "to_bytes", args, kw)
    for args, kw in [((b"\x01\x02", "big"), {}), ((b"\xff\xfe", "little"), {"signed": True}), ((b"\x80",), {"signed": True}), ((b"",), {}),
                     (([1, 2],), {}), (("ab",), {}), ((5,), {}), ((), {}), (([300],), {})]:
        yield record(0, "from_bytes", args, kw)
    for x in [0.0, -0.0, 1.0, 0.1, -2.5, 1e308, 5e-324, 3.14159, 1e16]:
        for name in ("as_integer_ratio", "is_integer", "hex", "conjugate"):
            yield record(x, name)
    for s in ["0x1.8p+1", "1.8p1", "0x1", "-0x.8", "inf", "nan", "zz", "0x1p2000", " 0x1p-3 ", "1_0"]:
        yield record(0.0, "fromhex", (s,))
    for b in [b"abc", b"\xc3\xa9", b"\xff", b"a\xe2\x82", b"\xe2\x28\xa1", b"\xf0\x9f\x8e\x89", b"\xc0\x80", b"\xed\xa0\x80", b"a\xf4\x90\x80\x80b"]:
        for args in [(), ("utf-8",), ("ascii",), ("latin-1",), ("utf-8", "ignore"), ("utf-8", "replace"), ("utf-8", "backslashreplace"),
                     ("ascii", "replace"), ("nope",), (1,)]:
            yield record(b, "decode", args)
    for b in [b"abc", b" A\xffz ", b""]:
        for name, args in [("upper", ()), ("lower", ()), ("strip", ()), ("isascii", ()), ("hex", ()), ("startswith", (b"a",)), ("endswith", (b"c",)),
                           ("startswith", ("a",)), ("join", ([b"x", b"y"],)), ("join", (["x"],)), ("join", (1,)), ("upper", (1,)), ("decode", ("utf-16-le",)),
                           ("decode", ("utf-16-be", "ignore")), ("decode", ("utf-16",))]:
            if not (name == "decode" and len(b) % 2 == 0 and b):
                yield record(b, name, args)
    for args in [({"a": "b", 99: None},), ("ab", "xy"), ("ab", "xy", "z"), ("ab", "x"), (1,), ("a", 1), (1, "a"), ({"ab": 1},), ({1.5: 1},), ("a", "b", 1), ()]:
        yield record("", "maketrans", args)
    for r in [range(5), range(10, 0, -3)]:
        for name, args in [("count", (4,)), ("index", (4,)), ("index", (9,)), ("count", (2.0,)), ("index", ("a",))]:
            yield record(r, name, args)


def printf():
    random.seed(4)
    values = [0, 1, -1, 42, -42, 10**20, True, 0.0, -0.0, 3.14159, -2.5, 1e100, 1e-7, 123456.789, 0.5, 1.5, INF, -INF, "text", "é日", "", None, [1, "a"],
              {"a": 1}, b"x", 100000.0, 1234567.0, 65, 9.995]
    flags = ["", "-", "+", " ", "#", "0", "-0", "+0", " 0", "#0", "+ ", "-+"]
    widths = ["", "", "5", "10", "20"]
    precs = ["", "", ".0", ".3", ".", ".10"]
    for _ in range(700):
        spec = "%" + random.choice(flags) + random.choice(widths) + random.choice(precs) + random.choice("diouxXeEfFgGcrsa")
        v = random.choice(values)
        yield ["%", repr("<" + spec + ">"), lit((v,)), outcome(lambda: ("<" + spec + ">") % (v,))]
    fixed = [("%s %s", (1, 2)), ("%s", (1, 2)), ("%s %s", (1,)), ("%s", 1), ("%s", [1, 2]), ("x", 1), ("x", [1]), ("x", {}), ("x", ()), ("%%", ()),
             ("%%", 1), ("100%", ()), ("%", ()), ("%(a)s", {"a": 1}), ("%(a)s %(b)r", {"a": 1, "b": "x"}), ("%(a)s", {}), ("%(a)s", 1),
             ("%(a", {"a": 1}), ("%(a)", {"a": 1}), ("%(a(b))s", {"a(b)": 1}), ("%y", 1), ("%é", 1), ("%5%|", ()), ("%*d", (5, 3)), ("%-*d|", (5, 3)),
             ("%*d|", (-5, 3)), ("%.*f", (2, 3.14159)), ("%.*f", (-2, 3.14159)), ("%*d", ("x", 3)), ("%*d", (5,)), ("%ld", 5), ("%hd", 5), ("%Lf", 5),
             ("%c", "ab"), ("%c", 1.5), ("%c", -1), ("%c", 0x110000), ("%d", "1"), ("%d", None), ("%x", 1.5), ("%x", "a"), ("%f", "a"), ("%e", None),
             ("%i", 1.9), ("%i", -1.9), ("%u", -5), ("%s", {}), ("%(a)s %s", {"a": 1}), ("%s", ((1, 2),)), ("%s", None), ("%r", ("é\n",)), ("%a", ("é\n",)),
             ("%.2s|", "日本語"), ("%5s|", "日"), ("%d%%", 50), ("%(x)d", [1]), ("%s", ""), ("%-5s|%5s", ("a", "b")), ("%+.2e", 12345.678),
             ("%g", 1e-5), ("%g", 123456789), ("%G", 1e-10), ("%#g", 1.0), ("%#.0f", 1.0), ("%#.0e", 1.0), ("%#x %#o %#X", (255, 8, 255)), ("%.3d", -5),
             ("%08.3f", -3.14159), ("%+08d", 42), ("%d", 1e300), ("%d", INF), ("%s%", 1), ("%99999999999d", 1), ("%.99999999999d", 1), ("", 1), ("a %s b", "%s")]
    for f, a in fixed:
        yield ["%", repr(f), lit(a), outcome(lambda: f % a)]


def formats():
    random.seed(5)
    values = [0, 1, -1, 42, -1234567, 10**20, True, 0.0, -0.0, 3.14159, -2.5, 1e100, 1e-7, 1234567.891, 0.5, INF, -INF, "text", "é日", "", None, [1],
              65, 1e16, 123456.0, 0.1, -0.4, 100.0]
    for _ in range(900):
        spec = (random.choice(["", "", "<", ">", "^", "=", "*<", "0>", "é^", "x="]) + random.choice(["", "", "+", "-", " "]) + random.choice(["", "", "", "z"])
                + random.choice(["", "", "", "#"]) + random.choice(["", "", "0"]) + random.choice(["", "3", "8", "12", "20"])
                + random.choice(["", "", "", ",", "_"]) + random.choice(["", "", "", ".0", ".2", ".5", "."])
                + random.choice(["", "", "d", "b", "o", "x", "X", "n", "e", "E", "f", "F", "g", "G", "%", "s", "c", "q"]))
        v = random.choice(values)
        yield ["format", repr(spec), lit(v), outcome(lambda: format(v, spec))]
    for v in [65, 0x1f389, -1, 0x110000, 2**70, True]:
        for spec in ["c", "5c", "<5c", "^5c", "05c", "+c", "#c", ",c", ".1c"]:
            yield ["format", repr(spec), lit(v), outcome(lambda: format(v, spec))]
    for spec in ["5x5", "..", ",,", ",_", "_,", "99999999999999999999", ".99999999999999999999", "{}", "٣", "\x01", "é", "aa", "<<<", "1.2.3", "0=5", "=05", "<05"]:
        for v in [1, 1.5, "s", None]:
            yield ["format", repr(spec), lit(v), outcome(lambda: format(v, spec))]
    for w in range(0, 16):
        for v in [1, 12, 123, 1234, 123456, 1234567, -1234, 1234.5]:
            for t in ["0%d,", "0%d_", "0>%d,", "%d,"]:
                yield ["format", repr(t % w), lit(v), outcome(lambda: format(v, t % w))]
    templates = ["{}", "{} {}", "{0} {1} {0}", "{1}", "{}{0}", "{0}{}", "{{}}", "{{{}}}", "}", "{", "a}b", "{0", "{0!r}", "{0!s:>5}", "{!a}", "{0!x}", "{0!", "{0!r", "{0!rx}",
                 "{0:{1}}", "{:{}}", "{0:{1}{2}}", "{0:{1:{2}}}", "{x}", "{x:>{w}}", "{d[a]}", "{d[b]}", "{l[0]}", "{l[5]}", "{l[-1]}", "{l[a]}", "{0.real}", "{0.nope}",
                 "{0.}", "{0[}", "{0[]}", "{0]}", "{0[a]b}", "{x!r:{w}}", "{:>5}|{:<5}|{:^5}", "{:+d} {:x}", "{0:}", "{a b}", "{ 0}", "{:{{}}}", "{0:{", "{0:}}", "é{}日",
                 "{d}", "{l}", "{99999999999999999999}", "{0[99999999999999999999]}", "{:5}{:<5}", "{0:d}", "{n}", "{n:5}", "{x.y}", "{d[a][b]}", "{0{1}}", "{[0]}", "{.real}",
                 "{:%}", "{0:>{1}.{2}}", "{0!r:>10}", "{t[1]}", "{d[0]}", "{:%Y}", "{0[0]!r}", "{x}{", "{x}}", "{!r}{!s}", "{0!}", "{:!}", "{0:!>5}"]
    for t in templates:
        for args in [(1, 2, 3), ("ab", 5, 2), ()]:
            kw = {"x": "val", "w": 6, "d": {"a": 1, "0": "z"}, "l": [10, 20], "n": None, "t": (1, "two")}
            yield ["str.format", repr(t), repr(args), repr(kw), outcome(lambda: t.format(*args, **kw))]


def texts():
    """Parsing of numbers and literals, repr of strings."""
    ints = ["0", "1", " 42 ", "-7", "+7", "--7", "1_000", "1__0", "_1", "1_", "0x1f", "0b11", "0o17", "017", "00", "0_0", "١٢", "１２", "1.5", "", " ", "a", "ff", "z",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1" * 40, "\n5\t", "5 5", "0x", "0x_1", "0b2", "é", "+", "- 5",
            "\u00a05\u2003", "1e5", "²", "0X1F", "-0x10", "'", '"', "1\x00"]
    for s in ints:
        for base in (10, 0, 2, 8, 16, 36, 1, 37):
            yield ["int", repr(s), str(base), outcome(lambda: int(s, base))]
    floats = ints + ["1.", ".5", "1.5e3", "1E-3", "1e", "e5", ".", "1.5.5", "inf", "-inf", "Infinity", "nan", "NaN", "infin", "1_0.5_0", "1_.5", "1._5", "1e1_0", "1e_1", "0x1p3",
                     "1e400", "1e-400", "-0", "-0.0", "1,5", "1e+5", "１.５", "1e５"]
    for s in floats:
        yield ["float", repr(s), "None", outcome(lambda: float(s))]
    for s in ["", "a", "'", '"', "'\"", "\\", "\n\r\t", "\x00\x1f\x7f", "é", "\x80\x9f\xa0\xad", "\u200b\u2028", "日本", "\ud7ff\ue000", "\U0001f389", "\U000e0001", "\uffff", "\u0378", "it's", 'say "hi"',
              "a\u0301", "\ufeff", "\u3000"]:
        yield ["repr", json.dumps(s), "None", repr(s)]
        yield ["ascii", json.dumps(s), "None", ascii(s)]
    random.seed(6)
    floats = [0.1, 1 / 3, 1e15, 1e16, 1e17, 123456789012345680.0, 1e-4, 1e-5, 0.0001234, 1.5e300, 1e22, 1e21, 5e-324, 1.7976931348623157e308, 100.0, 12345.678, -0.0, 2.0**53]
    floats += [random.uniform(-1, 1) * 10 ** random.randint(-30, 30) for _ in range(80)]
    for x in floats:
        yield ["repr", repr(x), "None", repr(x)]


def literals():
    sources = ["1", " 1", "\t1", "1 ", "\n1", "-1", "+1", "--1", "1_000", "0x1f", "0o17", "0b1", "017", "1.5", ".5", "5.", "1e3", "1e400", "'a'", '"a"', "'a' 'b'", "'a' \"b\"", "'''a\nb'''",
               "r'\\n'", "'\\n'", "b'a'", "b'\\xff'", "b'é'", "'a' b'b'", "u'x'", "f'x'", "rb'\\x'", "Rb'q'", "bR'q'", "ur'x'", "'\\x41\\u0042\\U00000043\\101\\0'", "'\\q'", "'\\\nx'", "'a", "'a\nb'",
               "'\\x4'", "'\\u12'", "'\\U00110000'", "b'\\x4'", "[]", "[1,2]", "[1,2,]", "[,]", "[1 2]", "(1,)", "(1)", "()", "1,", "1,2", "(1,2)", "{}", "{1}", "{1,2,}", "{'a':1}", "{'a':1,}", "{'a':}", "{1:2,3}",
               "{1,2:3}", "set()", "set ()", "set([1])", "None", "True", "False", "true", "null", "nan", "x", "f(1)", "1+2", "-(1)", "- 1", "-True", "-'a'", "-[1]", "[1", "(1", "{1", "]", "", " ", "#c", "1 #c", "1\n", "1\n2", "1;2",
               "[1,\n2]", "[1, #c\n2]", "{'a': [1, (2, 3)], 'b': {'c': None}}", "{[]: 1}", "{[]}", "'é日'", "*1", "[*[1]]", "{**{}}", "lambda: 1", "1 if True else 2", "not 1", "a.b", "a[0]", "1 .real", "0xg", "1a", "1__0", "1_",
               "00", "01", "0_1", "'a'*2", "[x]", "(1,,2)", "1 2", "\x00", "'\\N{DASH}'", "{'a': 1, 'a': 2}", "{1: 'a', True: 'b', 1.0: 'c'}", "[[[[1]]]]", "(((1)))", "((),)", "'\\'' \"\\\"\"", "\"\"\"x\"\"\"", "''", "''''''", "b''",
               "1.e5", "1e", "1.5.5", "0b12", "0o8", "-0", "-0.0", "1,\n", "(\n1\n)", "\\\n1", "1 \\\n", "'a'\n'b'", "('a'\n'b')", "yes", "on", "Null", "TRUE", "[1, 2, 'x', None, True, 2.5]", "{'k': ('t',)}", "9" * 30, "-" + "9" * 30, "'\\r\\t\\v'"]
    for s in sources:
        try:
            out = repr(ast.literal_eval(s))
        except Exception as e:  # noqa: BLE001
            out = "!%s" % type(e).__name__
        yield ["literal_eval", json.dumps(s), "None", out]


def jsons():
    values = [None, True, 1, -1, 10**30, 1.0, 1e16, 1e-5, 1e-7, 1.5e300, 123456789012345680.0, "", "a\"b\\c/\b\f\n\r\t\x00\x1f\x7f", "é日🎉<>&'\u2028", [], {}, [1, [2, {}], []], {"a": 1, "b": [1, {"c": None}]},
              {"b": 1, "a": 2, "C": 3}, {1: "x", 2.5: "y", None: "z", True: "w"}, (1, (2,)), {"a": {}, "b": []}, {(1,): 2}, {1, 2}, b"x", {1: 1, "a": 2}, INF, -INF]
    options = [{}, {"sort_keys": True}, {"ensure_ascii": False}, {"indent": 2}, {"indent": 4, "sort_keys": True}, {"indent": 0}, {"separators": [",", ":"]}, {"indent": "\t", "separators": [",", ": "]},
               {"indent": 1, "separators": [",", ":"], "ensure_ascii": False}]
    for v in values:
        for o in options:
            yield ["dumps", lit(v), json.dumps(o), outcome(lambda: json.dumps(v, **o))]
    bad = ["", " ", "{", "[", "]", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "[1 2]", "tru", "nul", "\"abc", "\"a\\", "\"\\q\"", "\"\\u12\"", "\"\\u12g4\"",
           "\"a\nb\"", "01", "-", "-a", "1.", "1.e5", "1e", "1e+", ".5", "+1", "1 2", "{} {}", "NaN", "Infinity", "-Infinity", "[NaN]", "'a'", "{1:2}", "\n\n  x", "[1,\n 2,\n x]", "\"\t\"", "nullx", "1x", "--1", "0x1", "{\"a\":1 \"b\":2}",
           "1e999", "-1e999", "[1e999]", "\"é\" x"]
    good = ["1", "-0", "-0.0", "1.0", "1e5", "1E+2", "1.5e-3", "12345678901234567890", "-9223372036854775808", "9223372036854775808", "\"\\u00e9\\ud83c\\udf89\"", "{\"a\":1,\"b\":2,\"a\":3}", " [ 1 , { \"k\" : [ ] } ] ", "true", "false", "null",
            "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "{}", "[]", "[[[[]]]]", "123456789012345678", "1234567890123456789", "-1234567890123456789", "0.1", "1e-400", "\"\x7f\""]
    for s in good + bad:
        yield ["loads", json.dumps(s), "None", outcome(lambda: json.loads(s))]
    floats = [0.0, -0.0, 1.0, 0.1, 1e15, 1e16, 1.5e16, 1e17, 1e22, 1e-4, 1e-5, 1.5e-5, 9.9e-6, 1e-6, 1e-7, 5e-324, 1.7976931348623157e308, 123456789.125, 1e100, 1.234e-10]
    try:
        import orjson

        for x in floats:
            yield ["orjson", repr(x), "None", orjson.dumps(x).decode()]
    except ImportError:
        sys.exit("needs orjson")


def dates():
    utc, hour = datetime.timezone.utc, lambda h: datetime.timezone(datetime.timedelta(hours=h))
    stamps = [datetime.datetime(2024, 2, 29, 13, 5, 9, 120, utc), datetime.datetime(1999, 12, 31, 23, 59), datetime.datetime(2001, 1, 1, 0, 0, 0, 0, hour(-5)), datetime.datetime(2021, 1, 3, 1, 2, 3, 999999, hour(5.5)),
              datetime.datetime(999, 7, 4, 12, 0, 1), datetime.datetime(2024, 12, 30, 0, 0, 1, tzinfo=hour(-0.5))]
    codes = "aAbBcCdDeFGHIjmMnpSTuUVwWxXyYzZfR%h"
    for t in stamps:
        off = None if t.tzinfo is None else int(t.utcoffset().total_seconds())
        src = [t.year, t.month, t.day, t.hour, t.minute, t.second, t.microsecond, off]
        yield ["datetime", repr(src), "repr", repr(repr(t))]
        yield ["datetime", repr(src), "str", repr(str(t))]
        yield ["datetime", repr(src), "isoformat", repr(t.isoformat())]
        yield ["datetime", repr(src), "date", repr(str(t.date()))]
        yield ["datetime", repr(src), "weekday", repr(t.weekday())]
        yield ["datetime", repr(src), "toordinal", repr(t.toordinal())]
        if off is not None:
            yield ["datetime", repr(src), "timestamp", repr(t.timestamp())]
        for c in codes:
            yield ["datetime", repr(src), "%" + c, repr(t.strftime("%" + c))]


if sys.version_info[:2] != (3, 11):
    sys.exit("needs Python 3.11")
write("operators.jsonl", operators())
write("slices.jsonl", slices())
write("methods.jsonl", methods())
write("printf.jsonl", printf())
write("formats.jsonl", formats())
write("texts.jsonl", texts())
write("literals.jsonl", literals())
write("json.jsonl", jsons())
write("dates.jsonl", dates())
