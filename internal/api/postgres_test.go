package api_test

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/internal/store/storetest"
)

// TestOnPostgreSQL repeats what depends on the store. There a function given
// to Update may run twice, and nothing may be left of its first run.
func TestOnPostgreSQL(t *testing.T) {
	backend := storetest.Postgres()
	openStore = func(tb testing.TB, _ string) *store.Store { return backend.Open(tb, store.Config{}) }
	defer func() { openStore = openSQLite }()
	for _, test := range []func(*testing.T){
		TestSecretsOfExecutions, TestListOfExecutions, TestCancel, TestRerun, TestChildrenAreListedDepthFirst, TestValuesToFilterBy,
		TestAWebhookBecomesAnEvent, TestTheGenericHookSealsSecrets, TestARuleIsMadeWithItsTrigger, TestAWholeRuleCanBeSentBack,
		TestEnforcements, TestTriggersAndTheirTypes, TestListsOfInstances, TestAnActionIsMadeWithItsFiles, TestAWholeActionCanBeSentBack,
		TestViewsOfActions, TestRunnersSensorsAndPolicies, TestDatastoreItems, TestANameWithANULIsRefused, TestSecretItems, TestListsOfItems, TestLogin, TestAPIKeys,
		TestUsers, TestConfigs, TestRegister,
	} {
		name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
		t.Run(name[strings.LastIndex(name, ".Test")+len(".Test"):], test)
	}
}

// A search that finds nothing must be able to find something.
func TestPlacesFindWhatIsThere(t *testing.T) {
	s := newSite(t)
	s.call("PUT", "/api/v1/keys/k", `{"name": "k", "value": "in plain sight"}`).is(200)
	if len(s.places("in plain sight")) == 0 {
		t.Error("a value that is stored in clear is not found")
	}
}
