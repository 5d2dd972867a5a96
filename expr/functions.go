package expr

import (
	"slices"

	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/py"
)

// Caller is the evaluation that calls a function. *jinja.Call is one.
type Caller interface {
	// Str is str(v); it fails on a strict undefined value.
	Str(v any) (string, error)
	// Truth is bool(v); it fails on a strict undefined value.
	Truth(v any) (bool, error)
	// Spend charges n steps and fails when the evaluation has none left.
	Spend(n int) error
}

// Function is a function that expressions can call.
type Function struct {
	// Signature is the name with the parameters, written as in Python.
	Signature string
	// Do gets one argument for each parameter. Errors are *py.Error.
	Do func(c Caller, args []any) (any, error)
}

// Functions returns StackStorm's functions, sorted by signature, except decrypt_kv, which needs a key.
func Functions() []Function { return slices.Clone(functions) }

var functions = []Function{
	{"basename(path)", basename},
	{"dirname(path)", dirname},
	{"from_json_string(value)", fromJSONString},
	{"from_yaml_string(value)", fromYAMLString},
	{"json_escape(value)", jsonEscape},
	{"jsonpath_query(value, query)", jsonpathQuery},
	{"regex_match(value, pattern, ignorecase=False)", regexMatch},
	{"regex_replace(value, pattern, replacement, ignorecase=False)", regexReplace},
	{"regex_search(value, pattern, ignorecase=False)", regexSearch},
	{"regex_substring(value, pattern, result_index=0, ignorecase=False)", regexSubstring},
	{"to_complex(value)", toComplex},
	{"to_human_time_from_seconds(seconds)", toHumanTime},
	{"to_json_string(value, indent=None, sort_keys=False, separators='compact')", toJSONString},
	{"to_yaml_string(value, indent=None, allow_unicode=True)", toYAMLString},
	{"use_none(value)", useNone},
	{"version_bump_major(value)", versionBumpMajor},
	{"version_bump_minor(value)", versionBumpMinor},
	{"version_bump_patch(value)", versionBumpPatch},
	{"version_compare(value, pattern)", versionCompare},
	{"version_equal(value, pattern)", versionEqual},
	{"version_less_than(value, pattern)", versionLessThan},
	{"version_match(value, pattern)", versionMatch},
	{"version_more_than(value, pattern)", versionMoreThan},
	{"version_strip_patch(value)", versionStripPatch},
}

// text turns a text that a template marked as safe into a plain one.
func text(v any) any {
	if m, ok := v.(jinja.Markup); ok {
		return string(m)
	}
	return v
}

// strictUndefined returns the error of using v if it is an undefined value that must not be used.
func strictUndefined(v any) error {
	if u, ok := v.(*jinja.Undefined); ok && u.Strict() {
		return u.Err()
	}
	return nil
}

// path returns the argument of a function of os.path.
func path(v any) (string, error) {
	s, ok := text(v).(string)
	if !ok {
		return "", py.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", py.TypeName(v))
	}
	return s, nil
}
