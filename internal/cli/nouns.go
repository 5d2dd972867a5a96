package cli

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

// commands is the table.
func commands() []Command {
	return []Command{
		runCommand(), actionCommand(), aliasCommand(), authCommand(), loginCommand(), logoutCommand(), whoamiCommand(),
		apiKeyCommand(), executionCommand(), inquiryCommand(), keyCommand(), packCommand(), policyCommand(), policyTypeCommand(),
		ruleCommand(), webhookCommand(), timerCommand(), runnerCommand(), sensorCommand(), traceCommand(), triggerCommand(),
		instanceCommand(), enforcementCommand(), workflowCommand(), serviceCommand(), roleCommand(), assignmentCommand(), userCommand(),
	}
}

var runners = noun{name: "Runner", plural: "runners", path: "/runnertypes", id: "name-or-id", byName: true,
	columns: []string{"id", "name", "description"}, order: []string{"id", "name", "description"}}

func runnerCommand() Command {
	return Command{Name: "runner", Summary: "Ways to run actions.",
		Help:     "A runner carries out the actions of one type: shell commands, Python scripts, workflows.",
		Commands: []Command{runners.list(listing{}), runners.get(), runners.enable(), runners.disable()}}
}

var sensors = noun{name: "Sensor", plural: "sensors", path: "/sensortypes", id: "ref-or-id",
	columns: []string{"ref", "pack", "description", "enabled"},
	order:   []string{"id", "uid", "ref", "pack", "name", "enabled", "entry_point", "artifact_uri", "trigger_types"}}

func sensorCommand() Command {
	return Command{Name: "sensor", Summary: "Programs that watch for events.",
		Help: "A sensor is a program of a pack that watches something outside and sends events.",
		Commands: []Command{
			sensors.list(listing{args: []argparse.Arg{packArg}, filters: filters{"pack": "pack"}}),
			sensors.get(), sensors.enable(), sensors.disable(),
		}}
}

var timers = noun{name: "Timer", plural: "timers", path: "/timers", id: "name-or-id", whole: true,
	columns: []string{"id", "uid", "pack", "name", "type", "parameters"},
	order:   []string{"type", "pack", "name", "description", "parameters"}}

func timerCommand() Command {
	return Command{Name: "timer", Summary: "Events that the clock makes.",
		Help: "A timer sends an event at a date, at intervals, or by a cron expression.",
		Commands: []Command{
			timers.list(listing{
				args:    []argparse.Arg{argparse.Option("core.st2.IntervalTimer, core.st2.DateTimer or core.st2.CronTimer.", "-ty", "--timer-type")},
				filters: filters{"timer_type": "timer_type"},
			}),
			timers.get(),
		}}
}

var webhooks = noun{name: "Webhook", plural: "webhooks", path: "/webhooks", id: "url", whole: true,
	columns: []string{"url", "type", "description"}, order: []string{"type", "description"},
	change: map[string]change{"url": func(_ *Env, v any, d *py.Dict) any {
		if v == nil {
			v, _ = client.Dict(d, "parameters").GetString("url")
		}
		return v
	}}}

func webhookCommand() Command {
	return Command{Name: "webhook", Summary: "Addresses that take events over HTTP.",
		Help:     "A webhook is an address of the API. What is posted there becomes an event for the rules that name it.",
		Commands: []Command{webhookList(), webhooks.get(), webhookPost()}}
}

// webhookList fills in the url, which the API keeps below the parameters.
func webhookList() Command {
	c := webhooks.list(listing{args: []argparse.Arg{packArg}})
	c.Run = func(ctx context.Context, env *Env, args *argparse.Values) error {
		page, err := env.Client.List(ctx, "/webhooks", nil)
		if err != nil {
			return err
		}
		items := make([]*py.Dict, 0, len(page.Items))
		for _, d := range page.Items {
			if p := args.String("pack"); p != "" && client.String(d, "pack") != p {
				continue
			}
			d = d.Clone()
			d.Set("url", client.String(client.Dict(d, "parameters"), "url"))
			items = append(items, d)
		}
		return env.printList(items, view{attrs: firstList(args.Strings("attr"), webhooks.columns), widths: args.Ints("width")})
	}
	return c
}

func webhookPost() Command {
	return Command{Name: "post", Summary: "Post to a webhook.",
		Help: `Post a JSON body to a webhook, to try out what listens to it: webhook post deploys '{"version": "1.2"}'. "-" reads the body from stdin, "@file" from a file.`,
		Args: []argparse.Arg{
			argparse.Positional("url", "", "Address of the webhook, without /webhooks/."),
			argparse.Positional("body", argparse.Optional, "JSON to post (default {})."),
			argparse.Option("Tag of a trace, to find what follows by.", "--trace-tag"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			body, err := env.jsonArgument(first(args.String("body"), "{}"))
			if err != nil {
				return err
			}
			r := client.Request{Method: http.MethodPost, Path: "/webhooks/" + webhookPath(args.String("url")), Body: body, Header: http.Header{}}
			if tag := args.String("trace_tag"); tag != "" {
				r.Header.Set("St2-Trace-Tag", tag)
			}
			v, err := env.Client.Value(ctx, r)
			if err != nil {
				return refused(err)
			}
			if env.Format == Table {
				env.println("Accepted.")
				return nil
			}
			return env.printData(v)
		}}
}

// webhookPath escapes the segments of a webhook's address.
func webhookPath(s string) string {
	parts := strings.Split(strings.Trim(s, "/"), "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

var policies = noun{name: "Policy", plural: "policies", path: "/policies", id: "ref-or-id",
	columns: []string{"ref", "resource_ref", "policy_type", "enabled"},
	order:   []string{"id", "ref", "pack", "name", "description", "enabled", "resource_ref", "policy_type", "parameters"}}

func policyCommand() Command {
	list := listing{
		args: []argparse.Arg{packArg, argparse.Option("Only policies of this action.", "-r", "--resource-ref"),
			argparse.Option("Only policies of this type.", "-pt", "--policy-type")},
		filters: filters{"pack": "pack", "resource_ref": "resource_ref", "policy_type": "policy_type"},
	}
	return Command{Name: "policy", Summary: "Limits and retries for actions.",
		Help: "A policy limits how many runs of an action there are at a time, or says when a failed one is tried again.",
		Commands: []Command{
			policies.list(list), policies.get(), policies.create(), policies.update(), policies.remove(),
			policies.enable(), policies.disable(),
		}}
}

var policyTypes = noun{name: "Policy Type", plural: "policy types", path: "/policytypes", id: "ref-or-id", whole: true,
	columns: []string{"id", "resource_type", "name", "description"}}

func policyTypeCommand() Command {
	return Command{Name: "policy-type", Summary: "Kinds of policies.",
		Help: "A policy type is what a policy can be about.",
		Commands: []Command{
			policyTypes.list(listing{args: []argparse.Arg{argparse.Option("Only types for this kind of resource.", "-r", "--resource-type")},
				filters: filters{"resource_type": "resource_type"}}),
			policyTypes.get(),
		}}
}

var inquiries = noun{name: "Inquiry", plural: "inquiries", path: "/inquiries", id: "id", last: true, whole: true,
	columns: []string{"id", "roles", "users", "route", "ttl"},
	attrs:   []string{"id", "roles", "users", "route", "ttl", "schema"}}

func inquiryCommand() Command {
	return Command{Name: "inquiry", Summary: "Questions that workflows ask.",
		Help:     "An inquiry is a workflow's question. The workflow goes on when somebody answers.",
		Commands: []Command{inquiries.list(listing{reverse: always}), inquiries.get(), respondCommand()}}
}

var roles = noun{name: "Role", plural: "roles", path: "/rbac/roles", id: "name-or-id", whole: true,
	columns: []string{"id", "name", "system", "description"}, order: []string{"id", "name", "system", "permission_grants", "description"}}

func roleCommand() Command {
	return Command{Name: "role", Summary: "What users may do.",
		Help: "A role is a set of permissions.",
		Commands: []Command{
			roles.list(listing{args: []argparse.Arg{argparse.Flag("Only roles of the system.", "-s", "--system")},
				query: func(args *argparse.Values, q url.Values) {
					if args.Bool("system") {
						q.Set("system", "True")
					}
				}}),
			roles.get(),
		}}
}

var assignments = noun{name: "Role Assignment", plural: "role assignments", path: "/rbac/role_assignments", id: "id", whole: true,
	columns: []string{"id", "role", "user", "is_remote", "source", "description"},
	order:   []string{"id", "role", "user", "is_remote", "source", "description"}}

func assignmentCommand() Command {
	return Command{Name: "role-assignment", Summary: "Who has which role.",
		Help: "A role assignment gives a role to a user.",
		Commands: []Command{
			assignments.list(listing{
				args: []argparse.Arg{argparse.Option("Only of this role.", "-r", "--role"), argparse.Option("Only of this user.", "-u", "--user"),
					argparse.Option("Only from this file.", "-s", "--source"), argparse.Flag("Only those that groups of a directory gave.", "--remote")},
				filters: filters{"role": "role", "user": "user", "source": "source"},
				query: func(args *argparse.Values, q url.Values) {
					if args.Bool("remote") {
						q.Set("remote", "True")
					}
				}}),
			assignments.get(),
		}}
}

func serviceCommand() Command {
	group := Command{Name: "group", Summary: "Groups of services.", Commands: []Command{{
		Name: "list", Summary: "Show the list of groups.",
		Run: func(ctx context.Context, env *Env, _ *argparse.Values) error {
			groups, err := env.serviceGroups(ctx)
			if err != nil {
				return err
			}
			var items []*py.Dict
			for _, g := range groups {
				items = append(items, py.DictOf("group_id", g))
			}
			return env.printList(items, view{attrs: []string{"group_id"}})
		}}}}
	member := Command{Name: "member", Summary: "Processes of services.", Commands: []Command{{
		Name: "list", Summary: "Show the list of processes.",
		Args: []argparse.Arg{argparse.Option("Only of this group.", "--group-id")},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			return env.serviceMembers(ctx, args.String("group_id"))
		}}}}
	return Command{Name: "service-registry", Summary: "Processes that make up the server.", Commands: []Command{group, member}}
}

func (env *Env) serviceGroups(ctx context.Context) ([]any, error) {
	d, err := env.Client.Get(ctx, "/service_registry/groups", nil)
	return client.Array(d, "groups"), err
}

func (env *Env) serviceMembers(ctx context.Context, group string) error {
	groups := []any{group}
	if group == "" {
		var err error
		if groups, err = env.serviceGroups(ctx); err != nil {
			return err
		}
	}
	var items []*py.Dict
	for _, g := range groups {
		d, err := env.Client.Get(ctx, client.Path("service_registry", "groups", py.Str(g), "members"), nil)
		if err != nil {
			return err
		}
		items = append(items, objects(client.Array(d, "members"))...)
	}
	return env.printList(items, view{attrs: []string{"group_id", "member_id", "capabilities"}})
}
