package trigger

import (
	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/schema"
	"github.com/galehq/gale/py"
)

// CheckParameters checks the parameters of a trigger against its type's schema.
func CheckParameters(typ *gale.TriggerType, parameters *py.Dict) error {
	return check(typ.ParametersSchema, parameters)
}

// CheckPayload checks a payload against the schema of its trigger's type.
// Defaults count as given, and the payload itself is dispatched as it came.
func CheckPayload(typ *gale.TriggerType, payload *py.Dict) error {
	return check(typ.PayloadSchema, payload)
}

func check(doc, values *py.Dict) error {
	if doc.Len() == 0 {
		return nil
	}
	if values == nil {
		values = py.NewDict(0)
	}
	_, err := schema.Complete(doc, values)
	return err
}
