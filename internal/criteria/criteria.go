// Package criteria decides whether an event meets the criteria of a rule, and
// says why. One function serves the rules engine and those who ask why a rule
// did not fire.
//
// The operators are StackStorm's, with Python's semantics: nothing is
// converted ("5" is not 5, but 5 is 5.0 and true is 1), and most operators fail
// on values of a type that they cannot handle, null included. A criterion that
// fails is not met.
package criteria

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/galehq/gale/expr"
	"github.com/galehq/gale/internal/params"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/jinja"
	"github.com/galehq/gale/jsonpath"
	"github.com/galehq/gale/py"
)

// Env is what criteria are evaluated with, besides the payload.
type Env struct {
	Now       time.Time         // for operators that compare with the present
	Datastore *params.Datastore // st2kv in patterns; nil: every item is empty
}

// Criteria are those of one rule, ready for many events. They are immutable.
type Criteria struct {
	engine *expr.Engine
	list   []*criterion
}

// criterion is one of them.
type criterion struct {
	key       string   // as written
	steps     []string // of a key that is names joined by dots
	path      *jsonpath.Path
	pathErr   error
	operator  string // as written
	do        operator
	pattern   pattern
	header    string    // the canonical name of the HTTP header that the key names, if it does
	condition any       // of search
	children  *Criteria // of search
	broken    error     // it cannot be evaluated whatever comes
	silent    bool      // it is never met, and that is no failure
}

// Decision says whether criteria were met.
type Decision struct {
	Matched bool
	Err     error     // a criterion could not be evaluated; it is part of Reason
	Checks  []Outcome // what was looked at; Match keeps only the one that decided
}

// Reason says, for people, why the criteria were not met; it is "" when they
// were. The text is made on demand: most events meet few criteria, and nobody
// asks why.
func (d Decision) Reason() string {
	if d.Matched {
		return ""
	}
	for _, o := range d.Checks {
		if !o.Matched {
			return o.reason()
		}
	}
	return "the payload is empty, and an empty payload meets no criteria"
}

// Outcome is how one criterion fared.
type Outcome struct {
	Key      string
	Operator string
	Value    any // found in the payload, nil if there is none
	Pattern  any // rendered
	Matched  bool
	Err      error
}

// Compile prepares criteria as rules hold them. It never fails: a criterion
// that cannot be evaluated is not met, and its outcome says why.
func Compile(doc *py.Dict, engine *expr.Engine) *Criteria { return compile(doc, engine, 0) }

// maxNesting bounds searches within searches.
const maxNesting = 20

func compile(doc *py.Dict, engine *expr.Engine, depth int) *Criteria {
	c := &Criteria{engine: engine}
	for k, v := range doc.All() {
		c.list = append(c.list, compileOne(py.Str(k), v, engine, depth))
	}
	return c
}

func compileOne(key string, v any, engine *expr.Engine, depth int) *criterion {
	c := &criterion{key: key}
	d, ok := v.(*py.Dict)
	if !ok {
		c.broken = fmt.Errorf("the criterion is %s, not an object", py.TypeName(v))
		return c
	}
	name, given := d.GetString("type")
	if !given {
		c.silent = true
		return c
	}
	c.operator = py.Str(name)
	c.setKey(key)
	c.condition, _ = d.GetString("condition")
	value, _ := d.GetString("pattern")
	c.pattern = newPattern(value, engine)
	lower := strings.ToLower(c.operator)
	if lower == "search" {
		c.setSearch(value, engine, depth)
		return c
	}
	if c.do, ok = operators[lower]; !ok {
		c.broken = fmt.Errorf("Invalid operator: %s", lower) //nolint:staticcheck // the original's words
	}
	return c
}

func (c *criterion) setSearch(value any, engine *expr.Engine, depth int) {
	d, ok := value.(*py.Dict)
	switch {
	case !ok:
		c.broken = fmt.Errorf("the pattern of a search is %s, not an object", py.TypeName(value))
	case depth >= maxNesting:
		c.broken = fmt.Errorf("searches nest more than %d deep", maxNesting)
	default:
		c.children = compile(d, engine, depth+1)
	}
}

// setKey prepares the look-up. What follows a # only tells keys apart.
func (c *criterion) setKey(key string) {
	key, _, _ = strings.Cut(key, "#")
	if c.steps = plainSteps(key); c.steps == nil {
		c.path, c.pathErr = jsonpath.Parse(key)
	}
	if m := headerKey.FindStringSubmatch(key); m != nil {
		c.header = http.CanonicalHeaderKey(m[1] + m[2] + m[3])
	}
}

// headerKey is a key that names an HTTP header of a webhook. Its payload has
// the names in canonical case, and a rule may write them in any: X-GitHub-Event
// arrives as X-Github-Event.
var headerKey = regexp.MustCompile(`^trigger\.headers(?:\.([A-Za-z][\w-]*)|\['([\w-]+)'\]|\["([\w-]+)"\])$`)

// plainSteps splits a key that is names joined by dots, the usual case, which
// needs no engine; nil for any other.
func plainSteps(key string) []string {
	steps := strings.Split(key, ".")
	for _, s := range steps {
		if s == "" || s == "where" || !isName(s) {
			return nil
		}
	}
	return steps
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '@':
		case i > 0 && (c >= '0' && c <= '9' || c == '-'):
		default:
			return false
		}
	}
	return true
}

// Check checks criteria as they are when a rule is saved. Paths start at the key.
func Check(doc *py.Dict) []schema.Problem {
	var out []schema.Problem
	for k, v := range doc.All() {
		key := py.Str(k)
		problem := func(format string, args ...any) {
			out = append(out, schema.Problem{Path: schema.Path{k}, Message: fmt.Sprintf(format, args...)})
		}
		d, ok := v.(*py.Dict)
		if !ok {
			problem("For field: %s, the criterion is not an object", key)
			continue
		}
		name, _ := d.GetString("type")
		operator, isText := name.(string)
		if name == nil || name == "" {
			problem("Operator not specified for field: %s", key)
			continue
		}
		if _, known := operators[operator]; !isText || !known && operator != "search" {
			problem("For field: %s, operator %s not in list of allowed operators: %s", key, py.Str(name), strings.Join(Operators(), ", "))
			continue
		}
		if p, _ := d.GetString("pattern"); p == nil {
			problem("For field: %s, no pattern specified for operator %s", key, operator)
		}
	}
	return out
}

// Match decides whether an event meets the criteria. It stops at the first
// that is not met. An empty payload meets no criteria but none.
func (c *Criteria) Match(payload *py.Dict, env Env) Decision { return c.decide(payload, env, false) }

// Explain is Match that looks at every criterion.
func (c *Criteria) Explain(payload *py.Dict, env Env) Decision { return c.decide(payload, env, true) }

func (c *Criteria) decide(payload *py.Dict, env Env, all bool) Decision {
	if len(c.list) == 0 {
		return Decision{Matched: true}
	}
	if payload.Len() == 0 {
		return Decision{}
	}
	r := run{env: env, root: "trigger", value: payload}
	d := Decision{Matched: true}
	for _, one := range c.list {
		o := one.check(&r)
		if o.Matched && !all {
			continue
		}
		if all || !o.Matched {
			d.Checks = append(d.Checks, o)
		}
		if !o.Matched && d.Matched {
			d.Matched, d.Err = false, o.Err
			if !all {
				break
			}
		}
	}
	return d
}

func (o Outcome) reason() string {
	if o.Err != nil {
		return fmt.Sprintf("%s: %v", o.Key, o.Err)
	}
	if o.Operator == "" {
		return o.Key + ": the criterion has no type"
	}
	return fmt.Sprintf("%s is %s, which does not meet %s %s", o.Key, shorten(py.Repr(o.Value)), o.Operator, shorten(py.Repr(o.Pattern)))
}

func shorten(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// run is the evaluation of criteria on one value: a payload, or an item of a search.
type run struct {
	env   Env
	root  string // trigger or item
	value any
	vars  *py.Dict // of patterns, made when the first one needs it
}

func (r *run) variables() *py.Dict {
	if r.vars == nil {
		kv := r.env.Datastore.Vars()
		system, _ := kv.GetString("system")
		r.vars = py.DictOf(r.root, r.value, "system", system, "st2kv", py.DictOf("system", system))
	}
	return r.vars
}

// check evaluates one criterion: pattern, key, operator, in this order.
func (c *criterion) check(r *run) Outcome {
	o := Outcome{Key: c.key, Operator: c.operator}
	if c.silent || c.broken != nil {
		o.Err = c.broken
		return o
	}
	var err error
	if o.Pattern, err = c.pattern.render(r); err != nil {
		o.Err = fmt.Errorf("Failed to render pattern value %q: %s", py.Str(c.pattern.value), message(err)) //nolint:staticcheck // the original's words
		return o
	}
	if o.Value, err = c.look(r); err != nil {
		o.Err = fmt.Errorf("Failed transforming criteria key: %s", message(err)) //nolint:staticcheck // the original's words
		return o
	}
	if c.children != nil {
		o.Matched, err = c.search(o.Value, r.env)
	} else {
		o.Matched, err = c.do(o.Value, o.Pattern, r.env)
	}
	if err != nil {
		o.Matched, o.Err = false, fmt.Errorf("the operator %s fails: %s", c.operator, message(err))
	}
	return o
}

func message(err error) string { return jinja.Message(err) }

// look finds the value of the key: the first that the path leads to, else
// that of the HTTP header it names in another case, else null.
func (c *criterion) look(r *run) (any, error) {
	v, err := c.find(r)
	if v != nil || err != nil || c.header == "" || r.root != "trigger" {
		return v, err
	}
	payload, _ := r.value.(*py.Dict)
	headers, _ := payload.GetString("headers")
	d, _ := headers.(*py.Dict)
	v, _ = d.GetString(c.header)
	return v, nil
}

func (c *criterion) find(r *run) (any, error) {
	if c.pathErr != nil {
		return nil, c.pathErr
	}
	if c.steps == nil {
		v, _, err := c.path.First(py.DictOf(r.root, r.value))
		return v, err
	}
	if c.steps[0] != r.root {
		return r.item(c.steps), r.env.Datastore.Err()
	}
	v := r.value
	for _, s := range c.steps[1:] {
		d, ok := v.(*py.Dict)
		if !ok {
			return nil, nil
		}
		v, _ = d.GetString(s)
	}
	return v, nil
}

// item reads the datastore for keys such as st2kv.system.x and system.x.
func (r *run) item(steps []string) any {
	if steps[0] == "st2kv" {
		steps = steps[1:]
	}
	if len(steps) < 2 || steps[0] != "system" {
		return nil
	}
	if text, found := r.env.Datastore.Value("st2kv.system", strings.Join(steps[1:], ".")); found {
		return text
	}
	return nil
}
