package pyenv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/galehq/gale/internal/proc"
	"github.com/galehq/gale/sdk/python"
)

const sdkRoot = "lib"

// SDK returns the directory of the SDK, unpacked and compiled for python.
// The directory is named by its content: it is written once, by whoever comes
// first, and never changed. Should it vanish it is written again.
func (e *Environments) SDK(ctx context.Context, python *Interpreter) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := os.Stat(e.sdkDir); e.sdkDir == "" || err != nil {
		dir, err := unpack(filepath.Join(e.config.Data, "sdk"))
		if err != nil {
			return "", err
		}
		e.sdkDir = dir
		clear(e.compiled)
	}
	if !e.compiled[python.CacheTag] {
		e.compile(context.WithoutCancel(ctx), python)
		e.compiled[python.CacheTag] = true
	}
	return e.sdkDir, nil
}

// compile has python compile the SDK. Files of a directory that never
// changes need no check against their source. Without compiled files the SDK
// works as well, only slower, so errors do not matter.
func (e *Environments) compile(ctx context.Context, python *Interpreter) {
	done := filepath.Join(e.sdkDir, "gale_sdk", "__pycache__", "action."+python.CacheTag+".pyc")
	if _, err := os.Stat(done); err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	args := []string{"-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", e.sdkDir}
	proc.Run(ctx, proc.Command{Path: python.Executable, Args: args, Env: e.environ()})
}

// unpack writes the embedded SDK to <parent>/<digest>, whole or not at all.
func unpack(parent string) (string, error) {
	files, digest, err := embedded()
	if err != nil {
		return "", fmt.Errorf("unpack the Python SDK: %w", err)
	}
	dir := filepath.Join(parent, digest)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := write(parent, dir, files); err != nil {
		return "", fmt.Errorf("unpack the Python SDK: %w", err)
	}
	return dir, nil
}

func write(parent, dir string, files []file) error {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(parent, ".unpack-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	for _, f := range files {
		path := filepath.Join(temp, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	err = os.Rename(temp, dir)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was first
	}
	return err
}

type file struct {
	path string // relative to the SDK's root
	data []byte
}

// embedded lists the SDK's files in order, with a digest of their names and
// contents. Compiled files that lie about in a working tree do not count.
func embedded() ([]file, string, error) {
	var files []file
	sum := sha256.New()
	err := fs.WalkDir(python.Files, sdkRoot, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if entry.Name() == "__pycache__" {
				return fs.SkipDir
			}
			return nil
		}
		data, err := fs.ReadFile(python.Files, path)
		if err != nil {
			return err
		}
		path = strings.TrimPrefix(path, sdkRoot+"/")
		fmt.Fprintf(sum, "%s %d\n", path, len(data))
		sum.Write(data)
		files = append(files, file{path, bytes.Clone(data)})
		return nil
	})
	return files, hex.EncodeToString(sum.Sum(nil))[:16], err
}
