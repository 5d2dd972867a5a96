package py

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Formatter expands the replacement fields of str.format.
type Formatter struct {
	// Field resolves one step of a compound field name: obj.name, or obj[key]
	// with an int64 or string key. Nil means attributes by Attr and items by
	// GetItem. Names with an underscore in front are refused before.
	Field func(obj, key any, attribute bool) (any, error)
}

// Format is s.format(*args, **kwargs). kwargs may be nil.
func (f Formatter) Format(s string, args []any, kwargs *Dict) (string, error) {
	return f.FormatMap(s, args, func(name string) (any, error) {
		if v, ok := kwargs.GetString(name); ok {
			return v, nil
		}
		return nil, &Error{"KeyError", Repr(name)}
	})
}

// FormatMap is Format with keywords looked up by a function.
func (f Formatter) FormatMap(s string, args []any, keyword func(string) (any, error)) (string, error) {
	if f.Field == nil {
		f.Field = plainField
	}
	x := expansion{Formatter: f, args: args, keyword: keyword}
	if err := x.expand(s, 2); err != nil {
		return "", err
	}
	return x.out.String(), nil
}

// plainField is attribute and item access without any of a host's rules.
func plainField(obj, key any, attribute bool) (any, error) {
	if attribute {
		return GetAttr(obj, key.(string))
	}
	return GetItem(obj, key)
}

type expansion struct {
	Formatter
	args    []any
	keyword func(string) (any, error)
	out     strings.Builder
	next    int  // the next automatic position
	auto    bool // fields are numbered automatically
	manual  bool // fields carry numbers
}

// field is one replacement field.
type field struct {
	name, spec string
	conversion rune
	nested     bool // spec contains fields
}

// expand writes s with its fields replaced; depth counts the nestings allowed.
func (x *expansion) expand(s string, depth int) error {
	if depth <= 0 {
		return valueErrorf("Max string recursion exceeded")
	}
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			return x.write(s)
		}
		c := s[i]
		switch {
		case i+1 < len(s) && s[i+1] == c:
			if err := x.write(s[:i+1]); err != nil {
				return err
			}
			s = s[i+2:]
			continue
		case c == '}':
			return valueErrorf("Single '}' encountered in format string")
		case i+1 == len(s):
			return valueErrorf("Single '{' encountered in format string")
		}
		if err := x.write(s[:i]); err != nil {
			return err
		}
		f, rest, err := parseField(s[i+1:])
		if err != nil {
			return err
		}
		if err := x.render(f, depth); err != nil {
			return err
		}
		s = rest
	}
	return nil
}

func (x *expansion) write(s string) error {
	if x.out.Len()+len(s) > MaxSize {
		return errTooBig
	}
	x.out.WriteString(s)
	return nil
}

// parseField reads a field up to its closing brace.
func parseField(s string) (f field, rest string, err error) {
	i, end := 0, byte(0)
	for i < len(s) && end == 0 {
		switch c := s[i]; c {
		case '{':
			return f, "", valueErrorf("unexpected '{' in field name")
		case '[':
			if j := strings.IndexByte(s[i:], ']'); j >= 0 {
				i += j
			} else {
				i = len(s)
			}
		case '}', ':', '!':
			end = c
		default:
			i++
		}
		if i < len(s) && s[i] == ']' && end == 0 {
			i++
		}
	}
	f.name = s[:min(i, len(s))]
	switch end {
	case 0:
		return f, "", valueErrorf("expected '}' before end of string")
	case '}':
		return f, s[i+1:], nil
	}
	s = s[i+1:]
	if end == '!' {
		if s == "" {
			return f, "", valueErrorf("end of string while looking for conversion specifier")
		}
		r, n := utf8.DecodeRuneInString(s)
		f.conversion, s = r, s[n:]
		switch {
		case strings.HasPrefix(s, "}"):
			return f, s[1:], nil
		case strings.HasPrefix(s, ":"):
			s = s[1:]
		case s != "":
			return f, "", valueErrorf("expected ':' after conversion specifier")
		}
	}
	return parseFieldSpec(f, s)
}

func parseFieldSpec(f field, s string) (field, string, error) {
	open := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			f.nested = true
			open++
		case '}':
			if open--; open == 0 {
				f.spec = s[:i]
				return f, s[i+1:], nil
			}
		}
	}
	return f, "", valueErrorf("unmatched '{' in format spec")
}

func (x *expansion) render(f field, depth int) error {
	v, err := x.lookup(f.name)
	if err != nil {
		return err
	}
	if v, err = convert(v, f.conversion); err != nil {
		return err
	}
	if f.nested {
		inner := expansion{Formatter: x.Formatter, args: x.args, keyword: x.keyword, next: x.next, auto: x.auto, manual: x.manual}
		if err := inner.expand(f.spec, depth-1); err != nil {
			return err
		}
		f.spec = inner.out.String()
		x.next, x.auto, x.manual = inner.next, inner.auto, inner.manual
	}
	text, err := Format(v, f.spec)
	if err != nil {
		return err
	}
	return x.write(text)
}

func convert(v any, conversion rune) (any, error) {
	switch conversion {
	case 0:
		return v, nil
	case 'r':
		return ReprOf(v)
	case 's':
		return StrOf(v)
	case 'a':
		return ASCII(v), nil
	}
	if conversion > 32 && conversion < 127 {
		return nil, valueErrorf("Unknown conversion specifier %c", conversion)
	}
	return nil, valueErrorf("Unknown conversion specifier \\x%x", conversion)
}

// lookup evaluates a field name such as 0.name[key].
func (x *expansion) lookup(name string) (any, error) {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v, err := x.first(name[:end], end == len(name))
	if err != nil {
		return nil, err
	}
	for rest := name[end:]; rest != ""; {
		var key any
		var attribute bool
		if key, attribute, rest, err = nextStep(rest); err != nil {
			return nil, err
		}
		if s, _ := key.(string); attribute && strings.HasPrefix(s, "_") {
			return nil, Errorf("SecurityError", "access to attribute '%s' of '%s' object is unsafe.", s, TypeName(v))
		}
		if v, err = x.Field(v, key, attribute); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// first resolves the argument a field starts from.
func (x *expansion) first(name string, whole bool) (any, error) {
	i, isIndex, err := fieldIndex(name)
	switch {
	case err != nil:
		return nil, err
	case name == "":
		if x.manual {
			return nil, valueErrorf("cannot switch from manual field specification to automatic field numbering")
		}
		x.auto = true
		i = x.next
		x.next++
	case !isIndex:
		return x.keyword(name)
	case x.auto:
		return nil, valueErrorf("cannot switch from automatic field numbering to manual field specification")
	default:
		x.manual = true
	}
	if i >= len(x.args) {
		return nil, Errorf("IndexError", "Replacement index %d out of range for positional args tuple", i)
	}
	return x.args[i], nil
}

// fieldIndex reads a name that is a number.
func fieldIndex(s string) (n int, ok bool, err error) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false, nil
		}
	}
	if s == "" {
		return 0, false, nil
	}
	n, e := strconv.Atoi(s)
	if e != nil || n == math.MaxInt {
		return 0, false, valueErrorf("Too many decimal digits in format string")
	}
	return n, true, nil
}

// nextStep splits .name or [key] off a field name.
func nextStep(s string) (key any, attribute bool, rest string, err error) {
	if s[0] == '.' {
		end := strings.IndexAny(s[1:], ".[")
		if end < 0 {
			end = len(s) - 1
		}
		if end == 0 {
			return nil, false, "", valueErrorf("Empty attribute in format string")
		}
		return s[1 : 1+end], true, s[1+end:], nil
	}
	if s[0] != '[' {
		return nil, false, "", valueErrorf("Only '.' or '[' may follow ']' in format field specifier")
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return nil, false, "", valueErrorf("Missing ']' in format string")
	}
	name := s[1:end]
	if name == "" {
		return nil, false, "", valueErrorf("Empty attribute in format string")
	}
	i, isIndex, err := fieldIndex(name)
	if err != nil {
		return nil, false, "", err
	}
	if isIndex {
		return int64(i), false, s[end+1:], nil
	}
	return name, false, s[end+1:], nil
}
