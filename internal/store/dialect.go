package store

import "strconv"

// dialect is the text and the facts by which the two databases differ.
type dialect struct {
	name   string
	shared bool   // other processes use the same database
	lock   string // waits for a named lock ($1) until the transaction ends
	wrap   func(error) error
	queue  queueSQL
	events eventSQL
	// in tests a column against an array parameter; contains tests one text
	// inside another.
	in       func(column, param string) string
	contains func(column, param string) string
	// number is how a parameter stands behind limit and offset.
	number func(param string) string
}

func param(n int) string { return "$" + strconv.Itoa(n) }
