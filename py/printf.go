package py

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

// printf is format % arg; kind is what format is, string or bytes.
func printf(format string, arg any, kind string) (string, error) {
	p := printfer{format: format, arg: arg, single: true}
	if t, ok := arg.(Tuple); ok {
		p.args, p.single = t, false
	}
	for {
		i := strings.IndexByte(p.format[p.pos:], '%')
		if i < 0 {
			break
		}
		p.out.WriteString(p.format[p.pos : p.pos+i])
		p.pos += i + 1
		if err := p.directive(); err != nil {
			return "", err
		}
		if p.out.Len() > MaxSize {
			return "", errTooBig
		}
	}
	p.out.WriteString(p.format[p.pos:])
	_, bytesArg := arg.(Bytes)
	if p.left() && (!isMapping(arg) || bytesArg && kind == "bytes") {
		return "", typeErrorf("not all arguments converted during %s formatting", kind)
	}
	return p.out.String(), nil
}

// isMapping is what % takes for one: all that can be subscripted, except
// tuples and strings.
func isMapping(v any) bool {
	switch v.(type) {
	case *Dict, []any, *List, Bytes, Range, Itemer:
		return true
	}
	return false
}

type printfer struct {
	format string
	pos    int // behind the last byte read
	out    strings.Builder
	arg    any   // the right operand
	args   []any // its items when it is a tuple
	next   int
	single bool // arg itself is the only argument
}

// directive is one parsed %…
type directive struct {
	left, plus, space, alt, zero bool
	width, prec                  int // prec is -1 when absent
	kind                         rune
}

func (p *printfer) left() bool {
	if p.single {
		return p.next == 0
	}
	return p.next < len(p.args)
}

func (p *printfer) take() (any, error) {
	if !p.left() {
		return nil, typeErrorf("not enough arguments for format string")
	}
	p.next++
	if p.single {
		return p.arg, nil
	}
	return p.args[p.next-1], nil
}

func (p *printfer) peek() (byte, error) {
	if p.pos >= len(p.format) {
		return 0, valueErrorf("incomplete format")
	}
	return p.format[p.pos], nil
}

func (p *printfer) directive() error {
	if p.pos < len(p.format) && p.format[p.pos] == '%' {
		p.pos++
		return p.out.WriteByte('%')
	}
	d := directive{prec: -1}
	value, keyed, err := p.key()
	if err != nil {
		return err
	}
	if err := p.options(&d); err != nil {
		return err
	}
	at := p.pos
	r, n := utf8.DecodeRuneInString(p.format[p.pos:])
	d.kind = r
	p.pos += n
	if !keyed {
		if value, err = p.take(); err != nil {
			return err
		}
	}
	return p.convert(d, value, at)
}

// key reads (name) and looks it up.
func (p *printfer) key() (v any, found bool, err error) {
	c, err := p.peek()
	if err != nil || c != '(' {
		return nil, false, err
	}
	if !isMapping(p.arg) {
		return nil, false, typeErrorf("format requires a mapping")
	}
	open := 1
	for i := p.pos + 1; i < len(p.format); i++ {
		switch p.format[i] {
		case '(':
			open++
		case ')':
			open--
		}
		if open == 0 {
			name := p.format[p.pos+1 : i]
			p.pos = i + 1
			v, err = GetItem(p.arg, name)
			p.next = 1
			return v, true, err
		}
	}
	return nil, false, valueErrorf("incomplete format key")
}

// options reads flags, width, precision and the ignored length modifier.
func (p *printfer) options(d *directive) error {
	c, err := p.flags(d)
	if err != nil {
		return err
	}
	if d.width, err = p.count(c, "width"); err != nil {
		return err
	}
	if d.width < 0 {
		d.left, d.width = true, -d.width
	}
	if c, err = p.peek(); err != nil {
		return err
	}
	if c == '.' {
		p.pos++
		if c, err = p.peek(); err != nil {
			return err
		}
		n, err := p.count(c, "precision")
		if err != nil {
			return err
		}
		d.prec = max(n, 0)
	}
	if c, err = p.peek(); err != nil {
		return err
	}
	if c == 'h' || c == 'l' || c == 'L' {
		p.pos++
	}
	_, err = p.peek()
	return err
}

// flags returns the byte after them.
func (p *printfer) flags(d *directive) (byte, error) {
	for {
		c, err := p.peek()
		if err != nil {
			return 0, err
		}
		switch c {
		case '-':
			d.left = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.alt = true
		case '0':
			d.zero = true
		default:
			return c, nil
		}
		p.pos++
	}
}

// count reads a width or precision: digits, or * for the next argument.
func (p *printfer) count(c byte, what string) (int, error) {
	if c == '*' {
		p.pos++
		v, err := p.take()
		if err != nil {
			return 0, err
		}
		if !isNumber(v) || TypeName(v) == "float" {
			return 0, typeErrorf("* wants int")
		}
		i, ok := smallInt(v)
		if !ok || i > math.MaxInt32 || i < math.MinInt32 {
			return 0, Errorf("OverflowError", "Python int too large to convert to C long")
		}
		if i > MaxSize || i < -MaxSize {
			return 0, errTooBig
		}
		return int(i), nil
	}
	n := 0
	for p.pos < len(p.format) && p.format[p.pos]-'0' <= 9 {
		limit := math.MaxInt
		if what == "precision" {
			limit = math.MaxInt32
		}
		if n > (limit-9)/10 {
			return 0, valueErrorf("%s too big", what)
		}
		n = n*10 + int(p.format[p.pos]-'0')
		p.pos++
	}
	if n > MaxSize {
		return 0, errTooBig
	}
	return n, nil
}

func (p *printfer) convert(d directive, v any, at int) error {
	var text string
	var err error
	switch d.kind {
	case 's', 'r', 'a':
		text, err = d.text(v)
	case 'c':
		text, err = printfChar(v)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		return p.integer(d, v)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return p.float(d, v)
	default:
		return p.unsupported(d.kind, at)
	}
	if err == nil {
		p.pad(d, "", text, ' ')
	}
	return err
}

func (p *printfer) unsupported(kind rune, at int) error {
	c := kind
	if c < 32 || c > 126 {
		c = '?'
	}
	return valueErrorf("unsupported format character '%c' (0x%x) at index %d", c, kind, runeLen(p.format[:at]))
}

func (d directive) text(v any) (text string, err error) {
	switch d.kind {
	case 's':
		text, err = StrOf(v)
	case 'r':
		text, err = ReprOf(v)
	default:
		text = ASCII(v)
	}
	if d.prec >= 0 && err == nil {
		text = text[:runeOffset(text, d.prec)]
	}
	return text, err
}

func printfChar(v any) (string, error) {
	if s, ok := v.(string); ok && runeLen(s) == 1 {
		return s, nil
	}
	if !isNumber(v) || TypeName(v) == "float" {
		return "", typeErrorf("%%c requires int or char")
	}
	i, ok := smallInt(v)
	if !ok || i < 0 || i > utf8.MaxRune {
		return "", Errorf("OverflowError", "%%c arg not in range(0x110000)")
	}
	return string(rune(i)), nil
}

func (p *printfer) integer(d directive, v any) error {
	b, err := d.integerOf(v)
	if err != nil {
		return err
	}
	base, prefix := 10, ""
	switch d.kind {
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(d.kind)
	}
	digits := new(big.Int).Abs(b).Text(base)
	if d.kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if n := d.prec - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	sign := d.sign(b.Sign() < 0)
	if d.alt {
		sign += prefix
	}
	p.pad(d, sign, digits, d.fill())
	return nil
}

func (d directive) integerOf(v any) (*big.Int, error) {
	f, isFloat := v.(float64)
	decimal := d.kind == 'd' || d.kind == 'i' || d.kind == 'u'
	switch {
	case isFloat && decimal:
		i, err := floatToInt(f)
		return toBig(i), err
	case !isNumber(v) && decimal:
		return nil, typeErrorf("%%%c format: a real number is required, not %s", d.kind, TypeName(v))
	case !isNumber(v) || isFloat:
		return nil, typeErrorf("%%%c format: an integer is required, not %s", d.kind, TypeName(v))
	}
	return toBig(v), nil
}

func (d directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

func (d directive) fill() byte {
	if d.zero {
		return '0'
	}
	return ' '
}

func (p *printfer) float(d directive, v any) error {
	if !isNumber(v) {
		return typeErrorf("must be real number, not %s", TypeName(v))
	}
	f, err := floatOf(v)
	if err != nil {
		return err
	}
	style := floatStyle{kind: byte(d.kind) | 0x20, prec: d.prec, alt: d.alt, upper: d.kind < 'a'}
	if d.prec < 0 {
		style.prec = 6
	}
	p.pad(d, d.sign(math.Signbit(f) && !math.IsNaN(f)), style.format(f), d.fill())
	return nil
}

// pad writes sign and text: zeros go between the two, blanks around them.
func (p *printfer) pad(d directive, sign, text string, fill byte) {
	n := d.width - len(sign) - runeLen(text)
	if n > 0 && !d.left && fill == ' ' {
		p.out.WriteString(strings.Repeat(" ", n))
	}
	p.out.WriteString(sign)
	if n > 0 && !d.left && fill == '0' {
		p.out.WriteString(strings.Repeat("0", n))
	}
	p.out.WriteString(text)
	if n > 0 && d.left {
		p.out.WriteString(strings.Repeat(" ", n))
	}
}
