package gale

import "github.com/galehq/gale/py"

// User is somebody who may ask. Nick names them on chat networks.
type User struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	IsService    bool     `json:"is_service"`
	IsAdmin      bool     `json:"is_admin"`
	PasswordHash string   `json:"password_hash,omitempty"` // bcrypt; never leaves the store
	Nicknames    *py.Dict `json:"nicknames,omitempty"`
	Created      Time     `json:"created"`
	Rev          int64    `json:"-"`
}

// Token proves who its holder is until it expires. Only the hash of its text is stored.
type Token struct {
	ID       string   `json:"id"`
	User     string   `json:"user"`
	Hash     string   `json:"hash"`
	Expiry   Time     `json:"expiry"`
	Metadata *py.Dict `json:"metadata"`
	Service  bool     `json:"service"`
	Rev      int64    `json:"-"`
}

// APIKey is a long-lived credential. Only the hash of the key is stored.
type APIKey struct {
	ID       string   `json:"id"`
	UID      string   `json:"uid"`
	User     string   `json:"user"`
	KeyHash  string   `json:"key_hash"`
	Created  Time     `json:"created_at"`
	Metadata *py.Dict `json:"metadata"`
	Enabled  bool     `json:"enabled"`
	Rev      int64    `json:"-"`
}

// Scopes of datastore items.
const (
	ScopeSystem = "st2kv.system"
	ScopeUser   = "st2kv.user"
)

// Key is an item of the datastore.
type Key struct {
	ID        string `json:"id"`
	UID       string `json:"uid"`
	Name      string `json:"name"` // for user scope "user:name"
	Scope     string `json:"scope"`
	Value     string `json:"value"` // ciphertext when Secret
	Secret    bool   `json:"secret"`
	Encrypted bool   `json:"encrypted"`
	Expire    Time   `json:"expire_timestamp,omitempty"`
	Rev       int64  `json:"-"`
}
