package api

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// genericHook takes events of any trigger type; no trigger is registered for it.
const genericHook = "st2"

func (s *Service) getWebhook(r *httpapi.Request) (*httpapi.Response, error) {
	url := r.String("url")
	var d *py.Dict
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		found, err := trigger.ByHook(tx, url)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return httpapi.Errorf(http.StatusNotFound, "Webhook %s not registered with st2", url)
		}
		if err := r.AuthorizeResource("webhook:" + trigger.Hook(url)); err != nil {
			return err
		}
		d, err = showTrigger(nil, found[0])
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

// receiveWebhook makes an event of a request. It is stored before the answer.
func (s *Service) receiveWebhook(r *httpapi.Request) (*httpapi.Response, error) {
	hook := r.String("hook")
	if err := r.AuthorizeResource("webhook:" + hook); err != nil {
		return nil, err
	}
	var events []event
	var err error
	if hook == genericHook {
		events, err = s.namedEvent(r)
	} else {
		events, err = s.hookEvents(r, hook)
	}
	if err != nil {
		return nil, err
	}
	trace := gale.TraceContext{Tag: traceTag(r.HTTP, hook)}
	if err := s.dispatch(r, events, trace); err != nil {
		return nil, err
	}
	return httpapi.OK(r.Body)
}

// event is a payload for a trigger.
type event struct {
	trigger *gale.Trigger
	typ     *gale.TriggerType
	payload *py.Dict
}

// dispatch seals and stores events in one transaction.
func (s *Service) dispatch(r *httpapi.Request, events []event, trace gale.TraceContext) error {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = s.Store.NewID()
		sealed, err := trigger.SealPayload(s.Key, e.typ, ids[i], e.payload)
		if err != nil {
			return err
		}
		events[i].payload = sealed
	}
	return s.Store.Update(r.Context(), func(tx *store.Tx) error {
		for i, e := range events {
			if _, err := trigger.DispatchAs(tx, ids[i], e.trigger, e.payload, trace); err != nil {
				return err
			}
		}
		return nil
	})
}

// hookEvents returns an event for each trigger that is registered for a URL.
func (s *Service) hookEvents(r *httpapi.Request, hook string) ([]event, error) {
	var events []event
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		if hook != trigger.Hook(hook) || hook == "" { // one slash at the end is off already, more are another URL
			return nil
		}
		found, err := trigger.ByHook(tx, hook)
		if err != nil || len(found) == 0 {
			return err
		}
		typ, err := store.TriggerTypes.By(tx, "ref", trigger.WebhookType)
		if err != nil {
			return err
		}
		for _, t := range found {
			events = append(events, event{trigger: t, typ: typ})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(events) == 0 {
		return nil, httpapi.Errorf(http.StatusNotFound, "Webhook %s not registered with st2", hook)
	}
	payload := webhookPayload(r)
	if err := s.checkPayload(events[0].typ, payload); err != nil {
		return nil, err
	}
	for i := range events {
		events[i].payload = payload
	}
	return events, nil
}

// webhookPayload is what rules see of a request.
func webhookPayload(r *httpapi.Request) *py.Dict {
	headers, lower := headersOf(r)
	return py.DictOf("headers", headers, "headers_lower", lower, "body", r.Body)
}

// namedEvent returns the event that the body of a request to the generic hook names.
func (s *Service) namedEvent(r *httpapi.Request) ([]event, error) {
	body, ok := r.Body.(*py.Dict)
	if !ok {
		return nil, badRequest("Webhook body needs to be an object, got: array")
	}
	ref := text(body, "trigger")
	if ref == "" {
		return nil, badRequest("Trigger not specified.")
	}
	given, _ := body.GetString("payload")
	payload, ok := given.(*py.Dict)
	if !ok && given != nil {
		return nil, badRequest("payload: %s is not of type 'object'", py.Repr(given))
	}
	if payload == nil {
		payload = py.NewDict(0)
	}
	e := event{payload: payload}
	err := s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		e.trigger, e.typ, err = trigger.Resolve(tx, ref)
		if notFound(err) {
			return badRequest(`Trigger "%s" is not registered.`, ref)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return []event{e}, s.checkPayload(e.typ, payload)
}

// maxShownPayload bounds how much of a refused payload its sender is told.
const maxShownPayload = 1024

// checkPayload checks a payload against its type. System triggers are always
// checked: rules of many packs depend on what they look like.
func (s *Service) checkPayload(typ *gale.TriggerType, payload *py.Dict) error {
	if typ.Pack != systemPack && !s.Config.System.ValidateTriggerPayload {
		return nil
	}
	err := trigger.CheckPayload(typ, payload)
	if err == nil {
		return nil
	}
	shown := py.Repr(schema.MaskAt(payload, schema.Secrets(typ.PayloadSchema, payload)))
	if len(shown) > maxShownPayload {
		shown = strings.ToValidUTF8(shown[:maxShownPayload], "") + "…"
	}
	return badRequest(`Trigger payload validation failed and validation is enabled, not dispatching a trigger "%s" (%s): %w`, typ.Ref, shown, err)
}

const traceTagHeader = "St2-Trace-Tag"

// traceTag names the trace of a request: as the client says, or uniquely.
func traceTag(r *http.Request, hook string) string {
	if tag := r.Header.Get(traceTagHeader); tag != "" {
		return tag
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return "webhook-" + hook + "-" + hex.EncodeToString(b[:])
}

// hiddenHeaders are no part of a payload: they prove who sent it, or speak to Gale.
var hiddenHeaders = map[string]bool{"X-Auth-Token": true, "St2-Api-Key": true, "Cookie": true, traceTagHeader: true}

// headersOf returns the headers of a request under their title-case and their
// lower-case names, in the order of names.
func headersOf(r *httpapi.Request) (title, lower *py.Dict) {
	names := make([]string, 0, len(r.HTTP.Header)+2)
	values := make(map[string]string, len(r.HTTP.Header)+2)
	for name, list := range r.HTTP.Header {
		if !hiddenHeaders[name] {
			names = append(names, name)
			values[name] = strings.ToValidUTF8(strings.Join(list, ","), "\uFFFD")
		}
	}
	for name, value := range map[string]string{"Host": r.HTTP.Host, "X-Request-Id": r.ID} {
		if _, given := values[name]; !given {
			names = append(names, name)
			values[name] = value
		}
	}
	slices.Sort(names)
	title, lower = py.NewDict(len(names)), py.NewDict(len(names))
	for _, name := range names {
		title.Set(titleCase(name), values[name])
		lower.Set(strings.ToLower(name), values[name])
	}
	return title, lower
}

// titleCase writes the first letter of each run of letters in upper case, the
// others in lower case, as Python's str.title does: rules name headers so.
func titleCase(name string) string {
	b := []byte(name)
	inside := false
	for i, c := range b {
		upper, small := 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z'
		switch {
		case small && !inside:
			b[i] = c - 'a' + 'A'
		case upper && inside:
			b[i] = c - 'A' + 'a'
		}
		inside = upper || small
	}
	return string(b)
}
