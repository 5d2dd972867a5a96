package datastore_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/datastore"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/internal/trigger"
	"github.com/galehq/gale/py"
)

// fixture is a datastore whose triggers are registered.
type fixture struct {
	*testing.T
	st   *store.Store
	data *datastore.Service
}

func onBoth(t *testing.T, test func(f *fixture)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := secret.NewKey()
			if err != nil {
				t.Fatal(err)
			}
			f := &fixture{t, b.Open(t, store.Config{}), &datastore.Service{Key: key}}
			f.update(func(tx *store.Tx) error {
				for _, what := range []string{"create", "update", "value_change", "delete"} {
					typ := &gale.TriggerType{Pack: "core", Name: "st2.key_value_pair." + what, PayloadSchema: py.NewDict(0)}
					if err := trigger.SaveType(tx, typ); err != nil {
						return err
					}
				}
				return nil
			})
			test(f)
		})
	}
}

func (f *fixture) update(fn func(tx *store.Tx) error) {
	f.Helper()
	if err := f.st.Update(f.Context(), fn); err != nil {
		f.Fatalf("update: %v", err)
	}
}

func (f *fixture) set(it datastore.Item) *gale.Key {
	f.Helper()
	if it.Scope == "" {
		it.Scope = gale.ScopeSystem
	}
	k, err := f.data.Prepare(it)
	if err != nil {
		f.Fatalf("prepare %s: %v", it.Name, err)
	}
	f.update(func(tx *store.Tx) error { return f.data.Set(tx, k, it.TTL) })
	return k
}

func (f *fixture) get(scope, stored string) (k *gale.Key, err error) {
	f.Helper()
	err = f.st.View(f.Context(), func(tx *store.Tx) (err error) {
		k, err = datastore.Get(tx, scope, stored)
		return err
	})
	return k, err
}

// fired lists the triggers that were dispatched, in order, without their prefix.
func (f *fixture) fired() (names string, payloads []*py.Dict) {
	f.Helper()
	var list []string
	err := f.st.View(f.Context(), func(tx *store.Tx) error {
		all, err := store.TriggerInstances.Find(tx, store.Query{Order: []string{"id"}})
		for _, inst := range all {
			list = append(list, strings.TrimPrefix(inst.Trigger, "core.st2.key_value_pair."))
			payloads = append(payloads, inst.Payload)
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return strings.Join(list, " "), payloads
}

func TestEveryChangeFiresItsTrigger(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.set(datastore.Item{Name: "app.port", Value: "80"})
		f.set(datastore.Item{Name: "app.port", Value: "80"})
		k := f.set(datastore.Item{Name: "app.port", Value: "81"})
		f.update(func(tx *store.Tx) error { return f.data.Delete(tx, k) })
		names, payloads := f.fired()
		if want := "create update update value_change delete"; names != want {
			f.Fatalf("triggers: got %q, want %q", names, want)
		}
		change := payloads[3]
		for key, want := range map[string]string{"old_object": "80", "new_object": "81"} {
			v, _ := change.GetString(key)
			object, _ := v.(*py.Dict)
			if got, _ := object.GetString("value"); got != want {
				f.Errorf("%s of the change: got value %v, want %s", key, got, want)
			}
			if got, _ := object.GetString("uid"); got != "key_value_pair:st2kv.system:app.port" {
				f.Errorf("%s of the change: got uid %v", key, got)
			}
		}
		if _, err := f.get(gale.ScopeSystem, "app.port"); gale.KindOf(err) != gale.NotFound {
			f.Errorf("after the delete: got %v, want not found", err)
		}
	})
}

func TestASecretIsStoredEncryptedAndChangesOnlyWithItsText(t *testing.T) {
	onBoth(t, func(f *fixture) {
		const text = "open-sesame-41"
		f.set(datastore.Item{Name: "door", Value: text, Secret: true})
		k := f.set(datastore.Item{Name: "door", Value: text, Secret: true})
		if names, _ := f.fired(); names != "create update" {
			f.Errorf("triggers after writing the same secret again: got %q, want no change of value", names)
		}
		if !k.Secret || !k.Encrypted || strings.Contains(k.Value, text) {
			f.Errorf("stored: got %+v, want ciphertext", k)
		}
		if got, err := f.data.Open(k); err != nil || got != text {
			f.Errorf("opened: got %q, %v; want %q", got, err, text)
		}
		f.set(datastore.Item{Name: "door", Value: text}) // in clear now
		names, payloads := f.fired()
		if names != "create update update value_change" {
			f.Errorf("triggers after the item became public: got %q", names)
		}
		for _, p := range payloads[:2] {
			body, err := py.Marshal(p)
			if err != nil || bytes.Contains(body, []byte(text)) {
				f.Errorf("payload of a secret: got %s, %v; want ciphertext only", body, err)
			}
		}
	})
}

func TestCiphertextMovesBetweenInstallationsThatShareTheKey(t *testing.T) {
	onBoth(t, func(f *fixture) {
		cipher, err := f.data.Key.Encrypt("moved in")
		if err != nil {
			f.Fatal(err)
		}
		k := f.set(datastore.Item{Name: "moved", Value: cipher, Encrypted: true})
		if got, err := f.data.Open(k); err != nil || got != "moved in" || !k.Secret || k.Value != cipher {
			f.Errorf("got %q, %v, secret %t; want the text behind the ciphertext, kept as it came", got, err, k.Secret)
		}
		other, err := secret.NewKey()
		if err != nil {
			f.Fatal(err)
		}
		foreign, err := other.Encrypt("not ours")
		if err != nil {
			f.Fatal(err)
		}
		for name, value := range map[string]string{"another key's": foreign, "damaged": cipher[:len(cipher)-2] + "00", "no ciphertext": "hello"} {
			_, err := f.data.Prepare(datastore.Item{Scope: gale.ScopeSystem, Name: "bad", Value: value, Encrypted: true})
			if gale.KindOf(err) != gale.Invalid || strings.Contains(err.Error(), value) {
				f.Errorf("%s: got %v, want it refused, without the value", name, err)
			}
		}
	})
}

func TestASecretThatCannotBeReadCanBeRemoved(t *testing.T) {
	onBoth(t, func(f *fixture) {
		k := f.set(datastore.Item{Name: "lost", Value: "x", Secret: true})
		f.data.Key, _ = secret.NewKey()
		if _, err := f.data.Open(k); gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "lost") {
			f.Errorf("open: got %v, want an error that names the key", err)
		}
		f.set(datastore.Item{Name: "lost", Value: "y", Secret: true}) // over it
		f.update(func(tx *store.Tx) error { return f.data.Delete(tx, k) })
	})
}

func TestItemsEndWithTheirTime(t *testing.T) {
	onBoth(t, func(f *fixture) {
		k := f.set(datastore.Item{Name: "lease", Value: "mine", TTL: 60})
		if got := k.Expire; got == 0 {
			f.Fatalf("expiry: got %v, want a minute from now", got)
		}
		f.expire(k)
		if _, err := f.get(gale.ScopeSystem, "lease"); gale.KindOf(err) != gale.NotFound {
			f.Errorf("after its time: got %v, want it gone although nobody has removed it", err)
		}
		again := f.set(datastore.Item{Name: "lease", Value: "yours"})
		if again.Expire != 0 {
			f.Errorf("written without a ttl: got expiry %v, want none", again.Expire)
		}
		if names, _ := f.fired(); names != "create create" {
			f.Errorf("triggers: got %q; want the second writing to be a creation too", names)
		}
		for _, ttl := range []int64{-1, math.MaxInt64} {
			if _, err := f.data.Prepare(datastore.Item{Name: "x", TTL: ttl}); gale.KindOf(err) != gale.Invalid {
				f.Errorf("ttl %d: got %v, want it refused", ttl, err)
			}
		}
	})
}

// expire moves an item's end into the past.
func (f *fixture) expire(k *gale.Key) {
	f.Helper()
	f.update(func(tx *store.Tx) error {
		old, err := store.Keys.Get(tx, k.ID)
		if err != nil {
			return err
		}
		old.Expire = tx.Now - 1
		return store.Keys.Update(tx, old)
	})
}

func TestScopes(t *testing.T) {
	for in, want := range map[string]string{"": gale.ScopeSystem, "system": gale.ScopeSystem, "st2kv.system": gale.ScopeSystem,
		"user": gale.ScopeUser, "st2kv.user": gale.ScopeUser} {
		if got, err := datastore.Scope(in); err != nil || got != want {
			t.Errorf("scope %q: got %q, %v; want %q", in, got, err, want)
		}
	}
	if _, err := datastore.Scope("galaxy"); gale.KindOf(err) != gale.Invalid || !strings.Contains(err.Error(), "galaxy") {
		t.Errorf("scope galaxy: got %v, want it refused by name", err)
	}
}

func TestUsersAndTheSystemHaveItemsOfTheSameName(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.set(datastore.Item{Name: "editor", Value: "ed"})
		f.set(datastore.Item{Scope: gale.ScopeUser, User: "ada", Name: "editor", Value: "vi"})
		f.set(datastore.Item{Scope: gale.ScopeUser, User: "bob", Name: "editor", Value: "emacs"})
		for user, want := range map[string]string{"ada": "vi", "bob": "emacs"} {
			k, err := f.get(gale.ScopeUser, datastore.StoredName(gale.ScopeUser, user, "editor"))
			if err != nil || k.Value != want {
				f.Fatalf("%s's item: got %+v, %v; want %s", user, k, err, want)
			}
			d := datastore.Document(k)
			name, _ := d.GetString("name")
			owner, _ := d.GetString("user")
			if name != "editor" || owner != user || k.UID != "key_value_pair:st2kv.user:"+user+":editor" {
				f.Errorf("shown: got name %v, user %v, uid %s", name, owner, k.UID)
			}
		}
		if k, err := f.get(gale.ScopeSystem, "editor"); err != nil || k.Value != "ed" {
			f.Errorf("the system's: got %+v, %v; want ed", k, err)
		}
		if _, err := f.get(gale.ScopeUser, "eve:editor"); gale.KindOf(err) != gale.NotFound {
			f.Errorf("of a user without one: got %v, want not found", err)
		}
	})
}

func TestOneItemWrittenByManyAtOnceIsOne(t *testing.T) {
	onBoth(t, func(f *fixture) {
		const n = 10
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				k, err := f.data.Prepare(datastore.Item{Scope: gale.ScopeSystem, Name: "hot", Value: fmt.Sprint(i)})
				if err != nil {
					f.Error(err)
					return
				}
				if err := f.st.Update(f.Context(), func(tx *store.Tx) error { return f.data.Set(tx, k, 0) }); err != nil {
					f.Errorf("write %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		names, _ := f.fired()
		if got := strings.Count(names, "create"); got != 1 {
			f.Errorf("creations: got %d in %q, want 1", got, names)
		}
		if got := strings.Count(names, "value_change"); got != n-1 {
			f.Errorf("changes: got %d, want %d", got, n-1)
		}
	})
}

func TestItemsWorkBeforeTheirTriggersAreRegistered(t *testing.T) {
	st := storetest.Open(t)
	data := &datastore.Service{}
	k, err := data.Prepare(datastore.Item{Scope: gale.ScopeSystem, Name: "early", Value: "bird"})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Update(t.Context(), func(tx *store.Tx) error { return data.Set(tx, k, 0) }); err != nil {
		t.Fatal(err)
	}
	if _, err := data.Prepare(datastore.Item{Value: "x"}); gale.KindOf(err) != gale.Invalid {
		t.Errorf("an item without a name: got %v, want it refused", err)
	}
}
