package http

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/galehq/gale/internal/runner"
	"github.com/galehq/gale/py"
)

// transport serves one run. The timeout is on silence, as users know it: a
// long download that keeps coming is not late.
func (p *plan) transport() *http.Transport {
	dialer := &net.Dialer{Timeout: p.timeout}
	if !p.proxied {
		dialer.Control = p.hosts.control
	}
	return &http.Transport{
		Proxy:              p.proxy,
		DisableCompression: true,                                        // done here, so that the headers stay as they came
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: p.insecure}, // the user's choice
		// The handshake is read like everything else: see below.
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &impatient{Conn: conn, timeout: p.timeout}, nil
		},
	}
}

// impatient gives up on a connection on which nothing has moved, in either
// direction, for the timeout. (The transport always has a read pending, so a
// long upload has to put that off.)
type impatient struct {
	net.Conn
	timeout time.Duration
}

func (c *impatient) Read(b []byte) (int, error) {
	c.Conn.SetDeadline(time.Now().Add(c.timeout))
	return c.Conn.Read(b)
}

func (c *impatient) Write(b []byte) (int, error) {
	// In pieces, so that each that gets through counts as movement.
	const piece = 64 << 10
	total := 0
	for len(b) > 0 {
		c.Conn.SetDeadline(time.Now().Add(c.timeout))
		n, err := c.Conn.Write(b[:min(piece, len(b))])
		total += n
		if err != nil {
			return total, err
		}
		b = b[n:]
	}
	return total, nil
}

// hostRules say which hosts may be asked.
type hostRules struct{ black, white []string }

func newHostRules(parameters *py.Dict) (r hostRules, err error) {
	if r.black, err = hostList(parameters, "url_hosts_blacklist"); err != nil {
		return r, err
	}
	if r.white, err = hostList(parameters, "url_hosts_whitelist"); err != nil {
		return r, err
	}
	if len(r.black) > 0 && len(r.white) > 0 {
		return r, fmt.Errorf(`"url_hosts_blacklist" and "url_hosts_whitelist" parameters are mutually exclusive. Only one should be provided.`)
	}
	return r, nil
}

func hostList(parameters *py.Dict, name string) ([]string, error) {
	items, err := runner.Strings(parameters, name)
	for i, item := range items {
		items[i] = bareHost(item)
	}
	return items, err
}

// bareHost is the form in which hosts are compared: no brackets, no case, no
// final dot, one spelling for an address.
func bareHost(host string) string {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return host
}

// check looks at a URL before it is asked; redirects come here as well. User
// and port do not count.
func (r hostRules) check(u *url.URL) error {
	host := bareHost(u.Hostname())
	if slices.Contains(r.black, host) {
		return fmt.Errorf("URL %q is blacklisted", u.Redacted())
	}
	if len(r.white) > 0 && !slices.Contains(r.white, host) {
		return fmt.Errorf("URL %q is not whitelisted", u.Redacted())
	}
	return nil
}

// control looks at the address that a name turned out to have.
func (r hostRules) control(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err == nil && slices.Contains(r.black, bareHost(host)) {
		return fmt.Errorf("address %s is blacklisted", host)
	}
	return nil
}
