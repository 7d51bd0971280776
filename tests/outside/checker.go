// tests/outside/checker.go - our log in the eyes of golang.org/x/mod/sumdb, which the Go module mirror's clients trust; nothing of ours is linked.
//
// checker VKEY reads orders, one a line, and answers each with lines of which the last begins with "ok" or "bad":
//
//	check URL            the log under URL/log/: checkpoint, every tile, every entry's hash, every inclusion proof, and that it extends
//	                     every head checked before in this process
//	partials URL         every width of the first tile and the first bundle is a prefix of the whole one
//	receipts URL ID ...  URL/v1/receipts/ID: each proof, against the entries of the last check
//	receipt FILE         one receipt as a file
//	flips URL [all]      one bit of each byte (all: each bit) of everything under URL/log/ changed, one at a time, in a copy in memory: "missed
//	                     PATH POSITION" where the check did not find it
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/ioutil"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // 256 hashes a tile

// source answers what lies under /log/.
type source func(path string) ([]byte, error)

var client = &http.Client{Timeout: 20 * time.Second}

func over(base string) source {
	return func(path string) ([]byte, error) {
		r, err := client.Get(base + path)
		if err != nil {
			return nil, err
		}
		defer r.Body.Close()
		b, err := ioutil.ReadAll(r.Body)
		if err == nil && r.StatusCode != 200 {
			err = fmt.Errorf("%s: %s", path, r.Status)
		}
		return b, err
	}
}

// path maps a tile of sumdb to ours: tile/8/L/N is tile/L/N, data is entries.
func path(t tlog.Tile) string {
	p := strings.TrimPrefix(t.Path(), "tile/8/")
	return "tile/" + strings.Replace(p, "data/", "entries/", 1)
}

// checkpoint opens a signed head. One spelling only: sumdb reads base64 with any last bits, so what was read is written again and compared.
func checkpoint(text []byte, v note.Verifier) (tlog.Tree, error) {
	var none tlog.Tree
	n, err := note.Open(text, note.VerifierList(v))
	if err != nil {
		return none, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != v.Name() || lines[3] != "" {
		return none, errors.New("the checkpoint has not three lines, the first its origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return none, errors.New("the checkpoint's size")
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil || root.String() != lines[2] {
		return none, errors.New("the checkpoint's root")
	}
	again := n.Text + "\n"
	for _, s := range append(append([]note.Signature{}, n.Sigs...), n.UnverifiedSigs...) {
		b, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil {
			return none, err
		}
		again += "— " + s.Name + " " + base64.StdEncoding.EncodeToString(b) + "\n"
	}
	if again != string(text) {
		return none, errors.New("the checkpoint has a second spelling")
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// log is what one check has read.
type log struct {
	tree    tlog.Tree
	entries [][]byte
	stored  []tlog.Hash          // of sumdb's numbering, computed from the entries
	tiles   map[tlog.Tile][]byte // as served
	memo    map[int64]tlog.Hash  // hashes taken out of the served tiles
}

func (l *log) computed() tlog.HashReader {
	return tlog.HashReaderFunc(func(ix []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(ix))
		for i, x := range ix {
			if x >= int64(len(l.stored)) {
				return nil, errors.New("no such hash")
			}
			out[i] = l.stored[x]
		}
		return out, nil
	})
}

// served reads hashes from the tiles the log gave us.
func (l *log) served() tlog.HashReader {
	return tlog.HashReaderFunc(func(ix []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(ix))
		for i, x := range ix {
			h, ok := l.memo[x]
			if !ok {
				t := tlog.TileForIndex(height, x)
				whole := t
				whole.W = int(min(256, l.tree.N>>(uint(t.L)*height)-t.N*256))
				data, there := l.tiles[whole]
				if !there {
					return nil, fmt.Errorf("no tile %s", path(whole))
				}
				var err error
				if h, err = tlog.HashFromTile(whole, data, x); err != nil {
					return nil, err
				}
				l.memo[x] = h
			}
			out[i] = h
		}
		return out, nil
	})
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func (l *log) Height() int                                { return height }
func (l *log) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (l *log) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		whole := t
		whole.W = int(min(256, l.tree.N>>(uint(t.L)*height)-t.N*256))
		if t.W > whole.W {
			return nil, fmt.Errorf("no tile %s", path(t))
		}
		out[i] = l.tiles[whole][:t.W*tlog.HashSize]
	}
	return out, nil
}

func (l *log) readEntries(src source) error {
	for n := int64(0); n*256 < l.tree.N; n++ {
		w := min(256, l.tree.N-n*256)
		p := path(tlog.Tile{H: height, L: -1, N: n, W: int(w)})
		b, err := src(p)
		if err != nil {
			return err
		}
		for i := int64(0); i < w; i++ {
			if len(b) < 2 || len(b)-2 < int(binary.BigEndian.Uint16(b)) {
				return fmt.Errorf("%s ends early", p)
			}
			k := int(binary.BigEndian.Uint16(b))
			l.entries = append(l.entries, b[2:2+k])
			b = b[2+k:]
		}
		if len(b) != 0 {
			return fmt.Errorf("%s goes on after its entries", p)
		}
	}
	return nil
}

func (l *log) readTiles(src source) error {
	l.tiles = make(map[tlog.Tile][]byte)
	for _, t := range tlog.NewTiles(height, 0, l.tree.N) {
		b, err := src(path(t))
		if err != nil {
			return err
		}
		want, err := tlog.ReadTileData(t, l.computed())
		if err != nil {
			return err
		}
		if !bytes.Equal(b, want) {
			return fmt.Errorf("%s is not the tile of the entries", path(t))
		}
		l.tiles[t] = b
	}
	return nil
}

func check(src source, v note.Verifier) (*log, error) {
	text, err := src("checkpoint")
	if err != nil {
		return nil, err
	}
	l := &log{memo: make(map[int64]tlog.Hash)}
	if l.tree, err = checkpoint(text, v); err != nil {
		return nil, err
	}
	if l.tree.N > 1<<24 {
		return nil, errors.New("a log of that size is not checked here")
	}
	if err = l.readEntries(src); err != nil {
		return nil, err
	}
	for i, e := range l.entries {
		h, err := tlog.StoredHashes(int64(i), e, l.computed())
		if err != nil {
			return nil, err
		}
		l.stored = append(l.stored, h...)
	}
	root, err := tlog.TreeHash(l.tree.N, l.computed())
	if err != nil {
		return nil, err
	}
	if l.tree.N == 0 { // RFC 6962: the hash of nothing; sumdb knows no empty tree
		root = tlog.Hash{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
			0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}
	}
	if root != l.tree.Hash {
		return nil, errors.New("the entries do not have the signed root")
	}
	if err = l.readTiles(src); err != nil {
		return nil, err
	}
	return l, l.prove()
}

// prove makes and checks the inclusion proof of every entry, with hashes taken from the served tiles alone, which sumdb authenticates first.
func (l *log) prove() error {
	ix := make([]int64, l.tree.N)
	for i := range ix {
		ix[i] = tlog.StoredHashIndex(0, int64(i))
	}
	if l.tree.N > 0 {
		leaves, err := tlog.TileHashReader(l.tree, l).ReadHashes(ix)
		if err != nil {
			return err
		}
		for i, e := range l.entries {
			if leaves[i] != tlog.RecordHash(e) {
				return fmt.Errorf("entry %d has not the hash of its tile", i)
			}
		}
	}
	for i, e := range l.entries {
		p, err := tlog.ProveRecord(l.tree.N, int64(i), l.served())
		if err == nil {
			err = tlog.CheckRecord(p, l.tree.N, l.tree.Hash, int64(i), tlog.RecordHash(e))
		}
		if err != nil {
			return fmt.Errorf("entry %d: %v", i, err)
		}
	}
	return nil
}

// extends says that every head seen before is a beginning of this log.
func (l *log) extends(before []tlog.Tree) error {
	for _, t := range before {
		if t.N > l.tree.N {
			return fmt.Errorf("the log shrank from %d", t.N)
		}
		if t.N == 0 {
			continue
		}
		p, err := tlog.ProveTree(l.tree.N, t.N, l.served())
		if err == nil {
			err = tlog.CheckTree(p, l.tree.N, l.tree.Hash, t.N, t.Hash)
		}
		if err != nil {
			return fmt.Errorf("not an extension of size %d: %v", t.N, err)
		}
	}
	return nil
}

func partials(src source, l *log) error {
	for w := 1; w < 256; w++ {
		var bundle []byte
		t := tlog.Tile{H: height, L: 0, N: 0, W: w}
		if int64(w) > l.tree.N {
			if _, err := src(path(t)); err == nil {
				return fmt.Errorf("%s is there, the log has %d entries", path(t), l.tree.N)
			}
			continue
		}
		for _, e := range l.entries[:w] {
			bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(e))), e...)
		}
		want, err := tlog.ReadTileData(t, l.computed())
		if err != nil {
			return err
		}
		for _, x := range []struct {
			level int
			bytes []byte
		}{{0, want}, {-1, bundle}} {
			t.L = x.level
			b, err := src(path(t))
			if err != nil {
				return err
			}
			if !bytes.Equal(b, x.bytes) {
				return fmt.Errorf("%s is no prefix of the whole", path(t))
			}
		}
	}
	return nil
}

// receipt reads a c2sp.org/tlog-proof@v1 and checks it; l may be nil.
func receipt(text []byte, v note.Verifier, l *log) error {
	var extra struct {
		Leaf        []byte   `json:"leaf"`
		Disclosures []string `json:"disclosures"`
	}
	var proof tlog.RecordProof
	at := bytes.Index(text, []byte("\n\n"))
	if at < 0 {
		return errors.New("no empty line")
	}
	head, cp := strings.Split(string(text[:at]), "\n"), text[at+2:]
	if len(head) < 3 || head[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(head[1], "extra ") || !strings.HasPrefix(head[2], "index ") {
		return errors.New("not a receipt with an extra line")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(head[1][6:])
	if err != nil {
		return err
	}
	if err = json.Unmarshal(b, &extra); err != nil {
		return err
	}
	index, err := strconv.ParseInt(head[2][6:], 10, 64)
	if err != nil {
		return err
	}
	for _, line := range head[3:] {
		h, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, h)
	}
	tree, err := checkpoint(cp, v)
	if err != nil {
		return err
	}
	if l != nil && (index >= l.tree.N || !bytes.Equal(l.entries[index], extra.Leaf)) {
		return fmt.Errorf("the leaf of receipt %d is not that entry", index)
	}
	if l != nil {
		if err = l.extends([]tlog.Tree{tree}); err != nil {
			return err
		}
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(extra.Leaf))
}

// flips changes each byte of everything the check reads.
func flips(src source, bits []byte, v note.Verifier) (positions, missed int, err error) {
	kept := make(map[string][]byte)
	from := func(p string) ([]byte, error) {
		b, ok := kept[p]
		if !ok {
			var err error
			if b, err = src(p); err != nil {
				return nil, err
			}
			kept[p] = b
		}
		return b, nil
	}
	if _, err = check(from, v); err != nil {
		return
	}
	for p, whole := range kept {
		for i := range whole {
			for _, bit := range bits {
				turned := append([]byte{}, whole...)
				turned[i] ^= bit
				_, e := check(func(q string) ([]byte, error) {
					if q == p {
						return turned, nil
					}
					if b, ok := kept[q]; ok {
						return b, nil
					}
					return nil, errors.New("not there: " + q)
				}, v)
				positions++
				if e == nil {
					missed++
					fmt.Printf("missed %s %d (bit %#x)\n", p, i, bit)
				}
			}
		}
	}
	return
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: checker VKEY < orders")
		os.Exit(2)
	}
	v, err := note.NewVerifier(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "checker:", err)
		os.Exit(2)
	}
	var last *log
	var heads []tlog.Tree
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		w := strings.Fields(line)
		said := "ok"
		switch w[0] {
		case "check":
			var l *log
			if l, err = check(over(w[1]+"/log/"), v); err == nil {
				err = l.extends(heads)
			}
			if err == nil {
				if len(heads) == 0 || heads[len(heads)-1].N != l.tree.N {
					heads = append(heads, l.tree)
				}
				last = l
				said = fmt.Sprintf("ok %d %s tiles %d proofs %d heads %d", l.tree.N, l.tree.Hash, len(l.tiles), len(l.entries), len(heads))
			}
		case "partials":
			err = partials(over(w[1]+"/log/"), last)
		case "receipts":
			src := over(w[1] + "/v1/receipts/")
			for _, id := range w[2:] {
				var b []byte
				if b, err = src(id); err == nil {
					err = receipt(b, v, last)
				}
				if err != nil {
					err = fmt.Errorf("%s: %v", id, err)
					break
				}
			}
			said = fmt.Sprintf("ok %d", len(w)-2)
		case "receipt":
			var b []byte
			if b, err = ioutil.ReadFile(w[1]); err == nil {
				err = receipt(b, v, last)
			}
		case "flips":
			var n, missed int
			bits := []byte{0x01}
			if len(w) > 2 { // thorough
				bits = []byte{0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80}
			}
			n, missed, err = flips(over(w[1]+"/log/"), bits, v)
			said = fmt.Sprintf("ok %d missed %d", n, missed)
		default:
			err = errors.New("no such order")
		}
		if err != nil {
			said = "bad " + err.Error()
		}
		fmt.Println(said)
	}
}
