// A Pipecat-shaped client on pion: dials Thaw, trickles, plays a tone in PCMU, measures what comes back, talks on the
// data channel. Ends when it has heard enough or the limit is over, and prints what it saw as one JSON document. Exits 0
// whatever it saw: judging is the test's business.
// Usage: pion_client OFFER_URL LIMIT_SECONDS
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"
)

const (
	rate       = 8000
	frame      = rate / 50
	toneHertz  = 1000
	amplitude  = 8000
	loudFrames = 50 // one second
	binarySize = 16384
	messages   = 3 // bot-ready, and back: the text and the bytes
)

type report struct {
	Opened    bool     `json:"opened"`
	Enough    bool     `json:"enough"`
	Trickled  int      `json:"trickled"`
	Frames    int      `json:"frames"`
	Loud      int      `json:"loud"`
	ToneShare float64  `json:"tone_share"`
	Texts     []string `json:"texts"`
	Binary    int      `json:"binary"`
	Intact    bool     `json:"intact"`
	States    []string `json:"states"`
	Error     string   `json:"error,omitempty"`
}

type client struct {
	sync.Mutex
	saw    report
	shares float64
	enough chan struct{}
}

func main() {
	limit, err := strconv.ParseFloat(os.Args[2], 64)
	if err != nil {
		panic(err)
	}
	c := &client{enough: make(chan struct{})}
	if err := c.call(os.Args[1], time.Duration(limit*float64(time.Second))); err != nil {
		c.saw.Error = err.Error()
	}
	c.Lock()
	defer c.Unlock()
	if c.saw.Loud > 0 {
		c.saw.ToneShare = c.shares / float64(c.saw.Loud)
	}
	_ = json.NewEncoder(os.Stdout).Encode(c.saw)
}

func (c *client) call(url string, limit time.Duration) error {
	pc, track, err := newPeer()
	if err != nil {
		return err
	}
	defer pc.Close()

	var candidates []map[string]any
	answered := "" // pc_id
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		c.Lock()
		defer c.Unlock()
		line := map[string]any{"candidate": "", "sdp_mid": "0", "sdp_mline_index": 0}
		if candidate != nil {
			line["candidate"] = candidate.ToJSON().Candidate
		}
		candidates = append(candidates, line)
		if answered != "" {
			go c.patch(url, answered, []map[string]any{line})
		}
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		c.Lock()
		defer c.Unlock()
		c.saw.States = append(c.saw.States, state.String())
	})
	pc.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			packet, _, err := remote.ReadRTP()
			if err != nil {
				return
			}
			c.heard(packet.Payload)
		}
	})
	channel, err := pc.CreateDataChannel("chat", nil)
	if err != nil {
		return err
	}
	channel.OnMessage(c.told)
	channel.OnOpen(func() { c.talk(channel) })

	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	sent := offer.SDP // before gathering: it has no candidate
	if err := pc.SetLocalDescription(offer); err != nil {
		return err
	}
	var answer struct {
		SDP  string `json:"sdp"`
		PcID string `json:"pc_id"`
	}
	if err := post(http.MethodPost, url, map[string]any{"sdp": sent, "type": "offer", "pc_id": nil, "restart_pc": false}, &answer); err != nil {
		return err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		return err
	}
	c.Lock()
	answered = answer.PcID
	early := candidates
	c.Unlock()
	c.patch(url, answer.PcID, early)

	stop := make(chan struct{})
	defer close(stop)
	go play(track, stop)
	select {
	case <-c.enough:
	case <-time.After(limit):
	}
	return nil
}

func newPeer() (*webrtc.PeerConnection, *webrtc.TrackLocalStaticRTP, error) {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true) // this test has no other address to use
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	media := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: rate, Channels: 1}
	if err := media.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: codec, PayloadType: 0}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, nil, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, nil, err
	}
	track, err := webrtc.NewTrackLocalStaticRTP(codec, "tone", "microphone")
	if err != nil {
		return nil, nil, err
	}
	_, err = pc.AddTrack(track)
	return pc, track, err
}

func (c *client) talk(channel *webrtc.DataChannel) {
	c.Lock()
	c.saw.Opened = true
	c.Unlock()
	_ = channel.SendText(`{"id":"ab12cd34","label":"rtvi-ai","type":"client-ready","data":{"version":"2.1.0"}}`)
	_ = channel.SendText("plain text")
	_ = channel.Send(pattern())
}

func (c *client) told(message webrtc.DataChannelMessage) {
	c.Lock()
	defer c.Unlock()
	if message.IsString {
		c.saw.Texts = append(c.saw.Texts, string(message.Data))
	} else {
		c.saw.Binary, c.saw.Intact = len(message.Data), bytes.Equal(message.Data, pattern())
	}
	c.judge()
}

func (c *client) heard(payload []byte) {
	share, rms := strength(payload)
	c.Lock()
	defer c.Unlock()
	c.saw.Frames++
	if rms > 500 {
		c.saw.Loud++
		c.shares += share
	}
	c.judge()
}

func (c *client) judge() {
	if c.saw.Enough || c.saw.Loud < loudFrames || c.saw.Binary == 0 || len(c.saw.Texts) < messages-1 {
		return
	}
	c.saw.Enough = true
	close(c.enough)
}

func (c *client) patch(url, pcID string, lines []map[string]any) {
	if len(lines) == 0 {
		return
	}
	if err := post(http.MethodPatch, url, map[string]any{"pc_id": pcID, "candidates": lines}, nil); err == nil {
		c.Lock()
		c.saw.Trickled += len(lines)
		c.Unlock()
	}
}

// post does as Pipecat's client: a 5xx means again in 2 s, three times.
func post(method, url string, body any, answer any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second}
	for attempt := 0; ; attempt++ {
		request, err := http.NewRequest(method, url, bytes.NewReader(encoded))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode >= 500 && attempt < 3 {
			time.Sleep(2 * time.Second)
			continue
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", method, response.Status)
		}
		if answer == nil {
			return nil
		}
		return json.NewDecoder(response.Body).Decode(answer)
	}
}

func play(track *webrtc.TrackLocalStaticRTP, stop chan struct{}) {
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for n := 0; ; n++ {
		payload := make([]byte, frame)
		for i := range payload {
			payload[i] = compress(amplitude * math.Sin(2*math.Pi*toneHertz*float64(n*frame+i)/rate))
		}
		header := rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n * frame)}
		_ = track.WriteRTP(&rtp.Packet{Header: header, Payload: payload})
		select {
		case <-beat.C:
		case <-stop:
			return
		}
	}
}

// strength is the tone's share of the signal's energy, and the signal's RMS.
func strength(payload []byte) (share, rms float64) {
	var sum, re, im float64
	for i, code := range payload {
		sample := expand(code)
		sum += sample * sample
		sin, cos := math.Sincos(2 * math.Pi * toneHertz * float64(i) / rate)
		re += sample * cos
		im += sample * sin
	}
	count := float64(len(payload))
	rms = math.Sqrt(sum / count)
	if rms < 1 {
		return 0, rms
	}
	tone := 2 * math.Hypot(re, im) / count / math.Sqrt2
	return math.Min(1, (tone/rms)*(tone/rms)), rms
}

// ITU-T G.711 §3, µ-law: 8 segments, each of twice the step of the one below.
func compress(sample float64) byte {
	sign, magnitude := byte(0x80), int(sample)
	if magnitude < 0 {
		sign, magnitude = 0, -magnitude
	}
	magnitude += 132
	segment := 0
	for segment < 7 && magnitude > 0xFF<<segment {
		segment++
	}
	return sign | ^byte(segment<<4|magnitude>>(segment+3)&0x0F)&0x7F
}

func expand(code byte) float64 {
	low := ^code
	magnitude := (int(low&0x0F)<<3+132)<<(low>>4&7) - 132
	if code&0x80 == 0 {
		magnitude = -magnitude
	}
	return float64(magnitude)
}

func pattern() []byte {
	whole := make([]byte, binarySize)
	for i := range whole {
		whole[i] = byte(i)
	}
	return whole
}
