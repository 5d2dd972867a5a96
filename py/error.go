package py

import "fmt"

// MaxSize bounds what one operation creates: bytes of a string, items of a
// list.
const MaxSize = 16 << 20

// MaxBits bounds the length of an integer that an operation creates.
const MaxBits = 1 << 20

// maxDepth bounds recursion over values that programs build (Python's own
// limit is 1000 frames); MaxDocumentDepth bounds documents.
const maxDepth = 1000

// MaxDocumentDepth is how many containers may be nested in a document.
const MaxDocumentDepth = 512

// Error is what Python would have raised.
type Error struct {
	Class   string // TypeError, ValueError, KeyError, ZeroDivisionError …
	Message string // str(exception)
}

// Error returns "Class: Message", as the last line of a traceback.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Class
	}
	return e.Class + ": " + e.Message
}

// Errorf makes an Error of the class; the rest is as in fmt.Sprintf.
func Errorf(class, format string, args ...any) *Error {
	return &Error{Class: class, Message: fmt.Sprintf(format, args...)}
}

func typeErrorf(format string, args ...any) *Error  { return Errorf("TypeError", format, args...) }
func valueErrorf(format string, args ...any) *Error { return Errorf("ValueError", format, args...) }

// errTooBig has the class and empty text of Python's own MemoryError.
var errTooBig = &Error{Class: "MemoryError"}

var errTooDeep = &Error{Class: "RecursionError", Message: "maximum recursion depth exceeded"}
