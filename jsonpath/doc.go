// Package jsonpath finds values by paths in the dialect of the Python library jsonpath-rw 1.4, which StackStorm uses
// for the keys of rule criteria and for the filter jsonpath_query.
//
// A path is made of $ (the root), `this`, `parent`, names, "quoted names", lists of names a,b, the wildcard *, indexes
// [0] and slices [1:3] and [*]. They are combined by . (child), .. (descendants), | (union), where (only what has a
// match for the right side) and parentheses. What binds tighter: where, then |, then ., then .., and an index or name
// in brackets applies to all that stands before it.
package jsonpath
