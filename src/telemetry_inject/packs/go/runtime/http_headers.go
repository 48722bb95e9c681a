// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: who sent a request, and, where it is asked for, who sends one. As for http.go, it is
// built where the module uses net/http.

package telemetryinject

import "net/http"

func init() {
	if off || !propagates {
		return
	}
	incoming = askerOfRequest
	if sends {
		if transport, ok := http.DefaultTransport.(*http.Transport); ok && transport != nil {
			register(transport)
		}
		if http.DefaultClient.Transport == nil {
			http.DefaultClient.Transport = ofDefaultClient{}
		}
	}
}

// askerOfRequest is who sent a request that a server received; one that is to be sent has no RequestURI.
func askerOfRequest(request interface{}) *asker {
	r, ok := request.(*http.Request)
	if !ok || r == nil || r.RequestURI == "" {
		return nil
	}
	parent := r.Header["Traceparent"]
	if len(parent) != 1 {
		return nil
	}
	state := ""
	for i, part := range r.Header["Tracestate"] {
		if i > 0 {
			state += ","
		}
		state += part
	}
	return parseAsker(parent[0], state)
}

// register puts us in front of a transport for plain HTTP, by the way that net/http has for other protocols: the
// transport stays the program's own, with its settings and connections.
func register(transport *http.Transport) {
	defer func() { _ = recover() }() // the program has done the same
	transport.RegisterProtocol("http", inFront{transport})
}

type inFront struct{ transport *http.Transport }

// RoundTrip lets the transport go on where there is nothing to add, which is also how it goes on with what we added to.
func (f inFront) RoundTrip(r *http.Request) (*http.Response, error) {
	named := withHeaders(r)
	if named == r {
		return nil, http.ErrSkipAltProtocol
	}
	return answerTo(r, named, f.transport)
}

// ofDefaultClient is http.DefaultTransport, whatever that is, for HTTPS too.
type ofDefaultClient struct{}

func (ofDefaultClient) RoundTrip(r *http.Request) (*http.Response, error) {
	return answerTo(r, withHeaders(r), http.DefaultTransport)
}

// CloseIdleConnections is for http.Client's method of that name.
func (ofDefaultClient) CloseIdleConnections() {
	if transport, ok := http.DefaultTransport.(interface{ CloseIdleConnections() }); ok {
		transport.CloseIdleConnections()
	}
}

func answerTo(r, named *http.Request, transport http.RoundTripper) (*http.Response, error) {
	response, err := transport.RoundTrip(named)
	if response != nil && response.Request == named {
		response.Request = r
	}
	return response, err
}

// withHeaders is a copy of a request that names the call which sends it, or the request itself if it names one.
func withHeaders(r *http.Request) (named *http.Request) {
	defer func() {
		if recover() != nil {
			named = r
		}
	}()
	if r.Header == nil || len(r.Header["Traceparent"]) > 0 {
		return r
	}
	headers := outgoing(r.Context())
	if len(headers) == 0 {
		return r
	}
	named = r.WithContext(r.Context())
	named.Header = r.Header.Clone()
	for name, value := range headers {
		named.Header.Set(name, value)
	}
	return named
}
