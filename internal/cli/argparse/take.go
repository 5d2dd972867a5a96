package argparse

import (
	"slices"
	"strings"
)

// option reads the option at the position with its words, and returns where
// they end.
func (l *line) option(at int) (int, error) {
	f := l.options[at]
	if f.arg == nil {
		l.extras = append(l.extras, l.words[at])
		return at + 1, nil
	}
	for f.explicit != nil {
		least, most := f.arg.bounds()
		if most != 0 {
			if least > 1 {
				return 0, l.p.argErrorf(f.arg, "expected %d arguments", least)
			}
			return at + 1, l.take(f.arg, []string{*f.explicit})
		}
		next, err := l.joined(f)
		if err != nil {
			return 0, err
		}
		if err := l.take(f.arg, nil); err != nil {
			return 0, err
		}
		if next.arg == nil {
			l.extras = append(l.extras, next.name)
			return at + 1, nil
		}
		f = next
	}
	n, err := l.optionWords(f.arg, at+1)
	if err != nil {
		return 0, err
	}
	return at + 1 + n, l.take(f.arg, l.words[at+1:at+1+n])
}

// joined reads -jd as -j -d: it returns the option behind a flag.
func (l *line) joined(f found) (found, error) {
	value := *f.explicit
	if strings.HasPrefix(f.name, "--") || value == "" || f.equals || value[0] == '-' {
		return f, l.p.argErrorf(f.arg, "ignored explicit argument %s", quote(value))
	}
	name := "-" + value[:1]
	a := exact(l.args, name)
	if a == nil {
		return found{name: "-" + value}, nil
	}
	next := found{arg: a, name: name}
	if rest := value[1:]; rest != "" {
		if rest[0] == '=' {
			next.equals, rest = true, rest[1:]
		}
		next.explicit = &rest
	}
	return next, nil
}

// optionWords counts the words that belong to an option.
func (l *line) optionWords(a *Arg, at int) (int, error) {
	least, most := a.bounds()
	n := 0
	for at+n < len(l.words) && (most < 0 || n < most) &&
		(l.pattern[at+n] == 'A' || a.NArgs == Rest) {
		n++
	}
	switch {
	case n >= least:
		return n, nil
	case a.NArgs == One:
		return 0, l.p.argErrorf(a, "expected one argument")
	case a.NArgs == Some:
		return 0, l.p.argErrorf(a, "expected at least one argument")
	case least == 1:
		return 0, l.p.argErrorf(a, "expected 1 argument")
	}
	return 0, l.p.argErrorf(a, "expected %d arguments", least)
}

// take carries out an argument with its words.
func (l *line) take(a *Arg, words []string) error {
	if err := l.exclude(a); err != nil {
		return err
	}
	l.seen[a] = true
	key := a.key()
	l.out.given[key] = true
	switch a.Action {
	case ShowHelp:
		return &HelpWanted{l.p.Help()}
	case StoreTrue, StoreFalse:
		l.out.values[key] = a.Action == StoreTrue
		return nil
	case StoreConst:
		l.out.values[key] = a.Const
		return nil
	case Count:
		n, _ := l.out.values[key].(int)
		l.out.values[key] = n + 1
		return nil
	}
	v, err := l.value(a, words)
	if err != nil {
		return err
	}
	if a.Action == Append {
		old, _ := l.out.values[key].([]any)
		v = append(slices.Clip(old), v)
	}
	l.out.values[key] = v
	return nil
}

func (l *line) exclude(a *Arg) error {
	if a.Exclusive == "" {
		return nil
	}
	if other := l.excluded[a.Exclusive]; other != nil && other != a {
		return l.p.argErrorf(a, "not allowed with argument %s", other.title())
	}
	l.excluded[a.Exclusive] = a
	return nil
}

// value converts words to what the argument keeps.
func (l *line) value(a *Arg, words []string) (any, error) {
	if a.NArgs == Optional && len(words) == 0 {
		if a.option() {
			return a.Const, nil
		}
		return l.standard(a)
	}
	list := make([]any, len(words))
	for i, w := range words {
		v, err := l.convert(a, w)
		if err != nil {
			return nil, err
		}
		list[i] = v
	}
	if a.NArgs == One || a.NArgs == Optional {
		return list[0], nil
	}
	if len(list) == 0 && a.Default != nil {
		return l.standard(a)
	}
	return list, nil
}

func (l *line) convert(a *Arg, word string) (any, error) {
	if len(a.Choices) > 0 && !slices.Contains(a.Choices, word) {
		return nil, l.p.argErrorf(a, "invalid choice: %s (choose from %s)%s", quote(word), quoteAll(a.Choices), didYouMean(word, a.Choices))
	}
	if a.Type == nil {
		return word, nil
	}
	v, err := a.Type.Parse(word)
	switch {
	case err == nil:
		return v, nil
	case a.Type.Name == "":
		return nil, l.p.argErrorf(a, "%s", err.Error())
	}
	return nil, l.p.argErrorf(a, "invalid %s value: %s", a.Type.Name, quote(word))
}

// standard is the default; a string goes through the type.
func (l *line) standard(a *Arg) (any, error) {
	if s, ok := a.Default.(string); ok && a.Type != nil {
		return l.convert(a, s)
	}
	return a.Default, nil
}
