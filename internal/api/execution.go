package api

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/execution"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) executionHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"executions.list":      s.listExecutions,
		"executions.create":    s.createExecution,
		"executions.get":       s.getExecution,
		"executions.update":    s.updateExecution,
		"executions.cancel":    s.cancelExecution,
		"executions.output":    s.executionOutput,
		"executions.rerun":     s.rerunExecution,
		"executions.attribute": s.executionAttribute,
		"executions.children":  s.executionChildren,
		"executions.result":    s.executionResult,
		"executions.filters":   s.executionValues,
	}
}

var executionLookup = lookup[gale.Execution]{table: store.Executions, missing: `Unable to identify resource with id "%s".`}

// findExecution reads the execution that the path names.
func findExecution(tx *store.Tx, r *httpapi.Request) (*gale.Execution, error) {
	e, err := executionLookup.find(tx, r.String("id"))
	if err != nil {
		return nil, err
	}
	return e, r.AuthorizeResource("execution:" + e.ID)
}

// findOrLast is findExecution where "last" stands for the newest one.
func findOrLast(tx *store.Tx, r *httpapi.Request) (*gale.Execution, error) {
	if r.String("id") != "last" {
		return findExecution(tx, r)
	}
	found, err := store.Executions.Find(tx, store.Query{Order: []string{"-id"}, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, badRequest("There is no execution yet.")
	}
	return found[0], r.AuthorizeResource("execution:" + found[0].ID)
}

// maxResultSize is the largest limit that a client may set, in bytes.
const maxResultSize = 14 << 20

func (s *Service) getExecution(r *httpapi.Request) (*httpapi.Response, error) {
	v := executionView{reveal: s.reveals(r), maxResult: r.Int("max_result_size"), event: true}
	switch {
	case v.maxResult < 0:
		return nil, badRequest("max_result_size must be a positive number")
	case v.maxResult > maxResultSize:
		return nil, badRequest("max_result_size query parameter must be smaller than 14 MB")
	}
	var err error
	if v.parts, err = r.Projection(executionAttributes); err != nil {
		return nil, err
	}
	var d *py.Dict
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		e, err := findOrLast(tx, r)
		if err != nil {
			return err
		}
		d, err = s.executionDocument(tx, e, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

// answerExecution reads what is shown of an execution that was just written.
func (s *Service) answerExecution(r *httpapi.Request, e *gale.Execution) (*httpapi.Response, error) {
	var d *py.Dict
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		d, err = s.executionDocument(tx, e, executionView{reveal: s.reveals(r)})
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) cancelExecution(r *httpapi.Request) (*httpapi.Response, error) {
	e, err := s.cancel(r)
	if err != nil && gale.KindOf(err) == gale.Conflict {
		// Clients show this text; an error status would look like a failure.
		return httpapi.OK(py.DictOf("faultstring", err.Error()))
	}
	if err != nil {
		return nil, err
	}
	return s.answerExecution(r, e)
}

func (s *Service) cancel(r *httpapi.Request) (e *gale.Execution, err error) {
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		found, err := findExecution(tx, r)
		if err != nil {
			return err
		}
		e, err = execution.Cancel(tx, found.ID, r.User())
		return err
	})
	return e, err
}

// updateExecution asks for another status.
func (s *Service) updateExecution(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	status := gale.Status(text(body, "status"))
	var e *gale.Execution
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		if e, err = findExecution(tx, r); err != nil {
			return err
		}
		if e.Status.Final() {
			return badRequest("Execution is already in completed state.")
		}
		e, err = s.moveTo(tx, e, status, r.User())
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.answerExecution(r, e)
}

// moveTo does what a request for a status asks for. Programs that write other
// statuses are refused: only who runs an execution says what became of it.
func (s *Service) moveTo(tx *store.Tx, e *gale.Execution, status gale.Status, by string) (*gale.Execution, error) {
	switch status {
	case gale.Canceling, gale.Canceled:
		return execution.Cancel(tx, e.ID, by)
	case gale.Pausing, gale.Paused, gale.Resuming:
		return pauseOrResume(tx, e, status, by)
	case "":
		return nil, badRequest("Failed updating execution. A status is needed: pausing, resuming or canceling.")
	}
	return nil, badRequest(`Failed updating execution. Status "%s" cannot be set from outside; pausing, resuming and canceling can be asked for.`, status)
}

func pauseOrResume(tx *store.Tx, e *gale.Execution, status gale.Status, by string) (*gale.Execution, error) {
	verb := "pause"
	if status == gale.Resuming {
		verb = "resume"
	}
	if !e.IsWorkflow {
		return nil, badRequest(`Failed updating execution. Unable to %s liveaction "%s" because it is not supported by the "%s" runner.`, verb, e.ID, e.RunnerName)
	}
	if verb == "resume" {
		switch e.Status {
		case gale.Running, gale.Resuming:
			return e, nil
		case gale.Paused:
			return execution.Resume(tx, e.ID, by)
		}
		return nil, badRequest(`Failed updating execution. Unable to resume liveaction "%s" because it is in "%s" state and not in "paused" state.`, e.ID, e.Status)
	}
	switch e.Status {
	case gale.Pausing, gale.Paused:
		return e, nil
	case gale.Running:
		return execution.Pause(tx, e.ID, by)
	}
	return nil, badRequest(`Failed updating execution. Unable to pause liveaction "%s" because it is not in a running state.`, e.ID)
}

func (s *Service) executionAttribute(r *httpapi.Request) (*httpapi.Response, error) {
	name := r.String("attribute")
	if !slices.Contains([]string{"result", "trigger_instance", "status"}, name) {
		return nil, badRequest(`Invalid attribute "%s" specified. Valid attributes are: result, trigger_instance, status`, name)
	}
	var value any
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		e, err := findExecution(tx, r)
		if err != nil {
			return err
		}
		parts, err := httpapi.NewProjection([]string{name}, nil, executionAttributes)
		if err != nil {
			return err
		}
		d, err := s.executionDocument(tx, e, executionView{parts: parts, reveal: s.reveals(r), event: true})
		value, _ = d.GetString(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if value == nil {
		value = py.NewDict(0)
	}
	return httpapi.OK(value)
}

// executionResult answers with the result alone, as a file if that is asked for.
func (s *Service) executionResult(r *httpapi.Request) (*httpapi.Response, error) {
	var e *gale.Execution
	var result any
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		if e, err = findExecution(tx, r); err != nil {
			return err
		}
		result, err = s.shownResult(tx, e, s.reveals(r))
		return err
	})
	if err != nil {
		return nil, err
	}
	if result == nil {
		result = py.NewDict(0)
	}
	resp := &httpapi.Response{Body: result, Indent: r.Bool("pretty_format"), Gzip: r.Bool("compress"), Header: http.Header{}}
	name, media := "execution_"+e.ID+"_result.json", "text/json"
	if resp.Gzip {
		name, media = name+".gz", "application/x-gzip"
	}
	resp.Header.Set("Content-Type", media)
	if r.Bool("download") {
		resp.Header.Set("Content-Disposition", "attachment; filename="+name)
	}
	return resp, nil
}

// executionChildren lists what a workflow has started, depth first.
func (s *Service) executionChildren(r *httpapi.Request) (*httpapi.Response, error) {
	depth := r.Int("depth")
	items := []any{}
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		root, err := findExecution(tx, r)
		if err != nil {
			return err
		}
		return descend(tx, root, depth, func(e *gale.Execution) error {
			d, err := s.executionDocument(tx, e, executionView{reveal: s.reveals(r)})
			items = append(items, d)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(items)
}

// maxDescendants bounds the answer about one execution.
const maxDescendants = 10_000

// descend calls visit for the descendants of an execution, each before its own
// children and siblings by start time. depth is how many levels are visited,
// below 0 all. Nobody is visited twice, whatever parents the records claim.
func descend(tx *store.Tx, root *gale.Execution, depth int64, visit func(*gale.Execution) error) error {
	type place struct {
		e     *gale.Execution
		level int64
	}
	seen := map[string]bool{root.ID: true}
	for stack := []place{{root, 0}}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if at.level > 0 {
			if len(seen) > maxDescendants {
				return badRequest("The execution has more than %d descendants; ask for fewer levels.", maxDescendants)
			}
			if err := visit(at.e); err != nil {
				return err
			}
		}
		if depth >= 0 && at.level >= depth {
			continue
		}
		children, err := store.Executions.Find(tx, store.Query{
			Where: []store.Cond{store.Eq("parent", at.e.ID)}, Order: []string{"start_timestamp"}})
		if err != nil {
			return err
		}
		for _, c := range slices.Backward(children) {
			if !seen[c.ID] {
				seen[c.ID] = true
				stack = append(stack, place{c, at.level + 1})
			}
		}
	}
	return nil
}

func (s *Service) executionOutput(r *httpapi.Request) (*httpapi.Response, error) {
	var e *gale.Execution
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		e, err = findOrLast(tx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	var types []string
	if typ := r.String("output_type"); typ != "all" && typ != "" {
		types = []string{typ}
	}
	return &httpapi.Response{Raw: &outputReader{next: func(after int64) ([]gale.OutputChunk, error) {
		return s.Store.Output(r.Context(), e.ID, types, after, outputPage)
	}}}, nil
}

// outputPage is how many chunks of output are read at once.
const outputPage = 256

// outputReader reads output page by page: there may be much of it.
type outputReader struct {
	next  func(after int64) ([]gale.OutputChunk, error)
	after int64
	text  strings.Reader
	err   error
}

func (o *outputReader) Read(p []byte) (int, error) {
	for {
		n, err := o.text.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		if o.err != nil {
			return 0, o.err
		}
		chunks, err := o.next(o.after)
		if err != nil {
			return 0, err
		}
		if len(chunks) < outputPage {
			o.err = io.EOF
		}
		var b strings.Builder
		for _, c := range chunks {
			b.WriteString(c.Data)
			o.after = c.Seq
		}
		o.text.Reset(b.String())
	}
}
