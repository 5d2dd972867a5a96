package bench

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/galehq/gale/internal/rulematch"
)

var rulesRate = row{
	names: []string{"rules.rate"},
	doc: "events a second through 1,000 rules on one core: matching and rendering without the store; " +
		"10 rules a trigger type, one criterion each, one match with three templated parameters",
	run: func(ctx context.Context, e *env) ([]Result, error) {
		const types, rulesEach = 100, 10
		w := rulematch.NewWorkload(types, rulesEach, time.Now())
		previous := runtime.GOMAXPROCS(1)
		defer runtime.GOMAXPROCS(previous)
		n, began := 0, time.Now()
		for time.Since(began) < min(e.seconds, 5*time.Second) && ctx.Err() == nil {
			for range 100 {
				fired, err := w.Event(n)
				if err != nil {
					return nil, err
				}
				if fired != 1 {
					return nil, fmt.Errorf("%d rules fired, want 1", fired)
				}
				n++
			}
		}
		return []Result{{Name: "rules.rate", Value: float64(n) / time.Since(began).Seconds(), Unit: "1/s"}}, ctx.Err()
	},
}
