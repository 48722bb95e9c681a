module example.com/consumers

go 1.22.0

require (
	github.com/jaegertracing/jaeger v1.62.0
	github.com/prometheus/client_model v0.6.1
	github.com/prometheus/common v0.60.0
)

require (
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	google.golang.org/protobuf v1.34.2 // indirect
)
