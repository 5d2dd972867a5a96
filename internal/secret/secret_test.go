package secret

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
	"pgregory.net/rapid"
)

const knownFile = `{"hmacKey": {"hmacKeyString": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8", "size": 256},
	"aesKeyString": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "mode": "CBC", "size": 256}`

const knownText = "30303030306465666768696A6B6C6D6E6F70717273617889294A1C4C97E9483BDE3972C1B2074B1DE379A79877128072B6239DB0B3BF539784"

func knownKey(t testing.TB) *Key {
	t.Helper()
	k, err := ParseKey([]byte(knownFile))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKnownCiphertext(t *testing.T) {
	k := knownKey(t)
	iv := make([]byte, 16)
	for i := range iv {
		iv[i] = byte(100 + i)
	}
	got, err := k.encrypt("Hello Gale é", iv)
	if err != nil || got != knownText {
		t.Errorf("encrypted: %v\n got %s\nwant %s", err, got, knownText)
	}
	for _, text := range []string{knownText, strings.ToLower(knownText)} {
		if plain, err := k.Decrypt(text); err != nil || plain != "Hello Gale é" {
			t.Errorf("decrypt %s: got %q, %v", text, plain, err)
		}
	}
}

func TestCiphertextOfOthersIsRefused(t *testing.T) {
	k := knownKey(t)
	for name, text := range map[string]string{
		"empty": "", "not hex": "zz", "short": knownText[:80], "damaged body": knownText[:60] + "00" + knownText[62:],
		"damaged header": "31" + knownText[2:], "odd": knownText[1:],
	} {
		if plain, err := k.Decrypt(text); gale.KindOf(err) != gale.Invalid || err == nil {
			t.Errorf("%s: got %q, %v", name, plain, err)
		}
	}
}

func TestEncryptedThenDecryptedIsTheSame(t *testing.T) {
	k := knownKey(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.String().Draw(t, "plain")
		text, err := k.Encrypt(plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := k.Decrypt(text); err != nil || got != strings.ToValidUTF8(plain, "") && got != plain {
			t.Fatalf("got %q, %v, want %q", got, err, plain)
		}
	})
}

func TestKeyFiles(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"known":             {knownFile, true},
		"padded and broken": {strings.Replace(knownFile, "Hh8\"", "Hh8=\\n\"", 1), true},
		"128 bits":          {`{"hmacKey": {"hmacKeyString": "ICEiIyQlJicoKSorLC0uLw", "size": 128}, "aesKeyString": "AAECAwQFBgcICQoLDA0ODw", "mode": "CBC", "size": 128}`, true},
		"another mode":      {strings.Replace(knownFile, "CBC", "GCM", 1), false},
		"too small":         {strings.Replace(knownFile, `"mode": "CBC", "size": 256`, `"mode": "CBC", "size": 64`, 1), false},
		"no JSON":           {"secret stuff", false},
		"odd length":        {strings.Replace(knownFile, "AAECAw", "", 1), false},
		"no base64":         {strings.Replace(knownFile, "AAECAw", "!!!!!!", 1), false},
	} {
		_, err := ParseKey([]byte(c.text))
		if (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret stuff") {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
	k, again := knownKey(t), knownKey(t)
	if reread, err := ParseKey(k.File()); err != nil || reread.Fingerprint() != again.Fingerprint() {
		t.Errorf("a written key reads back as %v, %v", reread, err)
	}
	if strings.Contains(k.String()+k.GoString(), "AAECAw") {
		t.Error("a key prints itself")
	}
}

func TestAKeyIsMadeOnlyForANewStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "datastore_key.json")
	if _, err := LoadKey(path, false); gale.KindOf(err) != gale.NotFound || !strings.Contains(err.Error(), "copy it there") {
		t.Errorf("an old store without its key: got %v", err)
	}
	k, err := LoadKey(path, true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	again, err := LoadKey(path, true)
	if err != nil || again.Fingerprint() != k.Fingerprint() {
		t.Errorf("the second start got another key: %v, %v", again, err)
	}
	if err := again.WriteFile(path); gale.KindOf(err) != gale.Conflict {
		t.Errorf("a key file was replaced: %v", err)
	}
	if err := k.CheckFingerprint(knownKey(t).Fingerprint(), path); err == nil {
		t.Error("another key's store was accepted")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// anyValue draws document values, some of which look like sealed ones.
func anyValue() *rapid.Generator[any] {
	return rapid.Deferred(func() *rapid.Generator[any] {
		leaf := rapid.Custom(func(t *rapid.T) any {
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				return nil
			case 1:
				return rapid.Bool().Draw(t, "b")
			case 2:
				return rapid.Int64().Draw(t, "i")
			case 3:
				return rapid.Float64Range(-1e9, 1e9).Draw(t, "f")
			}
			return rapid.StringMatching(`[a-z"\\é ]{0,12}`).Draw(t, "s")
		})
		return rapid.Custom(func(t *rapid.T) any {
			switch rapid.IntRange(0, 4).Draw(t, "shape") {
			case 0:
				list := []any{}
				for range rapid.IntRange(0, 3).Draw(t, "n") {
					list = append(list, anyValue().Draw(t, "item"))
				}
				return list
			case 1:
				d := py.NewDict(0)
				for range rapid.IntRange(0, 3).Draw(t, "n") {
					d.Set(rapid.SampledFrom([]string{"a", "b", "$sealed", "x/y~"}).Draw(t, "key"), anyValue().Draw(t, "value"))
				}
				return d
			}
			return leaf.Draw(t, "leaf")
		})
	})
}

// anyPaths draws paths to some of the parts of v.
func anyPaths(t *rapid.T, v any, at []any) [][]any {
	if rapid.IntRange(0, 3).Draw(t, "stop") == 0 {
		return [][]any{bytes2path(at)}
	}
	var out [][]any
	switch c := v.(type) {
	case *py.Dict:
		for k, part := range c.All() {
			out = append(out, anyPaths(t, part, append(at, k))...)
		}
	case []any:
		for i, part := range c {
			out = append(out, anyPaths(t, part, append(at, i))...)
		}
	}
	return out
}

func bytes2path(at []any) []any { return append([]any(nil), at...) }

func TestSealedThenOpenedIsTheSame(t *testing.T) {
	k := knownKey(t)
	place := Place{"execution", "5f00"}
	rapid.Check(t, func(t *rapid.T) {
		doc := anyValue().Draw(t, "doc")
		paths := anyPaths(t, doc, nil)
		before := py.Repr(doc)
		sealed, err := Seal(k, place, doc, paths)
		if err != nil {
			t.Fatal(err)
		}
		opened, err := Open(k, place, sealed)
		if err != nil {
			t.Fatal(err)
		}
		if got := py.Repr(opened); got != before {
			t.Fatalf("opened %s\n   want %s", got, before)
		}
		if after := py.Repr(doc); after != before {
			t.Fatalf("sealing changed its input to %s", after)
		}
		if HasSealed(MaskSealed(sealed)) {
			t.Fatalf("masked %s still holds sealed values", py.Repr(MaskSealed(sealed)))
		}
	})
}

func TestSealedValuesAreBoundToTheirPlace(t *testing.T) {
	k := knownKey(t)
	doc := py.DictOf("password", "hunter22", "list", []any{"a", "hunter23"}, "n", nil)
	sealed, err := Seal(k, Place{"execution", "1"}, doc, [][]any{{"password"}, {"list", 1}, {"n"}, {"absent", 3}})
	if err != nil {
		t.Fatal(err)
	}
	text := py.Repr(sealed)
	if strings.Contains(text, "hunter") || !strings.Contains(text, "'n': None") {
		t.Errorf("sealed as %s", text)
	}
	moved := py.DictOf("other", mustGet(t, sealed, "password"))
	for name, open := range map[string]func() (any, error){
		"another id":    func() (any, error) { return Open(k, Place{"execution", "2"}, sealed) },
		"another table": func() (any, error) { return Open(k, Place{"rule", "1"}, sealed) },
		"another path":  func() (any, error) { return Open(k, Place{"execution", "1"}, moved) },
		"not sealed":    func() (any, error) { return Open(k, Place{"execution", "1"}, py.DictOf("$sealed", "AAAA")) },
		"no text":       func() (any, error) { return Open(k, Place{"execution", "1"}, py.DictOf("$sealed", int64(1))) },
	} {
		if v, err := open(); err == nil {
			t.Errorf("%s: opened as %s", name, py.Repr(v))
		}
	}
	other, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Open(other, Place{"execution", "1"}, sealed); err == nil {
		t.Errorf("another key opened %s", py.Repr(v))
	}
	if got := py.Repr(MaskSealed(sealed)); got != `{'password': '********', 'list': ['a', '********'], 'n': None}` {
		t.Errorf("masked as %s", got)
	}
	if got := py.Repr(MaskAt(doc, [][]any{{"password"}, {"list"}, {"n"}})); got != `{'password': '********', 'list': '********', 'n': None}` {
		t.Errorf("masked at paths as %s", got)
	}
}

func mustGet(t *testing.T, v any, key string) any {
	t.Helper()
	part, ok := v.(*py.Dict).GetString(key)
	if !ok {
		t.Fatalf("no %s in %s", key, py.Repr(v))
	}
	return part
}

func TestSecretsAreMaskedInEveryForm(t *testing.T) {
	m := NewMasker("pa\"ss wörd/1", "hunter22", "short", "hunter2")
	for _, c := range []struct{ text, want string }{
		{`plain pa"ss wörd/1.`, "plain ********."},
		{`{"p": "pa\"ss wörd/1"}`, `{"p": "********"}`},
		{`{"p": "pa\"ss w\u00f6rd/1"}`, `{"p": "********"}`},
		{`?p=pa%22ss+w%C3%B6rd%2F1&q=1`, `?p=********&q=1`},
		{`?p=pa%22ss%20w%c3%b6rd%2f1&q=1`, `?p=********&q=1`},
		{`/pa%22ss%20w%C3%B6rd/1/x`, `/********/x`},
		{"hunter22 hunter2 hunter", "******** ******** hunter"},
		{"short stays", "short stays"},
		{"", ""},
	} {
		if got := m.String(c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
	v := m.Value(py.DictOf("hunter22", []any{"a hunter22", int64(5)}, "k", nil))
	if got := py.Repr(v); got != `{'********': ['a ********', 5], 'k': None}` {
		t.Errorf("value: got %s", got)
	}
	if !m.Contains([]any{"x hunter22"}) || m.Contains([]any{"x"}) {
		t.Error("Contains is wrong")
	}
	if NewMasker("short") != nil || NewMasker("short").String("short") != "short" {
		t.Error("short secrets are masked")
	}
}

func TestOverlappingSecretsLeaveNoRest(t *testing.T) {
	m := NewMasker("abcdef", "defghi", "hijklm")
	for text, want := range map[string]string{
		"xabcdefghijklmy": "x********y", "abcdefghi": "********", "abcdef-defghi": "********-********", "abcdefg": "********g",
	} {
		if got := m.String(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestLinesOfAPrivateKeyAreMasked(t *testing.T) {
	pem := "-----BEGIN X-----\nMIIBVgIBADANBgkqhkiG9w0BAQ\nqhkiG9w0BAQEFAASCAUAwggE8A\n-----END X-----\n"
	m := NewMasker(pem)
	if got := m.String(pem); got != Mask {
		t.Errorf("whole: got %q", got)
	}
	if got := m.String("  MIIBVgIBADANBgkqhkiG9w0BAQ\n  qhkiG9w0BAQEFAASCAUAwggE8A\n"); got != "  ********\n  ********\n" {
		t.Errorf("indented: got %q", got)
	}
	long := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1, 2, 3, 250}, 4000))
	if got := NewMasker(long).String("<" + long + ">"); strings.Contains(got, "AQID") {
		t.Errorf("a long secret leaks %d of %d bytes", len(got), len(long))
	}
}

func TestStreamsAreMaskedAcrossWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secrets := rapid.SliceOfN(rapid.StringMatching(`[ab]{6,9}`), 1, 4).Draw(t, "secrets")
		m := NewMasker(secrets...)
		text := rapid.StringMatching(`[abc]{0,60}`).Draw(t, "text")
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			text += rapid.SampledFrom(secrets).Draw(t, "secret") + rapid.StringMatching(`[abc]{0,5}`).Draw(t, "between")
		}
		var got bytes.Buffer
		w := m.Writer(&got)
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "chunk")
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if want := m.String(text); got.String() != want {
			t.Fatalf("streamed %q\n   whole %q", got.String(), want)
		}
		for _, s := range secrets {
			if strings.Contains(got.String(), s) {
				t.Fatalf("%q leaks from %q", s, got.String())
			}
		}
	})
}

func TestSecretTextsAreCollected(t *testing.T) {
	doc := py.DictOf("a", "secret-1", "b", py.DictOf("c", []any{"secret-2", "short", int64(1234567), true, nil}), "d", "open text")
	got := Texts(doc, [][]any{{"a"}, {"b"}})
	if strings.Join(got, ",") != "secret-1,secret-2,1234567" {
		t.Errorf("got %v", got)
	}
}

func TestErrorsOfTheStreamReachTheWriter(t *testing.T) {
	w := NewMasker("secret-1").Writer(failing{})
	if _, err := w.Write([]byte("text text text text")); err == nil {
		t.Error("the error was lost")
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func FuzzDecrypt(f *testing.F) {
	f.Add(knownText)
	k := knownKey(f)
	f.Fuzz(func(t *testing.T, text string) { _, _ = k.Decrypt(text) })
}

func FuzzParseKey(f *testing.F) {
	f.Add(knownFile)
	f.Fuzz(func(t *testing.T, text string) {
		if k, err := ParseKey([]byte(text)); err == nil {
			if _, err := ParseKey(k.File()); err != nil {
				t.Errorf("a written key does not read: %v", err)
			}
		}
	})
}

func BenchmarkMaskOutput(b *testing.B) {
	var values []string
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		s := make([]byte, 24)
		for i := range s {
			s[i] = byte('a' + r.IntN(26))
		}
		values = append(values, string(s))
	}
	m := NewMasker(values...)
	chunk := []byte(strings.Repeat("2026-11-25 07:00:00 INFO some line of ordinary output from a tool\n", 60))
	w := m.Writer(discard{})
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		_, _ = w.Write(chunk)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
