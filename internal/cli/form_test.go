package cli

import (
	"strings"
	"testing"
)

const inquirySchema = `{"type":"object","properties":{
	"ok":{"type":"boolean","required":true,"description":"Go on?"},
	"size":{"type":"string","enum":["s","m"],"default":"m"},
	"pin":{"type":"string","secret":true},
	"hosts":{"type":"array"},
	"n":{"type":"integer"},
	"who":{"type":"object","properties":{"name":{"type":"string"}}}}}`

func TestRespondAsks(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /inquiries/i1": ok(`{"id":"i1","schema":` + inquirySchema + `}`),
		"PUT /inquiries/i1": ok(`{"id":"i1","response":{}}`),
	})
	s := newShell(t, a)
	// Answers that do not fit are asked for again: nothing for ok, "x" for n.
	s.stdin = "\nmaybe\ny\n0\n1234\na,b\nx\n5\nbob\n"
	r := s.run("inquiry respond i1")
	want := `PUT /inquiries/i1 {"id":"i1","response":{"ok":true,"size":"s","pin":"1234","hosts":["a","b"],"n":5,"who":{"name":"bob"}}}`
	if got := a.requests(); r.code != 0 || got[len(got)-1] != want {
		t.Errorf("exit code %d\ngot  %s\nwant %s\n%s", r.code, got[len(got)-1], want, r.errOut)
	}
	for _, prompt := range []string{"# Go on?\nok (y/n): ", "0: s\n1: m\nsize [m]: ", "who.name: ", "answer y or n"} {
		if !strings.Contains(r.errOut, prompt) {
			t.Errorf("got %q without %q", r.errOut, prompt)
		}
	}
	if want := "\n Response accepted for inquiry i1.\n"; r.out != want {
		t.Errorf("got %q, want %q", r.out, want)
	}
	s.stdin = ""
	if r := s.run("inquiry respond i1"); r.code != 1 || !strings.Contains(r.out, "no answer for ok, which is required") {
		t.Errorf("without answers: got %d %q", r.code, r.out)
	}
	s.stdin = "y\n" // the end of stdin takes the defaults
	a.requests()
	s.run("inquiry respond i1")
	if got := a.requests(); got[1] != `PUT /inquiries/i1 {"id":"i1","response":{"ok":true,"size":"m","who":{}}}` {
		t.Errorf("got %s", got[1])
	}
}

func TestRespondWithJSON(t *testing.T) {
	a := newAPI(t, map[string]answer{"PUT /inquiries/i1": {400, `{"faultstring":"did not pass schema validation"}`, nil}})
	s := newShell(t, a)
	r := s.run("inquiry", "respond", "i1", "-r", `{"ok": true}`)
	if got := a.requests(); len(got) != 1 || got[0] != `PUT /inquiries/i1 {"id":"i1","response":{"ok":true}}` || r.code != 2 {
		t.Errorf("got %d %q", r.code, got)
	}
}

func TestPackConfig(t *testing.T) {
	a := newAPI(t, map[string]answer{
		"GET /config_schemas/aws": ok(`{"attributes":{"region":{"type":"string","default":"eu"},"key":{"type":"string","secret":true}}}`),
		"PUT /configs/aws":        ok(`{"id":"c1","pack":"aws","values":{"region":"us","key":"********"}}`),
	})
	s := newShell(t, a)
	s.stdin = "us\nhush\ny\n"
	r := s.run("pack config aws")
	if got := a.requests(); r.code != 0 || got[1] != `PUT /configs/aws {"region":"us","key":"hush"}` {
		t.Errorf("got %d %q", r.code, got)
	}
	if strings.Contains(r.errOut+r.out, "hush") || !strings.Contains(r.errOut, "---\nregion: us\nkey: '********'\n---\n") {
		t.Errorf("the preview is\n%s", r.errOut)
	}
	s.stdin = "us\nhush\nn\n"
	if r := s.run("pack config aws"); r.code != 2 || len(a.requests()) != 1 {
		t.Errorf("not saved: got %d %q", r.code, r.out)
	}
	if r := s.run("pack config nope"); r.code != 2 || !strings.Contains(r.out, "doesn't have a config schema") {
		t.Errorf("got %d %q", r.code, r.out)
	}
}
