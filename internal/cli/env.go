package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

// Format is how results are printed.
type Format int

const (
	Table Format = iota
	JSON
	YAML
)

// Env is all that a command sees of the world.
type Env struct {
	Program string // the name the program was called by: gale, st2
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Format  Format
	Width   int  // columns of the terminal
	Color   bool // stdout shows colours

	Client   *client.Client // of Remote, Account and Login commands
	Settings *Settings      // of the same

	Getenv  func(string) string
	Environ []string
	Home    string // home directory
	Root    bool   // the user is root
	Now     func() time.Time
	Secret  func(prompt string) (string, error) // asks for a line without echo

	tableWidth int // of the list printed last
	trace      *tracer
	lines      *bufio.Reader // of Stdin
}

// processEnv is the environment of this process.
func processEnv() *Env {
	home, _ := os.UserHomeDir()
	env := &Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ(),
		Home: home, Root: os.Geteuid() == 0, Now: time.Now}
	env.Width = columns(env.Getenv)
	env.Color = colors(env.Getenv) && term.IsTerminal(int(os.Stdout.Fd()))
	env.Secret = func(prompt string) (string, error) { return readSecret(env, prompt) }
	return env
}

// columns is the width of the terminal: COLUMNS, what the terminal says, 150.
func columns(getenv func(string) string) int {
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 150
}

// colors reports whether TERM knows colours and nobody has turned them off.
func colors(getenv func(string) string) bool {
	if getenv("ST2_COLORIZE") != "" || getenv("NO_COLOR") != "" {
		return false
	}
	name := getenv("TERM")
	for _, known := range []string{"xterm", "screen", "tmux", "linux", "vt100", "vt220", "rxvt", "alacritty", "kitty", "foot", "ansi", "cygwin", "konsole"} {
		if strings.HasPrefix(name, known) {
			return true
		}
	}
	return false
}

// readSecret asks on the terminal without echo; without a terminal it takes a
// line of stdin.
func readSecret(env *Env, prompt string) (string, error) {
	fmt.Fprint(env.Stderr, prompt)
	if f, ok := env.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(env.Stderr)
		return string(b), err
	}
	return env.readLine()
}

// readLine reads a line of stdin without its end.
func (env *Env) readLine() (string, error) {
	if env.lines == nil {
		env.lines = bufio.NewReader(io.LimitReader(env.Stdin, 64<<20))
	}
	line, err := env.lines.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// ask prompts for a line.
func (env *Env) ask(prompt string) (string, error) {
	fmt.Fprint(env.Stderr, prompt)
	return env.readLine()
}

func (env *Env) printf(format string, args ...any) { fmt.Fprintf(env.Stdout, format, args...) }

func (env *Env) println(args ...any) { fmt.Fprintln(env.Stdout, args...) }

// useOptions takes the options that remote commands have in common.
func (env *Env) useOptions(args *argparse.Values, access Access) {
	switch {
	case args.Bool("json"):
		env.Format = JSON
	case args.Bool("yaml"):
		env.Format = YAML
	}
	if access != Remote {
		return
	}
	s := env.Settings
	switch {
	case args.String("token") != "":
		s.Token, s.APIKey, s.Username = args.String("token"), "", ""
	case args.String("api_key") != "":
		s.Token, s.APIKey, s.Username = "", args.String("api_key"), ""
	}
}

// connect makes the client, logging in first when the configuration holds a
// user name.
func (env *Env) connect(ctx context.Context, access Access) error {
	if access == Login {
		env.Settings.Token, env.Settings.APIKey = "", ""
	}
	c, err := env.Settings.newClient(env)
	if err != nil {
		return err
	}
	env.Client = c
	if access != Login && env.Settings.Token == "" && env.Settings.APIKey == "" && env.Settings.Username != "" {
		return env.autoLogin(ctx)
	}
	return nil
}

// interactive reports whether somebody sits at a terminal.
func (env *Env) interactive() bool {
	f, ok := env.Stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// readAll reads a document from a pipe.
func readAll(r io.Reader) ([]byte, error) {
	const most = 64 << 20
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(data) > most {
		err = errors.New("the input is larger than 64 MiB")
	}
	return data, err
}

// jsonArgument reads JSON from an argument, from stdin ("-") or from a file
// ("@path").
func (env *Env) jsonArgument(text string) (any, error) {
	switch {
	case text == "-":
		data, err := readAll(env.Stdin)
		if err != nil {
			return nil, err
		}
		text = string(data)
	case strings.HasPrefix(text, "@"):
		data, err := os.ReadFile(text[1:])
		if err != nil {
			return nil, err
		}
		text = string(data)
	}
	v, err := py.DecodeJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the body is not valid JSON: %w", err)
	}
	return v, nil
}
