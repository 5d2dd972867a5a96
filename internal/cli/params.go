package cli

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

// paramSchema are the declared parameters of an action and of its runner. A
// runner's declaration wins where both have one.
type paramSchema struct {
	runner, action *py.Dict
}

func (s paramSchema) of(name string) *py.Dict {
	if d := client.Dict(s.runner, name); d != nil {
		return d
	}
	return client.Dict(s.action, name)
}

// secrets are the names of the parameters that must not be shown.
func (s paramSchema) secrets() []string {
	var out []string
	for _, d := range []*py.Dict{s.action, s.runner} {
		for k, v := range d.All() {
			p, _ := v.(*py.Dict)
			if secret, _ := p.GetString("secret"); secret == true {
				out = append(out, py.Str(k))
			}
		}
	}
	return out
}

// paramReader turns the words behind an action's reference into parameters.
type paramReader struct {
	schema   paramSchema
	autoDict bool
	upload   bool // of core.http: @name=path sends the file's content and name
	out      *py.Dict
}

// read reads all words. A word without "=" begins a command: it and all that
// follow are the parameter cmd.
func (r *paramReader) read(words []string) (*py.Dict, error) {
	r.out = py.NewDict(len(words))
	for i, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			r.out.Set("cmd", strings.Join(words[i:], " "))
			return r.out, nil
		}
		var err error
		if strings.HasPrefix(key, "@") {
			err = r.file(key[1:], value)
		} else {
			err = r.assign(key, value)
		}
		if err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

// maxFile bounds the files that are sent as parameters; the server takes no
// larger bodies.
const maxFile = 64 << 20

// file sets a parameter to a file's content.
func (r *paramReader) file(key, path string) error {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return fmt.Errorf("File %q doesn't exist", path) // st2's text
	}
	if info.Size() > maxFile {
		return fmt.Errorf("file %s is larger than 64 MiB", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("file %s is not UTF-8 text", path)
	}
	if !r.upload {
		r.out.Set(key, string(data))
		return nil
	}
	r.out.Set("file_content", string(data))
	for name, value := range map[string]string{"file_name": filepath.Base(path), "method": "POST"} {
		if _, ok := r.out.GetString(name); !ok {
			r.out.Set(name, value)
		}
	}
	return nil
}

// assign casts a value to its declared type. Arrays given several times are
// joined; of other types the last one counts.
func (r *paramReader) assign(key, text string) error {
	schema := r.schema.of(key)
	value, err := r.cast(schema, text)
	if err != nil {
		return err
	}
	if list, ok := value.([]any); ok && typeOf(schema) == "array" {
		if old, ok := r.out.GetString(key); ok {
			if before, ok := old.([]any); ok {
				value = append(slices.Clip(before), list...)
			}
		}
	}
	r.out.Set(key, value)
	return nil
}

func typeOf(schema *py.Dict) string {
	v, _ := schema.GetString("type")
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	s, _ := v.(string)
	return s
}

func (r *paramReader) cast(schema *py.Dict, text string) (any, error) {
	switch typeOf(schema) {
	case "integer":
		return castInt(text)
	case "number":
		return castNumber(text)
	case "boolean":
		return castBool(text)
	case "object":
		return castObject(text)
	case "array":
		return r.castArray(schema, text)
	}
	return text, nil
}

func castInt(text string) (any, error) {
	digits := strings.ReplaceAll(strings.TrimSpace(text), "_", "")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n, nil
	}
	if n, ok := new(big.Int).SetString(digits, 10); ok && len(digits) < 5000 {
		return n, nil
	}
	return nil, fmt.Errorf("invalid literal for int() with base 10: %s", py.Repr(text))
}

func castNumber(text string) (any, error) {
	f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return nil, fmt.Errorf("could not convert string to float: %s", py.Repr(text))
	}
	return f, nil
}

func castBool(text string) (any, error) {
	switch strings.ToLower(text) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return nil, fmt.Errorf("invalid value %s for a boolean parameter: valid values are true and false", py.Repr(text))
}

// castObject reads {"k": "v"} or k=v,k2=v2.
func castObject(text string) (any, error) {
	if strings.HasPrefix(text, "{") {
		v, err := py.DecodeJSON([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("an object parameter is not valid JSON: %w", err)
		}
		return v, nil
	}
	d := py.NewDict(4)
	for pair := range strings.SplitSeq(text, ",") {
		if k, v, ok := strings.Cut(pair, "="); ok {
			d.Set(k, v)
		}
	}
	return d, nil
}

// castArray reads JSON, or a list with commas: of "k: v" pairs if the schema
// says that its items are objects.
func (r *paramReader) castArray(schema *py.Dict, text string) (any, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return []any{n}, nil
	}
	if v, err := py.DecodeJSON([]byte(text)); err == nil {
		return v, nil
	}
	parts := []string{}
	for p := range strings.SplitSeq(text, ",") {
		parts = append(parts, strings.TrimSpace(p))
	}
	if r.autoDict || typeOf(client.Dict(schema, "items")) == "object" {
		if d := r.pairs(schema, parts); d != nil {
			return []any{d}, nil
		}
	}
	items := client.Dict(schema, "items")
	out := make([]any, len(parts))
	for i, p := range parts {
		v, err := scalarItem(items, p)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

// scalarItem casts an item when the schema says what items are.
func scalarItem(items *py.Dict, text string) (any, error) {
	switch typeOf(items) {
	case "integer":
		return castInt(text)
	case "number":
		return castNumber(text)
	case "boolean":
		return castBool(text)
	}
	return text, nil
}

// pairs reads items of the form key:value as one object, or returns nil when
// one has another form. The schema's properties give the types.
func (r *paramReader) pairs(schema *py.Dict, parts []string) *py.Dict {
	properties := client.Dict(schema, "properties")
	if properties == nil {
		properties = client.Dict(client.Dict(schema, "items"), "properties")
	}
	d := py.NewDict(len(parts))
	for _, p := range parts {
		k, v, ok := strings.Cut(p, ":")
		if !ok {
			return nil
		}
		k, v = strings.TrimSpace(k), strings.TrimSpace(v)
		value, err := r.cast(client.Dict(properties, k), v)
		if err != nil {
			return nil
		}
		d.Set(k, value)
	}
	return d
}

// inherited is the caller's environment without what belongs to its session.
func inherited(environ []string) *py.Dict {
	d := py.NewDict(len(environ))
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if name != "" && !slices.Contains(notInherited, strings.ToLower(name)) {
			d.Set(name, value)
		}
	}
	return d
}

var notInherited = []string{"pwd", "mail", "username", "user", "path", "home", "ps1", "shell", "pythonpath", "ssh_tty",
	"ssh_connection", "lang", "ls_colors", "logname", "oldpwd", "term", "xdg_session_id"}
