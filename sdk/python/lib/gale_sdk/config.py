"""The configuration of a pack as an action sees it."""

_MISSING = """
Config for pack "%s" is missing key "%s".
Make sure that the config file (configs/%s.yaml) exists and contains that key, and that it was
registered after the last change: st2ctl reload --register-configs
"""


class PackConfigDict(dict):
    """A dict that explains which key is missing. It raises ValueError, not
    KeyError: actions have come to catch that."""

    def __init__(self, pack_name, *args):
        super(PackConfigDict, self).__init__(*args)
        self._pack_name = pack_name

    def __missing__(self, key):
        raise ValueError(_MISSING % (self._pack_name, key, self._pack_name))
