"""CONF with StackStorm's defaults, or what the environment says."""

import os

__all__ = ["CONF", "ConfigOpts", "NoSuchOptError"]


class NoSuchOptError(AttributeError):
    pass


class Group(object):
    def __init__(self, name, values):
        self.__dict__.update(values)
        self._name = name

    def __getattr__(self, option):
        raise NoSuchOptError("no such option %s in group [%s]" % (option, self._name))


class ConfigOpts(object):
    """Groups as attributes."""

    def __init__(self):
        base = os.environ.get("GALE_BASE_PATH", "/opt/stackstorm")
        self.system = Group("system", {"base_path": base, "debug": False})
        self.content = Group(
            "content",
            {
                "system_packs_base_path": os.path.join(base, "packs"),
                "packs_base_paths": os.environ.get("GALE_PACKS_PATH", ""),
                "pack_group": "st2packs",
                "index_url": ["https://index.stackstorm.org/v1/index.json"],
            },
        )
        self.system_user = Group("system_user", {"user": "stanley", "ssh_key_file": "/home/stanley/.ssh/stanley_rsa"})
        self.auth = Group("auth", {"enable": True, "api_url": _api_url()})
        self.api = Group("api", {"host": "127.0.0.1", "port": 9101, "max_page_size": 100})
        self.packs = Group("packs", {"enable_common_libs": False})

    def __call__(self, *args, **kwargs):
        return None

    def __getattr__(self, group):
        raise NoSuchOptError("no such option or group %s" % group)


def _api_url():
    url = os.environ.get("ST2_ACTION_API_URL")
    return url.rpartition("/v1")[0] or url if url else None


CONF = ConfigOpts()
