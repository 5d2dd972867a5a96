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

	// exotic tells that values arose which Eval must not hand out.
	exotic bool

	// iterErr is the error that ended an iteration by package py, whose
	// sequences cannot fail.
	iterErr error

	// A template that changes lists or dictionaries works on copies: mutable
	// is on, lists are *py.List, and owned holds the containers that are
	// private to the run.
	mutable bool
	roots   map[string]any
	owned   map[any]bool
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
		r.roots, r.owned = map[string]any{}, map[any]bool{}
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
	if !r.mutable {
		if r.vars != nil {
			if v, ok := r.vars.Lookup(name); ok {
				return v, true, nil
			}
		}
		v, ok := r.env.globals[name]
		return v, ok, nil
	}
	if v, ok := r.roots[name]; ok {
		return v, true, nil
	}
	v, ok := any(nil), false
	if r.vars != nil {
		v, ok = r.vars.Lookup(name)
	}
	if !ok {
		if v, ok = r.env.globals[name]; !ok {
			return nil, false, nil
		}
	}
	v, err := r.private(v)
	if err != nil {
		return nil, false, err
	}
	r.roots[name] = v
	return v, true, nil
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

// binary evaluates an arithmetic operation.
func (r *run) binary(op kind, a, b any) (any, error) {
	if err := r.spend(1); err != nil {
		return nil, err
	}
	if u, ok := a.(*Undefined); ok {
		return nil, u.Err()
	}
	if u, ok := b.(*Undefined); ok {
		if op == tMod && isText(a) {
			return formatUndefined(a, u)
		}
		if m, ok := a.(Markup); ok && op == tMul {
			return r.repeatMarkup(m, u)
		}
		return nil, u.Err()
	}
	v, err := r.arithmetic(op, a, b)
	if err != nil {
		return nil, err
	}
	if err := r.takeIterErr(); err != nil {
		return nil, err
	}
	return r.adopt(v)
}

// formatUndefined is text % u: u has items, so it may be left unused.
func formatUndefined(text any, u *Undefined) (any, error) {
	s := plain(text).(string)
	if !strings.Contains(s, "%") {
		return text, nil
	}
	if u.strict || strings.Count(s, "%") > strings.Count(s, "%s") {
		return nil, u.Err()
	}
	v, err := py.Mod(s, "")
	if _, ok := text.(Markup); ok {
		v = markAll(v)
	}
	return v, err
}

func (r *run) arithmetic(op kind, a, b any) (any, error) {
	x, leftMarked := a.(Markup)
	y, rightMarked := b.(Markup)
	if leftMarked || rightMarked {
		switch {
		case leftMarked && op == tMod:
			return r.modMarkup(x, b)
		case op == tAdd && isText(a) && isText(b):
			return r.addMarkup(a, b)
		case op == tMul && leftMarked:
			return r.repeatMarkup(x, b)
		case op == tMul:
			return r.repeatMarkup(y, a)
		}
	}
	switch op {
	case tAdd:
		return r.sum(a, b)
	case tSub:
		return py.Sub(a, b)
	case tMul:
		return r.product(a, b)
	case tDiv:
		return py.Div(a, b)
	case tFloorDiv:
		return r.costly(py.FloorDiv, a, b)
	case tMod:
		return r.modulo(a, b)
	}
	return r.costly(py.Pow, a, b)
}

func isText(v any) bool {
	switch v.(type) {
	case string, Markup:
		return true
	}
	return false
}

func (r *run) sum(a, b any) (any, error) {
	v, err := py.Add(a, b)
	if err != nil {
		return nil, err
	}
	return v, r.charge(v)
}

// charge charges for the size of a new value, without looking into it.
func (r *run) charge(v any) error {
	switch v := v.(type) {
	case string:
		return r.spendBytes(len(v))
	case []any:
		return r.spend(len(v))
	case *py.List:
		return r.spend(len(v.Items))
	case py.Tuple:
		return r.spend(len(v))
	case *big.Int:
		return r.spend(v.BitLen() / 64)
	}
	return nil
}

// product is a * b; repetition is charged before it happens.
func (r *run) product(a, b any) (any, error) {
	if n, ok := b.(int64); ok {
		if err := r.chargeTimes(a, n); err != nil {
			return nil, err
		}
	} else if n, ok := a.(int64); ok {
		if err := r.chargeTimes(b, n); err != nil {
			return nil, err
		}
	}
	return r.costly(py.Mul, a, b)
}

func (r *run) chargeTimes(v any, n int64) error {
	size, unit := int64(0), int64(1)
	switch v := v.(type) {
	case string:
		size, unit = int64(len(v)), bytesPerStep
	case []any:
		size = int64(len(v))
	case *py.List:
		size = int64(len(v.Items))
	case py.Tuple:
		size = int64(len(v))
	}
	if n <= 1 || n > py.MaxSize || size*n > py.MaxSize {
		return nil // nothing to do, or refused by py
	}
	return r.spend(int(size * n / unit))
}

// costly charges for arithmetic of large integers, whose time grows faster
// than their length.
func (r *run) costly(op func(a, b any) (any, error), a, b any) (any, error) {
	n, m := words(a), words(b)
	if n > 4 || m > 4 {
		if err := r.spend((n+1)*(m+1)/64 + n + m); err != nil {
			return nil, err
		}
	}
	v, err := op(a, b)
	if err != nil {
		return nil, err
	}
	if k := words(v); k > 4 {
		return v, r.spend(k*k/64 + k)
	}
	return v, nil
}

func words(v any) int {
	if b, ok := v.(*big.Int); ok {
		return b.BitLen() / 64
	}
	return 0
}

// modulo is a % b: formatting if a is text.
func (r *run) modulo(a, b any) (any, error) {
	s, format := a.(string)
	if !format {
		return r.costly(py.Mod, a, b)
	}
	if err := r.weighBoth(s, b); err != nil {
		return nil, err
	}
	v, err := py.Mod(s, plain(b))
	if err == nil || strings.HasSuffix(Message(err), "Undefined") {
		// Only now: an argument that is not used does no harm.
		if err := strictArgument(b); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	return v, r.charge(v)
}

// strictArgument returns the error of formatting an undefined value in a tuple
// or dictionary.
func strictArgument(args any) error {
	switch args := args.(type) {
	case py.Tuple:
		return strictKey(args)
	case *py.Dict:
		for _, v := range args.All() {
			if err := strictError(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare evaluates one comparison.
func (r *run) compare(op string, a, b any) (bool, error) {
	if err := r.spend(1); err != nil {
		return false, err
	}
	switch op {
	case "in":
		return r.contains(b, a)
	case "not in":
		ok, err := r.contains(b, a)
		return !ok, err
	case "==":
		return r.equal(a, b)
	case "!=":
		ok, err := r.equal(a, b)
		return !ok, err
	}
	return r.less(op, a, b)
}

func (r *run) equal(a, b any) (bool, error) {
	if err := strictError(a); err != nil {
		return false, err
	}
	if err := strictError(b); err != nil {
		return false, err
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return x == y, r.scan(min(len(x), len(y)))
		}
	}
	if err := r.weighBoth(a, b); err != nil {
		return false, err
	}
	if m, ok := b.(Markup); ok {
		return py.Equal(plain(a), string(m)), nil
	}
	return py.Equal(a, b), nil
}

func (r *run) weighBoth(a, b any) error {
	if err := r.weigh(a); err != nil {
		return err
	}
	return r.weigh(b)
}

// less evaluates a OP b for an ordering operator.
func (r *run) less(op string, a, b any) (bool, error) {
	if u, ok := a.(*Undefined); ok {
		return false, u.Err()
	}
	if u, ok := b.(*Undefined); ok {
		return false, u.Err()
	}
	if err := r.weighBoth(a, b); err != nil {
		return false, err
	}
	if isText(a) && isText(b) {
		a, b = plain(a), plain(b)
	}
	return py.Less(op, a, b)
}

// contains evaluates item in container.
func (r *run) contains(container, item any) (bool, error) {
	if err := strictError(container); err != nil {
		return false, err
	}
	switch c := container.(type) {
	case *Undefined:
		return false, nil
	case string:
		if err := r.spendBytes(len(c)); err != nil {
			return false, err
		}
	case Markup:
		return py.Contains(string(c), plain(item))
	case []any, *py.List, py.Tuple, *generator, *loopContext, *group:
		return r.search(c, item)
	case *py.Dict, *py.Set, *py.View, py.Range:
		if n, _ := py.Len(c); n > 0 || isDict(c) {
			if err := strictError(item); err != nil {
				return false, err
			}
		}
	}
	return py.Contains(container, plain(item))
}

func isDict(v any) bool {
	_, ok := v.(*py.Dict)
	return ok
}

// search looks for item in a sequence.
func (r *run) search(sequence, item any) (bool, error) {
	cur, err := r.iterate(sequence)
	if err != nil {
		return false, err
	}
	for {
		x, ok, err := cur.next(r)
		if err != nil || !ok {
			return false, err
		}
		if err := r.spend(1); err != nil {
			return false, err
		}
		if same, err := r.equal(x, item); same || err != nil {
			return same, err
		}
	}
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
