"""Reading of site-packages put off until something needs it.

The runner starts the interpreter with -S. Many actions import the standard
library and their own pack only, and what the site module does for the others
(virtual environments, .pth files, sitecustomize) costs a quarter of the start
of an interpreter, several times that where .pth files run code. Here it
happens at the first import of something that only site-packages has, and the
import then goes on with the same search path as if it had happened at once.
"""

import sys

# Modules that look at site-packages without importing from them, or start
# interpreters with the flags of this one.
_LOOKS_AT_PATH = frozenset(["importlib.metadata", "multiprocessing", "pkgutil", "site"])

# Ours, whatever else has the name. (st2client is not among them: a pack may
# bring the real one.)
_OWN = frozenset(["gale_sdk", "st2actions", "st2common", "st2reactor"])

# Optional modules that the standard library asks for and does not mind
# missing, for versions that do not list their own names.
_OPTIONAL = frozenset("java msvcrt nt org vms_lib winreg".split())


class LazySite(object):
    """Two finders in one: before the others it watches for names that the
    packages directory has, after the others for names that nobody has."""

    def __init__(self, packages, last=None):
        self.packages = packages  # searched first, before pack libraries
        self.last = last  # searched last: the directory of the entry point
        self._names = None
        self._known = getattr(sys, "stdlib_module_names", frozenset(sys.builtin_module_names)) | _OPTIONAL
        self._behind = _Behind(self)

    def install(self):
        sys.meta_path.insert(0, self)
        sys.meta_path.append(self._behind)

    def find_spec(self, name, path=None, target=None):
        if name in _OWN:
            return None
        if name in _LOOKS_AT_PATH or (path is None and name not in self._known and name in self.names()):
            self.load()
        return None

    def names(self):
        """The top-level names of the packages directory."""
        if self._names is None:
            import os

            try:
                entries = os.listdir(self.packages)
            except OSError:
                entries = []
            self._names = frozenset(entry.partition(".")[0] for entry in entries)
        return self._names

    def load(self):
        """Do what the interpreter would have done without -S."""
        for finder in (self, self._behind):
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
        import site

        site.main()
        order_path(self.packages, self.last)


class _Behind(object):
    def __init__(self, front):
        self._front = front

    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in self._front._known or top.startswith("_"):
            return None  # optional halves of standard modules
        self._front.load()
        for finder in list(sys.meta_path):
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


def order_path(first, last):
    """Put the packages directory first, so that a pack's requirements beat
    everything else of their name, and the entry point's directory last."""
    if first:
        sys.path[:] = [first] + [entry for entry in sys.path if entry != first]
    if last:
        sys.path[:] = [entry for entry in sys.path if entry != last] + [last]
