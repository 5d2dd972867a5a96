// Package jinja is the template language of the Python library Jinja, release
// 3.1, as StackStorm and Orquesta run it: in a sandbox, without a loader, without
// extensions. What a template prints and how it fails, down to the text of
// messages, is meant to be the same; grammar.txt has the syntax.
//
//	env := jinja.New(jinja.StackStorm())
//	tmpl, err := env.Parse("{{ host.name }} is {{ 'up' if host.up else 'down' }}")
//	text, err := tmpl.Render(jinja.MapVars{"host": host}, jinja.Limits{})
//
// An [Env] holds filters, tests and globals; [Env.Parse] gives a [Template] for
// text, [Env.ParseExpr] an [Expr] for a native value. All three are immutable.
// Parsing costs tens of microseconds, rendering a small template less than one:
// whoever renders often keeps the Template.
//
// # Values
//
// Values are those of package py. The engine adds [Undefined], [Markup] and some
// without a name: macros, namespaces, generators, groups. [Expr.Eval] turns what
// it can into values of py; functions and undefined values come as they are.
//
// # Undefined
//
// A name, attribute or item that does not exist is an [Undefined] value, which a
// strict environment lets nobody use except the tests "defined" and "undefined"
// and the filter "default". An inline if without else gives a lenient one in
// either case.
//
// # Changing values
//
// A template may call methods that change a list or dictionary, and later reads
// see the change. The caller's values never change: such a template works on
// copies, made when a variable is first read. Whether it is such a template is
// seen when it is compiled, or at the latest when it gets hold of the method;
// then it is run again from the start. Functions given to an environment must
// bear being called again.
//
// # Limits
//
// [Limits] bound an evaluation: steps, output, depth. Operations on large values
// cost steps according to the work they do, and package py bounds what a single
// operation may create. An evaluation has no other way to block or to use the
// clock, the network or chance than the functions it is given.
//
// # Errors
//
// An [Error] is one of the language's own, a *py.Error one that Python would
// raise; [Class] and [Message] serve both, [Position] tells the line.
//
// # Differences
//
// Complex numbers do not exist (a negative number to a fractional power is a
// ValueError), \N{…} escapes are refused, addresses in reprs are made up, and
// the words of lipsum are others. Where the original crashes at compile time
// over constants (an undefined constant in "and", an infinite float), or over a
// name in the filter of a set block, the template works.
package jinja
