#!/usr/bin/env python3
"""Write golden.jsonl: what Python 3.11's re module answers. Usage: golden.py [random-count [seed]] > golden.jsonl

Each line: p pattern, f flags, t texts, r replacement template, then either "error" (class and text) or, per text,
"m" [match, search, fullmatch] (lists of spans per group, or null), "a" findall, "s" split, "u" sub.
"""
import json
import random
import re
import sys
import warnings

warnings.simplefilter("ignore")

CURATED = [
    # pattern, flags, texts, template
    (r"a", 0, ["a", "ba", "", "aaa"], "x"),
    (r"(?P<y>\d{4})-(?P<m>\d\d)", 0, ["on 2024-05 and 1999-12"], r"\g<m>/\g<y>"),
    (r"(?P<q>['\"]).*?(?P=q)", 0, ["a 'b\" c' \"d\""], r"<\g<q>>"),
    (r"^b$", 0, ["b\n", "b\n\n", "a\nb\nc", "b"], "x"),
    (r"^b$", re.M, ["b\n", "b\n\n", "a\nb\nc"], "x"),
    (r"b\Z", 0, ["b\n", "ab"], "x"),
    (r"\Ab", re.M, ["a\nb", "bb"], "x"),
    (r"a.c", 0, ["a\nc", "abc", "a\rc"], "x"),
    (r"a.c", re.S, ["a\nc", "abc"], "x"),
    (r"(?s:a.)c.", 0, ["a\ncx", "abc\n"], "x"),
    (r"(?i)straße", 0, ["STRAßE", "STRAẞE", "strasse"], "x"),
    (r"(?i)k", 0, ["K", "\u212a", "k"], "x"),
    (r"(?i)[k-s]+", 0, ["kLMnopqrS\u017f\u212a"], "x"),
    (r"(?ai)[k-s]+", 0, ["kLMnopqrS\u017f\u212a"], "x"),
    (r"(?i)i", 0, ["I", "\u0130", "\u0131", "i"], "x"),
    (r"(?i)[^a-c]+", 0, ["ABCdE"], "x"),
    (r"(?i)(ab)\1", 0, ["abAB", "ABab"], r"[\1]"),
    (r"(?i:a)b", 0, ["Ab", "AB"], "x"),
    (r"(?i)(?-i:a)b", 0, ["aB", "AB"], "x"),
    (r"(?x) a b # comment\n c", 0, ["abc"], "x"),
    ("(?x) a b # comment\n c\\ d [ ]", 0, ["abc d "], "x"),
    ("a b", re.X, ["ab", "a b"], "x"),
    ("(?x:a b)c d", 0, ["abc d"], "x"),
    ("(?-x:a b) c", re.X, ["a bc"], "x"),
    (r"\d+", 0, ["12\u0663\u0664", "x"], "n"),
    (r"(?a)\d+", 0, ["12\u0663\u0664"], "n"),
    (r"\w+", 0, ["h\u00e9llo_w\u00f6rld \u65e5\u672c \u00b2 a\u0301"], "w"),
    (r"\W+", 0, ["a\u0301-b"], "w"),
    (r"\w+", re.A, ["h\u00e9llo"], "w"),
    (r"\s+", 0, ["a\u00a0\u2003\x1c\x85b\u200b"], "_"),
    (r"\s+", re.A, ["a\u00a0 \x1c\tb"], "_"),
    (r"\bfoo\b", 0, ["foo", "a foo b", "foobar", "\u00e9foo"], "x"),
    (r"\bfoo\b", re.A, ["\u00e9foo"], "x"),
    (r"\B", 0, ["", "ab", "a"], "-"),
    (r"\b", 0, ["", "ab cd"], "-"),
    (r"", 0, ["", "abc"], "-"),
    (r"x*", 0, ["axb", "xxaxx", ""], "-"),
    (r"x*?", 0, ["axxb"], "-"),
    (r"(a)|b", 0, ["ab", "ba"], r"[\1]"),
    (r"(a)(b)?", 0, ["ab a"], r"\2\1"),
    (r"(a*)*", 0, ["aa", "b", ""], r"[\1]"),
    (r"(a*)+", 0, ["aa", "b", ""], r"[\1]"),
    (r"(a|b*)*", 0, ["abba", "c"], r"[\1]"),
    (r"(?:(a)|(b))*", 0, ["ab", "ba", "aab"], r"[\1\2]"),
    (r"(a|ab)(c|bcd)(d*)", 0, ["abcd"], r"\1|\2|\3"),
    (r"(?=(a+))a*b\1", 0, ["baaabac"], "x"),
    (r"(?!foo)\w+", 0, ["foobar", "bar"], "x"),
    (r"(?<=foo)bar", 0, ["foobar", "bar"], "x"),
    (r"(?<!foo)bar", 0, ["foobar", "bar"], "x"),
    (r"(?<=\bx)y", 0, ["xy axy"], "z"),
    (r"(?<=a|b)c", 0, ["ac bc cc"], "z"),
    (r"(?<=(a)b)c", 0, ["abc"], r"\1"),
    (r"(?<=^|,)a", 0, ["a,a,b"], "z"),
    (r"(?<=ab|c)d", 0, [], ""),
    (r"(?<=a*)d", 0, [], ""),
    (r"(?<=(?P<x>a)(?P=x))", 0, [], ""),
    (r"(a)(?<=\1)b", 0, ["ab"], "x"),
    (r"(?>a+)ab", 0, ["aaab"], "x"),
    (r"(?>a|ab)c", 0, ["abc", "ac"], "x"),
    (r"a++b", 0, ["aaab", "aab"], "x"),
    (r"a++ab", 0, ["aaab"], "x"),
    (r"a?+a", 0, ["a", "aa"], "x"),
    (r"a{1,2}+a", 0, ["aa", "aaa"], "x"),
    (r"(?:ab|a)++b", 0, ["ababb", "aab"], "x"),
    (r"(?:a|ab){2}+", 0, ["aba", "aa"], "x"),
    (r"(a)*+b", 0, ["aab"], r"\1"),
    (r"a{,3}", 0, ["aaaa", "b"], "x"),
    (r"a{2}", 0, ["aaaa"], "x"),
    (r"a{2,}?", 0, ["aaaa"], "x"),
    (r"a{}", 0, ["a{}"], "x"),
    (r"a{,}", 0, ["aaa{,}"], "x"),
    (r"a{x}", 0, ["a{x}"], "x"),
    (r"a{1", 0, ["a{1"], "x"),
    (r"{", 0, ["{"], "x"),
    (r"x{2,1}", 0, [], ""),
    (r"x{99999999999}", 0, [], ""),
    (r"a**", 0, [], ""), (r"*", 0, [], ""), (r"^*", 0, [], ""), (r"a|*", 0, [], ""), (r"(*)", 0, [], ""),
    (r"a{2}{3}", 0, [], ""), (r"a*??", 0, [], ""), (r"(?:a*)*", 0, ["aa"], "x"),
    (r"(", 0, [], ""), (r"(a", 0, [], ""), (r"a)", 0, [], ""), (r"(?", 0, [], ""), (r"(?P", 0, [], ""),
    (r"(?P<", 0, [], ""), (r"(?P<a", 0, [], ""), (r"(?P<>a)", 0, [], ""), (r"(?P<1>a)", 0, [], ""),
    (r"(?P<a-b>a)", 0, [], ""), (r"(?P>a)", 0, [], ""), (r"(?P=a)", 0, [], ""), (r"(?P<a>(?P=a))", 0, [], ""),
    (r"(?P<a>x)(?P<a>y)", 0, [], ""), (r"(?<a>x)", 0, [], ""), (r"(?<", 0, [], ""), (r"(?z)", 0, [], ""),
    (r"(?i", 0, [], ""), (r"(?i-", 0, [], ""), (r"(?i-i:a)", 0, [], ""), (r"(?-)", 0, [], ""), (r"(?-:a)", 0, [], ""),
    (r"(?iz:a)", 0, [], ""), (r"(?i-z:a)", 0, [], ""), (r"(?i1)", 0, [], ""), (r"(?au)a", 0, [], ""),
    (r"(?a-u:a)", 0, [], ""), (r"(?L)a", 0, [], ""), (r"a(?i)b", 0, [], ""), (r"(a(?i))b", 0, [], ""),
    (r"(?i)(?m)^A", 0, ["b\na"], "x"), (r"(?a)a", re.U, [], ""), (r"|(?i)a", 0, [], ""),
    (r"(?#c", 0, [], ""), (r"a(?#c)*b", 0, ["aab"], "x"), (r"(?i)*", 0, [], ""),
    (r"[", 0, [], ""), (r"[]", 0, [], ""), (r"[]a]+", 0, ["]a"], "x"), (r"[^]a]+", 0, ["b]a"], "x"),
    (r"[^", 0, [], ""), (r"[a", 0, [], ""), (r"[a-", 0, [], ""), (r"[z-a]", 0, [], ""), (r"[a-\d]", 0, [], ""),
    (r"[\d-z]", 0, [], ""), (r"[a-]+", 0, ["a-"], "x"), (r"[-a]+", 0, ["a-"], "x"), (r"[\w.-]+", 0, ["a.b-c d"], "x"),
    (r"[[]a]", 0, ["[a]"], "x"), (r"[[:alpha:]]+", 0, ["a:]"], "x"), (r"[a&&b]+", 0, ["a&b"], "x"),
    (r"[\b]", 0, ["\b"], "x"), (r"[\]\\]+", 0, ["]\\"], "x"), (r"[\A]", 0, [], ""), (r"[\x41-\x43]+", 0, ["ABCD"], "x"),
    (r"[^\W\d]+", 0, ["ab1c"], "x"), (r"[\D]+", 0, ["ab1c"], "x"), (r"[\s\S]+", 0, ["a\nb"], "x"),
    (r"[\60-\71]+", 0, ["0123456789a"], "x"), (r"[\8]", 0, [], ""), (r"[\400]", 0, [], ""),
    (r"\x4", 0, [], ""), (r"\x41", 0, ["A"], "x"), (r"\u00e9", 0, ["\u00e9"], "x"), (r"\u00e", 0, [], ""),
    (r"\U0001F600", 0, ["\U0001F600"], "x"), (r"\U00110000", 0, [], ""), (r"\N{BOGUS}", 0, [], ""), (r"\N", 0, [], ""),
    (r"\0", 0, ["\0"], "x"), (r"\012", 0, ["\n"], "x"), (r"\101", 0, ["A"], "x"), (r"\400", 0, [], ""),
    (r"\1", 0, [], ""), (r"(a)\2", 0, [], ""), (r"(a)\1", 0, ["aa"], "x"), (r"(a\1)", 0, [], ""), (r"\8", 0, [], ""),
    (r"\q", 0, [], ""), (r"\_", 0, ["_"], "x"), (r"\-\/\:", 0, ["-/:"], "x"), ("\\", 0, [], ""), ("a\\", 0, [], ""),
    ("[\\", 0, [], ""), (r"\a\f\n\r\t\v", 0, ["\a\f\n\r\t\v"], "x"), (r"\é", 0, ["é"], "x"), (r"\z", 0, [], ""),
    (r"(a)?(?(1)b|c)", 0, ["ab", "c", "b"], "x"), (r"(?P<n>a)?(?(n)b)", 0, ["ab", "b"], "x"),
    (r"(?(1)a|b)", 0, [], ""), (r"(?(0)a)", 0, [], ""), (r"(?(x)a)", 0, [], ""), (r"(?(-1)a)", 0, [], ""),
    (r"(a)(?(1)b|c|d)", 0, [], ""), (r"(a)(?(1", 0, [], ""), (r"(a)(?(1)b", 0, [], ""), (r"(a)(?()b)", 0, [], ""),
    (r"(?!)", 0, ["a"], "x"), (r"a(?!)|b", 0, ["ab"], "x"), (r"(?=)", 0, ["a"], "x"),
    (r"(?:)", 0, ["a"], "-"), (r"()", 0, ["ab"], r"<\1>"), (r"(|a)+", 0, ["aa"], r"<\1>"), (r"(?:a|)+b", 0, ["aab"], "x"),
    (r"(.*?)(\d+)$", 0, ["abc123", "abc"], r"\2\1"), (r"(?:x|y)*?z", 0, ["xyz", "xyyz z"], "."),
    (r"^(?:(\d+)x)?\s*(.*)$", 0, ["3x foo", "foo"], r"\2"), (r"(\w+)\s(\w+)", 0, ["hello world foo bar"], r"\2 \1"),
    (r"a(?=b)", 0, ["abac"], r"\\"), (r"(a)(b)", 0, ["ab"], r"\g<0>\g<1>\g<2>"), (r"(a)", 0, ["a"], r"\3"),
    (r"(a)", 0, ["a"], r"\g<x>"), (r"(a)", 0, ["a"], r"\g<2>"), (r"(a)", 0, ["a"], r"\g"), (r"(a)", 0, ["a"], r"\g<"),
    (r"(a)", 0, ["a"], r"\g<1"), (r"(a)", 0, ["a"], r"\g<>"), (r"(a)", 0, ["a"], r"\g<a b>"), (r"(a)", 0, ["a"], r"\g<-1>"),
    (r"(a)", 0, ["a"], r"\q"), (r"(a)", 0, ["a"], "\\"), (r"(a)", 0, ["a"], r"\n\t\.\-"), (r"(a)", 0, ["a"], r"\0\012\101"),
    (r"(a)", 0, ["a"], r"\400"), (r"(a)", 0, ["a"], r"\12"), (r"(a)", 0, ["a"], r"$1 & \\1"),
    (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", 0, ["abcdefghij"], r"\10\1\11"),
    (r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10", 0, ["abcdefghijj"], r"\10"),
    (r"\s*,\s*", 0, ["a , b,c ,d"], ", "), (r"(,)|(;)", 0, ["a,b;c"], "x"), (r"(?m)^", 0, ["a\nb\n"], "> "),
    (r"(?m)$", 0, ["a\nb\n"], "<"), (r"$", 0, ["a\n"], "<"), (r"(?m)^\s*$", 0, ["a\n\n  \nb"], "x"),
    (r"[éè]+", 0, ["caféè"], "e"), (r"日.", 0, ["x日本y"], "z"), ("\U0001F600+", 0, ["a\U0001F600\U0001F600b"], ":)"),
    (r"(?:(?:a{2}){2}){2}", 0, ["a" * 9], "x"), (r"(?:ab){2,3}?c", 0, ["ababc", "abababc"], "x"),
    (r"(?:(a)|b){2,}", 0, ["ab", "ba", "aba"], r"\1"), (r"(a?)*?b", 0, ["aab", "b"], r"\1"), (r"(a?)*b", 0, ["aab", "b"], r"\1"),
    ("a\n(b", 0, [], ""), ("a\n\n*b)", 0, [], ""), ("(?x)a # c)\n)", 0, [], ""),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", 0, ["abcAbc"], "x"), (r"(\d+)(?=%)", 0, ["5% 10%"], r"\1"),
    (r"^/dev/[^/]+$", 0, ["/dev/sda1", "/dev/a/b"], "x"), (r"(?P<host>[\w.-]+):(?P<port>\d+)", 0, ["db-1.ams:5432"], r"\g<port>"),
    (r"run\s+(?P<c>(?:(?<=').+?(?=')|(?<=\").+?(?=\")|{.+?}|.+?))\s+on", 0, ["run date on", "run {a b} on x"], r"\g<c>"),
]

ATOMS = ["a", "b", "c", "A", ".", r"\w", r"\d", r"\s", r"\b", r"\B", "^", "$", r"\Z", "[ab]", "[^a]", "[a-c]", "é", "1", " ", r"\n"]


def random_pattern(rng, depth=0, groups=None):
    groups = groups if groups is not None else [0]
    out = []
    for _ in range(rng.randint(1, 4)):
        k = rng.random()
        if k < 0.6 or depth > 3:
            atom = rng.choice(ATOMS)
        elif k < 0.72:
            groups[0] += 1
            atom = "(" + random_pattern(rng, depth + 1, groups) + ")"
        elif k < 0.80:
            atom = "(?:" + random_pattern(rng, depth + 1, groups) + ")"
        elif k < 0.84:
            atom = rng.choice(["(?=", "(?!", "(?>", "(?i:", "(?s:", "(?m:", "(?<=", "(?<!"]) + random_pattern(rng, depth + 1, groups) + ")"
        elif k < 0.90:
            atom = random_pattern(rng, depth + 1, groups) + "|" + random_pattern(rng, depth + 1, groups)
            if rng.random() < 0.8:
                atom = "(?:" + atom + ")"
        elif k < 0.95 and groups[0]:
            atom = "\\%d" % rng.randint(1, groups[0])
        elif groups[0]:
            atom = "(?(%d)%s|%s)" % (rng.randint(1, groups[0]), random_pattern(rng, depth + 2, groups), random_pattern(rng, depth + 2, groups))
        else:
            atom = rng.choice(ATOMS)
        if rng.random() < 0.35:
            atom += rng.choice(["*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}"]) + rng.choice(["", "", "?", "+"])
        out.append(atom)
    return "".join(out)


def random_text(rng):
    return "".join(rng.choice("aaabbcAé1 \n") for _ in range(rng.randint(0, 9)))


def spans(m):
    return None if m is None else [list(m.span(i)) for i in range(m.re.groups + 1)]


def error(e):
    cls = "re.error" if isinstance(e, re.error) else type(e).__name__
    return [cls, str(e)]


def tupled(v):
    return {"$tuple": list(v)} if isinstance(v, tuple) else v


def record(p, f, texts, r):
    rec = {"p": p, "f": int(f), "t": texts, "r": r}
    try:
        c = re.compile(p, f)
    except Exception as e:
        rec["error"] = error(e)
        return rec
    rec["g"] = dict(sorted(c.groupindex.items(), key=lambda kv: kv[1]))
    rec["m"] = [[spans(c.match(t)), spans(c.search(t)), spans(c.fullmatch(t))] for t in texts]
    rec["a"] = [[tupled(x) for x in c.findall(t)] for t in texts]
    rec["s"] = [c.split(t) for t in texts]
    try:
        rec["u"] = [c.sub(r, t) for t in texts]
    except Exception as e:
        rec["sub_error"] = error(e)
    return rec


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 7)
    cases = CURATED if len(sys.argv) < 3 else []
    for case in cases:
        print(json.dumps(record(*case), ensure_ascii=False))
    for _ in range(count):
        p = random_pattern(rng)
        f = rng.choice([0, 0, 0, re.I, re.M, re.S, re.A])
        print(json.dumps(record(p, f, [random_text(rng) for _ in range(3)], "-"), ensure_ascii=False))


if __name__ == "__main__":
    main()
