package httpapi

import (
	"fmt"
	"strings"
)

// maxVars is the largest number of variables in one path.
const maxVars = 4

// routes finds the operation of a method and path. Within a service the
// document's order decides, as it does in StackStorm; routes are grouped by
// their first segment, which is never a variable.
type routes struct {
	direct   Service
	services map[Service]map[string][]*route
}

// route is a compiled path of one operation.
type route struct {
	op   *Operation
	segs []segment
	vars []int // index in op.Params of each variable in the path
}

// segment is one part of a path between slashes.
type segment struct {
	text string   // of a fixed segment
	is   kind     //
	not  []string // a tail may not begin with these
}

type kind uint8

const (
	fixed    kind = iota
	variable      // one segment that is not empty
	tail          // all that is left, slashes included
)

func newRoutes(doc *Document, direct Service) (*routes, error) {
	rs := &routes{direct: direct, services: map[Service]map[string][]*route{API: {}, Auth: {}, Stream: {}}}
	for _, op := range doc.Operations {
		rt, first, err := compile(op)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", op.Method, op.Path, err)
		}
		in := rs.services[op.Service]
		in[first] = append(in[first], rt)
	}
	return rs, nil
}

// compile reads an operation's path, sets the operation's service, and
// returns the first segment apart from the rest.
func compile(op *Operation) (rt *route, first string, err error) {
	rest := ""
	for _, s := range []Service{API, Auth, Stream} {
		if r, ok := strings.CutPrefix(op.Path, "/"+string(s)+"/v1/"); ok {
			op.Service, rest = s, r
		}
	}
	if op.Service == "" {
		return nil, "", fmt.Errorf("the path belongs to no service")
	}
	parts := strings.Split(rest, "/")
	rt = &route{op: op}
	for i, part := range parts {
		name, isVar := strings.CutPrefix(part, "{")
		if !isVar {
			rt.segs = append(rt.segs, segment{text: part})
			continue
		}
		seg, err := rt.variable(strings.TrimSuffix(name, "}"))
		if err != nil {
			return nil, "", err
		}
		if i == 0 || seg.is == tail && i != len(parts)-1 {
			return nil, "", fmt.Errorf("{%s} cannot stand there", name)
		}
		rt.segs = append(rt.segs, seg)
	}
	return rt, parts[0], nil
}

// variable compiles one {variable}: it belongs to a declared parameter.
func (rt *route) variable(name string) (segment, error) {
	for i, p := range rt.op.Params {
		if p.In == "path" && p.Name == name {
			rt.vars = append(rt.vars, i)
			if len(rt.vars) > maxVars {
				return segment{}, fmt.Errorf("more than %d variables", maxVars)
			}
			return requirement(rt.op.requirements[name])
		}
	}
	return segment{}, fmt.Errorf("{%s} is not declared as a parameter", name)
}

// requirement compiles the only patterns that paths need: everything (.*),
// after any number of words that it may not begin with ((?!word)).
func requirement(pattern string) (segment, error) {
	if pattern == "" {
		return segment{is: variable}, nil
	}
	seg, rest := segment{is: tail}, pattern
	for rest != ".*" {
		ahead, ok := strings.CutPrefix(rest, "(?!")
		word, after, closed := strings.Cut(ahead, ")")
		if !ok || !closed || strings.ContainsAny(word, `.*+?[](){}|^$\`) {
			return segment{}, fmt.Errorf("the requirement %q is not of the form (?!word).*", pattern)
		}
		seg.not = append(seg.not, word)
		rest = after
	}
	return seg, nil
}

// find returns the route of a decoded path, and the values of its variables.
// It does not allocate, except for paths under the old name of executions.
func (rs *routes) find(method, path string) (*route, [maxVars]string) {
	var vars [maxVars]string
	service, rest := rs.place(path)
	if rest != "" { // "" is the service itself
		if rest[0] != '/' || rest == "/" {
			return nil, vars
		}
		rest = rest[1:]
	}
	first, rest, more := strings.Cut(rest, "/")
	for _, rt := range rs.services[service][first] {
		if rt.op.Method == method && rt.match(rest, more, &vars) {
			return rt, vars
		}
	}
	return nil, vars
}

// match compares what follows the first segment; more says whether that ended
// in a slash.
func (rt *route) match(rest string, more bool, vars *[maxVars]string) bool {
	n := 0
	for _, seg := range rt.segs[1:] {
		if !more {
			return false
		}
		if seg.is == tail {
			vars[n] = rest
			return seg.allows(rest)
		}
		var part string
		part, rest, more = strings.Cut(rest, "/")
		switch {
		case seg.is == variable && part != "":
			vars[n] = part
			n++
		case seg.is == variable || part != seg.text:
			return false
		}
	}
	return !more
}

// allows applies the pattern of a tail; its dot matches no line break.
func (s *segment) allows(rest string) bool {
	for _, word := range s.not {
		if strings.HasPrefix(rest, word) {
			return false
		}
	}
	return !strings.Contains(rest, "\n")
}

// place tells the service of a path and the path inside it. Every service is
// reached by its prefix with and without version; the direct one without
// prefix too.
func (rs *routes) place(path string) (Service, string) {
	if len(path) > 1 && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	} else if path == "/" {
		path = ""
	}
	service, rest := rs.direct, path
	for _, s := range [...]Service{API, Auth, Stream} {
		if r, ok := under(path, string(s)); ok && (r != "" || s == API) {
			service, rest = s, r
			break
		}
	}
	if r, ok := under(rest, "v1"); ok {
		rest = r
	}
	if service != API {
		return service, rest
	}
	return oldName(rest)
}

// oldName knows the names that StackStorm keeps for history: executions as
// actionexecutions, and the stream on the API's port.
func oldName(rest string) (Service, string) {
	if rest == "/stream" {
		return Stream, rest
	}
	if r, ok := under(rest, "actionexecutions"); ok {
		return API, "/executions" + r
	}
	return API, rest
}

// under reports whether path is /segment or begins with /segment/, and what follows.
func under(path, segment string) (rest string, ok bool) {
	if len(path) <= len(segment) || path[0] != '/' || path[1:1+len(segment)] != segment {
		return path, false
	}
	rest = path[1+len(segment):]
	return rest, rest == "" || rest[0] == '/'
}
