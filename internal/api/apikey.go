package api

import (
	"net/http"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func showAPIKey(q *listed, k *gale.APIKey) (*py.Dict, error) {
	metadata := k.Metadata
	if metadata == nil {
		metadata = py.NewDict(0)
	}
	d := py.DictOf("id", k.ID, "uid", k.UID, "user", k.User, "key_hash", k.KeyHash, "metadata", metadata,
		"created_at", k.Created.String(), "enabled", k.Enabled)
	if !q.reveal {
		d.Set("uid", secret.Mask)
		d.Set("key_hash", secret.Mask)
	}
	return d, nil
}

// ownKeys keeps to the keys that the requester may know of: administrators
// know of all, others of their own.
func ownKeys(_ *store.Tx, r *httpapi.Request) ([]store.Cond, bool, error) {
	if r.Admin() {
		return nil, false, nil
	}
	return []store.Cond{store.Eq("username", r.User())}, false, nil
}

func (s *Service) listAPIKeys(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.APIKey]{table: store.APIKeys, filters: []filter{ownKeys, equal("user", "username")}, order: []string{"username", "id"}, show: showAPIKey}
	return l.serve(s, r)
}

// findAPIKey finds a key by its id or by the key itself. Another user's is not
// found, unless an administrator asks.
func findAPIKey(tx *store.Tx, r *httpapi.Request, missing string) (*gale.APIKey, error) {
	name := r.String("api_key_id_or_key")
	shown := name
	if !httpapi.ValidID(name) {
		shown = secret.Mask // it may be the key
	}
	none := httpapi.Errorf(http.StatusNotFound, missing, shown)
	var k *gale.APIKey
	err := error(none)
	if httpapi.ValidID(name) {
		k, err = store.APIKeys.Get(tx, name)
	} else {
		k, err = store.APIKeys.By(tx, "key_hash", auth.HashAPIKey(name))
	}
	if notFound(err) || err == nil && !r.Admin() && k.User != r.User() {
		return nil, none
	}
	if err != nil {
		return nil, err
	}
	return k, r.AuthorizeResource(k.UID)
}

func (s *Service) getAPIKey(r *httpapi.Request) (*httpapi.Response, error) {
	var d *py.Dict
	err := s.Store.View(r.Context(), func(tx *store.Tx) error {
		k, err := findAPIKey(tx, r, "ApiKey matching %s for reference and id not found.")
		if err != nil {
			return err
		}
		d, err = showAPIKey(&listed{Request: r, reveal: s.reveals(r)}, k)
		return err
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) createAPIKey(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	user, err := onBehalfOf(r, text(body, "user"))
	if err != nil {
		return nil, err
	}
	if err := r.AuthorizeResource("api_key:"); err != nil {
		return nil, err
	}
	hash := text(body, "key_hash")
	if hash == secret.Mask {
		return nil, badRequest("key_hash: the mask is not the hash of a key; show_secrets=true shows hashes")
	}
	var key string
	var saved *gale.APIKey
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		if err := freeHash(tx, hash); err != nil {
			return err
		}
		metadata, _ := body.GetString("metadata")
		given, _ := metadata.(*py.Dict)
		if key, saved, err = auth.CreateAPIKey(tx, user, given, hash); err != nil {
			return err
		}
		if enabled, _ := body.GetString("enabled"); enabled == false {
			saved.Enabled = false
			return store.APIKeys.Update(tx, saved)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	d, err := showAPIKey(&listed{Request: r, reveal: true}, saved)
	if err != nil {
		return nil, err
	}
	d.Delete("key_hash")
	d.Set("key", nil)
	if key != "" {
		d.Set("key", key)
	}
	return httpapi.OK(d)
}

// freeHash is a conflict when a key with that hash exists.
func freeHash(tx *store.Tx, hash string) error {
	if hash == "" {
		return nil
	}
	k, err := store.APIKeys.By(tx, "key_hash", hash)
	if err == nil {
		return httpapi.Duplicate(k.ID, "Tried to save duplicate unique keys (an API key with this hash exists already)")
	}
	if notFound(err) {
		return nil
	}
	return err
}

func (s *Service) updateAPIKey(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	var k *gale.APIKey
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		if k, err = findAPIKey(tx, r, "ApiKey with key or id=%s not found."); err != nil {
			return err
		}
		if hash := text(body, "key_hash"); hash != "" && hash != secret.Mask && hash != k.KeyHash {
			return badRequest("Update of key_hash is not allowed.")
		}
		if user := text(body, "user"); user != "" && user != k.User {
			if k.User, err = onBehalfOf(r, user); err != nil {
				return err
			}
		}
		if metadata, _ := body.GetString("metadata"); metadata != nil {
			k.Metadata, _ = metadata.(*py.Dict)
		}
		if enabled, ok := body.GetString("enabled"); ok {
			k.Enabled = enabled == true
		}
		return store.APIKeys.Update(tx, k)
	})
	if err != nil {
		return nil, err
	}
	d, err := showAPIKey(&listed{Request: r}, k)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) deleteAPIKey(r *httpapi.Request) (*httpapi.Response, error) {
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		k, err := findAPIKey(tx, r, "ApiKey with key or id=%s not found.")
		if err != nil {
			return err
		}
		return store.APIKeys.Delete(tx, k.ID)
	})
}
