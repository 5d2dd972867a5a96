package cli

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/galehq/gale/client"
	"github.com/galehq/gale/py"
)

const mask = "********"

// secretNames are keys whose values are never shown.
var secretNames = []string{"password", "token", "api_key", "apikey", "key_hash", "secret", "private_key", "passphrase", "authorization"}

// tracer writes what goes over the wire.
type tracer struct {
	w     io.Writer
	extra map[string]bool // more secret names: of the parameters of an action
}

func (t *tracer) secretName(name string) bool {
	if t.extra[name] {
		return true
	}
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	return slices.ContainsFunc(secretNames, func(s string) bool { return name == s || strings.HasSuffix(name, "_"+s) })
}

// exchange shows a request as a curl command, and its answer. What could
// be a secret is masked.
func (t *tracer) exchange(x client.Exchange) {
	w := t.w
	fmt.Fprintln(w, t.curlLine(x.Request, x.Body))
	switch {
	case x.Response == nil:
		fmt.Fprintf(w, "# %s\n", x.Err)
	case len(x.Answer) == 0:
		fmt.Fprintf(w, "# response: %s\n", x.Response.Status)
	default:
		fmt.Fprintf(w, "# response: %s\n%s\n", x.Response.Status, t.maskedJSON(x.Answer))
	}
}

func (t *tracer) curlLine(req *http.Request, body []byte) string {
	parts := []string{"# -------- begin request --------\ncurl -X", req.Method}
	names := make([]string, 0, len(req.Header))
	for name := range req.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		value := strings.Join(req.Header[name], ", ")
		switch http.CanonicalHeaderKey(name) {
		case "X-Auth-Token", "St2-Api-Key", "Authorization", "Cookie":
			value = mask
		}
		parts = append(parts, "-H", shellQuote(name+": "+value))
	}
	if len(body) > 0 {
		parts = append(parts, "--data-binary", shellQuote(t.maskedJSON(body)))
	}
	return strings.Join(append(parts, shellQuote(t.maskedURL(req.URL))), " ")
}

func (t *tracer) maskedURL(u *url.URL) string {
	copied := *u
	q := copied.Query()
	for name := range q {
		if t.secretName(name) || name == "x-auth-token" || name == "st2-api-key" {
			q.Set(name, mask)
		}
	}
	if len(q) > 0 {
		copied.RawQuery = q.Encode()
	}
	return copied.Redacted()
}

// maskedJSON masks the values of keys that sound secret, and datastore values
// that are stored encrypted. Text that is not JSON is not shown at all.
func (t *tracer) maskedJSON(data []byte) string {
	v, err := py.DecodeJSON(data)
	if err != nil {
		return fmt.Sprintf("(%d bytes, not JSON)", len(data))
	}
	out, err := py.AppendJSON(nil, t.masked(v))
	if err != nil {
		return fmt.Sprintf("(%d bytes)", len(data))
	}
	return string(out)
}

// masked returns a copy with secrets replaced. The depth is bounded by the
// JSON reader.
func (t *tracer) masked(v any) any {
	switch x := v.(type) {
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = t.masked(e)
		}
		return out
	case *py.Dict:
		out := py.NewDict(x.Len())
		sealed, _ := x.GetString("secret")
		for k, e := range x.All() {
			name, _ := k.(string)
			_, flag := e.(bool)
			_, text := e.(string)
			switch {
			case t.secretName(name) && !flag, name == "key" && text, name == "value" && sealed == true:
				out.Set(k, mask)
			default:
				out.Set(k, t.masked(e))
			}
		}
		return out
	}
	return v
}

// shellQuote writes a word so that a shell reads it back.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'" }
