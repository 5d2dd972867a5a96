package api

import (
	"time"

	"github.com/galehq/gale"
	"github.com/galehq/gale/internal/httpapi"
	"github.com/galehq/gale/py"
)

func (s *Service) infoHandlers() httpapi.Handlers {
	return httpapi.Handlers{
		"info.get":    s.info,
		"user.get":    s.whoAmI,
		"queue.stats": s.queueStats,
	}
}

const docsURL = "https://github.com/galehq/gale/tree/main/docs"

func (s *Service) info(*httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(py.DictOf("version", gale.Version, "docs_url", docsURL))
}

// whoAmI describes the requester and how they proved who they are.
func (s *Service) whoAmI(r *httpapi.Request) (*httpapi.Response, error) {
	authentication := py.NewDict(3)
	if c := r.Credential; c.Kind != httpapi.NoCredential {
		location := c.Location
		if location == httpapi.InCookie {
			location = httpapi.InHeader
		}
		authentication.Set("method", c.Method())
		authentication.Set("location", string(location))
		if c.Kind == httpapi.Token && r.Identity.Expiry != 0 {
			authentication.Set("token_expire", r.Identity.Expiry.Std().Format(time.RFC3339))
		}
	}
	return httpapi.OK(py.DictOf("username", r.User(), "authentication", authentication,
		"rbac", py.DictOf("enabled", false, "roles", []any{}, "is_admin", r.Admin())))
}

func (s *Service) queueStats(r *httpapi.Request) (*httpapi.Response, error) {
	stats, err := s.Store.QueueStats(r.Context())
	if err != nil {
		return nil, err
	}
	kinds := []any{}
	for _, q := range stats {
		kinds = append(kinds, py.DictOf("kind", q.Kind, "ready", int64(q.Ready), "delayed", int64(q.Delayed),
			"running", int64(q.Held), "oldest_seconds", q.Oldest.Seconds()))
	}
	return httpapi.OK(py.DictOf("kinds", kinds))
}
