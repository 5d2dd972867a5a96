package e2e

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// TestWebhookBecomesAPythonAction follows one event through everything.
func TestWebhookBecomesAPythonAction(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		ctx := context.Background()
		body := py.DictOf("version", "1.2.3")
		answer, err := s.Do(ctx, client.Request{Method: "POST", Path: "/webhooks/deploy", Body: body,
			Header: http.Header{"St2-Trace-Tag": {"release"}}})
		if err != nil {
			t.Fatal(err)
		}
		if answer.Status != http.StatusAccepted {
			t.Errorf("the webhook answered %d, want 202", answer.Status)
		}
		e := s.find("/executions", "action", "examples.deploy")
		e = must[*py.Dict](t)(s.Wait(ctx, client.ID(e)))
		wantStatus(t, e, gale.Succeeded)
		if got, want := py.Repr(result(e, "result")), "{'version': '1.2.3', 'deployed': 3}"; got != want {
			t.Errorf("result is %s, want %s", got, want)
		}
		stdout, _ := result(e, "stdout").(string)
		if !strings.Contains(stdout, "web1: installing 1.2.3") {
			t.Errorf("stdout is %q", stdout)
		}
		if got := client.String(client.Dict(e, "rule"), "ref"); got != "examples.on_deploy" {
			t.Errorf("rule is %q", got)
		}
		inst := s.find("/triggerinstances", "trigger_type", "core.st2.webhook")
		if got := client.String(inst, "status"); got != "processed" {
			t.Errorf("the trigger instance is %s", got)
		}
		enforced := s.find("/ruleenforcements", "trigger_instance", client.ID(inst))
		if got := client.String(enforced, "execution_id"); got != client.ID(e) {
			t.Errorf("the enforcement names execution %q, want %q", got, client.ID(e))
		}
		trace := client.Dict(client.Dict(e, "context"), "trace_context")
		if got := client.String(trace, "trace_tag"); got != "release" {
			t.Errorf("the trace tag is %q", got)
		}
	})
}

func TestEventThatNoRuleWantsSaysWhy(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		if _, err := s.Post(context.Background(), "/webhooks/deploy", py.DictOf("version", "latest")); err != nil {
			t.Fatal(err)
		}
		inst := s.find("/triggerinstances", "trigger_type", "core.st2.webhook", "status", "processed")
		out, errs, code := in.cli("rule", "explain", client.ID(inst))
		if code != 0 {
			t.Fatalf("rule explain: exit code %d: %s", code, errs)
		}
		for _, want := range []string{"examples.on_deploy", "trigger.body.version", "regex", "latest"} {
			if !strings.Contains(out, want) {
				t.Errorf("the explanation lacks %q:\n%s", want, out)
			}
		}
		page := must[*client.Page](t)(s.List(context.Background(), "/executions", client.Query("action", "examples.deploy")))
		if len(page.Items) != 0 {
			t.Errorf("%d executions, want none", len(page.Items))
		}
	})
}

func TestRunnersGiveTheirResults(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		for _, c := range []struct {
			name, action string
			parameters   *py.Dict
			status       gale.Status
			key          string
			want         any
		}{
			{"a shell command", "core.local", py.DictOf("cmd", "echo hello; echo bad >&2"), gale.Succeeded, "stdout", "hello"},
			{"its standard error", "core.local", py.DictOf("cmd", "echo bad >&2"), gale.Succeeded, "stderr", "bad"},
			{"its exit code", "core.local", py.DictOf("cmd", "exit 3"), gale.Failed, "return_code", int64(3)},
			{"JSON on its output", "core.local", py.DictOf("cmd", "echo 42"), gale.Succeeded, "stdout", int64(42)},
			{"output that is no UTF-8", "core.local", py.DictOf("cmd", `printf 'a\202b\303\251'`), gale.Succeeded, "stdout", "a\ufffdbé"},
			{"its timeout", "core.local", py.DictOf("cmd", "sleep 60", "timeout", int64(1)), gale.TimedOut, "return_code", int64(-9)},
			{"a script with arguments", "examples.greet", py.DictOf("who", "you", "loud", true), gale.Succeeded, "stdout", "HELLO, YOU!"},
			{"a template in a default", "core.echo", py.DictOf("message", "hi"), gale.Succeeded, "stdout", "hi"},
			{"an action that does nothing", "core.noop", nil, gale.Succeeded, "return_code", int64(0)},
			{"a request to ourselves", "core.http", py.DictOf("url", s.url+"/healthz"), gale.Succeeded, "status_code", int64(200)},
		} {
			e := s.run(c.action, c.parameters)
			wantStatus(t, e, c.status)
			if got := result(e, c.key); !py.Equal(got, c.want) {
				t.Errorf("%s: %s is %s, want %s", c.name, c.key, py.Repr(got), py.Repr(c.want))
			}
		}
	})
}

func TestCancelEndsTheProcesses(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		ctx := context.Background()
		mark := filepath.Join(t.TempDir(), "pid")
		e := must[*py.Dict](t)(s.Run(ctx, client.RunRequest{Action: "core.local",
			Parameters: py.DictOf("cmd", "sleep 300 & echo $! > "+mark+".part; mv "+mark+".part "+mark+"; wait")}))
		pid := waitForFile(t, mark)
		if refused, err := s.Cancel(ctx, client.ID(e)); err != nil || refused != "" {
			t.Fatalf("cancel: %s %v", refused, err)
		}
		e = must[*py.Dict](t)(s.Wait(ctx, client.ID(e)))
		wantStatus(t, e, gale.Canceled)
		if alive(pid) {
			t.Errorf("process %s of the canceled execution is still there", pid)
		}
		if got := client.String(client.Dict(e, "context"), "cancelled_by"); got == "" {
			t.Error("nobody is named who canceled it")
		}
	})
}

func TestDelayedExecutionWaits(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		ctx := context.Background()
		e := must[*py.Dict](t)(s.Post(ctx, "/executions", py.DictOf("action", "core.noop", "delay", int64(300))))
		e = s.ends([]string{client.ID(e)})[client.ID(e)]
		wantStatus(t, e, gale.Succeeded)
		var path []string
		for _, entry := range client.Array(e, "log") {
			path = append(path, client.String(entry.(*py.Dict), "status"))
		}
		if got, want := strings.Join(path, " "), "requested delayed scheduled running succeeded"; got != want {
			t.Errorf("its way was %q, want %q", got, want)
		}
	})
}

func TestTimerFires(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		_, err := s.Post(context.Background(), "/rules", py.DictOf("name", "tick", "enabled", true,
			"trigger", py.DictOf("type", "core.st2.IntervalTimer", "parameters", py.DictOf("unit", "seconds", "delta", int64(1))),
			"action", py.DictOf("ref", "core.echo", "parameters", py.DictOf("message", "{{ trigger.executed_at }}"))))
		if err != nil {
			t.Fatal(err)
		}
		e := s.find("/executions", "action", "core.echo", "status", "succeeded")
		if got := client.String(client.Dict(e, "rule"), "ref"); got != "default.tick" {
			t.Errorf("rule is %q", got)
		}
	})
}

func waitForFile(t *testing.T, path string) string {
	t.Helper()
	var text string
	eventually(t, "file "+path, func() bool {
		b, err := os.ReadFile(path)
		text = strings.TrimSpace(string(b))
		return err == nil
	})
	return text
}
