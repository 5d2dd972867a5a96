// Package datastore keeps named values for packs, templates and people: of
// the system or of one user, for ever or for a while, in clear or encrypted.
//
// Writing or deleting an item dispatches StackStorm's key_value_pair triggers
// in the same transaction. An item whose time is over is as good as gone at
// once, whenever the collector removes it.
package datastore

import (
	"fmt"
	"strings"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// Service reads and writes items; Key is for secret ones.
type Service struct{ Key *secret.Key }

// Scope expands the short names of scopes; "" is the system's.
func Scope(name string) (string, error) {
	switch name {
	case "", "system", gale.ScopeSystem:
		return gale.ScopeSystem, nil
	case "user", gale.ScopeUser:
		return gale.ScopeUser, nil
	}
	return "", gale.Errorf(gale.Invalid, "Scope %q is not valid. Valid scopes are: system, user, %s, %s.", name, gale.ScopeSystem, gale.ScopeUser)
}

// StoredName is the name under which an item is stored: user items carry their owner.
func StoredName(scope, user, name string) string {
	if scope == gale.ScopeUser {
		return user + ":" + name
	}
	return name
}

// Get returns an item by its stored name; NotFound when there is none or its time is over.
func Get(tx *store.Tx, scope, stored string) (*gale.Key, error) {
	found, err := store.Keys.Find(tx, store.Query{Where: []store.Cond{
		{Column: "scope", Op: "=", Value: scope}, {Column: "name", Op: "=", Value: stored}}})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || expired(found[0], tx.Now) {
		return nil, gale.Errorf(gale.NotFound, "KeyValuePair with name: %s and scope: %s not found in db", stored, scope)
	}
	return found[0], nil
}

func expired(k *gale.Key, now gale.Time) bool { return k.Expire != 0 && k.Expire <= now }

// Item is what a writer gives.
type Item struct {
	Scope, User, Name string
	Value             string
	Secret            bool
	Encrypted         bool  // Value is ciphertext already
	TTL               int64 // seconds; 0 is for ever
}

// maxTTL is a thousand years, in seconds: what is longer would leave the range of times.
const maxTTL = 1000 * 366 * 24 * 3600

// Prepare checks an item and encrypts it where asked; it touches no store.
func (s *Service) Prepare(it Item) (*gale.Key, error) {
	if it.Name == "" {
		return nil, gale.Errorf(gale.Invalid, "a key needs a name")
	}
	if it.TTL < 0 || it.TTL > maxTTL {
		return nil, gale.Errorf(gale.Invalid, "ttl is a number of seconds from 0 (for ever) to %d, not %d", maxTTL, it.TTL)
	}
	k := &gale.Key{Scope: it.Scope, Name: StoredName(it.Scope, it.User, it.Name), Value: it.Value}
	k.UID = "key_value_pair:" + k.Scope + ":" + k.Name
	switch {
	case it.Encrypted:
		if _, err := s.Key.Decrypt(it.Value); err != nil {
			return nil, gale.Errorf(gale.Invalid, "Failed to verify the integrity of the provided value for key %q. Make sure it is encrypted with this installation's key: %v", it.Name, err)
		}
		k.Secret, k.Encrypted = true, true
	case it.Secret:
		text, err := s.Key.Encrypt(it.Value)
		if err != nil {
			return nil, fmt.Errorf("encrypt key %s: %w", it.Name, err)
		}
		k.Value, k.Secret, k.Encrypted = text, true, true
	}
	return k, nil
}

// Set stores a prepared item and tells whoever waits for its triggers. ttl is in seconds.
func (s *Service) Set(tx *store.Tx, k *gale.Key, ttl int64) error {
	k.Expire = 0
	if ttl > 0 {
		k.Expire = tx.Now + gale.Time(min(ttl, maxTTL)*1_000_000)
	}
	// Counters and locks that people keep here are written by many at once.
	if err := tx.Lock("key:" + k.Scope + ":" + k.Name); err != nil {
		return err
	}
	found, err := store.Keys.Find(tx, store.Query{Where: []store.Cond{
		{Column: "scope", Op: "=", Value: k.Scope}, {Column: "name", Op: "=", Value: k.Name}}})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		k.ID = tx.NewID()
		if err := store.Keys.Insert(tx, k); err != nil {
			return err
		}
		return fire(tx, "create", py.DictOf("object", Document(k)))
	}
	old := found[0]
	gone := expired(old, tx.Now)
	k.ID, k.Rev = old.ID, old.Rev
	if err := store.Keys.Update(tx, k); err != nil {
		return err
	}
	if gone {
		return fire(tx, "create", py.DictOf("object", Document(k)))
	}
	if err := fire(tx, "update", py.DictOf("object", Document(k))); err != nil {
		return err
	}
	if s.equal(old, k) {
		return nil
	}
	return fire(tx, "value_change", py.DictOf("old_object", Document(old), "new_object", Document(k)))
}

// equal reports whether two items have the same value. Encrypting a value
// twice gives two texts, so those of secrets are compared in clear; one that
// can no longer be read differs from any.
func (s *Service) equal(a, b *gale.Key) bool {
	if a.Value == b.Value || a.Secret != b.Secret {
		return a.Value == b.Value
	}
	x, err1 := s.Open(a)
	y, err2 := s.Open(b)
	return err1 == nil && err2 == nil && x == y
}

// Delete removes an item. One that can no longer be decrypted is removed like any other.
func (s *Service) Delete(tx *store.Tx, k *gale.Key) error {
	if err := store.Keys.Delete(tx, k.ID); err != nil {
		return err
	}
	return fire(tx, "delete", py.DictOf("object", Document(k)))
}

func fire(tx *store.Tx, what string, payload *py.Dict) error {
	trig, _, err := trigger.Resolve(tx, "core.st2.key_value_pair."+what)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil // the core pack is not registered yet
		}
		return err
	}
	_, err = trigger.Dispatch(tx, trig, payload, gale.TraceContext{})
	return err
}

// Open returns an item's value in clear.
func (s *Service) Open(k *gale.Key) (string, error) {
	if !k.Secret {
		return k.Value, nil
	}
	text, err := s.Key.Decrypt(k.Value)
	if err != nil {
		return "", gale.Errorf(gale.Invalid, "key %s cannot be decrypted: %v", k.Name, err)
	}
	return text, nil
}

// Document is the API's form of an item; secret values stay ciphertext.
func Document(k *gale.Key) *py.Dict {
	d := py.DictOf("id", k.ID, "uid", k.UID, "name", k.Name, "value", k.Value,
		"secret", k.Secret, "encrypted", k.Encrypted, "scope", k.Scope)
	if k.Scope == gale.ScopeUser {
		if user, name, ok := strings.Cut(k.Name, ":"); ok {
			d.Set("user", user)
			d.Set("name", name)
		}
	}
	if k.Expire != 0 {
		d.Set("expire_timestamp", k.Expire.String())
	}
	return d
}
