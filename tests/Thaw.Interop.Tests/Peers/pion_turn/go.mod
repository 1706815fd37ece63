module pion_turn

go 1.19

require (
	github.com/pion/dtls/v2 v2.1.5
	github.com/pion/logging v0.2.2
	github.com/pion/turn/v2 v2.0.8
)
