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
	schema, err := parametersSchema(tx, r.Trigger.Type)
	if err != nil {
		return err
	}
	r.Trigger.Parameters, err = sealParameters(key, rulePlace(r.Ref), schema, r.Trigger.Parameters)
	return err
}

// OpenRule is the reverse of SealRule.
func OpenRule(key *secret.Key, r *gale.Rule) error {
	clear, err := openParameters(key, rulePlace(r.Ref), r.Trigger.Parameters)
	r.Trigger.Parameters = clear
	return err
}

// Seal seals the secret parameters of a trigger that has an id.
func Seal(tx *store.Tx, key *secret.Key, t *gale.Trigger) error {
	schema, err := parametersSchema(tx, t.Type)
	if err != nil {
		return err
	}
	t.Parameters, err = sealParameters(key, place(t.ID), schema, t.Parameters)
	return err
}

// Open is the reverse of Seal.
func Open(key *secret.Key, t *gale.Trigger) error {
	clear, err := openParameters(key, place(t.ID), t.Parameters)
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
	doc, err := parametersSchema(tx, typeRef)
	if err != nil {
		return "", err
	}
	if doc.Len() == 0 || len(schema.Secrets(doc, parameters)) == 0 {
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

// parametersSchema is that of a trigger type; nil of one that is not there.
func parametersSchema(tx *store.Tx, typeRef string) (*py.Dict, error) {
	typ, err := store.TriggerTypes.By(tx, "ref", typeRef)
	if err != nil {
		if gale.KindOf(err) == gale.NotFound {
			return nil, nil
		}
		return nil, err
	}
	return typ.ParametersSchema, nil
}

func sealParameters(key *secret.Key, at secret.Place, doc, parameters *py.Dict) (*py.Dict, error) {
	if doc.Len() == 0 || parameters.Len() == 0 {
		return parameters, nil
	}
	sealed, err := secret.Seal(key, at, any(parameters), schema.Secrets(doc, parameters))
	if err != nil {
		return nil, fmt.Errorf("seal %s of %s: %w", at.Table, at.ID, err)
	}
	return sealed.(*py.Dict), nil
}

func openParameters(key *secret.Key, at secret.Place, parameters *py.Dict) (*py.Dict, error) {
	if parameters.Len() == 0 || !secret.HasSealed(parameters) {
		return parameters, nil
	}
	opened, err := secret.Open(key, at, any(parameters))
	if err != nil {
		return nil, err
	}
	return opened.(*py.Dict), nil
}
