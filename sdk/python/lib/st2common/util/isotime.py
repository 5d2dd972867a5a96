"""ISO 8601 in StackStorm's form."""

import datetime
import re

from st2common.util import date as date_utils

__all__ = ["format", "validate", "parse"]

_UTC = re.compile(r"^\d{4}-\d{2}-\d{2}[\sT]\d{2}:\d{2}:\d{2}(\.\d{3,6})?(Z|\+00|\+0000|\+00:00)$")


def format(dt, usec=True, offset=True):
    """Text of a datetime, an ISO string or seconds since 1970. The offset is
    written as +00:00, or with offset=False as Z or the zone's name."""
    if isinstance(dt, str):
        dt = parse(dt)
    elif isinstance(dt, int):
        dt = datetime.datetime.fromtimestamp(dt, date_utils.UTC)
    text = dt.strftime("%Y-%m-%dT%H:%M:%S.%f" if usec else "%Y-%m-%dT%H:%M:%S")
    if offset:
        zone = dt.strftime("%z")
        return text + (zone[:3] + ":" + zone[3:] if zone else "+00:00")
    name = dt.tzinfo.tzname(dt) if dt.tzinfo else "UTC"
    return text + ("Z" if name == "UTC" else name)


def validate(value, raise_exception=True):
    if isinstance(value, datetime.datetime) or (isinstance(value, str) and _UTC.match(value)):
        return True
    if raise_exception:
        raise ValueError("Datetime value does not match expected format.")
    return False


def parse(value, preserve_original_tz=False, validate_value=True):
    if validate_value:
        validate(value, raise_exception=True)
    return date_utils.parse(value, preserve_original_tz=preserve_original_tz)
