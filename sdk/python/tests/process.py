"""Runs an action as the runner does: a process, a line of JSON, a channel."""

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import threading

LIB = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib")


class Outcome(object):
    def __init__(self, code, out, err, line):
        self.code, self.out, self.err = code, out, err
        self.line = line
        self.sent = json.loads(line) if line else None


def run(source, name="act.py", files=None, parameters=None, eager=False, env=None, prefix=None, python=None, packages=None, **job):
    """Write source to <tmp>/actions/<name>, with the other files of the pack,
    and run it."""
    with tempfile.TemporaryDirectory() as pack:
        for path, text in dict(files or {}, **{os.path.join("actions", name): source}).items():
            path = os.path.join(pack, path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        packages = packages or sysconfig.get_path("platlib")
        search = [packages] if prefix else []
        search += [os.path.join(pack, "actions", "lib"), LIB]
        job.update(
            file_path=os.path.join(pack, "actions", name),
            parameters=parameters or {},
            packages=packages,
            prefix=prefix,
        )
        job.setdefault("pack", "testpack")
        return start(job, eager, dict(os.environ, PYTHONPATH=":".join(search), **(env or {})), python or sys.executable)


def start(job, eager, env, python):
    reading, writing = os.pipe()
    job["channel"] = writing
    command = [python, "-u"] + ([] if eager else ["-S"]) + [os.path.join(LIB, "run_action.py")]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(writing,),
        env=env,
    )
    os.close(writing)
    line = []

    def read():
        with open(reading, "rb") as file:
            line.append(file.read())

    reader = threading.Thread(target=read)
    reader.start()
    out, err = process.communicate(json.dumps(job).encode("utf-8") + b"\n")
    reader.join()
    return Outcome(process.returncode, out.decode("utf-8"), err.decode("utf-8"), line[0])
