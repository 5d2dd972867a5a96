package pyre

// Flags change how a pattern is read and matched. The values are Python's.
type Flags int

// The flags of Python's re module that apply to text. Unicode is the default and only says so.
const (
	IgnoreCase Flags = 2
	Multiline  Flags = 8
	DotAll     Flags = 16
	Unicode    Flags = 32
	Verbose    Flags = 64
	ASCII      Flags = 256

	typeFlags = ASCII | Unicode
)

// flagByLetter holds the letters of inline flags, as in (?im) and (?s-i:...).
var flagByLetter = map[rune]Flags{
	'i': IgnoreCase, 'm': Multiline, 's': DotAll, 'x': Verbose, 'a': ASCII, 'u': Unicode,
}

// combine applies the flags of a scoped group to those around it.
func (f Flags) combine(add, del Flags) Flags {
	if add&typeFlags != 0 {
		f &^= typeFlags
	}
	return (f | add) &^ del
}
