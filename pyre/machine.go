package pyre

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/galehq/gale/py"
)

// DefaultSteps is how many steps a search may take on a short text. A step is one instruction, one return to an
// alternative, or eight characters of a simple repetition; ten million take about a tenth of a second.
const DefaultSteps = 10_000_000

// stepsPerByte is what each byte of text adds: a search that is linear in the text never runs out.
const stepsPerByte = 64

// maxFrames bounds the stack of alternatives, about 100 MB.
const maxFrames = 4 << 20

var (
	errSteps  = &py.Error{Class: "TimeoutError", Message: "regular expression took too many steps"}
	errFrames = &py.Error{Class: "MemoryError", Message: "regular expression needs too much memory"}
)

// frame is an entry of the backtracking stack: a place to go on from, or a register to put back.
type frame struct {
	pc   int // of the instruction; below zero: the register ^pc had the value pos
	pos  int
	more int // of a repetition under way: greedy, the lowest place to go back to; lazy, how many characters more; else -1
}

// machine runs a program over one text. Places are byte offsets.
type machine struct {
	*program
	text   string
	regs   []int
	stack  []frame
	steps  int
	whole  bool // the match must reach the end
	refuse int  // a match that ends here without having begun before does not count; -1 for none
}

func newMachine(p *program, text string, steps int) *machine {
	return &machine{
		program: p, text: text, regs: make([]int, p.regs), steps: steps + stepsPerByte*len(text), refuse: -1,
	}
}

// search finds the first match that begins at from or later.
func (m *machine) search(from int) (bool, error) {
	for pos := from; ; {
		if pos = m.candidate(pos); pos < 0 {
			return false, nil
		}
		ok, err := m.match(pos)
		if ok || err != nil || m.anchored || pos >= len(m.text) {
			return ok, err
		}
		m.refuse = -1
		_, w := m.runeAt(pos)
		pos += w
	}
}

// candidate returns the next place at or after pos where a match can begin, or -1.
func (m *machine) candidate(pos int) int {
	switch {
	case m.anchored && pos > 0:
		return -1
	case m.prefix != "":
		i := strings.Index(m.text[pos:], m.prefix)
		if i < 0 {
			return -1
		}
		return pos + i
	case m.first != nil:
		for pos < len(m.text) {
			r, w := m.runeAt(pos)
			if m.first.has(r) {
				return pos
			}
			pos += w
		}
		return -1
	}
	return pos
}

// match runs the program from pos. On success registers 0 and 1 hold the whole match.
func (m *machine) match(pos int) (bool, error) {
	for i := range m.regs {
		m.regs[i] = -1
	}
	m.regs[0] = pos
	m.stack = m.stack[:0]
	pc := 0
	for {
		if m.steps--; m.steps < 0 {
			return false, errSteps
		}
		if len(m.stack) > maxFrames {
			return false, errFrames
		}
		if m.insts[pc].op == opMatch {
			if !(m.whole && pos < len(m.text)) && !(pos == m.refuse && pos == m.regs[0]) {
				m.regs[1] = pos
				return true, nil
			}
			pc = -1
		} else {
			pc, pos = m.step(pc, pos)
		}
		if pc < 0 {
			if pc, pos = m.back(); pc < 0 {
				return false, nil
			}
		}
	}
}

// runeAt decodes the character at pos, which is before the end.
func (m *machine) runeAt(pos int) (rune, int) {
	if c := m.text[pos]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	return utf8.DecodeRuneInString(m.text[pos:])
}

// before returns the place n characters before pos, or -1.
func (m *machine) before(pos, n int) int {
	for ; n > 0; n-- {
		if pos == 0 {
			return -1
		}
		_, w := utf8.DecodeLastRuneInString(m.text[:pos])
		pos -= w
	}
	return pos
}

// set changes a register so that backtracking changes it back.
func (m *machine) set(reg, value int) {
	m.stack = append(m.stack, frame{pc: ^reg, pos: m.regs[reg]})
	m.regs[reg] = value
}

func (m *machine) push(pc, pos, more int) {
	m.stack = append(m.stack, frame{pc: pc, pos: pos, more: more})
}

// step executes one instruction and returns where to go on, or -1 when it does not match.
func (m *machine) step(pc, pos int) (int, int) {
	in := &m.insts[pc]
	switch in.op {
	case opChar:
		if pos < len(m.text) {
			if r, w := m.runeAt(pos); r == in.r {
				return pc + 1, pos + w
			}
		}
	case opSet, opAny:
		if pos < len(m.text) {
			if r, w := m.runeAt(pos); in.set == nil || in.set.has(r) {
				return pc + 1, pos + w
			}
		}
	case opRepeat:
		return m.repeat(pc, pos)
	case opAssert:
		if m.holds(in.at, pos) {
			return pc + 1, pos
		}
	case opSplit:
		m.push(in.y, pos, -1)
		return in.x, pos
	case opJump:
		return in.x, pos
	case opSave:
		m.set(in.n, pos)
		return pc + 1, pos
	case opRef:
		return m.refer(pc, pos)
	case opCond:
		if m.matched(in.n) {
			return pc + 1, pos
		}
		return in.x, pos
	case opLoopStart:
		m.set(in.n, -1)
		m.set(in.n+1, -1)
		return pc + 1, pos
	case opLoop:
		return m.loop(pc, pos)
	case opLoopAgain:
		return m.loopAgain(in, pos)
	case opCut:
		m.set(in.n, len(m.stack))
		return pc + 1, pos
	case opCommit:
		m.commit(m.regs[in.n])
		return pc + 1, pos
	case opLook:
		return m.look(pc, pos)
	case opLookDone:
		m.commit(m.regs[in.n])
		return pc + 1, m.regs[in.n+1]
	case opLookRefused:
		m.unwind(m.regs[in.n])
	}
	return -1, pos
}

// matched reports whether a group has a value: both ends are set.
func (m *machine) matched(group int) bool {
	return m.regs[2*group] >= 0 && m.regs[2*group+1] >= m.regs[2*group]
}

// repeat runs a repetition of one character in one go.
func (m *machine) repeat(pc, pos int) (int, int) {
	in := &m.insts[pc]
	limit := in.max
	if in.mode == lazy {
		limit = in.min
	}
	start, least, n := pos, pos, 0
	for n < limit && pos < len(m.text) {
		r, w := m.runeAt(pos)
		if in.set != nil && !in.set.has(r) {
			break
		}
		pos += w
		if n++; n == in.min {
			least = pos
		}
	}
	m.steps -= (pos - start) / 8
	switch {
	case n < in.min:
		return -1, pos
	case in.mode == greedy && pos > least:
		m.push(pc, pos, least)
	case in.mode == lazy && in.max > in.min:
		m.push(pc, pos, in.max-in.min)
	}
	return pc + 1, pos
}

// retry gives the alternative of a repetition that was on the stack.
func (m *machine) retry(f frame) (int, int) {
	in := &m.insts[f.pc]
	if in.mode == greedy {
		return m.retryGreedy(f)
	}
	if f.pos >= len(m.text) {
		return -1, 0
	}
	r, w := m.runeAt(f.pos)
	if in.set != nil && !in.set.has(r) {
		return -1, 0
	}
	if f.more > 1 {
		m.push(f.pc, f.pos+w, f.more-1)
	}
	return f.pc + 1, f.pos + w
}

// retryGreedy takes one character fewer, or as many fewer as it takes for the character that must follow.
func (m *machine) retryGreedy(f frame) (int, int) {
	next := &m.insts[f.pc+1]
	start := f.pos
	for f.pos > f.more {
		f.pos = m.before(f.pos, 1)
		if next.op == opChar {
			if r, _ := m.runeAt(f.pos); r != next.r {
				continue
			}
		}
		if f.pos > f.more {
			m.push(f.pc, f.pos, f.more)
		}
		m.steps -= (start - f.pos) / 8
		return f.pc + 1, f.pos
	}
	m.steps -= (start - f.pos) / 8
	return -1, 0
}

// loop decides at the end of a round, or before the first, whether another one comes. Register n counts the rounds
// that were begun, less one; n+1 is where the last optional round began, so that an empty one ends the loop.
func (m *machine) loop(pc, pos int) (int, int) {
	in := &m.insts[pc]
	done := m.regs[in.n] + 1
	if done < in.min {
		m.set(in.n, done)
		return in.x, pos
	}
	if in.mode == lazy {
		m.push(pc+1, pos, -1)
		return in.y, pos
	}
	if done >= in.max && in.max != unlimited || pos == m.regs[in.n+1] {
		return in.y, pos
	}
	m.push(in.y, pos, -1)
	m.set(in.n, done)
	m.set(in.n+1, pos)
	return in.x, pos
}

func (m *machine) loopAgain(in *inst, pos int) (int, int) {
	done := m.regs[in.n] + 1
	if done >= in.max && in.max != unlimited || pos == m.regs[in.n+1] {
		return -1, pos
	}
	m.set(in.n, done)
	m.set(in.n+1, pos)
	return in.x, pos
}

func (m *machine) refer(pc, pos int) (int, int) {
	in := &m.insts[pc]
	if !m.matched(in.n) {
		return -1, pos
	}
	want := m.text[m.regs[2*in.n]:m.regs[2*in.n+1]]
	m.steps -= len(want) / 8
	if !in.fold {
		if !strings.HasPrefix(m.text[pos:], want) {
			return -1, pos
		}
		return pc + 1, pos + len(want)
	}
	for _, r := range want {
		if pos >= len(m.text) {
			return -1, pos
		}
		got, w := m.runeAt(pos)
		if got != r && !sameFold(got, r, in.ascii) {
			return -1, pos
		}
		pos += w
	}
	return pc + 1, pos
}

// sameFold compares as Python does for back references: by lower case only, without the sets that literals know.
func sameFold(a, b rune, ascii bool) bool {
	if ascii && (a > unicode.MaxASCII || b > unicode.MaxASCII) {
		return false
	}
	return unicode.ToLower(a) == unicode.ToLower(b)
}

func (m *machine) look(pc, pos int) (int, int) {
	in := &m.insts[pc]
	from := pos
	if in.behind {
		if from = m.before(pos, in.min); from < 0 {
			if in.negate {
				return in.y, pos
			}
			return -1, pos
		}
	}
	m.set(in.n, 0)
	m.set(in.n+1, pos)
	m.regs[in.n] = len(m.stack)
	if in.negate {
		m.push(in.y, pos, -1)
	}
	return pc + 1, from
}

// commit drops the alternatives above height but keeps the registers to put back.
func (m *machine) commit(height int) {
	kept := m.stack[:height]
	for _, f := range m.stack[height:] {
		if f.pc < 0 {
			kept = append(kept, f)
		}
	}
	m.steps -= (len(m.stack) - height) / 8
	m.stack = kept
}

// unwind undoes everything above height.
func (m *machine) unwind(height int) {
	for len(m.stack) > height {
		f := m.pop()
		if f.pc < 0 {
			m.regs[^f.pc] = f.pos
		}
	}
}

func (m *machine) pop() frame {
	f := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return f
}

// back returns to the latest alternative, or -1 when there is none.
func (m *machine) back() (int, int) {
	for len(m.stack) > 0 {
		f := m.pop()
		if f.pc < 0 {
			m.regs[^f.pc] = f.pos
			continue
		}
		if f.more < 0 {
			return f.pc, f.pos
		}
		if pc, pos := m.retry(f); pc >= 0 {
			return pc, pos
		}
	}
	return -1, 0
}

func (m *machine) holds(at place, pos int) bool {
	n := len(m.text)
	switch at {
	case placeStart:
		return pos == 0
	case placeLineStart:
		return pos == 0 || m.text[pos-1] == '\n'
	case placeEnd:
		return pos == n
	case placeLastLine:
		return pos == n || pos == n-1 && m.text[pos] == '\n'
	case placeLineEnd:
		return pos == n || m.text[pos] == '\n'
	case placeWordEdge:
		return m.edge(pos, isWord)
	case placeASCIIEdge:
		return m.edge(pos, isASCIIWord)
	case placeNoEdge:
		return n > 0 && !m.edge(pos, isWord) // Python finds neither \b nor \B in the empty text
	case placeASCIINoEdge:
		return n > 0 && !m.edge(pos, isASCIIWord)
	}
	return false
}

func (m *machine) edge(pos int, word func(rune) bool) bool {
	var left, right bool
	if pos > 0 {
		r, _ := utf8.DecodeLastRuneInString(m.text[:pos])
		left = word(r)
	}
	if pos < len(m.text) {
		r, _ := m.runeAt(pos)
		right = word(r)
	}
	return left != right
}
