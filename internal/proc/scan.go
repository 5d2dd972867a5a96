package proc

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// maxEnviron bounds what is read of a process's environment; Linux allows
// arguments and environment a few MiB together.
const maxEnviron = 4 << 20

// info is a process as /proc shows it.
type info struct {
	pid, parent, group, session int
	state                       byte
	start                       uint64 // clock ticks since boot
}

// dead processes are only waiting for their parent.
func (p info) dead() bool { return p.state == 'Z' || p.state == 'X' }

// list reads all processes that can be seen. Those that end meanwhile are
// left out.
func list() ([]info, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []info
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if p, err := stat(pid); err == nil {
			all = append(all, p)
		}
	}
	return all, nil
}

// stat reads /proc/<pid>/stat. The command's name in it may hold anything,
// so fields are counted from the last parenthesis.
func stat(pid int) (info, error) {
	var buf [1024]byte
	data, err := readInto(buf[:], "/proc/"+strconv.Itoa(pid)+"/stat")
	if err != nil {
		return info{}, err
	}
	return parseStat(pid, data)
}

func parseStat(pid int, data []byte) (info, error) {
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return info{}, fmt.Errorf("stat of process %d: unknown form", pid)
	}
	p := info{pid: pid, state: fields[0][0]}
	for i, dst := range []*int{&p.parent, &p.group, &p.session} {
		n, err := strconv.Atoi(string(fields[1+i]))
		if err != nil {
			return info{}, fmt.Errorf("stat of process %d: %w", pid, err)
		}
		*dst = n
	}
	var err error
	if p.start, err = strconv.ParseUint(string(fields[19]), 10, 64); err != nil {
		return info{}, fmt.Errorf("stat of process %d: %w", pid, err)
	}
	return p, nil
}

// readInto reads a small file without allocating for its content.
func readInto(buf []byte, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n, err := f.Read(buf)
	if err == io.EOF {
		err = nil
	}
	return buf[:n], err
}

// markerOf is the value of GALE_RUN in the environment a process was started
// with; empty if it has none or may not be looked at.
func markerOf(pid int) string {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return ""
	}
	defer f.Close()
	env, err := io.ReadAll(io.LimitReader(f, maxEnviron))
	if err != nil {
		return ""
	}
	return findMarker(env)
}

func findMarker(env []byte) string {
	for kv := range bytes.SplitSeq(env, []byte{0}) {
		if v, ok := bytes.CutPrefix(kv, []byte(EnvKey+"=")); ok {
			return string(v)
		}
	}
	return ""
}
