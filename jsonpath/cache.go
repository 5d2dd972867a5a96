package jsonpath

import "sync"

// cacheSize is how many paths a generation of the cache holds.
const cacheSize = 256

// recent keeps the paths that were parsed lately in two generations: when the young one is full it becomes the old
// one, and what was not used since is forgotten.
var recent = cache{young: map[string]*Path{}}

type cache struct {
	mu         sync.Mutex
	young, old map[string]*Path
}

func (c *cache) get(text string) *Path {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.young[text]; p != nil {
		return p
	}
	p := c.old[text]
	if p != nil {
		c.add(p)
	}
	return p
}

func (c *cache) put(p *Path) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(p)
}

func (c *cache) add(p *Path) {
	if len(c.young) >= cacheSize {
		c.young, c.old = map[string]*Path{}, c.young
	}
	c.young[p.text] = p
}
