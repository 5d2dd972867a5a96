package expr

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/galehq/gale/py"
)

// toHumanTime writes a number of seconds as 1h3m5s. Years are those of the calendar from the year 1 on, and months
// are left out, as in the original: 40 days are 9d0h0m0s.
func toHumanTime(_ Caller, args []any) (any, error) {
	switch args[0].(type) {
	case bool, int64, *big.Int, float64:
	default:
		return nil, &py.Error{Class: "AssertionError"}
	}
	if py.Equal(args[0], int64(0)) {
		return "0s", nil
	}
	if below, err := py.Compare(args[0], int64(1)); err == nil && below < 0 {
		return py.Str(args[0]) + "\u03bcs", nil
	}
	rounded, err := py.Round(args[0], nil)
	if err != nil {
		return nil, err
	}
	seconds, ok := rounded.(int64)
	if b, isBool := args[0].(bool); isBool && b {
		seconds, ok = 1, true
	}
	const lastDay = 3652059 // of the year 9999, counted from the year 1
	if !ok || seconds >= lastDay*86400 {
		return nil, py.Errorf("OverflowError", "date value out of range")
	}
	return humanTime(seconds), nil
}

func humanTime(seconds int64) string {
	at := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(seconds/86400))
	rest := seconds % 86400
	parts := []int64{int64(at.Year() - 1), int64(at.Day() - 1), rest / 3600, rest / 60 % 60, rest % 60}
	units := "ydhms"
	var b strings.Builder
	for i, n := range parts {
		if n == 0 && b.Len() == 0 && i < len(parts)-1 {
			continue
		}
		b.WriteString(strconv.FormatInt(n, 10))
		b.WriteByte(units[i])
	}
	return b.String()
}
