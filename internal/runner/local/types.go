package local

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

func commandType() gale.RunnerType {
	return gale.RunnerType{
		Name:          "local-shell-cmd",
		Description:   "Runs a shell command on this machine.",
		Enabled:       true,
		RunnerPackage: "local_runner",
		RunnerModule:  "local_shell_command_runner",
		OutputSchema:  py.NewDict(0),
		Parameters: py.DictOf(
			"cmd", py.DictOf("description", "Shell command to run.", "type", "string"),
			"cwd", cwd(), "env", env(), "kwarg_op", kwargOp(), "sudo", sudo(),
			"sudo_password", sudoPassword(), "timeout", timeout(),
		),
	}
}

func scriptType() gale.RunnerType {
	return gale.RunnerType{
		Name:          "local-shell-script",
		Description:   "Runs a script of the pack on this machine.",
		Enabled:       true,
		RunnerPackage: "local_runner",
		RunnerModule:  "local_shell_script_runner",
		OutputSchema:  py.NewDict(0),
		Parameters: py.DictOf(
			"debug", py.DictOf("description", "Keep temporary files of the run.", "type", "boolean", "required", false, "default", false),
			"content_version", py.DictOf("description", "Git revision of the pack to use (commit, tag or branch). The pack must be a Git repository.", "type", "string", "required", false),
			"cwd", cwd(), "env", env(), "kwarg_op", kwargOp(), "sudo", sudo(),
			"sudo_password", sudoPassword(), "timeout", timeout(),
		),
	}
}

func cwd() *py.Dict {
	return py.DictOf("description", "Directory to run in.", "type", "string")
}

func env() *py.Dict {
	return py.DictOf("description", "Environment variables for the command (key1=val1,key2=val2).", "type", "object")
}

func kwargOp() *py.Dict {
	return py.DictOf("description", `What stands before the names of named arguments: "--" or "-".`, "type", "string", "default", "--")
}

func sudo() *py.Dict {
	return py.DictOf("description", "Run the command with sudo.", "type", "boolean", "default", false)
}

func sudoPassword() *py.Dict {
	return py.DictOf("description", "Password for sudo, where sudo asks for one.", "type", "string", "default", nil, "required", false, "secret", true)
}

func timeout() *py.Dict {
	return py.DictOf("description", "Seconds after which the command is ended.", "type", "integer", "default", int64(60))
}
