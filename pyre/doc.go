// Package pyre matches text with the regular expressions of Python's re module.
//
// Rules, aliases, schemas and templates carry patterns written for Python. They use look-around, back references,
// named groups, conditionals and possessive quantifiers, and their authors rely on which alternative wins and on the
// words of the error. So the package has the whole of the language: a parser that refuses what Python refuses, with
// the same message and position, and a backtracking machine that tries alternatives in the same order.
//
// A backtracking matcher can take exponential time. Instead of a clock the machine counts: every search may take
// [DefaultSteps] steps plus a share for the length of the text, about a tenth of a second of work, and then ends with
// an error. A count gives the same answer on a loaded machine as on an idle one, needs no goroutine, and works in a
// bubble of testing/synctest, where a time limit taken from the real clock does not.
//
// Differences from Python: characters named by \N{...} are refused, and a pattern nested more than 200 deep, or a
// match that needs more than about 100 MB of backtracking, is an error.
package pyre
