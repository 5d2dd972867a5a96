package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/galehq/gale/py"
)

// String returns the template as source text again: the meaning is the same
// under any whitespace options, comments are gone, and expressions have all
// their parentheses.
func (t *Template) String() string {
	if t.prog == nil {
		return finalNewline(printData(t.text))
	}
	var p printing
	p.body(t.body)
	return finalNewline(p.String())
}

// finalNewline doubles a newline at the end, of which parsing removes one.
func finalNewline(s string) string {
	if strings.HasSuffix(s, "\n") {
		return s + "\n"
	}
	return s
}

// String returns the expression with all its parentheses.
func (x *Expr) String() string { return printExpr(x.root) }

type printing struct{ strings.Builder }

// tag writes a block tag that touches no white space around it.
func (p *printing) tag(format string, args ...any) {
	p.WriteString("{%+ ")
	fmt.Fprintf(p, format, args...)
	p.WriteString(" +%}")
}

func (p *printing) body(body []stmt) {
	for _, s := range body {
		p.stmt(s)
	}
}

func (p *printing) stmt(s stmt) {
	switch s := s.(type) {
	case *outputStmt:
		for _, x := range s.items {
			if d, ok := x.(*dataExpr); ok {
				p.WriteString(printData(d.text))
			} else {
				p.WriteString("{{ " + printExpr(x) + " }}")
			}
		}
	case *ifStmt:
		p.tag("if %s", printExpr(s.test))
		p.body(s.body)
		for _, e := range s.elifs {
			p.tag("elif %s", printExpr(e.test))
			p.body(e.body)
		}
		p.orelse(s.orelse)
		p.tag("endif")
	case *forStmt:
		p.forTag(s)
	case *setStmt:
		p.tag("set %s = %s", printTarget(s.target), printExpr(s.value))
	case *setBlockStmt:
		p.tag("set %s%s", printTarget(s.target), printChain(s.filter))
		p.body(s.body)
		p.tag("endset")
	case *withStmt:
		var list []string
		for i, t := range s.targets {
			list = append(list, printTarget(t)+" = "+printExpr(s.values[i]))
		}
		p.tag("with %s", strings.Join(list, ", "))
		p.body(s.body)
		p.tag("endwith")
	case *macroStmt:
		p.tag("macro %s%s", s.name, printSignature(&s.signature))
		p.body(s.body)
		p.tag("endmacro")
	case *callStmt:
		p.tag("call%s %s", printSignature(&s.signature), printExpr(s.call))
		p.body(s.body)
		p.tag("endcall")
	case *filterStmt:
		p.tag("filter %s", strings.TrimPrefix(printChain(s.filter), "|"))
		p.body(s.body)
		p.tag("endfilter")
	case *blockStmt:
		p.tag("block %s%s%s", s.name, word(s.scoped, " scoped"), word(s.required, " required"))
		p.body(s.body)
		p.tag("endblock")
	case *autoescapeStmt:
		p.tag("autoescape %s", printExpr(s.value))
		p.body(s.body)
		p.tag("endautoescape")
	case *loadStmt:
		p.loadTag(s)
	}
}

func (p *printing) orelse(body []stmt) {
	if body != nil {
		p.tag("else")
		p.body(body)
	}
}

func (p *printing) forTag(s *forStmt) {
	test := ""
	if s.test != nil {
		test = " if " + printExpr(s.test)
	}
	p.tag("for %s in %s%s%s", printTarget(s.target), printExpr(s.iter), test, word(s.recursive, " recursive"))
	p.body(s.body)
	p.orelse(s.orelse)
	p.tag("endfor")
}

func (p *printing) loadTag(s *loadStmt) {
	var names []string
	for _, n := range s.names {
		if n.name != n.alias {
			n.name += " as " + n.alias
		}
		names = append(names, n.name)
	}
	context := word(s.context, " with context") + word(!s.context, " without context")
	switch s.tag {
	case "extends":
		p.tag("extends %s", printExpr(s.template))
	case "include":
		p.tag("include %s%s%s", printExpr(s.template), word(s.ignoreMissing, " ignore missing"), context)
	case "import":
		p.tag("import %s as %s%s", printExpr(s.template), s.names[0].alias, context)
	default:
		p.tag("from %s import %s%s", printExpr(s.template), strings.Join(names, ", "), context)
	}
}

func word(yes bool, s string) string {
	if yes {
		return s
	}
	return ""
}

// printData protects text that would be read as a tag, alone or together with
// what follows.
func printData(s string) string {
	if findTag(s) < 0 && !strings.HasSuffix(s, "{") {
		return s
	}
	return "{%+ raw %}" + s + "{%+ endraw +%}"
}

func printTarget(x expr) string {
	t, ok := x.(*tupleExpr)
	if !ok || len(t.items) < 2 {
		return printExpr(x)
	}
	return printExprs(t.items)
}

func printChain(f *filterExpr) string {
	if f == nil {
		return ""
	}
	inner, _ := f.x.(*filterExpr)
	return printChain(inner) + "|" + f.name + printArgs(&f.arguments)
}

func printSignature(s *signature) string {
	var list []string
	first := len(s.params) - len(s.defaults)
	for i, p := range s.params {
		text := p.name
		if i >= first {
			text += "=" + printExpr(s.defaults[i-first])
		}
		list = append(list, text)
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func printArgs(a *arguments) string {
	var list []string
	for _, x := range a.args {
		list = append(list, printExpr(x))
	}
	for _, k := range a.kwargs {
		list = append(list, k.name+"="+printExpr(k.value))
	}
	if a.star != nil {
		list = append(list, "*"+printExpr(a.star))
	}
	if a.dstar != nil {
		list = append(list, "**"+printExpr(a.dstar))
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func printExprs(xs []expr) string { return joinExprs(xs, ", ") }

func joinExprs(xs []expr, sep string) string {
	list := make([]string, len(xs))
	for i, x := range xs {
		list[i] = printExpr(x)
	}
	return strings.Join(list, sep)
}

func printExpr(x expr) string {
	switch x := x.(type) {
	case *nameExpr:
		return x.name
	case *attrTarget:
		return x.name + "." + x.attr
	case *constExpr:
		return printConst(x.value)
	case *tupleExpr:
		if len(x.items) == 1 {
			return "(" + printExpr(x.items[0]) + ",)"
		}
		return "(" + printExprs(x.items) + ")"
	case *listExpr:
		return "[" + printExprs(x.items) + "]"
	case *dictExpr:
		var list []string
		for i := range x.keys {
			list = append(list, printExpr(x.keys[i])+": "+printExpr(x.values[i]))
		}
		// Spaces keep the braces apart from those of a tag.
		return "{ " + strings.Join(list, ", ") + " }"
	case *condExpr:
		s := "(" + printExpr(x.then) + " if " + printExpr(x.test)
		if x.otherwise != nil {
			s += " else " + printExpr(x.otherwise)
		}
		return s + ")"
	case *boolExpr:
		return "(" + printExpr(x.left) + " " + nodeName(x) + " " + printExpr(x.right) + ")"
	case *notExpr:
		return "(not " + printExpr(x.x) + ")"
	case *binExpr:
		return "(" + printExpr(x.left) + " " + operatorText[x.op] + " " + printExpr(x.right) + ")"
	case *unaryExpr:
		return "(" + operatorText[x.op] + " " + printExpr(x.x) + ")"
	case *compareExpr:
		s := "(" + printExpr(x.x)
		for _, op := range x.ops {
			s += " " + op.op + " " + printExpr(op.x)
		}
		return s + ")"
	case *concatExpr:
		return "(" + joinExprs(x.items, " ~ ") + ")"
	case *attrExpr:
		return printOperand(x.x) + "." + x.name
	case *itemExpr:
		return printOperand(x.x) + "[" + printKey(x.key) + "]"
	case *callExpr:
		return printOperand(x.x) + printArgs(&x.arguments)
	case *filterExpr:
		return "(" + printExpr(x.x) + "|" + x.name + printArgs(&x.arguments) + ")"
	case *testExpr:
		return "(" + printExpr(x.x) + " is " + x.name + printArgs(&x.arguments) + ")"
	case *sliceExpr:
		return printKey(x)
	}
	return ""
}

// printOperand puts what a subscript or call would bind to otherwise into
// parentheses.
func printOperand(x expr) string {
	if _, ok := x.(*constExpr); ok {
		return "(" + printExpr(x) + ")"
	}
	return printExpr(x)
}

func printKey(x expr) string {
	switch x := x.(type) {
	case *sliceExpr:
		part := func(x expr) string {
			if x == nil {
				return ""
			}
			return printExpr(x)
		}
		s := part(x.low) + ":" + part(x.high)
		if x.step != nil {
			s += ":" + part(x.step)
		}
		return s
	case *tupleExpr:
		for _, item := range x.items {
			if _, ok := item.(*sliceExpr); ok {
				return printExprs(x.items)
			}
		}
	}
	return printExpr(x)
}

func printConst(v any) string {
	switch v := v.(type) {
	case nil:
		return "none"
	case bool:
		if v {
			return "true"
		}
		return "false"
	case float64:
		if math.IsInf(v, 0) {
			return "1e999"
		}
	case *big.Int:
		if v.BitLen() > maxDigits*3 {
			return "0x" + v.Text(16)
		}
	case string:
		return quote(v)
	}
	return py.Repr(v)
}

var quoter = strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`)

func quote(s string) string { return "'" + quoter.Replace(s) + "'" }
