// Package http makes HTTP requests as actions.
package http

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

const (
	defaultTimeout = 60 * time.Second
	defaultMaxBody = 32 << 20
	maxRedirects   = 30
)

// Config is about all HTTP actions.
type Config struct {
	Version string // in the User-Agent: st2/v<version>
	MaxBody int64  // bytes of a response after decompression; zero: 32 MiB
}

// Entries is http-request.
func Entries(c Config) []runner.Entry {
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	return []runner.Entry{{Type: requestType(), Runner: requester{c}}}
}

type requester struct{ Config }

// Run makes one request, with its redirects where they are allowed.
func (r requester) Run(ctx context.Context, job *runner.Job, _ runner.Output) runner.Result {
	plan, err := r.plan(job)
	if err != nil {
		return runner.Fail(err)
	}
	response, err := plan.do(ctx, r.MaxBody)
	var late net.Error
	switch {
	case ctx.Err() != nil:
		return runner.Interruption(ctx, job)
	case errors.As(err, &late) && late.Timeout():
		return runner.Result{Status: gale.TimedOut, Result: py.DictOf("error", err.Error())}
	case err != nil:
		return runner.Fail(err)
	}
	return response.result()
}

// plan is a request ready to be made.
type plan struct {
	request   *http.Request
	hosts     hostRules
	redirects bool
	proxy     func(*http.Request) (*url.URL, error)
	proxied   bool // by a proxy that the action names
	insecure  bool
	timeout   time.Duration // without a byte, not in all
}

func (r requester) plan(job *runner.Job) (*plan, error) {
	p := &plan{redirects: runner.Bool(job.RunnerParameters, "allow_redirects"), timeout: defaultTimeout}
	if v, ok := job.RunnerParameters.GetString("verify_ssl_cert"); ok && v != nil {
		p.insecure = !py.Truth(v)
	}
	var err error
	if p.hosts, err = newHostRules(job.RunnerParameters); err != nil {
		return nil, err
	}
	if err := p.setTimeout(job.ActionParameters); err != nil {
		return nil, err
	}
	if err := p.setProxy(job.RunnerParameters); err != nil {
		return nil, err
	}
	if p.request, err = r.request(job); err != nil {
		return nil, err
	}
	return p, p.hosts.check(p.request.URL)
}

func (p *plan) setTimeout(parameters *py.Dict) error {
	v, _ := parameters.GetString("timeout")
	if v == nil {
		return nil
	}
	seconds, err := py.Float(v)
	if err != nil {
		return fmt.Errorf("parameter timeout: %w", err)
	}
	if !(seconds > 0) {
		return fmt.Errorf("parameter timeout: %s is not more than 0 seconds", py.Str(v))
	}
	const most = float64(10 * 365 * 24 * time.Hour)
	p.timeout = time.Duration(min(seconds*float64(time.Second), most))
	return nil
}

func (p *plan) setProxy(parameters *py.Dict) error {
	proxies := map[string]*url.URL{}
	for _, scheme := range []string{"http", "https"} {
		text := runner.String(parameters, scheme+"_proxy")
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return fmt.Errorf("parameter %s_proxy is not the URL of a proxy (http://host:port)", scheme)
		}
		proxies[scheme] = u
	}
	p.proxied = len(proxies) > 0
	p.proxy = func(r *http.Request) (*url.URL, error) {
		if u := proxies[r.URL.Scheme]; u != nil {
			return u, nil
		}
		return http.ProxyFromEnvironment(r)
	}
	return nil
}

// do makes the request and reads the response.
func (p *plan) do(ctx context.Context, maxBody int64) (*response, error) {
	transport := p.transport()
	defer transport.CloseIdleConnections()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: transport, Jar: jar, CheckRedirect: p.redirect}
	answer, err := client.Do(p.request.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return read(answer, maxBody)
}

func (p *plan) redirect(next *http.Request, before []*http.Request) error {
	if !p.redirects {
		return http.ErrUseLastResponse
	}
	if len(before) > maxRedirects {
		return fmt.Errorf("exceeded %d redirects", maxRedirects)
	}
	return p.hosts.check(next.URL)
}

// result is the response as users see it.
func (r *response) result() runner.Result {
	status := gale.Failed
	if r.code >= 200 && r.code <= 206 {
		status = gale.Succeeded
	}
	return runner.Result{Status: status, Result: py.DictOf(
		"status_code", int64(r.code),
		"body", r.body,
		"parsed", r.parsed,
		"headers", r.headers,
	)}
}
