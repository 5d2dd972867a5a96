package jinja

import (
	"errors"
	"fmt"

	"github.com/galehq/gale/py"
)

// Classes of Error, named as the exceptions of the original.
const (
	ClassSyntax    = "TemplateSyntaxError"
	ClassAssertion = "TemplateAssertionError"
	ClassRuntime   = "TemplateRuntimeError"
	ClassUndefined = "UndefinedError"
	ClassSecurity  = "SecurityError"
	ClassFilterArg = "FilterArgumentError"

	// ClassLimit has no counterpart in the original: the evaluation ran into
	// one of its Limits.
	ClassLimit = "LimitError"
)

// Error is an error of the template language itself. Errors that Python's
// operations would raise while a template runs (TypeError, ValueError …) are
// *py.Error; errors.As finds either in what Parse, Render and Eval return.
type Error struct {
	Class   string // one of the Class constants
	Message string // str(exception), without the position
	Line    int    // 1-based; 0 if unknown
	Column  int    // 1-based, counted in code points; 0 if unknown
}

// Error returns "Class: Message".
func (e *Error) Error() string { return e.Class + ": " + e.Message }

func errorf(class, format string, args ...any) *Error {
	return &Error{Class: class, Message: fmt.Sprintf(format, args...)}
}

// pos is a place in the source: 1-based line and column.
type pos struct{ line, col int32 }

func (e *Error) at(p pos) *Error {
	e.Line, e.Column = int(p.line), int(p.col)
	return e
}

// placed adds the place in the template to an error that has none of its own.
type placed struct {
	err error
	pos pos
}

func (p *placed) Error() string { return p.err.Error() }
func (p *placed) Unwrap() error { return p.err }

// locate gives err the position p unless it already has one. The innermost
// statement calls it first, so the most precise place wins.
func locate(err error, p pos) error {
	switch e := err.(type) {
	case *placed:
		return err
	case *Error:
		if e.Line == 0 && e != errRestart {
			c := *e // not ours alone, if it comes from a function of the caller
			return c.at(p)
		}
		return err
	}
	return &placed{err, p}
}

// Position returns the line and column (1-based, the column in code points) of
// the tag in which err arose, or ok false when err does not tell.
func Position(err error) (line, column int, ok bool) {
	var e *Error
	if errors.As(err, &e) && e.Line > 0 {
		return e.Line, e.Column, true
	}
	var p *placed
	if errors.As(err, &p) {
		return int(p.pos.line), int(p.pos.col), true
	}
	return 0, 0, false
}

// Class returns the exception class of an error made here or by py, such as
// "UndefinedError" or "TypeError", and "" for any other error.
func Class(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	var p *py.Error
	if errors.As(err, &p) {
		return p.Class
	}
	return ""
}

// Message returns the bare message of an error made here or by py, as str()
// of the exception gives it, and err.Error() for any other error.
func Message(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	var p *py.Error
	if errors.As(err, &p) {
		return p.Message
	}
	return err.Error()
}
