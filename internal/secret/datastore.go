package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the format of keyczar has HMAC-SHA1, which is unbroken
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/galehq/gale"
)

const (
	headerSize = 5
	macSize    = sha1.Size
)

var header = []byte("00000")

// Encrypt returns the ciphertext of a datastore item: the upper-case hex of
// header, IV, AES-CBC and HMAC.
func (k *Key) Encrypt(plain string) (string, error) {
	iv := make([]byte, aes.BlockSize)
	if _, err := rand.Read(iv); err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	return k.encrypt(plain, iv)
}

func (k *Key) encrypt(plain string, iv []byte) (string, error) {
	block, err := aes.NewCipher(k.aes)
	if err != nil {
		return "", fmt.Errorf("encrypt: %w", err)
	}
	n := aes.BlockSize - len(plain)%aes.BlockSize
	body := append([]byte(plain), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(body, body)
	out := bytes.Join([][]byte{header, iv, body}, nil)
	out = append(out, k.sum(out)...)
	return strings.ToUpper(hex.EncodeToString(out)), nil
}

func (k *Key) sum(data []byte) []byte {
	h := hmac.New(sha1.New, k.mac)
	h.Write(data)
	return h.Sum(nil)
}

// Decrypt returns the text of a datastore item's ciphertext. Its error is of
// kind gale.Invalid: the text is no ciphertext, or one made with another key.
func (k *Key) Decrypt(ciphertext string) (string, error) {
	raw, err := hex.DecodeString(ciphertext)
	if err != nil {
		return "", gale.Errorf(gale.Invalid, "the value is not hexadecimal text, so it was not encrypted here")
	}
	if len(raw) < headerSize+aes.BlockSize+macSize {
		return "", gale.Errorf(gale.Invalid, "the value is too short to be encrypted text")
	}
	signed, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	if !hmac.Equal(k.sum(signed), mac) {
		return "", gale.Errorf(gale.Invalid, "the value was encrypted with another key, or is damaged")
	}
	iv, body := signed[headerSize:headerSize+aes.BlockSize], signed[headerSize+aes.BlockSize:]
	if len(body) == 0 || len(body)%aes.BlockSize != 0 {
		return "", gale.Errorf(gale.Invalid, "the encrypted value has an impossible length")
	}
	block, err := aes.NewCipher(k.aes)
	if err != nil {
		return "", fmt.Errorf("decrypt: %w", err)
	}
	plain := make([]byte, len(body))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, body)
	return unpad(plain)
}

func unpad(plain []byte) (string, error) {
	n := int(plain[len(plain)-1])
	if n == 0 || n > aes.BlockSize || !bytes.HasSuffix(plain, bytes.Repeat([]byte{byte(n)}, n)) {
		return "", gale.Errorf(gale.Invalid, "the encrypted value is damaged")
	}
	plain = plain[:len(plain)-n]
	if !utf8.Valid(plain) {
		return "", gale.Errorf(gale.Invalid, "the encrypted value is not UTF-8 text")
	}
	return string(plain), nil
}
