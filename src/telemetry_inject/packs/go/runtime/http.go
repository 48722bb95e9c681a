// SPDX-License-Identifier: Apache-2.0

// This file of telemetry-inject: OTLP/HTTP. Importing net/http changes how a program is linked (a cgo resolver, its
// size), so telemetry-inject puts a build constraint in front of this file where the module doesn't use it anyway.

package telemetryinject

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

func init() {
	if off || endpoint == "" {
		return
	}
	timeout := milliseconds("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", int(milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", 10000)/time.Millisecond))
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true} // leaves no goroutine behind
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if authorities, err := os.ReadFile(otlpSetting("CERTIFICATE")); err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authorities)
		transport.TLSClientConfig.RootCAs = pool
	}
	certificate, key := otlpSetting("CLIENT_CERTIFICATE"), otlpSetting("CLIENT_KEY")
	if key == "" {
		key = certificate // one file may hold both
	}
	if own, err := tls.LoadX509KeyPair(certificate, key); err == nil {
		transport.TLSClientConfig.Certificates = []tls.Certificate{own}
	}
	client := &http.Client{Timeout: timeout, Transport: transport, CheckRedirect: stay}
	zipped := lower(otlpSetting("COMPRESSION")) == "gzip"
	headers := pairs(otlpSetting("HEADERS"))
	post = func(body []byte) bool {
		if zipped {
			body = compressed(body)
		}
		return postAgain(client, headers, zipped, body)
	}
}

func compressed(body []byte) []byte {
	var packed bytes.Buffer
	packer := gzip.NewWriter(&packed)
	_, _ = packer.Write(body)
	_ = packer.Close()
	return packed.Bytes()
}

// stay follows no redirection: that would be a GET, and headers may be secret.
func stay(*http.Request, []*http.Request) error {
	return http.ErrUseLastResponse
}

// postAgain posts a request, trying again where the specification allows it; false when it was not received.
func postAgain(client *http.Client, headers []pair, zipped bool, body []byte) bool {
	for attempt := 0; ; attempt++ {
		pause, again := postOnce(client, headers, zipped, body)
		if !again {
			return pause == 0
		}
		if attempt == 4 {
			return false
		}
		if pause < 0 { // longer each time, and not all at once
			pause = time.Second << uint(attempt) / 4
			pause = 3*pause + time.Duration(newID()%uint64(2*pause))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-hurry:
			timer.Stop()
			return false
		}
	}
}

// postOnce says whether to try again and after how long (below 0: the server does not say). Without another try, a
// pause other than 0 means that the request was refused.
func postOnce(client *http.Client, headers []pair, zipped bool, body []byte) (pause time.Duration, again bool) {
	request, err := http.NewRequest("POST", endpoint, bytes.NewReader(body))
	if err != nil {
		return 1, false
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "telemetry-inject-go/"+Version)
	if zipped {
		request.Header.Set("Content-Encoding", "gzip")
	}
	for _, header := range headers {
		request.Header.Set(header.key, header.value)
	}
	response, err := client.Do(request)
	if err != nil {
		return -1, true // nobody there, a time-out, not HTTP
	}
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 1<<16))
	_ = response.Body.Close()
	switch code := response.StatusCode; {
	case code/100 == 2:
		atomic.AddInt64(&dropped, rejected(string(answer)))
		return 0, false
	case code == 429 || code == 502 || code == 503 || code == 504:
		return wished(response.Header.Get("Retry-After")), true
	}
	return 1, false
}

// wished is how long a server wants to be left alone, at most an hour; below 0 if it does not say.
func wished(after string) (pause time.Duration) {
	if seconds, err := strconv.Atoi(after); err == nil && seconds >= 0 {
		return time.Duration(atMost(3600, seconds)) * time.Second
	}
	date, err := http.ParseTime(after)
	if err != nil {
		return -1
	}
	if pause = time.Until(date); pause < 0 {
		pause = 0
	}
	if pause > time.Hour {
		pause = time.Hour
	}
	return pause
}

// rejected is how many spans a collector that took a request did not take.
func rejected(answer string) (n int64) {
	_, rest, _ := cut(answer, `"rejectedSpans"`)
	for i := 0; i < len(rest) && n < 1<<40; i++ {
		switch c := rest[i]; {
		case '0' <= c && c <= '9':
			n = n*10 + int64(c-'0')
		case n > 0 || index(": \"", rest[i:i+1], 0) < 0:
			return n
		}
	}
	return n
}
