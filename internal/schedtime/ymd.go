package schedtime

import (
	"strconv"
	"strings"
)

// numbers are the parts of a date in the order in which they came.
type numbers struct {
	list              []int
	year, month, date int // indices of those that are known, -1 else
	century           bool
}

type label int

const (
	unlabelled label = iota
	isYear
	isMonth
	isDay
)

func (n *numbers) add(v int, l label) bool {
	if v > 100 && l != isMonth {
		n.century = true
		l = isYear
	}
	return n.put(v, l)
}

// addText adds digits; more than two are a year.
func (n *numbers) addText(s string) bool {
	v, err := strconv.Atoi(s)
	if err != nil || v < 0 {
		return false
	}
	if len(s) > 2 {
		n.century = true
		return n.put(v, isYear)
	}
	return n.put(v, unlabelled)
}

func (n *numbers) put(v int, l label) bool {
	at := len(n.list)
	n.list = append(n.list, v)
	var index *int
	switch l {
	case unlabelled:
		return true
	case isYear:
		index = &n.year
	case isMonth:
		index = &n.month
	case isDay:
		index = &n.date
	}
	if *index >= 0 {
		return false
	}
	*index = at
	return true
}

// mayBeDay reports whether v could be the day, given what is known.
func (n *numbers) mayBeDay(v float64) bool {
	limit := 31
	switch {
	case n.date >= 0:
		return false
	case n.month >= 0 && n.year >= 0:
		limit = daysIn(n.list[n.year], n.list[n.month])
	case n.month >= 0:
		limit = daysIn(2000, n.list[n.month])
	}
	return v >= 1 && v <= float64(limit)
}

// resolve says which number is the year, the month and the day; -1 for absent.
func (n *numbers) resolve() (y, m, d int, ok bool) {
	if len(n.list) > 3 {
		return 0, 0, 0, false
	}
	order := n.order()
	out := map[byte]int{'y': -1, 'm': -1, 'd': -1}
	for i := range n.list {
		out[order[i]] = n.list[i]
	}
	return out['y'], out['m'], out['d'], true
}

// order returns a letter for each number of the list.
func (n *numbers) order() string {
	known := n.known()
	if count := 3 - strings.Count(known, "?") - (3 - len(known)); len(n.list) > 0 && (count == len(n.list) || len(n.list) == 3 && count == 2) {
		return complete(known)
	}
	big := func(i int) bool { return n.list[i] > 31 }
	switch len(n.list) {
	case 0:
		return ""
	case 1:
		return pick(n.month == 0, "m", pick(big(0), "y", "d"))
	case 2:
		switch {
		case n.month == 0:
			return pick(big(1), "my", "md")
		case n.month == 1:
			return pick(big(0), "ym", "dm")
		}
		return pick(big(0), "ym", pick(big(1), "my", "md"))
	}
	switch n.month {
	case 0:
		return pick(big(1), "myd", "mdy")
	case 1:
		return pick(big(0), "ymd", "dmy")
	case 2:
		return pick(big(1), "dym", "ydm")
	}
	return pick(big(0) || n.year == 0, "ymd", pick(n.list[0] > 12, "dmy", "mdy"))
}

// known writes the letters of the labelled numbers, ? for the others.
func (n *numbers) known() string {
	out := []byte(strings.Repeat("?", len(n.list)))
	for c, i := range map[byte]int{'y': n.year, 'm': n.month, 'd': n.date} {
		if i >= 0 {
			out[i] = c
		}
	}
	return string(out)
}

// complete fills a single gap of three.
func complete(known string) string {
	for _, c := range "ymd" {
		if !strings.ContainsRune(known, c) {
			return strings.Replace(known, "?", string(c), 1)
		}
	}
	return known
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}
