// The 国密 suite in the eyes of sm-crypto: SM3 and SM2 of our crypto floor, and the second tree of a gm home with its SM2 lines.
// test_sm.mjs LOG_DRIVER SM_DRIVER
import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { test, skip, done, installed, fresh, Talker, text, bytes, vkey, ed25519, entries, root, sha256, tilePath, turned } from './lib.mjs'

const [driverPath, smDriver] = process.argv.slice(2)
const lib = installed('sm-crypto')
const SIZES = [1, 2, 5, 255, 256, 257, 300, 520]
const SM2_NAME = Buffer.from('PKIX-SM2-SM3')

const sm3 = b => Buffer.from(lib.sm3([...b]), 'hex')
const goodSm2 = (pub, body, sig) => lib.sm2.doVerifySignature([...body], sig.toString('hex'), pub.toString('hex'), { hash: true, userId: '1234567812345678' })

/** Lines of a signed note: its body with the last newline, and name, key id and signature of each line. */
function note(t) {
  const at = t.indexOf('\n\n')
  const lines = t.slice(at + 2).split('\n').filter(l => l).map(l => {
    const m = /^— (\S+) (\S+)$/.exec(l)
    const b = Buffer.from(m[2], 'base64')
    return { name: m[1], id: b.subarray(0, 4), sig: b.subarray(4) }
  })
  const [origin, size, hash] = t.slice(0, at).split('\n')
  return { body: Buffer.from(t.slice(0, at + 1)), origin, size: Number(size), root: Buffer.from(hash, 'base64'), lines }
}

/** An SM2 verifier key: type 0xff, a name, a SubjectPublicKeyInfo that ends with the point. */
function sm2Key(line) {
  const k = vkey(line)
  assert.equal(k.type, 0xff)
  assert.deepEqual(k.key.subarray(0, SM2_NAME.length), SM2_NAME)
  assert.deepEqual(k.id, sha256(Buffer.from(k.name + '\n'), Buffer.from([0xff]), k.key).subarray(0, 4))
  const spki = k.key.subarray(SM2_NAME.length)
  assert.ok(spki.includes(Buffer.from('06082a811ccf5501822d', 'hex')), 'the curve is 1.2.156.10197.1.301')
  const pub = spki.subarray(spki.length - 65)
  assert.equal(pub[0], 4)
  return { ...k, pub }
}

function lineOf(n, key) {
  const found = n.lines.filter(l => l.name === key.name && l.id.equals(key.id))
  assert.equal(found.length, 1, 'one line of ' + key.name)
  return found[0].sig
}

function sm2Signed(n, key) {
  const sig = lineOf(n, key)
  assert.equal(sig.length, 64, 'raw r || s')
  assert.ok(goodSm2(key.pub, n.body, sig))
  assert.ok(!goodSm2(key.pub, turned(n.body, n.body.length - 3), sig), 'a changed body')
  assert.ok(!goodSm2(key.pub, n.body, turned(sig, 20)), 'a changed signature')
  assert.ok(!goodSm2(key.pub, n.body.subarray(0, n.body.length - 1), sig), 'without the last newline')
}

async function floor() {
  const driver = new Talker(smDriver)
  let seed = 7
  const some = n => Buffer.from(Array.from({ length: n }, () => (seed = (seed * 1103515245 + 12345) % 2147483648) & 255))
  await test('sm-crypto has the same SM3 of texts of every length up to 300', async () => {
    assert.equal(sm3(Buffer.from('abc')).toString('hex'), '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0')
    for (let n = 0; n <= 300; n++) {
      const b = some(n)
      assert.equal(await driver.ask('sm3 ' + b.toString('hex')), sm3(b).toString('hex'))
    }
  })
  await test('sm-crypto takes our SM2 signatures, and none that was changed', async () => {
    for (let i = 0; i < 40; i++) {
      const msg = some(1 + i * 7)
      const [pub, sig] = (await driver.ask(`sm2 ${some(32).toString('hex').replace(/^f/, '1')} ${msg.toString('hex')}`)).split(' ').map(x => Buffer.from(x, 'hex'))
      assert.ok(goodSm2(pub, msg, sig), 'seed ' + i)
      assert.ok(!goodSm2(pub, turned(msg, i % msg.length), sig))
      assert.ok(!goodSm2(pub, msg, turned(sig, i)))
    }
  })
}

/** The tree at its present size, from what anybody can fetch. */
async function tree(url, size, ed, sm2, sm2Own) {
  const first = note(await text(url + '/log/checkpoint'))
  const second = note(await text(url + '/log/sm3/checkpoint'))
  assert.equal(first.size, size)
  assert.equal(second.size, size)
  assert.equal(second.origin, first.origin + '/sm3')
  assert.ok(verify(null, first.body, ed25519(ed.key), lineOf(first, ed)))
  sm2Signed(first, sm2)
  sm2Signed(second, sm2Own)
  const all = await entries(url, '/log/', size)
  const leaves = all.map(e => sm3(Buffer.concat([Buffer.from([0]), e])))
  assert.deepEqual(root(sm3, leaves), second.root, 'the SM3 root over the entries')
  assert.deepEqual(root(b => sha256(b), all.map(e => sha256(Buffer.from([0]), e))), first.root, 'the SHA-256 root over the same entries')
  for (let n = 0; n * 256 < size; n++) {
    const width = Math.min(256, size - n * 256)
    assert.deepEqual(await bytes(`${url}/log/sm3/${tilePath(0, n, width)}`), Buffer.concat(leaves.slice(n * 256, n * 256 + width)))
  }
  for (let n = 0; (n + 1) * 256 <= size; n++)
    assert.deepEqual((await bytes(`${url}/log/sm3/${tilePath(1, 0, Math.floor(size / 256))}`)).subarray(32 * n, 32 * n + 32), root(sm3, leaves.slice(256 * n, 256 * n + 256)))
}

const REST = ['a gm home has a second tree that sm-crypto rebuilds from the bundles', 'a restart of a gm home shows the same heads']
if (!lib) {
  skip('国密 in the eyes of sm-crypto', 'tests/outside/node_modules is not installed')
} else {
  await floor()
  const driver = new Talker(driverPath, fresh('sm') + '/home', 'gm')
  const open = async () => 'http://127.0.0.1:' + (await driver.ask('open')).split(' ')[1]
  let url = await open()
  await driver.ask('to 1')
  if ((await fetch(url + '/log/sm3/checkpoint')).status !== 200) {
    for (const name of REST) skip(name, 'GET /log/sm3/checkpoint is not answered by this program')
  } else {
    const [edLine, smLine] = (await text(url + '/log/vkey')).split('\n')
    const ed = vkey(edLine)
    const sm2 = sm2Key(smLine)
    const own = (await text(url + '/log/sm3/vkey')).split('\n').filter(l => l).map(l => [vkey(l).type, l]).find(([type]) => type === 0xff)
    const sm2Own = sm2Key(own[1])
    await test(REST[0], async () => {
      assert.equal(sm2.name, ed.name)
      assert.equal(sm2Own.name, ed.name + '/sm3')
      for (const size of SIZES) {
        assert.equal(await driver.ask('to ' + size), 'size ' + size)
        await tree(url, size, ed, sm2, sm2Own)
      }
    })
    await test(REST[1], async () => {
      const before = note(await text(url + '/log/sm3/checkpoint'))
      await driver.ask('shut')
      url = await open()
      const after = note(await text(url + '/log/sm3/checkpoint'))
      assert.deepEqual(after.body, before.body)
      await tree(url, SIZES[SIZES.length - 1], ed, sm2, sm2Own)
    })
  }
}
done()
