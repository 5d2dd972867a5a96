"""Dates with their time zone."""

import datetime
import re

UTC = datetime.timezone.utc

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?$"
)


def get_datetime_utc_now():
    return datetime.datetime.now(UTC)


def append_milliseconds_to_time(date, millis):
    return convert_to_utc(date + datetime.timedelta(milliseconds=millis))


def add_utc_tz(dt):
    if dt.tzinfo and dt.tzinfo.utcoffset(dt) != datetime.timedelta(0):
        raise ValueError("datetime already contains a non UTC timezone")
    return dt.replace(tzinfo=UTC)


def convert_to_utc(dt):
    """The same moment in UTC; without a time zone it is in UTC already."""
    return dt.astimezone(UTC) if dt.tzinfo else add_utc_tz(dt)


def parse(value, preserve_original_tz=False):
    """ISO 8601 at once, anything else through dateutil."""
    dt = _iso(str(value))
    if dt is None:
        import dateutil.parser

        dt = dateutil.parser.parse(str(value))
    if not dt.tzinfo:
        dt = add_utc_tz(dt)
    return dt if preserve_original_tz else convert_to_utc(dt)


def _iso(text):
    match = _ISO.match(text.strip())
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    return datetime.datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micro, _zone(zone)
    )


def _zone(text):
    if not text:
        return None
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return datetime.timezone(-offset if text[0] == "-" else offset)
