package auth

import (
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// setupMark tells a set-up token from others; such a token opens the set-up form and nothing else.
const setupMark = "setup"

// SetupTTL is how long the link printed at the first start works.
const SetupTTL = 15 * time.Minute

// FirstAdmin is the user that the first start makes. It has no password
// until somebody sets one.
const FirstAdmin = "admin"

// Bootstrap makes the first administrator of an empty installation, with an
// API key for the machine's own command line and a single-use set-up token.
// On an installation that has users it returns empty texts.
func Bootstrap(tx *store.Tx) (apiKey, setup string, err error) {
	n, err := store.Users.Count(tx, store.Query{})
	if err != nil || n > 0 {
		return "", "", err
	}
	if _, err := SaveUser(tx, FirstAdmin, "", true); err != nil {
		return "", "", err
	}
	apiKey, _, err = CreateAPIKey(tx, FirstAdmin, py.DictOf("used_by", "command line on the server's own machine"), "")
	if err != nil {
		return "", "", err
	}
	setup, _, err = IssueToken(tx, FirstAdmin, SetupTTL, py.DictOf(setupMark, true))
	return apiKey, setup, err
}

// SetupValid returns the set-up token's record, or Unauthenticated.
func SetupValid(tx *store.Tx, text string) (*gale.Token, error) {
	t, err := store.Tokens.By(tx, "hash", hashToken(text))
	refused := gale.Errorf(gale.Unauthenticated, "this link has expired or was used; `gale user add NAME --admin` on the server makes a user")
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil, refused
		}
		return nil, err
	}
	if _, setup := t.Metadata.GetString(setupMark); !setup || t.Expiry <= tx.Now {
		return nil, refused
	}
	return t, nil
}

// Setup uses up a set-up token: the named user becomes an administrator with this password.
func Setup(tx *store.Tx, text, name, passwordHash string) error {
	t, err := SetupValid(tx, text)
	if err != nil {
		return err
	}
	if err := store.Tokens.Delete(tx, t.ID); err != nil {
		return err
	}
	_, err = SaveUser(tx, name, passwordHash, true)
	return err
}
