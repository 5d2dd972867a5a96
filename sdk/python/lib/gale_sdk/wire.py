"""JSON for the line between runner and action, without importing json.

json itself imports re and more, which costs as much as starting the
interpreter. Its C half is all that is needed, and where that is missing json
is used after all.

What may be encoded, and as what, follows orjson, which StackStorm's wrapper
uses: keys must be strings, NaN and infinities become null, dates, UUIDs,
enums and dataclasses have a text form, sets and bytes have none. Integers of
any size are exact.
"""

import sys

MAX_DEPTH = 254


class Unencodable(TypeError):
    """The value has no JSON form."""


class _Decoding(object):
    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo = {}


def loads(text):
    """Decode one JSON value from str."""
    try:
        from _json import make_scanner
    except ImportError:
        import json

        return json.loads(text)
    try:
        value, end = make_scanner(_Decoding)(text, 0)
    except StopIteration as e:
        raise ValueError("no JSON value at character %s" % e.value)
    if text[end:].strip():
        raise ValueError("data after the JSON value at character %d" % end)
    return value


def dumps(value):
    """Encode value as UTF-8 bytes on one line; Unencodable if it has no form."""
    value = plain(value)
    try:
        from _json import encode_basestring, make_encoder

        encode = make_encoder(None, _refuse, encode_basestring, None, ":", ",", False, False, False)
        text = "".join(encode(value, 0))
    except (ImportError, TypeError):
        import json

        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as e:
        raise Unencodable(str(e))


def _refuse(value):
    raise Unencodable("type %s is not JSON serializable" % type(value).__name__)


def plain(value, depth=0):
    """A copy of value made of None, bool, int, float, str, list and dict only."""
    kind = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is float:
        return value if value - value == 0.0 else None
    if depth > MAX_DEPTH:
        raise Unencodable("nested more than %d levels deep" % MAX_DEPTH)
    if kind is dict:
        return _mapping(value.items(), depth)
    if kind is list or kind is tuple:
        return [plain(item, depth + 1) for item in value]
    return _special(value, kind, depth)


def _mapping(items, depth):
    out = {}
    for key, item in items:
        if type(key) is not str:
            raise Unencodable("a key is of type %s, not str" % type(key).__name__)
        out[key] = plain(item, depth + 1)
    return out


def _special(value, kind, depth):
    """Values of classes outside the core. A class whose module was never
    imported has no instances, so nothing is imported to look for them."""
    loaded = sys.modules.get
    datetime = loaded("datetime")
    if datetime and kind in (datetime.datetime, datetime.date):
        return value.isoformat()
    if datetime and kind is datetime.time:
        if value.tzinfo is not None:
            raise Unencodable("a time with a time zone has no form")
        return value.isoformat()
    uuid = loaded("uuid")
    if uuid and kind is uuid.UUID:
        return str(value)
    enum = loaded("enum")
    if enum and isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, dict):
        return _mapping(dict.items(value), depth)
    if isinstance(value, list):
        return [plain(item, depth + 1) for item in value]
    fields = getattr(kind, "__dataclass_fields__", None)
    if fields is not None:
        names = [name for name in fields if not name.startswith("_") and hasattr(value, name)]
        return _mapping([(name, getattr(value, name)) for name in names], depth)
    return _refuse(value)
