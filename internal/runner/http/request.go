package http

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

// request builds the request of a job.
func (r requester) request(job *runner.Job) (*http.Request, error) {
	target, err := address(job)
	if err != nil {
		return nil, err
	}
	headers, err := r.headers(job)
	if err != nil {
		return nil, err
	}
	body, contentType, err := payload(job.ActionParameters, headers.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	method := strings.ToUpper(runner.String(job.ActionParameters, "method"))
	if method == "" {
		method = http.MethodGet
		if body != nil {
			method = http.MethodPost
		}
	}
	request, err := http.NewRequest(method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		headers.Set("Content-Type", contentType)
	}
	request.Host = headers.Get("Host")
	headers.Del("Host")
	request.Header = headers
	return request, authorize(request, job)
}

// address is the URL with the query parameters of the action.
func address(job *runner.Job) (*url.URL, error) {
	text := runner.String(job.RunnerParameters, "url")
	if text == "" {
		return nil, errors.New("URL must be specified.")
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err // without the text, which may hold a password
		}
		return nil, fmt.Errorf("parameter url: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("invalid URL %q: want http://host… or https://host…", u.Redacted())
	}
	params, err := runner.Object(job.ActionParameters, "params")
	if err != nil {
		return nil, err
	}
	query := asciiQuery(u.RawQuery)
	if more := formEncode(params); more != "" && query != "" {
		query += "&" + more
	} else if more != "" {
		query = more
	}
	u.RawQuery = query
	return u, nil
}

// asciiQuery escapes what may not stand in a request line and leaves what the
// user has escaped.
func asciiQuery(query string) string {
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// formEncode writes pairs in the order given; lists are repeated, null is
// left out.
func formEncode(d *py.Dict) string {
	var pairs []string
	add := func(key string, value any) {
		if value != nil {
			pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(py.Str(value)))
		}
	}
	for k, v := range d.All() {
		items, ok := v.([]any)
		if !ok {
			items = []any{v}
		}
		for _, item := range items {
			add(py.Str(k), item)
		}
	}
	return strings.Join(pairs, "&")
}

// headers are the user's, then those that tell who is asking.
func (r requester) headers(job *runner.Job) (http.Header, error) {
	given, err := runner.Object(job.RunnerParameters, "headers")
	if err != nil {
		return nil, err
	}
	headers := http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"gzip, deflate"}}
	for k, v := range given.All() {
		name := py.Str(k)
		if v == nil {
			headers.Del(name)
			continue
		}
		headers.Set(name, py.Str(v))
	}
	headers.Set("User-Agent", "st2/v"+r.Version)
	headers.Set("X-Stanley-Action", job.Action)
	cookies, err := runner.Object(job.RunnerParameters, "cookies")
	if err != nil {
		return nil, err
	}
	var pairs []string
	if own := headers.Get("Cookie"); own != "" {
		pairs = append(pairs, own)
	}
	for k, v := range cookies.All() {
		if v != nil {
			pairs = append(pairs, py.Str(k)+"="+py.Str(v))
		}
	}
	if len(pairs) > 0 {
		headers.Set("Cookie", strings.Join(pairs, "; "))
	}
	return headers, nil
}

// payload is the body of the request and the content type that goes with it
// where the user has given none. A nil body is none.
func payload(parameters *py.Dict, contentType string) (body []byte, kind string, err error) {
	v, _ := parameters.GetString("body")
	if name, content := runner.String(parameters, "file_name"), runner.String(parameters, "file_content"); name != "" && content != "" {
		return upload(name, content, runner.String(parameters, "file_content_type"), v)
	}
	if v == nil || v == "" {
		return nil, "", nil
	}
	if contentType == "application/json" {
		body, err = jsonBody(v)
		return body, "", err
	}
	if form, ok := v.(*py.Dict); ok {
		if contentType == "" {
			kind = "application/x-www-form-urlencoded"
		}
		return []byte(formEncode(form)), kind, nil
	}
	return []byte(py.Str(v)), "", nil
}

// jsonBody accepts JSON, and what Python prints for the same value: templates
// often give that.
func jsonBody(v any) ([]byte, error) {
	if text, ok := v.(string); ok {
		decoded, err := py.DecodeJSON([]byte(text))
		if err != nil {
			if decoded, err = py.LiteralEval(text); err != nil {
				return nil, fmt.Errorf("the request body can't be parsed as JSON: %w", err)
			}
		}
		v = decoded
	}
	body, err := py.AppendJSON(nil, v)
	if err != nil {
		return nil, fmt.Errorf("the request body can't be written as JSON: %w", err)
	}
	return body, nil
}

// upload is a multipart form with one file, and the fields of the body.
func upload(name, content, kind string, fields any) ([]byte, string, error) {
	form, ok := fields.(*py.Dict)
	if !ok && fields != nil && fields != "" {
		return nil, "", errors.New("a body that is text cannot be sent together with a file")
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, v := range form.All() {
		if v != nil {
			w.WriteField(py.Str(k), py.Str(v))
		}
	}
	header := textproto.MIMEHeader{}
	quoted := strings.NewReplacer("\\", "\\\\", `"`, "%22", "\r", "%0D", "\n", "%0A").Replace(name)
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoted, quoted))
	if kind != "" {
		header.Set("Content-Type", kind)
	}
	part, err := w.CreatePart(header)
	if err != nil {
		return nil, "", err
	}
	part.Write([]byte(content))
	w.Close()
	return b.Bytes(), w.FormDataContentType(), nil
}

// authorize sets the credentials. The parameter auth is name=value and
// becomes a header, which its description has always promised.
func authorize(request *http.Request, job *runner.Job) error {
	user, password := runner.String(job.RunnerParameters, "username"), runner.String(job.RunnerParameters, "password")
	if user != "" || password != "" {
		request.SetBasicAuth(user, password)
		return nil
	}
	auth := runner.String(job.ActionParameters, "auth")
	if auth == "" {
		return nil
	}
	name, value, ok := strings.Cut(auth, "=")
	if !ok || name == "" || strings.ContainsAny(name, " :\r\n\t") {
		return errors.New("parameter auth must be of the form header=value (for basic authentication there are username and password)")
	}
	request.Header.Set(name, value)
	return nil
}
