package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeCommands runs the console sessions of README.md, one shell for
// all of them, against a fresh server, and compares what they print. Ids,
// times and durations may differ; a line of three dots, or three dots in a
// line, stand for anything.
func TestReadmeCommands(t *testing.T) {
	in := &installation{t: t, dir: t.TempDir()}
	s := in.start()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(binary, filepath.Join(bin, "gale")); err != nil {
		t.Fatal(err)
	}
	steps := sessions(string(readme))
	if len(steps) < 10 {
		t.Fatalf("only %d commands found in README.md", len(steps))
	}
	const mark = "--- end of step ---"
	var script strings.Builder
	for _, st := range steps {
		command := strings.ReplaceAll(st.command, "http://127.0.0.1:9101", s.url)
		command = strings.ReplaceAll(command, "/tmp/mypack", filepath.Join(bin, "mypack"))
		if strings.HasPrefix(command, "export PATH=") {
			command = ":" // the test's own binary and data, set below
		}
		script.WriteString(command + "\necho; echo '" + mark + "'\n")
	}
	cmd := exec.Command("bash", "-e")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "GALE_DATA_DIR="+in.dir, "HOME="+in.dir, "COLUMNS=150", "TZ=UTC")
	cmd.Stdin = strings.NewReader(script.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	printed := strings.Split(string(out), mark+"\n")
	for i, st := range steps {
		if i >= len(printed) {
			t.Fatalf("nothing printed for %q", st.command)
		}
		got, want := normal(printed[i]), normal(st.want)
		if !matchesText(want, got) {
			t.Errorf("$ %s\nprinted:\n%s\nREADME says:\n%s", st.command, got, want)
		}
	}
}

// step is a command of README.md and what it prints.
type step struct{ command, want string }

var console = regexp.MustCompile("(?s)```console\n(.*?)```")

// sessions finds the commands: lines after "$ ", continued by lines after "> ".
func sessions(readme string) []step {
	var steps []step
	for _, block := range console.FindAllStringSubmatch(readme, -1) {
		for line := range strings.Lines(block[1]) {
			last := len(steps) - 1
			switch {
			case strings.HasPrefix(line, "$ "):
				steps = append(steps, step{command: strings.TrimSuffix(line[2:], "\n")})
			case strings.HasPrefix(line, "> "):
				steps[last].command += "\n" + strings.TrimSuffix(line[2:], "\n")
			default:
				steps[last].want += line
			}
		}
	}
	return steps
}

var changing = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "ID"},
	{regexp.MustCompile(`\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d UTC`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`), "TIME"},
	{regexp.MustCompile(`\(\d+s elapsed\)`), "(Ns elapsed)"},
	{regexp.MustCompile(` (\d+\.\d+|\d+)(ms|s)\b`), " DURATION"},
}

// normal replaces what changes from run to run and drops blank ends.
func normal(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.stands)
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// matchesText compares, with ... in want for anything.
func matchesText(want, got string) bool {
	parts := strings.Split(want, "...")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(got)
}
