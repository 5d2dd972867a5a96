package cli

import (
	"net/url"

	"github.com/galehq/gale/internal/cli/argparse"
)

var rules = noun{name: "Rule", plural: "rules", path: "/rules", id: "ref-or-id", last: true,
	columns: []string{"ref", "pack", "description", "enabled"},
	order:   []string{"id", "uid", "ref", "pack", "name", "description", "enabled"}}

func ruleCommand() Command {
	list := listing{
		args: []argparse.Arg{
			argparse.Flag("Show what triggers the rule and which action it runs.", "--iftt"),
			packArg,
			argparse.Option("Only rules that run this action.", "-c", "--action"),
			argparse.Option("Only rules for this trigger.", "-g", "--trigger"),
			{Names: []string{"--enabled"}, Action: argparse.StoreTrue, Exclusive: "state", Help: "Only rules that are enabled."},
			{Names: []string{"--disabled"}, Action: argparse.StoreTrue, Exclusive: "state", Help: "Only rules that are disabled."},
		},
		filters: filters{"pack": "pack", "action": "action", "trigger": "trigger"},
		query: func(args *argparse.Values, q url.Values) {
			if args.Bool("enabled") || args.Bool("disabled") {
				q.Set("enabled", title(args.Bool("enabled")))
			}
		},
		columns: func(args *argparse.Values) []string {
			if args.Bool("iftt") {
				return []string{"ref", "trigger.ref", "action.ref", "enabled"}
			}
			return rules.columns
		},
	}
	return Command{Name: "rule", Summary: "Which events run which actions.",
		Help: "A rule runs an action when an event of its trigger meets its criteria.",
		Commands: []Command{
			rules.list(list), rules.get(), rules.create(), rules.update(), rules.remove(),
			rules.enable(), rules.disable(), explainCommand(),
		}}
}

var enforcements = noun{name: "Rule Enforcement", plural: "rule enforcements", path: "/ruleenforcements", id: "id", last: true, whole: true,
	columns: []string{"id", "rule.ref", "trigger_instance_id", "execution_id", "enforced_at"},
	attrs:   []string{"id", "rule.ref", "trigger_instance_id", "execution_id", "failure_reason", "enforced_at"}}

func enforcementCommand() Command {
	list := listing{
		args: []argparse.Arg{
			argparse.Option("Only those of this trigger instance.", "--trigger-instance"),
			argparse.Option("Only the one that started this execution.", "--execution"),
			argparse.Option("Only those of this rule.", "--rule"),
			greaterArg, lessArg,
		},
		filters: filters{"trigger_instance": "trigger_instance", "execution": "execution", "rule": "rule_ref",
			"timestamp_gt": "enforced_at_gt", "timestamp_lt": "enforced_at_lt"},
		reverse: func(env *Env) bool { return env.Format != Table },
	}
	return Command{Name: "rule-enforcement", Summary: "What rules did about events.",
		Help:     "A rule enforcement records that a rule matched an event: the execution that it started, or why it could not.",
		Commands: []Command{enforcements.list(list), enforcements.get()}}
}
