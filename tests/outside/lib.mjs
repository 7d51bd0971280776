// tests/outside/lib.mjs - what the tests in Node share: TAP lines, our programs as children, receipts and keys as bytes. Nothing here judges.
import { spawn, execFileSync } from 'node:child_process'
import { createPublicKey, createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { createRequire } from 'node:module'

export const require = createRequire(import.meta.url)
export const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), createHash('sha256')).digest()

// ---- TAP ----
let count = 0
let failed = 0
export async function test(name, fn) {
  count++
  try {
    await fn()
    console.log(`ok ${count} - ${name}`)
  } catch (e) {
    failed++
    console.log(`not ok ${count} - ${name}\n  ${String(e && e.stack || e).split('\n').slice(0, 6).join('\n  ')}`)
  }
}
export function skip(name, why) {
  console.log(`ok ${++count} - ${name} # SKIP ${why}`)
}
export function done() {
  console.log(`1..${count}`)
  for (const f of atEnd.reverse()) f()
  process.exit(failed ? 1 : 0)
}
const atEnd = []

/** A package of tests/outside/node_modules, or null where it is not installed. */
export function installed(name) {
  try {
    return require(name)
  } catch (e) {
    if (e.code === 'MODULE_NOT_FOUND' || e.code === 'ERR_REQUIRE_ESM') return null
    throw e
  }
}
export const nodeMajor = Number(process.versions.node.split('.')[0])

// ---- our programs ----
export function fresh(name) {
  const dir = mkdtempSync(`${tmpdir()}/suyuan-${name}-`)
  atEnd.push(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A child that answers each line with a line. */
export class Talker {
  constructor(program, ...args) {
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.waiting = []
    this.gone = new Promise(done => this.child.on('exit', code => { this.waiting.forEach(w => w(null)); done(code) }))
    createInterface({ input: this.child.stdout }).on('line', line => this.waiting.shift()(line))
    atEnd.push(() => this.child.kill())
  }
  ask(line) {
    return new Promise((good, bad) => {
      this.waiting.push(x => x === null ? bad(new Error('no answer to ' + line.slice(0, 80))) : good(x))
      this.child.stdin.write(line + '\n')
    })
  }
  async end() {
    this.child.stdin.end()
    return this.gone
  }
}

const freePort = () => new Promise(done => {
  const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) })
})

/** The real program over a home; answers its URL. */
export async function serve(program, home) {
  const port = await freePort()
  const child = spawn(program, ['serve', '--home', home, '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' })
  atEnd.push(() => child.kill())
  for (let i = 0; i < 400; i++) {
    try {
      await fetch(`http://127.0.0.1:${port}/healthz`)
      return `http://127.0.0.1:${port}`
    } catch {
      await new Promise(r => setTimeout(r, 25))
    }
  }
  throw new Error('the program did not start')
}

/** A demonstration home behind the real program: url, tokens, codes. */
export async function demo(program) {
  const home = fresh('demo') + '/home'
  const said = execFileSync(program, ['demo', '--home', home, '--json'], { encoding: 'utf8' }).trim().split('\n').pop()
  return { ...JSON.parse(said), home, url: await serve(program, home) }
}

export async function text(url, token) {
  const r = await fetch(url, { headers: token ? { Authorization: 'Bearer ' + token } : {} })
  if (r.status !== 200) throw new Error(`${url}: ${r.status}`)
  return r.text()
}
export async function bytes(url) {
  const r = await fetch(url)
  if (r.status !== 200) throw new Error(`${url}: ${r.status}`)
  return Buffer.from(await r.arrayBuffer())
}

// ---- C2SP texts ----
/** name+hash+base64(type || key): split at the first two pluses only. */
export function vkey(line) {
  const [name, id] = line.split('+', 2)
  const raw = Buffer.from(line.slice(name.length + id.length + 2), 'base64')
  return { name, id: Buffer.from(id, 'hex'), type: raw[0], key: raw.subarray(1) }
}
export const ed25519 = raw => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' })

/** c2sp.org/tlog-proof@v1 */
export function receipt(t) {
  const at = t.indexOf('\n\n')
  const head = t.slice(0, at).split('\n')
  if (at < 0 || head[0] !== 'c2sp.org/tlog-proof@v1' || !head[1].startsWith('extra ') || !head[2].startsWith('index ')) throw new Error('not a receipt')
  const extra = JSON.parse(Buffer.from(head[1].slice(6), 'base64').toString('utf8'))
  return {
    index: head[2].slice(6), hashes: head.slice(3).map(h => Buffer.from(h, 'base64')), checkpoint: t.slice(at + 2),
    leaf: Buffer.from(extra.leaf, 'base64'), disclosures: extra.disclosures
  }
}

/** n-th tile or bundle name of a log of that size. */
export function tilePath(kind, n, width) {
  let s = String(n % 1000).padStart(3, '0')
  for (n = Math.floor(n / 1000); n > 0; n = Math.floor(n / 1000)) s = 'x' + String(n % 1000).padStart(3, '0') + '/' + s
  return `tile/${kind}/${s}` + (width < 256 ? `.p/${width}` : '')
}

/** All entries of a log, from its bundles. */
export async function entries(url, prefix, size) {
  const out = []
  for (let n = 0; n * 256 < size; n++) {
    let b = await bytes(`${url}${prefix}${tilePath('entries', n, Math.min(256, size - n * 256))}`)
    while (b.length) {
      const k = b.readUInt16BE(0)
      if (b.length < 2 + k) throw new Error('a bundle ends early')
      out.push(b.subarray(2, 2 + k))
      b = b.subarray(2 + k)
    }
  }
  if (out.length !== size) throw new Error(`${out.length} entries of ${size}`)
  return out
}

/** Root of RFC 6962 over leaf hashes; hash takes buffers. */
export function root(hash, leaves, node = 0x01) {
  if (leaves.length === 0) return hash(Buffer.alloc(0))
  if (leaves.length === 1) return leaves[0]
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return hash(Buffer.concat([Buffer.from([node]), root(hash, leaves.slice(0, k), node), root(hash, leaves.slice(k), node)]))
}

export const turned = (buffer, at, bit = 1) => { const b = Buffer.from(buffer); b[at] ^= bit; return b }
