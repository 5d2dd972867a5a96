"""Records what ciso8601, and after it dateutil, make of date texts:

    python oracle.py > dates.jsonl           # with StackStorm's order of the two

What a text leaves open is taken from midnight of 2026-11-25.
"""
import datetime
import json
import random
import sys
import warnings

import ciso8601
import dateutil.parser
import dateutil.parser._parser as inner
import dateutil.tz

warnings.simplefilter("ignore")
NOW = datetime.datetime(2026, 11, 25)

FIXED = """2026-11-25T07:33:01Z|2026-11-25T07:33:01.5+02:00|2026-11-25 07:33:01.123456|2026-11-25T07:33|2026-11-25T07|2026-11-25
2026-11|2026|20261125|20261125T073301|20261125T0733|20261125 07:33|2026-329|2026-W48-3|2026-W48|2026-11-25T07:33:01.1234567Z
2026-11-25T07:33:01+0200|2026-11-25T07:33:01+02|2026-11-25T07:33:01-02:30|2026-11-25 07:33:01 +0000 UTC|2026-11-25t07:33:01z
Wed, 25 Nov 2026 07:33:01 GMT|Wed Nov 25 07:33:01 2026|Wed Nov 25 07:33:01 UTC 2026|25 Nov 2026|Nov 25, 2026|November 25 2026 5pm
25/11/2026|11/25/2026|11/25/26|1/2/3|01/02/2003 04:05|2003/01/02|25.11.2026|25-Nov-2026|Nov-25-2026|Nov-25|Sep.20.2009|10.10.2010
5|31|32|12|99|100|1999|1999.5|1700000000|1700000000.5|1700000000000|5.5|0|-5|1e5|nan|inf|2026-13-01|2026-02-30|2026-02-29|2024-02-29
10:36|10:36:28|10:36:28.5|10h36m28.5s|10h36|10h|10 h 36|36 m 5 s|10pm|10 pm|10:36 pm|12am|12 am|12pm|13pm|0am|10:00 a.m.|10am UTC|25 Nov 10pm
Monday|Wed|Wednesday 10:00|Thu Sep 25 2003|Sep 2003|Sep 03|Sep of 03|3rd of May 2001|5th of March 2001|1st of May 2003|May 5|May
2003-09-25T10:49:41.5-03:00|20030925T104941.5-0300|2003-09-25T10:49:41 BRST|2003-09-25 10:49:41 UTC+3|2003-09-25 10:49:41 GMT-3|Thu Sep 25 10:36:28 BRST 2003
2026-11-25T24:00:00|2026-11-25T24:00:01|2026-11-25T25:00:00|2026-11-25T07:60:00|2026-11-25T07:33:60|2026-11-25T07:33:61|2026-11-25 7:3:1
yesterday|now|today|tomorrow||   |x|abc def|2026-11-25 foo|foo 2026-11-25|2026-11-25T|T07:33|2026-11-25Tfoo|{"a": 1}|[1]|None|True
980204|19980204104941|199802041049|19990101T23|19990101T2359|1996.July.10 AD 12:08 PM|July 4, 1976|7 4 1976|4 jul 1976|7-4-76|19760704
0:01:02|12h 01m02s am|0:01:02 on July 4, 1976|0:01:02 on July 4, 1976 am|1976-07-04T00:01:02Z|July 4, 1976 12:01:02 am|Mon Jan  2 04:24:27 1995
04.04.95 00:22|Jan 1 1999 11:23:34.578|950404 122212|0:00 PM, PST|12:08 PM|5:50 A.M. on June 13, 1990|3rd of May 2001|2003-W01|13NOV2017
2026 11 25|2026,11,25|2026;11;25|25th|the 25th|Nov 2026 25|10000-01-01|0001-01-01|0000-01-01|999-01-01|2026-11-25T07:33:01,5Z
2026-11-25T07:33:01 Europe/Berlin|2026-11-25T07:33:01 CET|2026-11-25T07:33:01 PST|2026-11-25 07:33 EST|2026-11-25 07:33:01 (UTC)|2026-11-25T07:33:01-0300 (BRST)
2026-11-25T07:33:01+99:00|2026-11-25T07:33:01+23:59|2026-11-25T07:33:01+24:00|07:33:01+02:00 2026-11-25|2026-11-25 07:33:01+2|2026-11-25 07:33:01 + 0200""".replace("\n", "|").split("|")

PARTS = ["2026", "11", "25", "5", "03", "Nov", "wed", "10:36", "10:36:28.5", "pm", "am", " ", " ", " ", "-", "/", ".", ",", "T", "Z", "UTC",
         "+02:00", "-0330", "20261125", "104941", "h", "m", "s", "of", "th", ":", "EST", "70", "1.5", "(", ")"]


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 25)


def read(text):
    try:
        try:
            t = ciso8601.parse_datetime(text)
        except Exception:
            inner.datetime.datetime = Fixed
            try:
                t = dateutil.parser.parse(text, default=NOW)
            finally:
                inner.datetime.datetime = datetime.datetime
        if not t.tzinfo:
            t = t.replace(tzinfo=datetime.timezone.utc)
        return t.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0")
    except Exception:
        return None


rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
for text in FIXED + ["".join(rng.choice(PARTS) for _ in range(rng.randrange(1, 8))) for _ in range(count)]:
    print(json.dumps({"text": text, "want": read(text)}))
