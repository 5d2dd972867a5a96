// Package expr evaluates the templates of packs, rules, aliases and configurations with StackStorm's functions, and
// casts what comes out to the types that parameters declare.
//
// [Functions] is the table of StackStorm's own functions. It knows values and Python signatures but no language: the
// Jinja environments of an [Engine] offer them as filters, and any other expression language can offer the same.
//
// Everything is a function of its arguments. What a function needs from outside, as the key of encrypted datastore
// items, is given in [Options].
package expr
