// Package bench measures Gale on the machine it runs on, from outside: it
// starts servers of its own in temporary directories and talks to them over
// HTTP, as users do.
//
// Beside each figure stands the machine's own limit for the same work,
// measured in the same run, and the ratio of the two: a rate alone says as
// much about the machine as about Gale. A row is a function in a file of its
// own; see rows.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/galehq/gale/internal/cli"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

// Result is one figure. Limit is what the machine does without Gale, 0 when
// there is nothing to compare with; Ratio is then 0 too.
type Result struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Limit float64 `json:"limit"`
	Ratio float64 `json:"ratio"`
}

// row is something that is measured; it may give several figures.
type row struct {
	names []string // of its results
	doc   string
	run   func(ctx context.Context, env *env) ([]Result, error)
}

// rows in the order they run; a group shares one server.
var rows = []row{
	startTime, idleMemory, noopRate, noopLatency, webhookLatency,
	localRate, localOne, pythonRate, queueFlatness, rulesRate,
}

// env is what a row has to work with.
type env struct {
	seconds  time.Duration // how long a rate is measured
	dir      string        // temporary, removed at the end
	binary   string        // this program
	progress io.Writer
	server   *server // of the rows that need one with default settings, started by the first
}

func (e *env) say(format string, args ...any) { fmt.Fprintf(e.progress, format+"\n", args...) }

// Command is `gale bench`.
func Command() cli.Command {
	return cli.Command{
		Name: "bench", Access: cli.Local,
		Summary: "Measure Gale on this machine.",
		Help: "Starts servers of its own in temporary directories, measures them over HTTP, and prints each figure beside " +
			"the machine's own limit for the same work: a loop of bare process starts, of bare SQLite commits, of bare " +
			"interpreter starts. Nothing else should run meanwhile.",
		Args: []argparse.Arg{
			argparse.Flag("Print one JSON array.", "--json"),
			argparse.Option("Measure only these rows, separated by commas.", "--only"),
			argparse.Option("Seconds that each rate is measured for (default 10).", "--seconds"),
			argparse.Flag("List the rows and what they measure.", "--list"),
		},
		Run: command,
	}
}

func command(ctx context.Context, c *cli.Env, args *argparse.Values) error {
	if args.Bool("list") {
		return list(c.Stdout)
	}
	seconds, err := parseSeconds(args.String("seconds"))
	if err != nil {
		return cli.ExitCode(2, err)
	}
	chosen, err := choose(args.String("only"))
	if err != nil {
		return cli.ExitCode(2, err)
	}
	results, err := Run(ctx, chosen, seconds, c.Stderr)
	if err != nil {
		return err
	}
	if args.Bool("json") {
		text, err := py.Marshal(results)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.Stdout, "%s\n", text)
		return err
	}
	return print(c.Stdout, results)
}

// maxSeconds is a day.
const maxSeconds = 24 * 3600

func parseSeconds(text string) (time.Duration, error) {
	if text == "" {
		return 10 * time.Second, nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0 && n <= maxSeconds) {
		return 0, fmt.Errorf("--seconds takes a number above 0, and at most %d, not %q", maxSeconds, text)
	}
	return time.Duration(n * float64(time.Second)), nil
}

// choose finds the rows that give the named results; "" is all.
func choose(only string) ([]row, error) {
	if only == "" {
		return rows, nil
	}
	var chosen []row
	for name := range strings.SplitSeq(only, ",") {
		name = strings.TrimSpace(name)
		at := slices.IndexFunc(rows, func(r row) bool { return slices.Contains(r.names, name) })
		if at < 0 {
			return nil, fmt.Errorf("there is no row %q; gale bench --list shows them", name)
		}
		if !slices.ContainsFunc(chosen, func(r row) bool { return r.names[0] == rows[at].names[0] }) {
			chosen = append(chosen, rows[at])
		}
	}
	return chosen, nil
}

// Run measures the rows one after the other. progress hears what is going on.
func Run(ctx context.Context, chosen []row, seconds time.Duration, progress io.Writer) ([]Result, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gale-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	e := &env{seconds: seconds, dir: dir, binary: binary, progress: progress}
	defer e.stop()
	var all []Result
	for i, r := range chosen {
		e.say("[%d/%d] %s: %s", i+1, len(chosen), strings.Join(r.names, ", "), r.doc)
		results, err := r.run(ctx, e)
		if err != nil {
			return all, fmt.Errorf("%s: %w", r.names[0], err)
		}
		for j := range results {
			if results[j].Limit > 0 {
				results[j].Ratio = results[j].Value / results[j].Limit
			}
		}
		all = append(all, results...)
	}
	return all, nil
}

// stop ends the shared server, if there is one.
func (e *env) stop() {
	if e.server != nil {
		e.server.stop()
		e.server = nil
	}
}

// shared returns the server that rows with default settings use together.
func (e *env) shared(ctx context.Context) (*server, error) {
	if e.server == nil {
		s, err := e.start(ctx, filepath.Join(e.dir, "shared"))
		if err != nil {
			return nil, err
		}
		e.server = s
	}
	return e.server, nil
}

func list(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\n", strings.Join(r.names, ","), r.doc)
	}
	return t.Flush()
}

func print(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "what\tvalue\tunit\tlimit\tratio\t")
	for _, r := range results {
		limit, ratio := "", ""
		if r.Limit > 0 {
			limit, ratio = fmt.Sprintf("%.4g", r.Limit), fmt.Sprintf("%.2f", r.Ratio)
		}
		fmt.Fprintf(t, "%s\t%.4g\t%s\t%s\t%s\t\n", r.Name, r.Value, r.Unit, limit, ratio)
	}
	return t.Flush()
}
