package api

import (
	"net/http"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/auth"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/internal/store"
	"github.com/galehq/gale/py"
)

func (s *Service) userHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"users.list":         s.listUsers,
		"users.create":       s.createUser,
		"users.delete":       s.deleteUser,
		"users.set_password": s.setPassword,
	}
}

// showUser is what anybody is told of a user: never the password's hash.
func showUser(u *gale.User) *py.Dict {
	return py.DictOf("id", u.ID, "name", u.Name, "is_admin", u.IsAdmin, "is_service", u.IsService,
		"has_password", u.PasswordHash != "", "created", u.Created.String())
}

func (s *Service) listUsers(r *httpapi.Request) (*httpapi.Response, error) {
	l := &listing[gale.User]{table: store.Users, order: []string{"name"},
		show: func(_ *listed, u *gale.User) (*py.Dict, error) { return showUser(u), nil }}
	return l.serve(s, r)
}

func (s *Service) createUser(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	hash := ""
	if password := text(body, "password"); password != "" {
		if hash, err = s.hash(r, password); err != nil {
			return nil, err
		}
	}
	admin, _ := body.GetString("is_admin")
	service, _ := body.GetString("is_service")
	var u *gale.User
	err = s.Store.Update(r.Context(), func(tx *store.Tx) error {
		old, err := store.Users.By(tx, "name", text(body, "name"))
		if err == nil {
			return taken("user", old.Name, old.ID)
		}
		if !notFound(err) {
			return err
		}
		if u, err = auth.SaveUser(tx, text(body, "name"), hash, admin == true); err != nil || service != true {
			return err
		}
		u.IsService = true
		return store.Users.Update(tx, u)
	})
	if err != nil {
		return nil, err
	}
	return httpapi.OK(showUser(u))
}

func (s *Service) hash(r *httpapi.Request, password string) (string, error) {
	if err := s.passwords.enter(r.Context()); err != nil {
		return "", err
	}
	defer s.passwords.leave()
	return auth.Hash(password)
}

func findUser(tx *store.Tx, name string) (*gale.User, error) {
	u, err := store.Users.By(tx, "name", name)
	if notFound(err) {
		return nil, httpapi.Errorf(http.StatusNotFound, `User "%s" not found`, name)
	}
	return u, err
}

// deleteUser removes a user with everything that proves to be them. One
// administrator has to stay.
func (s *Service) deleteUser(r *httpapi.Request) (*httpapi.Response, error) {
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		// Two administrators that delete each other at the same time must not
		// both succeed.
		if err := tx.Lock("administrators"); err != nil {
			return err
		}
		u, err := findUser(tx, r.String("name"))
		if err != nil {
			return err
		}
		if u.IsAdmin {
			n, err := store.Users.Count(tx, store.Query{Where: []store.Cond{store.Eq("is_admin", true)}})
			if err != nil {
				return err
			}
			if n <= 1 {
				return badRequest(`User "%s" is the last administrator and cannot be deleted`, u.Name)
			}
		}
		for _, table := range []string{store.Tokens.Name(), store.APIKeys.Name()} {
			if _, err := tx.Exec("delete from "+table+" where username = $1", u.Name); err != nil {
				return err
			}
		}
		return store.Users.Delete(tx, u.ID)
	})
}

// setPassword sets the requester's own password, or anybody's if an
// administrator asks. A running action cannot take its user's account over.
func (s *Service) setPassword(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Object()
	if err != nil {
		return nil, err
	}
	name := r.String("name")
	if name != r.User() || r.Identity.ExecutionID != "" {
		if err := r.RequireAdmin(); err != nil {
			return nil, err
		}
	}
	hash, err := s.hash(r, text(body, "password"))
	if err != nil {
		return nil, err
	}
	return nil, s.Store.Update(r.Context(), func(tx *store.Tx) error {
		u, err := findUser(tx, name)
		if err != nil {
			return err
		}
		u.PasswordHash = hash
		return store.Users.Update(tx, u)
	})
}
