package bench

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/galehq/gale/internal/pyenv"
	galeserver "github.com/galehq/gale/internal/server"
)

var pythonRate = row{
	names: []string{"python.rate", "sdk.import"},
	doc: "queued tiny Python actions a second, cold; limit: the same interpreter importing what the SDK's wrapper imports and ending; " +
		"and the CPU time of the SDK's own imports",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		pack := filepath.Join(e.dir, "pack", "bench")
		if err := writePack(pack); err != nil {
			return nil, err
		}
		bare, err := interpreter(ctx, e.dir)
		if err != nil {
			return nil, err
		}
		limit := func() (float64, error) {
			return rate(ctx, galeserver.DefaultWorkers(), min(e.seconds, 5*time.Second), func() error { return bare(ctx, imports).Run() })
		}
		results, err := e.against(ctx, "python.rate", limit, backlog{dir: "python", pack: pack, action: "bench.tiny", perSecond: 40})
		if err != nil {
			return nil, err
		}
		cost, err := importCost(ctx, bare)
		return append(results, Result{Name: "sdk.import", Value: cost, Unit: "ms"}), err
	},
}

// writePack makes a pack with one tiny Python action.
func writePack(dir string) error {
	files := map[string]string{
		"pack.yaml": "name: bench\nref: bench\ndescription: Measured by gale bench.\nversion: 1.0.0\n" +
			"author: The Gale authors\nemail: gale@example.com\n",
		"actions/tiny.yaml": "name: tiny\nrunner_type: python-script\nentry_point: tiny.py\nparameters: {}\n",
		"actions/tiny.py": "from st2common.runners.base_action import Action\n\n\nclass Tiny(Action):\n" +
			"    def run(self):\n        return 1\n",
	}
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// imports is what the wrapper and an action import before they do anything.
const imports = "import gale_sdk.action, gale_sdk.lazysite, _json, _sitebuiltins, st2common.runners.base_action"

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
