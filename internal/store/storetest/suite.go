package storetest

import "testing"

// Run checks that the stores of a backend keep the promises of package store.
func Run(t *testing.T, b Backend) {
	groups := []struct {
		name  string
		tests []namedTest
	}{
		{"documents", documentTests},
		{"transactions", transactionTests},
		{"queue", queueTests},
		{"work", workTests},
		{"log", logTests},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, test := range g.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, b)
				})
			}
		})
	}
}

type namedTest struct {
	name string
	run  func(t *testing.T, b Backend)
}
