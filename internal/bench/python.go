package bench

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/galehq/gale/internal/pyenv"
	"github.com/galehq/gale/py"
)

var pythonRate = row{
	names: []string{"python.rate", "sdk.import"},
	doc: "a tiny Python action a second, cold; limit: the same interpreter importing what the SDK's wrapper imports and ending; " +
		"and the CPU time of the SDK's own imports",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		s, err := e.shared(ctx)
		if err != nil {
			return nil, err
		}
		pack := filepath.Join(e.dir, "bench")
		if err := writePack(pack); err != nil {
			return nil, err
		}
		if _, err := s.Post(ctx, "/_gale/packs/register", py.DictOf("path", pack)); err != nil {
			return nil, err
		}
		value, err := s.load(ctx, callers, e.seconds, "bench.tiny", nil)
		if err != nil {
			return nil, err
		}
		bare, err := interpreter(ctx, s.dir)
		if err != nil {
			return nil, err
		}
		limit, err := rate(ctx, runtime.GOMAXPROCS(0), min(e.seconds, 5*time.Second), func() error { return bare(ctx, imports).Run() })
		if err != nil {
			return nil, err
		}
		cost, err := importCost(ctx, bare)
		return []Result{{Name: "python.rate", Value: value, Unit: "1/s", Limit: limit}, {Name: "sdk.import", Value: cost, Unit: "ms"}}, err
	},
}

// imports is what the wrapper and an action import before they do anything.
const imports = "from gale_sdk import action; from st2common.runners.base_action import Action"

// interpreter returns a function that makes bare commands of the interpreter
// that Gale uses, with the SDK in reach.
func interpreter(ctx context.Context, dataDir string) (func(ctx context.Context, code string) *exec.Cmd, error) {
	environments := pyenv.New(pyenv.Config{Data: dataDir, Virtualenvs: filepath.Join(dataDir, "virtualenvs")})
	python, err := environments.System(ctx)
	if err != nil {
		return nil, err
	}
	sdk, err := environments.SDK(ctx, python)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, code string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, python.Executable, "-u", "-S", "-c", code)
		cmd.Env = append(cmd.Environ(), "PYTHONPATH="+sdk)
		cmd.Stdin = strings.NewReader("")
		return cmd
	}, nil
}

// importCost is the CPU time in milliseconds that the SDK's imports add to an
// interpreter that does nothing: the difference of the medians.
func importCost(ctx context.Context, bare func(context.Context, string) *exec.Cmd) (float64, error) {
	cost := func(code string) (float64, error) {
		var all []time.Duration
		for range 15 {
			cmd := bare(ctx, code)
			if err := cmd.Run(); err != nil {
				return 0, err
			}
			all = append(all, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
		}
		return quantile(all, 0.5), nil
	}
	with, err := cost(imports)
	if err != nil {
		return 0, err
	}
	without, err := cost("pass")
	return max(0, with-without), err
}
