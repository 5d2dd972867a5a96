"""Records how oslo.config reads files: python oracle.py > ini.jsonl"""
import json
import random
import tempfile

from oslo_config import cfg

OPTS = [cfg.StrOpt("s"), cfg.StrOpt("t"), cfg.ListOpt("l"), cfg.StrOpt("u")]
FIXED = [
    "[g]\ns = a\n", "[g]\ns=a=b:c\n", "[g]\ns: a = b\n", "[g]\ns = 'quoted'\nt = \"x'y\"\nu='\n", "[g]\ns = \"a\" b\n",
    "[g]\ns = a # no comment\n", "[g]\n# c\n; d\ns = a ; b\n", "[g]\ns = a\n  b\n\tc\n", "[g]\ns =\n  b\n\n  c\n", "[g]\ns = a\n# x\n  b\n",
    "[g]\ns = a\ns = b\n", "[g]\nl = a, b ,c,\n", "[g]\nl =\n", "[g]\nl = a,,b\n", "[G]\ns = a\n[h]\nS = c\ns = d\n",
    "[g]\ns = $t\nt = x\n", "[g]\ns = ${t}y$$z\\$q\nt = x\n", "[g]\ns = ${h.s}/$h.t\n[h]\ns = p\nt = q\n", "[g]\ns = 5$ and $9 ${ ${}\n",
    "[g]\ns = $T\nT = x\nt = y\n", "[g]\ns = $u\n", "s = a\n", "[g\ns = a\n", "[]\ns = a\n", "[g]\njust text\n", "[g]\n= a\n",
    "  x\n", "[g]\n  x\n", "[g]\r\ns = a\r\n", "", "[g]\ns = \n", "[g]\ns =   spaces inside   \n", "[g]\ns = é ☠\n",
    "[g]\nl = $t, b\nt = x,y\n", "[g]\ns = a\n[h]\n  b\n", "[g]\ns = $t.\nt = x\n",
]
PIECES = ["[g]\n", "[h]\n", "s = a\n", "t: b\n", "  more\n", "\n", "# c\n", "l = x, y\n", "s = '$t'\n", "t = \"q\"\n", "u = ${h.s}$$\n", "junk\n"]


def read(text):
    conf = cfg.ConfigOpts()
    for group in ("g", "h"):
        conf.register_opts(OPTS, group)
    with tempfile.NamedTemporaryFile("w", suffix=".conf", newline="") as f:
        f.write(text)
        f.flush()
        try:
            conf(["--config-file", f.name], project="x")
            return {g + "." + o.name: conf[g][o.name] for g in ("g", "h") for o in OPTS if conf[g][o.name] is not None}
        except Exception as e:
            return {"error": type(e).__name__}


rng = random.Random(3)
for text in FIXED + ["".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 9))) for _ in range(300)]:
    print(json.dumps({"text": text, "want": read(text)}))
