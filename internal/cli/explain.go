package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/internal/cli/argparse"
	"github.com/galehq/gale/py"
)

const explainHelp = `Tell for each rule of an event's trigger whether it fired, and why or why not.

INSTANCE is the id of a trigger instance (see: trigger-instance list). Rules that fired come first. The answer is worked out from the rules as they are now and the event as it came.`

func explainCommand() Command {
	return Command{Name: "explain", Summary: "Tell why rules did or did not fire for an event.", Help: explainHelp,
		Args: []argparse.Arg{
			{Names: []string{"instance"}, Metavar: "INSTANCE", Help: "Id of the trigger instance."},
			argparse.Option("Only this rule.", "--rule"),
		},
		Run: func(ctx context.Context, env *Env, args *argparse.Values) error {
			id := args.String("instance")
			d, err := env.Client.Get(ctx, client.Path("_gale", "triggerinstances", id, "explain"), nil)
			if client.NotFound(err) {
				return env.notFound("Trigger Instance", id)
			}
			if err != nil {
				return err
			}
			list := client.Array(d, "rules")
			if ref := args.String("rule"); ref != "" {
				list = onlyRule(list, ref)
				d = overlay(d, py.DictOf("rules", list))
			}
			if env.Format != Table {
				return env.printData(d)
			}
			fmt.Fprint(env.Stdout, explain(id, d, list))
			return nil
		}}
}

func onlyRule(list []any, ref string) []any {
	out := []any{}
	for _, v := range list {
		if d, ok := v.(*py.Dict); ok && ruleRef(d) == ref {
			out = append(out, d)
		}
	}
	return out
}

// ruleRef is the rule of one line: a reference or an object that has one.
func ruleRef(d *py.Dict) string {
	return first(client.String(d, "rule"), client.String(client.Dict(d, "rule"), "ref"), client.String(d, "ref"))
}

// explain is the answer in prose.
func explain(id string, d *py.Dict, list []any) string {
	var b strings.Builder
	instance := client.Dict(d, "instance")
	fmt.Fprintf(&b, "Trigger instance %s", first(client.ID(instance), id))
	if s := client.String(instance, "trigger"); s != "" {
		fmt.Fprintf(&b, " of %s", s)
	}
	if s := client.String(instance, "occurrence_time"); s != "" {
		fmt.Fprintf(&b, ", %s", s)
	}
	if s := client.String(instance, "status"); s != "" {
		fmt.Fprintf(&b, " (%s)", s)
	}
	b.WriteString("\n")
	var fired, silent []*py.Dict
	for _, v := range list {
		rule, ok := v.(*py.Dict)
		if !ok {
			continue
		}
		if yes, _ := rule.GetString("fired"); yes == true {
			fired = append(fired, rule)
		} else {
			silent = append(silent, rule)
		}
	}
	if len(fired)+len(silent) == 0 {
		b.WriteString("\nNo rule listens to this trigger.\n")
	}
	explainRules(&b, "Fired", fired)
	explainRules(&b, "Did not fire", silent)
	return b.String()
}

func explainRules(b *strings.Builder, heading string, rules []*py.Dict) {
	if len(rules) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s:\n", heading)
	for _, r := range rules {
		fmt.Fprintf(b, "  %s", ruleRef(r))
		if s := client.String(r, "reason"); s != "" {
			fmt.Fprintf(b, ": %s", s)
		}
		b.WriteString("\n")
		if s := client.String(r, "execution_id"); s != "" {
			fmt.Fprintf(b, "    execution: %s\n", s)
		}
		if s := client.String(r, "failure_reason"); s != "" {
			fmt.Fprintf(b, "    failure: %s\n", s)
		}
		if c := client.Dict(r, "criterion"); c.Len() > 0 {
			explainCriterion(b, c)
		}
	}
}

// explainCriterion shows the criterion that decided and what it was given.
func explainCriterion(b *strings.Builder, c *py.Dict) {
	pattern, _ := c.GetString("pattern")
	value, known := c.GetString("value")
	fmt.Fprintf(b, "    criterion: %s %s %s\n", client.String(c, "key"), client.String(c, "operator"), compact(pattern))
	if known {
		fmt.Fprintf(b, "    value:     %s\n", compact(value))
	} else {
		b.WriteString("    value:     (absent)\n")
	}
}

// compact shows a value on one line of bounded length.
func compact(v any) string {
	out, err := py.AppendJSON(nil, v)
	if err != nil {
		return py.Str(v)
	}
	const most = 200
	s := string(out)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
