package py

import (
	"testing"
	"unicode/utf8"
)

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"\ud83c\udf89\n",null,true]}`, `[[[]]]`, `"\u12"`, `-0`, `1e999`, "[1,\n2", `{"a":1,"a":2}`, "\"\xff\"", `NaN`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := DecodeJSON(data)
		var into any
		if err2 := Unmarshal(data, &into); (err2 == nil) != (err == nil) {
			t.Fatalf("DecodeJSON: %v, Unmarshal: %v", err, err2)
		}
		d := decoder{data: data}
		if err2 := d.one(); (err2 == nil) != (err == nil) {
			t.Fatalf("DecodeJSON: %v, skip: %v", err, err2)
		}
		if err != nil {
			return
		}
		if err := Check(v); err != nil {
			t.Fatalf("Check: %v", err)
		}
		text, err := AppendJSON(nil, v)
		if err != nil || !utf8.Valid(text) {
			t.Fatalf("AppendJSON: %v", err)
		}
		back, err := DecodeJSON(text)
		if err != nil || Repr(back) != Repr(v) {
			t.Fatalf("got %s, %v; want %s", Repr(back), err, Repr(v))
		}
		var n node
		_ = Unmarshal(data, &n)
	})
}

func FuzzLiteralEval(f *testing.F) {
	for _, s := range []string{`{'a': [1, (2,), b'\xff', None], 1.5: {1, -2}}`, `'a' "b" r'\n' u''`, `"""x'''`, `-0x1f`, `set()`, `((((`, `'\N{x}'`, `1,`, `[1 2]`, `{1: 2, 3}`, "#\n1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := LiteralEval(s)
		if err != nil || !utf8.ValidString(s) {
			return
		}
		back, err := LiteralEval(Repr(v))
		if err != nil {
			if e := err.(*Error); e.Class == "ValueError" { // inf has no literal
				return
			}
			t.Fatalf("%s of %q: %v", Repr(v), s, err)
		}
		if !Equal(back, v) {
			t.Fatalf("got %s, want %s", Repr(back), Repr(v))
		}
	})
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"{}", "{0:>10}{1!r:{0}}", "{a[0].real:+#010x}", "{{}}", "{0:,.2f}", "{:%Y}", "{!x}", "{a", "{0[", "{:_b}"} {
		f.Add(s, int64(10), 2.5, "é")
	}
	f.Fuzz(func(t *testing.T, s string, i int64, x float64, text string) {
		kwargs := DictOf("a", []any{i, x}, "s", text)
		out, err := Formatter{}.Format(s, []any{i, x, text, nil}, kwargs)
		if err == nil && len(out) > 2*MaxSize {
			t.Fatalf("%d bytes", len(out))
		}
		for _, v := range []any{i, x, text, true} {
			out, err := Format(v, s)
			if err == nil && len(out) > 5*MaxSize {
				t.Fatalf("%d bytes", len(out))
			}
		}
	})
}

func FuzzMod(f *testing.F) {
	for _, s := range []string{"%s %d", "%(a)s", "%-*.*f|", "%#x %+05d %c", "%%", "%", "%(a", "%5.3s", "%r", "%.99g"} {
		f.Add(s, int64(65), 2.5, "é")
	}
	f.Fuzz(func(t *testing.T, s string, i int64, x float64, text string) {
		for _, arg := range []any{Tuple{i, x, text}, i, x, text, DictOf("a", i, "b", x), []any{i}} {
			out, err := Mod(s, arg)
			if str, ok := out.(string); err == nil && (!ok || len(str) > 5*MaxSize) {
				t.Fatalf("%T of %d bytes", out, len(str))
			}
		}
	})
}
