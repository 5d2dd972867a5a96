package pyre_test

import (
	"fmt"

	"github.com/galehq/gale/pyre"
)

func Example() {
	p, err := pyre.Compile(`(?P<user>\w+)@(?P<host>[\w.]+)`, pyre.IgnoreCase)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, _ := p.Search("mail from alice@example.org")
	user, _ := m.GroupNamed("user")
	fmt.Println(user, m.Start(0))

	masked, _ := p.Sub(`\g<user>@...`, "alice@example.org, bob@example.net", 0)
	fmt.Println(masked)

	_, err = pyre.Compile(`(a`, 0)
	fmt.Println(err)
	// Output:
	// alice 10
	// alice@..., bob@...
	// re.error: missing ), unterminated subpattern at position 0
}
