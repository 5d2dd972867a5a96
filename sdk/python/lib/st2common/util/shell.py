"""Commands of the local machine."""

import os
import shlex
import subprocess

__all__ = ["run_command", "kill_process", "quote_unix", "quote_windows"]


def run_command(
    cmd, stdin=None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, shell=False, cwd=None, env=None, close_fds=True
):
    """Run cmd to its end; (exit code, stdout, stderr), the outputs as text."""
    if not isinstance(cmd, (str, list, tuple)):
        raise TypeError("Command must be a type of list, tuple, or string, not '%s'." % type(cmd))
    process = subprocess.Popen(
        cmd,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=env or os.environ.copy(),
        cwd=cwd,
        shell=shell,
        close_fds=bool(close_fds),
    )
    out, err = process.communicate()
    return process.returncode, _text(out), _text(err)


def _text(data):
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else data


def kill_process(process):
    """End the process group that process leads."""
    import signal

    try:
        os.killpg(os.getpgid(process.pid), signal.SIGTERM)
        return 0
    except OSError:
        return 1


def quote_unix(value):
    return shlex.quote(value)


def quote_windows(value):
    return subprocess.list2cmdline([value])
