package trigger

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the uid's format asks for it; secrets are hashed with a key
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/internal/secret"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func rulePlace(ref string) secret.Place { return secret.Place{Table: "rule.trigger", ID: ref} }
func place(id string) secret.Place      { return secret.Place{Table: "trigger.parameters", ID: id} }

// SealRule seals what a rule gives to secret parameters of its trigger type. A
// type that is not there yet has no schema to go by; saving the rule again
// once it is seals them.
func SealRule(tx *store.Tx, key *secret.Key, r *gale.Rule) error {
	secrets, err := parameterSecrets(tx, r.Trigger.Type, r.Trigger.Parameters)
	if err != nil {
		return err
	}
	r.Trigger.Parameters, err = secret.SealDict(key, rulePlace(r.Ref), r.Trigger.Parameters, secrets)
	return err
}

// OpenRule is the reverse of SealRule.
func OpenRule(key *secret.Key, r *gale.Rule) error {
	clear, err := secret.OpenDict(key, rulePlace(r.Ref), r.Trigger.Parameters)
	r.Trigger.Parameters = clear
	return err
}

// Seal seals the secret parameters of a trigger that has an id.
func Seal(tx *store.Tx, key *secret.Key, t *gale.Trigger) error {
	secrets, err := parameterSecrets(tx, t.Type, t.Parameters)
	if err != nil {
		return err
	}
	t.Parameters, err = secret.SealDict(key, place(t.ID), t.Parameters, secrets)
	return err
}

// Open is the reverse of Seal.
func Open(key *secret.Key, t *gale.Trigger) error {
	clear, err := secret.OpenDict(key, place(t.ID), t.Parameters)
	t.Parameters = clear
	return err
}

// ParametersKey identifies a set of trigger parameters in clear: the MD5, in
// hex, of its JSON with sorted keys. Types matter (5 and "5" differ), order
// does not. Where the type calls one of them secret, the hash is a keyed one
// of the same length: the uid is for everybody, and must not let secrets be
// guessed.
func ParametersKey(tx *store.Tx, key *secret.Key, typeRef string, parameters *py.Dict) (string, error) {
	text, err := py.JSONFormat{SortKeys: true, ASCII: true, Spaces: true}.Append(nil, parameters)
	if err != nil {
		return "", fmt.Errorf("trigger parameters: %w", err)
	}
	secrets, err := parameterSecrets(tx, typeRef, parameters)
	if err != nil {
		return "", err
	}
	if len(secrets) == 0 {
		sum := md5.Sum(text) //nolint:gosec
		return hex.EncodeToString(sum[:]), nil
	}
	derived, err := key.Derive("trigger parameters")
	if err != nil {
		return "", err
	}
	h := hmac.New(sha256.New, derived)
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil)[:md5.Size]), nil
}

// parameterSecrets is where a trigger type has secrets in parameters; of a type
// that is not there nobody knows.
func parameterSecrets(tx *store.Tx, typeRef string, parameters *py.Dict) ([]schema.Path, error) {
	if parameters.Len() == 0 {
		return nil, nil
	}
	typ, err := store.TriggerTypes.By(tx, "ref", typeRef)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil, nil
		}
		return nil, err
	}
	return schema.Secrets(typ.ParametersSchema, parameters), nil
}
