#!/usr/bin/env python3
"""Write fold.txt: the sets of characters that Python's re takes for one letter with re.I, one set a line, in hex."""
import _sre
from re import _casefix

members = {}
for r in range(0x110000):
    members.setdefault(_sre.unicode_tolower(r), set()).add(r)

sets = set()
for r in range(0x110000):
    if 0xD800 <= r < 0xE000 or not _sre.unicode_iscased(r):
        continue
    low = _sre.unicode_tolower(r)
    same = set(members[low])
    for other in _casefix._EXTRA_CASES.get(low, ()):
        same |= members.get(other, set())
    sets.add(tuple(sorted(same)))

for same in sorted(sets):
    print(" ".join("%x" % r for r in same))
