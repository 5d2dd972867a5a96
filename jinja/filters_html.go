package jinja

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/galehq/gale/py"
)

func filterEscape(c *Call, a []any) (any, error) { return c.r.mark(c.r.escape(a[0])) }

// mark notes that Markup arose, which a result must not contain.
func (r *run) mark(m Markup, err error) (any, error) {
	r.exotic = true
	return m, err
}

func filterForceescape(c *Call, a []any) (any, error) {
	s, err := c.Str(a[0])
	if err != nil {
		return nil, err
	}
	return c.r.mark(c.r.escape(s))
}

func filterSafe(c *Call, a []any) (any, error) {
	s, err := c.Str(a[0])
	return c.r.mark(Markup(s), err)
}

func filterStriptags(c *Call, a []any) (any, error) {
	s, err := c.Str(a[0])
	if err != nil {
		return nil, err
	}
	return stripTags(s), nil
}

// stripTags removes tags and comments, collapses white space and resolves
// entities.
func stripTags(s string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(s, '<')
		if start < 0 {
			break
		}
		open, end := start, ">"
		if strings.HasPrefix(s[start:], "<!--") {
			open, end = start+4, "-->"
		}
		i := strings.Index(s[open:], end)
		if i < 0 {
			break
		}
		b.WriteString(s[:start])
		s = s[open+i+len(end):]
	}
	b.WriteString(s)
	return unescapeHTML(strings.Join(strings.FieldsFunc(b.String(), isSpace), " "))
}

func unescapeHTML(s string) string { return html.UnescapeString(s) }

var jsonHTML = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

func filterTojson(c *Call, a []any) (any, error) {
	f := py.JSONFormat{SortKeys: true, ASCII: true, Spaces: true, Constants: true}
	if isText(a[0]) {
		a[1] = nil // not even looked at
	}
	switch indent := plain(a[1]).(type) {
	case nil:
	case *Undefined:
		return nil, indent.Err()
	case string:
		f.Indent = indent
	default:
		n, err := intArg(indent)
		if err != nil {
			return nil, err
		}
		if n > 1000 {
			return nil, py.Errorf("MemoryError", "")
		}
		f.Indent = strings.Repeat(" ", max(n, 0))
	}
	if err := c.r.weigh(a[0]); err != nil {
		return nil, err
	}
	v, err := c.r.forJSON(a[0])
	if err != nil {
		return nil, err
	}
	text, err := f.Append(nil, v)
	if err != nil {
		return nil, err
	}
	if len(text) > py.MaxSize/6 {
		return nil, py.Errorf("MemoryError", "")
	}
	return c.r.mark(Markup(jsonHTML.Replace(string(text))), c.r.spendBytes(len(text)))
}

// forJSON refuses what JSON has no text for and turns the engine's own types
// into those that package py knows.
func (r *run) forJSON(v any) (any, error) {
	switch v := v.(type) {
	case *generator, *Undefined, *namespace, *macro, *loopContext, *method, *Function, *cycler, *joiner:
		return nil, typeErrorf("Object of type %s is not JSON serializable", py.TypeName(v))
	}
	if !r.exotic {
		return v, nil
	}
	return r.releaseAt(v, map[any]any{}, 0)
}

func filterXmlattr(c *Call, a []any) (any, error) {
	if u, ok := a[0].(*Undefined); ok {
		return nil, u.Err()
	}
	d, ok := a[0].(*py.Dict)
	if !ok {
		return nil, noAttribute(a[0], "items")
	}
	space, err := c.Truth(a[1])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for k, v := range d.All() {
		if v == nil || IsUndefined(v) {
			continue
		}
		key, ok := k.(string)
		if !ok {
			return nil, typeErrorf("expected string or bytes-like object, got '%s'", py.TypeName(k))
		}
		if strings.ContainsAny(key, " \t\n\r\f\v/>=") {
			return nil, py.Errorf("ValueError", "Invalid character in attribute name: %s", py.Repr(key))
		}
		value, err := c.r.escape(v)
		if err != nil {
			return nil, err
		}
		if b.Len() > 0 || space {
			b.WriteByte(' ')
		}
		b.WriteString(string(escapeText(key)) + `="` + string(value) + `"`)
	}
	if c.r.escaping {
		return c.r.mark(Markup(b.String()), nil)
	}
	return b.String(), nil
}

func filterUrlencode(c *Call, a []any) (any, error) {
	pairs := plain(a[0])
	switch v := pairs.(type) {
	case string:
		return quoteURL(v, false), nil
	case *py.Dict:
		pairs = py.NewView(v, py.ItemsView)
	case nil, bool, int64, float64:
		s, err := c.Str(v)
		return quoteURL(s, false), err
	}
	cur, err := c.r.iterate(pairs)
	if Class(err) == "TypeError" {
		s, err := c.Str(pairs)
		return quoteURL(s, false), err
	}
	if err != nil {
		return nil, err
	}
	var parts []string
	for {
		pair, ok, err := cur.next(c.r)
		if err != nil {
			return nil, err
		}
		if !ok {
			return c.r.concat([]string{strings.Join(parts, "&")}, 0)
		}
		kv, err := c.r.unpack(pair, 2)
		if err != nil {
			return nil, err
		}
		var text [2]string
		for i := range text {
			if text[i], err = c.Str(kv[i]); err != nil {
				return nil, err
			}
		}
		parts = append(parts, quoteURL(text[0], true)+"="+quoteURL(text[1], true))
	}
}

// quoteURL quotes s for a path, or for a query where a blank is + and / is
// quoted too.
func quoteURL(s string, query bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', isDigit(c), strings.IndexByte("_.-~", c) >= 0, c == '/' && !query:
			b.WriteByte(c)
		case c == ' ' && query:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// linker turns addresses in a text into links.
type linker struct {
	limit   int // of the text of a link, in code points; -1 is none
	attrs   string
	schemes []string
}

func filterUrlize(c *Call, a []any) (any, error) {
	text, err := c.r.escape(a[0])
	if err != nil {
		return nil, err
	}
	l := linker{limit: -1}
	if a[1] != nil {
		if l.limit, err = intArg(a[1]); err != nil {
			return nil, err
		}
	}
	if err := l.attributes(c, a[2], a[3], a[4]); err != nil {
		return nil, err
	}
	if a[5] != nil {
		err := c.Each(a[5], func(v any) error {
			s, ok := plain(v).(string)
			if !ok {
				return typeErrorf("expected string or bytes-like object, got '%s'", py.TypeName(v))
			}
			if !uriScheme.MatchString(s) {
				return argumentErrorf("%s is not a valid URI scheme prefix.", py.Repr(s))
			}
			l.schemes = append(l.schemes, s)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if err := c.Spend(len(text)); err != nil {
		return nil, err
	}
	out := l.text(string(text))
	if c.r.escaping {
		return c.r.mark(Markup(out), nil)
	}
	return out, nil
}

// attributes prepares the attributes rel and target of links.
func (l *linker) attributes(c *Call, nofollow, target, rel any) error {
	parts := map[string]bool{"noopener": true}
	if ok, err := c.Truth(rel); err != nil {
		return err
	} else if ok {
		s, err := c.Str(rel)
		if err != nil {
			return err
		}
		for _, f := range strings.FieldsFunc(s, isSpace) {
			parts[f] = true
		}
	}
	if ok, err := c.Truth(nofollow); err != nil {
		return err
	} else if ok {
		parts["nofollow"] = true
	}
	var sorted []string
	for p := range parts {
		sorted = append(sorted, p)
	}
	slices.Sort(sorted)
	l.attrs = ` rel="` + string(escapeText(strings.Join(sorted, " "))) + `"`
	if ok, err := c.Truth(target); err != nil || !ok {
		return err
	}
	m, err := c.r.escape(target)
	l.attrs += ` target="` + string(m) + `"`
	return err
}

var (
	uriScheme = regexp.MustCompile(`^[\pL\pN_.+-]{2,}:/{0,2}$`)
	wordOrGap = regexp.MustCompile(`\s+|\S+`)
	linkHead  = regexp.MustCompile(`^(?:[(<]|&lt;)+`)
	linkTail  = regexp.MustCompile(`(?:[)>.,\n]|&gt;)+$`)
	email     = regexp.MustCompile(`^\S+@[\pL\pN_][\pL\pN_.-]*\.[\pL\pN_]+$`)
	webURL    = regexp.MustCompile(`(?i)^(?:` +
		`(?:https?://|www\.)(?:(?:[\pL\pN_%-]+\.)+)?(?:[a-z]{2,63}|xn--[\pL\pN_%]{2,59})` +
		`|(?:[\pL\pN_%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)` +
		`|https?://(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[(?:[0-9a-f]{0,4}:){2}(?:[0-9a-f]{0,4}:?){1,6}\])` +
		`)(?::[0-9]{1,5})?(?:[/?#]\S*)?$`)
)

func (l linker) text(s string) string {
	return wordOrGap.ReplaceAllStringFunc(s, l.word)
}

func (l linker) word(word string) string {
	head := linkHead.FindString(word)
	middle, tail := word[len(head):], ""
	if at := linkTail.FindStringIndex(middle); at != nil {
		middle, tail = middle[:at[0]], middle[at[0]:]
	}
	// Parentheses of a URL belong to it when they are balanced.
	for _, pair := range [][2]string{{"(", ")"}, {"<", ">"}, {"&lt;", "&gt;"}} {
		open := strings.Count(middle, pair[0])
		if open <= strings.Count(middle, pair[1]) {
			continue
		}
		for range min(open, strings.Count(tail, pair[1])) {
			end := strings.Index(tail, pair[1]) + len(pair[1])
			middle, tail = middle+tail[:end], tail[end:]
		}
	}
	return head + l.link(middle) + tail
}

// link returns s as a link, if it is an address.
func (l linker) link(s string) string {
	switch {
	case webURL.MatchString(s):
		href := s
		if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
			href = "https://" + s
		}
		return `<a href="` + href + `"` + l.attrs + `>` + l.trim(s) + `</a>`
	case strings.HasPrefix(s, "mailto:") && email.MatchString(s[len("mailto:"):]):
		return `<a href="` + s + `">` + s[len("mailto:"):] + `</a>`
	case strings.Contains(s, "@") && !strings.HasPrefix(s, "www.") && !strings.HasPrefix(s, "@") &&
		!strings.Contains(s, ":") && email.MatchString(s):
		return `<a href="mailto:` + s + `">` + s + `</a>`
	}
	for _, scheme := range l.schemes {
		if s != scheme && strings.HasPrefix(s, scheme) {
			s = `<a href="` + s + `"` + l.attrs + `>` + s + `</a>`
		}
	}
	return s
}

// trim shortens the text of a link.
func (l linker) trim(s string) string {
	if runes := []rune(s); l.limit >= 0 && len(runes) > l.limit {
		return string(runes[:l.limit]) + "..."
	}
	return s
}
