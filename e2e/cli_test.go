package e2e

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/yaml"
)

// terminal is where somebody types commands.
type terminal struct {
	*testing.T
	in   *installation
	home string
	env  []string
}

func (in *installation) terminal(t *testing.T, env ...string) *terminal {
	t.Helper()
	return &terminal{T: t, in: in, home: t.TempDir(), env: env}
}

func (c *terminal) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(append(os.Environ(), "GALE_DATA_DIR="+c.in.dir, "HOME="+c.home, "COLUMNS=150"), c.env...)
	return cmd
}

// typed runs a command with this standard input and returns what it prints.
func (c *terminal) typed(stdin string, args ...string) (out string, code int) {
	c.Helper()
	cmd := c.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// does fails the test unless the command succeeds and prints these texts.
func (c *terminal) does(args []string, says ...string) string {
	c.Helper()
	return c.ends(0, args, says...)
}

// ends fails the test unless the command exits so and prints these texts.
func (c *terminal) ends(code int, args []string, says ...string) string {
	c.Helper()
	out, got := c.typed("", args...)
	if got != code {
		c.Fatalf("gale %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out)
	}
	for _, text := range says {
		if !strings.Contains(out, text) {
			c.Errorf("gale %s: want %q in\n%s", strings.Join(args, " "), text, out)
		}
	}
	return out
}

// value runs a command with -j and with -y and returns what both say.
func (c *terminal) value(args ...string) any {
	c.Helper()
	v := c.json(args...)
	text := c.does(append(args, "-y"))
	if y, err := yaml.Decode([]byte(text)); err != nil || !py.Equal(v, y) {
		c.Errorf("gale %s: -j says %s and -y says\n%s(%v)", strings.Join(args, " "), py.Repr(v), text, err)
	}
	return v
}

// json runs a command once, with -j.
func (c *terminal) json(args ...string) any {
	c.Helper()
	text := c.does(append(args, "-j"))
	v, err := py.DecodeJSON([]byte(text))
	if err != nil {
		c.Fatalf("gale %s -j: %v in\n%s", strings.Join(args, " "), err, text)
	}
	return v
}

// object is json of one thing.
func (c *terminal) object(args ...string) *py.Dict {
	c.Helper()
	d, ok := c.json(args...).(*py.Dict)
	if !ok {
		c.Fatalf("gale %s -j: no object", strings.Join(args, " "))
	}
	return d
}

// first waits until a list has something and returns the first of it.
func (c *terminal) first(args ...string) *py.Dict {
	c.Helper()
	var d *py.Dict
	eventually(c.T, "something in "+strings.Join(args, " "), func() bool {
		if list, _ := c.json(args...).([]any); len(list) > 0 {
			d, _ = list[0].(*py.Dict)
		}
		return d != nil
	})
	return d
}

func (c *terminal) file(name, text string) string {
	c.Helper()
	path := filepath.Join(c.home, name)
	c.write(path, text)
	return path
}

func (c *terminal) write(path, text string) {
	c.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		c.Fatal(err)
	}
}

// words splits a command line at blanks.
func words(line string) []string { return strings.Fields(line) }

// TestCommandLine walks through the main commands against one server, in the
// order in which somebody new would: each part finds what those before it left.
func TestCommandLine(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	for _, part := range []struct {
		name string
		walk func(c *terminal, s *server)
	}{
		{"packs", walkPacks},
		{"run", walkRun},
		{"executions", walkExecutions},
		{"tail", walkTail},
		{"actions", walkActions},
		{"rules and events", walkRules},
		{"datastore", walkKeys},
		{"API keys", walkAPIKeys},
		{"users", walkUsers},
		{"mistakes", walkMistakes},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.walk(in.terminal(t), s) }) {
			return
		}
	}
}

func walkPacks(c *terminal, _ *server) {
	lab := map[string]string{
		"lab/pack.yaml":           "ref: lab\nname: lab\ndescription: For tests.\nversion: 1.2.3\nauthor: Gale\nemail: gale@example.com\n",
		"lab/actions/types.yaml":  "name: types\ndescription: Takes every type.\nrunner_type: local-shell-script\nentry_point: types.sh\nparameters:\n  text: {type: string, required: true, position: 0}\n  count: {type: integer, default: 5, position: 1}\n  rate: {type: number}\n  really: {type: boolean}\n  list: {type: array}\n  map: {type: object}\n  level: {type: string, enum: [low, high]}\n  pin: {type: string, secret: true}\n  fixed: {type: string, immutable: true, default: f}\n",
		"lab/actions/types.sh":    "#!/bin/sh\necho \"$@\"\n",
		"lab/triggers/alarm.yaml": "name: alarm\npack: lab\ndescription: Something burns.\npayload_schema: {type: object, properties: {place: {type: string}}}\n",
	}
	dir := c.in.path("packs/lab")
	for name, text := range lab {
		c.write(filepath.Join(c.in.path("packs"), name), text)
	}
	c.does(words("pack register lab"), "| actions ", "| triggers ")
	if n, _ := c.object("pack", "register", dir, "--types", "action").GetString("actions"); n != int64(1) {
		c.Errorf("registered %v actions, want 1", n)
	}
	c.does(words("pack list"), "| ref ", "| lab ", "1.2.3")
	pack := c.value("pack", "get", "lab")
	if v := client.String(pack.(*py.Dict), "version"); v != "1.2.3" {
		c.Errorf("version is %q, want 1.2.3", v)
	}
	c.ends(2, words("pack register nope"), `MESSAGE: Pack "nope" not found on disk`)
	c.ends(1, words("pack get nope"), `Pack "nope" is not found.`)

	c.does(words("action get lab.types"), "| entry_point   | types.sh")
	c.does(words("trigger list -p lab"), "lab.alarm", "Something burns.")
	c.does(words("runner list"), "local-shell-cmd")
}

func walkRun(c *terminal, _ *server) {
	c.does(words("run lab.types -h"), "Takes every type.", "Required Parameters:\n    text", "Enum: low, high", "Default: 5")
	e := c.object("run", "lab.types", "text=a b", "count=7", "rate=1.5", "really=true", "list=x,y", "map=k=v", "level=high", "pin=hunter22")
	want := py.DictOf("text", "a b", "count", int64(7), "rate", 1.5, "really", true, "list", []any{"x", "y"},
		"map", py.DictOf("k", "v"), "level", "high", "pin", "********")
	if got := client.Dict(e, "parameters"); !py.Equal(got, want) {
		c.Errorf("parameters are %s, want %s", py.Repr(got), py.Repr(want))
	}
	if out := client.String(client.Dict(e, "result"), "stdout"); strings.Contains(out, "hunter22") || !strings.HasSuffix(out, "a b 7") {
		c.Errorf("stdout is %q, want it to end in the positional parameters and to hide the secret", out)
	}
	c.does([]string{"run", "core.local", "echo", "all", "of", "it"}, "status: succeeded\n", "stdout: all of it\n", "context.user: admin\n")
	c.does(words("run core.local cmd=date -k return_code"), "0\n")
	c.does(words("run core.local cmd=date -d"), "| Property ", "| status ")
	c.does(words("run core.echo message=hi --tail"), "hi\n", "has completed (status=succeeded).", "status: succeeded")
	c.does(words("run core.noop --attr status -y"), "status: succeeded\n")
	c.ends(1, words("run core.local cmd=false"), "status: failed\n", "return_code: 1\n")
	c.ends(1, words("run core.nope"), `Resource with id or reference "core.nope" doesn't exist.`)
	c.ends(1, words("run lab.types text=x count=many"), "invalid literal for int() with base 10: 'many'")
	c.ends(1, words("run lab.types text=x fixed=y"), "Override of immutable parameter(s) ['fixed'] is unsupported.")
	c.ends(1, words("run lab.types"), "'text' is a required property")
}

func walkExecutions(c *terminal, _ *server) {
	out := c.does(words("execution list -n 3"), "| action.ref ", "core.local", "(0s elapsed)")
	if n := strings.Count(out, "| core."); n != 3 {
		c.Errorf("%d executions are listed, want 3:\n%s", n, out)
	}
	last := c.json("execution", "list", "-n", "1", "--status", "succeeded").([]any)[0].(*py.Dict)
	id := client.ID(last)
	if got := client.String(client.Dict(last, "action"), "ref"); got != "core.noop" {
		c.Errorf("the last success is of %s, want core.noop", got)
	}
	got := c.value("execution", "get", id).(*py.Dict)
	if client.String(got, "status") != "succeeded" || client.Dict(got, "result") == nil {
		c.Errorf("got %s, want a success with its result", py.Repr(got))
	}
	c.does([]string{"execution", "get", id, "-x"}, "log: \n  - status: requested\n")
	again := c.object("execution", "re-run", id)
	if ref := client.String(client.Dict(client.Dict(c.object("execution", "get", client.ID(again), "--attr", "context"), "context"), "re-run"), "ref"); ref != id {
		c.Errorf("the second run says it repeats %q, want %q", ref, id)
	}
	c.does([]string{"execution", "re-run", id, "-a"}, "gale execution get ")
	c.ends(1, words("execution get nope"), `Action Execution "nope" is not found.`)
	if empty := c.value("execution", "list", "--user", "nobody"); !py.Equal(empty, []any{}) {
		c.Errorf("executions of nobody: %s, want none", py.Repr(empty))
	}

	c.does(words("run core.noop -a"), "gale execution get ", "gale execution tail ")
	endless := client.ID(c.object("run", "core.local", "-a", "cmd=sleep 600"))
	c.waitFor(endless, "running")
	c.does([]string{"execution", "cancel", endless}, "action execution with id "+endless+" canceled.")
	c.waitFor(endless, "canceled")
	c.does([]string{"execution", "tail", endless}, "Execution "+endless+" has completed (status=canceled).")
	c.ends(1, []string{"execution", "pause", endless}, "Execution is already in completed state.")
}

func (c *terminal) waitFor(id, status string) {
	c.Helper()
	eventually(c.T, "status "+status, func() bool {
		return client.String(c.object("execution", "get", id, "--attr", "status"), "status") == status
	})
}

// walkTail reads the output of an action that goes on only when its first
// line has been seen.
func walkTail(c *terminal, _ *server) {
	gate := filepath.Join(c.home, "gate")
	id := client.ID(c.object("run", "core.local", "-a", "cmd=echo first; until test -e "+gate+"; do sleep 0.02; done; echo second"))
	tail := c.command("execution", "tail", id)
	out, err := tail.StdoutPipe()
	if err != nil {
		c.Fatal(err)
	}
	if err := tail.Start(); err != nil {
		c.Fatal(err)
	}
	var seen []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		seen = append(seen, lines.Text())
		if lines.Text() == "first" {
			c.file("gate", "")
		}
	}
	if err := tail.Wait(); err != nil {
		c.Errorf("tail: %v", err)
	}
	text := strings.Join(seen, "\n")
	if !strings.Contains(text, "first\nsecond\n") || !strings.HasSuffix(text, "Execution "+id+" has completed (status=succeeded).") {
		c.Errorf("tail printed\n%s", text)
	}
	c.does([]string{"execution", "tail", id}, "first\nsecond\n")
}

func walkActions(c *terminal, _ *server) {
	file := c.file("made.yaml", "name: made\npack: lab\ndescription: Made by hand.\nrunner_type: local-shell-cmd\nparameters:\n  cmd: {default: echo made, immutable: true}\n")
	c.does([]string{"action", "create", file}, "| ref           | lab.made")
	c.ends(2, []string{"action", "create", file}, "409 Client Error: Conflict", "Tried to save duplicate unique keys")
	list := c.value("action", "list", "-p", "lab")
	if n := len(list.([]any)); n != 2 {
		c.Errorf("pack lab has %d actions, want 2", n)
	}
	c.does(words("run lab.made -k stdout"), "made\n")
	changed := c.file("changed.json", `{"name": "made", "pack": "lab", "description": "Changed.", "runner_type": "noop"}`)
	if d := c.object("action", "update", "lab.made", changed); client.String(d, "description") != "Changed." {
		c.Errorf("after the update: %s", py.Repr(d))
	}
	c.does(words("action disable lab.made"), "| enabled       | False")
	c.ends(1, words("run lab.made"), `Unable to execute. Action "lab.made" is disabled.`)
	c.does(words("action enable lab.made"), "| enabled       | True")
	c.does(words("action delete lab.made"), `Resource with id "lab.made" has been successfully deleted.`)
	c.ends(1, words("action get lab.made"), `Action "lab.made" is not found.`)
	c.ends(2, words("action create nofile.yaml"), `File "nofile.yaml" does not exist.`)
}

func walkRules(c *terminal, s *server) {
	file := c.file("burn.yaml", `
name: burn
pack: lab
description: Calls for help.
enabled: true
trigger: {type: lab.alarm}
criteria: {trigger.place: {type: eq, pattern: roof}}
action: {ref: core.echo, parameters: {message: "fire on the {{ trigger.place }}"}}
`)
	c.does([]string{"rule", "create", file}, "| ref           | lab.burn", "| enabled       | True")
	c.ends(2, []string{"rule", "create", file}, "409 Client Error: Conflict")
	c.does(words("rule list -p lab"), "lab.burn", "Calls for help.")
	c.does(words("rule list --iftt"), "| trigger.ref ", "lab.alarm", "core.echo")

	s.alarm(c, "roof")
	en := c.first("rule-enforcement", "list", "--rule", "lab.burn")
	event, run := client.String(en, "trigger_instance_id"), client.String(en, "execution_id")
	c.waitFor(run, "succeeded")
	c.does([]string{"execution", "get", run, "-k", "stdout"}, "fire on the roof\n")
	shown := client.Dict(c.object("execution", "get", run, "--attr", "trigger_instance"), "trigger_instance")
	if payload := client.Dict(shown, "payload"); client.String(payload, "place") != "roof" {
		c.Errorf("the execution shows the payload %s, want place: roof", py.Repr(payload))
	}
	c.does([]string{"rule-enforcement", "get", client.ID(en)}, "| rule.ref            | lab.burn", run)
	c.does([]string{"trigger-instance", "get", event}, "| trigger         | lab.alarm", `"place": "roof"`, "processed")
	c.does(words("trigger-instance list --trigger lab.alarm"), event, "processed")
	c.does([]string{"rule", "explain", event}, "Fired:\n  lab.burn: all criteria are met\n    execution: "+run)
	why := c.value("rule", "explain", event).(*py.Dict)
	if rules, _ := why.GetString("rules"); len(rules.([]any)) != 1 {
		c.Errorf("explained are %s, want one rule", py.Repr(rules))
	}

	c.does([]string{"trigger-instance", "re-emit", event}, "Trigger instance "+event+" succesfully re-sent.")
	eventually(c.T, "a second enforcement", func() bool {
		return len(c.json("rule-enforcement", "list", "--rule", "lab.burn").([]any)) == 2
	})

	s.alarm(c, "cellar")
	other := c.quiet("cellar")
	c.does([]string{"rule", "explain", other}, "Did not fire:\n  lab.burn: trigger.place is 'cellar', which does not meet eq 'roof'")
	c.does(words("rule disable lab.burn"), "| enabled       | False")
	c.does([]string{"rule", "explain", other}, "lab.burn: the rule is disabled")
	c.does(words("rule enable lab.burn"), "| enabled       | True")
	c.does(words("rule delete lab.burn"), `Resource with id "lab.burn" has been successfully deleted.`)
	c.ends(2, words("rule delete lab.burn"), `Rule "lab.burn" is not found.`)
	c.ends(1, words("trigger-instance get nope"), `Trigger Instance "nope" is not found.`)
}

// alarm dispatches an event of lab.alarm.
func (s *server) alarm(c *terminal, place string) {
	c.Helper()
	body := strings.NewReader(`{"trigger": "lab.alarm", "payload": {"place": "` + place + `"}}`)
	if status, fault := s.raw("POST", "/api/v1/webhooks/st2", "application/json", body); status != 202 {
		c.Fatalf("the event was answered with %d %s", status, fault)
	}
}

// quiet waits until an event from there has been processed and returns its id.
func (c *terminal) quiet(place string) (id string) {
	c.Helper()
	eventually(c.T, "an event from the "+place, func() bool {
		for _, v := range c.json("trigger-instance", "list", "--trigger", "lab.alarm", "--status", "processed", "-a", "id", "payload").([]any) {
			if d := v.(*py.Dict); client.String(client.Dict(d, "payload"), "place") == place {
				id = client.ID(d)
			}
		}
		return id != ""
	})
	return id
}

func walkKeys(c *terminal, _ *server) {
	c.does(words("key set region ams"), "| name             | region", "| value            | ams", "st2kv.system")
	c.does(words("key set offset -5 --ttl 600"), "| value            | -5")
	if d := c.object("key", "get", "offset"); client.String(d, "expire_timestamp") == "" {
		c.Errorf("offset never expires: %s", py.Repr(d))
	}
	c.does(words("key set mine x -s user"), "st2kv.user")
	c.ends(1, words("key get mine"), `Key Value Pair "mine" is not found.`)
	c.does(words("key get mine -s user"), "| value            | x")

	sealed := c.object("key", "set", "password", "hunter22", "-e")
	cipher := client.String(sealed, "value")
	if len(cipher) < 32 || strings.Contains(cipher, "hunter22") {
		c.Errorf("the value of an encrypted item is shown as %q", cipher)
	}
	c.does(words("key get password"), "| secret           | True", "| encrypted        | True")
	if d := c.value("key", "get", "password", "-d").(*py.Dict); client.String(d, "value") != "hunter22" {
		c.Errorf("decrypted: %s, want hunter22", py.Repr(d))
	}
	c.does([]string{"key", "set", "copy", cipher, "--encrypted"})
	if d := c.object("key", "get", "copy", "-d"); client.String(d, "value") != "hunter22" {
		c.Errorf("the copy decrypts to %s", py.Repr(d))
	}
	c.ends(2, words("key set bad junk --encrypted"), "400 Client Error")

	file := c.file("items.yaml", "- {name: bulk.a, value: one}\n- {name: bulk.b, value: {x: 1}}\n")
	c.ends(1, []string{"key", "load", file}, `Value for key "bulk.b" is not a string.`)
	c.does([]string{"key", "load", file, "-c"}, "bulk.a", `{"x": 1}`)
	if list := c.value("key", "list", "--prefix", "bulk."); len(list.([]any)) != 2 {
		c.Errorf("loaded are %s, want two items", py.Repr(list))
	}
	c.does(words("key delete_by_prefix -p bulk."), "Deleted 2 keys\nDeleted key ids: bulk.a, bulk.b\n")
	c.does(words("key delete region"), `Resource with id "region" has been successfully deleted.`)
	c.ends(2, words("key delete region"), `Key Value Pair "region" is not found.`)
	if out, code := c.typed("from stdin\n", "key", "set", "typed", "-j"); code != 0 || !strings.Contains(out, `"value": "from stdin"`) {
		c.Errorf("a typed value: exit code %d\n%s", code, out)
	}
}

func walkAPIKeys(c *terminal, _ *server) {
	key := strings.TrimSpace(c.does([]string{"apikey", "create", "-k", "-m", `{"used_by": "tests"}`}))
	with := c.in.terminal(c.T, "ST2_API_KEY="+key)
	with.does(words("whoami"), `Currently logged in as "admin".`, "Authentication method: API key")
	shown := c.object("apikey", "get", key)
	id := client.ID(shown)
	if client.String(shown, "key_hash") != "********" || client.String(client.Dict(shown, "metadata"), "used_by") != "tests" {
		c.Errorf("got %s, want the metadata and no hash", py.Repr(shown))
	}
	c.does([]string{"apikey", "disable", id}, "| enabled    | False")
	with.ends(1, words("action list"), "401 Client Error: Unauthorized", "API key is disabled")
	c.does([]string{"apikey", "enable", id}, "| enabled    | True")
	with.does(words("run core.noop"), "status: succeeded")
	if list := c.json("apikey", "list", "-u", "admin").([]any); len(list) != 2 {
		c.Errorf("admin has %d keys, want the installation's and this one", len(list))
	}
	c.does([]string{"apikey", "delete", id}, "has been successfully deleted.")
	with.ends(1, words("action list"), "401 Client Error: Unauthorized")
}

func walkUsers(c *terminal, s *server) {
	for _, args := range []string{"user add joe", "user add boss --admin"} {
		if out, code := c.typed("correct horse\n", words(args)...); code != 0 || strings.Contains(out, "correct horse") {
			c.Fatalf("%s: exit code %d\n%s", args, code, out)
		}
	}
	if out, code := c.typed("short\n", words("user add bob")...); code != 2 || !strings.Contains(out, "8 to 72 bytes") {
		c.Errorf("a short password: exit code %d, want 2\n%s", code, out)
	}
	c.does(words("user add robot --service -j"), `"is_service": true`)
	c.does(words("user list"), "joe", "boss", "robot")

	token := strings.TrimSpace(c.does([]string{"auth", "joe", "-p", "correct horse", "-t"}))
	joe := c.in.terminal(c.T, "ST2_AUTH_TOKEN="+token)
	joe.does(words("whoami"), `Currently logged in as "joe".`, "Authentication method: authentication token", "token expire time: ")
	joe.does(words("run core.noop"), "context.user: joe", "status: succeeded")
	joe.ends(1, words("run core.noop -u boss"), "403 Client Error: Forbidden")
	joe.ends(1, words("user list"), "Administrator access required")
	c.ends(1, []string{"auth", "joe", "-p", "wrong"}, "invalid credentials")
	c.ends(1, []string{"auth", "joe", "-p", "correct horse", "-l", "999999"}, "TTL specified 999999 is greater than max allowed 86400.")

	boss := c.in.terminal(c.T)
	boss.does([]string{"--url", s.url, "login", "boss", "-p", "correct horse"}, "Logged in as boss")
	who := boss.value("--url", s.url, "whoami").(*py.Dict)
	if client.String(who, "username") != "boss" {
		c.Errorf("after the login: %s, want boss", py.Repr(who))
	}
	config, err := os.ReadFile(filepath.Join(boss.home, ".st2", "config"))
	if err != nil || strings.Contains(string(config), "correct horse") {
		c.Errorf("the configuration is %q (%v), want it without the password", config, err)
	}
}

func walkMistakes(c *terminal, _ *server) {
	c.ends(2, words("run"))
	c.ends(2, words("bogus"))
	c.ends(2, nil, "usage: gale")
	c.ends(2, words("execution"))
	nobody := c.in.terminal(c.T, "ST2_AUTH_TOKEN=0123456789abcdef0123456789abcdef")
	nobody.ends(1, words("action list"), "401 Client Error: Unauthorized")
	nobody.does(words("whoami"), "Not authenticated or authentication token expired")
	c.ends(1, words("--url http://127.0.0.1:1 action list"), "No server answers at ")
	c.does(words("--version"), "gale ")
}
