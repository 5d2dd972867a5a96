package pyre

import "math"

// unlimited is the upper bound of *, + and {n,}.
const unlimited = math.MaxInt32

// kind tells the nodes of a parsed pattern apart.
type kind uint8

const (
	kindEmpty  kind = iota // matches the empty text
	kindFail               // matches nothing: (?!)
	kindChar               // one character, r
	kindSet                // one character of set
	kindAny                // one character, whatever it is
	kindAssert             // a place, at
	kindSeq                // subs in order
	kindAlt                // the first of subs that leads to a match
	kindGroup              // subs[0], remembered as group
	kindPlain              // subs[0] in (?:...); it keeps a quantifier from binding to what is inside
	kindRepeat             // subs[0] min to max times
	kindAtomic             // subs[0], whose alternatives are forgotten
	kindLook               // subs[0] ahead or behind, maybe negated
	kindRef                // what group matched
	kindCond               // subs[0] if group matched, else subs[1]
)

// place is a position that an assertion asks for.
type place uint8

const (
	placeStart     place = iota // \A, and ^ without multiline
	placeLineStart              // ^
	placeEnd                    // \Z
	placeLastLine               // $ without multiline: the end, or before a final newline
	placeLineEnd                // $
	placeWordEdge               // \b
	placeNoEdge                 // \B
	placeASCIIEdge
	placeASCIINoEdge
)

// mode is how a repetition chooses between more and fewer.
type mode uint8

const (
	greedy mode = iota
	lazy
	possessive
)

// node is a piece of a parsed pattern. Flags have been applied: a char that matches in either case is a set.
type node struct {
	kind     kind
	r        rune
	set      *set
	at       place
	subs     []*node
	group    int
	min, max int
	mode     mode
	behind   bool // kindLook: looks back over width characters
	negate   bool // kindLook
	fold     bool // kindRef: without regard to case
	ascii    bool // kindRef: case of ASCII letters only
	width    int  // kindLook, behind
}

// single reports whether n matches exactly one character and remembers nothing.
func (n *node) single() bool {
	switch n.kind {
	case kindChar, kindSet, kindAny:
		return true
	case kindPlain:
		return n.subs[0].single()
	case kindSeq:
		return len(n.subs) == 1 && n.subs[0].single()
	}
	return false
}

// bare returns the node inside plain groups and sequences of one.
func (n *node) bare() *node {
	for n.kind == kindPlain || n.kind == kindSeq && len(n.subs) == 1 {
		n = n.subs[0]
	}
	return n
}

// widths returns the least and greatest number of characters that n can match, both capped at unlimited. groups
// holds the widths of the groups that are already closed.
func (n *node) widths(groups map[int][2]int) (lo, hi int) {
	switch n.kind {
	case kindChar, kindSet, kindAny:
		return 1, 1
	case kindSeq:
		for _, s := range n.subs {
			l, h := s.widths(groups)
			lo, hi = min(lo+l, unlimited), min(hi+h, unlimited)
		}
		return lo, hi
	case kindAlt:
		return widest(n.subs, groups)
	case kindGroup, kindPlain, kindAtomic:
		return n.subs[0].widths(groups)
	case kindRepeat:
		l, h := n.subs[0].widths(groups)
		return min(l*n.min, unlimited), min(h*n.max, unlimited)
	case kindRef:
		w := groups[n.group]
		return w[0], w[1]
	case kindCond:
		return widest(n.subs, groups)
	}
	return 0, 0
}

func widest(subs []*node, groups map[int][2]int) (lo, hi int) {
	lo = unlimited
	for _, s := range subs {
		l, h := s.widths(groups)
		lo, hi = min(lo, l), max(hi, h)
	}
	return lo, hi
}
