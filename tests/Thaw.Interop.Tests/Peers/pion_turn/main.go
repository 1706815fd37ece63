// An allocation by pion's TURN client, and a peer that says everything back.
//
// Usage: pion_turn TRANSPORT HOST PORT AUTHORITY USER PASSWORD PACKETS
//
// TRANSPORT is udp, tcp, tls or dtls; AUTHORITY the file of the certificate to believe. With 0 PACKETS it sends one each
// 20 ms until its input ends. It prints one line when the allocation is there and one with what came back.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/logging"
	"github.com/pion/turn/v2"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(what map[string]interface{}) {
	line, err := json.Marshal(what)
	must(err)
	fmt.Println(string(line))
}

func dial(transport, host, server, authority string) net.PacketConn {
	pem, err := os.ReadFile(authority)
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	switch transport {
	case "udp":
		conn, err := net.ListenPacket("udp4", host+":0")
		must(err)
		return conn
	case "tcp":
		conn, err := net.Dial("tcp", server)
		must(err)
		return turn.NewSTUNConn(conn)
	case "tls":
		conn, err := tls.Dial("tcp", server, &tls.Config{RootCAs: roots, ServerName: host})
		must(err)
		return turn.NewSTUNConn(conn)
	default:
		address, err := net.ResolveUDPAddr("udp4", server)
		must(err)
		conn, err := dtls.Dial("udp4", address, &dtls.Config{RootCAs: roots, ServerName: host})
		must(err)
		return datagrams{conn}
	}
}

// DTLS keeps messages apart as UDP does.
type datagrams struct{ net.Conn }

func (d datagrams) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := d.Read(p)
	return n, d.RemoteAddr(), err
}

func (d datagrams) WriteTo(p []byte, _ net.Addr) (int, error) { return d.Write(p) }

func main() {
	transport, host, authority := os.Args[1], os.Args[2], os.Args[4]
	server := host + ":" + os.Args[3]
	packets, err := strconv.Atoi(os.Args[7])
	must(err)

	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: server, TURNServerAddr: server, Conn: dial(transport, host, server, authority),
		Username: os.Args[5], Password: os.Args[6], LoggerFactory: logging.NewDefaultLoggerFactory(),
	})
	must(err)
	must(client.Listen())
	relay, err := client.Allocate()
	if err != nil {
		say(map[string]interface{}{"refused": err.Error()})
		return
	}

	peer, err := net.ListenPacket("udp4", host+":0")
	must(err)
	go func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := peer.ReadFrom(buffer)
			if err != nil {
				return
			}
			if from.String() == relay.LocalAddr().String() { // what comes from elsewhere is not answered, and so missed
				_, _ = peer.WriteTo(buffer[:n], from)
			}
		}
	}()

	ended := make(chan struct{})
	if packets == 0 {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			close(ended)
		}()
	}

	say(map[string]interface{}{"relayed": relay.LocalAddr().String()})
	sent, received, buffer := 0, 0, make([]byte, 2048)
	for running := true; running && (packets == 0 || sent < packets); {
		payload := bytes.Repeat([]byte{byte(sent)}, 5+sent*37%1200) // every length of padding; its framing waits for the ninth byte of a message
		_, err := relay.WriteTo(payload, peer.LocalAddr())
		must(err)
		sent++
		must(relay.SetReadDeadline(time.Now().Add(3 * time.Second)))
		if n, from, err := relay.ReadFrom(buffer); err == nil && from.String() == peer.LocalAddr().String() && bytes.Equal(buffer[:n], payload) {
			received++
		}
		if packets == 0 {
			select {
			case <-ended:
				running = false
			case <-time.After(20 * time.Millisecond):
			}
		}
	}

	must(relay.Close())
	client.Close()
	say(map[string]interface{}{"sent": sent, "received": received})
}
