package store_test

import (
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// proxy stands between a store and its server and can cut the connection that
// is about to commit.
type proxy struct {
	t      *testing.T
	url    string
	socket string
	onCut  func() // called after a cut, before the client learns of it

	mu   sync.Mutex
	mode string // "", "swallow" or "cut": what happens to the next request
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, socket: filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	u.Host, u.RawQuery = l.Addr().String(), "sslmode=disable"
	p.url = u.String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

// swallowAnswer lets the next request through and cuts the connection when
// the server has answered it.
func (p *proxy) swallowAnswer() { p.set("swallow") }

// cutRequest cuts the connection instead of passing the next request on.
func (p *proxy) cutRequest() { p.set("cut") }

func (p *proxy) set(mode string) {
	p.mu.Lock()
	p.mode = mode
	p.mu.Unlock()
}

// take returns the mode once.
func (p *proxy) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	mode := p.mode
	p.mode = ""
	return mode
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", p.socket)
	if err != nil {
		return
	}
	defer server.Close()
	var swallow sync.Mutex // held by whoever may pass answers on
	go func() {
		defer client.Close()
		buf := make([]byte, 1<<16)
		for {
			n, err := server.Read(buf)
			if err != nil {
				return
			}
			swallow.Lock()
			_, err = client.Write(buf[:n])
			swallow.Unlock()
			if err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			return
		}
		switch p.take() {
		case "cut":
			p.cut(client, server)
			return
		case "swallow":
			swallow.Lock() // the answer stays here for good
			_, _ = server.Write(buf[:n])
			p.rest(client, server, buf)
			p.cut(client, server)
			return
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

// rest waits until the server has done the request: it then answers a second
// one, for which the proxy asks by closing its side.
func (p *proxy) rest(_, server net.Conn, _ []byte) {
	if c, ok := server.(*net.UnixConn); ok {
		_ = c.CloseWrite()
	}
	_, _ = io.Copy(io.Discard, server)
}

func (p *proxy) cut(client, server net.Conn) {
	_ = server.Close()
	if p.onCut != nil {
		p.onCut()
	}
	_ = client.Close()
}
