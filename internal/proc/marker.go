package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// EnvKey is the environment variable by which a process is known to belong
// to a run. Its value is "<store>.<token>".
const EnvKey = "GALE_RUN"

// A Marker ties a process to a run of a store, across restarts of this
// program. The zero Marker leaves no trace.
type Marker struct {
	Dir   string // of the marker files; must exist. Empty: no file
	Store string // identity of the store: letters, digits, - and _
	Token string // of the run, same alphabet, unique within the store
}

func (m Marker) valid() error {
	if m == (Marker{}) {
		return nil
	}
	for _, part := range []string{m.Store, m.Token} {
		if part == "" || strings.Trim(part, markerAlphabet) != "" {
			return fmt.Errorf("marker %q of store %q: want letters, digits, - and _", m.Token, m.Store)
		}
	}
	return nil
}

const markerAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func (m Marker) value() string {
	if m.Token == "" {
		return ""
	}
	return m.Store + "." + m.Token
}

// environ is env with the marker; a GALE_RUN that was there before belonged
// to another run.
func (m Marker) environ(env []string) []string {
	out := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, EnvKey+"=") {
			out = append(out, kv)
		}
	}
	if m.Token != "" {
		out = append(out, EnvKey+"="+m.value())
	}
	return out
}

// write records the group. Nothing is synced: a machine that dies takes the
// process along.
func (m Marker) write(group int) error {
	if m.Dir == "" {
		return nil
	}
	leader, err := stat(group)
	if err != nil {
		return fmt.Errorf("write run marker: %w", err)
	}
	boot, err := bootID()
	if err != nil {
		return fmt.Errorf("write run marker: %w", err)
	}
	line := fmt.Sprintf("1 %d %d %s\n", group, leader.start, boot)
	if err := os.WriteFile(filepath.Join(m.Dir, m.Token), []byte(line), 0o600); err != nil {
		return fmt.Errorf("write run marker: %w", err)
	}
	return nil
}

func (m Marker) remove() {
	if m.Dir != "" {
		os.Remove(filepath.Join(m.Dir, m.Token))
	}
}

var bootID = sync.OnceValues(func() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(data)), err
})

// Leftovers names the runs that a dead predecessor of this process may have
// left behind.
type Leftovers struct {
	Dir   string // of the marker files
	Store string
	Grace time.Duration // zero: DefaultGrace
	// Finished tells runs that had ended in good order, whose processes
	// (daemons that an action started) are left alone. Nil: none had.
	Finished func(token string) bool
}

// KillLeftovers ends the process groups of all marker files whose leader is
// still the same process of the same boot, and every process that carries a
// marker of the store. It returns the tokens of the runs it ended and removes
// the marker files. It blocks for up to Grace plus a few seconds.
func KillLeftovers(l Leftovers) ([]string, error) {
	names, err := os.ReadDir(l.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("end leftover runs: %w", err)
	}
	seen := map[string]bool{}
	var tokens []string
	note := func(token string) {
		if !seen[token] {
			seen[token] = true
			tokens = append(tokens, token)
		}
	}
	q := quarry{groups: map[int]bool{}, marked: func(marker string) bool {
		store, token, ok := strings.Cut(marker, ".")
		if !ok || store != l.Store || l.finished(token) {
			return false
		}
		note(token)
		return true
	}}
	for _, entry := range names {
		if group, ok := readMarker(filepath.Join(l.Dir, entry.Name())); ok && !l.finished(entry.Name()) {
			q.groups[group] = true
			note(entry.Name())
		}
	}
	grace := l.Grace
	if grace <= 0 {
		grace = DefaultGrace
	}
	left := q.end(grace)
	for _, entry := range names {
		err = errors.Join(err, removeMarker(filepath.Join(l.Dir, entry.Name())))
	}
	if left > 0 {
		return tokens, fmt.Errorf("end leftover runs: %d processes did not end", left)
	}
	return tokens, err
}

func (l Leftovers) finished(token string) bool {
	return l.Finished != nil && l.Finished(token)
}

func removeMarker(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end leftover runs: %w", err)
	}
	return nil
}

// readMarker returns the group of a marker file whose leader still lives. A
// file that was not written to its end says nothing; the environment does.
func readMarker(path string) (group int, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	var start uint64
	var boot string
	if n, err := fmt.Sscanf(string(data), "1 %d %d %s\n", &group, &start, &boot); n != 3 || err != nil {
		return 0, false
	}
	if now, err := bootID(); err != nil || now != boot {
		return 0, false
	}
	leader, err := stat(group)
	return group, err == nil && leader.start == start && group > 1
}
