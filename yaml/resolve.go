package yaml

import (
	"regexp"

	"go.yaml.in/yaml/v4"
)

// Tags in the short form of the parser.
const (
	tagNull      = "!!null"
	tagBool      = "!!bool"
	tagInt       = "!!int"
	tagFloat     = "!!float"
	tagStr       = "!!str"
	tagSeq       = "!!seq"
	tagMap       = "!!map"
	tagMerge     = "!!merge"
	tagValue     = "!!value"
	tagBinary    = "!!binary"
	tagTimestamp = "!!timestamp"
	tagOmap      = "!!omap"
	tagPairs     = "!!pairs"
	tagSet       = "!!set"
)

// The forms of YAML 1.1, as far as PyYAML knows them: a float needs a dot and its exponent a sign, an integer in base
// 60 does not begin with 0.
var (
	boolForm  = regexp.MustCompile(`^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	floatForm = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?` +
		`|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	intForm = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+` +
		`|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	timestampForm = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}` +
		`:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$`)
)

// implicit returns the tag of a plain scalar.
func implicit(text string) string {
	if text == "" {
		return tagNull
	}
	switch c := text[0]; {
	case c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.':
		switch {
		case floatForm.MatchString(text):
			return tagFloat
		case intForm.MatchString(text):
			return tagInt
		case timestampForm.MatchString(text):
			return tagTimestamp
		}
	case len(text) > 5: // longer than any of the words
	case text == "~" || text == "null" || text == "Null" || text == "NULL":
		return tagNull
	case boolForm.MatchString(text):
		return tagBool
	case text == "<<":
		return tagMerge
	case text == "=":
		return tagValue
	}
	return tagStr
}

// tagOf returns the tag of a node, given or implied, in short form.
func tagOf(n *yaml.Node) string {
	switch {
	case n.Style&yaml.TaggedStyle != 0 && n.Tag != "":
		return n.Tag
	case n.Kind == yaml.SequenceNode:
		return tagSeq
	case n.Kind == yaml.MappingNode:
		return tagMap
	case quoted(n) || n.Tag == "!" && n.Value == "":
		return tagStr
	}
	return implicit(n.Value)
}

func quoted(n *yaml.Node) bool {
	return n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}
