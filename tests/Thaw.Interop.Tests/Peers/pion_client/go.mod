module pion_client

go 1.19

require (
	github.com/pion/rtp v1.7.13
	github.com/pion/webrtc/v3 v3.1.56
)
