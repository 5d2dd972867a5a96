package http

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// response is what came back, read to its end.
type response struct {
	code    int
	body    any // text, or the value it spells in JSON
	parsed  bool
	headers *py.Dict
}

func read(answer *http.Response, maxBody int64) (*response, error) {
	raw, err := readBody(answer, maxBody)
	if err != nil {
		return nil, err
	}
	r := &response{code: answer.StatusCode, headers: flat(answer.Header)}
	kind, params, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		kind, _, _ = strings.Cut(strings.ToLower(answer.Header.Get("Content-Type")), ";")
	}
	text := decode(raw, params["charset"])
	r.body = text
	if strings.TrimSpace(kind) == "application/json" {
		if v, err := py.DecodeJSON([]byte(text)); err == nil {
			r.body, r.parsed = v, true
		}
	}
	return r, nil
}

// readBody reads and decompresses; a small response may unpack to a large
// one, so the limit is on what comes out.
func readBody(answer *http.Response, maxBody int64) ([]byte, error) {
	var body io.Reader = answer.Body
	switch strings.ToLower(answer.Header.Get("Content-Encoding")) {
	case "gzip", "x-gzip":
		packed := &firstByte{r: answer.Body}
		if packed.empty() {
			return nil, packed.err
		}
		unpacked, err := gzip.NewReader(packed)
		if err != nil {
			return nil, fmt.Errorf("decompress the response: %w", err)
		}
		body = unpacked
	case "deflate":
		unpacked, err := inflate(answer.Body, maxBody)
		if err != nil {
			return nil, err
		}
		body = unpacked
	}
	data, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the response: %w", err)
	}
	if int64(len(data)) > maxBody {
		return nil, fmt.Errorf("the response is larger than %d bytes", maxBody)
	}
	return data, nil
}

// firstByte tells an empty body (of HEAD, 204, 304) from packed data.
type firstByte struct {
	r    io.Reader
	b    []byte
	err  error
	seen bool
}

func (f *firstByte) empty() bool {
	var b [1]byte
	n, err := io.ReadFull(f.r, b[:])
	f.b = b[:n]
	if err != io.EOF {
		f.err = err
	}
	return n == 0
}

func (f *firstByte) Read(p []byte) (int, error) {
	if len(f.b) > 0 && len(p) > 0 {
		n := copy(p, f.b)
		f.b = f.b[n:]
		return n, nil
	}
	return f.r.Read(p)
}

// inflate undoes "deflate", which is zlib's format by the standard and the
// bare one with some servers.
func inflate(r io.Reader, maxBody int64) (io.Reader, error) {
	packed, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the response: %w", err)
	}
	if len(packed) == 0 {
		return bytes.NewReader(nil), nil
	}
	if unpacked, err := zlib.NewReader(bytes.NewReader(packed)); err == nil {
		return unpacked, nil
	}
	return flate.NewReader(bytes.NewReader(packed)), nil
}

// flat makes headers a map of text; repeated ones are joined.
func flat(h http.Header) *py.Dict {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	d := py.NewDict(len(names))
	for _, name := range names {
		d.Set(name, decode([]byte(strings.Join(h[name], ", ")), ""))
	}
	return d
}

// decode makes text of bytes. Without a charset, or with one that is not
// known, it is UTF-8 if it can be and Latin-1 otherwise.
func decode(raw []byte, charset string) string {
	switch strings.ToLower(charset) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return strings.ToValidUTF8(string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))), "\uFFFD")
	case "iso-8859-1", "latin-1", "latin1", "iso8859-1":
		return latin1(raw)
	}
	if utf8.Valid(raw) {
		return string(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	}
	return latin1(raw)
}

func latin1(raw []byte) string {
	runes := make([]rune, len(raw))
	for i, b := range raw {
		runes[i] = rune(b)
	}
	return string(runes)
}
