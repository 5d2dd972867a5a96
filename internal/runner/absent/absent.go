// Package absent knows the runner types of StackStorm whose engines this
// version does not have. Packs that use them register, with their parameters
// checked, so that their other actions can be used; running such an action is
// refused in plain words.
package absent

import (
	"context"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

// Module is the runner module of an absent runner: how a stored runner type
// shows that it was registered without an engine.
const Module = "absent"

// Entries are the absent runners. Their types are disabled.
func Entries() []runner.Entry {
	var entries []runner.Entry
	for _, t := range types() {
		t.Enabled, t.RunnerPackage, t.RunnerModule = false, Module, Module
		t.Description += " This version of Gale cannot run it yet."
		if t.OutputSchema == nil {
			t.OutputSchema = py.NewDict(0)
		}
		entries = append(entries, runner.Entry{Type: t, Runner: refusal(t.Name)})
	}
	return entries
}

// refusal is a runner that fails. It is reached only by an operator who has
// enabled its type.
type refusal string

func (name refusal) Run(context.Context, *runner.Job, runner.Output) runner.Result {
	return runner.Failf("this version of Gale has no %s runner", string(name))
}

func types() []gale.RunnerType {
	return []gale.RunnerType{
		{Name: "action-chain", Description: "Runs actions one after the other.", OutputKey: "published", Parameters: py.DictOf(
			"display_published", param("boolean", "Show the published variables in the result.", "default", true),
			"skip_notify", param("array", "Tasks that notify nobody.", "default", []any{}))},
		{Name: "orquesta", Description: "Runs a workflow.", OutputKey: "output", Parameters: py.DictOf(
			"notify", param("array", "Tasks that notify.", "default", []any{}, "uniqueItems", true,
				"items", py.DictOf("type", "string", "pattern", `^\w+$`)))},
		{Name: "mistral-v2", Description: "Runs a Mistral workflow.", Parameters: py.DictOf(
			"workflow", param("string", "The workflow of a workbook to start with."),
			"task", param("string", "The task of a reverse workflow to reach."),
			"context", param("object", "Additional values.", "default", py.NewDict(0)),
			"skip_notify", param("array", "Tasks that notify nobody.", "default", []any{}))},
		{Name: "inquirer", Description: "Asks somebody a question and waits for the answer.", Parameters: inquirer()},
		{Name: "remote-shell-cmd", Description: "Runs a shell command on other machines over SSH.", Parameters: remote(true)},
		{Name: "remote-shell-script", Description: "Runs a script of the pack on other machines over SSH.", Parameters: remote(false)},
		{Name: "winrm-cmd", Description: "Runs a command on a Windows machine.", Parameters: winrm(true)},
		{Name: "winrm-ps-cmd", Description: "Runs a PowerShell command on a Windows machine.", Parameters: winrm(true)},
		{Name: "winrm-ps-script", Description: "Runs a PowerShell script on a Windows machine.", Parameters: winrm(false)},
	}
}

// param is the schema of one parameter.
func param(typ, description string, more ...any) *py.Dict {
	d := py.DictOf("type", typ, "description", description)
	for i := 0; i+1 < len(more); i += 2 {
		d.Set(more[i], more[i+1])
	}
	return d
}

func inquirer() *py.Dict {
	question := py.DictOf("title", "response_data", "type", "object", "properties", py.DictOf(
		"continue", param("boolean", "Would you like to continue the workflow?", "required", true)))
	return py.DictOf(
		"schema", param("object", "Schema of the answer.", "required", true, "default", question),
		"roles", param("array", "Roles that may answer.", "default", []any{}),
		"users", param("array", "Users who may answer.", "default", []any{}),
		"route", param("string", "Whom the question is announced to.", "default", ""),
		"ttl", param("integer", "Minutes after which nobody may answer any more.", "required", true, "default", int64(1440)))
}

func remote(command bool) *py.Dict {
	d := py.DictOf("hosts", param("string", "Machines to run on, separated by commas.", "required", true))
	if command {
		d.Set("cmd", param("string", "Shell command to run."))
	}
	for _, p := range []struct {
		name string
		spec *py.Dict
	}{
		{"username", param("string", "User to log in as.")},
		{"password", param("string", "Password to log in with.", "secret", true)},
		{"private_key", param("string", "Key to log in with, or the path of one.", "secret", true)},
		{"passphrase", param("string", "Passphrase of the key.", "secret", true)},
		{"port", param("integer", "Port of SSH.")},
		{"bastion_host", param("string", "Machine through which the others are reached.")},
		{"sudo", param("boolean", "Run with sudo.", "default", false)},
		{"sudo_password", param("string", "Password for sudo, where sudo asks for one.", "secret", true, "default", nil)},
		{"cwd", param("string", "Directory to run in.", "default", "/tmp")},
		{"env", param("object", "Environment variables.")},
		{"kwarg_op", param("string", "What stands before the names of named arguments.", "default", "--")},
		{"parallel", param("boolean", "Run on all machines at once.", "default", false, "immutable", true)},
		{"timeout", param("integer", "Seconds after which the command is ended.", "default", int64(60))},
	} {
		d.Set(p.name, p.spec)
	}
	dir := param("string", "Directory for files that are copied.", "default", "/tmp")
	if command {
		dir.Set("immutable", true)
	}
	d.Set("dir", dir)
	return d
}

func winrm(command bool) *py.Dict {
	transports := []any{"basic", "certificate", "credssp", "kerberos", "ntlm", "plaintext", "ssl"}
	d := py.DictOf(
		"host", param("string", "Machine to run on.", "required", true),
		"username", param("string", "User to log in as.", "required", true),
		"password", param("string", "Password to log in with.", "required", true, "secret", true),
		"port", param("integer", "Port of WinRM.", "default", int64(5986)),
		"scheme", param("string", "http or https.", "default", "https"),
		"transport", param("string", "How to log in.", "default", "ntlm", "enum", transports),
		"verify_ssl_cert", param("boolean", "Check the machine's certificate.", "default", true),
		"timeout", param("integer", "Seconds after which the command is ended.", "default", int64(60)),
		"cwd", param("string", "Directory to run in."),
		"env", param("object", "Environment variables."),
		"kwarg_op", param("string", "What stands before the names of named arguments.", "default", "-"))
	if command {
		d.Set("cmd", param("string", "Command to run."))
	}
	return d
}
