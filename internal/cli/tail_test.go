package cli

import (
	"strings"
	"testing"
)

// events makes the body of an event stream out of "name data" lines.
func events(lines ...string) answer {
	var b strings.Builder
	b.WriteString("\n")
	for _, l := range lines {
		name, data, _ := strings.Cut(l, " ")
		b.WriteString("event: " + name + "\ndata: " + strings.Join(strings.Fields(data), " ") + "\n\n")
	}
	return answer{0, b.String(), map[string]string{"Content-Type": "text/event-stream; charset=UTF-8"}}
}

func TestTailOfWhatHasEnded(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /executions":                       ok(`[{"id":"` + execID + `"}]`),
		"GET /executions/" + execID:             ok(execution(execID, "succeeded", "")),
		"GET /executions/" + execID + "/output": ok("line 1\nline 2\n"),
	})
	s := newShell(t, a)
	want := "line 1\nline 2\n\nExecution " + execID + " has completed (status=succeeded).\n"
	s.want("execution tail "+execID, want)
	s.want("execution tail", want)
	if r := s.run("execution tail nope"); r.code != 1 {
		t.Errorf("got %d %q", r.code, r.out)
	}
}

func TestTailOfASingleActionLosesNothing(t *testing.T) {
	const id = "e1"
	output := func(n, kind, data string) string {
		return `st2.execution.output__create {"id":"` + n + `","execution_id":"e1","timestamp":"T","output_type":"` + kind + `","data":"` + data + `"}`
	}
	a := newAPI(t, map[string]answer{
		"GET /stream/v1/executions/e1/output": events(
			output("1", "stdout", `one\n`), output("1", "stdout", `one\n`), output("2", "stderr", `two\n`), "EOF ''"),
	})
	s := newShell(t, a)
	a.once("GET /executions/e1", ok(execution(id, "running", "")), ok(execution(id, "failed", "")))
	s.want("execution tail e1 --include-metadata",
		"Execution e1 has started.\n\n[T][stdout] one\n[T][stderr] two\n\nExecution e1 has completed (status=failed).\n")
}

func TestTailOfAWorkflow(t *testing.T) {
	root := func(status string) string {
		return `{"id":"w","status":"` + status + `","action":{"runner_type":"orquesta"}}`
	}
	child := func(id, parent, task, status string) string {
		return `{"id":"` + id + `","status":"` + status + `","action":{"runner_type":"local-shell-cmd"},"context":{"parent":{"execution_id":"` + parent + `"},"orquesta":{"task_name":"` + task + `"}}}`
	}
	update := "st2.execution__update "
	piece := func(n, id, data string) string {
		return `st2.execution.output__create {"id":"` + n + `","execution_id":"` + id + `","output_type":"stdout","data":"` + data + `"}`
	}
	a := newAPI(t, map[string]answer{
		"GET /executions/w":          ok(root("running")),
		"GET /executions/w/children": ok("[" + child("c0", "w", "zero", "succeeded") + "]"),
		"GET /executions/c0/output":  ok("from zero\n"),
		"GET /stream/v1/stream": events(
			update+child("c1", "w", "one", "running"),
			update+child("x", "other", "alien", "running"), piece("9", "x", `alien\n`),
			piece("1", "c1", `from one\n`),
			"st2.execution__create "+child("c2", "c1", "two", "requested"),
			piece("2", "c2", `from two\n`),
			update+child("c2", "c1", "two", "succeeded"),
			update+child("c1", "w", "one", "failed"), update+child("c1", "w", "one", "failed"),
			update+root("failed")),
	})
	s := newShell(t, a)
	s.want("execution tail w", `
Execution w has started.

Child execution (task=zero) c0 has started.

from zero

Child execution (task=zero) c0 has finished (status=succeeded).
Child execution (task=one) c1 has started.

from one
Child execution (task=two) c2 has started.

from two

Child execution (task=two) c2 has finished (status=succeeded).

Child execution (task=one) c1 has finished (status=failed).

Execution w has completed (status=failed).
`)
}

func TestTailThatBeginsAfterTheEnd(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /executions/w/children": ok("[]"),
		"GET /stream/v1/stream":      events(),
	})
	running := ok(`{"id":"w","status":"running","action":{"runner_type":"orquesta"}}`)
	a.once("GET /executions/w", running, ok(`{"id":"w","status":"succeeded","action":{"runner_type":"orquesta"}}`))
	newShell(t, a).want("execution tail w", "Execution w has started.\n\n\nExecution w has completed (status=succeeded).\n")
}

func TestRunWithTail(t *testing.T) {
	routes := runRoutes("succeeded", okResult)
	routes["GET /executions/"+execID+"/output"] = ok("one\ntwo\n")
	s := newShell(t, newAPI(t, routes))
	r := s.run("run core.local cmd=x --tail")
	want := "Tailing execution \"" + execID + "\"\none\ntwo\n\nExecution " + execID + " has completed (status=succeeded).\nid: " + execID
	if r.code != 0 || !strings.HasPrefix(r.out, want) {
		t.Errorf("got %d\n%s\nwant\n%s", r.code, r.out, want)
	}
}
