package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// params reads the declared parameters of a request.
func (rt *route) params(r *http.Request, vars *[maxVars]string) ([]value, error) {
	op := rt.op
	values := make([]value, len(op.Params))
	for i, p := range rt.vars {
		values[p] = value{set: true, s: vars[i]}
	}
	if err := op.query(r.URL.RawQuery, values); err != nil {
		return nil, err
	}
	for i := range op.Params {
		p, v := &op.Params[i], &values[i]
		if p.In == "header" {
			if list := r.Header.Values(p.Name); len(list) > 0 {
				*v = value{set: true, s: list[0]}
			}
		}
		if err := p.cast(v); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// query notes the texts of declared query parameters; of a name that is given
// twice the last counts, and undeclared names are ignored.
func (op *Operation) query(raw string, values []value) error {
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, text, _ := strings.Cut(pair, "=")
		i := op.queryParam(unescape(name))
		if i < 0 {
			continue
		}
		text = unescape(text)
		if !utf8.ValidString(text) {
			return Errorf(http.StatusBadRequest, "Failed to parse request query. Parameter %q is not valid UTF-8.", op.Params[i].Name)
		}
		values[i] = value{set: true, s: text}
	}
	return nil
}

func (op *Operation) queryParam(name string) int {
	for i := range op.Params {
		if p := &op.Params[i]; p.In == "query" && p.Name == name {
			return i
		}
	}
	return -1
}

// cast turns the text of a parameter that was given into its type, and puts
// the default for one that was not.
func (p *Param) cast(v *value) error {
	if v.set {
		return p.parse(v.s, v)
	}
	if p.initial.set {
		*v = p.initial
		return nil
	}
	if p.Required {
		return Errorf(http.StatusBadRequest, `Required parameter "%s" is missing`, p.Name)
	}
	return nil
}

// parse reads text as a value of p's type.
func (p *Param) parse(text string, v *value) error {
	v.set, v.s = true, text
	switch p.Type {
	case "integer":
		n, ok := parseInteger(text)
		if !ok {
			return p.notOfType()
		}
		v.n = n
	case "boolean":
		b, ok := parseBoolean(text)
		if !ok {
			return p.notOfType()
		}
		v.b = b
	case "array":
		v.list = strings.Split(text, ",")
	}
	return nil
}

func (p *Param) notOfType() error {
	return Errorf(http.StatusBadRequest, `Parameter "%s" is not of type %s`, p.As, p.Type)
}

// parseInteger takes a minus sign and decimal digits, nothing else. Numbers
// beyond 64 bits, which StackStorm would take, are refused.
func parseInteger(text string) (int64, bool) {
	if strings.HasPrefix(text, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// maxBoolean is the length of the longest word for a boolean.
const maxBoolean = len("false")

func parseBoolean(text string) (b, ok bool) {
	if len(text) > maxBoolean {
		return false, false
	}
	switch strings.ToLower(text) {
	case "true", "1", "yes", "y":
		return true, true
	case "false", "0", "no", "n":
		return false, true
	}
	return false, false
}

// queryValue returns the last value of name in a raw query.
func queryValue(raw, name string) string {
	last := ""
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if key, text, _ := strings.Cut(pair, "="); unescape(key) == name {
			last = unescape(text)
		}
	}
	return last
}

// unescape decodes a part of a query as Python does: a plus is a blank, and a
// percent sign that begins no escape stands for itself.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// parseForm reads an urlencoded body: name → list of texts, in order of first
// appearance; fields without a value are left out, as Python's parse_qs does.
func parseForm(raw string) (map[string][]any, []string, error) {
	if strings.Count(raw, "&") >= maxFormFields {
		return nil, nil, errors.New("Max number of fields exceeded")
	}
	fields, names := map[string][]any{}, []string(nil)
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		name, text, _ := strings.Cut(pair, "=")
		if text == "" {
			continue
		}
		name = strings.ToValidUTF8(unescape(name), "\uFFFD")
		if _, seen := fields[name]; !seen {
			names = append(names, name)
		}
		fields[name] = append(fields[name], strings.ToValidUTF8(unescape(text), "\uFFFD"))
	}
	return fields, names, nil
}

// maxFormFields bounds the memory that a form can ask for.
const maxFormFields = 10_000
