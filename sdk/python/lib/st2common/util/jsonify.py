"""JSON under StackStorm's names."""

import json


def json_encode(obj, indent=None, sort_keys=False):
    separators = None if indent else (",", ":")
    return json.dumps(obj, indent=indent, sort_keys=sort_keys, separators=separators, ensure_ascii=False, default=_default)


def _default(obj):
    if hasattr(obj, "__json__"):
        return obj.__json__()
    if isinstance(obj, bytes):
        return obj.decode("utf-8")
    raise TypeError("Object of type %s is not JSON serializable" % type(obj).__name__)


def json_decode(data):
    return json.loads(data)


def json_loads(obj, keys=None):
    """Decode the values of obj that are JSON, in place."""
    if not obj:
        return None
    for key in keys or list(obj):
        obj[key] = try_loads(obj[key])
    return obj


def try_loads(s):
    try:
        return json.loads(s) if s and isinstance(s, str) else s
    except ValueError:
        return s
