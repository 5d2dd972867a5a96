package py

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The files testdata/*.jsonl record what Python 3.11 does; testdata/gen.py
// writes them.

// golden calls check for every line of a file.
func golden(t *testing.T, file string, check func(t *testing.T, row []string)) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for lines.Scan() {
		var row []string
		if err := Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v in %s", file, err, lines.Bytes())
		}
		check(t, row)
		n++
	}
	if n == 0 {
		t.Fatalf("%s holds no cases", file)
	}
}

// read evaluates an operand: a literal, range(…), a set or dict view.
func read(t *testing.T, src string) any {
	t.Helper()
	if args, ok := strings.CutPrefix(src, "range"); ok {
		v, err := LiteralEval(args)
		if err != nil {
			t.Fatal(err)
		}
		r := Range{Step: 1}
		for i, x := range v.(Tuple) {
			*[]*int64{&r.Start, &r.Stop, &r.Step}[i] = x.(int64)
		}
		return r
	}
	v, err := LiteralEval(src)
	if err != nil {
		t.Fatalf("operand %s: %v", src, err)
	}
	return Mutable(v)
}

func show(v any, err error) string {
	if err != nil {
		return "!" + err.Error()
	}
	return Repr(v)
}

// same compares outcomes; sets may be in another order.
func same(got, want string) bool {
	if got == strings.TrimSuffix(want, ": ") {
		return true
	}
	if !strings.HasPrefix(want, "{") {
		return false
	}
	x, err1 := LiteralEval(got)
	y, err2 := LiteralEval(want)
	_, isSet := y.(*Set)
	return err1 == nil && err2 == nil && isSet && Equal(x, y)
}

func fail(t *testing.T, row []string, got, want string) {
	t.Helper()
	if !same(got, want) {
		t.Errorf("%s\n got %s\nwant %s", strings.Join(row[:len(row)-1], "  "), got, want)
	}
}

var binary = map[string]func(a, b any) (any, error){
	"+": Add, "-": Sub, "*": Mul, "/": Div, "//": FloorDiv, "%": Mod, "**": Pow, "[]": GetItem,
	"==":    func(a, b any) (any, error) { return Equal(a, b), nil },
	"<":     func(a, b any) (any, error) { return order("<", a, b) },
	"<=":    func(a, b any) (any, error) { return order("<=", a, b) },
	">":     func(a, b any) (any, error) { return order(">", a, b) },
	">=":    func(a, b any) (any, error) { return order(">=", a, b) },
	"in":    func(a, b any) (any, error) { ok, err := Contains(b, a); return ok, err },
	"neg":   func(a, _ any) (any, error) { return Neg(a) },
	"pos":   func(a, _ any) (any, error) { return Pos(a) },
	"abs":   func(a, _ any) (any, error) { return Abs(a) },
	"int":   func(a, _ any) (any, error) { return Int(a) },
	"str":   func(a, _ any) (any, error) { return Str(a), nil },
	"bool":  func(a, _ any) (any, error) { return Truth(a), nil },
	"round": Round,
	"len":   func(a, _ any) (any, error) { n, err := Len(a); return int64(n), err },
	"list":  func(a, _ any) (any, error) { x, err := AsList(a); return x, err },
	"float": func(a, _ any) (any, error) { f, err := Float(a); return f, err },
	"hash": func(a, _ any) (any, error) {
		if !Hashable(a) {
			return nil, unhashable(a)
		}
		return nil, nil
	},
}

func order(op string, a, b any) (any, error) {
	ok, err := Less(op, a, b)
	return ok, err
}

func TestOperatorsDoWhatPythonDoes(t *testing.T) {
	golden(t, "operators.jsonl", func(t *testing.T, row []string) {
		a, b := read(t, row[1]), read(t, row[2])
		got, err := binary[row[0]](a, b)
		if row[0] == "hash" && row[3] != "None" && !strings.HasPrefix(row[3], "!") {
			row[3] = "None"
		}
		fail(t, row, show(got, err), row[3])
	})
}

func TestSlicesDoWhatPythonDoes(t *testing.T) {
	golden(t, "slices.jsonl", func(t *testing.T, row []string) {
		m := read(t, row[2]).(*List).Items
		got, err := Slice(read(t, row[1]), m[0], m[1], m[2])
		fail(t, row, show(got, err), row[3])
	})
}

func TestMethodsDoWhatPythonDoes(t *testing.T) {
	golden(t, "methods.jsonl", func(t *testing.T, row []string) {
		self, args, kwargs := read(t, row[1]), read(t, row[2]).(Tuple), read(t, row[3]).(*Dict)
		m, ok := Method(self, row[0])
		if !ok {
			t.Errorf("%s has no method %s", TypeName(self), row[0])
			return
		}
		got, err := m(args, kwargs)
		fail(t, row[:5], show(got, err), row[4])
		if after := Repr(self); !same(after, row[5]) {
			t.Errorf("%s  %s  %s: receiver afterwards\n got %s\nwant %s", row[0], row[1], row[2], after, row[5])
		}
	})
}

func TestPrintfDoesWhatPythonDoes(t *testing.T) {
	golden(t, "printf.jsonl", func(t *testing.T, row []string) {
		got, err := Mod(read(t, row[1]), read(t, row[2]))
		fail(t, row, show(got, err), row[3])
	})
}

func TestFormatDoesWhatPythonDoes(t *testing.T) {
	golden(t, "formats.jsonl", func(t *testing.T, row []string) {
		spec := read(t, row[1]).(string)
		var got string
		var err error
		if row[0] == "format" {
			got, err = Format(read(t, row[2]), spec)
		} else {
			got, err = Formatter{}.Format(spec, read(t, row[2]).(Tuple), read(t, row[3]).(*Dict))
		}
		fail(t, row, show(got, err), row[len(row)-1])
	})
}

func TestTextsAreReadAndShownAsInPython(t *testing.T) {
	golden(t, "texts.jsonl", func(t *testing.T, row []string) {
		var got any
		var err error
		switch row[0] {
		case "int":
			base := read(t, row[2]).(int64)
			got, err = IntBase(read(t, row[1]).(string), int(base))
		case "float":
			got, err = Float(read(t, row[1]))
		default:
			var v any
			if v, err = DecodeJSON([]byte(row[1])); err != nil {
				t.Fatal(err)
			}
			text := Repr(v)
			if row[0] == "ascii" {
				text = ASCII(v)
			}
			if text != row[3] {
				t.Errorf("%s %s: got %s, want %s", row[0], row[1], text, row[3])
			}
			return
		}
		fail(t, row, show(got, err), row[3])
	})
}

func TestLiteralsAreReadAsInPython(t *testing.T) {
	golden(t, "literals.jsonl", func(t *testing.T, row []string) {
		src, err := DecodeJSON([]byte(row[1]))
		if err != nil {
			t.Fatal(err)
		}
		v, err := LiteralEval(src.(string))
		got := show(v, err)
		var e *Error
		if errors.As(err, &e) {
			got = "!" + e.Class
		}
		fail(t, row, got, row[3])
	})
}

func TestJSONIsWrittenAndReadAsInPython(t *testing.T) {
	golden(t, "json.jsonl", func(t *testing.T, row []string) {
		var got string
		switch row[0] {
		case "dumps":
			text, err := dumpsFormat(t, row[2]).Text(read(t, row[1]))
			got = show(text, err)
		case "orjson":
			text, err := AppendJSON(nil, read(t, row[1]))
			got = fmt.Sprint(string(text), err)[:len(text)]
		case "loads":
			src, err := DecodeJSON([]byte(row[1]))
			if err != nil {
				t.Fatal(err)
			}
			v, err := DecodePythonJSON([]byte(src.(string)))
			got = show(v, err)
			var e *JSONError
			if errors.As(err, &e) {
				e.Offset = len([]rune(src.(string)[:e.Offset]))
				got = "!JSONDecodeError: " + e.Error()
			}
		}
		fail(t, row, got, row[len(row)-1])
	})
}

// dumpsFormat turns json.dumps' arguments into a JSONFormat.
func dumpsFormat(t *testing.T, options string) JSONFormat {
	t.Helper()
	f := PythonJSON
	v, err := DecodeJSON([]byte(options))
	if err != nil {
		t.Fatal(err)
	}
	for k, x := range v.(*Dict).All() {
		switch k {
		case "sort_keys":
			f.SortKeys = x.(bool)
		case "ensure_ascii":
			f.ASCII = x.(bool)
		case "indent":
			f.Lines = true
			if n, ok := x.(int64); ok {
				f.Indent = strings.Repeat(" ", int(n))
			} else {
				f.Indent = x.(string)
			}
		case "separators":
			f.Spaces = x.([]any)[1] == ": "
		}
	}
	return f
}

func TestDatesAreShownAsInPython(t *testing.T) {
	golden(t, "dates.jsonl", func(t *testing.T, row []string) {
		n := read(t, row[1]).(*List).Items
		at := func(i int) int { return int(n[i].(int64)) }
		dt := DateTime{Year: at(0), Month: at(1), Day: at(2), Hour: at(3), Minute: at(4), Second: at(5), Microsecond: at(6)}
		if n[7] != nil {
			dt.Aware, dt.Offset = true, at(7)
		}
		var got any
		var err error
		switch what := row[2]; {
		case what == "repr":
			got = Repr(dt)
		case what == "str":
			got = Str(dt)
		case what == "date":
			got = Str(dt.Date())
		case what[0] == '%':
			got, err = dt.Strftime(what)
		default:
			got, err = CallMethod(dt, what, nil, nil)
		}
		fail(t, row, show(got, err), row[3])
	})
}
