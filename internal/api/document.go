package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// reveals reports whether secrets are shown in clear to who asks.
func (s *Service) reveals(r *httpapi.Request) bool {
	return !s.Config.API.MaskSecrets || r.Admin() && declares(r, "show_secrets") && r.Bool("show_secrets")
}

func declares(r *httpapi.Request, param string) bool {
	return slices.ContainsFunc(r.Op.Params, func(p httpapi.Param) bool { return p.As == param })
}

// plain returns the document of a resource as it is stored, without what only
// Gale itself needs.
func plain(v any) (*py.Dict, error) {
	made, err := py.FromGo(v)
	if err != nil {
		return nil, fmt.Errorf("document of a %T: %w", v, err)
	}
	d, ok := made.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("document of a %T is a %s", v, py.TypeName(made))
	}
	d.Delete("enabled_pinned")
	return d, nil
}

// masked is plain with the mask in place of what is sealed.
func masked(v any) (*py.Dict, error) {
	d, err := plain(v)
	if err != nil {
		return nil, err
	}
	return secret.MaskSealed(d).(*py.Dict), nil
}

// show is masked for use in listings.
func show[T any](_ *listed, v *T) (*py.Dict, error) { return masked(v) }

// withDefaults gives the document entries that clients expect to be there.
func withDefaults(d *py.Dict, pairs ...any) *py.Dict {
	for i := 0; i+1 < len(pairs); i += 2 {
		if v, ok := d.Get(pairs[i]); !ok || v == nil {
			d.Set(pairs[i], pairs[i+1])
		}
	}
	return d
}

// restore returns fresh with the masks in it replaced by what they stand for:
// clients send whole objects back, and what was masked for them is unchanged.
// stored is the document that they saw, with its secrets sealed, and opened
// the same with its secrets in clear.
func restore(fresh, stored, opened any) any {
	if text, ok := fresh.(string); ok && text == secret.Mask && secret.IsSealed(stored) {
		return opened
	}
	switch f := fresh.(type) {
	case *py.Dict:
		return restoreDict(f, stored, opened)
	case []any:
		s, ok1 := stored.([]any)
		o, ok2 := opened.([]any)
		if !ok1 || !ok2 || len(s) != len(o) {
			return fresh
		}
		out := slices.Clone(f)
		for i := range min(len(out), len(s)) {
			out[i] = restore(out[i], s[i], o[i])
		}
		return out
	}
	return fresh
}

func restoreDict(fresh *py.Dict, stored, opened any) any {
	s, ok1 := stored.(*py.Dict)
	o, ok2 := opened.(*py.Dict)
	if !ok1 || !ok2 {
		return fresh
	}
	out := fresh.Clone()
	for k, v := range fresh.All() {
		before, known := s.Get(k)
		if !known {
			continue
		}
		clear, _ := o.Get(k)
		out.Set(k, restore(v, before, clear))
	}
	return out
}

// fill makes a resource of a body that was checked; null counts as absent and
// identity is never taken from a body.
func fill(body *py.Dict, into any) error {
	body = body.Clone()
	for _, key := range []string{"id", "uid", "ref", "metadata_file"} {
		body.Delete(key)
	}
	for _, k := range body.Keys() {
		if v, _ := body.Get(k); v == nil {
			body.Delete(k)
		}
	}
	text, err := py.AppendJSON(nil, body)
	if err != nil {
		return gale.Errorf(gale.Invalid, "%w", err)
	}
	if err := py.Unmarshal(text, into); err != nil {
		return gale.Errorf(gale.Invalid, "%w", err)
	}
	return nil
}

// text returns a member of a body, "" when it is absent or null.
func text(d *py.Dict, key string) string {
	v, _ := d.GetString(key)
	s, _ := v.(string)
	return s
}

// emit tells others of a change: the event holds the document without secrets.
func emit(tx *store.Tx, topic, kind, id string, d *py.Dict) error {
	body, err := py.AppendJSON(nil, secret.MaskSealed(d))
	if err != nil {
		return fmt.Errorf("event of %s %s: %w", topic, id, err)
	}
	tx.Emit(store.Event{Topic: topic, Kind: kind, Key: id, Body: body})
	return nil
}

// emitResource is emit for a resource whose document is its JSON.
func emitResource(tx *store.Tx, topic, kind, id string, v any) error {
	d, err := plain(v)
	if err != nil {
		return err
	}
	return emit(tx, topic, kind, id, d)
}

// badRequest is an error that the client sees as it is.
func badRequest(format string, args ...any) error {
	return httpapi.Errorf(http.StatusBadRequest, format, args...)
}

// forbidden is a refusal of somebody who is known.
func forbidden(format string, args ...any) error {
	return httpapi.Errorf(http.StatusForbidden, format, args...)
}

// taken is the answer when a name is in use; existing is the id of what has it.
func taken(kind, ref, existing string) error {
	return httpapi.Duplicate(existing, `Tried to save duplicate unique keys (%s "%s" exists already)`, kind, ref)
}

// invalid turns an error without a kind, from a check of what the client sent,
// into one that the client sees.
func invalid(err error) error {
	if err == nil || gale.KindOf(err) != gale.Internal {
		return err
	}
	return gale.Errorf(gale.Invalid, "%w", err)
}
