package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/galehq/gale/py"
)

// String returns the text at key, or "" when there is none.
func String(d *py.Dict, key string) string {
	v, _ := d.GetString(key)
	s, _ := v.(string)
	return s
}

// Dict returns the object at key, or nil, which reads as an empty one.
func Dict(d *py.Dict, key string) *py.Dict {
	v, _ := d.GetString(key)
	o, _ := v.(*py.Dict)
	return o
}

// Array returns the list at key, or nil.
func Array(d *py.Dict, key string) []any {
	v, _ := d.GetString(key)
	l, _ := v.([]any)
	return l
}

// ID returns the resource's id.
func ID(d *py.Dict) string { return String(d, "id") }

// Query builds query parameters from names and values; empty values are left out.
func Query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}

// Value sends a request and reads the answer as a document of any kind.
func (c *Client) Value(ctx context.Context, r Request) (any, error) {
	resp, err := c.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	v, err := resp.Value()
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s%s: %w", c.base(r.Service), r.Path, err)
	}
	return v, nil
}

// object sends a request whose answer is one object.
func (c *Client) object(ctx context.Context, r Request) (*py.Dict, error) {
	v, err := c.Value(ctx, r)
	if err != nil {
		return nil, err
	}
	d, ok := v.(*py.Dict)
	if !ok {
		return nil, fmt.Errorf("%s%s answered with a %s instead of an object; is this the address of the API?",
			c.base(r.Service), r.Path, py.TypeName(v))
	}
	return d, nil
}

// Get reads one resource.
func (c *Client) Get(ctx context.Context, path string, q url.Values) (*py.Dict, error) {
	return c.object(ctx, Request{Path: path, Query: q})
}

// Post sends a document and reads an object.
func (c *Client) Post(ctx context.Context, path string, body any) (*py.Dict, error) {
	return c.object(ctx, Request{Method: http.MethodPost, Path: path, Body: body})
}

// Put replaces a resource and returns it as it is now.
func (c *Client) Put(ctx context.Context, path string, body any) (*py.Dict, error) {
	return c.object(ctx, Request{Method: http.MethodPut, Path: path, Body: body})
}

// Delete removes a resource; body may be nil. What the server says is nil for
// most resources.
func (c *Client) Delete(ctx context.Context, path string, q url.Values, body any) (*py.Dict, error) {
	v, err := c.Value(ctx, Request{Method: http.MethodDelete, Path: path, Query: q, Body: body})
	d, _ := v.(*py.Dict)
	return d, err
}

// Page is one answer of a list.
type Page struct {
	Items []*py.Dict
	Total int // X-Total-Count: how many match in all; -1 when the server does not say
	Limit int // X-Limit: how many one page holds; 0 when there is no limit
}

// List reads one page.
func (c *Client) List(ctx context.Context, path string, q url.Values) (*Page, error) {
	resp, err := c.Do(ctx, Request{Path: path, Query: q})
	if err != nil {
		return nil, err
	}
	v, err := resp.Value()
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s%s: %w", c.cfg.API, path, err)
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s%s answered with a %s instead of a list; is this the address of the API?",
			c.cfg.API, path, py.TypeName(v))
	}
	page := &Page{Total: header(resp, "X-Total-Count", -1), Limit: header(resp, "X-Limit", 0)}
	for _, item := range list {
		if d, ok := item.(*py.Dict); ok {
			page.Items = append(page.Items, d)
		}
	}
	return page, nil
}

func header(r *Response, name string, absent int) int {
	n, err := strconv.Atoi(r.Header.Get(name))
	if err != nil {
		return absent
	}
	return n
}

// All goes through a list page by page, in the server's order. It ends at an
// error, which comes with a nil resource. Objects that are made or removed
// meanwhile may be missed or seen twice.
func (c *Client) All(ctx context.Context, path string, q url.Values) iter.Seq2[*py.Dict, error] {
	return func(yield func(*py.Dict, error) bool) {
		query := url.Values{}
		for k, v := range q {
			query[k] = v
		}
		for offset := 0; ; {
			if offset > 0 {
				query.Set("offset", strconv.Itoa(offset))
			}
			page, err := c.List(ctx, path, query)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			offset += len(page.Items)
			if len(page.Items) == 0 || page.Limit == 0 || offset >= page.Total {
				return
			}
		}
	}
}
