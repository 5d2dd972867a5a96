package api

import (
	"net/http"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/datastore"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) keyHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"keys.list":   s.listKeys,
		"keys.get":    s.getKey,
		"keys.set":    s.setKey,
		"keys.delete": s.deleteKey,
	}
}

// scopeAll asks a list for the items of both scopes.
const scopeAll = "all"

// scopeOf expands the name of a scope.
func scopeOf(name string) (string, error) {
	scope, err := datastore.Scope(name)
	if err != nil {
		return "", badRequest("Scope st2kv.%s is not in allowed scopes list: ['system', 'user', '%s', '%s'].", name, gale.ScopeSystem, gale.ScopeUser)
	}
	return scope, nil
}

// mayDecrypt refuses values in clear to those who may not see them: a user
// sees their own, administrators and what Gale runs see the system's too.
func mayDecrypt(r *httpapi.Request, scope string) error {
	if scope == gale.ScopeUser || r.Admin() || r.Identity != nil && r.Identity.Service {
		return nil
	}
	return forbidden("Decrypt option requires administrator access")
}

// showKey is the answer about an item.
func (s *Service) showKey(k *gale.Key, decrypt bool) (*py.Dict, error) {
	d := datastore.Document(k)
	if decrypt && k.Secret {
		value, err := s.Data.Open(k)
		if err != nil {
			return nil, err
		}
		d.Set("value", value)
		d.Set("encrypted", false)
	}
	return d, nil
}

func (s *Service) listKeys(r *httpapi.Request) (*httpapi.Response, error) {
	page, err := r.Paging()
	if err != nil {
		return nil, err
	}
	scopes, err := scopesOf(r)
	if err != nil {
		return nil, err
	}
	user, err := onBehalfOf(r, r.String("user"))
	if err != nil {
		return nil, err
	}
	items, total := []any{}, int64(0)
	err = s.Store.View(r.Context(), func(tx *store.Tx) error {
		for _, scope := range scopes {
			q, err := keyQuery(tx, r, scope, user)
			if err != nil {
				return err
			}
			q.Limit, q.Offset = int(page.Limit), int(page.Offset)
			n, err := store.Keys.Count(tx, q)
			if err != nil {
				return err
			}
			if err := fits(n, q); err != nil {
				return err
			}
			total += int64(n)
			found, err := store.Keys.Find(tx, q)
			if err != nil {
				return err
			}
			for _, k := range found {
				d, err := s.showKey(k, r.Bool("decrypt"))
				if err != nil {
					return err
				}
				items = append(items, d)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return httpapi.Page(items, total, page.Limit)
}

// scopesOf returns the scopes that a list is about, each of which the
// requester may see as they ask to.
func scopesOf(r *httpapi.Request) ([]string, error) {
	scopes := []string{gale.ScopeSystem, gale.ScopeUser}
	if name := r.String("scope"); name != scopeAll {
		scope, err := datastore.Scope(name)
		if err != nil {
			return nil, badRequest("Invalid scope: st2kv.%s", name)
		}
		scopes = []string{scope}
	}
	for _, scope := range scopes {
		if r.Bool("decrypt") {
			if err := mayDecrypt(r, scope); err != nil {
				return nil, err
			}
		}
	}
	return scopes, nil
}

// keyQuery selects the living items of a scope, in user scope those of one user.
func keyQuery(tx *store.Tx, r *httpapi.Request, scope, user string) (store.Query, error) {
	q := store.Query{
		Where: []store.Cond{store.Eq("scope", scope)},
		Or:    [][]store.Cond{{{Column: "expire_timestamp", Op: "null"}}, {{Column: "expire_timestamp", Op: ">", Value: tx.Now}}},
	}
	where, _, err := idText(tx, r)
	if err != nil {
		return q, err
	}
	q.Where = append(q.Where, where...)
	if q.Order = orderOf(r.String("sort"), sortBy("name", "scope")); len(q.Order) == 0 {
		q.Order = []string{"id"}
	}
	if prefix := datastore.StoredName(scope, user, r.String("prefix")); prefix != "" {
		q.Where = append(q.Where, store.Cond{Column: "name", Op: "prefix", Value: prefix})
	}
	if name := r.String("name"); name != "" {
		q.Where = append(q.Where, store.Eq("name", datastore.StoredName(scope, user, name)))
	}
	return q, nil
}

// keyRef is the item that a request names.
type keyRef struct{ scope, user, stored string }

func keyOf(r *httpapi.Request, scope, user string) (keyRef, error) {
	scope, err := scopeOf(scope)
	if err != nil {
		return keyRef{}, err
	}
	if user, err = onBehalfOf(r, user); err != nil {
		return keyRef{}, err
	}
	ref := keyRef{scope, user, datastore.StoredName(scope, user, r.String("name"))}
	return ref, r.AuthorizeResource("key_value_pair:" + ref.scope + ":" + ref.stored)
}

func (ref keyRef) get(tx *store.Tx) (*gale.Key, error) {
	k, err := datastore.Get(tx, ref.scope, ref.stored)
	if notFound(err) {
		return nil, httpapi.Errorf(http.StatusNotFound, `The key "%s" does not exist in the StackStorm datastore.`, ref.stored)
	}
	return k, err
}

func (s *Service) getKey(r *httpapi.Request) (*httpapi.Response, error) {
	ref, err := keyOf(r, r.String("scope"), r.String("user"))
	if err != nil {
		return nil, err
	}
	if r.Bool("decrypt") {
		if err := mayDecrypt(r, ref.scope); err != nil {
			return nil, err
		}
	}
	var k *gale.Key
	err = s.Store.View(r.Context(), func(tx *store.Tx) (err error) {
		k, err = ref.get(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	d, err := s.showKey(k, r.Bool("decrypt"))
	if err != nil {
		return nil, err
	}
	return httpapi.OK(d)
}

func (s *Service) setKey(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	ref, err := keyOf(r, text(body, "scope"), text(body, "user"))
	if err != nil {
		return nil, err
	}
	item := datastore.Item{Scope: ref.scope, User: ref.user, Name: r.String("name"), Value: text(body, "value")}
	for key, into := range map[string]*bool{"secret": &item.Secret, "encrypted": &item.Encrypted} {
		v, _ := body.GetString(key)
		*into, _ = v.(bool)
	}
	if (item.Secret || item.Encrypted) && !s.Config.KeyValue.EnableEncryption {
		return nil, badRequest("Crypto key not found: keyvalue.enable_encryption is off. Unable to encrypt / decrypt value for key %s.", item.Name)
	}
	ttl, _ := body.GetString("ttl")
	item.TTL, _ = ttl.(int64)
	if item.TTL > maxTTL {
		return nil, badRequest("ttl: %d seconds are more than 100 years", item.TTL)
	}
	prepared, err := s.Data.Prepare(item)
	if err != nil {
		return nil, err
	}
	var saved gale.Key
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		kind := "update"
		switch _, err := datastore.Get(tx, ref.scope, ref.stored); {
		case notFound(err):
			kind = "create"
		case err != nil:
			return err
		}
		saved = *prepared
		if err := s.Data.Set(tx, &saved, item.TTL); err != nil {
			return err
		}
		return emitKey(tx, kind, &saved)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(datastore.Document(&saved))
}

// maxTTL is a century in seconds.
const maxTTL = 100 * 366 * 24 * 3600

// emitKey tells of a change without the value of a secret item, not even encrypted.
func emitKey(tx *store.Tx, kind string, k *gale.Key) error {
	d := datastore.Document(k)
	if k.Secret {
		d.Set("value", secret.Mask)
	}
	return emit(tx, "key", kind, k.ID, d)
}

func (s *Service) deleteKey(r *httpapi.Request) (*httpapi.Response, error) {
	ref, err := keyOf(r, r.String("scope"), r.String("user"))
	if err != nil {
		return nil, err
	}
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		k, err := ref.get(tx)
		if err != nil {
			return err
		}
		if err := s.Data.Delete(tx, k); err != nil {
			return err
		}
		return emitKey(tx, "delete", k)
	})
}
