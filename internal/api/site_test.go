package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/galehq/gale"
	apidoc "github.com/galehq/gale/api"
	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/api"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/config"
	"github.com/galehq/gale/internal/datastore"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/pack"
	httprunner "github.com/galehq/gale/internal/runner/http"
	"github.com/galehq/gale/internal/runner/local"
	"github.com/galehq/gale/internal/runner/python"
	"github.com/galehq/gale/internal/runner/simple"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/packs"
	"github.com/galehq/gale/py"
)

// site is the API over a store of its own, in which the system packs and the
// pack of testdata are registered.
type site struct {
	testing.TB
	handler http.Handler
	service *api.Service
	store   *store.Store
	dir     string // of the store
	packs   string // where the packs are
	key     *secret.Key
	tokens  map[string]string // by user
	log     *bytes.Buffer
}

// The users of every site.
const (
	root = "root" // an administrator
	joe  = "joe"  // not
)

// openStore opens the store of a new site; TestOnPostgreSQL puts another in its place.
var openStore = openSQLite

func openSQLite(tb testing.TB, dir string) *store.Store {
	return storetest.OpenWith(tb, store.Config{Dir: dir})
}

func newSite(tb testing.TB, change ...func(*config.Config)) *site {
	tb.Helper()
	s := &site{TB: tb, dir: tb.TempDir(), packs: tb.TempDir(), tokens: map[string]string{}, log: &bytes.Buffer{}}
	cfg, err := config.Load(config.Flags{DataDir: s.dir, Listen: "127.0.0.1:9101"}, []string{"HOME=" + s.dir})
	s.must(err)
	for _, fn := range change {
		fn(cfg)
	}
	logger := slog.New(slog.NewTextHandler(s.log, nil))
	s.store = openStore(tb, s.dir)
	s.key, err = secret.NewKey()
	s.must(err)
	signing, err := s.key.Derive("gale/token/1")
	s.must(err)
	s.service = &api.Service{
		Store: s.store, Key: s.key, Config: cfg, URL: "http://127.0.0.1:9101", Log: logger,
		Exec: &execution.Service{Store: s.store, Key: s.key, SystemUser: "stanley", WebURL: "https://gale.example",
			Engine: expr.New(expr.Options{})},
		Data:   &datastore.Service{Key: s.key},
		Signer: auth.Signer{Key: signing},
		Places: pack.Places{Packs: []string{s.packs}, Configs: filepath.Join(s.dir, "configs")},
	}
	s.service.Explain = func(_ context.Context, id string) (any, error) {
		return nil, gale.Errorf(gale.NotFound, "trigger instance %q does not exist", id)
	}
	s.content()
	s.users()
	s.handler = s.serve()
	return s
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *site) serve() http.Handler {
	s.Helper()
	doc, err := httpapi.ParseDocument(apidoc.Document)
	s.must(err)
	cfg := s.service.Hooks()
	cfg.Handlers = s.service.Handlers()
	for _, id := range []string{"stream.events", "stream.output"} { // package stream's
		cfg.Handlers[id] = func(*httpapi.Request) (*httpapi.Response, error) { return nil, nil }
	}
	h, err := httpapi.New(doc, cfg)
	s.must(err)
	return h
}

// content registers what the binary knows, the system packs and those of testdata.
func (s *site) content() {
	s.Helper()
	runners := slices.Concat(local.Entries(local.Config{}), python.Entries(python.Config{}), httprunner.Entries(httprunner.Config{}),
		simple.Entries(func(context.Context, simple.Announcement) error { return nil }))
	s.update(func(tx *store.Tx) error {
		for _, e := range runners {
			t := e.Type
			t.ID, t.UID = tx.NewID(), "runner_type:"+t.Name
			if err := store.RunnerTypes.Insert(tx, &t); err != nil {
				return err
			}
		}
		return store.PolicyTypes.Insert(tx, &gale.PolicyType{ID: tx.NewID(), Ref: "action.concurrency", UID: "policy_type:action:concurrency",
			Name: "concurrency", ResourceType: "action", Enabled: true, Parameters: py.DictOf(
				"threshold", py.DictOf("type", "integer", "required", true),
				"action", py.DictOf("type", "string", "enum", []any{"delay", "cancel"}, "default", "delay"))})
	})
	system, err := pack.Unpack(packs.FS, filepath.Join(s.dir, "system"))
	s.must(err)
	s.must(os.CopyFS(s.packs, os.DirFS("testdata")))
	s.must(os.CopyFS(filepath.Join(s.packs, "default"), os.DirFS(filepath.Join(system, "default"))))
	for _, dir := range []string{filepath.Join(system, "core"), filepath.Join(s.packs, "default"), filepath.Join(s.packs, "lab"), filepath.Join(s.packs, "vault")} {
		_, err := pack.RegisterDir(s.Context(), s.store, s.service.Places, dir, pack.Options{Key: s.key})
		s.must(err)
	}
	s.service.Places.Packs = append(s.service.Places.Packs, system)
}

func (s *site) users() {
	s.Helper()
	s.update(func(tx *store.Tx) error {
		for _, name := range []string{root, joe} {
			if _, err := auth.SaveUser(tx, name, "", name == root); err != nil {
				return err
			}
			token, _, err := auth.IssueToken(tx, name, time.Hour, nil)
			if err != nil {
				return err
			}
			s.tokens[name] = token
		}
		return nil
	})
}

func (s *site) update(fn func(*store.Tx) error) {
	s.Helper()
	s.must(s.store.Update(s.Context(), fn))
}

func (s *site) view(fn func(*store.Tx) error) {
	s.Helper()
	s.must(s.store.View(s.Context(), fn))
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	site *site
}

// call sends a request as root, or as who the headers say. A body that is no
// text is sent as JSON.
func (s *site) call(method, target string, body any, header ...string) answer {
	s.Helper()
	return s.as(root, method, target, body, header...)
}

// as sends a request with a user's token.
func (s *site) as(user, method, target string, body any, header ...string) answer {
	s.Helper()
	content, ok := body.(string)
	if !ok && body != nil {
		data, err := py.AppendJSON(nil, body)
		s.must(err)
		content = string(data)
	}
	path, query, _ := strings.Cut(target, "?")
	r := httptest.NewRequest(method, "/", strings.NewReader(content))
	r.URL = &url.URL{Path: path, RawQuery: query}
	if token := s.tokens[user]; token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return answer{w, s}
}

// is fails the test unless the answer has this status.
func (a answer) is(status int) answer {
	a.site.Helper()
	if a.Code != status {
		a.site.Fatalf("got status %d with %s, want %d", a.Code, a.Body, status)
	}
	return a
}

// fault fails the test unless the answer is this refusal.
func (a answer) fault(status int, words string) {
	a.site.Helper()
	if got := text(a.value(), "faultstring"); a.Code != status || got != words {
		a.site.Errorf("got %d %q, want %d %q", a.Code, got, status, words)
	}
}

// refused fails the test unless the answer is a refusal that contains words.
func (a answer) refused(status int, words string) {
	a.site.Helper()
	if got := text(a.value(), "faultstring"); a.Code != status || !strings.Contains(got, words) {
		a.site.Errorf("got %d %q, want %d with %q in it", a.Code, got, status, words)
	}
}

func (a answer) value() any {
	a.site.Helper()
	v, err := py.DecodeJSON(a.Body.Bytes())
	if err != nil {
		a.site.Fatalf("status %d, no JSON: %v in %q", a.Code, err, a.Body)
	}
	return v
}

func (a answer) object() *py.Dict {
	a.site.Helper()
	d, ok := a.value().(*py.Dict)
	if !ok {
		a.site.Fatalf("got %s, want an object", a.Body)
	}
	return d
}

func (a answer) list() []any {
	a.site.Helper()
	l, ok := a.value().([]any)
	if !ok {
		a.site.Fatalf("got %d %s, want a list", a.Code, a.Body)
	}
	return l
}

// at reads a part of a document by a dotted path, nil when it is absent.
func at(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		d, ok := v.(*py.Dict)
		if !ok {
			return nil
		}
		v, _ = d.GetString(name)
	}
	return v
}

func text(v any, path string) string {
	s, _ := at(v, path).(string)
	return s
}

// want fails the test unless a part of a document is as it should be.
func (s *site) want(v any, path string, want any) {
	s.Helper()
	if got := at(v, path); !py.Equal(got, want) {
		s.Errorf("%s is %s, want %s", path, py.Repr(got), py.Repr(want))
	}
}

// keys returns the names of an object's members.
func keys(v any) []string {
	d, _ := v.(*py.Dict)
	var names []string
	for k := range d.All() {
		names = append(names, fmt.Sprint(k))
	}
	return names
}

// nowhere fails the test when one of the texts is anywhere in the store's
// files or tables, or in the log.
func (s *site) nowhere(texts ...string) {
	s.Helper()
	for _, t := range texts {
		for _, place := range s.places(t) {
			s.Errorf("%s holds %q in clear", place, t)
		}
		if strings.Contains(s.log.String(), t) {
			s.Errorf("the log holds %q", t)
		}
	}
}

// places returns the files or tables of the store that hold a text.
func (s *site) places(text string) []string {
	s.Helper()
	if s.store.Dialect() == "postgres" {
		return s.tables(text)
	}
	var found []string
	s.must(filepath.WalkDir(s.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(p, "/configs/") {
			return err
		}
		data, err := os.ReadFile(p)
		if err == nil && bytes.Contains(data, []byte(text)) { // a file that came and went holds nothing
			found = append(found, filepath.Base(p))
		}
		return nil
	}))
	return found
}

func (s *site) tables(text string) []string {
	s.Helper()
	var found []string
	s.view(func(tx *store.Tx) error {
		names, err := tx.Query("select table_name::text from information_schema.tables where table_schema = 'public'")
		if err != nil {
			return err
		}
		for names.Next() {
			var name string
			if err := names.Scan(&name); err != nil {
				return err
			}
			holds, err := tx.QueryRow("select 1 from "+name+" t where strpos(t::text, $1) > 0 limit 1", []any{text}, new(int64))
			if err != nil {
				return err
			}
			if holds {
				found = append(found, name)
			}
		}
		return names.Err()
	})
	return found
}

// events returns the bodies of all events on a topic, by kind.
func (s *site) events(topic string) []string {
	s.Helper()
	all, err := s.store.Events(s.Context(), 0, 10_000)
	s.must(err)
	var found []string
	for _, e := range all {
		if e.Topic == topic {
			found = append(found, e.Kind+" "+string(e.Body))
		}
	}
	return found
}

// run requests an action and returns the id of the execution.
func (s *site) run(action string, parameters *py.Dict) string {
	s.Helper()
	return text(s.call("POST", "/api/v1/executions", py.DictOf("action", action, "parameters", parameters)).is(201).object(), "id")
}

// finish ends an execution as a runner would.
func (s *site) finish(id string, status gale.Status, result *py.Dict) {
	s.Helper()
	ctx := s.Context()
	var e *gale.Execution
	s.update(func(tx *store.Tx) (err error) {
		e, _, err = execution.Begin(tx, id, gale.RunnerInfo{Hostname: "here", PID: 1})
		return err
	})
	def, err := s.service.Exec.Define(ctx, e.ActionRef)
	s.must(err)
	given, err := s.service.Exec.OpenParameters(e)
	s.must(err)
	final, err := s.service.Exec.Final(ctx, def, e, given)
	s.must(err)
	sealed, err := s.service.Exec.SealResult(def, e, result, def.Secrets(final.Action))
	s.must(err)
	s.update(func(tx *store.Tx) error {
		_, _, err := execution.Finish(tx, id, execution.Outcome{Status: status, Result: sealed})
		return err
	})
}

// sub runs a part of a test under its own name over the same site.
func (s *site) sub(name string, fn func(s *site)) {
	s.Helper()
	s.TB.(*testing.T).Run(name, func(t *testing.T) {
		part := *s
		part.TB = t
		fn(&part)
	})
}
