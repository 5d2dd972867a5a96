package expr

import (
	"cmp"
	"regexp"
	"strings"
	"unicode"

	"github.com/galehq/gale/py"
)

// version is a semantic version, as the Python library semver 3 reads it. The numbers are ints of package py.
type version struct {
	major, minor, patch any
	prerelease          string
}

// versionForm is the grammar of semver.org. Python's \d takes digits of all scripts, and its $ a final newline.
var versionForm = regexp.MustCompile(`^(0|[1-9]\p{Nd}*)\.(0|[1-9]\p{Nd}*)\.(0|[1-9]\p{Nd}*)` +
	`(?:-((?:0|[1-9]\p{Nd}*|\p{Nd}*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\p{Nd}*|\p{Nd}*[a-zA-Z-][0-9a-zA-Z-]*))*))?` +
	`(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?\n?$`)

func parseVersion(v any) (version, error) {
	if err := strictUndefined(v); err != nil {
		return version{}, py.Errorf("TypeError", "not expecting type '<class 'jinja2.runtime.StrictUndefined'>'")
	}
	s, ok := text(v).(string)
	if b, isBytes := v.(py.Bytes); isBytes {
		s, ok = string(b), true
	}
	if !ok {
		return version{}, py.Errorf("TypeError", "not expecting type '<class '%s'>'", py.TypeName(v))
	}
	m := versionForm.FindStringSubmatch(s)
	if m == nil {
		return version{}, py.Errorf("ValueError", "%s is not valid SemVer string", s)
	}
	return newVersion([]any{m[1], m[2], m[3]}, m[4])
}

func newVersion(numbers []any, prerelease string) (version, error) {
	out := version{int64(0), int64(0), int64(0), prerelease}
	for i, field := range []*any{&out.major, &out.minor, &out.patch} {
		if i >= len(numbers) {
			break
		}
		n, err := py.Int(numbers[i])
		if err != nil {
			return out, err
		}
		if sign, _ := py.Compare(n, int64(0)); sign < 0 {
			name := []string{"major", "minor", "patch"}[i]
			return out, py.Errorf("ValueError", "'%s' is negative. A version can only be positive.", name)
		}
		*field = n
	}
	return out, nil
}

// otherVersion reads the right side of a comparison, which may also be a list of parts.
func otherVersion(v any) (version, error) {
	switch parts := v.(type) {
	case []any, *py.List, py.Tuple:
		list, err := py.AsList(parts)
		if err != nil {
			return version{}, err
		}
		if len(list) == 0 || len(list) > 5 {
			return version{}, py.Errorf("TypeError", "a version has one to five parts, not %d", len(list))
		}
		prerelease := ""
		if len(list) > 3 && list[3] != nil {
			prerelease = py.Str(list[3])
		}
		return newVersion(list[:min(len(list), 3)], prerelease)
	case string, py.Bytes:
		return parseVersion(parts)
	}
	if s, ok := text(v).(string); ok {
		return parseVersion(s)
	}
	return version{}, py.Errorf("TypeError", "Expected str, bytes, dict, tuple, list, or Version instance, but got <class '%s'>", py.TypeName(v))
}

// compare orders versions by precedence: build data does not count, a pre-release comes before its release.
func (v version) compare(w version) int {
	numbers := []any{v.major, v.minor, v.patch}
	for i, n := range []any{w.major, w.minor, w.patch} {
		if c, _ := py.Compare(numbers[i], n); c != 0 {
			return c
		}
	}
	switch {
	case v.prerelease == w.prerelease:
		return 0
	case v.prerelease == "":
		return 1
	case w.prerelease == "":
		return -1
	}
	a, b := strings.Split(v.prerelease, "."), strings.Split(w.prerelease, ".")
	for i := range min(len(a), len(b)) {
		if c := compareIdentifiers(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compareIdentifiers orders parts of a pre-release: numbers by value and before all others.
func compareIdentifiers(a, b string) int {
	n, aIsNumber := number(a)
	m, bIsNumber := number(b)
	switch {
	case aIsNumber && bIsNumber:
		c, _ := py.Compare(n, m)
		return c
	case aIsNumber:
		return -1
	case bIsNumber:
		return 1
	}
	return strings.Compare(a, b)
}

func number(s string) (any, bool) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !unicode.Is(unicode.Nd, r) }) {
		return nil, false
	}
	n, err := py.IntBase(s, 10)
	return n, err == nil
}

func versionCompare(_ Caller, args []any) (any, error) {
	c, err := compareVersions(args[0], args[1])
	return int64(c), err
}

func versionMoreThan(_ Caller, args []any) (any, error) {
	c, err := compareVersions(args[0], args[1])
	return c == 1, err
}

func versionLessThan(_ Caller, args []any) (any, error) {
	c, err := compareVersions(args[0], args[1])
	return c == -1, err
}

func versionEqual(_ Caller, args []any) (any, error) {
	c, err := compareVersions(args[0], args[1])
	return c == 0, err
}

func compareVersions(a, b any) (int, error) {
	v, err := parseVersion(a)
	if err != nil {
		return 0, err
	}
	w, err := otherVersion(b)
	if err != nil {
		return 0, err
	}
	return v.compare(w), nil
}

// versionOperators says which results of a comparison an operator accepts.
var versionOperators = map[string]func(c int) bool{
	">":  func(c int) bool { return c > 0 },
	"<":  func(c int) bool { return c < 0 },
	"==": func(c int) bool { return c == 0 },
	"!=": func(c int) bool { return c != 0 },
	">=": func(c int) bool { return c >= 0 },
	"<=": func(c int) bool { return c <= 0 },
}

func versionMatch(_ Caller, args []any) (any, error) {
	v, err := parseVersion(args[0])
	if err != nil {
		return nil, err
	}
	match, ok := text(args[1]).(string)
	if !ok {
		return nil, py.Errorf("TypeError", "'%s' object is not subscriptable", py.TypeName(args[1]))
	}
	op, rest, err := splitMatch(match)
	if err != nil {
		return nil, err
	}
	w, err := parseVersion(rest)
	if err != nil {
		return nil, err
	}
	return versionOperators[op](v.compare(w)), nil
}

// splitMatch cuts the operator off; a version alone asks for that very version.
func splitMatch(match string) (op, rest string, err error) {
	for _, n := range []int{2, 1} {
		if len(match) >= n && versionOperators[match[:n]] != nil {
			return match[:n], match[n:], nil
		}
	}
	if match != "" && '0' <= match[0] && match[0] <= '9' {
		return "==", match, nil
	}
	return "", "", py.Errorf("ValueError", "match_expr parameter should be in format <op><ver>, where <op> is one of "+
		"['<', '>', '==', '<=', '>=', '!=']. You provided: %s", py.Repr(match))
}

func versionBumpMajor(_ Caller, args []any) (any, error) {
	v, err := parseVersion(args[0])
	return bumped(err, v.major, nil, nil)
}

func versionBumpMinor(_ Caller, args []any) (any, error) {
	v, err := parseVersion(args[0])
	return bumped(err, v.major, v.minor, nil)
}

func versionBumpPatch(_ Caller, args []any) (any, error) {
	v, err := parseVersion(args[0])
	return bumped(err, v.major, v.minor, v.patch)
}

// bumped raises the last of the numbers that are given and writes the version.
func bumped(err error, major, minor, patch any) (any, error) {
	if err != nil {
		return nil, err
	}
	numbers := []any{major, minor, patch}
	last := 2
	for last > 0 && numbers[last] == nil {
		numbers[last] = int64(0)
		last--
	}
	if numbers[last], err = py.Add(numbers[last], int64(1)); err != nil {
		return nil, err
	}
	return py.Str(numbers[0]) + "." + py.Str(numbers[1]) + "." + py.Str(numbers[2]), nil
}

func versionStripPatch(_ Caller, args []any) (any, error) {
	v, err := parseVersion(args[0])
	if err != nil {
		return nil, err
	}
	return py.Str(v.major) + "." + py.Str(v.minor), nil
}
