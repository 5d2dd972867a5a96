package auth

import (
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// A check for a user who does not exist must take as long as any other.
func TestNobodysHashCostsAsMuchAsOthers(t *testing.T) {
	got, err := bcrypt.Cost([]byte(nobody))
	if err != nil || got != bcrypt.DefaultCost {
		t.Errorf("cost: got %d, %v; want %d", got, err, bcrypt.DefaultCost)
	}
}
