import os
import subprocess
import sys
import tempfile
import unittest

import process

BASE = "from st2common.runners.base_action import Action\nclass A(Action):\n    def run(self, **kw):\n"


def body(text, **kwargs):
    return process.run(BASE + "".join("        %s\n" % line for line in text.split("\n")), **kwargs)


class ResultTest(unittest.TestCase):
    def test_outcomes_of_run(self):
        for text, result, status in [
            ("return 'x'", "x", None),
            ("return None", None, None),
            ("pass", None, None),
            ("return (True, {'a': 1})", {"a": 1}, True),
            ("return (False, 'why')", "why", False),
            ("return (None, 5)", 5, None),
            ("return (1, 2, 3)", [1, 2, 3], None),
            ("return [True, 2]", [True, 2], None),
            ("return (True, {1: 2})", "{1: 2}", True),
            ("return {1: 2}", "{1: 2}, 'status': None}", None),
            ("return (True, {'a': float('nan')})", {"a": None}, True),
            ("return (True, b'x')", "b'x'", True),
            ("return (True, 1 << 65)", 1 << 65, True),
            ("return (True, '\\ud800')", "\\ud800", True),
            ("return kw", {"a": "é", "b": [1]}, None),
        ]:
            outcome = body(text, parameters={"a": "é", "b": [1]})
            self.assertEqual(outcome.sent, {"result": result, "status": status}, text + outcome.err)
            self.assertEqual(outcome.code, 0, text)
            self.assertEqual(outcome.line.count(b"\n"), 1, text)

    def test_a_tuple_that_starts_with_something_else_is_refused(self):
        outcome = body("return ('ok', 1)")
        self.assertEqual((outcome.code, outcome.sent), (220, None))
        self.assertIn("ok", outcome.err)
        self.assertIn("True, False or None", outcome.err)

    def test_an_exception_leaves_no_result(self):
        outcome = body("raise KeyError('gone')")
        self.assertEqual((outcome.code, outcome.sent), (1, None))
        self.assertIn("KeyError: 'gone'", outcome.err)
        self.assertIn("act.py", outcome.err)

    def test_exit_codes(self):
        for text, code in [("import sys; sys.exit(3)", 3), ("exit(4)", 4), ("quit()", 0), ("raise SystemExit", 0)]:
            outcome = body(text)
            self.assertEqual((outcome.code, outcome.sent), (code, None), text)

    def test_output_is_the_users_alone(self):
        outcome = body("print('out'); import sys; sys.stderr.write('err'); import os; os.write(1, b'raw'); return 1")
        self.assertEqual((outcome.out, outcome.err), ("out\nraw", "err"))

    def test_children_do_not_hold_the_channel(self):
        outcome = body("import subprocess; subprocess.Popen(['sleep', '30'], stdout=-3, stderr=-3, close_fds=False); return 1")
        self.assertEqual(outcome.sent["result"], 1)

    def test_stdin_is_at_its_end(self):
        self.assertEqual(body("import sys; return sys.stdin.read()").sent["result"], "")

    def test_large_parameters(self):
        outcome = body("return len(kw['x'])", parameters={"x": "ü" * 2000000})
        self.assertEqual(outcome.sent["result"], 2000000)


class EndTest(unittest.TestCase):
    """What is still open when run() has returned is ended as the interpreter
    would end it."""

    def check(self, top, run, want):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "made")
            source = "%s\n%sfrom st2common.runners.base_action import Action\nclass A(Action):\n    def run(self, path):\n%s" % (
                "import os, sys, time",
                top + "\n" if top else "",
                "".join("        %s\n" % line for line in run.split("\n")),
            )
            outcome = process.run(source, parameters={"path": path})
            self.assertEqual((outcome.code, outcome.sent), (0, {"result": 1, "status": None}), run + outcome.err)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), want, run)

    def test_a_file_left_open_is_written(self):
        self.check("", "global kept\nkept = open(path, 'w')\nkept.write('whole')\nreturn 1", b"whole")

    def test_an_object_with_a_del_method_gets_its_call(self):
        top = "class Kept:\n    def __del__(self):\n        self.write(self.path)\n    def write(self, path):\n        with open(path, 'w') as f: f.write('gone')"
        self.check(top, "global kept\nkept = Kept()\nkept.path = path\nreturn 1", b"gone")

    def test_a_suspended_generator_runs_its_finally(self):
        top = "def steps(path):\n    fd = os.open(path, os.O_CREAT | os.O_WRONLY)\n    try:\n        yield\n    finally:\n        os.write(fd, b'undone')"
        self.check(top, "global kept\nkept = steps(path)\nnext(kept)\nreturn 1", b"undone")

    def test_exit_handlers_run(self):
        top = "import atexit\ndef end(path):\n    with open(path, 'w') as f: f.write('ended')"
        self.check(top, "atexit.register(end, path)\nreturn 1", b"ended")

    def test_threads_are_waited_for_and_daemons_are_not(self):
        top = "import threading\ndef late(path):\n    time.sleep(.2)\n    with open(path, 'w') as f: f.write('late')"
        run = "threading.Thread(target=late, args=(path,)).start()\nthreading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\nreturn 1"
        self.check(top, run, b"late")

    def test_output_of_exit_handlers_is_flushed(self):
        outcome = body("import atexit, sys\natexit.register(lambda: (sys.stdout.write('out'), sys.stderr.write('err')))\nreturn 1")
        self.assertEqual((outcome.code, outcome.out, outcome.err), (0, "out", "err"))


class ClassTest(unittest.TestCase):
    def test_first_class_by_name_with_run(self):
        outcome = process.run(
            "from st2common.runners.base_action import Action\n"
            "from fractions import Fraction\n"
            "class Zed(Action):\n    def run(self): return 'zed'\n"
            "class Beta(object):\n"
            "    def __init__(self, config): self.config = config\n"
            "    def run(self): return [type(self).__name__, self.action_service is not None]\n"
            "class Alpha(Action):\n    pass\n"
        )
        self.assertEqual(outcome.sent["result"], ["Beta", True], outcome.err)

    def test_run_may_be_inherited_from_the_packs_library(self):
        for form in ["from lib.base import Base", "from base import Base"]:
            outcome = process.run(
                form + "\nclass A(Base):\n    pass\n",
                files={
                    "actions/lib/__init__.py": "",
                    "actions/lib/base.py": "from st2common.runners.base_action import Action\n"
                    "class Base(Action):\n    def run(self): return 'inherited'\n",
                },
            )
            self.assertEqual(outcome.sent, {"result": "inherited", "status": None}, form + outcome.err)

    def test_no_class(self):
        outcome = process.run("x = 1\n")
        self.assertEqual((outcome.code, outcome.sent), (1, None))
        self.assertIn("has no action class", outcome.err)

    def test_a_file_that_does_not_load(self):
        outcome = process.run("def broken(:\n")
        self.assertEqual(outcome.code, 1)
        self.assertIn("Failed to load action class from file", outcome.err)
        self.assertIn("SyntaxError", outcome.err)

    def test_names_with_hyphens_and_of_standard_modules(self):
        for name in ["my-action.py", "json.py"]:
            outcome = process.run("import json\n" + BASE + "        return json.dumps([1])\n", name=name)
            self.assertEqual(outcome.sent, {"result": "[1]", "status": None}, outcome.err)

    def test_the_module_is_not_importable(self):
        self.assertEqual(body("import sys; return 'act' in sys.modules").sent["result"], False)

    def test_a_constructor_that_fails_is_not_tried_twice(self):
        outcome = process.run("class A(object):\n    def __init__(self, **kw): raise TypeError('mine')\n    def run(self): pass\n")
        self.assertEqual(outcome.err.count("TypeError: mine"), 1)

    def test_old_import(self):
        outcome = process.run("from st2actions.runners.pythonrunner import Action\nclass A(Action):\n    def run(self): return 1\n")
        self.assertEqual(outcome.sent["result"], 1)


class EnvironmentTest(unittest.TestCase):
    def test_config(self):
        outcome = body(
            "c = self.config\nout = [c['a'], c.get('b'), isinstance(c, dict)]\n"
            "try:\n    c['b']\nexcept ValueError as e:\n    out.append('Config for pack \"testpack\" is missing key \"b\"' in str(e))\nreturn out",
            config={"a": 1},
        )
        self.assertEqual(outcome.sent["result"], [1, None, True, True], outcome.err)

    def test_logger(self):
        text = "self.logger.debug('d %s', 1); self.logger.error('e'); self.logger.audit('a'); return self.logger is self.logger"
        outcome = body(text)
        self.assertEqual(outcome.err, "actions.python.A: DEBUG    d 1\nactions.python.A: ERROR    e\nactions.python.A: AUDIT    a\n")
        self.assertEqual(outcome.sent["result"], True)
        self.assertEqual(body(text, log_level="ERROR").err, "actions.python.A: ERROR    e\nactions.python.A: AUDIT    a\n")

    def test_logger_may_be_replaced(self):
        self.assertEqual(body("self.logger = 5; return self.logger").sent["result"], 5)

    def test_arguments_hold_no_secrets(self):
        outcome = body("import sys; return [len(sys.argv), open('/proc/self/cmdline').read()]", parameters={"p": "S3CRET"}, config={"c": "S3CRET"})
        self.assertEqual(outcome.sent["result"][0], 1)
        self.assertNotIn("S3CRET", outcome.sent["result"][1])

    def test_search_path_is_the_same_with_and_without_delay(self):
        # A module that nobody has: the delayed reading happens, then fails.
        probe = "try:\n    import nosuchmodule_\nexcept ImportError:\n    pass\nimport sys\nreturn [p.replace(kw['x'], '') for p in sys.path if 'actions' not in p]"
        lazy, eager = body(probe, parameters={"x": "-"}), body(probe, parameters={"x": "-"}, eager=True)
        self.assertEqual(lazy.sent["result"], eager.sent["result"], lazy.err)

    def test_a_missing_module_is_still_missing(self):
        outcome = body("import nosuchmodule_")
        self.assertIn("No module named 'nosuchmodule_'", outcome.err)

    def test_standard_modules_do_not_wait_for_site(self):
        outcome = body("import sys, copy, pickle, platform, subprocess, tempfile, uuid, socket, decimal, ssl, urllib.request; return 'site' in sys.modules")
        self.assertEqual(outcome.sent, {"result": False, "status": None}, outcome.err)

    def test_multiprocessing(self):
        outcome = body("import multiprocessing as m\np = m.get_context('spawn').Process(target=print, args=('child',)); p.start(); p.join(); return p.exitcode")
        self.assertEqual((outcome.sent["result"], outcome.out), (0, "child\n"), outcome.err)

    def test_exit_and_help_are_there(self):
        self.assertEqual(body("return [callable(f) for f in (exit, quit, help)]").sent["result"], [True] * 3)


class VirtualenvTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        cls.venv = os.path.join(cls.dir.name, "venv")
        subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", cls.venv])
        cls.python = os.path.join(cls.venv, "bin", "python")
        cls.packages = subprocess.check_output(
            [cls.python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"], universal_newlines=True
        ).strip()

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def put(self, name, text):
        path = os.path.join(self.packages, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.addCleanup(os.remove, path)
        return path

    def body(self, text, **kwargs):
        return body(text, prefix=self.venv, python=self.python, packages=self.packages, **kwargs)

    def test_requirements_beat_the_packs_library(self):
        self.put("vendor_.py", "who = 'requirement'\n")
        for eager in (False, True):
            outcome = self.body("import vendor_, sys; return [vendor_.who, sys.prefix]", files={"actions/lib/vendor_.py": "who = 'pack'\n"}, eager=eager)
            self.assertEqual(outcome.sent["result"], ["requirement", self.venv], outcome.err)

    def test_requirements_may_replace_standard_modules(self):
        self.put("sched.py", "who = 'requirement'\n")
        outcome = self.body("import sched; return sched.who")
        self.assertEqual(outcome.sent["result"], "requirement", outcome.err)

    def test_path_files_are_obeyed(self):
        other = os.path.join(self.dir.name, "editable")
        os.makedirs(other, exist_ok=True)
        with open(os.path.join(other, "editable_.py"), "w", encoding="utf-8") as file:
            file.write("x = 'editable'\n")
        self.put("editable.pth", other + "\nimport sys; sys.hooked_ = True\n")
        outcome = self.body("import editable_, sys; return [editable_.x, sys.hooked_]")
        self.assertEqual(outcome.sent["result"], ["editable", True], outcome.err)

    def test_hooks_run_before_the_first_requirement(self):
        self.put("hook.pth", "import sys; sys.hooked_ = True\n")
        self.put("vendor_.py", "import sys\nhooked = sys.hooked_\n")
        self.assertEqual(self.body("import vendor_; return vendor_.hooked").sent["result"], True)

    def test_metadata_of_requirements(self):
        info = os.path.join(self.packages, "vendor_-1.2.dist-info")
        os.makedirs(info, exist_ok=True)
        with open(os.path.join(info, "METADATA"), "w", encoding="utf-8") as file:
            file.write("Metadata-Version: 2.1\nName: vendor_\nVersion: 1.2\n")
        if sys.version_info >= (3, 8):
            self.assertEqual(self.body("import importlib.metadata as m; return m.version('vendor_')").sent["result"], "1.2")

    def test_the_systems_packages_are_visible(self):
        outcome = self.body("import sys\ntry:\n    import pip\nexcept ImportError:\n    pass\nreturn 'site' in sys.modules")
        self.assertEqual(outcome.sent["result"], True)


if __name__ == "__main__":
    unittest.main()
