// Conformance scores Gale against recorded behaviour of the systems whose languages it speaks.
//
//	go run ./conformance DIR
//
// It reads every *.jsonl file of DIR, one record a line, and prints one line per file and mode with the number of
// records that passed, then one line for each that did not. Records of modes that no engine here knows are left out;
// a line on standard error names them. The exit status is 0 whenever it ran to the end.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galehq/gale/py"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance DIR")
		os.Exit(2)
	}
	if err := run(strings.TrimPrefix(os.Args[1], "DATA="), os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// run scores the files of a directory.
func run(dir string, out, log io.Writer) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no *.jsonl file in %s", dir)
	}
	var scores []*score
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file := &file{name: filepath.Base(name), shared: newShared(), leftOut: map[string]int{}}
		if err := file.read(data); err != nil {
			return err
		}
		file.report(log)
		scores = append(scores, file.scores...)
	}
	for _, s := range scores {
		fmt.Fprintf(out, "%s %s passed %d of %d\n", s.file, s.mode, s.passed, s.total)
	}
	for _, s := range scores {
		for _, miss := range s.misses {
			fmt.Fprintln(out, miss)
		}
	}
	return nil
}

// file is a file of records while it is scored.
type file struct {
	name    string
	shared  *shared
	scores  []*score
	leftOut map[string]int // records by modes without an engine
}

// score counts the records of one mode.
type score struct {
	file, mode    string
	passed, total int
	misses        []string
}

// read scores all records. Shared records may stand behind those that refer to them, so they are collected first.
func (f *file) read(data []byte) error {
	lines := bytes.Split(data, []byte("\n"))
	records := make([]*py.Dict, len(lines))
	for i, line := range lines {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		v, err := py.DecodeJSON(line)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", f.name, i+1, err)
		}
		rec, ok := v.(*py.Dict)
		if !ok {
			return fmt.Errorf("%s:%d: a record must be an object", f.name, i+1)
		}
		if text(rec, "mode") == "shared" {
			f.shared.add(rec)
			continue
		}
		records[i] = rec
	}
	for i, rec := range records {
		if rec != nil {
			f.score(i+1, rec)
		}
	}
	return nil
}

// score runs one record. A record counts for every mode that its engine judges it by.
func (f *file) score(line int, rec *py.Dict) {
	mode := text(rec, "mode")
	judge := judges[mode]
	if judge == nil {
		f.leftOut[mode]++
		return
	}
	for _, v := range judged(judge, f.shared, rec) {
		s := f.scoreOf(v.mode)
		s.total++
		if v.miss == "" {
			s.passed++
			continue
		}
		s.misses = append(s.misses, oneLine(fmt.Sprintf("%s:%d %s: %s  %s", f.name, line, v.mode, v.label, v.miss)))
	}
}

// judged runs a judge. An engine that panics is a miss like any other.
func judged(judge judge, s *shared, rec *py.Dict) (verdicts []verdict) {
	defer func() {
		if r := recover(); r != nil {
			verdicts = []verdict{{mode: text(rec, "mode"), label: text(rec, "id"), miss: fmt.Sprintf("panic: %v", r)}}
		}
	}()
	return judge(s, rec)
}

func (f *file) scoreOf(mode string) *score {
	i := slices.IndexFunc(f.scores, func(s *score) bool { return s.mode == mode })
	if i < 0 {
		f.scores = append(f.scores, &score{file: f.name, mode: mode})
		i = len(f.scores) - 1
	}
	return f.scores[i]
}

// report says which records were left out.
func (f *file) report(log io.Writer) {
	for _, mode := range sortedKeys(f.leftOut) {
		label := mode
		if label == "" {
			label = "(none)"
		}
		fmt.Fprintf(log, "%s: %d records of mode %s left out: no engine for it yet\n", f.name, f.leftOut[mode], label)
	}
}

func sortedKeys(m map[string]int) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// oneLine keeps a report to one line and a readable length.
func oneLine(s string) string {
	s = strings.NewReplacer("\n", `\n`, "\r", `\r`).Replace(s)
	if r := []rune(s); len(r) > 400 {
		s = string(r[:400]) + "..."
	}
	return s
}

// text returns a member that is a text, or nothing.
func text(rec *py.Dict, name string) string {
	v, _ := rec.GetString(name)
	s, _ := v.(string)
	return s
}
