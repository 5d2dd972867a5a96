package py

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// codecOf returns the canonical name of an encoding, or "".
func codecOf(name string) string {
	name = strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name))
	switch name {
	case "utf-8", "utf8", "u8", "cp65001":
		return "utf-8"
	case "ascii", "us-ascii", "646":
		return "ascii"
	case "latin-1", "latin1", "iso-8859-1", "iso8859-1", "l1", "8859":
		return "latin-1"
	case "utf-16", "utf16", "utf-16-le", "utf-16le", "utf-16-be", "utf-16be":
		return strings.Replace(strings.Replace(strings.Replace(name, "utf16", "utf-16", 1), "16le", "16-le", 1), "16be", "16-be", 1)
	}
	return ""
}

// codecArgs reads the two arguments of encode and decode.
func codecArgs(a []any, method string) (codec, errors string, err error) {
	codec, errors = "utf-8", "strict"
	if given(a[0]) {
		name, ok := a[0].(string)
		if !ok {
			return "", "", typeErrorf("%s() argument 'encoding' must be str, not %s", method, TypeName(a[0]))
		}
		if codec = codecOf(name); codec == "" {
			return "", "", Errorf("LookupError", "unknown encoding: %s", name)
		}
	}
	if given(a[1]) {
		var ok bool
		if errors, ok = a[1].(string); !ok {
			return "", "", typeErrorf("%s() argument 'errors' must be str, not %s", method, TypeName(a[1]))
		}
	}
	return codec, errors, nil
}

func strEncode(self any, a []any) (any, error) {
	codec, errors, err := codecArgs(a, "encode")
	if err != nil {
		return nil, err
	}
	s := self.(string)
	switch codec {
	case "utf-8":
		return Bytes(s), nil
	case "ascii":
		return encodeNarrow(s, 0x80, "ascii", errors)
	case "latin-1":
		return encodeNarrow(s, 0x100, "latin-1", errors)
	}
	return encode16(s, codec), nil
}

// encodeNarrow encodes characters below limit as one byte each.
func encodeNarrow(s string, limit rune, codec, errors string) (any, error) {
	var b strings.Builder
	position := 0
	for _, r := range s {
		switch {
		case r < limit:
			b.WriteByte(byte(r))
		case errors == "ignore":
		case errors == "replace":
			b.WriteByte('?')
		case errors == "xmlcharrefreplace":
			fmt.Fprintf(&b, "&#%d;", r)
		case errors == "backslashreplace":
			b.Write(appendEscape(nil, r))
		case errors == "strict":
			return nil, encodeError(s, limit, codec, position)
		default:
			return nil, Errorf("LookupError", "unknown error handler name '%s'", errors)
		}
		position++
	}
	return Bytes(b.String()), nil
}

// encodeError words one character, or a run of them, as CPython does.
func encodeError(s string, limit rune, codec string, from int) *Error {
	tail := s[runeOffset(s, from):]
	n := 0
	for _, r := range tail {
		if r < limit {
			break
		}
		n++
	}
	if n > 1 {
		return Errorf("UnicodeEncodeError", "'%s' codec can't encode characters in position %d-%d: ordinal not in range(%d)", codec, from, from+n-1, limit)
	}
	r, _ := utf8.DecodeRuneInString(tail)
	return Errorf("UnicodeEncodeError", "'%s' codec can't encode character '%s' in position %d: ordinal not in range(%d)", codec, appendEscape(nil, r), from, limit)
}

func encode16(s, codec string) Bytes {
	var b []byte
	big := codec == "utf-16-be"
	if codec == "utf-16" {
		b = append(b, 0xff, 0xfe)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return Bytes(b)
}

func bytesDecode(self any, a []any) (any, error) {
	codec, errors, err := codecArgs(a, "decode")
	if err != nil {
		return nil, err
	}
	s := string(self.(Bytes))
	switch codec {
	case "utf-8":
		return decodeUTF8(s, errors)
	case "ascii":
		return decodeASCII(s, errors)
	case "latin-1":
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		return b.String(), nil
	}
	return decode16(s, codec, errors)
}

// badByte handles one undecodable stretch of bytes.
func badByte(b *strings.Builder, s string, from, to int, codec, errors, reason string) error {
	switch errors {
	case "ignore":
	case "replace":
		b.WriteRune(utf8.RuneError)
	case "backslashreplace":
		for _, c := range []byte(s[from:to]) {
			fmt.Fprintf(b, "\\x%02x", c)
		}
	case "strict":
		where := fmt.Sprintf("byte 0x%02x in position %d", s[from], from)
		if to-from > 1 {
			where = fmt.Sprintf("bytes in position %d-%d", from, to-1)
		}
		return Errorf("UnicodeDecodeError", "'%s' codec can't decode %s: %s", codec, where, reason)
	default:
		return Errorf("LookupError", "unknown error handler name '%s'", errors)
	}
	return nil
}

func decodeASCII(s, errors string) (any, error) {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			b.WriteByte(s[i])
		} else if err := badByte(&b, s, i, i+1, "ascii", errors, "ordinal not in range(128)"); err != nil {
			return nil, err
		}
	}
	return b.String(), nil
}

func decodeUTF8(s, errors string) (any, error) {
	if utf8.ValidString(s) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r != utf8.RuneError || n > 1 {
			b.WriteString(s[i : i+n])
			i += n
			continue
		}
		n, reason := malformed(s[i:])
		if err := badByte(&b, s, i, i+n, "utf-8", errors, reason); err != nil {
			return nil, err
		}
		i += n
	}
	return b.String(), nil
}

// malformed returns how many bytes the broken sequence at the start of s has,
// and what is wrong with it.
func malformed(s string) (int, string) {
	want, lo, hi := sequenceOf(s[0])
	if want == 0 {
		return 1, "invalid start byte"
	}
	for i := 1; i < want; i++ {
		if i >= len(s) {
			return i, "unexpected end of data"
		}
		if s[i] < lo || s[i] > hi {
			return i, "invalid continuation byte"
		}
		lo, hi = 0x80, 0xbf
	}
	return 1, "invalid start byte"
}

// sequenceOf returns the length of the sequence c starts, 0 for none, and the
// range of its second byte.
func sequenceOf(c byte) (n int, lo, hi byte) {
	switch {
	case c < 0xc2 || c > 0xf4:
		return 0, 0, 0
	case c < 0xe0:
		return 2, 0x80, 0xbf
	case c == 0xe0:
		return 3, 0xa0, 0xbf
	case c == 0xed:
		return 3, 0x80, 0x9f
	case c < 0xf0:
		return 3, 0x80, 0xbf
	case c == 0xf0:
		return 4, 0x90, 0xbf
	case c == 0xf4:
		return 4, 0x80, 0x8f
	}
	return 4, 0x80, 0xbf
}

func decode16(s, codec, errors string) (any, error) {
	big := codec == "utf-16-be"
	if codec == "utf-16" && len(s) >= 2 {
		switch s[:2] {
		case "\xff\xfe":
			s = s[2:]
		case "\xfe\xff":
			s, big = s[2:], true
		}
	}
	var units []uint16
	for i := 0; i+1 < len(s); i += 2 {
		u := uint16(s[i]) | uint16(s[i+1])<<8
		if big {
			u = u<<8 | u>>8
		}
		units = append(units, u)
	}
	var b strings.Builder
	b.WriteString(string(utf16.Decode(units)))
	if len(s)%2 == 1 {
		if codec == "utf-16" {
			codec = map[bool]string{false: "utf-16-le", true: "utf-16-be"}[big]
		}
		err := badByte(&b, s, len(s)-1, len(s), codec, errors, "truncated data")
		if err != nil {
			return nil, err
		}
	}
	return b.String(), nil
}

var bytesMethods = map[string]method{
	"decode":  {arity: named, names: []string{"encoding", "errors"}, fn: bytesDecode},
	"hex":     {fn: func(self any, _ []any) (any, error) { return fmt.Sprintf("%x", string(self.(Bytes))), nil }},
	"isascii": {fn: func(self any, _ []any) (any, error) { return isASCII(string(self.(Bytes))), nil }},
	"startswith": {arity: ranged, min: 1, max: 1, fn: func(self any, a []any) (any, error) {
		return bytesAffix(self, a[0], "startswith", strings.HasPrefix)
	}},
	"endswith": {arity: ranged, min: 1, max: 1, fn: func(self any, a []any) (any, error) {
		return bytesAffix(self, a[0], "endswith", strings.HasSuffix)
	}},
	"upper": {fn: func(self any, _ []any) (any, error) { return Bytes(asciiCase(string(self.(Bytes)), 'a', 'z')), nil }},
	"lower": {fn: func(self any, _ []any) (any, error) { return Bytes(asciiCase(string(self.(Bytes)), 'A', 'Z')), nil }},
	"strip": {fn: func(self any, _ []any) (any, error) {
		return Bytes(strings.Trim(string(self.(Bytes)), " \t\n\r\v\f")), nil
	}},
	"join": {arity: one, max: 1, fn: bytesJoin},
}

func bytesAffix(self, affix any, name string, has func(s, affix string) bool) (any, error) {
	b, ok := affix.(Bytes)
	if !ok {
		return nil, typeErrorf("%s first arg must be bytes or a tuple of bytes, not %s", name, TypeName(affix))
	}
	return has(string(self.(Bytes)), string(b)), nil
}

// asciiCase flips the case of the letters from..to.
func asciiCase(s string, from, to byte) string {
	b := []byte(s)
	for i, c := range b {
		if c >= from && c <= to {
			b[i] = c ^ 0x20
		}
	}
	return string(b)
}

func bytesJoin(self any, a []any) (any, error) {
	seq, err := Iter(a[0])
	if err != nil {
		return nil, typeErrorf("can only join an iterable")
	}
	var b strings.Builder
	i := 0
	for v := range seq {
		s, ok := v.(Bytes)
		if !ok {
			return nil, typeErrorf("sequence item %s: expected a bytes-like object, %s found", strconv.Itoa(i), TypeName(v))
		}
		if i > 0 {
			b.WriteString(string(self.(Bytes)))
		}
		b.WriteString(string(s))
		if i++; b.Len() > MaxSize || i > MaxSize {
			return nil, errTooBig
		}
	}
	return Bytes(b.String()), nil
}
