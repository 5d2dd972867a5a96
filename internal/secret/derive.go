package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/galehq/gale/py"
)

// Derive returns 32 bytes for one purpose, named by label, that tell nothing
// of the key or of what is derived for another purpose.
func (k *Key) Derive(label string) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, k.aes, nil, label, 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key for %s: %w", label, err)
	}
	return derived, nil
}

// MaskSealedJSON is MaskSealed for a document that is JSON text already. A
// text without anything sealed is returned as it is.
func MaskSealedJSON(text []byte) ([]byte, error) {
	if !bytes.Contains(text, []byte(sealedKey)) {
		return text, nil
	}
	v, err := py.DecodeJSON(text)
	if err != nil {
		return nil, err
	}
	return py.AppendJSON(nil, MaskSealed(v))
}
