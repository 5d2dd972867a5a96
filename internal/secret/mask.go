package secret

import (
	"io"
	"net/url"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// MinLength is the number of characters from which on a secret is masked by
// its value. Shorter ones occur in too much that is not secret.
const MinLength = 6

// minLine is the number of characters from which on a single line of a secret
// of several lines (a private key) is masked too: programs print keys indented.
const minLine = 16

// maxNeedle bounds how much of a secret is compared at once, in bytes; longer
// ones are found piece by piece.
const maxNeedle = 4 << 10

// Masker finds the values of secrets in text, as they are and in the forms in
// which they travel: escaped as in JSON, as in Python's repr, and as in URLs.
// It is safe for concurrent use. The nil Masker masks nothing.
type Masker struct {
	byStart map[uint32][]string // by the first four bytes; longest first
	pairs   [1 << 13]uint64     // which first two bytes occur: a filter
	all     []string
	longest int
}

// NewMasker returns a Masker of the values, nil when none is long enough.
func NewMasker(values ...string) *Masker {
	forms := map[string]bool{}
	for _, v := range values {
		addForms(forms, v)
	}
	if len(forms) == 0 {
		return nil
	}
	m := &Masker{byStart: map[uint32][]string{}}
	for f := range forms {
		m.all = append(m.all, f)
	}
	sort.Slice(m.all, func(i, j int) bool {
		if a, b := m.all[i], m.all[j]; len(a) != len(b) {
			return len(a) > len(b)
		}
		return m.all[i] < m.all[j]
	})
	m.longest = len(m.all[0])
	for _, f := range m.all {
		m.byStart[start(f)] = append(m.byStart[start(f)], f)
		pair := uint16(f[0])<<8 | uint16(f[1])
		m.pairs[pair>>6] |= 1 << (pair & 63)
	}
	return m
}

func start(s string) uint32 {
	return uint32(s[0])<<24 | uint32(s[1])<<16 | uint32(s[2])<<8 | uint32(s[3])
}

func addForms(forms map[string]bool, value string) {
	if utf8.RuneCountInString(value) < MinLength {
		return
	}
	pieces := []string{value}
	if strings.ContainsAny(value, "\r\n") {
		for _, line := range strings.FieldsFunc(value, func(r rune) bool { return r == '\n' || r == '\r' }) {
			if line = strings.TrimSpace(line); utf8.RuneCountInString(line) >= minLine {
				pieces = append(pieces, line)
			}
		}
	}
	for _, piece := range pieces {
		for _, form := range writings(piece) {
			addPieces(forms, form)
		}
	}
}

// addPieces cuts a long form into pieces that overlap nowhere; together they
// cover it, so all of it is masked where it occurs.
func addPieces(forms map[string]bool, form string) {
	for len(form) > maxNeedle {
		cut := maxNeedle
		if len(form)-cut < MinLength {
			cut -= MinLength // leave enough for the last piece to be found
		}
		forms[form[:cut]] = true
		form = form[cut:]
	}
	forms[form] = true
}

// writings returns the forms in which programs and protocols write s.
func writings(s string) []string {
	out := []string{s, url.QueryEscape(s), url.PathEscape(s), inner(py.Repr(s))}
	for _, format := range []py.JSONFormat{{}, {ASCII: true}} {
		if text, err := format.Append(nil, s); err == nil {
			out = append(out, inner(string(text)))
		}
	}
	for _, escaped := range out[1:3] {
		out = append(out, lowerEscapes(escaped))
	}
	return append(out, strings.ReplaceAll(out[1], "+", "%20"), strings.ReplaceAll(out[2], "%2F", "/"))
}

// inner cuts the quotes off.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// lowerEscapes writes %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:i+3], strings.ToLower(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// at returns the length of the longest secret at the start of text, 0 for none.
func (m *Masker) at(text string) int {
	if len(text) < 4 {
		return 0
	}
	if pair := uint16(text[0])<<8 | uint16(text[1]); m.pairs[pair>>6]&(1<<(pair&63)) == 0 {
		return 0
	}
	for _, f := range m.byStart[start(text)] {
		if strings.HasPrefix(text, f) {
			return len(f)
		}
	}
	return 0
}

// pending reports whether more text could make a secret of all of text, or a
// longer one than there is.
func (m *Masker) pending(text string) bool {
	if len(text) >= m.longest {
		return false
	}
	candidates := m.all
	if len(text) >= 4 {
		candidates = m.byStart[start(text)]
	}
	for _, f := range candidates {
		if len(f) > len(text) && strings.HasPrefix(f, text) {
			return true
		}
	}
	return false
}

// end returns where a secret that starts at i and is n long ends, together
// with those that begin inside it; ok is false when later text decides.
func (m *Masker) end(text string, i, n int, final bool) (end int, ok bool) {
	end = i + n
	for j := i + 1; j < end; j++ {
		if !final && m.pending(text[j:]) {
			return 0, false
		}
		if n := m.at(text[j:]); j+n > end {
			end = j + n
		}
	}
	return end, true
}

// scan appends text to dst with its secrets masked and returns how much of
// text it dealt with; the rest waits for what comes next, unless final.
func (m *Masker) scan(dst []byte, text string, final bool) ([]byte, int) {
	copied := 0
	for i := 0; i < len(text); {
		if !final && len(text)-i < m.longest && m.pending(text[i:]) {
			return append(dst, text[copied:i]...), i
		}
		n := m.at(text[i:])
		if n == 0 {
			i++
			continue
		}
		end, ok := m.end(text, i, n, final)
		if !ok {
			return append(dst, text[copied:i]...), i
		}
		dst = append(append(dst, text[copied:i]...), Mask...)
		i, copied = end, end
	}
	return append(dst, text[copied:]...), len(text)
}

// String returns s with all secrets masked.
func (m *Masker) String(s string) string {
	if m == nil || !m.in(s) {
		return s
	}
	out, _ := m.scan(nil, s, true)
	return string(out)
}

func (m *Masker) in(s string) bool {
	for i := range len(s) {
		if m.at(s[i:]) > 0 {
			return true
		}
	}
	return false
}

// Value returns v with all secrets masked in every text in it, keys included.
// v is not changed.
func (m *Masker) Value(v any) any {
	if m == nil {
		return v
	}
	return m.value(v)
}

func (m *Masker) value(v any) any {
	switch v := v.(type) {
	case string:
		return m.String(v)
	case *py.Dict:
		return m.dict(v)
	}
	out, _ := eachPart(v, func(_, part any) (any, error) { return m.value(part), nil })
	return out
}

func (m *Masker) dict(d *py.Dict) any {
	keys := false
	for k := range d.All() {
		if s, ok := k.(string); ok && m.in(s) {
			keys = true
		}
	}
	if !keys {
		out, _ := eachPart(d, func(_, part any) (any, error) { return m.value(part), nil })
		return out
	}
	out := py.NewDict(d.Len())
	for k, part := range d.All() {
		out.Set(m.value(k), m.value(part))
	}
	return out
}

// Contains reports whether a secret occurs in any text of v.
func (m *Masker) Contains(v any) bool {
	if m == nil {
		return false
	}
	return !identical(m.Value(v), v)
}

// Texts collects, from the parts of doc at paths, the texts long enough to be
// masked by value. Numbers of that length count as their text.
func Texts[P ~[]any](doc any, paths []P) []string {
	var out []string
	collect(doc, newPathSet(paths), &out)
	return out
}

func collect(v any, set *pathSet, out *[]string) {
	switch {
	case set == nil:
	case set.here:
		gather(v, out)
	default:
		_, _ = eachPart(v, func(step, part any) (any, error) {
			collect(part, set.child(step), out)
			return part, nil
		})
	}
}

func gather(v any, out *[]string) {
	switch v := v.(type) {
	case nil, bool:
	case *py.Dict, []any, *py.List:
		_, _ = eachPart(v, func(_, part any) (any, error) {
			gather(part, out)
			return part, nil
		})
	default:
		if s := py.Str(v); utf8.RuneCountInString(s) >= MinLength {
			*out = append(*out, s)
		}
	}
}

// Writer returns a writer that masks what passes through it to w, also where
// a secret is spread over several writes. What could be the beginning of a
// secret is held back until it is known; Close writes the rest. It does not
// close w and is not safe for concurrent use.
func (m *Masker) Writer(w io.Writer) io.WriteCloser { return &maskWriter{masker: m, to: w} }

type maskWriter struct {
	masker *Masker
	to     io.Writer
	held   string
	out    []byte
}

func (w *maskWriter) Write(p []byte) (int, error) {
	if w.masker == nil {
		return w.to.Write(p)
	}
	if err := w.pass(w.held+string(p), false); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *maskWriter) pass(text string, final bool) error {
	out, done := w.masker.scan(w.out[:0], text, final)
	w.out, w.held = out, text[done:]
	if len(out) == 0 {
		return nil
	}
	_, err := w.to.Write(out)
	return err
}

// Close writes what was held back.
func (w *maskWriter) Close() error {
	if w.masker == nil || w.held == "" {
		return nil
	}
	return w.pass(w.held, true)
}
