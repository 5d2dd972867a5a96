package params

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/py"
)

// Reader reads the datastore. name is the key as users know it; for
// gale.ScopeUser it is an item of the user. Secret items come as ciphertext.
type Reader interface {
	ReadKey(scope, user, name string) (value string, found bool, err error)
}

// Datastore is the variable st2kv: each item is read when its text is needed,
// at most once. Make one for each event or request; it serves one goroutine.
// The nil Datastore has no items.
type Datastore struct {
	reader Reader
	user   string
	read   map[[2]string]string
	err    error
	vars   *py.Dict
}

// NewDatastore returns the datastore as a user sees it.
func NewDatastore(reader Reader, user string) *Datastore {
	return &Datastore{reader: reader, user: user}
}

// User returns whose items an execution with this context sees: those of
// api_user, else of user, else of the system user.
func User(context *py.Dict, systemUser string) string {
	for _, key := range []string{"api_user", "user"} {
		v, ok := context.GetString(key)
		if s, isText := v.(string); ok && isText && s != "" {
			return s
		}
	}
	return systemUser
}

// Vars returns the value of the variable st2kv.
func (d *Datastore) Vars() *py.Dict {
	if d == nil {
		return noItems
	}
	if d.vars == nil {
		d.vars = scopes(d)
	}
	return d.vars
}

var noItems = scopes(nil)

func scopes(d *Datastore) *py.Dict {
	return py.DictOf("system", &Item{d, gale.ScopeSystem, ""}, "user", &Item{d, gale.ScopeUser, ""})
}

// Err returns the first error that reading an item met. Templates cannot see
// it: to them the item is empty. It says that the datastore is out of reach,
// not that a template is wrong, so whoever renders asks at the end.
func (d *Datastore) Err() error {
	if d == nil {
		return nil
	}
	return d.err
}

// Value returns the text of an item and whether there is one.
func (d *Datastore) Value(scope, name string) (text string, found bool) {
	if d == nil || d.reader == nil || name == "" {
		return "", false
	}
	key := [2]string{scope, name}
	if text, ok := d.read[key]; ok {
		return text, text != ""
	}
	text, found, err := d.reader.ReadKey(scope, d.user, name)
	if err != nil {
		if d.err == nil {
			d.err = err
		}
		return "", false
	}
	if d.read == nil {
		d.read = map[[2]string]string{}
	}
	d.read[key] = text
	return text, found
}

// Item is st2kv.system.NAME in a template: an object that is always true, is
// no string, and prints as the item's value, or as nothing if there is none.
// Each further step of the path adds to the name, joined by a dot.
type Item struct {
	store *Datastore
	scope string
	name  string
}

// PyNumber implements py.Numberer: int and float read the item's text.
func (i *Item) PyNumber() string { return i.PyStr() }

func (i *Item) step(name string) *Item {
	if i.name != "" {
		name = i.name + "." + name
	}
	return &Item{i.store, i.scope, name}
}

// PyAttr implements py.Attrer.
func (i *Item) PyAttr(name string) (any, bool) { return i.step(name), true }

// PyItem implements py.Itemer.
func (i *Item) PyItem(key any) (any, error) { return i.step(py.Str(key)), nil }

// PyStr implements py.Strer.
func (i *Item) PyStr() string {
	text, _ := i.store.Value(i.scope, i.name)
	return text
}

// PyRepr implements py.Reprer.
func (i *Item) PyRepr() string { return "<KeyValueLookup " + i.KeyName() + ">" }

// PyType implements py.Typer.
func (i *Item) PyType() string { return "KeyValueLookup" }

// PyTruth implements py.Truther.
func (i *Item) PyTruth() bool { return true }

// KeyName implements expr.KeyLookup.
func (i *Item) KeyName() string {
	if i.name == "" {
		return i.scope
	}
	return i.scope + "." + i.name
}
