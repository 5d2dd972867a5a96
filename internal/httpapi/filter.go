package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/galehq/gale"
)

var errTimeFormat = &Error{Status: http.StatusBadRequest, Fault: "Datetime value does not match expected format."}

// ParseTime reads a time as filters and bodies write it: date, T or a blank,
// time, no or three to six decimals, and a zone that says UTC.
func ParseTime(text string) (gale.Time, error) {
	const layout = "2006-01-02T15:04:05"
	if len(text) <= len(layout) || text[10] != 'T' && text[10] != ' ' {
		return 0, errTimeFormat
	}
	head, rest := text[:10]+"T"+text[11:len(layout)], text[len(layout):]
	if frac, ok := strings.CutPrefix(rest, "."); ok {
		n := digits(frac)
		if n < 3 || n > 6 {
			return 0, errTimeFormat
		}
		head += "." + frac[:n]
		rest = frac[n:]
	}
	if rest != "Z" && rest != "+00" && rest != "+0000" && rest != "+00:00" {
		return 0, errTimeFormat
	}
	t, err := time.Parse(layout, head) // takes decimals too
	if err != nil {
		return 0, errTimeFormat
	}
	return gale.TimeOf(t), nil
}

// digits returns how many digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// TimeRange is the times from From to To, both included. Desc says that the
// range was given the other way round, which asks for the newest first.
type TimeRange struct {
	From, To gale.Time
	Desc     bool
}

// ParseTimeRange reads "time" or "time..time".
func ParseTimeRange(text string) (TimeRange, error) {
	a, b, isRange := strings.Cut(text, "..")
	from, err := ParseTime(a)
	if err != nil {
		return TimeRange{}, err
	}
	if !isRange {
		return TimeRange{From: from, To: from}, nil
	}
	to, err := ParseTime(b)
	if err != nil {
		return TimeRange{}, err
	}
	if from > to {
		return TimeRange{From: to, To: from, Desc: true}, nil
	}
	return TimeRange{From: from, To: to}, nil
}

// IsNull reports whether the value of a filter asks for an absent field.
func IsNull(text string) bool { return strings.EqualFold(text, "null") }

const idLength = 24

// ValidID reports whether text has the form of an id: 24 hexadecimal digits.
func ValidID(text string) bool {
	if len(text) != idLength {
		return false
	}
	for i := range len(text) {
		if !isHex(text[i]) {
			return false
		}
	}
	return true
}

// ParseIDs checks the ids of a filter and returns them in lower case. Ids in a
// path are not for this: a wrong one there is simply not found.
func ParseIDs(list []string) ([]string, error) {
	out := make([]string, len(list))
	for i, id := range list {
		if !ValidID(id) {
			return nil, Errorf(http.StatusBadRequest, "'%s' is not a valid ObjectId, it must be a 12-byte input or a 24-character hex string", id)
		}
		out[i] = strings.ToLower(id)
	}
	return out, nil
}

// maxItems is how many values a parameter of type string may list.
const maxItems = 100

// SplitList splits a parameter of type string that takes a list.
func SplitList(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	list := strings.Split(text, ",")
	if len(list) > maxItems {
		return nil, Errorf(http.StatusBadRequest, "Maximum of %d items can be provided for a query parameter value", maxItems)
	}
	return list, nil
}

// ParseBool reads the boolean of a filter that is declared as a string.
func ParseBool(text string) (bool, error) {
	switch text {
	case "1", "true", "True":
		return true, nil
	case "0", "false", "False":
		return false, nil
	}
	return false, Errorf(http.StatusBadRequest, `Invalid bool representation "%s" provided.`, text)
}
