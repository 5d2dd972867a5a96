package jinja

import (
	"math/big"
	"strings"

	"github.com/galehq/gale/py"
)

// run is one evaluation of a template or expression.
type run struct {
	env     *Env
	prog    *program
	vars    Vars
	context *context // what is set at the top level, for blocks and context functions
	out     []byte
	call    Call

	fuel     int64
	maxOut   int
	depth    int
	maxDepth int
	rand     func(n int) int

	// escaping tells whether {% autoescape %} is on.
	escaping bool

	// exotic tells that values arose which Eval has to turn into others.
	exotic bool

	// iterErr is the error that ended an iteration by package py, whose
	// sequences cannot fail.
	iterErr error

	// mutable is on if the template changes values: then it works on copies.
	mutable bool
	copies  copies
}

// errRestart tells that a template turned out to change a value although its
// text did not show it: it is run again, on copies.
var errRestart = errorf(ClassRuntime, "restart with copies")

func newRun(p *program, vars Vars, lim Limits, mutable bool) *run {
	lim = lim.withDefaults()
	r := &run{env: p.env, prog: p, vars: vars, fuel: lim.Fuel, maxOut: lim.Output,
		maxDepth: lim.Depth, rand: lim.Rand, mutable: mutable}
	r.call.r = r
	r.context = &context{r: r}
	if mutable {
		r.copies = copies{map[any]bool{}, map[any]any{}}
	}
	return r
}

// spend charges n steps.
func (r *run) spend(n int) error {
	r.fuel -= int64(n)
	if r.fuel < 0 {
		return errorf(ClassLimit, "evaluation takes too many steps")
	}
	return nil
}

// bytesPerStep is how much text costs as much as a step.
const bytesPerStep = 16

func (r *run) spendBytes(n int) error {
	if n < bytesPerStep {
		return nil
	}
	return r.spend(n / bytesPerStep)
}

// scan charges for an operation that only looks at n bytes.
func (r *run) scan(n int) error { return r.spendBytes(n / 4) }

// weigh charges for an operation that visits all of v.
func (r *run) weigh(v any) error {
	switch v := v.(type) {
	case nil, bool, int64, float64:
		return nil
	case string:
		return r.spendBytes(len(v))
	case Markup:
		return r.spendBytes(len(v))
	case *big.Int:
		n := words(v)
		return r.spend(n*n/256 + n)
	case []any, py.Tuple, *py.List, *py.Dict, *py.Set, *py.View:
		return r.spendBytes(py.Size(v))
	case *group:
		return r.weigh(v.list)
	}
	return nil
}

// enter counts a level of calls of template code.
func (r *run) enter() error {
	r.depth++
	if r.depth > r.maxDepth {
		return py.Errorf("RecursionError", "maximum recursion depth exceeded")
	}
	return nil
}

func (r *run) leave() { r.depth-- }

// lookup finds a name in the context.
func (r *run) lookup(name string) (any, bool, error) {
	if v, ok := r.context.get(name); ok {
		return v, true, nil
	}
	return r.root(name)
}

// root finds a name among the caller's variables and the globals.
func (r *run) root(name string) (any, bool, error) {
	if r.vars != nil {
		if v, ok := r.vars.Lookup(name); ok {
			v, err := r.adopt(v)
			return v, err == nil, err
		}
	}
	v, ok := r.env.globals[name]
	if ok {
		var err error
		v, err = r.adopt(v)
		return v, err == nil, err
	}
	return nil, false, nil
}

// undefined makes u as strict as the environment.
func (r *run) undefined(u *Undefined) *Undefined {
	u.strict = !r.env.lenient
	return u
}

// strictError returns the error of using v if it is a strict undefined value.
func strictError(v any) error {
	if u, ok := v.(*Undefined); ok && u.strict {
		return u.Err()
	}
	return nil
}

func (r *run) truth(v any) (bool, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case *Undefined:
		return false, strictError(v)
	case *loopContext:
		n, err := v.len(r)
		return n > 0, err
	}
	return py.Truth(v), nil
}

// str is str(v).
func (r *run) str(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, r.scan(len(v))
	case Markup:
		return string(v), r.scan(len(v))
	case *Undefined:
		return "", strictError(v)
	case *big.Int:
		if tooManyDigits(v) {
			return "", py.Errorf("ValueError", "Exceeds the limit (%d digits) for integer string conversion;"+
				" use sys.set_int_max_str_digits() to increase the limit", maxDigits)
		}
	case *loopContext:
		if _, err := v.len(r); err != nil {
			return "", err
		}
	}
	if err := r.weigh(v); err != nil {
		return "", err
	}
	s, err := py.StrOf(v)
	if err != nil {
		return "", err
	}
	return s, r.spendBytes(len(s))
}

// tooManyDigits reports whether Python refuses to print v.
func tooManyDigits(v *big.Int) bool {
	const digitsPerBit = 0.30103
	switch digits := float64(v.BitLen()) * digitsPerBit; {
	case digits < maxDigits-1:
		return false
	case digits > maxDigits+2:
		return true
	}
	return len(strings.TrimPrefix(v.Text(10), "-")) > maxDigits
}

// length is len(v).
func (r *run) length(v any) (int, error) {
	switch v := v.(type) {
	case *Undefined:
		return 0, strictError(v)
	case *loopContext:
		return v.len(r)
	case string:
		if err := r.scan(len(v)); err != nil {
			return 0, err
		}
	}
	return py.Len(v)
}

// concat joins strings whose lengths sum up to n.
func (r *run) concat(parts []string, n int) (string, error) {
	if n > py.MaxSize {
		return "", py.Errorf("MemoryError", "")
	}
	return strings.Join(parts, ""), r.spendBytes(n)
}

// joinMarkup joins values as ~ does while escaping: once one is Markup, the
// rest is escaped.
func (r *run) joinMarkup(values []any) (any, error) {
	marked := false
	for _, v := range values {
		if _, ok := v.(Markup); ok {
			marked = true
		}
	}
	var parts []string
	n := 0
	for _, v := range values {
		s, err := r.str(v)
		if _, ok := v.(Markup); marked && !ok && err == nil {
			s = string(escapeText(s))
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, s)
		n += len(s)
	}
	s, err := r.concat(parts, n)
	if marked {
		return Markup(s), err
	}
	return s, err
}

// write appends to the output.
func (r *run) write(s string) error {
	if len(r.out)+len(s) > r.maxOut {
		return errorf(ClassLimit, "output is larger than %d bytes", r.maxOut)
	}
	r.out = append(r.out, s...)
	return r.spend(1 + len(s)/bytesPerStep)
}

// print writes str(v).
func (r *run) print(v any) error {
	s, err := r.str(v)
	if err != nil {
		return err
	}
	return r.write(s)
}

func (r *run) printEscaped(v any) error {
	m, err := r.escape(v)
	if err != nil {
		return err
	}
	return r.write(string(m))
}

// capture runs exec and returns what it wrote.
func (r *run) capture(exec execFn, f *frame) (any, error) {
	start := len(r.out)
	if err := exec(r, f); err != nil {
		return nil, err
	}
	s := string(r.out[start:])
	r.out = r.out[:start]
	return s, nil
}

// markSafe is Markup(v).
func (r *run) markSafe(v any) (any, error) {
	if m, ok := v.(Markup); ok {
		return m, nil
	}
	s, err := r.str(v)
	return Markup(s), err
}

// callValue calls fn.
func (r *run) callValue(fn any, args []any, kwargs *py.Dict) (any, error) {
	if err := r.spend(1 + len(args)); err != nil {
		return nil, err
	}
	var v any
	var err error
	switch fn := fn.(type) {
	case *Undefined:
		return nil, fn.Err()
	case contextCallable:
		v, err = fn.callIn(&r.call, args, kwargs)
	default:
		v, err = py.Call(fn, args, kwargs)
	}
	return r.finish(v, err)
}

// contextCallable is a value whose calls see the running evaluation.
type contextCallable interface {
	callIn(c *Call, args []any, kwargs *py.Dict) (any, error)
}

// applyFunction calls a filter or test.
func (r *run) applyFunction(fn *Function, args []any, kwargs *py.Dict) (any, error) {
	if err := r.spend(1); err != nil {
		return nil, err
	}
	v, err := fn.callIn(&r.call, args, kwargs)
	return r.finish(v, err)
}

// finish takes over the result of a function.
func (r *run) finish(v any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	if err := r.takeIterErr(); err != nil {
		return nil, err
	}
	if n, ok := v.(int); ok {
		v = int64(n)
	}
	if err := r.charge(v); err != nil {
		return nil, err
	}
	return r.adopt(v)
}

// takeIterErr returns and forgets the error that ended an iteration early.
func (r *run) takeIterErr() error {
	err := r.iterErr
	r.iterErr = nil
	return err
}
