package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// textFilter is a filter that is a method of soft_str(value).
func textFilter(name string) Func {
	return func(c *Call, a []any) (any, error) {
		s, err := c.r.soft(a[0])
		if err != nil {
			return nil, err
		}
		return c.r.textMethod(s, name, a[1:]...)
	}
}

// textMethod calls a method of s, a string or Markup.
func (r *run) textMethod(s any, name string, args ...any) (any, error) {
	for _, a := range args {
		if err := strictError(a); err != nil {
			return nil, err
		}
	}
	if err := r.weigh(s); err != nil {
		return nil, err
	}
	if m, ok := s.(Markup); ok {
		return callMarkup(&r.call, m, name, args, nil)
	}
	for i := range args {
		args[i] = plain(args[i])
	}
	return py.CallMethod(s, name, args, nil)
}

func filterString(c *Call, a []any) (any, error) { return c.r.soft(a[0]) }

func filterReplace(c *Call, a []any) (any, error) {
	if c.r.escaping {
		return replaceEscaped(c, a)
	}
	args := make([]any, 3, 4)
	for i := range args {
		s, err := c.Str(a[i])
		if err != nil {
			return nil, err
		}
		args[i] = s
	}
	if a[3] != nil {
		args = append(args, a[3])
	}
	return c.r.textMethod(args[0], "replace", args[1:]...)
}

func replaceEscaped(c *Call, a []any) (any, error) {
	_, oldSafe := a[1].(Markup)
	_, newSafe := a[2].(Markup)
	_, safe := a[0].(Markup)
	var s any
	var err error
	if oldSafe || newSafe && !safe {
		s, err = c.r.escape(a[0])
	} else {
		s, err = c.r.soft(a[0])
	}
	if err != nil {
		return nil, err
	}
	args := make([]any, 2, 3)
	for i := range args {
		if args[i], err = c.r.soft(a[1+i]); err != nil {
			return nil, err
		}
	}
	if a[3] != nil {
		args = append(args, a[3])
	}
	return c.r.textMethod(s, "replace", args...)
}

func filterTitle(c *Call, a []any) (any, error) {
	s, err := c.Str(a[0])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for s != "" {
		end := strings.IndexFunc(s, wordDelimiter)
		if end < 0 {
			end = len(s)
		}
		if end > 0 {
			_, n := utf8.DecodeRuneInString(s)
			b.WriteString(py.Upper(s[:n]))
			b.WriteString(py.Lower(s[n:end]))
			s = s[end:]
			continue
		}
		end = strings.IndexFunc(s, func(r rune) bool { return !wordDelimiter(r) })
		if end < 0 {
			end = len(s)
		}
		b.WriteString(s[:end])
		s = s[end:]
	}
	return b.String(), nil
}

func wordDelimiter(r rune) bool { return isSpace(r) || strings.ContainsRune("-({[<", r) }

func filterFormat(c *Call, a []any) (any, error) {
	args, kwargs := a[1].(py.Tuple), a[2].(*py.Dict)
	if len(args) > 0 && kwargs.Len() > 0 {
		return nil, argumentErrorf("can't handle positional and keyword arguments at the same time")
	}
	s, err := c.r.soft(a[0])
	if err != nil {
		return nil, err
	}
	if kwargs.Len() > 0 {
		return c.r.binary(tMod, s, kwargs)
	}
	return c.r.binary(tMod, s, args)
}

func filterWordcount(c *Call, a []any) (any, error) {
	s, err := c.Str(a[0])
	if err != nil {
		return nil, err
	}
	return int64(len(strings.FieldsFunc(s, func(r rune) bool { return !isWord(r) }))), nil
}

// isWord reports whether \w matches r.
func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

func filterIndent(c *Call, a []any) (any, error) {
	_, marked := a[0].(Markup)
	by, ok := plain(a[1]).(string)
	if !ok {
		v, err := c.r.binary(tMul, " ", a[1])
		if err != nil {
			return nil, err
		}
		by = v.(string)
	}
	s, err := c.r.withNewline(a[0])
	if err != nil {
		return nil, err
	}
	first, err := c.Truth(a[2])
	if err != nil {
		return nil, err
	}
	blank, err := c.Truth(a[3])
	if err != nil {
		return nil, err
	}
	text, err := indentLines(py.SplitLines(s, false), by, first, blank)
	if marked {
		return Markup(text), err
	}
	return text, err
}

// withNewline is v += "\n", of which the rest needs a string.
func (r *run) withNewline(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v + "\n", nil
	case Markup:
		return string(v) + "\n", nil
	case []any, *py.List:
		return "", noAttribute(v, "splitlines")
	}
	sum, err := r.binary(tAdd, v, "\n")
	if e, ok := err.(*py.Error); ok {
		return "", py.Errorf(e.Class, "%s", strings.Replace(e.Message, "type(s) for +:", "type(s) for +=:", 1))
	}
	if err != nil {
		return "", err
	}
	return "", noAttribute(sum, "splitlines")
}

func indentLines(lines []string, by string, first, blank bool) (string, error) {
	size := 0
	for _, line := range lines {
		size += len(line) + len(by) + 1
	}
	if size > py.MaxSize {
		return "", py.Errorf("MemoryError", "")
	}
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == 0 && first || i > 0 && (blank || line != "") {
			b.WriteString(by)
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

func filterTruncate(c *Call, a []any) (any, error) {
	s, limit, killwords, end, leeway := a[0], a[1], a[2], a[3], a[4]
	if leeway == nil {
		leeway = int64(5)
	}
	n, err := c.Len(end)
	if err != nil {
		return nil, err
	}
	if ok, err := c.r.less(">=", limit, int64(n)); err != nil || !ok {
		return nil, assertion(err, "expected length >= %d, got %s", n, py.Str(limit))
	}
	if ok, err := c.r.less(">=", leeway, int64(0)); err != nil || !ok {
		return nil, assertion(err, "expected leeway >= 0, got %s", py.Str(leeway))
	}
	size, err := c.Len(s)
	if err != nil {
		return nil, err
	}
	most, err := c.r.binary(tAdd, limit, leeway)
	if err != nil {
		return nil, err
	}
	if fits, err := c.r.less("<=", int64(size), most); err != nil || fits {
		return s, err
	}
	keep, err := c.r.binary(tSub, limit, int64(n))
	if err != nil {
		return nil, err
	}
	head, err := c.r.slice(s, []any{nil, keep, nil})
	if err != nil {
		return nil, err
	}
	kill, err := c.Truth(killwords)
	if err != nil {
		return nil, err
	}
	if !kill {
		if head, err = c.r.cutLastWord(head); err != nil {
			return nil, err
		}
	}
	return c.r.binary(tAdd, head, end)
}

// cutLastWord is s.rsplit(" ", 1)[0].
func (r *run) cutLastWord(s any) (any, error) {
	text, ok := plain(s).(string)
	if !ok {
		return nil, noAttribute(s, "rsplit")
	}
	if i := strings.LastIndexByte(text, ' '); i >= 0 {
		text = text[:i]
	}
	if _, ok := s.(Markup); ok {
		return Markup(text), nil
	}
	return text, nil
}

func assertion(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return py.Errorf("AssertionError", format, args...)
}

func filterPprint(c *Call, a []any) (any, error) {
	if err := c.r.weigh(a[0]); err != nil {
		return nil, err
	}
	p := prettyPrinter{run: c.r}
	p.format(a[0], 0, 0, 0)
	return p.out.String(), p.err
}
