// Package py answers one question: what would Python 3.11 do, and what would
// it print? It holds the values that flow through templates, expressions and
// documents, and the operations on them: truth, equality, order, arithmetic,
// str and repr, indexing and slicing, % and str.format, the public methods of
// the built-in types, int() and float(), ast.literal_eval, and JSON.
//
// # Values
//
// A document value is one of
//
//	nil, bool, int64, *big.Int, float64, string, []any, *Dict
//
// where *big.Int is used only for integers that do not fit int64, and *Dict
// keeps insertion order. JSON and YAML readers produce nothing else, and
// [Check] tells whether a tree consists of nothing else.
//
// Engines add [Tuple], *[List] (a list by reference), *[Set], [Bytes],
// [Range], [Date], [DateTime] and the views of a dictionary. Every operation
// takes []any and *List alike as a list. Other Go types join by the one-method
// interfaces [Typer], [Attrer], [Callable], [Reprer], [Strer], [Truther],
// [Lener], [Iterable], [Itemer], [Equaler] and [Hasher].
//
// [Mutable] turns a document into what programs may change, [Document] turns
// their result back, [FromGo] and [ToGo] cross over to Go's own types.
//
// Strings are UTF-8 and are indexed by code point. A lone surrogate, which a
// Go string cannot hold, becomes U+FFFD wherever one would arise.
//
// # Errors
//
// What Python raises is returned as *[Error], with Python's class and text.
//
// # Limits
//
// No operation creates a string or list beyond [MaxSize] bytes or items, or an
// integer beyond [MaxBits] bits, and no operation descends further than a
// fixed depth: hostile input costs an error, not the process. Nothing here
// blocks, reads a clock, or keeps state that a caller can see.
//
// Values carry no locks. Reading one value from several goroutines is safe;
// changing it meanwhile is not.
package py
