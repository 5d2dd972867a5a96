package pyenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestTheSystemsInterpreterIsNotAShim(t *testing.T) {
	python, err := New(Config{}).System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(python.Executable, "shims") || !filepath.IsAbs(python.Executable) {
		t.Errorf("executable: got %q, want the interpreter itself", python.Executable)
	}
	if python.Prefix != "" || python.Bin() != "" || !strings.HasPrefix(python.Version, "3.") || python.Packages == "" {
		t.Errorf("got %+v", python)
	}
}

func TestAShimIsAskedOnce(t *testing.T) {
	real, err := New(Config{}).System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	shim := filepath.Join(dir, "shim")
	script := "#!/bin/sh\necho x >>" + dir + "/asked\nexec " + real.Executable + ` "$@"` + "\n"
	if err := os.WriteFile(shim, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	e := New(Config{Python: shim})
	for range 3 {
		got, err := e.For(t.Context(), "anything")
		if err != nil || got.Executable != real.Executable {
			t.Fatalf("got %+v, %v; want %s", got, err, real.Executable)
		}
	}
	if asked, _ := os.ReadFile(filepath.Join(dir, "asked")); string(asked) != "x\n" {
		t.Errorf("the shim ran %d times", len(asked)/2)
	}
}

func TestMissingAndBrokenInterpreters(t *testing.T) {
	for python, want := range map[string]string{
		"nosuchpython": "there is no nosuchpython",
		"/bin/false":   "ended with code 1",
		"/bin/echo":    "ended with code 0 and said",
	} {
		_, err := New(Config{Python: python}).System(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", python, err, want)
		}
	}
}

func TestAPackRunsInItsVirtualenvWhenItHasOne(t *testing.T) {
	dir := t.TempDir()
	e := New(Config{Virtualenvs: dir})
	system, err := e.System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.For(t.Context(), "mine"); err != nil || got != system {
		t.Errorf("without an environment: got %+v, %v; want the system's", got, err)
	}
	venv := filepath.Join(dir, "mine")
	if out, err := exec.Command(system.Executable, "-m", "venv", "--without-pip", venv).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got, err := e.For(t.Context(), "mine")
	if err != nil {
		t.Fatal(err)
	}
	want, err := ask(t.Context(), filepath.Join(venv, "bin", "python"), os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	if got.Executable != want.Executable || got.Version != want.Version || got.CacheTag != want.CacheTag || got.Packages != want.Packages {
		t.Errorf("read from files: %+v\nsays of itself:  %+v", got, want)
	}
	if got.Prefix != venv || got.Bin() != venv+"/bin" {
		t.Errorf("prefix: got %q, want %q", got.Prefix, venv)
	}
	if again, _ := e.For(t.Context(), "mine"); again != got {
		t.Error("the environment was read again")
	}
	if got, err := e.For(t.Context(), "../mine"); err != nil || got != system {
		t.Errorf("a name that leaves the directory: got %+v, %v", got, err)
	}
	os.Remove(filepath.Join(venv, "bin", "python"))
	os.Symlink("/no/such/python", filepath.Join(venv, "bin", "python"))
	if _, err := New(Config{Virtualenvs: dir}).For(t.Context(), "mine"); err == nil || !strings.Contains(err.Error(), "no working interpreter") {
		t.Errorf("a broken environment: got %v", err)
	}
}

func TestTheSDKIsUnpackedOnceAndWhole(t *testing.T) {
	data := t.TempDir()
	var wg sync.WaitGroup
	dirs := make([]string, 4)
	for i := range dirs { // four processes at once
		wg.Go(func() {
			e := New(Config{Data: data})
			python, err := e.System(t.Context())
			if err == nil {
				dirs[i], err = e.SDK(t.Context(), python)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, dir := range dirs {
		if dir != dirs[0] {
			t.Fatalf("got %q", dirs)
		}
	}
	if left, _ := os.ReadDir(filepath.Join(data, "sdk")); len(left) != 1 {
		t.Errorf("%d entries in sdk, want the one directory", len(left))
	}
	e := New(Config{Data: data})
	python, err := e.System(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	compiled := filepath.Join(dirs[0], "gale_sdk", "__pycache__", "action."+python.CacheTag+".pyc")
	if _, err := os.Stat(compiled); err != nil {
		t.Errorf("not compiled: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dirs[0], "st2common", "runners", "base_action.py")); err != nil {
		t.Error(err)
	}
	os.RemoveAll(dirs[0])
	if dir, err := e.SDK(t.Context(), python); err != nil || dir != dirs[0] {
		t.Errorf("after a loss: got %q, %v", dir, err)
	}
	if _, err := os.Stat(compiled); err != nil {
		t.Errorf("not compiled after a loss: %v", err)
	}
}

func TestAnUnwritableDataDirectoryIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	_, err := New(Config{Data: file}).SDK(t.Context(), &Interpreter{})
	if err == nil || !strings.Contains(err.Error(), "unpack the Python SDK: mkdir "+file) {
		t.Errorf("got %v", err)
	}
}
