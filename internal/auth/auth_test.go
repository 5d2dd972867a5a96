package auth_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
	"github.com/galehq/gale/py"
)

// onBoth runs a test on both kinds of store.
func onBoth(t *testing.T, test func(t *testing.T, st *store.Store)) {
	t.Helper()
	for name, b := range map[string]storetest.Backend{"sqlite": storetest.SQLite(), "postgres": storetest.Postgres()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, b.Open(t, store.Config{}))
		})
	}
}

func update(t *testing.T, st *store.Store, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := st.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

// ask returns what a check of a credential says.
func ask(t *testing.T, st *store.Store, check func(tx *store.Tx) (*auth.Identity, error)) (*auth.Identity, error) {
	t.Helper()
	var id *auth.Identity
	err := st.View(t.Context(), func(tx *store.Tx) (err error) {
		id, err = check(tx)
		return err
	})
	return id, err
}

func wantRefused(t *testing.T, err error, words string) {
	t.Helper()
	if gale.KindOf(err) != gale.Unauthenticated || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v (%s), want unauthenticated with the words %q", err, gale.KindOf(err), words)
	}
}

func hash(t *testing.T, password string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost) // cheap, for tests
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func TestAUserKeepsWhatANewSaveDoesNotSay(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		var first, second *gale.User
		update(t, st, func(tx *store.Tx) (err error) {
			first, err = auth.SaveUser(tx, "ada", hash(t, "correct horse"), true)
			return err
		})
		update(t, st, func(tx *store.Tx) (err error) {
			second, err = auth.SaveUser(tx, "ada", "", false)
			return err
		})
		if second.ID != first.ID || !second.IsAdmin || !auth.CheckPassword(second, "correct horse") {
			t.Errorf("after an empty save: got %+v, want the same user, still administrator, with the old password", second)
		}
	})
}

func TestUserNamesThatCannotBe(t *testing.T) {
	st := storetest.Open(t)
	for _, name := range []string{"", "a b", "a:b", "a/b", `a\b`, "a\tb", "a\x00b", "a\u00a0b", "a\xff", strings.Repeat("x", 129)} {
		err := st.Update(t.Context(), func(tx *store.Tx) error {
			_, err := auth.SaveUser(tx, name, "", false)
			return err
		})
		if gale.KindOf(err) != gale.Invalid {
			t.Errorf("user %q: got %v, want it refused as invalid", name, err)
		}
	}
	for _, name := range []string{"ada", "Ada.Lovelace@example.com", "ädä", "svc-deploy_1"} {
		update(t, st, func(tx *store.Tx) error {
			_, err := auth.SaveUser(tx, name, "", false)
			return err
		})
	}
}

func TestPasswords(t *testing.T) {
	long := strings.Repeat("x", 72)
	stored, err := auth.Hash(long)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "1234567", long + "y"} {
		if _, err := auth.Hash(bad); gale.KindOf(err) != gale.Invalid {
			t.Errorf("hash of %d bytes: got %v, want it refused", len(bad), err)
		}
	}
	user := &gale.User{Name: "ada", PasswordHash: stored}
	tests := []struct {
		name     string
		user     *gale.User
		password string
		want     bool
	}{
		{"the right one", user, long, true},
		{"another", user, long[1:] + "y", false},
		{"the right one and more, which bcrypt does not see", user, long + "y", false},
		{"an empty one", user, "", false},
		{"of nobody", nil, long, false},
		{"of a user who has none", &gale.User{Name: "new"}, "", false},
		{"against a damaged hash", &gale.User{Name: "ada", PasswordHash: "x"}, "x", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := auth.CheckPassword(test.user, test.password); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		var text, old string
		var record *gale.Token
		update(t, st, func(tx *store.Tx) (err error) {
			if _, err = auth.SaveUser(tx, "ada", "", true); err != nil {
				return err
			}
			if text, record, err = auth.IssueToken(tx, "ada", time.Hour, nil); err != nil {
				return err
			}
			old, _, err = auth.IssueToken(tx, "ada", -time.Second, nil)
			return err
		})
		if len(text) != 32 || strings.Contains(record.Hash, text) {
			t.Errorf("token: got %d characters, hash %s; want 32, and a hash that does not tell it", len(text), record.Hash)
		}
		id, err := ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByToken(tx, text) })
		if err != nil || id.User != "ada" || !id.Admin || id.Service || id.Method != "token" || id.Expiry != record.Expiry {
			t.Errorf("holder: got %+v, %v; want ada, administrator, until %s", id, err, record.Expiry)
		}
		_, err = ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByToken(tx, old) })
		wantRefused(t, err, "Token has expired")
		_, err = ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByToken(tx, text+"0") })
		wantRefused(t, err, "Unauthorized")
		_, err = ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByToken(tx, record.Hash) })
		wantRefused(t, err, "Unauthorized")
	})
}

func TestAPIKeys(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		var text string
		var record *gale.APIKey
		update(t, st, func(tx *store.Tx) (err error) {
			text, record, err = auth.CreateAPIKey(tx, "ci", nil, "")
			return err
		})
		find := func(tx *store.Tx) (*auth.Identity, error) { return auth.ByAPIKey(tx, text) }
		if id, err := ask(t, st, find); err != nil || id.User != "ci" || id.Admin || id.Method != "API key" || id.Expiry != 0 {
			t.Errorf("holder: got %+v, %v; want ci, for ever, without rights of a record it does not have", id, err)
		}
		record.Enabled = false
		update(t, st, func(tx *store.Tx) error { return store.APIKeys.Update(tx, record) })
		_, err := ask(t, st, find)
		wantRefused(t, err, "API key is disabled")
		_, err = ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByAPIKey(tx, "no-such-key") })
		wantRefused(t, err, "ApiKey with key_hash=")

		// A key that moves here from another installation comes as its hash.
		moved := "a-key-made-elsewhere"
		update(t, st, func(tx *store.Tx) error {
			shown, k, err := auth.CreateAPIKey(tx, "bob", nil, auth.HashAPIKey(moved))
			if shown != "" || k.KeyHash != auth.HashAPIKey(moved) {
				t.Errorf("a key given as hash: got text %q", shown)
			}
			return err
		})
		if id, err := ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByAPIKey(tx, moved) }); err != nil || id.User != "bob" {
			t.Errorf("moved key: got %+v, %v; want bob", id, err)
		}
		err = st.Update(t.Context(), func(tx *store.Tx) error {
			_, _, err := auth.CreateAPIKey(tx, "eve", nil, auth.HashAPIKey(moved))
			return err
		})
		if gale.KindOf(err) != gale.Conflict {
			t.Errorf("a second key of the same hash: got %v, want a conflict", err)
		}
	})
}

func TestActionTokensEndWithTheirExecution(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		signer := auth.Signer{Key: []byte("0123456789abcdef0123456789abcdef")}
		e := &gale.Execution{Status: gale.Running, ActionRef: "core.noop", Parameters: py.NewDict(0), Context: py.NewDict(0)}
		update(t, st, func(tx *store.Tx) error {
			e.ID, e.Start = tx.NewID(), tx.Now
			return store.Executions.Insert(tx, e)
		})
		later := gale.TimeOf(time.Now().Add(time.Hour))
		token := signer.Token(e.ID, "ada", later)
		by := func(text string) func(tx *store.Tx) (*auth.Identity, error) {
			return func(tx *store.Tx) (*auth.Identity, error) { return signer.ByActionToken(tx, text) }
		}
		id, err := ask(t, st, by(token))
		if err != nil || id.User != "ada" || !id.Service || id.ExecutionID != e.ID || id.Expiry != later {
			t.Fatalf("while it runs: got %+v, %v; want ada's, for %s", id, err, e.ID)
		}
		if !auth.IsActionToken(token) || auth.IsActionToken("0123456789abcdef0123456789abcdef") {
			t.Error("action tokens and others cannot be told apart")
		}
		other := auth.Signer{Key: []byte("another key")}
		parts := strings.Split(token, ".")
		forged := strings.Split(auth.Signer{}.Token(e.ID, "root", later), ".")
		for name, text := range map[string]string{
			"another key's":                    other.Token(e.ID, "ada", later),
			"a body under a foreign signature": parts[0] + "." + forged[1] + "." + parts[2],
			"no signature":                     parts[0] + "." + parts[1] + ".",
			"another form":                     "gale2." + parts[1] + "." + parts[2],
			"nothing":                          "gale1..",
			"too many parts":                   token + ".x",
		} {
			_, err := ask(t, st, by(text))
			if gale.KindOf(err) != gale.Unauthenticated {
				t.Errorf("%s: got %v, want it refused", name, err)
			}
		}
		if _, err := ask(t, st, func(tx *store.Tx) (*auth.Identity, error) {
			return auth.Signer{}.ByActionToken(tx, auth.Signer{}.Token(e.ID, "root", later))
		}); gale.KindOf(err) != gale.Unauthenticated {
			t.Errorf("a signer without a key: got %v, want it to believe nobody", err)
		}
		_, err = ask(t, st, by(signer.Token(e.ID, "ada", gale.TimeOf(time.Now().Add(-time.Second)))))
		wantRefused(t, err, "Token has expired")
		_, err = ask(t, st, by(signer.Token("ffffffffffffffffffffffff", "ada", later)))
		wantRefused(t, err, "Token has expired")

		e.Status = gale.Succeeded
		update(t, st, func(tx *store.Tx) error { return store.Executions.Update(tx, e) })
		_, err = ask(t, st, by(token))
		wantRefused(t, err, "Token has expired")
	})
}

func TestAStoreThatIsAwayDoesNotCallATokenWrong(t *testing.T) {
	signer := auth.Signer{Key: []byte("0123456789abcdef")}
	st := storetest.Postgres().Open(t, store.Config{})
	token := signer.Token("ffffffffffffffffffffffff", "ada", gale.TimeOf(time.Now().Add(time.Hour)))
	ctx, cancel := context.WithCancel(t.Context())
	var asked error
	_ = st.View(ctx, func(tx *store.Tx) error {
		cancel() // so that the statement within is not answered
		_, asked = signer.ByActionToken(tx, token)
		return asked
	})
	if asked == nil || gale.KindOf(asked) == gale.Unauthenticated {
		t.Errorf("got %v, want an error that does not blame the token", asked)
	}
}

func TestTheFirstStartMakesOneAdministratorOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		var key, setup, again, setupAgain string
		update(t, st, func(tx *store.Tx) (err error) {
			key, setup, err = auth.Bootstrap(tx)
			return err
		})
		update(t, st, func(tx *store.Tx) (err error) {
			again, setupAgain, err = auth.Bootstrap(tx)
			return err
		})
		if key == "" || setup == "" || again != "" || setupAgain != "" {
			t.Fatalf("first start: key %t, link %t; second: key %t, link %t; want only the first to give them",
				key != "", setup != "", again != "", setupAgain != "")
		}
		if id, err := ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByAPIKey(tx, key) }); err != nil || !id.Admin {
			t.Errorf("the first key: got %+v, %v; want an administrator", id, err)
		}
		_, err := ask(t, st, func(tx *store.Tx) (*auth.Identity, error) { return auth.ByToken(tx, setup) })
		wantRefused(t, err, "Unauthorized") // the link opens the form and nothing else
	})
}

func TestASetUpLinkWorksOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		var setup string
		update(t, st, func(tx *store.Tx) (err error) {
			_, setup, err = auth.Bootstrap(tx)
			return err
		})
		const tries = 6
		var wg sync.WaitGroup
		var worked atomic.Int32
		for i := range tries {
			wg.Go(func() {
				name := "owner" + string(rune('a'+i))
				err := st.Update(t.Context(), func(tx *store.Tx) error { return auth.Setup(tx, setup, name, "hash") })
				switch {
				case err == nil:
					worked.Add(1)
				case gale.KindOf(err) != gale.Unauthenticated:
					t.Errorf("a late user of the link: got %v, want it refused", err)
				}
			})
		}
		wg.Wait()
		if n := worked.Load(); n != 1 {
			t.Errorf("%d of %d uses of one link worked, want 1", n, tries)
		}
		var users int
		if err := st.View(t.Context(), func(tx *store.Tx) (err error) {
			users, err = store.Users.Count(tx, store.Query{Where: []store.Cond{store.Eq("is_admin", true)}})
			return err
		}); err != nil || users != 2 {
			t.Errorf("administrators: got %d, %v; want the first one and the owner", users, err)
		}
	})
}

func TestASetUpLinkThatIsNoGood(t *testing.T) {
	onBoth(t, func(t *testing.T, st *store.Store) {
		var plain, late string
		update(t, st, func(tx *store.Tx) (err error) {
			if plain, _, err = auth.IssueToken(tx, "ada", time.Hour, nil); err != nil {
				return err
			}
			late, _, err = auth.IssueToken(tx, "ada", -time.Second, py.DictOf("setup", true))
			return err
		})
		for name, text := range map[string]string{"a token for something else": plain, "an old link": late, "an invented one": "x"} {
			err := st.Update(t.Context(), func(tx *store.Tx) error { return auth.Setup(tx, text, "eve", "hash") })
			if gale.KindOf(err) != gale.Unauthenticated {
				t.Errorf("%s: got %v, want it refused", name, err)
			}
		}
		// A name that cannot be leaves the link as it was.
		var good string
		update(t, st, func(tx *store.Tx) (err error) {
			good, _, err = auth.IssueToken(tx, "ada", time.Hour, py.DictOf("setup", true))
			return err
		})
		if err := st.Update(t.Context(), func(tx *store.Tx) error { return auth.Setup(tx, good, "no blanks", "hash") }); gale.KindOf(err) != gale.Invalid {
			t.Errorf("a bad name: got %v, want it refused", err)
		}
		update(t, st, func(tx *store.Tx) error { return auth.Setup(tx, good, "ada", "hash") })
	})
}
