package criteria

import (
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/internal/schedtime"
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/pyre"
)

// operator compares v, from the payload, with p, the pattern. Errors are those
// of Python.
type operator func(v, p any, env Env) (bool, error)

// operators has every name but search.
var operators = map[string]operator{
	"matchwildcard": guarded(wildcard),
	"matchregex":    guarded(matchRegex),
	"regex":         guarded(searchRegex(0)),
	"iregex":        guarded(searchRegex(pyre.IgnoreCase)),
	"eq":            guarded(equals),
	"equals":        guarded(equals),
	"neq":           notEquals,
	"nequals":       notEquals,
	"ieq":           guarded(lowered(equals)),
	"iequals":       guarded(lowered(equals)),
	"contains":      guarded(contains),
	"icontains":     guarded(lowered(contains)),
	"ncontains":     guarded(not(contains)),
	"incontains":    guarded(lowered(not(contains))),
	"startswith":    guarded(affix("startswith")),
	"istartswith":   guarded(lowered(affix("startswith"))),
	"endswith":      guarded(affix("endswith")),
	"iendswith":     guarded(lowered(affix("endswith"))),
	"lt":            guarded(order("<")),
	"lessthan":      guarded(order("<")),
	"gt":            guarded(order(">")),
	"greaterthan":   guarded(order(">")),
	"td_lt":         guarded(age("<")),
	"timediff_lt":   guarded(age("<")),
	"td_gt":         guarded(age(">")),
	"timediff_gt":   guarded(age(">")),
	"exists":        func(v, _ any, _ Env) (bool, error) { return v != nil, nil },
	"nexists":       func(v, _ any, _ Env) (bool, error) { return v == nil, nil },
	"in":            guarded(inside),
	"inside":        guarded(inside),
	"nin":           guarded(not(inside)),
	"ninside":       guarded(not(inside)),
}

// Operators lists the names that a criterion's type may have, sorted.
func Operators() []string {
	names := []string{"search"}
	for n := range operators {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// guarded makes a null pattern match nothing.
func guarded(op operator) operator {
	return func(v, p any, env Env) (bool, error) {
		if p == nil {
			return false, nil
		}
		return op(v, p, env)
	}
}

func not(op operator) operator {
	return func(v, p any, env Env) (bool, error) {
		ok, err := op(v, p, env)
		return !ok && err == nil, err
	}
}

// lowered compares without regard to case. Both sides must be text.
func lowered(op operator) operator {
	return func(v, p any, env Env) (bool, error) {
		// Python evaluates the pattern first where it stands left of "in";
		// which of two errors is reported matters to nobody.
		low, err := lower(v)
		if err != nil {
			return false, err
		}
		lowPattern, err := lower(p)
		if err != nil {
			return false, err
		}
		return op(low, lowPattern, env)
	}
}

func lower(v any) (any, error) {
	s, ok := v.(string)
	if !ok {
		return nil, py.Errorf("AttributeError", "'%s' object has no attribute 'lower'", py.TypeName(v))
	}
	if isASCII(s) {
		return strings.ToLower(s), nil
	}
	return py.CallMethod(s, "lower", nil, nil)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func equals(v, p any, _ Env) (bool, error)    { return py.Equal(v, p), nil }
func notEquals(v, p any, _ Env) (bool, error) { return !py.Equal(v, p), nil }
func contains(v, p any, _ Env) (bool, error)  { return py.Contains(v, p) }
func inside(v, p any, _ Env) (bool, error)    { return py.Contains(p, v) }

func order(op string) operator {
	return func(v, p any, _ Env) (bool, error) { return py.Less(op, v, p) }
}

func affix(method string) operator {
	return func(v, p any, _ Env) (bool, error) {
		s, ok := v.(string)
		if !ok {
			return false, py.Errorf("AttributeError", "'%s' object has no attribute '%s'", py.TypeName(v), method)
		}
		fix, ok := p.(string)
		if !ok {
			return false, py.Errorf("TypeError", "%s first arg must be str or a tuple of str, not %s", method, py.TypeName(p))
		}
		if method == "startswith" {
			return strings.HasPrefix(s, fix), nil
		}
		return strings.HasSuffix(s, fix), nil
	}
}

// age compares how many seconds ago the time in v was with the number p. A
// time to come is a negative number of seconds ago.
func age(op string) operator {
	return func(v, p any, env Env) (bool, error) {
		then, err := schedtime.ParseDate(py.Str(v), env.Now)
		if err != nil {
			return false, err
		}
		limit, err := py.Float(p)
		if err != nil {
			return false, err
		}
		micros := env.Now.UnixMicro() - then.UnixMicro()
		return py.Less(op, float64(micros)/1e6, limit)
	}
}

func regexArgs(v, p any) (text, pattern string, err error) {
	pattern, ok := p.(string)
	if !ok {
		return "", "", py.Errorf("TypeError", "first argument must be string or compiled pattern")
	}
	text, ok = v.(string)
	if !ok {
		return "", "", py.Errorf("TypeError", "expected string or bytes-like object, got '%s'", py.TypeName(v))
	}
	return text, pattern, nil
}

// matchRegex is the older operator: it matches at the start, and a dot takes
// line breaks too.
func matchRegex(v, p any, _ Env) (bool, error) {
	text, pattern, err := regexArgs(v, p)
	if err != nil {
		return false, err
	}
	re, err := pyre.Compile(pattern, pyre.DotAll)
	if err != nil {
		return false, err
	}
	m, err := re.Match(text)
	return m != nil, err
}

func searchRegex(flags pyre.Flags) operator {
	return func(v, p any, _ Env) (bool, error) {
		text, pattern, err := regexArgs(v, p)
		if err != nil {
			return false, err
		}
		re, err := pyre.Compile(pattern, flags)
		if err != nil {
			return false, err
		}
		m, err := re.Search(text)
		return m != nil, err
	}
}

func wildcard(v, p any, _ Env) (bool, error) {
	s, ok := v.(string)
	if !ok {
		return false, py.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", py.TypeName(v))
	}
	glob, ok := p.(string)
	if !ok {
		return false, py.Errorf("TypeError", "expected str, bytes or os.PathLike object, not %s", py.TypeName(p))
	}
	return globMatches(glob, s), nil
}
