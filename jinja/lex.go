package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// lexer cuts a template into tokens, one at a time and only when asked: a
// mistake of the parser's concern is reported before a lexical one behind it.
type lexer struct {
	src    string // newlines are \n
	at     int    // bytes read
	opts   *Options
	inside kind   // tVariableBegin or tBlockBegin while inside such a tag, else tEOF
	braces []byte // closing characters that are awaited inside a tag

	// lineStart tells that nothing but a newline precedes at.
	lineStart bool

	// Position of the byte markAt; positions are asked for in order.
	mark   pos
	markAt int
}

func newLexer(src string, opts *Options) *lexer {
	src = normalizeNewlines(src)
	if !opts.KeepTrailingNewline {
		src = strings.TrimSuffix(src, "\n")
	}
	return &lexer{src: src, opts: opts, lineStart: true, mark: pos{1, 1}}
}

// place returns the position of byte i, which is not before the last one asked.
func (l *lexer) place(i int) pos {
	s := l.src[l.markAt:i]
	if n := strings.Count(s, "\n"); n > 0 {
		l.mark.line += int32(n)
		l.mark.col = 1
		s = s[strings.LastIndexByte(s, '\n')+1:]
	}
	l.mark.col += int32(utf8.RuneCountInString(s))
	l.markAt = i
	return l.mark
}

func (l *lexer) fail(at int, format string, args ...any) error {
	return errorf(ClassSyntax, format, args...).at(l.place(at))
}

// next returns the next token. At the end it returns tEOF, again and again.
func (l *lexer) next() (token, error) {
	if l.inside != tEOF {
		return l.insideTag()
	}
	for l.at < len(l.src) {
		t, ok, err := l.text()
		if ok || err != nil {
			return t, err
		}
	}
	return token{kind: tEOF, pos: l.place(l.at)}, nil
}

// text reads data up to a tag, or the beginning of a tag. It returns ok false
// after what leaves no token: comments, and data that was stripped away.
func (l *lexer) text() (t token, ok bool, err error) {
	start := l.at
	tag := findTag(l.src[start:])
	if tag < 0 {
		l.at = len(l.src)
		return token{kind: tData, text: l.src[start:], pos: l.place(start)}, true, nil
	}
	data, opener := l.src[start:start+tag], l.src[start+tag+1]
	sign := signAt(l.src[start+tag+2:])
	if tag > 0 {
		// The data is its own token; the tag is read by the next call.
		data = l.strip(data, opener != '{', sign)
		l.at = start + tag
		l.lineStart = strings.HasSuffix(l.src[start:l.at], "\n")
		if data == "" {
			return token{}, false, nil
		}
		return token{kind: tData, text: data, pos: l.place(start)}, true, nil
	}
	l.at += 2 + len(sign)
	switch opener {
	case '#':
		return token{}, false, l.comment()
	case '{':
		l.inside = tVariableBegin
	default:
		if end := rawBegin(l.src[l.at:]); end > 0 {
			l.at += end
			l.lineStart = l.src[l.at-1] == '\n'
			return l.raw()
		}
		l.inside = tBlockBegin
	}
	l.lineStart = false
	return token{kind: l.inside, pos: l.place(start)}, true, nil
}

// findTag returns the index of the first "{{", "{%" or "{#", or -1.
func findTag(s string) int {
	for i := 0; ; {
		j := strings.IndexByte(s[i:], '{')
		if j < 0 || i+j+1 >= len(s) {
			return -1
		}
		i += j + 1
		if c := s[i]; c == '{' || c == '%' || c == '#' {
			return i - 1
		}
	}
}

// signAt returns "-", "+" or "": the whitespace control at the start of s.
func signAt(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[:1]
	}
	return ""
}

// strip applies whitespace control to the data in front of a tag. block tells
// that lstrip_blocks may apply: all tags but {{.
func (l *lexer) strip(data string, block bool, sign string) string {
	switch {
	case sign == "-":
		return strings.TrimRightFunc(data, isSpace)
	case sign == "+" || !block || !l.opts.LstripBlocks:
		return data
	}
	line := strings.LastIndexByte(data, '\n') + 1
	if line == 0 && !l.lineStart {
		return data
	}
	if strings.TrimLeftFunc(data[line:], isSpace) == "" {
		return data[:line]
	}
	return data
}

// comment skips to behind the end of a comment. A template that ends right
// behind the opening is let through, as in the original.
func (l *lexer) comment() error {
	if l.at >= len(l.src) {
		return nil
	}
	end := strings.Index(l.src[l.at:], "#}")
	if end < 0 {
		return l.fail(l.at, "Missing end of comment tag")
	}
	sign := ""
	if end > 0 {
		sign = signAt(l.src[l.at+end-1:])
	}
	l.at += end + 2
	l.closeTag(sign)
	return nil
}

// closeTag applies the whitespace control of a closing block or comment tag
// that ends at l.at.
func (l *lexer) closeTag(sign string) {
	switch {
	case sign == "-":
		l.skipSpace()
	case sign == "" && l.opts.TrimBlocks && strings.HasPrefix(l.src[l.at:], "\n"):
		l.at++
	}
	l.lineStart = l.src[l.at-1] == '\n'
}

func (l *lexer) skipSpace() {
	l.at = len(l.src) - len(strings.TrimLeftFunc(l.src[l.at:], isSpace))
}

// rawBegin returns the length of the rest of an opening raw tag, or 0. The
// newline behind it stays, whatever the options say.
func rawBegin(s string) int {
	rest, ok := strings.CutPrefix(strings.TrimLeftFunc(s, isSpace), "raw")
	if !ok {
		return 0
	}
	rest = strings.TrimLeftFunc(rest, isSpace)
	if r, ok := strings.CutPrefix(rest, "-%}"); ok {
		return len(s) - len(strings.TrimLeftFunc(r, isSpace))
	}
	if r, ok := strings.CutPrefix(rest, "%}"); ok {
		return len(s) - len(r)
	}
	return 0
}

// raw reads the data of a raw block and its closing tag.
func (l *lexer) raw() (token, bool, error) {
	start := l.at
	if start >= len(l.src) {
		return token{}, false, nil
	}
	for i := start; ; i += 2 {
		j := strings.Index(l.src[i:], "{%")
		if j < 0 {
			return token{}, false, l.fail(start, "Missing end of raw directive")
		}
		i += j
		open, sign, end := rawEnd(l.src[i:])
		if end == 0 {
			continue
		}
		data := l.strip(l.src[start:i], true, open)
		t := token{kind: tData, text: data, pos: l.place(start)}
		l.at = i + end
		l.closeTag(sign)
		return t, data != "", nil
	}
}

// rawEnd matches "{% endraw %}" at the start of s and returns the signs at
// both ends and its length, 0 for no match.
func rawEnd(s string) (open, sign string, n int) {
	rest := s[2:]
	open = signAt(rest)
	rest = strings.TrimLeftFunc(rest[len(open):], isSpace)
	rest, ok := strings.CutPrefix(rest, "endraw")
	if !ok {
		return "", "", 0
	}
	rest = strings.TrimLeftFunc(rest, isSpace)
	sign = signAt(rest)
	rest, ok = strings.CutPrefix(rest[len(sign):], "%}")
	if !ok {
		return "", "", 0
	}
	return open, sign, len(s) - len(rest)
}

// insideTag returns the next token of a {{ or {% tag.
func (l *lexer) insideTag() (token, error) {
	for {
		if len(l.braces) == 0 {
			if t, ok := l.tagEnd(); ok {
				return t, nil
			}
		}
		start := l.at
		l.skipSpace()
		if l.at == start {
			break
		}
	}
	if l.at >= len(l.src) {
		return token{kind: tEOF, pos: l.place(l.at)}, nil
	}
	rest := l.src[l.at:]
	if n := floatLen(rest, l.at > 0 && l.src[l.at-1] == '.'); n > 0 {
		return l.float(n)
	}
	if n := integerLen(rest); n > 0 {
		return l.integer(n)
	}
	if n := wordLen(rest); n > 0 {
		return l.name(n)
	}
	if n := stringLen(rest); n > 0 {
		return l.string(n)
	}
	if k, s, ok := operatorAt(rest); ok {
		return l.operator(k, s)
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return token{}, l.fail(l.at, "unexpected char %s at %d", py.Repr(string(r)), utf8.RuneCountInString(l.src[:l.at]))
}

// tagEnd reads the closing of the current tag, if it stands here.
func (l *lexer) tagEnd() (token, bool) {
	closer, end := "%}", tBlockEnd
	if l.inside == tVariableBegin {
		closer, end = "}}", tVariableEnd
	}
	sign := signAt(l.src[l.at:])
	if end == tVariableEnd && sign == "+" {
		sign = ""
	}
	if !strings.HasPrefix(l.src[l.at+len(sign):], closer) {
		return token{}, false
	}
	t := token{kind: end, pos: l.place(l.at)}
	l.at += len(sign) + 2
	l.inside = tEOF
	switch {
	case end == tBlockEnd:
		l.closeTag(sign)
	case sign == "-":
		l.skipSpace()
		fallthrough
	default:
		l.lineStart = l.src[l.at-1] == '\n'
	}
	return t, true
}

func (l *lexer) take(k kind, n int) token {
	t := token{kind: k, text: l.src[l.at : l.at+n], pos: l.place(l.at)}
	l.at += n
	return t
}

func (l *lexer) operator(k kind, s string) (token, error) {
	switch k {
	case tLBrace:
		l.braces = append(l.braces, '}')
	case tLParen:
		l.braces = append(l.braces, ')')
	case tLBracket:
		l.braces = append(l.braces, ']')
	case tRBrace, tRParen, tRBracket:
		n := len(l.braces)
		if n == 0 {
			return token{}, l.fail(l.at, "unexpected '%s'", s)
		}
		if want := l.braces[n-1]; want != s[0] {
			return token{}, l.fail(l.at, "unexpected '%s', expected '%c'", s, want)
		}
		l.braces = l.braces[:n-1]
	}
	return l.take(k, len(s)), nil
}

func (l *lexer) name(n int) (token, error) {
	t := l.take(tName, n)
	if !isIdentifier(t.text) {
		return t, errorf(ClassSyntax, "Invalid character in identifier").at(t.pos)
	}
	return t, nil
}

// wordLen returns the length of the letters, digits and underscores at the
// start of s.
func wordLen(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) && (i == 0 || !unicode.IsMark(r)) {
			return i
		}
	}
	return len(s)
}

func isIdentifier(s string) bool {
	for i, r := range s {
		switch {
		case r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r):
		case i > 0 && (unicode.IsDigit(r) || unicode.IsMark(r)):
		default:
			return false
		}
	}
	return s != ""
}

// isSpace reports whether Python takes r for white space.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }
