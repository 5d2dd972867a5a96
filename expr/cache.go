package expr

import (
	"container/list"
	"sync"

	"github.com/galehq/gale/jinja"
)

// cache keeps compiled templates, as rules render the same few for every event. Which are forgotten goes by when they
// were used last, how many are kept by the length of their texts.
type cache struct {
	mu      sync.Mutex
	limit   int // bytes of text
	size    int
	entries map[cacheKey]*list.Element
	order   *list.List // of cacheEntry, the latest first
}

type cacheKey struct {
	template string
	lenient  bool
}

type cacheEntry struct {
	key      cacheKey
	template *jinja.Template
}

// overhead is what an entry counts beyond its text.
const overhead = 64

func (k cacheKey) cost() int { return len(k.template) + overhead }

func newCache(limit int) *cache {
	return &cache{limit: limit, entries: map[cacheKey]*list.Element{}, order: list.New()}
}

func (c *cache) get(k cacheKey) *jinja.Template {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(cacheEntry).template
}

// put keeps a template, unless it would drive out a good part of the others: a long text is data more often than a
// template that comes again.
func (c *cache) put(k cacheKey, t *jinja.Template) {
	if k.cost() > c.limit/64 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[k] != nil {
		return
	}
	c.entries[k] = c.order.PushFront(cacheEntry{k, t})
	for c.size += k.cost(); c.size > c.limit; {
		last := c.order.Remove(c.order.Back()).(cacheEntry)
		delete(c.entries, last.key)
		c.size -= last.key.cost()
	}
}
