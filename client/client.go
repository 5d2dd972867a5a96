// Package client talks to Gale's HTTP API.
//
// A Client sends requests and gives back resources as ordered documents
// (*py.Dict): what a server says passes through unchanged, fields of newer
// versions included. Methods for the usual nouns save the paths:
//
//	c := client.New(client.Config{API: "http://127.0.0.1:9101/api/v1", APIKey: key})
//	run, err := c.Run(ctx, client.RunRequest{Action: "core.local", Parameters: py.DictOf("cmd", "date")})
//	run, err = c.Wait(ctx, client.ID(run))
//
// All methods block until the answer is there or ctx ends, and may be called
// from several goroutines. A refusal by the server is an *Error, a server that
// cannot be reached an *Unreachable.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/galehq/gale/py"
)

// Config says where the server is and who asks. Only the URLs are needed.
type Config struct {
	API    string // base of the API, version included: http://127.0.0.1:9101/api/v1
	Auth   string // base of the token service: http://127.0.0.1:9101/auth/v1
	Stream string // base of the event stream: http://127.0.0.1:9101/stream/v1

	Token     string // sent as X-Auth-Token
	APIKey    string // sent as St2-Api-Key when there is no token
	BasicAuth string // user:password for a proxy in front of the server

	UserAgent string
	TLS       *tls.Config
	Observe   func(Exchange) // called after each request; nil: not
}

// Exchange is one request and its answer as they went over the wire,
// credentials included.
type Exchange struct {
	Request  *http.Request
	Body     []byte
	Response *http.Response // nil when there was none
	Answer   []byte         // empty for a stream
	Err      error
}

// Client is made by New.
type Client struct {
	cfg  Config
	http *http.Client
}

// New returns a client; it connects on first use.
func New(cfg Config) *Client {
	cfg.API = strings.TrimRight(cfg.API, "/")
	cfg.Auth = strings.TrimRight(cfg.Auth, "/")
	cfg.Stream = strings.TrimRight(cfg.Stream, "/")
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &Client{cfg: cfg, http: &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSClientConfig:     cfg.TLS,
			TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     90 * time.Second,
			ForceAttemptHTTP2:   true,
		},
		CheckRedirect: sameOrigin,
	}}
}

// sameOrigin refuses to follow a redirection to another host: net/http would
// send our token along.
func sameOrigin(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) >= 5 || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

// Config returns what the client was made with.
func (c *Client) Config() Config { return c.cfg }

// Service is one of the three addresses of a server.
type Service int

const (
	API Service = iota
	Auth
	Stream
)

func (c *Client) base(s Service) string {
	switch s {
	case Auth:
		return c.cfg.Auth
	case Stream:
		return c.cfg.Stream
	}
	return c.cfg.API
}

// Request is what Do sends.
type Request struct {
	Method  string // default GET
	Service Service
	Path    string // begins with a slash; see Path
	Query   url.Values
	Body    any    // a document, sent as JSON; nil: no body
	Raw     []byte // sent instead of Body
	Type    string // content type of Raw; default application/json
	Basic   *url.Userinfo
	Header  http.Header
}

// Response is a complete answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Value reads the body as a document; an empty body is nil.
func (r *Response) Value() (any, error) {
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return nil, nil
	}
	return py.DecodeJSON(r.Body)
}

// Path joins segments to a path and escapes each of them.
func Path(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(s))
	}
	return b.String()
}

// Do sends a request and reads the answer. A status of 400 and above gives an
// *Error. A GET whose connection fails is tried three times within a third of
// a second; nothing else is ever sent twice.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	body, err := r.payload()
	if err != nil {
		return nil, err
	}
	pause := 100 * time.Millisecond
	for try := 1; ; try++ {
		resp, err := c.once(ctx, r, body)
		var down *Unreachable
		if err == nil || try == 3 || !errors.As(err, &down) || r.Method != "" && r.Method != http.MethodGet {
			return resp, err
		}
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Request) payload() ([]byte, error) {
	if r.Raw != nil || r.Body == nil {
		return r.Raw, nil
	}
	return py.AppendJSON(nil, r.Body)
}

// maxAnswer bounds the memory that one answer may take.
const maxAnswer = 512 << 20

func (c *Client) once(ctx context.Context, r Request, body []byte) (*Response, error) {
	req, err := c.request(ctx, r, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = c.unreachable(ctx, r, err)
		c.observe(Exchange{Request: req, Body: body, Err: err})
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	c.observe(Exchange{Request: req, Body: body, Response: resp, Answer: answer, Err: err})
	switch {
	case err != nil:
		return nil, c.unreachable(ctx, r, err)
	case len(answer) > maxAnswer:
		return nil, &Error{Status: resp.StatusCode, Fault: "the answer is larger than 512 MiB", Method: req.Method, URL: req.URL.String()}
	case resp.StatusCode >= 300:
		return nil, errorOf(req, resp, answer)
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: answer}, nil
}

func (c *Client) observe(x Exchange) {
	if c.cfg.Observe != nil {
		c.cfg.Observe(x)
	}
}

func (c *Client) request(ctx context.Context, r Request, body []byte) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodGet
	}
	target := c.base(r.Service) + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		if r.Type != "" {
			req.Header.Set("Content-Type", r.Type)
		}
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	c.authenticate(req, r)
	return req, nil
}

// authenticate adds who asks. A login shows its password only to the token
// service, and nothing else does.
func (c *Client) authenticate(req *http.Request, r Request) {
	if c.cfg.UserAgent != "" {
		req.Header.Set("User-Agent", c.cfg.UserAgent)
	}
	if c.cfg.BasicAuth != "" {
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.cfg.BasicAuth)))
	}
	if r.Basic != nil {
		password, _ := r.Basic.Password()
		req.SetBasicAuth(r.Basic.Username(), password)
		return
	}
	switch {
	case c.cfg.Token != "":
		req.Header.Set("X-Auth-Token", c.cfg.Token)
	case c.cfg.APIKey != "":
		req.Header["St2-Api-Key"] = []string{c.cfg.APIKey}
	}
}
