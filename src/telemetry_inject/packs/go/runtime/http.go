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
	"time"
)

func init() {
	if off || endpoint == "" {
		return
	}
	timeout := milliseconds("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", int(milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT", 10000)/time.Millisecond))
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true} // leaves no goroutine behind
	if authorities, err := os.ReadFile(otlpSetting("CERTIFICATE")); err == nil {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(authorities)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	client := &http.Client{Timeout: timeout, Transport: transport}
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

// postAgain posts a request, trying again where the specification allows it; false when it was not received.
func postAgain(client *http.Client, headers []pair, zipped bool, body []byte) bool {
	for attempt := 0; ; attempt++ {
		pause, again := postOnce(client, headers, zipped, body)
		if !again {
			return pause == 0
		}
		if pause == 0 {
			pause = time.Second << uint(attempt)
		}
		if attempt == 4 {
			return false
		}
		if pause > 30*time.Second {
			pause = 30 * time.Second
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

// postOnce says whether to try again and after how long (0: it doesn't matter). Without another try, a pause other
// than 0 means that the request was refused.
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
		return 0, true // nobody there, a time-out, not HTTP
	}
	_, _ = io.CopyN(io.Discard, response.Body, 1<<16)
	_ = response.Body.Close()
	switch code := response.StatusCode; {
	case code/100 == 2:
		return 0, false
	case code == 429 || code == 502 || code == 503 || code == 504:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(atMost(3600, atLeast(0, seconds))) * time.Second, true
	}
	return 1, false
}
