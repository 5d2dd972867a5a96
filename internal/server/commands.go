package server

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/galehq/gale/internal/cli"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/internal/config"
)

// Commands are the commands that need the store rather than the API.
func Commands() []cli.Command {
	return []cli.Command{serverCommand()}
}

func serverCommand() cli.Command {
	return cli.Command{
		Name: "server", Access: cli.Local,
		Summary: "Start Gale.",
		Help: "Starts a server with everything in it: the API, the rules engine, the scheduler, timers and the action runner, over a " +
			"database of its own in the data directory. Nothing else has to be installed or started. Ctrl-C stops it: running " +
			"actions get time to end; a second Ctrl-C ends them.",
		Args: []argparse.Arg{
			argparse.Option("Directory of the database, keys, packs and logs. Environment: GALE_DATA_DIR.", "--data-dir"),
			argparse.Option("Address to serve on, HOST:PORT (default 127.0.0.1:9101). Environment: GALE_LISTEN.", "--listen"),
			argparse.Option("postgres://… in place of the embedded database.", "--database"),
			argparse.Option("Configuration file in the format of st2.conf.", "--config-file"),
			argparse.Option("Only these roles, separated by commas: "+roleNames()+".", "--roles"),
			argparse.Option("How many actions run at once (default: one for each core, at least 4).", "--workers"),
			argparse.Option("debug, info, warning or error (default warning).", "--log-level"),
			argparse.Option("text or json.", "--log-format"),
			{Names: []string{"--set"}, Action: argparse.Append, Metavar: "SECTION.OPTION=VALUE", Help: "Set any option of the configuration. May be repeated."},
			argparse.Flag("Show every setting, its value and where it comes from, and exit.", "--print-config"),
		},
		Run: runServer,
	}
}

func runServer(ctx context.Context, env *cli.Env, args *argparse.Values) error {
	flags := config.Flags{File: args.String("config_file"), DataDir: args.String("data_dir"), Listen: args.String("listen"),
		DatabaseURL: args.String("database"), LogLevel: args.String("log_level"), LogFormat: args.String("log_format")}
	flags.Set = append(flags.Set, args.Strings("set")...)
	if n := args.String("workers"); n != "" {
		flags.Set = append(flags.Set, "actionrunner.actions_pool_size="+n)
	}
	cfg, err := config.Load(flags, os.Environ())
	if err != nil {
		return cli.ExitCode(2, err)
	}
	if args.Bool("print_config") {
		for _, v := range cfg.Explain() {
			fmt.Fprintf(env.Stdout, "%s = %s  (%s)\n", v.Key, v.Value, v.Source)
		}
		return nil
	}
	opt := Options{Config: cfg, Out: env.Stdout, Log: newLog(cfg)}
	if roles := args.String("roles"); roles != "" {
		opt.Roles = strings.Split(roles, ",")
	}
	for _, note := range cfg.Notes() {
		opt.Log.Warn(note)
	}
	return untilSignal(ctx, opt)
}

// untilSignal runs a server until Ctrl-C or a termination signal. A second
// one ends running actions, a third one the process.
func untilSignal(ctx context.Context, opt Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	// The signals are watched from here on: a database that does not answer
	// must not make a start that cannot be ended.
	var process atomic.Pointer[Process]
	go func() {
		<-signals
		fmt.Fprintln(opt.Out, stopping(process.Load()))
		cancel()
		<-signals
		if p := process.Load(); p != nil {
			p.endActions()
		}
		<-signals
		os.Exit(130)
	}()
	p, err := Open(ctx, opt)
	if err != nil {
		if ctx.Err() != nil {
			return nil // it was told to end
		}
		return err
	}
	process.Store(p)
	return p.Run(ctx)
}

func stopping(p *Process) string {
	if p == nil || p.runningActions() == 0 {
		return "Stopping."
	}
	return fmt.Sprintf("Stopping; waiting for %d running actions, at most %s. Ctrl-C again ends them.",
		p.runningActions(), p.Config.Gale.ShutdownGrace)
}

// newLog makes the log of the process. It goes to standard error, so that
// what is said to the person who started the server stays readable.
func newLog(cfg *config.Config) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warning": slog.LevelWarn, "error": slog.LevelError}[cfg.Log.Level]
	options := &slog.HandlerOptions{Level: level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}
