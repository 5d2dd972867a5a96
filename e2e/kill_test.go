package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// TestKillLosesNothing kills the server in the middle of 500 running and
// queued executions, starts it again, and asks of each: did it end, and did
// its side effect happen at most once?
func TestKillLosesNothing(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		ledger := filepath.Join(t.TempDir(), "ledger")
		s := in.start()
		ids := s.request(500, ledger)
		eventually(t, "some executions to end", func() bool { return len(lines(ledger)) >= 30 })
		s.kill()
		before := len(lines(ledger))

		s = in.start()
		ends := s.ends(ids)
		after := lines(ledger)
		if before >= 500 {
			t.Fatalf("all %d had run before the kill; nothing was tested", before)
		}
		begun := map[string]int{}
		for _, id := range after {
			begun[id]++
		}
		count := map[gale.Status]int{}
		for id, e := range ends {
			status := client.StatusOf(e)
			count[status]++
			n := begun[client.String(client.Dict(e, "parameters"), "cmd_id")]
			switch {
			case n > 1:
				t.Errorf("execution %s began %d times", id, n)
			case status == gale.Succeeded && n != 1:
				t.Errorf("execution %s succeeded and its effect happened %d times", id, n)
			case status != gale.Succeeded && status != gale.Abandoned:
				t.Errorf("execution %s is %s", id, status)
			}
			if client.String(e, "end_timestamp") == "" {
				t.Errorf("execution %s has no end", id)
			}
		}
		// As many as there are slots can run, and as many again have just
		// ended when their outcome is not stored yet.
		if slots := max(16, 8*runtime.GOMAXPROCS(0)); count[gale.Abandoned] > 2*slots {
			t.Errorf("%d executions were abandoned, with %d slots", count[gale.Abandoned], slots)
		}
		t.Logf("before the kill %d had begun; ends: %v", before, count)
	})
}

// request asks for n executions that each write their number to a ledger and
// returns their ids, by number.
func (s *server) request(n int, ledger string) []string {
	s.t.Helper()
	registerLedger(s)
	ids := make([]string, n)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < n; i += 8 {
				e, err := s.Run(context.Background(), client.RunRequest{Action: "ledger.write",
					Parameters: py.DictOf("cmd_id", fmt.Sprint(i), "ledger", ledger)})
				if err != nil {
					s.t.Errorf("request %d: %v", i, err)
					return
				}
				ids[i] = client.ID(e)
			}
		})
	}
	wg.Wait()
	return ids
}

// registerLedger registers a pack whose one action appends a line to a file.
func registerLedger(s *server) {
	s.t.Helper()
	dir := filepath.Join(s.in.dir, "packs", "ledger")
	write(s.t, filepath.Join(dir, "pack.yaml"),
		"name: ledger\ndescription: Writes down what happened.\nversion: 1.0.0\nauthor: us\nemail: us@example.com\n")
	write(s.t, filepath.Join(dir, "actions", "write.yaml"), `name: write
runner_type: local-shell-cmd
parameters:
  cmd_id: {type: string, required: true}
  ledger: {type: string, required: true}
  cmd:
    default: 'echo {{cmd_id}} >> {{ledger}}; sleep 0.02'
    immutable: true
`)
	if _, err := s.Post(context.Background(), "/_gale/packs/register", py.DictOf("path", dir)); err != nil {
		s.t.Fatalf("register: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func lines(path string) []string {
	text, _ := os.ReadFile(path)
	return strings.Fields(string(text))
}

// ends waits until every execution has ended and returns them.
func (s *server) ends(ids []string) map[string]*py.Dict {
	s.t.Helper()
	ends := map[string]*py.Dict{}
	for _, id := range ids {
		for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			e, err := s.Execution(context.Background(), id)
			if err != nil {
				s.t.Fatalf("execution %s is gone: %v", id, err)
			}
			if client.StatusOf(e).Final() {
				ends[id] = e
				break
			}
			if time.Now().After(end) {
				s.t.Fatalf("execution %s is stuck in %s", id, client.StatusOf(e))
			}
		}
	}
	return ends
}

// TestKillAtEachStep ends the server at named statements of a run. The
// execution must end, and its effect must not happen twice.
func TestKillAtEachStep(t *testing.T) {
	for _, point := range []string{
		"store.before-commit=kill@%d", "store.after-commit=kill@%d", "actionrunner.begun=kill", "actionrunner.ended=kill", "store.claim=kill",
	} {
		for _, n := range steps(point) {
			at := point
			if strings.Contains(point, "%d") {
				at = fmt.Sprintf(point, n)
			}
			t.Run(at, func(t *testing.T) {
				t.Parallel()
				in := &installation{t: t, dir: t.TempDir()}
				ledger := filepath.Join(t.TempDir(), "ledger")
				s := in.start()
				registerLedger(s)
				s.stop()

				s = in.launch("GALE_FAILPOINTS=" + at)
				var id string
				if s.ready() == nil {
					e, err := s.Run(context.Background(), client.RunRequest{Action: "ledger.write",
						Parameters: py.DictOf("cmd_id", "1", "ledger", ledger)})
					if err == nil {
						id = client.ID(e)
					}
				}
				select {
				case <-s.exited:
				case <-time.After(3 * time.Second): // this statement is not reached by one run
					s.kill()
				}
				s = in.start()
				if id != "" {
					e := s.ends([]string{id})[id]
					if st := client.StatusOf(e); st != gale.Succeeded && st != gale.Abandoned {
						t.Errorf("the execution ended %s", st)
					}
				}
				if n := len(lines(ledger)); n > 1 {
					t.Errorf("the effect happened %d times", n)
				}
				s.nothingMoves()
			})
		}
	}
}

func steps(point string) []int {
	if !strings.Contains(point, "%d") {
		return []int{0}
	}
	return []int{1, 2, 4, 6, 7, 8, 9, 10}
}

// nothingMoves waits until no execution is on its way and none is stuck.
func (s *server) nothingMoves() {
	s.t.Helper()
	eventually(s.t, "every execution to end", func() bool {
		for _, status := range []string{"requested", "scheduled", "delayed", "running", "canceling"} {
			page, err := s.List(context.Background(), "/executions", client.Query("status", status, "limit", "1"))
			if err != nil || len(page.Items) > 0 {
				return false
			}
		}
		return true
	})
}

// TestKilledServersProcessesEnd looks for what a killed server's action left running.
func TestKilledServersProcessesEnd(t *testing.T) {
	variants(t, func(t *testing.T, in *installation) {
		s := in.start()
		mark := filepath.Join(t.TempDir(), "pid")
		e := must[*py.Dict](t)(s.Run(context.Background(), client.RunRequest{Action: "core.local",
			Parameters: py.DictOf("cmd", "trap '' TERM; echo $$ > "+mark+".part; mv "+mark+".part "+mark+"; sleep 300", "timeout", int64(600))}))
		pid := waitForFile(t, mark)
		s.kill()
		if !alive(pid) {
			t.Fatal("the action died with the server, so nothing was tested")
		}
		s = in.start()
		eventually(t, "the process to end", func() bool { return !alive(pid) })
		got := s.ends([]string{client.ID(e)})[client.ID(e)]
		wantStatus(t, got, gale.Abandoned)
		if client.String(got, "reason") == "" {
			t.Error("no reason is given")
		}
	})
}
