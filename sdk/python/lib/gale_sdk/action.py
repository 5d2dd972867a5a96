"""The life of an action's process: read the job, load the class, run it,
hand back what it returned.

The job is one line of JSON on standard input: parameters and configuration
never show in the process list. The result goes to a descriptor of its own, so
that whatever an action prints cannot be mistaken for it.
"""

import os
import sys

from gale_sdk import wire

EXIT_BAD_STATUS = 220

_BAD_STATUS = """\
run() returned a tuple of two items whose first is not True, False or None: %s
A tuple of two items means (status, result). Return a list to return two
values, or (True, (first, second)).
"""


def main():
    job = read_job()
    setup(job)
    wrapper = Wrapper(job)
    output = wrapper.instance().run(**wrapper.parameters)
    send(job.get("channel"), encode_output(output))
    del output
    leave()


def leave():
    """End the process as the interpreter does, but without taking apart every
    module first, which costs as much again as importing them did: wait for
    threads, run exit handlers, flush. Where anything alive has something to
    do when it goes, the interpreter ends in its ordinary way.
    """
    threading = sys.modules.get("threading")
    try:
        from atexit import _run_exitfuncs
        from gc import get_objects

        if threading is not None:
            threading._shutdown()
        if _expects_farewell(get_objects()):
            _flush(get_objects())
            return
        _run_exitfuncs()
    except (ImportError, AttributeError):
        return  # another interpreter than we know
    for file in (sys.stdout, sys.stderr):
        try:
            file.flush()
        except Exception:
            os._exit(120)  # as the interpreter says it
    os._exit(0)


def _expects_farewell(objects):
    """Whether one of them is an open file, a suspended generator, or has a
    __del__ method. The standard streams are not meant."""
    kinds = set(map(type, objects))
    kinds = set(kind for kind in kinds if hasattr(kind, "__del__") or kind is _GENERATOR)
    standard = set()
    for file in (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__):
        while file is not None:
            standard.add(id(file))
            file = getattr(file, "buffer", None) or getattr(file, "raw", None)
    return any(type(each) in kinds and id(each) not in standard for each in objects)


_GENERATOR = type(_ for _ in ())


def _flush(objects):
    """Write out text files left open: the interpreter may close the buffer
    under one first, and then its text is lost."""
    from io import TextIOWrapper

    for file in objects:
        if type(file) is TextIOWrapper and not file.closed:
            try:
                file.flush()
            except Exception:
                pass  # nor would the interpreter say


def read_job():
    chunks = []
    while True:
        chunk = os.read(0, 1 << 20)
        if not chunk:
            break
        chunks.append(chunk)
    return wire.loads(b"".join(chunks).decode("utf-8", "surrogatepass"))


def setup(job):
    """Make the process look as actions expect it."""
    channel = job.get("channel")
    if channel:
        os.set_inheritable(channel, False)
    entry = job["file_path"]
    directory = os.path.dirname(os.path.realpath(entry))
    sys.argv[:] = [entry]
    here = sys.path[0]
    if here in sys.path[1:]:
        del sys.path[0]  # the runner says where among the others we belong
    packages = job.get("packages")
    if sys.flags.no_site:
        _builtins()
        prefix = job.get("prefix")
        if prefix:
            sys.prefix = sys.exec_prefix = prefix
        from gale_sdk.lazysite import LazySite

        # Until then the pack's own directories and the standard library are
        # all there is to search.
        sys.path[:] = [p for p in sys.path if p != packages] + [directory]
        site = LazySite(packages, directory)
        if prefix and site.names() & site._known:
            site.load()  # a requirement replaces a standard module
        else:
            site.install()
    else:
        from gale_sdk.lazysite import order_path

        sys.path.append(directory)
        order_path(packages, directory)


def _builtins():
    """exit, quit and help, which the site module would have set."""
    import builtins

    try:
        from _sitebuiltins import Quitter, _Helper
    except ImportError:
        return
    builtins.exit = Quitter("exit", "Ctrl-D (i.e. EOF)")
    builtins.quit = Quitter("quit", "Ctrl-D (i.e. EOF)")
    builtins.help = _Helper()


class Wrapper(object):
    """What StackStorm's wrapper object shows to an action."""

    def __init__(self, job):
        self.parameters = job.get("parameters") or {}
        self._pack = job.get("pack")
        self._file_path = job["file_path"]
        self._config = job.get("config") or {}
        self._parameters = self.parameters
        self._user = job.get("user")
        self._log_level = job.get("log_level") or "DEBUG"
        self._class_name = None

    def instance(self):
        """Load the entry point, choose its class and make one."""
        cls = choose_class(load(self._file_path), self._file_path)
        self._class_name = cls.__name__
        return make(cls, self._config, ActionService(self))


def load(path):
    """Execute the entry point under its bare file name, outside sys.modules."""
    name = os.path.splitext(os.path.basename(path))[0]
    try:
        try:
            from _frozen_importlib import module_from_spec
            from _frozen_importlib_external import spec_from_file_location
        except ImportError:
            from importlib.util import module_from_spec, spec_from_file_location
        spec = spec_from_file_location(name, path)
        if spec is None:
            raise ImportError("%s is not a Python file" % path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    except Exception as e:
        import traceback

        text = (
            'Failed to load action class from file "%s" (action file most likely doesn\'t exist or '
            "contains invalid syntax): %s\n\n%s" % (path, e, traceback.format_exc())
        )
        try:
            failure = type(e)(text)
        except Exception:
            raise e
        raise failure from None


def choose_class(module, path):
    """The first class by name that the module itself defines and that has a
    run method; it need not inherit from Action."""
    for name in sorted(dir(module)):
        cls = getattr(module, name)
        if not isinstance(cls, type) or cls.__module__ != module.__name__:
            continue
        run = getattr(cls, "run", None)
        if type(run) is type(choose_class) and not getattr(run, "__isabstractmethod__", False):
            return cls
    raise Exception('File "%s" has no action class: no class defined in it has a "run" method.' % path)


def make(cls, config, service):
    """An instance; constructors from before action_service still work."""
    try:
        return cls(config=config, action_service=service)
    except TypeError as e:
        if "unexpected keyword argument 'action_service'" not in str(e):
            raise
    action = cls(config=config)
    action.action_service = service
    return action


class ActionService(object):
    """The datastore and the user, as seen by an action."""

    def __init__(self, action_wrapper):
        self._action_wrapper = action_wrapper
        self._datastore_service = None

    @property
    def datastore_service(self):
        if self._datastore_service is None:
            from gale_sdk.datastore import ActionDatastoreService
            from gale_sdk.logs import action_logger

            wrapper = self._action_wrapper
            self._datastore_service = ActionDatastoreService(
                logger=action_logger(wrapper._class_name, wrapper._log_level),
                pack_name=wrapper._pack,
                class_name=wrapper._class_name,
                auth_token=os.environ.get("ST2_ACTION_AUTH_TOKEN"),
            )
        return self._datastore_service

    def get_user_info(self):
        return self.datastore_service.get_user_info()

    def list_values(self, local=True, prefix=None, limit=None, offset=None):
        return self.datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)

    def get_value(self, name, local=True, scope="system", decrypt=False):
        return self.datastore_service.get_value(name=name, local=local, scope=scope, decrypt=decrypt)

    def set_value(self, name, value, ttl=None, local=True, scope="system", encrypt=False):
        return self.datastore_service.set_value(
            name=name, value=value, ttl=ttl, local=local, scope=scope, encrypt=encrypt
        )

    def delete_value(self, name, local=True, scope="system"):
        return self.datastore_service.delete_value(name=name, local=local, scope=scope)


def encode_output(output):
    """The line for the runner: {"result": …, "status": true|false|null}."""
    status, result = None, output
    if isinstance(output, tuple) and len(output) == 2:
        status, result = output
    if status is not None and not isinstance(status, bool):
        sys.stderr.write(_BAD_STATUS % (status,))
        sys.exit(EXIT_BAD_STATUS)
    try:
        return wire.dumps({"result": result, "status": status})
    except (Unencodable, RecursionError):
        text = str(result) if status is not None else _untyped_text(result)
    return wire.dumps({"result": _clean(text), "status": status})


Unencodable = wire.Unencodable


def _untyped_text(result):
    """What a result without status and without a JSON form becomes: the tail
    of the printed pair, for workflows that have come to depend on it."""
    text = str({"result": result, "status": None})
    marker = "'result': "
    at = text.find(marker)
    while at >= 0:
        tail = text[at + len(marker) :]
        if "\n" not in tail:
            return tail
        at = text.find(marker, at + 1)
    return text


def _clean(text):
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def send(channel, data):
    """Write the result line; without a channel (started by hand) print it."""
    sys.stdout.flush()
    data += b"\n"
    view = memoryview(data)
    while len(view):
        view = view[os.write(channel or 1, view) :]
    if channel:
        os.close(channel)
