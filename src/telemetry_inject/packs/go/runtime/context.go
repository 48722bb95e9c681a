// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: how a context carries a span.

package telemetryinject

import (
	"context"
	"reflect"
	"unsafe"
)

// child is a context that carries a span and is its parent otherwise. The span is an unsafe.Pointer because
// programs compare and print contexts by reflection, which must not reach into a span that others change.
type child struct {
	context.Context
	span unsafe.Pointer // *Span
}

type contextKey struct{ _ byte }

var spanKey = &contextKey{}

// Value answers the helper's own key and asks the parent for all others.
func (c *child) Value(key interface{}) interface{} {
	if k, ok := key.(*contextKey); ok && k == spanKey {
		return (*Span)(c.span)
	}
	return c.Context.Value(key)
}

// String is what the parent would print, so that the text of contexts derived from this one is what it was.
func (c *child) String() string {
	if parent, ok := c.Context.(interface{ String() string }); ok {
		return parent.String()
	}
	return reflect.TypeOf(c.Context).String()
}

// carrying is a child of a context that carries a span. Where the context is itself such a child, its parent is
// taken, so that a chain of calls in which each starts the next does not grow.
func carrying(parent context.Context, s *Span) context.Context {
	if c, ok := parent.(*child); ok && c != nil {
		parent = c.Context
	}
	return &child{parent, unsafe.Pointer(s)}
}

// spanOf is the span that a context carries, or nil. A context of the program may panic when it is asked, as a nil
// pointer in a context.Context does; the program meets that panic when it asks itself.
func spanOf(ctx context.Context) *Span {
	if c, ok := ctx.(*child); ok && c != nil {
		return (*Span)(c.span)
	}
	return askedFor(ctx)
}

func askedFor(ctx context.Context) (s *Span) {
	defer func() { _ = recover() }()
	s, _ = ctx.Value(spanKey).(*Span)
	return s
}

// contextOf is the context of a request, or nil.
func contextOf(request interface{ Context() context.Context }) (ctx context.Context) {
	defer func() { _ = recover() }()
	return request.Context()
}

// EnterWith begins the span of a call that has a request: anything with a context. The request stays as it is,
// its context gives the parent, or its header does, for the call that receives it. It is not replaced by one with the span's context, because net/http and the
// program itself keep what they learn later in the request they made: the server removes the temporary files of
// its own copy's MultipartForm only, middleware reads the Pattern that a ServeMux set, others key maps by it.
// Calls within the same goroutine nest nevertheless, by the goroutine's stack of spans.
func EnterWith(request interface{ Context() context.Context }, name string) *Span {
	if off {
		return nil
	}
	return enterWith(request, name)
}

func enterWith(request interface{ Context() context.Context }, name string) *Span {
	var by *asker
	if incoming != nil {
		by = incoming(request)
	}
	return begin(siteAbove(name), nil, contextOf(request), by)
}

// EnterIn begins the span of a function literal that uses a context of the function around it, as a goroutine
// does. The context gives the parent; the variable belongs to others and stays as it is.
func EnterIn(ctx context.Context, name string) *Span {
	if off {
		return nil
	}
	return enterIn(ctx, name)
}

func enterIn(ctx context.Context, name string) *Span {
	return begin(siteAbove(name), nil, ctx, nil)
}
