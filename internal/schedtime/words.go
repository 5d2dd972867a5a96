package schedtime

import (
	"math"
	"strconv"
	"strings"
	"time"
)

var (
	weekdays = names("mon monday", "tue tuesday", "wed wednesday", "thu thursday", "fri friday", "sat saturday", "sun sunday")
	months   = names("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
		"sep sept september", "oct october", "nov november", "dec december")
	units3  = names("h hour hours", "m minute minutes", "s second seconds")
	halves  = names("am a", "pm p")
	fillers = names(". , ; - / ' at on and ad m t of st nd rd th")
)

// names maps the words of each group to the group's number.
func names(groups ...string) map[string]int {
	out := map[string]int{" ": 0}
	for i, g := range groups {
		for _, w := range strings.Fields(g) {
			out[w] = i
		}
	}
	if len(groups) > 1 {
		delete(out, " ")
	}
	return out
}

func lookup(m map[string]int, token string) (int, bool) {
	v, ok := m[strings.ToLower(token)]
	return v, ok
}

func isFiller(token string) bool {
	_, ok := lookup(fillers, token)
	return ok
}

// words is a date text being understood, token by token.
type words struct {
	tokens []string
	ymd    numbers
	clock  [4]int // hour, minute, second, microsecond; -1 while unknown
	half   int    // 0 am, 1 pm, -1 unknown
	day    int    // of the week, 0 is Monday, -1 unknown
	zone   string
	offset int // seconds east of UTC
	zoned  bool
	thisYr int
}

const (
	hour = iota
	minute
	second
	micro
)

func parseWords(text string, now time.Time, zone *time.Location) (time.Time, bool) {
	w := &words{tokens: tokenize(text), clock: [4]int{-1, -1, -1, -1}, half: -1, day: -1, thisYr: now.Year()}
	w.ymd.year, w.ymd.month, w.ymd.date = -1, -1, -1
	for i := 0; i < len(w.tokens); i++ {
		next, ok := w.token(i)
		if !ok {
			return time.Time{}, false
		}
		i = next
	}
	return w.assemble(now, zone)
}

// at returns a token, or "" beyond the end.
func (w *words) at(i int) string {
	if i < 0 || i >= len(w.tokens) {
		return ""
	}
	return w.tokens[i]
}

// token understands the token at i and returns the index of the last token
// that it used.
func (w *words) token(i int) (last int, ok bool) {
	t := w.tokens[i]
	if t[0] >= '0' && t[0] <= '9' {
		return w.number(i)
	}
	if d, ok := lookup(weekdays, t); ok {
		w.day = d
		return i, true
	}
	if m, ok := lookup(months, t); ok {
		return w.month(i, m+1)
	}
	if h, ok := lookup(halves, t); ok {
		return i, w.setHalf(h)
	}
	if w.mayBeZone(t) {
		w.setZone(i)
		return i, true
	}
	if w.clock[hour] >= 0 && (t == "+" || t == "-") {
		return w.setOffset(i)
	}
	return i, isFiller(t)
}

// month handles Jan, Jan-01, Jan-01-99 and Jan of 01.
func (w *words) month(i, m int) (int, bool) {
	if !w.ymd.add(m, isMonth) {
		return i, false
	}
	switch sep := w.at(i + 1); {
	case sep == "-" || sep == "/":
		if !w.ymd.addText(w.at(i + 2)) {
			return i, false
		}
		i += 2
		if w.at(i+1) == sep {
			if !w.ymd.addText(w.at(i + 2)) {
				return i, false
			}
			i += 2
		}
	case sep == " " && strings.EqualFold(w.at(i+2), "of") && w.at(i+3) == " " && i+4 < len(w.tokens):
		if y, err := strconv.Atoi(w.at(i + 4)); err == nil {
			if !w.ymd.add(w.fullYear(y), isYear) {
				return i, false
			}
		}
		i += 4
	}
	return i, true
}

// fullYear puts a year of two digits within 50 years of this one.
func (w *words) fullYear(y int) int {
	if y >= 100 {
		return y
	}
	y += w.thisYr / 100 * 100
	switch {
	case y >= w.thisYr+50:
		y -= 100
	case y < w.thisYr-50:
		y += 100
	}
	return y
}

func (w *words) setHalf(h int) bool {
	if w.clock[hour] < 0 || w.clock[hour] > 12 {
		return false
	}
	w.clock[hour] = in24(w.clock[hour], h)
	w.half = h
	return true
}

func in24(h, half int) int {
	switch {
	case h < 12 && half == 1:
		return h + 12
	case h == 12 && half == 0:
		return 0
	}
	return h
}

func (w *words) mayBeZone(t string) bool {
	if w.clock[hour] < 0 || w.zone != "" || w.zoned || len(t) > 5 {
		return false
	}
	return t == "z" || strings.IndexFunc(t, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
}

// setZone takes a zone's name. With a number after it, GMT+3, the name is only
// decoration, and the sign is meant the other way round than in POSIX.
func (w *words) setZone(i int) {
	t := w.tokens[i]
	utc := t == "z" || t == "Z" || t == "UTC" || t == "GMT"
	w.zone = t
	if utc {
		w.zoned, w.offset = true, 0
	}
	switch w.at(i + 1) {
	case "+":
		w.tokens[i+1] = "-"
	case "-":
		w.tokens[i+1] = "+"
	default:
		return
	}
	w.zoned = false
	if utc {
		w.zone = ""
	}
}

// setOffset handles +0300, +03:00 and +3, and a zone's name in parentheses after it.
func (w *words) setOffset(i int) (int, bool) {
	sign := 1
	if w.tokens[i] == "-" {
		sign = -1
	}
	digits := w.at(i + 1)
	hours, minutes := digits, "0"
	last := i + 1
	switch {
	case len(digits) == 4:
		hours, minutes = digits[:2], digits[2:]
	case w.at(i+2) == ":":
		minutes = w.at(i + 3)
		last = i + 3
	case len(digits) > 2 || digits == "":
		return i, false
	}
	h, err1 := strconv.Atoi(hours)
	m, err2 := strconv.Atoi(minutes)
	if err1 != nil || err2 != nil || h < 0 || m < 0 || h > 1000 || m > 1000 {
		return i, false
	}
	w.zoned, w.offset = true, sign*(3600*h+60*m)
	if isFiller(w.at(last+1)) && w.at(last+2) == "(" && w.at(last+4) == ")" && len(w.at(last+3)) >= 3 {
		last += 4 // the name adds nothing to the number
	}
	return last, true
}

// assemble makes the moment of what was understood.
func (w *words) assemble(now time.Time, zone *time.Location) (time.Time, bool) {
	y, m, d, ok := w.ymd.resolve()
	if !ok || y < 0 && m < 0 && d < 0 && w.clock == [4]int{-1, -1, -1, -1} && w.day < 0 && !w.zoned && w.zone == "" {
		return time.Time{}, false
	}
	if y >= 0 && !w.ymd.century {
		y = w.fullYear(y)
	}
	year, month, day := or(y, now.Year()), or(m, int(now.Month())), d
	if month < 1 || month > 12 || year < 1 || year > 9999 {
		return time.Time{}, false
	}
	if day < 0 {
		day = min(now.Day(), daysIn(year, month))
	}
	c := clock{max(w.clock[hour], 0), max(w.clock[minute], 0), max(w.clock[second], 0), max(w.clock[micro], 0)}
	if !validDay(year, month, day) || c.hour > 23 || !c.valid() {
		return time.Time{}, false
	}
	if w.zoned && (w.zone == "" || w.zone == "z" || w.zone == "Z" || w.zone == "UTC" || w.zone == "GMT" || w.offset != 0) {
		zone = time.FixedZone("", w.offset)
		if w.offset <= -24*3600 || w.offset >= 24*3600 {
			return time.Time{}, false
		}
	}
	t := time.Date(year, time.Month(month), day, c.hour, c.minute, c.second, c.micro*1000, zone)
	if w.day >= 0 && d < 0 {
		ahead := (w.day - (int(t.Weekday())+6)%7 + 7) % 7
		t = time.Date(year, time.Month(month), day+ahead, c.hour, c.minute, c.second, c.micro*1000, zone)
	}
	return t, t.UTC().Year() >= 1 && t.UTC().Year() <= 9999
}

func or(v, otherwise int) int {
	if v < 0 {
		return otherwise
	}
	return v
}

// number understands a token of digits, perhaps with a point, by its length
// and by what stands around it.
func (w *words) number(i int) (last int, ok bool) {
	t := w.tokens[i]
	value, err := strconv.ParseFloat(t, 64)
	if err != nil || math.IsInf(value, 0) {
		return i, false
	}
	whole := !strings.Contains(t, ".")
	next := w.at(i + 1)
	_, unitNext := lookup(units3, next)
	switch n := len(t); {
	case len(w.ymd.list) == 3 && (n == 2 || n == 4) && w.clock[hour] < 0 && (next == "" || next != ":" && !unitNext):
		return i, whole && w.digits(t, hour, minute)
	case n == 6 || n > 6 && strings.IndexByte(t, '.') == 6:
		if len(w.ymd.list) == 0 && whole {
			return i, w.ymd.addText(t[:2]) && w.ymd.addText(t[2:4]) && w.ymd.addText(t[4:])
		}
		return i, w.digits(t[:4], hour, minute) && w.seconds(t[4:])
	case n == 8 || n == 12 || n == 14:
		return i, whole && w.ymd.put(atoi(t[:4]), isYear) && w.century() && w.ymd.addText(t[4:6]) && w.ymd.addText(t[6:8]) &&
			w.digits(t[8:], hour, minute, second)
	}
	if at := w.unitAt(i); at >= 0 {
		return w.withUnit(i, at, t, value)
	}
	if next == ":" && i+2 < len(w.tokens) {
		return w.withColon(i, value)
	}
	if next == "-" || next == "/" || next == "." {
		return w.withSeparator(i, t)
	}
	return w.alone(i, value)
}

func (w *words) century() bool {
	w.ymd.century = true
	return true
}

func atoi(s string) int {
	v, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return v
}

// digits stores pairs of digits in parts of the clock.
func (w *words) digits(s string, parts ...int) bool {
	for _, p := range parts {
		if s == "" {
			return true
		}
		if len(s) < 2 || atoi(s[:2]) < 0 {
			return false
		}
		w.clock[p] = atoi(s[:2])
		s = s[2:]
	}
	return s == ""
}

// seconds stores 28 or 28.5.
func (w *words) seconds(s string) bool {
	before, after, dotted := strings.Cut(s, ".")
	w.clock[second], w.clock[micro] = atoi(before), 0
	if dotted {
		w.clock[micro] = atoi((after + "000000")[:6])
	}
	return w.clock[second] >= 0 && w.clock[micro] >= 0
}

// unitAt finds the h, m or s that belongs to the number at i, -1 for none: it
// follows, perhaps after a blank, or it precedes (12h04).
func (w *words) unitAt(i int) int {
	is := func(j int) bool {
		_, ok := lookup(units3, w.at(j))
		return ok
	}
	switch {
	case is(i + 1):
		return i + 1
	case w.at(i+1) == " " && is(i+2):
		return i + 2
	case i > 0 && is(i-1):
		return i - 1
	case i > 1 && i == len(w.tokens)-1 && w.at(i-1) == " " && is(i-2):
		return i - 2
	}
	return -1
}

func (w *words) withUnit(i, at int, t string, value float64) (int, bool) {
	unit, _ := lookup(units3, w.tokens[at])
	last := max(i, at)
	if at < i {
		unit++
	}
	switch unit {
	case 0:
		w.clock[hour] = int(value)
		if part := math.Mod(value, 1); part != 0 {
			w.clock[minute] = int(60 * part)
		}
	case 1:
		w.minutes(value)
	case 2:
		return last, w.seconds(t)
	}
	return last, true
}

func (w *words) minutes(value float64) {
	w.clock[minute], w.clock[second] = int(value), -1
	if part := math.Mod(value, 1); part != 0 {
		w.clock[second] = int(60*part + 1e-9)
	}
}

// withColon handles HH:MM and HH:MM:SS.
func (w *words) withColon(i int, value float64) (int, bool) {
	m, err := strconv.ParseFloat(w.at(i+2), 64)
	if err != nil || !isDigit(rune(w.at(i + 2)[0])) {
		return i, false
	}
	w.clock[hour] = int(value)
	w.minutes(m)
	if i+4 < len(w.tokens) && w.at(i+3) == ":" {
		return i + 4, w.seconds(w.at(i + 4))
	}
	return i + 2, true
}

// withSeparator handles 25/11, 25/11/2026 and 25-Nov-2026.
func (w *words) withSeparator(i int, t string) (int, bool) {
	sep := w.at(i + 1)
	if !w.ymd.addText(t) {
		return i, false
	}
	if i+2 >= len(w.tokens) || isFiller(w.at(i+2)) {
		return i + 1, true
	}
	if !w.numberOrMonth(w.at(i + 2)) {
		return i, false
	}
	if w.at(i+3) != sep {
		return i + 2, true
	}
	return i + 4, w.numberOrMonth(w.at(i + 4))
}

func (w *words) numberOrMonth(t string) bool {
	if m, ok := lookup(months, t); ok {
		return w.ymd.add(m+1, isMonth)
	}
	return w.ymd.addText(t)
}

// alone handles a number without anything that explains it.
func (w *words) alone(i int, value float64) (int, bool) {
	next := w.at(i + 1)
	if i+1 >= len(w.tokens) || isFiller(next) {
		if half, ok := lookup(halves, w.at(i+2)); ok {
			w.clock[hour] = in24(int(value), half)
			return i + 2, true
		}
		return i + 1, value < 1e6 && w.ymd.add(int(value), unlabelled)
	}
	if half, ok := lookup(halves, next); ok && value < 24 {
		w.clock[hour] = in24(int(value), half)
		return i + 1, true
	}
	return i, w.ymd.mayBeDay(value) && w.ymd.add(int(value), unlabelled)
}
