package jinja

import "strings"

// kind is the type of a token.
type kind uint8

const (
	tEOF kind = iota
	tData
	tVariableBegin
	tVariableEnd
	tBlockBegin
	tBlockEnd
	tName
	tString
	tInteger
	tFloat

	// Operators; their text is in operatorText.
	tAdd
	tAssign
	tColon
	tComma
	tDiv
	tDot
	tEq
	tFloorDiv
	tGt
	tGtEq
	tLBrace
	tLBracket
	tLParen
	tLt
	tLtEq
	tMod
	tMul
	tNe
	tPipe
	tPow
	tRBrace
	tRBracket
	tRParen
	tSemicolon
	tSub
	tTilde
)

var operatorText = map[kind]string{
	tAdd: "+", tAssign: "=", tColon: ":", tComma: ",", tDiv: "/", tDot: ".", tEq: "==",
	tFloorDiv: "//", tGt: ">", tGtEq: ">=", tLBrace: "{", tLBracket: "[", tLParen: "(",
	tLt: "<", tLtEq: "<=", tMod: "%", tMul: "*", tNe: "!=", tPipe: "|", tPow: "**",
	tRBrace: "}", tRBracket: "]", tRParen: ")", tSemicolon: ";", tSub: "-", tTilde: "~",
}

var kindText = map[kind]string{
	tEOF: "end of template", tData: "template data / text",
	tVariableBegin: "begin of print statement", tVariableEnd: "end of print statement",
	tBlockBegin: "begin of statement block", tBlockEnd: "end of statement block",
	tName: "name", tString: "string", tInteger: "integer", tFloat: "float",
}

// describe returns the name that error messages give to a kind of token.
func (k kind) describe() string {
	if s, ok := operatorText[k]; ok {
		return s
	}
	return kindText[k]
}

// token is a lexical unit. text holds the name, the operator or the data;
// value holds the value of a literal.
type token struct {
	kind  kind
	text  string
	value any
	pos   pos
}

func (t token) describe() string {
	if t.kind == tName {
		return t.text
	}
	return t.kind.describe()
}

// is reports whether t is the keyword or name s.
func (t token) is(s string) bool { return t.kind == tName && t.text == s }

// operatorAt returns the longest operator at the start of s.
func operatorAt(s string) (kind, string, bool) {
	if len(s) >= 2 {
		if k, ok := operators[s[:2]]; ok {
			return k, s[:2], true
		}
	}
	if s != "" {
		if k, ok := operators[s[:1]]; ok {
			return k, s[:1], true
		}
	}
	return 0, "", false
}

var operators = func() map[string]kind {
	m := make(map[string]kind, len(operatorText))
	for k, s := range operatorText {
		m[s] = k
	}
	return m
}()

// normalizeNewlines turns \r\n and \r into \n.
func normalizeNewlines(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
