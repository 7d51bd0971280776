// Our receipts and checkpoints in the eyes of @sigstore/verify: its checkpoint and Merkle modules take ours and refuse wrong ones.
// test_sigstore.mjs SUYUAN LOG_DRIVER
import assert from 'node:assert/strict'
import { test, skip, done, installed, nodeMajor, fresh, Talker, text, vkey, ed25519, receipt, turned } from './lib.mjs'

const [driverPath] = process.argv.slice(3)
const checkpointModule = nodeMajor >= 20 ? installed('@sigstore/verify/dist/tlog/checkpoint.js') : null
const merkleModule = nodeMajor >= 20 ? installed('@sigstore/verify/dist/tlog/merkle.js') : null
const SIZES = [1, 2, 3, 40, 255, 256, 257, 300, 520]

function judge(r, key) {
  const entry = { canonicalizedBody: r.leaf, inclusionProof: { logIndex: r.index, hashes: r.hashes, checkpoint: { envelope: r.checkpoint } } }
  const c = checkpointModule.verifyCheckpoint(entry, [{ logID: key.id, baseURL: key.name, publicKey: ed25519(key.key) }])
  merkleModule.verifyMerkleInclusion(entry, c)
  return c
}

// Each turns a good receipt into one that must be refused.
const wrongs = {
  'another leaf': r => ({ ...r, leaf: turned(r.leaf, r.leaf.length - 2) }),
  'a longer leaf': r => ({ ...r, leaf: Buffer.concat([r.leaf, Buffer.from(' ')]) }),
  'the next index': r => ({ ...r, index: String(Number(r.index) + 1) }),
  'another hash of the path': r => r.hashes.length && { ...r, hashes: [turned(r.hashes[0], 5), ...r.hashes.slice(1)] },
  'the last hash of the path': r => r.hashes.length && { ...r, hashes: [...r.hashes.slice(0, -1), turned(r.hashes[r.hashes.length - 1], 31)] },
  'a path too short': r => r.hashes.length && { ...r, hashes: r.hashes.slice(1) },
  'a path too long': r => ({ ...r, hashes: [...r.hashes, r.leaf.subarray(0, 32)] }),
  'another size': r => ({ ...r, checkpoint: r.checkpoint.replace(/\n(\d+)\n/, (m, n) => `\n${Number(n) + 1}\n`) }),
  'another root': r => ({ ...r, checkpoint: r.checkpoint.split('\n').map((l, i) => i === 2 ? turned(Buffer.from(l, 'base64'), 0).toString('base64') : l).join('\n') }),
  'another origin': r => ({ ...r, checkpoint: 'x' + r.checkpoint }),
  'another signature': r => ({ ...r, checkpoint: r.checkpoint.replace(/ (\S+)\n$/, (m, s) => ` ${turned(Buffer.from(s, 'base64'), 40).toString('base64')}\n`) }),
  'no signature': r => ({ ...r, checkpoint: r.checkpoint.replace(/— .*\n$/, '') }),
  'an extension line': r => ({ ...r, checkpoint: r.checkpoint.replace('\n\n', '\nmore\n\n') })
}

async function refused(r, key) {
  for (const [what, turn] of Object.entries(wrongs)) {
    const w = turn(r)
    if (w) assert.throws(() => judge(w, key), undefined, `taken: ${what} of ${r.index}`)
  }
}

if (!checkpointModule || !merkleModule) {
  skip('receipts in the eyes of @sigstore/verify', nodeMajor < 20 ? '@sigstore/verify needs Node 20' : 'tests/outside/node_modules is not installed')
} else {
  const driver = new Talker(driverPath, fresh('sigstore') + '/home')
  const url = 'http://127.0.0.1:' + (await driver.ask('open')).split(' ')[1]
  const key = vkey((await text(url + '/log/vkey')).split('\n')[0])
  for (const size of SIZES)
    await test(`@sigstore/verify takes every receipt of a log of ${size} and refuses what was changed`, async () => {
      assert.equal(await driver.ask('to ' + size), 'size ' + size)
      const ids = (await driver.ask('ids')).split(' ').slice(1)
      assert.equal(ids.length, size)
      for (const [i, id] of ids.entries()) {
        const r = receipt(await text(`${url}/v1/receipts/${id}`))
        const c = judge(r, key)
        assert.equal(r.index, String(i))
        assert.equal(c.origin, key.name)
        assert.ok(c.logSize > BigInt(i) && c.logSize <= BigInt(size))
        if (i % 29 === 0 || i + 1 === size) await refused(r, key)
      }
      const newest = checkpointModule.verifyCheckpoint({ inclusionProof: { checkpoint: { envelope: await text(url + '/log/checkpoint') } } },
        [{ logID: key.id, baseURL: key.name, publicKey: ed25519(key.key) }])
      assert.equal(newest.logSize, BigInt(size))
    })
  await test('@sigstore/verify refuses our receipt under another key', async () => {
    const [id] = (await driver.ask('ids')).split(' ').slice(1)
    const r = receipt(await text(`${url}/v1/receipts/${id}`))
    judge(r, key)
    const other = new Talker(driverPath, fresh('sigstore2') + '/home')
    const otherUrl = 'http://127.0.0.1:' + (await other.ask('open')).split(' ')[1]
    const stranger = vkey((await text(otherUrl + '/log/vkey')).split('\n')[0])
    assert.throws(() => judge(r, stranger))
    assert.throws(() => judge(r, { ...stranger, id: key.id }))
  })
}
done()
