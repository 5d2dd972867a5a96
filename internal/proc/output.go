package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	readSize  = 32 << 10
	longLine  = 64 << 10               // a line is given out in pieces of this size
	flushIdle = 300 * time.Millisecond // an unfinished line is given out after that
)

var buffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// stream reads one of the child's outputs: it gives out whole lines, makes
// them valid UTF-8 and keeps the first limit bytes. What comes after the
// limit is read and dropped, so that the child is not held up.
type stream struct {
	name  string
	file  *os.File
	limit int
	emit  func(stream string, data []byte)

	kept    []byte // only appended to: what was given out stays valid
	pending []byte // an unfinished line
	full    bool
}

func (s *stream) run() {
	buf := buffers.Get().(*[readSize]byte)
	defer buffers.Put(buf)
	waiting := false // a deadline is set
	for {
		if idle := len(s.pending) > 0 && !s.full; idle || waiting {
			var at time.Time
			if idle {
				at = time.Now().Add(flushIdle)
			}
			s.file.SetReadDeadline(at)
			waiting = idle
		}
		n, err := s.file.Read(buf[:])
		s.add(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.flush(false)
			continue
		}
		if err != nil {
			s.flush(true)
			return
		}
	}
}

// add takes what was read and gives out the lines it completes.
func (s *stream) add(data []byte) {
	if s.full {
		return
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	if end > 0 && len(s.pending) == 0 {
		s.give(data[:end]) // the usual case needs no copy
	} else if end > 0 {
		s.give(append(s.pending, data[:end]...))
		s.pending = s.pending[:0]
	}
	s.pending = append(s.pending, data[end:]...)
	if len(s.pending) >= longLine {
		s.flush(false)
	}
}

// flush gives out an unfinished line. Unless it is the last, the beginning
// of a character that is still incomplete waits for its rest.
func (s *stream) flush(last bool) {
	end := len(s.pending)
	if !last {
		end -= incomplete(s.pending)
	}
	if end > 0 {
		s.give(s.pending[:end])
		s.pending = append(s.pending[:0], s.pending[end:]...)
	}
}

func (s *stream) give(data []byte) {
	if s.full {
		return
	}
	from := len(s.kept)
	s.kept = appendUTF8(s.kept, data)
	if len(s.kept) > s.limit {
		s.truncate(from)
	}
	s.emit(s.name, s.kept[from:len(s.kept):len(s.kept)])
}

// truncate cuts at the limit, between characters, and says so in the text.
func (s *stream) truncate(from int) {
	cut := s.limit
	for cut > from && !utf8.RuneStart(s.kept[cut]) {
		cut--
	}
	s.kept = fmt.Appendf(s.kept[:cut], "\n[output truncated: only the first %d bytes are kept]\n", s.limit)
	s.full, s.pending = true, nil
}

func (s *stream) text() string { return string(s.kept) }

// collector reads the result channel up to its limit.
type collector struct {
	file  *os.File
	limit int
	data  []byte
	full  bool
}

func (c *collector) run() {
	buf := buffers.Get().(*[readSize]byte)
	defer buffers.Put(buf)
	for {
		n, err := c.file.Read(buf[:])
		if room := c.limit - len(c.data); n > room {
			n, c.full = room, true
		}
		c.data = append(c.data, buf[:n]...)
		if err != nil {
			return
		}
	}
}

// incomplete is the length of a character's beginning at the end of b whose
// rest may still come.
func incomplete(b []byte) int {
	for n := 1; n <= 3 && n <= len(b); n++ {
		tail := b[len(b)-n:]
		if utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return n
			}
			return 0
		}
	}
	return 0
}

// appendUTF8 appends data; what is not UTF-8 becomes U+FFFD, one for each
// longest beginning of a character as Python's decoder has it.
func appendUTF8(dst, data []byte) []byte {
	if utf8.Valid(data) {
		return append(dst, data...)
	}
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, "\uFFFD"...)
			data = data[badPrefix(data):]
			continue
		}
		dst = append(dst, data[:size]...)
		data = data[size:]
	}
	return dst
}

// badPrefix is how many bytes at the start of b one replacement stands for:
// as many as could begin a character, at least one. (FullRune is false for
// just that: a beginning whose rest is missing.)
func badPrefix(b []byte) int {
	n := 1
	for n < len(b) && !utf8.FullRune(b[:n+1]) {
		n++
	}
	return n
}
