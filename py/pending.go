package py

var errPending = &Error{Class: "NotImplementedError", Message: "coming within the hour"}

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
