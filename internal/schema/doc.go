// Package schema speaks StackStorm's dialect of JSON schema: draft 4, except
// that required is a boolean on each property (as in draft 3), with the extra
// keywords secret, immutable and position. It checks schemas and values, fills
// in defaults, merges the parameters of runners and actions, knows which parts
// of a value are secret, and checks the files of packs and the bodies of API
// requests.
//
// Messages are those of Python's jsonschema 4, because users read and match
// them. When several things are wrong, Validate reports the one that library
// would choose, and Errors reports all.
//
// Rules of the dialect that surprise:
//
//   - A boolean is neither integer nor number; 1.0 is not an integer; an
//     integer is a number.
//   - format never fails anything.
//   - A parameter is checked strictly at its top level (unknown keys, lists as
//     type and format are refused) and leniently below it, where packs in the
//     wild carry $ref, stray keys and lists of types.
//   - $ref is followed within the schema's own document; one that leads
//     nowhere admits everything.
//   - A parameter without a type takes any value. StackStorm reads an optional
//     one as string or null, by accident, once it has a description.
//
// Everything here is pure and safe for concurrent use. Values that a schema
// calls secret never appear in a message.
package schema
