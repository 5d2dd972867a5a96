package server

import (
	"context"
	"errors"
	"fmt"
	"html/template"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/store"
)

// errSetupGone says that the single-use link works no more.
var errSetupGone = errors.New("this link was used or has expired")

func (p *Process) checkSetup(ctx context.Context, token string) error {
	return gone(p.Store.View(ctx, func(tx *store.Tx) error {
		_, err := auth.SetupValid(tx, token)
		return err
	}))
}

func gone(err error) error {
	if gale.KindOf(err) == gale.Unauthenticated && err != nil {
		return fmt.Errorf("%w; on the server's machine `gale user add NAME --admin` makes one", errSetupGone)
	}
	return err
}

// useSetup makes the first person's user; the link then works no more.
func (p *Process) useSetup(ctx context.Context, token, name, password, again string) error {
	if err := p.checkSetup(ctx, token); err != nil {
		return err
	}
	if password != again {
		return errors.New("the two passwords differ")
	}
	hash, err := auth.Hash(password)
	if err != nil {
		return err
	}
	return gone(p.Store.Update(ctx, func(tx *store.Tx) error { return auth.Setup(tx, token, name, hash) }))
}

type setupPage struct {
	Name    string
	Problem string
	Gone    bool
	Done    bool
}

var setupTemplate = template.Must(template.New("setup").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Set up Gale</title>
<style>
 :root { color-scheme: light dark }
 body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 12vh auto; padding: 0 1rem }
 label { display: block; margin: 1rem 0 }
 input { display: block; width: 100%; box-sizing: border-box; font: inherit; padding: .5rem; margin-top: .25rem }
 button { font: inherit; padding: .5rem 1rem }
 .problem { border-left: .25rem solid #c33; padding-left: .75rem }
</style>
<h1>{{if .Done}}Welcome, {{.Name}}{{else}}Set up Gale{{end}}</h1>
{{if .Problem}}<p class="problem" role="alert">{{.Problem}}</p>{{end}}
{{if .Done}}<p>You are an administrator. Log in on any machine with<br><code>gale login {{.Name}}</code></p>
{{else if not .Gone}}<form method="post">
 <label>Your name <input name="name" value="{{.Name}}" required autofocus autocomplete="username" maxlength="128"></label>
 <label>Password <input name="password" type="password" required minlength="8" maxlength="72" autocomplete="new-password"></label>
 <label>Once more <input name="again" type="password" required minlength="8" maxlength="72" autocomplete="new-password"></label>
 <button>Make the first administrator</button>
</form>{{end}}
</html>
`))
