package api_test

import (
	"strings"
	"testing"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
)

func TestDatastoreItems(t *testing.T) {
	s := newSite(t)
	d := s.call("PUT", "/api/v1/keys/color", `{"name": "other", "value": "blue", "user": null, "ttl": null, "extra": 1}`).is(200).object()
	for path, want := range map[string]any{"name": "color", "value": "blue", "scope": "st2kv.system", "secret": false, "encrypted": false,
		"uid": "key_value_pair:st2kv.system:color", "user": nil, "expire_timestamp": nil} {
		s.want(d, path, want)
	}
	id := text(d, "id")
	s.want(s.call("PUT", "/api/v1/keys/color", `{"name": "color", "value": "red"}`).is(200).object(), "id", id)
	s.want(s.call("GET", "/api/v1/keys/color?scope=system", nil).is(200).object(), "value", "red")

	mine := s.as(joe, "PUT", "/api/v1/keys/color", `{"name": "color", "value": "green", "scope": "user", "ttl": 60}`).is(200).object()
	s.want(mine, "name", "color")
	s.want(mine, "user", joe)
	s.want(mine, "scope", "st2kv.user")
	s.want(mine, "uid", "key_value_pair:st2kv.user:joe:color")
	if text(mine, "expire_timestamp") == "" {
		t.Error("an item with a ttl has no expire_timestamp")
	}
	s.call("GET", "/api/v1/keys/color?scope=user", nil).fault(404, `The key "root:color" does not exist in the StackStorm datastore.`)
	s.want(s.call("GET", "/api/v1/keys/color?scope=st2kv.user&user=joe", nil).is(200).object(), "value", "green")
	s.as(joe, "GET", "/api/v1/keys/color?scope=user&user=root", nil).refused(403, `"user" attribute can only be provided by admins`)

	s.call("DELETE", "/api/v1/keys/color", nil).is(204)
	s.call("DELETE", "/api/v1/keys/color", nil).fault(404, `The key "color" does not exist in the StackStorm datastore.`)
	s.want(s.as(joe, "GET", "/api/v1/keys/color?scope=user", nil).is(200).object(), "value", "green")

	allowed := "Scope st2kv.bogus is not in allowed scopes list: ['system', 'user', 'st2kv.system', 'st2kv.user']."
	s.call("GET", "/api/v1/keys/color?scope=bogus", nil).fault(400, allowed)
	s.call("PUT", "/api/v1/keys/color", `{"name": "color", "value": "x", "scope": "bogus"}`).fault(400, allowed)
	s.call("GET", "/api/v1/keys?scope=bogus", nil).fault(400, "Invalid scope: st2kv.bogus")
	s.call("PUT", "/api/v1/keys/color", `{"name": "color", "value": 5}`).refused(400, "5 is not of type 'string'")
}

// PostgreSQL cannot store it, and a failed look must not be taken for "there is none".
func TestANameWithANULIsRefused(t *testing.T) {
	s := newSite(t)
	s.call("PUT", "/api/v1/keys/a\x00b", `{"name": "x", "value": "v"}`).is(400)
	s.call("PUT", "/api/v1/keys/ab", `{"name": "x", "value": "v\u0000w"}`).is(200)
}

func TestSecretItems(t *testing.T) {
	s := newSite(t)
	d := s.call("PUT", "/api/v1/keys/pw", `{"name": "pw", "value": "item-secret-5", "secret": true}`).is(200).object()
	cipher := text(d, "value")
	if cipher == "item-secret-5" || cipher != strings.ToUpper(cipher) || at(d, "encrypted") != true || at(d, "secret") != true {
		t.Fatalf("got %s, want ciphertext in upper-case hex", cipher)
	}
	s.want(s.call("GET", "/api/v1/keys/pw", nil).object(), "value", cipher)
	open := s.call("GET", "/api/v1/keys/pw?decrypt=true", nil).is(200).object()
	s.want(open, "value", "item-secret-5")
	s.want(open, "encrypted", false)
	s.as(joe, "GET", "/api/v1/keys/pw?decrypt=true", nil).fault(403, "Decrypt option requires administrator access")
	s.as(joe, "GET", "/api/v1/keys?decrypt=true", nil).fault(403, "Decrypt option requires administrator access")
	id := s.run("core.noop", nil)
	s.tokens["action"] = s.service.Signer.Token(id, "stanley", gale.Time(4e15))
	s.want(s.as("action", "GET", "/api/v1/keys/pw?decrypt=true", nil).is(200).object(), "value", "item-secret-5")

	s.call("PUT", "/api/v1/keys/copy", `{"name": "copy", "encrypted": true, "value": "`+cipher+`"}`).is(200)
	s.want(s.call("GET", "/api/v1/keys/copy?decrypt=true", nil).object(), "value", "item-secret-5")
	s.call("PUT", "/api/v1/keys/copy", `{"name": "copy", "encrypted": true, "value": "nonsense"}`).refused(400, "copy")
	for _, e := range s.events("key") {
		if strings.Contains(e, cipher) || strings.Contains(e, "item-secret-5") {
			t.Errorf("an event holds a secret: %s", e)
		}
	}
	if len(s.events("key")) != 2 {
		t.Errorf("got %d events, want one for each item", len(s.events("key")))
	}
	s.nowhere("item-secret-5")
	s.service.Config.KeyValue.EnableEncryption = false
	s.call("PUT", "/api/v1/keys/pw", `{"name": "pw", "value": "x", "secret": true}`).refused(400, "Unable to encrypt / decrypt value for key pw.")
}

func TestListsOfItems(t *testing.T) {
	s := newSite(t)
	for _, name := range []string{"a.1", "a.2", "b.1"} {
		s.call("PUT", "/api/v1/keys/"+name, `{"name": "x", "value": "`+name+`"}`).is(200)
		s.as(joe, "PUT", "/api/v1/keys/"+name, `{"name": "x", "value": "mine", "scope": "user"}`).is(200)
	}
	s.call("PUT", "/api/v1/keys/gone", `{"name": "gone", "value": "x", "ttl": 1000}`).is(200)
	s.update(func(tx *store.Tx) error {
		k, err := store.Keys.By(tx, "name", "gone")
		if err != nil {
			return err
		}
		k.Expire = tx.Now - 1
		return store.Keys.Update(tx, k)
	})
	names := func(user, query string) string {
		var out []string
		for _, d := range s.as(user, "GET", "/api/v1/keys/"+query, nil).is(200).list() {
			out = append(out, text(d, "scope")[6:]+":"+text(d, "name"))
		}
		return strings.Join(out, " ")
	}
	tests := []struct{ user, query, want string }{
		{joe, "", "system:a.1 system:a.2 system:b.1"},
		{joe, "?prefix=a.", "system:a.1 system:a.2"},
		{joe, "?scope=user&prefix=a.", "user:a.1 user:a.2"},
		{root, "?scope=user", ""},
		{root, "?scope=user&user=joe", "user:a.1 user:a.2 user:b.1"},
		{joe, "?scope=all&limit=1", "system:a.1 user:a.1"},
		{joe, "?scope=all&limit=1&offset=1&sort=-name", "system:a.2 user:a.2"},
		{joe, "?name=b.1", "system:b.1"},
		{joe, "?include_attributes=name&name=b.1", "system:b.1"},
	}
	for _, test := range tests {
		if got := names(test.user, test.query); got != test.want {
			t.Errorf("keys%s by %s: got %q, want %q", test.query, test.user, got, test.want)
		}
	}
	s.call("GET", "/api/v1/keys/gone", nil).refused(404, "does not exist")
}
