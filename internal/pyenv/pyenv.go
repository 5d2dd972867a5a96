// Package pyenv finds the Python that a pack runs with and keeps the SDK that
// its actions import on disk.
//
// A pack with a virtual environment runs in it; any other with the system's
// interpreter. Interpreters are asked once what they are: "python3" is often
// a shim that costs more than the interpreter behind it.
package pyenv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/py"
)

// Config says where things are. The zero values of Python and SDK will do.
type Config struct {
	Data        string // directory in which the SDK is unpacked, under sdk/
	Virtualenvs string // directory of the packs' environments
	Python      string // interpreter without one; empty: python3 of PATH
	// Environ is the environment of the interpreters asked; nil is this
	// process's own.
	Environ []string
}

// Environments answers for all packs. It is safe for concurrent use.
type Environments struct {
	config Config

	mu     sync.Mutex
	system *Interpreter
	venvs  map[string]cachedVenv

	sdkDir   string
	compiled map[string]bool // by cache tag
}

type cachedVenv struct {
	changed time.Time // of pyvenv.cfg
	python  *Interpreter
}

// Interpreter is a Python and where it looks for packages.
type Interpreter struct {
	Executable string
	Version    string // "3.11"
	CacheTag   string // "cpython-311", in the names of compiled files
	Prefix     string // of the virtual environment; empty for the system's
	Stdlib     string // <prefix>/lib/python3.11
	Packages   string // site-packages
}

// Bin is the directory of the environment's programs; empty for the system's.
func (i *Interpreter) Bin() string {
	if i.Prefix == "" {
		return ""
	}
	return filepath.Join(i.Prefix, "bin")
}

// New returns the environments of config; nothing is run or written yet.
func New(config Config) *Environments {
	return &Environments{config: config, venvs: map[string]cachedVenv{}, compiled: map[string]bool{}}
}

// For returns the interpreter of a pack: of its virtual environment when
// there is one, else the system's.
func (e *Environments) For(ctx context.Context, pack string) (*Interpreter, error) {
	if e.config.Virtualenvs != "" && filepath.IsLocal(pack) {
		python, err := e.venv(filepath.Join(e.config.Virtualenvs, pack))
		if python != nil || err != nil {
			return python, err
		}
	}
	return e.System(ctx)
}

// System returns the interpreter for packs without a virtual environment.
func (e *Environments) System(ctx context.Context) (*Interpreter, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.system != nil {
		return e.system, nil
	}
	name := e.config.Python
	if name == "" {
		name = "python3"
	}
	python, err := ask(ctx, name, e.environ())
	if err != nil {
		return nil, err
	}
	e.system = python
	return python, nil
}

func (e *Environments) environ() []string {
	if e.config.Environ != nil {
		return e.config.Environ
	}
	return os.Environ()
}

// venv reads a virtual environment from its files; asking its interpreter
// would cost the first action of each pack a start. Nil without an
// environment in dir.
func (e *Environments) venv(dir string) (*Interpreter, error) {
	executable := filepath.Join(dir, "bin", "python")
	info, err := os.Stat(filepath.Join(dir, "pyvenv.cfg"))
	if err != nil {
		// Environments of old have no such file.
		if info, err = os.Lstat(executable); err != nil {
			return nil, nil
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c, ok := e.venvs[dir]; ok && c.changed.Equal(info.ModTime()) {
		return c.python, nil
	}
	if _, err := os.Stat(executable); err != nil {
		return nil, fmt.Errorf("virtual environment %s has no working interpreter: %w", dir, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "lib", "python3.*"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("virtual environment %s: %d directories lib/python3.*, want one", dir, len(found))
	}
	version := strings.TrimPrefix(filepath.Base(found[0]), "python")
	python := &Interpreter{
		Executable: executable,
		Version:    version,
		CacheTag:   "cpython-" + strings.ReplaceAll(version, ".", ""),
		Prefix:     dir,
		Stdlib:     found[0],
		Packages:   filepath.Join(found[0], "site-packages"),
	}
	e.venvs[dir] = cachedVenv{info.ModTime(), python}
	return python, nil
}

const question = `import sys, sysconfig
for answer in (sys.executable, "%d.%d" % sys.version_info[:2], sys.implementation.cache_tag,
               sysconfig.get_path("stdlib"), sysconfig.get_path("platlib")):
    print(answer)
`

const askTime = time.Minute // a shim on a cold disk can be slow

// ask runs an interpreter to learn what it is.
func ask(ctx context.Context, name string, environ []string) (*Interpreter, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	exit, err := proc.Run(ctx, proc.Command{Path: name, Args: []string{"-c", question}, Env: environ})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find Python: there is no %s; install Python 3 or configure python_binary", name)
	}
	if err != nil {
		return nil, fmt.Errorf("find Python: %w", err)
	}
	lines := strings.Split(strings.TrimSuffix(exit.Stdout, "\n"), "\n")
	if exit.Code != 0 || len(lines) != 5 || !filepath.IsAbs(lines[0]) {
		return nil, fmt.Errorf("find Python: %s ended with code %d and said %s", name, exit.Code, py.Repr(exit.Stdout+exit.Stderr))
	}
	return &Interpreter{Executable: lines[0], Version: lines[1], CacheTag: lines[2], Stdlib: lines[3], Packages: lines[4]}, nil
}
