package pyre

import (
	"strings"
	"unicode/utf8"
)

// opcode names what an instruction does.
type opcode uint8

const (
	opMatch       opcode = iota // the pattern has matched
	opFail                      // never matches
	opChar                      // r
	opSet                       // a character of set
	opAny                       // any character
	opRepeat                    // one character of set (all if nil) min to max times
	opAssert                    // at
	opSplit                     // go to x, later to y
	opJump                      // go to x
	opSave                      // remember the place in register n
	opRef                       // the text of group n again
	opCond                      // go to x unless group n has matched
	opLoopStart                 // prepare the registers n and n+1 of a loop
	opLoop                      // another round at x, or on to y
	opLoopAgain                 // a lazy loop could not go on: another round
	opCut                       // remember the height of the stack in register n
	opCommit                    // forget the alternatives since the cut in register n
	opLook                      // begin to look: registers n (height) and n+1 (place); y is after it
	opLookDone                  // back to the place of register n+1, forget alternatives
	opLookRefused               // what must not follow does: fail as a whole
)

// inst is one instruction. Which fields count depends on op.
type inst struct {
	op       opcode
	at       place
	mode     mode
	fold     bool
	ascii    bool
	behind   bool
	negate   bool
	r        rune
	set      *set
	n        int
	x, y     int
	min, max int
}

// program is a compiled pattern.
type program struct {
	insts    []inst
	groups   int // with group 0
	regs     int // registers: two per group, then those of loops and cuts
	anchored bool
	prefix   string // every match begins with it
	first    *set   // every match begins with one of it; nil: unknown
}

func compileTree(root *node, groups int) *program {
	c := &compiler{program: &program{groups: groups, regs: 2 * groups}}
	c.emit(root)
	c.add(inst{op: opMatch})
	c.hints(root)
	return c.program
}

type compiler struct{ *program }

func (c *compiler) add(in inst) int {
	c.insts = append(c.insts, in)
	return len(c.insts) - 1
}

func (c *compiler) here() int { return len(c.insts) }

// registers reserves n registers beyond those of the groups.
func (c *compiler) registers(n int) int {
	r := c.regs
	c.regs += n
	return r
}

func (c *compiler) emit(n *node) {
	switch n.kind {
	case kindFail:
		c.add(inst{op: opFail})
	case kindChar:
		c.add(inst{op: opChar, r: n.r})
	case kindSet:
		c.add(inst{op: opSet, set: n.set})
	case kindAny:
		c.add(inst{op: opAny})
	case kindAssert:
		c.add(inst{op: opAssert, at: n.at})
	case kindSeq:
		for _, s := range n.subs {
			c.emit(s)
		}
	case kindAlt:
		c.alternatives(n.subs)
	case kindPlain:
		c.emit(n.subs[0])
	case kindGroup:
		c.add(inst{op: opSave, n: 2 * n.group})
		c.emit(n.subs[0])
		c.add(inst{op: opSave, n: 2*n.group + 1})
	case kindRepeat:
		c.repeat(n)
	case kindAtomic:
		c.atomic(func() { c.emit(n.subs[0]) })
	case kindLook:
		c.look(n)
	case kindRef:
		c.add(inst{op: opRef, n: n.group, fold: n.fold, ascii: n.ascii})
	case kindCond:
		c.cond(n)
	}
}

func (c *compiler) alternatives(subs []*node) {
	if s := charsOf(subs); s != nil {
		c.add(inst{op: opSet, set: s})
		return
	}
	var jumps []int
	for i, sub := range subs {
		if i == len(subs)-1 {
			c.emit(sub)
			break
		}
		split := c.add(inst{op: opSplit})
		c.insts[split].x = c.here()
		c.emit(sub)
		jumps = append(jumps, c.add(inst{op: opJump}))
		c.insts[split].y = c.here()
	}
	for _, j := range jumps {
		c.insts[j].x = c.here()
	}
}

// charsOf returns the set that single characters, as in a|b|c, amount to: no choice to come back to.
func charsOf(subs []*node) *set {
	s := &set{}
	for _, sub := range subs {
		if sub = sub.bare(); sub.kind != kindChar {
			return nil
		}
		s.ranges = append(s.ranges, span{sub.r, sub.r})
	}
	return s.freeze()
}

func (c *compiler) repeat(n *node) {
	body := n.subs[0]
	if body.single() {
		in := inst{op: opRepeat, min: n.min, max: n.max, mode: n.mode}
		switch b := body.bare(); b.kind {
		case kindChar:
			in.set = (&set{ranges: []span{{b.r, b.r}}}).freeze()
		case kindSet:
			in.set = b.set
		}
		c.add(in)
		return
	}
	if n.mode == possessive {
		// Python keeps no alternatives inside a round either.
		c.atomic(func() { c.loop(n, func() { c.atomic(func() { c.emit(body) }) }) })
		return
	}
	c.loop(n, func() { c.emit(body) })
}

func (c *compiler) loop(n *node, body func()) {
	if n.max == 0 {
		return
	}
	regs := c.registers(2)
	c.add(inst{op: opLoopStart, n: regs})
	mode := n.mode
	if mode == possessive {
		mode = greedy
	}
	loop := c.add(inst{op: opLoop, n: regs, min: n.min, max: n.max, mode: mode})
	if mode == lazy {
		c.add(inst{op: opLoopAgain, n: regs, x: loop + 2, max: n.max})
	}
	c.insts[loop].x = c.here()
	body()
	c.add(inst{op: opJump, x: loop})
	c.insts[loop].y = c.here()
}

func (c *compiler) atomic(body func()) {
	reg := c.registers(1)
	c.add(inst{op: opCut, n: reg})
	body()
	c.add(inst{op: opCommit, n: reg})
}

func (c *compiler) look(n *node) {
	regs := c.registers(2)
	at := c.add(inst{op: opLook, n: regs, min: n.width, behind: n.behind, negate: n.negate})
	c.emit(n.subs[0])
	if n.negate {
		c.add(inst{op: opLookRefused, n: regs})
	} else {
		c.add(inst{op: opLookDone, n: regs})
	}
	c.insts[at].y = c.here()
}

func (c *compiler) cond(n *node) {
	cond := c.add(inst{op: opCond, n: n.group})
	c.emit(n.subs[0])
	end := c.add(inst{op: opJump})
	c.insts[cond].x = c.here()
	c.emit(n.subs[1])
	c.insts[end].x = c.here()
}

// hints finds what lets a search skip places where no match can begin.
func (c *compiler) hints(root *node) {
	var prefix strings.Builder
	for n := range leading(root) {
		if n.kind == kindAssert && n.at == placeStart && prefix.Len() == 0 {
			c.anchored = true
			return
		}
		if n.kind != kindChar || !utf8.ValidRune(n.r) {
			break
		}
		prefix.WriteRune(n.r)
	}
	if c.prefix = prefix.String(); c.prefix != "" {
		return
	}
	s := &set{}
	if s.firstOf(root) {
		c.first = s.freeze()
	}
}

// leading yields the elements that a match must have at its start, in order, as far as sequences and groups go.
func leading(n *node) func(yield func(*node) bool) {
	return func(yield func(*node) bool) { walkLeading(n, yield) }
}

func walkLeading(n *node, yield func(*node) bool) bool {
	switch n.kind {
	case kindSeq:
		for _, s := range n.subs {
			if !walkLeading(s, yield) {
				return false
			}
		}
		return true
	case kindGroup, kindPlain:
		return walkLeading(n.subs[0], yield)
	}
	return yield(n)
}

// firstOf adds to s the characters that n can begin with. It reports false when n can be empty or is not known well
// enough.
func (s *set) firstOf(n *node) bool {
	switch n.kind {
	case kindChar:
		s.ranges = append(s.ranges, span{n.r, n.r})
		return true
	case kindSet:
		if n.set.negate {
			return false
		}
		s.ranges = append(s.ranges, n.set.ranges...)
		s.classes = append(s.classes, n.set.classes...)
		return true
	case kindSeq:
		for _, sub := range n.subs {
			if sub.kind != kindAssert {
				return s.firstOf(sub)
			}
		}
		return false
	case kindAlt:
		for _, sub := range n.subs {
			if !s.firstOf(sub) {
				return false
			}
		}
		return true
	case kindGroup, kindPlain, kindAtomic:
		return s.firstOf(n.subs[0])
	case kindRepeat:
		return n.min > 0 && s.firstOf(n.subs[0])
	}
	return false
}
