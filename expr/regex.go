package expr

import (
	"github.com/galehq/gale/py"
	"github.com/galehq/gale/pyre"
)

// pattern returns the text to search and the compiled pattern, the first two arguments of the regex functions.
func pattern(c Caller, value, expr, ignoreCase any) (string, *pyre.Pattern, error) {
	subject, ok := text(value).(string)
	if !ok {
		s, err := c.Str(value)
		if err != nil {
			return "", nil, err
		}
		subject = s
	}
	var flags pyre.Flags
	if ignore, err := c.Truth(ignoreCase); err != nil {
		return "", nil, err
	} else if ignore {
		flags = pyre.IgnoreCase
	}
	source, ok := text(expr).(string)
	if !ok {
		if err := strictUndefined(expr); err != nil {
			return "", nil, err
		}
		return "", nil, py.Errorf("TypeError", "first argument must be string or compiled pattern")
	}
	p, err := pyre.Compile(source, flags)
	return subject, p, err
}

func regexMatch(c Caller, args []any) (any, error) {
	s, p, err := pattern(c, args[0], args[1], args[2])
	if err != nil {
		return nil, err
	}
	m, err := p.Match(s)
	return m != nil, err
}

func regexSearch(c Caller, args []any) (any, error) {
	s, p, err := pattern(c, args[0], args[1], args[2])
	if err != nil {
		return nil, err
	}
	m, err := p.Search(s)
	return m != nil, err
}

func regexReplace(c Caller, args []any) (any, error) {
	s, p, err := pattern(c, args[0], args[1], args[3])
	if err != nil {
		return nil, err
	}
	replacement, ok := text(args[2]).(string)
	if !ok {
		if err := strictUndefined(args[2]); err != nil {
			return nil, err
		}
		return nil, py.Errorf("TypeError", "decoding to str: need a bytes-like object, %s found", py.TypeName(args[2]))
	}
	return p.Sub(replacement, s, 0)
}

func regexSubstring(c Caller, args []any) (any, error) {
	s, p, err := pattern(c, args[0], args[1], args[3])
	if err != nil {
		return nil, err
	}
	all, err := p.FindAll(s)
	if err != nil {
		return nil, err
	}
	return py.GetItem(all, args[2])
}
