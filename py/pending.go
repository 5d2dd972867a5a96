package py

import "iter"

var errPending = &Error{Class: "NotImplementedError", Message: "coming within the hour"}

func Len(v any) (int, error) {
	if it, ok := items(v); ok {
		return len(it), nil
	}
	return 0, errPending
}
func Contains(container, item any) (bool, error) { return false, errPending }
func Iter(v any) (iter.Seq[any], error)          { return nil, errPending }
func AsList(v any) ([]any, error)                { return nil, errPending }
func GetItem(v, key any) (any, error)            { return nil, errPending }
func SetItem(v, key, x any) error                { return errPending }
func DelItem(v, key any) error                   { return errPending }
func Slice(v, lo, hi, step any) (any, error)     { return nil, errPending }
func Attr(v any, name string) (any, bool)        { return nil, false }

func Add(a, b any) (any, error)      { return nil, errPending }
func Sub(a, b any) (any, error)      { return nil, errPending }
func Mul(a, b any) (any, error)      { return nil, errPending }
func Div(a, b any) (any, error)      { return nil, errPending }
func FloorDiv(a, b any) (any, error) { return nil, errPending }
func Mod(a, b any) (any, error)      { return nil, errPending }
func Pow(a, b any) (any, error)      { return nil, errPending }
func Neg(a any) (any, error)         { return nil, errPending }
func Pos(a any) (any, error)         { return nil, errPending }

// Round is round(v, ndigits); ndigits nil means an int result.
func Round(v, ndigits any) (any, error) { return nil, errPending }

// Format is format(v, spec).
func Format(v any, spec string) (string, error) { return "", errPending }

func Method(v any, name string) (func(args []any, kwargs *Dict) (any, error), bool) {
	return nil, false
}

func Int(v any) (any, error)                  { return nil, errPending }
func IntBase(s string, base int) (any, error) { return nil, errPending }
func Float(v any) (float64, error)            { return 0, errPending }
func LiteralEval(s string) (any, error)       { return nil, errPending }
func DeepCopy(v any) any                      { return v }
func Check(v any) error                       { return nil }
func Size(v any) int                          { return 1 }

// JSONFormat selects one of the texts json.dumps produces.
type JSONFormat struct {
	Indent    string // one level, with a newline; "" is one line
	SortKeys  bool
	ASCII     bool // ensure_ascii
	Spaces    bool // ", " and ": " rather than "," and ":"
	Constants bool // NaN, Infinity, -Infinity rather than null
}

func (f JSONFormat) Append(dst []byte, v any) ([]byte, error) { return AppendJSON(dst, v) }

func Marshal(v any) ([]byte, error)         { return AppendJSON(nil, v) }
func Unmarshal(data []byte, into any) error { return errPending }
func FromGo(v any) (any, error)             { return v, nil }
