package py

import (
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

// formatSpec is the parsed text after the colon of a replacement field:
// [[fill]align][sign][z][#][0][width][, or _][.precision][type].
type formatSpec struct {
	fill      string
	align     byte // < > = ^, or 0 for the type's own
	sign      byte // + - space, or 0
	noNegZero bool // z
	alt       bool // #
	width     int
	group     byte // , _ or 0
	prec      int  // -1 when absent
	kind      rune // 0 when absent
}

// Format is format(v, spec).
func Format(v any, spec string) (string, error) {
	if spec == "" {
		return StrOf(v)
	}
	switch v := v.(type) {
	case string:
		return formatString(v, spec)
	case bool, int64, *big.Int:
		return formatInt(v, spec)
	case float64:
		s, err := parseSpec(spec, "float", '>')
		if err != nil {
			return "", err
		}
		return s.float(v, "float")
	case Date:
		return v.Strftime(spec)
	case DateTime:
		return v.Strftime(spec)
	}
	return "", typeErrorf("unsupported format string passed to %s.__format__", TypeName(v))
}

// specParser walks through a specification.
type specParser struct{ rest string }

func (p *specParser) accept(set string) byte {
	if p.rest != "" && strings.IndexByte(set, p.rest[0]) >= 0 {
		c := p.rest[0]
		p.rest = p.rest[1:]
		return c
	}
	return 0
}

// integer reads digits; found is false when there are none.
func (p *specParser) integer() (n int, found bool, err error) {
	for p.rest != "" {
		r, size := utf8.DecodeRuneInString(p.rest)
		d, ok := int(r-'0'), r >= '0' && r <= '9'
		if r >= utf8.RuneSelf {
			d, ok = decimalDigit(r)
		}
		if !ok {
			break
		}
		if n > (math.MaxInt-9)/10 {
			return 0, true, valueErrorf("Too many decimal digits in format string")
		}
		n, found = n*10+d, true
		p.rest = p.rest[size:]
	}
	return n, found, nil
}

func (p *specParser) alignment(s *formatSpec) bool {
	const aligns = "<>=^"
	_, size := utf8.DecodeRuneInString(p.rest)
	if len(p.rest) > size && strings.IndexByte(aligns, p.rest[size]) >= 0 {
		s.fill, s.align = p.rest[:size], p.rest[size]
		p.rest = p.rest[size+1:]
		return true
	}
	s.align = p.accept(aligns)
	return false
}

// parseSpec reads spec for a type; align is the type's default alignment.
func parseSpec(spec, typeName string, align byte) (formatSpec, error) {
	s := formatSpec{fill: " ", prec: -1}
	p := specParser{rest: spec}
	filled := p.alignment(&s)
	s.sign = p.accept("+- ")
	s.noNegZero = p.accept("z") != 0
	s.alt = p.accept("#") != 0
	if !filled && p.accept("0") != 0 {
		s.fill = "0"
		if s.align == 0 && align == '>' {
			s.align = '='
		}
	}
	var err error
	if s.width, _, err = p.integer(); err != nil {
		return s, err
	}
	if s.align == 0 {
		s.align = align
	}
	if err = p.grouping(&s); err != nil {
		return s, err
	}
	if err = p.precision(&s); err != nil {
		return s, err
	}
	if utf8.RuneCountInString(p.rest) > 1 {
		return s, valueErrorf("Invalid format specifier '%s' for object of type '%s'", spec, typeName)
	}
	if p.rest != "" {
		s.kind, _ = utf8.DecodeRuneInString(p.rest)
	}
	if typeName == "str" && s.kind == 0 {
		s.kind = 's'
	}
	if s.width > MaxSize || s.prec > MaxSize {
		return s, errTooBig
	}
	return s, s.checkGrouping()
}

func (p *specParser) grouping(s *formatSpec) error {
	s.group = p.accept(",")
	if c := p.accept("_"); c != 0 {
		if s.group != 0 {
			return valueErrorf("Cannot specify both ',' and '_'.")
		}
		s.group = c
		if p.rest != "" && p.rest[0] == ',' {
			return valueErrorf("Cannot specify both ',' and '_'.")
		}
	}
	return nil
}

func (p *specParser) precision(s *formatSpec) error {
	if p.accept(".") == 0 {
		return nil
	}
	n, found, err := p.integer()
	if err != nil {
		return err
	}
	if !found {
		return valueErrorf("Format specifier missing precision")
	}
	s.prec = n
	return nil
}

func (s formatSpec) checkGrouping() error {
	if s.group == 0 || s.kind == 0 || strings.ContainsRune("defgEFG%", s.kind) ||
		s.group == '_' && strings.ContainsRune("boxX", s.kind) {
		return nil
	}
	if s.kind > 32 && s.kind < 128 {
		return valueErrorf("Cannot specify '%c' with '%c'.", s.group, s.kind)
	}
	return valueErrorf("Cannot specify '%c' with '\\x%x'.", s.group, s.kind)
}

func unknownCode(kind rune, typeName string) *Error {
	if kind > 32 && kind < 128 {
		return valueErrorf("Unknown format code '%c' for object of type '%s'", kind, typeName)
	}
	return valueErrorf("Unknown format code '\\x%x' for object of type '%s'", kind, typeName)
}

func formatString(v, spec string) (string, error) {
	s, err := parseSpec(spec, "str", '<')
	if err != nil {
		return "", err
	}
	switch {
	case s.kind != 's':
		return "", unknownCode(s.kind, "str")
	case s.sign == ' ':
		return "", valueErrorf("Space not allowed in string format specifier")
	case s.sign != 0:
		return "", valueErrorf("Sign not allowed in string format specifier")
	case s.noNegZero:
		return "", valueErrorf("Negative zero coercion (z) not allowed in string format specifier")
	case s.alt:
		return "", valueErrorf("Alternate form (#) not allowed in string format specifier")
	case s.align == '=':
		return "", valueErrorf("'=' alignment not allowed in string format specifier")
	}
	if s.prec >= 0 {
		v = v[:runeOffset(v, s.prec)]
	}
	return s.pad(v)
}

// pad aligns text that needs no padding inside.
func (s formatSpec) pad(text string) (string, error) {
	n := s.width - runeLen(text)
	if n <= 0 {
		return text, nil
	}
	left := 0
	switch s.align {
	case '>', '=':
		left = n
	case '^':
		left = n / 2
	}
	if n*len(s.fill) > MaxSize {
		return "", errTooBig
	}
	return strings.Repeat(s.fill, left) + text + strings.Repeat(s.fill, n-left), nil
}

func formatInt(v any, spec string) (string, error) {
	s, err := parseSpec(spec, TypeName(v), '>')
	if err != nil {
		return "", err
	}
	switch s.kind {
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, err := floatOf(v)
		if err != nil {
			return "", err
		}
		return s.float(f, "int")
	}
	switch {
	case s.kind != 0 && !strings.ContainsRune("bcdnoxX", s.kind):
		return "", unknownCode(s.kind, TypeName(v))
	case s.prec >= 0:
		return "", valueErrorf("Precision not allowed in integer format specifier")
	case s.noNegZero:
		return "", valueErrorf("Negative zero coercion (z) not allowed in integer format specifier")
	}
	if s.kind == 'c' {
		return s.char(v)
	}
	return s.integer(toBig(v))
}

func (s formatSpec) char(v any) (string, error) {
	if s.sign != 0 {
		return "", valueErrorf("Sign not allowed with integer format specifier 'c'")
	}
	if s.alt {
		return "", valueErrorf("Alternate form (#) not allowed with integer format specifier 'c'")
	}
	c, err := charOf(v)
	if err != nil {
		return "", err
	}
	return s.number("", "", c, "")
}

// charOf is chr() with the text of format codes.
func charOf(v any) (string, error) {
	i, ok := smallInt(v)
	if !ok {
		return "", Errorf("OverflowError", "Python int too large to convert to C long")
	}
	if i < 0 || i > utf8.MaxRune {
		return "", Errorf("OverflowError", "%%c arg not in range(0x110000)")
	}
	return string(rune(i)), nil
}

func (s formatSpec) integer(b *big.Int) (string, error) {
	base, prefix := 10, ""
	switch s.kind {
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.kind)
	}
	digits := new(big.Int).Abs(b).Text(base)
	if s.kind == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !s.alt {
		prefix = ""
	}
	return s.number(s.signOf(b.Sign() < 0), prefix, digits, "")
}

func (s formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign == '+' || s.sign == ' ':
		return string(s.sign)
	}
	return ""
}

func (s formatSpec) float(f float64, typeName string) (string, error) {
	style := floatStyle{prec: s.prec, alt: s.alt}
	if style.prec < 0 {
		style.prec = 6
	}
	percent := ""
	switch s.kind {
	case 0:
		style.kind, style.dot = 'g', true
		if s.prec < 0 {
			style.kind = 'r'
		}
	case 'e', 'f', 'g':
		style.kind = byte(s.kind)
	case 'E', 'F', 'G':
		style.kind, style.upper = byte(s.kind)|0x20, true
	case 'n':
		style.kind = 'g'
	case '%':
		style.kind, percent = 'f', "%"
		f *= 100
	default:
		return "", unknownCode(s.kind, typeName)
	}
	text := style.format(f)
	negative := math.Signbit(f) && !math.IsNaN(f)
	if s.noNegZero && negative && strings.Trim(text, "0.eE+-") == "" {
		negative = false
	}
	whole := len(text) - len(strings.TrimLeft(text, "0123456789"))
	if special(f) {
		whole = len(text)
	}
	return s.number(s.signOf(negative), "", text[:whole], text[whole:]+percent)
}

// number joins sign, prefix, digits (which may be grouped) and the rest, and
// pads: between prefix and digits for '='.
func (s formatSpec) number(sign, prefix, digits, rest string) (string, error) {
	zeros := 0
	if s.fill == "0" && s.align == '=' {
		zeros = s.width - len(sign) - len(prefix) - len(rest)
	}
	if s.group != 0 {
		size := 3
		if s.kind != 0 && strings.ContainsRune("boxX", s.kind) {
			size = 4
		}
		digits = groupDigits(digits, string(s.group), size, zeros)
	}
	if s.align != '=' {
		return s.pad(sign + prefix + digits + rest)
	}
	n := s.width - len(sign) - len(prefix) - runeLen(digits) - len(rest)
	if n > 0 && n*len(s.fill) > MaxSize {
		return "", errTooBig
	}
	return sign + prefix + strings.Repeat(s.fill, max(n, 0)) + digits + rest, nil
}

// groupDigits inserts separators from the right, with leading zeros (grouped
// too) up to width; a separator never comes first, so the result may be one
// wider.
func groupDigits(digits, sep string, size, width int) string {
	if digits != "" && !(digits[0] >= '0' && digits[0] <= '9') && size == 3 {
		size = MaxSize // inf and nan are one group
	}
	var groups []string
	for {
		n := min(size, max(len(digits), width, 1))
		from := max(len(digits)-n, 0)
		part := digits[from:]
		groups = append(groups, strings.Repeat("0", n-len(part))+part)
		digits = digits[:from]
		if width -= n; digits == "" && width <= 0 {
			break
		}
		width -= len(sep)
	}
	for i, j := 0, len(groups)-1; i < j; i, j = i+1, j-1 {
		groups[i], groups[j] = groups[j], groups[i]
	}
	return strings.Join(groups, sep)
}
