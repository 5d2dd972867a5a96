package proc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func shell(script string) Command {
	return Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ()}
}

func run(t *testing.T, c Command) Exit {
	t.Helper()
	e, err := Run(t.Context(), c)
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return e
}

func marker(t *testing.T) Marker {
	return Marker{Dir: t.TempDir(), Store: "s" + strconv.Itoa(os.Getpid()), Token: strings.NewReplacer("/", "-", "#", "-").Replace(t.Name())}
}

// alive says whether the process still runs; a zombie does not.
func alive(pid int) bool {
	p, err := stat(pid)
	return err == nil && !p.dead()
}

func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

// pids reads the numbers that a script wrote to a file, once there are n.
func pids(t *testing.T, file string, n int) []int {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		data, _ := os.ReadFile(file)
		if fields := strings.Fields(string(data)); len(fields) >= n && strings.HasSuffix(string(data), "\n") {
			var out []int
			for _, f := range fields {
				pid, err := strconv.Atoi(f)
				if err != nil {
					t.Fatalf("pid file holds %q", data)
				}
				out = append(out, pid)
			}
			return out
		}
	}
	t.Fatalf("%s: want %d process ids", file, n)
	return nil
}

const countDescriptors = `ls /proc/self/fd | wc -l`

// inherited is what countDescriptors prints when only the standard
// descriptors are handed on: more than 4 where the test itself was started
// with descriptors that are not closed on exec.
func inherited(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("/bin/sh", "-c", countDescriptors).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestResultsOfACommand(t *testing.T) {
	for _, test := range []struct {
		name, script   string
		stdin          []byte
		code           int
		stdout, stderr string
	}{
		{"nothing", "true", nil, 0, "", ""},
		{"both streams", "echo out; echo err >&2", nil, 0, "out\n", "err\n"},
		{"exit code", "exit 7", nil, 7, "", ""},
		{"signal", "kill -TERM $$", nil, -15, "", ""},
		{"killed from outside", "kill -KILL $$", nil, -9, "", ""},
		{"no input", "cat", nil, 0, "", ""},
		{"empty input", "cat", []byte{}, 0, "", ""},
		{"input", "cat", []byte("a\nb"), 0, "a\nb", ""},
		{"input nobody reads", "exit 0", []byte(strings.Repeat("x", 1<<20)), 0, "", ""},
		{"no last newline", "printf abc", nil, 0, "abc", ""},
		{"not UTF-8", `printf 'a\202b\303\251 \342\202 \360\237\nx\377'`, nil, 0, "a\uFFFDbé \uFFFD \uFFFD\nx\uFFFD", ""},
		{"leads its session", `read _ _ _ _ g s _ < /proc/self/stat; [ $g = $s ] && echo yes`, nil, 0, "yes\n", ""},
		{"no stray descriptors", countDescriptors, nil, 0, inherited(t), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := shell(test.script)
			c.Stdin = test.stdin
			e := run(t, c)
			if e.Code != test.code || e.Stdout != test.stdout || e.Stderr != test.stderr {
				t.Errorf("got code %d, stdout %q, stderr %q; want %d, %q, %q", e.Code, e.Stdout, e.Stderr, test.code, test.stdout, test.stderr)
			}
			if e.Killed || e.Lingering || e.Survivors != 0 {
				t.Errorf("got %+v, want an end in good order", e)
			}
		})
	}
}

func TestStartErrorsNameWhatIsMissing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	for _, test := range []struct {
		name string
		c    Command
		want string
	}{
		{"program", Command{Path: "/no/such/program"}, "exec /no/such/program"},
		{"program in PATH", Command{Path: "nosuchprogram", Env: []string{"PATH=/bin"}}, "nosuchprogram: no such program in PATH"},
		{"directory", Command{Path: "/bin/sh", Dir: "/no/such/dir"}, "chdir /no/such/dir"},
		{"not executable", Command{Path: file}, "exec " + file},
		{"token", Command{Path: "/bin/sh", Marker: Marker{Store: "s", Token: "../x"}}, `marker "../x"`},
	} {
		_, err := Run(t.Context(), test.c)
		if !errors.Is(err, ErrStart) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
	if fds, _ := os.ReadDir("/proc/self/fd"); len(fds) > 64 {
		t.Errorf("%d descriptors are open", len(fds))
	}
}

func TestProgramsAreFoundInThePathOfTheirEnvironment(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hello"), []byte("#!/bin/sh\necho hello\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	e := run(t, Command{Path: "hello", Env: []string{"PATH=/nowhere:" + dir + ":/bin"}})
	if e.Stdout != "hello\n" {
		t.Errorf("got %q, want hello", e.Stdout)
	}
}

func TestOutputArrivesWhileTheCommandRuns(t *testing.T) {
	dir := t.TempDir()
	c := shell(`echo first; while [ ! -e go ]; do sleep 0.01; done; printf unfinished; while [ ! -e on ]; do sleep 0.01; done; echo " line"`)
	c.Dir = dir
	var got []string
	c.Output = func(stream string, data []byte) {
		got = append(got, stream+":"+string(data))
		switch string(data) {
		case "first\n":
			os.WriteFile(filepath.Join(dir, "go"), nil, 0o600)
		case "unfinished":
			os.WriteFile(filepath.Join(dir, "on"), nil, 0o600)
		}
	}
	e := run(t, c)
	if want := "first\nunfinished line\n"; e.Stdout != want {
		t.Errorf("stdout: got %q, want %q", e.Stdout, want)
	}
	if want := "[stdout:first\n stdout:unfinished stdout: line\n]"; fmt.Sprint(got) != want {
		t.Errorf("chunks: got %q, want %q", fmt.Sprint(got), want)
	}
}

func TestChunksAreWholeLinesAndWholeCharacters(t *testing.T) {
	c := shell(`i=0; while [ $i -lt 2000 ]; do echo "line $i äöü☠"; i=$((i+1)); done; head -c 300000 /dev/zero | tr '\0' 'x'; printf é`)
	var all strings.Builder
	c.Output = func(_ string, data []byte) {
		all.Write(data)
		if s := string(data); strings.Contains(s, "\uFFFD") {
			t.Errorf("a chunk splits a character: %q", s[max(0, len(s)-20):])
		}
	}
	e := run(t, c)
	if all.String() != e.Stdout {
		t.Errorf("the chunks (%d bytes) are not the output (%d bytes)", all.Len(), len(e.Stdout))
	}
	if !strings.HasSuffix(e.Stdout, "xxé") {
		t.Errorf("got the end %q, want xxé", e.Stdout[len(e.Stdout)-10:])
	}
}

func TestHugeOutputIsCutWithANote(t *testing.T) {
	c := shell(`yes héhé | head -c 3000000; echo end >&2`)
	c.Capture = 100_001
	streamed := 0
	c.Output = func(stream string, data []byte) {
		if stream == Stdout {
			streamed += len(data)
		}
	}
	e := run(t, c)
	if note := "\n[output truncated: only the first 100001 bytes are kept]\n"; !strings.HasSuffix(e.Stdout, note) {
		t.Errorf("got the end %q, want %q", e.Stdout[len(e.Stdout)-80:], note)
	}
	if strings.Contains(e.Stdout, "\uFFFD") {
		t.Error("the cut splits a character")
	}
	if len(e.Stdout) > 100_100 || streamed != len(e.Stdout) || e.Stderr != "end\n" || e.Code != 0 {
		t.Errorf("got %d bytes, %d streamed, stderr %q, code %d", len(e.Stdout), streamed, e.Stderr, e.Code)
	}
}

func TestTheChannelIsDescriptorThree(t *testing.T) {
	c := shell(`echo to the channel >&3; echo out`)
	c.Channel = true
	e := run(t, c)
	if string(e.Channel) != "to the channel\n" || e.Stdout != "out\n" || e.ChannelFull {
		t.Errorf("got channel %q, stdout %q", e.Channel, e.Stdout)
	}
	c = shell(`head -c 200000 /dev/zero >&3`)
	c.Channel, c.ChannelLimit = true, 100_000
	if e := run(t, c); len(e.Channel) != 100_000 || !e.ChannelFull {
		t.Errorf("got %d bytes, full %v; want 100000, true", len(e.Channel), e.ChannelFull)
	}
}

func TestLimitsHoldFromTheFirstInstruction(t *testing.T) {
	c := shell(`ulimit -n; ulimit -t; cat; ` + countDescriptors)
	c.Limits = Limits{OpenFiles: 50, CPUSeconds: 9}
	c.Stdin = []byte("in\n")
	if e := run(t, c); e.Stdout != "50\n9\nin\n"+inherited(t) {
		t.Errorf("got %q (%s), want the limits, the input and no stray descriptor", e.Stdout, e.Stderr)
	}
	c = Command{Path: "/bin/echo", Args: []string{"a b", "$x"}, Limits: Limits{OpenFiles: 50}}
	if e := run(t, c); e.Stdout != "a b $x\n" {
		t.Errorf("got %q, want the arguments untouched", e.Stdout)
	}
}

func TestCancelEndsEverything(t *testing.T) {
	for _, test := range []struct {
		name, script string
		n            int // process ids in the file
	}{
		{"a shell and its child", `echo $$ >>p; sleep 60 & echo $! >>p; wait`, 2},
		{"a pipeline", `echo $$ >>p; sleep 61 | sleep 62 | sleep 63`, 1},
		{"a grandchild that ignores SIGTERM", `sh -c 'trap "" TERM; echo $$ >>p; while :; do sleep 0.02; done' & wait`, 1},
		{"everyone ignores SIGTERM", `trap "" TERM; echo $$ >>p; while :; do sleep 0.02; done`, 1},
		{"a daemon in a session of its own", `setsid sh -c 'echo $$ >>p; exec sleep 60' </dev/null >/dev/null 2>&1 & sleep 64`, 1},
		{"a daemon with output open", `setsid sh -c 'trap "" TERM; echo $$ >>p; while :; do sleep 0.02; done' & sleep 64`, 1},
		{"an orphan without the marker", `setsid sh -c 'env -i sh -c "echo \$\$ >>p; while :; do sleep 0.02; done"' & sleep 65`, 1},
		{"a stopped process", `echo $$ >>p; kill -STOP $$`, 1},
		{"a tree that forks on SIGTERM", `trap 'sh -c "echo \$\$ >>p; sleep 66" &' TERM; echo $$ >>p; while :; do sleep 0.01; done`, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := shell(test.script)
			c.Dir, c.Grace, c.Marker = t.TempDir(), 200*time.Millisecond, marker(t)
			ctx, cancel := context.WithCancel(t.Context())
			file := filepath.Join(c.Dir, "p")
			p, err := Start(c)
			if err != nil {
				t.Fatal(err)
			}
			before := pids(t, file, test.n)
			cancel()
			e := p.Wait(ctx)
			if !e.Killed || e.Survivors != 0 {
				t.Errorf("got %+v, want killed without survivors", e)
			}
			for _, pid := range append(pids(t, file, test.n), before...) {
				awaitGone(t, pid)
			}
			if _, err := stat(p.PID()); err == nil {
				t.Error("the leader was not reaped")
			}
			if left, _ := os.ReadDir(c.Marker.Dir); len(left) != 0 {
				t.Error("the marker file was not removed")
			}
		})
	}
}

func TestATermHandlerGetsItsGrace(t *testing.T) {
	c := shell(`trap 'echo cleaning up; exit 3' TERM; echo ready; while :; do sleep 0.01; done`)
	ctx, cancel := context.WithCancel(t.Context())
	c.Output = func(_ string, data []byte) { cancel() }
	e, err := Run(ctx, c)
	if err != nil || e.Code != 3 || !strings.HasSuffix(e.Stdout, "cleaning up\n") || !e.Killed {
		t.Errorf("got %+v, %v; want exit 3 after cleaning up", e, err)
	}
}

func TestNothingStartsWhenItIsTooLate(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := shell(`echo ran >ran`)
	c.Dir = t.TempDir()
	e, err := Run(ctx, c)
	if _, statErr := os.Stat(filepath.Join(c.Dir, "ran")); err != nil || !e.Killed || e.Code != -15 || statErr == nil {
		t.Errorf("got %+v, %v; want killed before the start", e, err)
	}
}

func TestOutputHeldOpenDoesNotHang(t *testing.T) {
	t.Run("by the group, which is ended", func(t *testing.T) {
		c := shell(`sleep 70 & echo $! >p; echo done`)
		c.Dir, c.WaitDelay = t.TempDir(), 50*time.Millisecond
		e := run(t, c)
		if !e.Lingering || e.Killed || e.Code != 0 || e.Stdout != "done\n" {
			t.Errorf("got %+v, want lingering, code 0", e)
		}
		awaitGone(t, pids(t, filepath.Join(c.Dir, "p"), 1)[0])
	})
	t.Run("by a daemon, which lives on", func(t *testing.T) {
		c := shell(`setsid sh -c 'echo $$ >p; exec sleep 71' & while [ ! -s p ]; do sleep 0.01; done; echo done`)
		c.Dir, c.WaitDelay = t.TempDir(), 50*time.Millisecond
		e := run(t, c)
		if !e.Lingering || e.Stdout != "done\n" {
			t.Errorf("got %+v, want lingering", e)
		}
		pid := pids(t, filepath.Join(c.Dir, "p"), 1)[0]
		if !alive(pid) {
			t.Error("a daemon that made its own session was ended")
		}
		syscall.Kill(pid, syscall.SIGKILL)
	})
	t.Run("a daemon that closed it is not noticed", func(t *testing.T) {
		c := shell(`sh -c 'echo $$ >p; exec sleep 72' >/dev/null 2>&1 & while [ ! -s p ]; do sleep 0.01; done`)
		c.Dir = t.TempDir()
		e := run(t, c)
		pid := pids(t, filepath.Join(c.Dir, "p"), 1)[0]
		if e.Lingering || !alive(pid) {
			t.Errorf("got %+v, alive %v; want a quiet end and a living daemon", e, alive(pid))
		}
		syscall.Kill(pid, syscall.SIGKILL)
	})
}

func TestTheMarkerFileLivesAsLongAsTheRun(t *testing.T) {
	m := marker(t)
	c := shell(`echo "$GALE_RUN"; while [ ! -s "$MARKER" ]; do sleep 0.01; done; cat "$MARKER"`)
	c.Env = append(c.Env, "GALE_RUN=other.run", "MARKER="+filepath.Join(m.Dir, m.Token))
	c.Marker = m
	e := run(t, c)
	lines := strings.Split(e.Stdout, "\n")
	if want := m.Store + "." + m.Token; lines[0] != want {
		t.Errorf("GALE_RUN: got %q, want %q", lines[0], want)
	}
	boot, _ := bootID()
	if f := strings.Fields(lines[1]); len(f) != 4 || f[0] != "1" || f[3] != boot {
		t.Errorf("marker file: got %q", lines[1])
	}
	if _, err := os.Stat(filepath.Join(m.Dir, m.Token)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("marker file after the end: %v", err)
	}
}

func TestLeftoversOfADeadServerAreEnded(t *testing.T) {
	dir := t.TempDir()
	store := "left" + strconv.Itoa(os.Getpid())
	start := func(token, script string) *Process {
		t.Helper()
		c := shell(script)
		c.Dir, c.Marker = dir, Marker{Dir: filepath.Join(dir, "run"), Store: store, Token: token}
		p, err := Start(c)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	os.Mkdir(filepath.Join(dir, "run"), 0o700)
	plain := start("plain", `sleep 80`)
	bare := start("bare", `exec env -i sleep 81`)                 // only the file knows it
	nofile := start("nofile", `trap "" TERM; sleep 82; sleep 83`) // only its environment
	os.Remove(filepath.Join(dir, "run", "nofile"))
	finished := start("finished", `sleep 84`)
	strangers := shell(`sleep 85`)
	strangers.Marker = Marker{Store: store + "x", Token: "plain"}
	stranger, err := Start(strangers)
	if err != nil {
		t.Fatal(err)
	}
	// A marker of a process that has come and gone, and rubbish.
	os.WriteFile(filepath.Join(dir, "run", "old"), []byte("1 1 5 "+mustBoot(t)+"\n"), 0o600)
	os.WriteFile(filepath.Join(dir, "run", "reused"), fmt.Appendf(nil, "1 %d 5 %s\n", stranger.PID(), mustBoot(t)), 0o600)
	os.WriteFile(filepath.Join(dir, "run", "torn"), []byte("1 12"), 0o600)
	for comm(t, bare.PID()) != "sleep" {
		time.Sleep(time.Millisecond)
	}

	var wg sync.WaitGroup // the dead server's waiting is done by init
	for _, p := range []*Process{plain, bare, nofile} {
		wg.Go(func() { p.Wait(context.Background()) })
	}
	got, err := KillLeftovers(Leftovers{
		Dir: filepath.Join(dir, "run"), Store: store, Grace: 300 * time.Millisecond,
		Finished: func(token string) bool { return token == "finished" },
	})
	if err != nil {
		t.Fatalf("KillLeftovers: %v", err)
	}
	wg.Wait()
	have := map[string]bool{}
	for _, token := range got {
		have[token] = true
	}
	if len(got) != 3 || !have["plain"] || !have["bare"] || !have["nofile"] {
		t.Errorf("got %q, want plain, bare, nofile", got)
	}
	if !alive(finished.PID()) || !alive(stranger.PID()) {
		t.Error("a finished run's daemon or another store's process was ended")
	}
	if files, _ := os.ReadDir(filepath.Join(dir, "run")); len(files) != 0 {
		t.Errorf("%d marker files are left", len(files))
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	finished.Wait(ctx)
	stranger.Wait(ctx)
}

func TestLeftoversOfNowhere(t *testing.T) {
	got, err := KillLeftovers(Leftovers{Dir: filepath.Join(t.TempDir(), "none"), Store: "none"})
	if err != nil || len(got) != 0 {
		t.Errorf("got %q, %v; want nothing", got, err)
	}
}

func mustBoot(t *testing.T) string {
	t.Helper()
	boot, err := bootID()
	if err != nil {
		t.Fatal(err)
	}
	return boot
}

func comm(t *testing.T, pid int) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

func TestASignalNeedsElevation(t *testing.T) {
	if os.Getuid() == 0 {
		// Root may signal everyone; what remains to be checked is that
		// elevation is not asked for without need.
		c := shell(`echo; sleep 90`)
		ctx, cancel := context.WithCancel(t.Context())
		c.Output = func(string, []byte) { cancel() }
		c.Elevate = func(syscall.Signal, int) error { t.Error("asked for elevation"); return nil }
		if e, err := Run(ctx, c); err != nil || !e.Killed {
			t.Errorf("got %+v, %v", e, err)
		}
		return
	}
	var asked []int
	q := quarry{groups: map[int]bool{1: true}, elevate: func(_ syscall.Signal, group int) error {
		asked = append(asked, group)
		return nil
	}}
	q.signal([]info{{pid: 1, group: 1}}, 0)
	if fmt.Sprint(asked) != "[1]" {
		t.Errorf("asked for groups %v, want [1]", asked)
	}
}

func TestOrphansAreReapedAndChildrenAreNot(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	c := shell(`(setsid sh -c 'echo $$ >p' </dev/null >/dev/null 2>&1 &)`)
	c.Dir = t.TempDir()
	run(t, c)
	orphan := pids(t, filepath.Join(c.Dir, "p"), 1)[0]
	awaitGone(t, orphan)
	own, err := Start(shell(`exit 5`))
	if err != nil {
		t.Fatal(err)
	}
	awaitGone(t, own.PID())
	foreign := exec.Command("/bin/sh", "-c", "exit 6") // of another package
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, foreign.Process.Pid)
	suspects := reapOrphans(nil)
	if !suspects[orphan] || suspects[own.PID()] || suspects[foreign.Process.Pid] {
		t.Errorf("suspects: got %v, want %d and neither %d nor %d", suspects, orphan, own.PID(), foreign.Process.Pid)
	}
	reapOrphans(suspects)
	if _, err := stat(orphan); err == nil {
		t.Error("the orphan is still a zombie")
	}
	if e := own.Wait(t.Context()); e.Code != 5 {
		t.Errorf("our own child: got code %d, want 5", e.Code)
	}
	if foreign.Wait(); foreign.ProcessState.ExitCode() != 6 {
		t.Errorf("another package's child: got %v, want exit status 6", foreign.ProcessState)
	}
}

func TestParseStatWithAnyName(t *testing.T) {
	line := `42 (a) R ) (b) S 7 8 9 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345 1 2`
	got, err := parseStat(42, []byte(line))
	if want := (info{pid: 42, parent: 7, group: 8, session: 9, state: 'S', start: 12345}); got != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, bad := range []string{"", ")", "1 (x) S 1", "1 (x) S a b c d e f g h i j k l m n o p q r s t u"} {
		if _, err := parseStat(1, []byte(bad)); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("a\x82b\xc3\xa9"))
	f.Add([]byte("\xe2\x82\xf0\x9f\x98"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out := appendUTF8(nil, data)
		if string(out) != strings.ToValidUTF8(string(out), "") {
			t.Errorf("%q: not UTF-8: %q", data, out)
		}
		if n := incomplete(data); n > len(data) || n > 3 {
			t.Errorf("%q: %d bytes incomplete", data, n)
		}
	})
}
