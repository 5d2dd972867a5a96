// Command gale is Gale: the server in all its roles, and the command line that
// talks to it, which also answers to the name st2.
package main

import (
	"context"
	"os"

	"github.com/galehq/gale/internal/bench"
	"github.com/galehq/gale/internal/cli"
	"github.com/galehq/gale/internal/server"
)

func main() {
	extra := append(server.Commands(), bench.Command())
	os.Exit(cli.Main(context.Background(), os.Args, extra...))
}
