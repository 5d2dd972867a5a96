package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/galehq/gale"
)

// What is kept in memory of snapshots and of facets.
const (
	snapshotCacheBytes = 8 << 20
	facetCacheBytes    = 1 << 20
)

type snapshot struct {
	digest string
	body   []byte
}

// PutSnapshot stores a text under the SHA-256 of its bytes, in hex, and
// returns that. Storing the same text again costs next to nothing.
func (tx *Tx) PutSnapshot(body []byte) (digest string, err error) {
	sum := sha256.Sum256(body)
	digest = hex.EncodeToString(sum[:])
	if _, known := tx.s.snapshots.get(digest); known {
		return digest, nil
	}
	err = tx.send("insert into snapshot (digest, body) values ($1, $2) on conflict do nothing", digest, string(body))
	if err != nil {
		return "", fmt.Errorf("insert snapshot: %w", err)
	}
	// It is known for good once this transaction is: see committed.
	tx.snapshots = append(tx.snapshots, snapshot{digest, bytes.Clone(body)})
	return digest, nil
}

// Snapshot returns the text stored under a digest, or gale.NotFound. The
// caller must not change it.
func (tx *Tx) Snapshot(digest string) ([]byte, error) {
	if body, ok := tx.s.snapshots.get(digest); ok {
		return body, nil
	}
	var body []byte
	found, err := tx.QueryRow("select body from snapshot where digest = $1", []any{digest}, &body)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, gale.Errorf(gale.NotFound, "snapshot %q does not exist", digest)
	}
	if tx.readOnly { // an Update may still take it back
		tx.s.snapshots.put(digest, body)
	}
	return body, nil
}

// PutResult stores the result of an execution that is too large for its row.
// A result that is there already is replaced.
func (tx *Tx) PutResult(executionID string, body []byte) error {
	if nestedTooDeeply(body) {
		return errNesting("result of execution " + executionID)
	}
	err := tx.send("insert into result (execution_id, body) values ($1, $2) on conflict (execution_id) do update set body = excluded.body",
		executionID, string(body))
	if err != nil {
		return fmt.Errorf("insert result of execution %s: %w", executionID, err)
	}
	return nil
}

// Result returns what PutResult stored, or gale.NotFound.
func (tx *Tx) Result(executionID string) ([]byte, error) {
	var body []byte
	found, err := tx.QueryRow("select body from result where execution_id = $1", []any{executionID}, &body)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, gale.Errorf(gale.NotFound, "execution %q has no stored result", executionID)
	}
	return body, nil
}

// DeleteResult removes a stored result, if there is one.
func (tx *Tx) DeleteResult(executionID string) error {
	return tx.send("delete from result where execution_id = $1", executionID)
}
