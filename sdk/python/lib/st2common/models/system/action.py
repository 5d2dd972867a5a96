"""Commands as values, for tests of packs that build them."""

from st2common.util.shell import quote_unix

__all__ = ["ShellCommandAction", "ShellScriptAction"]


class ShellCommandAction(object):
    def __init__(
        self, name, action_exec_id, command, user, env_vars=None, sudo=False, timeout=None, cwd=None, sudo_password=None
    ):
        self.name = name
        self.action_exec_id = action_exec_id
        self.command = command
        self.env_vars = env_vars or {}
        self.user = user
        self.sudo = sudo
        self.timeout = timeout
        self.cwd = cwd
        self.sudo_password = sudo_password

    def get_full_command_string(self):
        return self._as_user(self.command)

    def _as_user(self, command):
        flags = (["-S"] if self.sudo_password else []) + ["-E"]
        if not self.sudo:
            if not self.user:
                return command
            flags += ["-H", "-u", quote_unix(self.user)]
        return "sudo %s -- bash -c %s" % (" ".join(flags), quote_unix(command))


class ShellScriptAction(ShellCommandAction):
    def __init__(
        self,
        name,
        action_exec_id,
        script_local_path_abs,
        named_args=None,
        positional_args=None,
        env_vars=None,
        user=None,
        sudo=False,
        timeout=None,
        cwd=None,
        sudo_password=None,
    ):
        super(ShellScriptAction, self).__init__(
            name, action_exec_id, None, user, env_vars, sudo, timeout, cwd, sudo_password
        )
        self.script_local_path_abs = script_local_path_abs
        self.named_args = named_args
        self.positional_args = positional_args

    def get_full_command_string(self):
        return self._as_user(self._format_command())

    def _format_command(self):
        arguments = self._get_script_arguments(self.named_args, self.positional_args)
        return (quote_unix(self.script_local_path_abs) + " " + arguments).rstrip()

    def _get_script_arguments(self, named_args=None, positional_args=None):
        parts = []
        for name, value in (named_args or {}).items():
            if value is None or value == "" or value is False:
                continue
            parts.append(name if value is True else "%s=%s" % (quote_unix(name), quote_unix(str(value))))
        parts += [quote_unix(value) for value in positional_args or []]
        return " ".join(parts)
