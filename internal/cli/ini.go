package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// iniFile is a file of [section] and name = value lines. Values are taken as
// they are: no interpolation, no quotes. The lines are kept so that a change
// of one value leaves the rest, comments included, as its owner wrote it.
type iniFile struct {
	lines []string
}

// readINI reads a file; a missing one is empty and found is false.
func readINI(path string) (f *iniFile, found bool, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &iniFile{}, false, nil
	}
	if err != nil {
		return &iniFile{}, false, fmt.Errorf("read the configuration: %w", err)
	}
	f = parseINI(string(data))
	return f, true, nil
}

func parseINI(text string) *iniFile {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return &iniFile{lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
}

// walk calls visit for each value with the index of its line. Indented lines
// go on with the value before them.
func (f *iniFile) walk(visit func(section, name, value string, line int)) {
	section := ""
	for i, raw := range f.lines {
		line := strings.TrimSpace(raw)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[' && strings.HasSuffix(line, "]"):
			section = strings.TrimSpace(line[1 : len(line)-1])
		default:
			if name, value, ok := cutAssignment(line); ok {
				visit(section, name, value, i)
			}
		}
	}
}

// cutAssignment splits "name = value" or "name: value".
func cutAssignment(line string) (name, value string, ok bool) {
	at := strings.IndexAny(line, "=:")
	if at <= 0 {
		return "", "", false
	}
	return strings.ToLower(strings.TrimSpace(line[:at])), strings.TrimSpace(line[at+1:]), true
}

// get returns a value; the last of several counts.
func (f *iniFile) get(section, name string) string {
	found := ""
	f.walk(func(s, n, v string, _ int) {
		if s == section && n == name {
			found = v
		}
	})
	return found
}

// bool reads a truth value, or the default for an absent or odd one.
func (f *iniFile) bool(section, name string, absent bool) bool {
	switch strings.ToLower(f.get(section, name)) {
	case "true", "1", "yes", "on", "t", "y":
		return true
	case "false", "0", "no", "off", "f", "n":
		return false
	}
	return absent
}

// set changes or adds a value.
func (f *iniFile) set(section, name, value string) {
	text := name + " = " + value
	at := -1
	f.walk(func(s, n, _ string, i int) {
		if s == section && n == name {
			at = i
		}
	})
	if at >= 0 {
		f.lines[at] = text
		return
	}
	end := f.endOf(section)
	if end < 0 {
		f.lines = append(strings.Split(strings.TrimRight(strings.Join(f.lines, "\n"), "\n"), "\n"), "", "["+section+"]", text)
		if f.lines[0] == "" && len(f.lines) == 4 {
			f.lines = f.lines[2:]
		}
		return
	}
	f.lines = append(f.lines[:end:end], append([]string{text}, f.lines[end:]...)...)
}

// remove drops a value.
func (f *iniFile) remove(section, name string) {
	var drop []int
	f.walk(func(s, n, _ string, i int) {
		if s == section && n == name {
			drop = append(drop, i)
		}
	})
	for k := len(drop) - 1; k >= 0; k-- {
		f.lines = append(f.lines[:drop[k]], f.lines[drop[k]+1:]...)
	}
}

// endOf returns the index behind the last line with text of a section, or -1.
func (f *iniFile) endOf(section string) int {
	end, in := -1, false
	for i, raw := range f.lines {
		line := strings.TrimSpace(raw)
		if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
			in = strings.TrimSpace(line[1:len(line)-1]) == section
		}
		if in && line != "" {
			end = i + 1
		}
	}
	return end
}

func (f *iniFile) String() string { return strings.Join(f.lines, "\n") + "\n" }

// writePrivate writes a file that may hold credentials, whole or not at all.
func writePrivate(path string, data []byte, mode os.FileMode) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if closing := tmp.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
