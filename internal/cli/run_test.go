package cli

import (
	"strings"
	"testing"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

func schemaOfLocal(t *testing.T) paramSchema {
	t.Helper()
	action, err := py.DecodeJSON([]byte(localAction))
	if err != nil {
		t.Fatal(err)
	}
	runners, err := py.DecodeJSON([]byte(localRunner))
	if err != nil {
		t.Fatal(err)
	}
	return paramSchema{action: client.Dict(object(action), "parameters"), runner: client.Dict(objects(runners)[0], "runner_parameters")}
}

func TestParameters(t *testing.T) {
	tests := []struct {
		name  string
		words []string
		want  string
	}{
		{"a string", []string{"cmd=date"}, `{"cmd":"date"}`},
		{"only the first = counts", []string{"cmd=a=b"}, `{"cmd":"a=b"}`},
		{"a string stays a string", []string{"cmd=5"}, `{"cmd":"5"}`},
		{"an unknown parameter is a string", []string{"zz=5"}, `{"zz":"5"}`},
		{"an integer", []string{"n=-5"}, `{"n":-5}`},
		{"an integer of any size", []string{"n=123456789012345678901"}, `{"n":123456789012345678901}`},
		{"a runner's parameter", []string{"timeout=5"}, `{"timeout":5}`},
		{"a number", []string{"ratio=1e3"}, `{"ratio":1000.0}`},
		{"booleans", []string{"dry=True", "sudo=false"}, `{"dry":true,"sudo":false}`},
		{"an array with commas", []string{"hosts=a, b"}, `{"hosts":["a","b"]}`},
		{"an array of one number", []string{"hosts=5"}, `{"hosts":[5]}`},
		{"an array as JSON", []string{`hosts=["a", 1]`}, `{"hosts":["a",1]}`},
		{"an array given again", []string{"hosts=a", "hosts=b,c"}, `{"hosts":["a","b","c"]}`},
		{"an array of integers", []string{"ids=1,2"}, `{"ids":[1,2]}`},
		{"an array of objects", []string{"servers=name:a,port:80", "servers=name:b,port:81"}, `{"servers":[{"name":"a","port":80},{"name":"b","port":81}]}`},
		{"an array of objects as JSON", []string{`servers=[{"port": 1}]`}, `{"servers":[{"port":1}]}`},
		{"an object as pairs", []string{"opts=a=1,b=x=y,junk"}, `{"opts":{"a":"1","b":"x=y"}}`},
		{"an object as JSON", []string{`opts={"b": [1], "a": null}`}, `{"opts":{"b":[1],"a":null}}`},
		{"the last of other types counts", []string{"n=1", "n=2"}, `{"n":2}`},
		{"words without = are the command", []string{"n=1", "ls", "-l", "x=y"}, `{"n":1,"cmd":"ls -l x=y"}`},
		{"an empty value", []string{"cmd="}, `{"cmd":""}`},
		{"nothing", nil, `{}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := paramReader{schema: schemaOfLocal(t)}
			d, err := r.read(tt.words)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := py.AppendJSON(nil, d); string(got) != tt.want {
				t.Errorf("%q: got %s, want %s", tt.words, got, tt.want)
			}
		})
	}
}

func TestParametersThatAreWrong(t *testing.T) {
	for word, want := range map[string]string{
		"n=x":       "invalid literal for int() with base 10: 'x'",
		"ratio=x":   "could not convert string to float: 'x'",
		"dry=maybe": "invalid value 'maybe' for a boolean parameter: valid values are true and false",
		"opts={":    "an object parameter is not valid JSON",
		"@cmd=/no":  `File "/no" doesn't exist`,
	} {
		r := paramReader{schema: schemaOfLocal(t)}
		if _, err := r.read([]string{word}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", word, err, want)
		}
	}
}

func TestAutoDict(t *testing.T) {
	r := paramReader{schema: schemaOfLocal(t), autoDict: true}
	d, err := r.read([]string{"hosts=a:1,b:2"})
	if got, _ := py.AppendJSON(nil, d); err != nil || string(got) != `{"hosts":[{"a":"1","b":"2"}]}` {
		t.Errorf("got %s %v", got, err)
	}
}

func TestFilesAsParameters(t *testing.T) {
	s := newShell(t, nil)
	path := s.file("script.sh", "echo é\n")
	r := paramReader{schema: schemaOfLocal(t)}
	d, err := r.read([]string{"@cmd=" + path})
	if err != nil || client.String(d, "cmd") != "echo é\n" {
		t.Errorf("got %v %v, want the file's content", d, err)
	}
	r = paramReader{upload: true}
	d, err = r.read([]string{"@file=" + path})
	if got, _ := py.FromGo(d); err != nil || client.String(object(got), "file_name") != "script.sh" || client.String(d, "method") != "POST" {
		t.Errorf("got %v %v, want an upload", d, err)
	}
	binary := s.file("binary", "\xff\xfe")
	if _, err := r.read([]string{"@cmd=" + binary}); err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("got %v, want a refusal of bytes", err)
	}
}

func TestRunWaitsAndShows(t *testing.T) {
	a := newAPI(t, runRoutes("succeeded", okResult))
	s := newShell(t, a)
	s.want("run core.local cmd=date", `
id: 6b029ffee8de275a1f13c76d
action.ref: core.local
context.user: joe
parameters: 
  cmd: date
  password: '********'
status: succeeded
start_timestamp: Sun, 22 Nov 2026 07:55:42 UTC
end_timestamp: Sun, 22 Nov 2026 07:55:43 UTC
result: 
  failed: false
  return_code: 0
  stderr: ''
  stdout: |-
    one
    two
  succeeded: true
`)
	want := []string{
		"GET /actions/core.local", "GET /runnertypes?name=local-shell-cmd",
		`POST /executions {"action":"core.local","parameters":{"cmd":"date"},"user":null}`,
		"GET /executions/" + execID,
	}
	if got := a.requests(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got requests\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRunEndsWithTheRun(t *testing.T) {
	for status, want := range map[string]int{"succeeded": 0, "failed": 1, "timeout": 0, "canceled": 0, "abandoned": 0, "paused": 0, "pending": 0} {
		a := newAPI(t, runRoutes(status, ""))
		if got := newShell(t, a).run("run core.local cmd=x"); got.code != want {
			t.Errorf("%s: exit code %d, want %d\n%s", status, got.code, want, got.out)
		}
	}
}

func TestRunWithOptions(t *testing.T) {
	tests := []struct{ line, want string }{
		{"run core.local cmd=x -u bob --delay 1500 --trace-tag T -a", `{"action":"core.local","parameters":{"cmd":"x"},"user":"bob","delay":1500,"context":{"trace_context":{"trace_tag":"T"}}}`},
		{"run --trace_tag T core.local -a", `{"action":"core.local","parameters":{},"user":null,"context":{"trace_context":{"trace_tag":"T"}}}`},
		{"run core.local --trace-id I --async", `{"action":"core.local","parameters":{},"user":null,"context":{"trace_context":{"id_":"I"}}}`},
		{"action execute core.local cmd=x", `{"action":"core.local","parameters":{"cmd":"x"},"user":null}`},
		{"run core.local -a -- ls -l", `{"action":"core.local","parameters":{"cmd":"ls -l"},"user":null}`},
	}
	for _, tt := range tests {
		a := newAPI(t, runRoutes("succeeded", ""))
		r := newShell(t, a).run(tt.line)
		asked := a.requests()
		last := strings.TrimPrefix(asked[len(asked)-1], "POST /executions ")
		if last != tt.want || r.code != 0 {
			t.Errorf("%s: exit code %d, got %s, want %s", tt.line, r.code, last, tt.want)
		}
		if want := "To get the results, execute:\n st2 execution get " + execID; !strings.HasPrefix(r.out, want) {
			t.Errorf("%s: got %q, want the hint", tt.line, r.out)
		}
	}
}

func TestRunInheritsTheEnvironment(t *testing.T) {
	a := newAPI(t, runRoutes("succeeded", ""))
	s := newShell(t, a)
	s.vars = map[string]string{"ST2_BASE_URL": a.URL, "HOME": "/x", "PATH": "/bin", "FOO": "bar"}
	s.run("run core.local -e -a")
	asked := a.requests()
	last := asked[len(asked)-1]
	if !strings.Contains(last, `"FOO":"bar"`) || strings.Contains(last, `"PATH"`) || strings.Contains(last, `"HOME"`) {
		t.Errorf("got %s, want FOO without PATH and HOME", last)
	}
}

func TestRunInOtherForms(t *testing.T) {
	a := newAPI(t, runRoutes("succeeded", okResult))
	s := newShell(t, a)
	s.want("run core.local cmd=x -k stdout", "one\ntwo\n")
	s.want("run core.local cmd=x -k nope", nothingFound+"\n")
	s.want("run core.local cmd=x --attr status result.return_code -j", `
{
    "result": {
        "return_code": 0
    },
    "status": "succeeded"
}
`)
	s.want("run core.local cmd=x --attr status result.return_code -y", "result:\n    return_code: 0\nstatus: succeeded\n")
	if r := s.run("run core.local cmd=x -d"); !strings.Contains(r.out, "\n| context.user    | joe ") {
		t.Errorf("-d: got\n%s\nwant a table of properties", r.out)
	}
}

func TestRunRefusals(t *testing.T) {
	a := newAPI(t, runRoutes("succeeded", ""))
	s := newShell(t, a)
	if r := s.run("run nope.x"); r.code != 1 || r.out != "ERROR: Resource with id or reference \"nope.x\" doesn't exist.\n\n" {
		t.Errorf("got %d %q", r.code, r.out)
	}
	if r := s.run("run core.local n=x"); r.code != 1 || r.out != "ERROR: invalid literal for int() with base 10: 'x'\n\n" {
		t.Errorf("got %d %q", r.code, r.out)
	}
	a.set("POST /executions", answer{400, `{"faultstring":"'cmd' is a required property"}`, nil})
	want := "ERROR: 400 Client Error: Bad Request\nMESSAGE: 'cmd' is a required property for url: " + a.URL + "/api/v1/executions\n\n"
	if r := s.run("run core.local"); r.code != 1 || r.out != want {
		t.Errorf("got %d %q, want 1 %q", r.code, r.out, want)
	}
	if r := s.run("run"); r.code != 2 || !strings.HasSuffix(r.errOut, "st2 run: error: Missing action reference or id\n") {
		t.Errorf("got %d %q", r.code, r.errOut)
	}
}

func TestRunExplainsTheAction(t *testing.T) {
	s := newShell(t, newAPI(t, runRoutes("succeeded", "")))
	r := s.run("run core.local -h")
	for _, want := range []string{
		"\nRun a command.\n\nRequired Parameters:\n    cmd\n        Command to run.\n        Type: string\n\nOptional Parameters:\n    dry\n        Type: boolean\n        Enum: True, False\n",
		"    n\n        Type: integer\n        Default: 3\n",
		"    secret_key\n        Type: string\n        Default: ********\n",
		"    timeout\n        Type: integer\n        Default: 60\n",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("got\n%s\nwithout\n%s", r.out, want)
		}
	}
	if strings.Contains(r.out, "sudo") {
		t.Error("an immutable parameter is shown")
	}
	if r := s.run("run -h"); r.code != 0 || !strings.HasPrefix(r.out, "usage: st2 run [-t TOKEN]") {
		t.Errorf("run -h: got %d %q", r.code, r.out)
	}
}

func TestRerun(t *testing.T) {
	routes := runRoutes("succeeded", "")
	routes["POST /executions/"+execID+"/re_run"] = answer{201, execution("e2", "requested", ""), nil}
	a := newAPI(t, routes)
	s := newShell(t, a)
	r := s.run("execution re-run " + execID + " n=5 --tasks t1 t2 --no-reset t2 -a")
	asked := a.requests()
	want := "POST /executions/" + execID + `/re_run {"parameters":{"n":5},"tasks":["t1","t2"],"reset":["t1"],"delay":0}`
	if got := asked[len(asked)-1]; got != want || r.code != 0 {
		t.Errorf("got %s (%d %s), want %s", got, r.code, r.out, want)
	}
	if r := s.run("execution re-run " + execID + " --no-reset t2"); r.code != 1 {
		t.Errorf("a reset of a task that is not run again: got %d %q", r.code, r.out)
	}
	if r := s.run("execution re-run nope"); r.code != 1 || !strings.HasPrefix(r.out, `Action Execution "nope" is not found.`) {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

const wfID = "6b029ffee8de275a1f13c770"

// workflow is one with two tasks, of which the second has a task itself.
func workflow(status string) (root, children string) {
	root = strings.Replace(execution(wfID, status, okResult), `"local-shell-cmd"`, `"orquesta"`, 1)
	child := func(id, parent, task, runner string) string {
		d := execution(id, "succeeded", `,"parent":"`+parent+`"`)
		d = strings.Replace(d, `{"user":"joe"}`, `{"user":"joe","orquesta":{"task_name":"`+task+`"},"parent":{"execution_id":"`+parent+`"}}`, 1)
		return strings.Replace(d, `"local-shell-cmd"`, `"`+runner+`"`, 1)
	}
	c1, c2, c3 := "6b029ffee8de275a1f13c771", "6b029ffee8de275a1f13c772", "6b029ffee8de275a1f13c773"
	return root, "[" + child(c1, wfID, "one", "local-shell-cmd") + "," + child(c2, wfID, "two", "orquesta") + "," + child(c3, c2, "inner", "local-shell-cmd") + "]"
}

func TestWorkflowsAreShownWithTheirTasks(t *testing.T) {
	root, children := workflow("succeeded")
	a := newAPI(t, map[string]answer{"GET /executions/" + wfID: ok(root), "GET /executions/" + wfID + "/children": ok(children)})
	s := newShell(t, a)
	r := s.run("execution get " + wfID)
	want := `+------------------------------+------------------------+-------+------------+-----------------+
| id                           | status                 | task  | action     | start_timestamp |
+------------------------------+------------------------+-------+------------+-----------------+
|   6b029ffee8de275a1f13c771   | succeeded (1s elapsed) | one   | core.local | Sun, 22         |
|                              |                        |       |            | Nov 2026        |
|                              |                        |       |            | 07:55:42        |
|                              |                        |       |            | UTC             |
| + 6b029ffee8de275a1f13c772   | succeeded (1s elapsed) | two   | core.local | Sun, 22         |
`
	if !strings.Contains(r.out, "| one ") || !strings.Contains(r.out, "| + 6b029ffee8de275a1f13c772") || !strings.Contains(r.out, "|    6b029ffee8de275a1f13c773") {
		t.Errorf("got\n%s\nwant something like\n%s", r.out, want)
	}
	if strings.Contains(r.out, "context.user") {
		t.Error("a workflow shows context.user")
	}
	if r := s.run("execution get --raw " + wfID); strings.Contains(r.out, "| task") {
		t.Errorf("--raw shows tasks:\n%s", r.out)
	}
	r = s.run("execution get -j --show-tasks " + wfID)
	v, err := py.DecodeJSON([]byte(r.out))
	if list := objects(v); err != nil || len(list) != 4 || client.ID(list[3]) != "6b029ffee8de275a1f13c773" {
		t.Errorf("-j --show-tasks: got %v\n%s", err, r.out)
	}
	a.set("GET /executions/"+execID, ok(execution(execID, "succeeded", "")))
	if r := s.run("execution get --show-tasks " + execID); r.code != 1 || !strings.Contains(r.out, "--show-tasks option only applies to workflows.") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}
