// Package secret keeps secrets out of sight: the key file, the ciphertext of
// datastore items, the sealed leaves of stored documents, and the masks that
// people see instead.
//
// There is one key file for an installation, in the format of StackStorm's
// st2-generate-symmetric-crypto-key, so that keys and encrypted items move
// between the two. Everything else that is secret is sealed with a key derived
// from it. Key material and plaintext appear in no error.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/galehq/gale"
)

// Key is the key of an installation. It is safe for concurrent use.
type Key struct {
	aes, mac []byte
	leaf     cipher.AEAD // for Seal and Open
}

// keyFile is the JSON of a key file; the names are the original's.
type keyFile struct {
	HMACKey struct {
		String string `json:"hmacKeyString"`
		Size   int    `json:"size"`
	} `json:"hmacKey"`
	AESKey string `json:"aesKeyString"`
	Mode   string `json:"mode"`
	Size   int    `json:"size"` // bits
}

const keyBits = 256

// NewKey makes a random 256-bit key.
func NewKey() (*Key, error) {
	material := make([]byte, 2*keyBits/8)
	if _, err := rand.Read(material); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return newKey(material[:keyBits/8], material[keyBits/8:])
}

func newKey(aesKey, mac []byte) (*Key, error) {
	if len(aesKey) != 16 && len(aesKey) != 24 && len(aesKey) != 32 {
		return nil, fmt.Errorf("the AES key has %d bits; 128, 192 and 256 are possible", 8*len(aesKey))
	}
	if len(mac) < 16 {
		return nil, fmt.Errorf("the HMAC key has %d bits; at least 128 are needed", 8*len(mac))
	}
	derived, err := hkdf.Key(sha256.New, aesKey, nil, "gale/leaf/1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key for sealing: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("derive the key for sealing: %w", err)
	}
	leaf, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("derive the key for sealing: %w", err)
	}
	return &Key{aes: aesKey, mac: mac, leaf: leaf}, nil
}

// ParseKey reads the JSON of a key file.
func ParseKey(data []byte) (*Key, error) {
	var f keyFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, gale.Errorf(gale.Invalid, "the key is not JSON of the expected form") // the cause could quote it
	}
	if f.Mode != "CBC" {
		return nil, gale.Errorf(gale.Invalid, "the key's mode is %q; only CBC is supported", f.Mode)
	}
	if f.Size < 128 {
		return nil, gale.Errorf(gale.Invalid, "the key's size is %d bits; at least 128 are needed", f.Size)
	}
	aesKey, err := decode64(f.AESKey)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "aesKeyString is not base64")
	}
	mac, err := decode64(f.HMACKey.String)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "hmacKeyString is not base64")
	}
	k, err := newKey(aesKey, mac)
	if err != nil {
		return nil, gale.Errorf(gale.Invalid, "%w", err)
	}
	return k, nil
}

// decode64 reads base64url with or without padding, blanks and line breaks.
func decode64(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		case '+':
			return '-'
		case '/':
			return '_'
		}
		return r
	}, s)
	return base64.RawURLEncoding.DecodeString(s)
}

// File returns the text of the key file.
func (k *Key) File() []byte {
	f := keyFile{AESKey: base64.RawURLEncoding.EncodeToString(k.aes), Mode: "CBC", Size: 8 * len(k.aes)}
	f.HMACKey.String, f.HMACKey.Size = base64.RawURLEncoding.EncodeToString(k.mac), 8*len(k.mac)
	text, err := json.Marshal(f)
	if err != nil {
		panic("secret: " + err.Error()) // a struct of strings and ints always has JSON
	}
	return append(text, '\n')
}

// String keeps the key out of %v.
func (k *Key) String() string { return "key " + k.Fingerprint() }

// GoString keeps the key out of %#v.
func (k *Key) GoString() string { return k.String() }

// Fingerprint names the key without telling it: 32 hex digits.
func (k *Key) Fingerprint() string {
	h := sha256.New()
	h.Write([]byte("gale/fingerprint/1"))
	h.Write(k.aes)
	h.Write(k.mac)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// ReadKey reads a key file. Its error is of kind gale.NotFound when there is
// no such file, gale.Invalid when it holds no key.
func ReadKey(path string) (*Key, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, gale.Errorf(gale.NotFound, "there is no key file %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key file: %w", err)
	}
	k, err := ParseKey(data)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return k, nil
}

// WriteFile writes a new key file that only its owner may read. It never
// replaces one: the old key may be all that opens somebody's data.
func (k *Key) WriteFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".key-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(k.File())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil { // unlike rename, fails when path exists
		if errors.Is(err, fs.ErrExist) {
			return gale.Errorf(gale.Conflict, "the key file %s exists already", path)
		}
		return fmt.Errorf("write the key file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// LoadKey returns the installation's key. When the store is new and there is
// no file, it makes both key and file; two processes that start at once get
// the same key.
func LoadKey(path string, newStore bool) (*Key, error) {
	k, err := ReadKey(path)
	if err == nil || gale.KindOf(err) != gale.NotFound {
		return k, err
	}
	if !newStore {
		return nil, gale.Errorf(gale.NotFound, "the key file %s is missing, and the store holds secrets that only it opens; "+
			"copy it there, with mode 0600, from the machine that made the store or from a backup", path)
	}
	if k, err = NewKey(); err != nil {
		return nil, err
	}
	if err := k.WriteFile(path); err != nil && gale.KindOf(err) != gale.Conflict {
		return nil, err
	}
	return ReadKey(path)
}

// CheckFingerprint returns an error that says what to do when the store was
// made with another key than k.
func (k *Key) CheckFingerprint(stored, path string) error {
	if stored == k.Fingerprint() {
		return nil
	}
	return gale.Errorf(gale.Conflict, "the store's secrets were made with key %s, but %s holds key %s; "+
		"copy the key file of that store there", stored, path, k.Fingerprint())
}
