package api

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// actionsDir is where a pack has the files of its actions.
const actionsDir = "actions"

// dataFile is a file that a client sends along with an action.
type dataFile struct {
	path    string // below the pack, with slashes
	content string
}

// dataFiles reads the data files of a body.
func dataFiles(body *py.Dict) ([]dataFile, error) {
	var files []dataFile
	for _, v := range list(body, "data_files") {
		d, _ := v.(*py.Dict)
		name := strings.TrimPrefix(text(d, "file_path"), actionsDir+"/")
		at, err := plainPath(name)
		if err != nil {
			return nil, badRequest("Invalid file path: %w", err)
		}
		files = append(files, dataFile{path.Join(actionsDir, at), text(d, "content")})
	}
	return files, nil
}

// plainPath returns a path in its shortest form if it stays below the
// directory that it is relative to. What links on disk make of it is checked
// when it is used.
func plainPath(p string) (string, error) {
	clean := path.Clean(p)
	if p == "" || path.IsAbs(p) || strings.ContainsAny(p, "\x00\\") || clean == "." || !fs.ValidPath(clean) {
		return "", fmt.Errorf("%q is not a plain path below the pack's directory", p)
	}
	return clean, nil
}

// writeDataFiles writes files below a pack's directory and returns their
// paths. No link leads out of it.
func (s *Service) writeDataFiles(dir string, files []dataFile) ([]string, error) {
	if len(files) == 0 {
		return nil, nil
	}
	s.writeFiles.Lock()
	defer s.writeFiles.Unlock()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, badRequest("The pack's directory cannot be opened: %v", reason(err))
	}
	defer root.Close()
	var written []string
	for _, f := range files {
		if err := writeBelow(root, f); err != nil {
			return nil, badRequest("Invalid file path: %s cannot be written: %v", f.path, reason(err))
		}
		written = append(written, f.path)
	}
	return written, nil
}

// reason is why the file system refused, without the server's paths.
func reason(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err
	}
	return err
}

// writeBelow replaces a file whole: a reader sees the old one or the new one.
func writeBelow(root *os.Root, f dataFile) error {
	if err := root.MkdirAll(path.Dir(f.path), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(f.content, "#!") {
		mode = 0o755
	}
	part := f.path + ".part"
	if err := root.WriteFile(part, []byte(f.content), mode); err != nil {
		return err
	}
	if err := root.Rename(part, f.path); err != nil {
		return errors.Join(err, root.Remove(part))
	}
	return nil
}

// fileIn returns a path below a pack's directory if there is such a file, else "".
func fileIn(dir, p string) string {
	at, err := plainPath(p)
	if err != nil || dir == "" {
		return ""
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ""
	}
	defer root.Close()
	if info, err := root.Stat(at); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return at
}

// fileWritten is the trigger type that tells of data files.
const fileWritten = "core.st2.action.file_written"

// noteFiles adds written files to the pack's record and tells of each.
func (s *Service) noteFiles(tx *store.Tx, a *gale.Action, dir string, written []string) error {
	if len(written) == 0 {
		return nil
	}
	p, err := store.Packs.By(tx, "ref", a.Pack)
	if err != nil {
		return err
	}
	for _, f := range written {
		if !slices.Contains(p.Files, f) {
			p.Files = append(p.Files, f)
		}
	}
	slices.Sort(p.Files)
	if err := store.Packs.Update(tx, p); err != nil {
		return err
	}
	trig, _, err := trigger.Resolve(tx, fileWritten)
	if notFound(err) {
		return nil // the core pack is another's
	}
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	for _, f := range written {
		payload := py.DictOf("ref", a.Ref, "file_path", filepath.Join(dir, filepath.FromSlash(f)), "host_info", py.DictOf("hostname", host))
		if _, err := trigger.Dispatch(tx, trig, payload, gale.TraceContext{}); err != nil {
			return err
		}
	}
	return nil
}

// removeActionFiles deletes an action's entry point and metadata file.
func removeActionFiles(dir string, a *gale.Action) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return httpapi.Errorf(http.StatusForbidden, "The pack's directory cannot be opened: %v", reason(err))
	}
	defer root.Close()
	files := []string{a.MetadataFile}
	if a.EntryPoint != "" {
		files = append(files, path.Join(actionsDir, a.EntryPoint))
	}
	for _, f := range files {
		at, err := plainPath(f)
		if err != nil {
			continue
		}
		if err := root.Remove(at); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return httpapi.Errorf(http.StatusForbidden, "%s cannot be deleted: %v", at, reason(err))
		}
	}
	return nil
}

// maxSource is the largest entry point that is shown, in bytes.
const maxSource = 4 << 20

// actionSource answers with an action's entry point file.
func (s *Service) actionSource(r *httpapi.Request) (*httpapi.Response, error) {
	name := r.String("ref_or_id")
	var a *gale.Action
	var dir string
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if a, err = actionLookup.find(tx, name); err != nil {
			return err
		}
		if err := r.AuthorizeResource(a.UID); err != nil {
			return err
		}
		p, err := store.Packs.By(tx, "ref", a.Pack)
		if err == nil {
			dir = p.Path
		}
		if notFound(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if a.EntryPoint == "" || dir == "" {
		return nil, httpapi.Errorf(http.StatusNotFound, "Action ref_or_id=%s has no entry_point to output", name)
	}
	f, err := openBelow(dir, path.Join(actionsDir, a.EntryPoint))
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	header.Set("Content-Type", sourceType(a))
	return &httpapi.Response{Raw: f, Header: header}, nil
}

// openBelow opens a file below a directory; no link leads out of it.
func openBelow(dir, p string) (io.Reader, error) {
	missing := httpapi.Errorf(http.StatusNotFound, `File "%s" not found`, p)
	at, err := plainPath(p)
	if err != nil {
		return nil, missing
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, missing
	}
	defer root.Close()
	info, err := root.Stat(at) // before it is opened: opening a pipe would wait for a writer
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return nil, missing
	}
	f, err := root.Open(at)
	if err != nil {
		return nil, missing
	}
	return f, nil
}

// sourceTypes are the content types of entry points, by extension.
var sourceTypes = map[string]string{
	".py": "text/x-python", ".sh": "application/x-sh", ".yaml": "application/x-yaml", ".yml": "application/x-yaml",
	".json": "application/json", ".txt": "text/plain", ".ps1": "text/plain", ".rb": "text/plain", ".pl": "text/plain", ".js": "text/javascript",
}

func sourceType(a *gale.Action) string {
	ext := strings.ToLower(path.Ext(a.EntryPoint))
	if t, ok := sourceTypes[ext]; ok {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "text/plain"
}
