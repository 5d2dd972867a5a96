package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
)

func workflowCommand() Command {
	return Command{Name: "workflow", Summary: "Definitions of workflows.",
		Commands: []Command{{Name: "inspect", Summary: "Look for mistakes in a workflow.", Access: Remote, NeedOne: []string{"source"},
			Args: []argparse.Arg{
				{Names: []string{"--file"}, Exclusive: "source", Help: "File with the definition; - reads stdin."},
				{Names: []string{"--action"}, Exclusive: "source", Help: "Reference of a workflow action."},
			},
			Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
				return env.inspectWorkflow(ctx, args)
			}}}}
}

func (env *Env) inspectWorkflow(ctx context.Context, args *argparse.Values) error {
	text, err := env.workflowText(ctx, args)
	if err != nil {
		return err
	}
	v, err := env.Client.Value(ctx, client.Request{Method: http.MethodPost, Path: "/workflows/inspect", Raw: text, Type: "text/plain"})
	if err != nil {
		return err
	}
	list, _ := v.([]any)
	if len(list) == 0 && env.Format == Table {
		env.println("No errors found in workflow definition.")
		return nil
	}
	if env.Format == Table {
		env.Format = YAML
	}
	return env.printData(v)
}

// workflowText reads the definition: from a file of this machine, or of the
// action's pack from the server.
func (env *Env) workflowText(ctx context.Context, args *argparse.Values) ([]byte, error) {
	switch path := args.String("file"); path {
	case "":
	case "-":
		return readAll(env.Stdin)
	default:
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil, fmt.Errorf("File %q does not exist on local machine.", path) // st2's text
		}
		return data, err
	}
	ref := args.String("action")
	d, err := env.Client.Get(ctx, client.Path("actions", ref), nil)
	if client.NotFound(err) {
		return nil, fmt.Errorf("Unable to identify action %q.", ref) // st2's text
	}
	if err != nil {
		return nil, err
	}
	path := append([]string{"actions"}, strings.Split(client.String(d, "entry_point"), "/")...)
	return env.Client.PackFile(ctx, client.String(d, "pack"), path...)
}
