package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/galehq/gale/py"
)

// Document is the API document in the form that the router works with. It is
// read once and not changed afterwards.
type Document struct {
	Text       []byte       // the JSON that it was read from
	Operations []*Operation // in the document's order, which is the order of matching

	definitions *py.Dict
	parameters  *py.Dict
}

// Operation is one method of one path.
type Operation struct {
	ID          string // operationId
	Method      string // GET, POST, PUT or DELETE
	Path        string // as the document has it, with {variables}
	Service     Service
	Description string
	Params      []Param // without the body
	Body        *Body   // nil: the operation takes no body and does not look at one

	Permission         string // x-permissions: asked for before the handler runs
	ResourcePermission string // x-resource-permission: for Request.AuthorizeResource
	Admin              bool   // x-admin: for administrators only
	Open               bool   // security: []: nobody has to say who they are
	Streaming          bool   // x-streaming: has no time limit
	Success            int    // status of a response that does not name one

	requirements map[string]string // x-requirements: variable → pattern
}

// Param is one declared parameter of an operation.
type Param struct {
	Name     string // as clients write it
	As       string // as handlers name it (x-as)
	In       string // path, query or header
	Type     string // string, integer, boolean or array (of strings)
	Required bool
	Secret   bool // x-secret: not logged

	initial value // the default
}

// Body is the body that an operation takes.
type Body struct {
	Name     string // of the parameter
	Schema   string // name under definitions
	Check    string // name for Config.ValidateBody: x-validate, or Schema
	Required bool
	Max      int64 // x-max-body: bytes, 0 for the server's limit

	schema *py.Dict
}

// ParseDocument reads an API document in JSON. It refuses what the router
// would not serve as written.
func ParseDocument(text []byte) (*Document, error) {
	root, err := py.DecodeJSON(text)
	if err != nil {
		return nil, fmt.Errorf("API document: %w", err)
	}
	top := node{v: root}
	doc := &Document{Text: text, definitions: top.get("definitions").dict(), parameters: top.get("parameters").dict()}
	seen := map[string]bool{}
	for path, methods := range top.get("paths").all() {
		for method, op := range methods.all() {
			o, err := doc.operation(path, method, op)
			if err != nil {
				return nil, fmt.Errorf("API document: %s %s: %w", strings.ToUpper(method), path, err)
			}
			if seen[o.ID] {
				return nil, fmt.Errorf("API document: two operations have the id %q", o.ID)
			}
			seen[o.ID] = true
			doc.Operations = append(doc.Operations, o)
		}
	}
	return doc, nil
}

var methods = map[string]string{"get": http.MethodGet, "post": http.MethodPost, "put": http.MethodPut, "delete": http.MethodDelete}

func (doc *Document) operation(path, method string, n node) (*Operation, error) {
	o := &Operation{
		ID: n.get("operationId").str(), Method: methods[method], Path: path,
		Description: n.get("description").str(), Permission: n.get("x-permissions").str(),
		ResourcePermission: n.get("x-resource-permission").str(),
		Admin:              n.get("x-admin").bool(), Streaming: n.get("x-streaming").bool(),
		requirements: map[string]string{},
	}
	if o.ID == "" || o.Method == "" {
		return nil, errors.New("no operationId, or a method that is not served")
	}
	if security := n.get("security"); security.v != nil && len(security.list()) == 0 {
		o.Open = true
	}
	for name, pattern := range n.get("x-requirements").all() {
		o.requirements[name] = pattern.str()
	}
	for status := range n.get("responses").all() {
		if code, err := strconv.Atoi(status); err == nil && code < 300 && o.Success == 0 {
			o.Success = code
		}
	}
	if o.Success == 0 {
		return nil, errors.New("no response that is a success")
	}
	for _, p := range n.get("parameters").list() {
		if err := doc.param(o, node{v: p}); err != nil {
			return nil, err
		}
	}
	return o, nil
}

func (doc *Document) param(o *Operation, n node) error {
	if shared := n.get("$ref").str(); shared != "" {
		n = node{doc.parameters}.get(strings.TrimPrefix(shared, "#/parameters/"))
	}
	name := n.get("name").str()
	if n.get("in").str() == "body" {
		return doc.body(o, name, n)
	}
	p := Param{
		Name: name, As: n.get("x-as").str(), In: n.get("in").str(), Type: n.get("type").str(),
		Required: n.get("required").bool(), Secret: n.get("x-secret").bool(),
	}
	if p.As == "" {
		p.As = p.Name
	}
	switch {
	case p.In != "path" && p.In != "query" && p.In != "header":
		return fmt.Errorf("parameter %q is in %q", name, p.In)
	case p.Type != "string" && p.Type != "integer" && p.Type != "boolean" && p.Type != "array":
		return fmt.Errorf("parameter %q has type %q", name, p.Type)
	}
	if initial := n.get("default"); initial.v != nil {
		if err := p.parse(py.Str(initial.v), &p.initial); err != nil {
			return err
		}
	}
	o.Params = append(o.Params, p)
	return nil
}

func (doc *Document) body(o *Operation, name string, n node) error {
	ref := n.get("schema").get("$ref").str()
	schema, ok := strings.CutPrefix(ref, definitionPrefix)
	if !ok {
		return fmt.Errorf("the schema of body %q has no name", name)
	}
	resolved, err := doc.Schema(schema)
	if err != nil {
		return err
	}
	check := n.get("x-validate").str()
	if check == "" {
		check = schema
	}
	o.Body = &Body{
		Name: name, Schema: schema, Check: check, Required: n.get("required").bool(),
		Max: n.get("x-max-body").int(), schema: resolved,
	}
	return nil
}

// Operation returns the operation with this id, or nil.
func (doc *Document) Operation(id string) *Operation {
	for _, o := range doc.Operations {
		if o.ID == id {
			return o
		}
	}
	return nil
}

// node reads a document that may have any shape: what is not there or of
// another type reads as empty. The checks above and the tests of the document
// find what is missing.
type node struct{ v any }

func (n node) dict() *py.Dict { d, _ := n.v.(*py.Dict); return d }
func (n node) list() []any    { l, _ := n.v.([]any); return l }
func (n node) str() string    { s, _ := n.v.(string); return s }
func (n node) bool() bool     { b, _ := n.v.(bool); return b }
func (n node) int() int64     { i, _ := n.v.(int64); return i }

func (n node) get(key string) node {
	v, _ := n.dict().GetString(key)
	return node{v}
}

func (n node) all() func(yield func(string, node) bool) {
	return func(yield func(string, node) bool) {
		for k, v := range n.dict().All() {
			if s, ok := k.(string); ok && !yield(s, node{v}) {
				return
			}
		}
	}
}
