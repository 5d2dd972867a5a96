"""Text and bytes, from the days of two Pythons."""


def to_unicode(value):
    if not isinstance(value, (str, bytes)):
        raise ValueError('Value "%s" must be a string.' % (value,))
    return value.decode("utf-8") if isinstance(value, bytes) else value


def to_ascii(value):
    return value.encode("ascii", "ignore").decode("ascii")
