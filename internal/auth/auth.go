// Package auth knows who is asking: users with passwords, tokens, API keys,
// and the short-lived tokens that running actions carry.
//
// Nothing that proves an identity is stored in clear: passwords as bcrypt,
// tokens and API keys as SHA-512 (API keys in StackStorm's form, so that keys
// move between installations). Tokens of running actions are not stored at
// all; they are signed, and end with their execution.
package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

// Identity is somebody who has proved who they are.
type Identity struct {
	User        string
	Admin       bool
	Service     bool   // a running action's or one of Gale's own tokens
	ExecutionID string // the execution whose token this is
	Method      string // "token", "API key" or "password", as GET /user shows it
	Expiry      gale.Time
}

// TokenTTL bounds the life of tokens, in default and maximum (auth.token_ttl).
const TokenTTL = 24 * time.Hour

// SaveUser creates a user or changes an existing one. An empty passwordHash
// (see Hash) keeps the old one; admin grants and never takes away.
func SaveUser(tx *store.Tx, name, passwordHash string, admin bool) (*gale.User, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	u, err := store.Users.By(tx, "name", name)
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return nil, err
	}
	fresh := err != nil
	if fresh {
		u = &gale.User{ID: tx.NewID(), Name: name, Created: tx.Now}
	}
	u.IsAdmin = u.IsAdmin || admin
	if passwordHash != "" {
		u.PasswordHash = passwordHash
	}
	if fresh {
		return u, store.Users.Insert(tx, u)
	}
	return u, store.Users.Update(tx, u)
}

func checkName(name string) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`:/\`, r) }
	if name == "" || len(name) > 128 || !utf8.ValidString(name) || strings.ContainsFunc(name, bad) {
		return gale.Errorf(gale.Invalid, "user name %q: use 1 to 128 bytes of text without blanks, colons and slashes", name)
	}
	return nil
}

// minPassword is the shortest password accepted, in bytes; bcrypt ends at 72.
const minPassword, maxPassword = 8, 72

// Hash makes the stored form of a password. It takes tens of milliseconds on
// purpose, so it is called outside of transactions.
func Hash(password string) (string, error) {
	if len(password) < minPassword || len(password) > maxPassword {
		return "", gale.Errorf(gale.Invalid, "a password needs %d to %d bytes", minPassword, maxPassword)
	}
	h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	return string(h), err
}

// nobody is compared against when a user does not exist, so that an answer
// takes as long as for one who does. It is the hash of random bytes that were
// thrown away, written down here because making one would cost every start of
// the program as much time as a login.
const nobody = "$2a$10$ZCp.ulCysdKCfbkaggPJRus/M3OtFnMzwV5DGcLl9EIGjWww75Ew."

// CheckPassword reports whether password is the one of a user, who may be nil.
func CheckPassword(u *gale.User, password string) bool {
	hash := nobody
	if u != nil && u.PasswordHash != "" {
		hash = u.PasswordHash
	}
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	// bcrypt looks at the first 72 bytes only; what is longer is nobody's.
	return err == nil && u != nil && u.PasswordHash != "" && len(password) <= maxPassword
}

// IssueToken stores a new token and returns its text, which is shown only now.
func IssueToken(tx *store.Tx, user string, ttl time.Duration, metadata *py.Dict) (string, *gale.Token, error) {
	text := randomHex(16)
	if metadata == nil {
		metadata = py.NewDict(0)
	}
	t := &gale.Token{ID: tx.NewID(), User: user, Hash: hashToken(text), Expiry: tx.Now.Add(ttl), Metadata: metadata}
	return text, t, store.Tokens.Insert(tx, t)
}

// ByToken returns who holds a token. Unknown and expired ones are Unauthenticated.
func ByToken(tx *store.Tx, text string) (*Identity, error) {
	t, err := store.Tokens.By(tx, "hash", hashToken(text))
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized")
		}
		return nil, err
	}
	if t.Expiry <= tx.Now {
		return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized - Token has expired.")
	}
	if _, setup := t.Metadata.GetString(setupMark); setup {
		return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized")
	}
	return identify(tx, &Identity{User: t.User, Service: t.Service, Method: "token", Expiry: t.Expiry})
}

// CreateAPIKey stores a new API key and returns its text, which is shown only
// now. A hash given is stored instead, and the text is empty.
func CreateAPIKey(tx *store.Tx, user string, metadata *py.Dict, hash string) (string, *gale.APIKey, error) {
	var text string
	if hash == "" {
		text = base64.RawURLEncoding.EncodeToString(randomBytes(64))
		hash = HashAPIKey(text)
	}
	if metadata == nil {
		metadata = py.NewDict(0)
	}
	k := &gale.APIKey{ID: tx.NewID(), UID: "api_key:" + hash, User: user, KeyHash: hash, Created: tx.Now, Metadata: metadata, Enabled: true}
	return text, k, store.APIKeys.Insert(tx, k)
}

// ByAPIKey returns whose API key it is. Unknown and disabled ones are Unauthenticated.
func ByAPIKey(tx *store.Tx, text string) (*Identity, error) {
	k, err := store.APIKeys.By(tx, "key_hash", HashAPIKey(text))
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized - ApiKey with key_hash=%s not found.", HashAPIKey(text))
		}
		return nil, err
	}
	if !k.Enabled {
		return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized - API key is disabled.")
	}
	return identify(tx, &Identity{User: k.User, Method: "API key"})
}

// identify adds what the user record says.
func identify(tx *store.Tx, id *Identity) (*Identity, error) {
	u, err := store.Users.By(tx, "name", id.User)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return id, nil // a user without a record has no rights beyond being known
		}
		return nil, err
	}
	id.Admin, id.Service = u.IsAdmin, id.Service || u.IsService
	return id, nil
}

// HashAPIKey is StackStorm's hash of an API key: hex of SHA-512 over a fixed
// prefix and the key. Keys are random, so a fixed prefix does no harm.
func HashAPIKey(text string) string {
	sum := sha512.Sum512([]byte("saltnpepper" + text))
	return hex.EncodeToString(sum[:])
}

func hashToken(text string) string {
	sum := sha512.Sum512([]byte("gale/token/" + text))
	return hex.EncodeToString(sum[:])
}

// Signer makes and checks the tokens of running actions.
type Signer struct{ Key []byte }

const actionTokenMark = "gale1"

// Token returns the token of one execution: its id, user and expiry, signed.
func (s Signer) Token(executionID, user string, expiry gale.Time) string {
	body := base64.RawURLEncoding.EncodeToString([]byte(executionID + "\x00" + user + "\x00" + strconv.FormatInt(int64(expiry), 10)))
	return actionTokenMark + "." + body + "." + s.sign(body)
}

func (s Signer) sign(body string) string {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// IsActionToken reports whether text has the form that Token makes.
func IsActionToken(text string) bool { return strings.HasPrefix(text, actionTokenMark+".") }

// ByActionToken returns who a running action speaks for. The token of an
// execution that has ended is Unauthenticated.
func (s Signer) ByActionToken(tx *store.Tx, text string) (*Identity, error) {
	refused := gale.Errorf(gale.Unauthenticated, "Unauthorized")
	parts := strings.Split(text, ".")
	// Without a key anybody could sign.
	if len(s.Key) == 0 || len(parts) != 3 || parts[0] != actionTokenMark || !hmac.Equal([]byte(parts[2]), []byte(s.sign(parts[1]))) {
		return nil, refused
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, refused
	}
	fields := strings.Split(string(body), "\x00")
	if len(fields) != 3 {
		return nil, refused
	}
	expiry, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || gale.Time(expiry) <= tx.Now {
		return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized - Token has expired.")
	}
	e, err := store.Executions.Get(tx, fields[0])
	if err != nil && gale.KindOf(err) != gale.NotFound {
		return nil, err // a store that cannot be asked says nothing about the token
	}
	if err != nil || e.Status.Final() {
		return nil, gale.Errorf(gale.Unauthenticated, "Unauthorized - Token has expired.")
	}
	return identify(tx, &Identity{User: fields[1], Service: true, ExecutionID: fields[0], Method: "token", Expiry: gale.Time(expiry)})
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		panic(fmt.Sprintf("no randomness: %v", err)) // crypto/rand never fails on supported systems
	}
	return b
}

func randomHex(n int) string { return hex.EncodeToString(randomBytes(n)) }
