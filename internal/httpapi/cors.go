package httpapi

import (
	"fmt"
	"net/http"
	"slices"
)

// cors tells browsers which pages may read answers.
type cors struct {
	origins []string // the first is named to those who are not in the list
	any     bool     // the list has "*"
}

// defaultOrigin is api.allow_origin of an installation that sets none.
const defaultOrigin = "http://127.0.0.1:3000"

// uiOrigins are where StackStorm's web UI runs while it is developed.
var uiOrigins = []string{"http://localhost:8080", "http://127.0.0.1:8080"}

func newCORS(allow []string) cors {
	if len(allow) == 0 {
		allow = []string{defaultOrigin}
	}
	c := cors{any: slices.Contains(allow, "*")}
	for _, o := range slices.Concat(allow, uiOrigins) {
		if o != "*" && !slices.Contains(c.origins, o) {
			c.origins = append(c.origins, o)
		}
	}
	return c
}

var (
	allowMethods     = []string{"GET,POST,PUT,DELETE,OPTIONS"}
	allowHeaders     = []string{"Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID"}
	exposeHeaders    = []string{"Content-Type,X-Limit,X-Total-Count,X-Request-ID"}
	allowCredentials = []string{"true"}
	varyOrigin       = []string{"Origin"}
)

// headers sets what StackStorm sends with every answer. A page that only "*"
// lets in is not given the visitor's cookie: with it, every site could act
// for everybody who is logged in.
func (c cors) headers(h http.Header, origin string) {
	listed := slices.Contains(c.origins, origin)
	allowed := c.origins[0]
	if origin != "" && (listed || c.any) {
		allowed = origin
	}
	h["Access-Control-Allow-Origin"] = []string{allowed}
	h["Access-Control-Allow-Methods"] = allowMethods
	h["Access-Control-Allow-Headers"] = allowHeaders
	h["Access-Control-Expose-Headers"] = exposeHeaders
	if listed || origin == "" || !c.any {
		h["Access-Control-Allow-Credentials"] = allowCredentials
	}
	h["Vary"] = varyOrigin
}

// protection lets the listed origins act with a cookie, and no others.
func (c cors) protection() (*http.CrossOriginProtection, error) {
	p := http.NewCrossOriginProtection()
	for _, o := range c.origins {
		if err := p.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("allow_origin %q: %w", o, err)
		}
	}
	return p, nil
}
