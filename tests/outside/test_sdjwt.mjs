// Our disclosures in the eyes of @sd-jwt/core: an SD-JWT over a record's digests gives back exactly the fields the program shows.
// test_sdjwt.mjs SUYUAN
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { test, skip, done, installed, demo, text, receipt, sha256, root } from './lib.mjs'

const [program] = process.argv.slice(2)
const core = installed('@sd-jwt/core')
const LISTS = { maker: ['products', 'batches', 'packs', 'sales', 'measures', 'makers'], seller: ['purchases', 'resales', 'sellers'] }
const keys = generateKeyPairSync('ed25519')
const b64 = x => Buffer.from(x).toString('base64url')
const digest = d => sha256(Buffer.from(d)).toString('base64url')
const lib = core && new core.SDJwtInstance({
  hasher: (data, alg) => { assert.equal(alg.toLowerCase().replace('-', ''), 'sha256'); return sha256(Buffer.from(data)) },
  hashAlg: 'sha-256',
  verifier: (data, sig) => verify(null, Buffer.from(data), keys.publicKey, Buffer.from(sig, 'base64url'))
})

/** A token as somebody would issue it over the digests of a record, decoys among them. */
function issue(digests, shown) {
  const signed = b64(JSON.stringify({ alg: 'EdDSA', typ: 'dc+sd-jwt' })) + '.' + b64(JSON.stringify({ iss: 'https://outside.example', _sd: [...digests].sort(), _sd_alg: 'sha-256' }))
  return [`${signed}.${sign(null, Buffer.from(signed), keys.privateKey).toString('base64url')}`, ...shown, ''].join('~')
}

async function claims(token) {
  const { iss, ...rest } = (await lib.verify(token)).payload
  assert.equal(iss, 'https://outside.example')
  return rest
}

/** Says what the library makes of a token with that disclosure in place of a good one: an error, or the field is not told. */
async function refuses(name, digests, shown) {
  let told
  try {
    told = await claims(issue(digests, shown))
  } catch {
    return
  }
  assert.ok(!(name in told), `${name} is told from a changed disclosure`)
}

async function records(house, list, token) {
  return JSON.parse(await text(`${house.url}/v1/${list}`, token)).items
}

async function one(house, record, token) {
  const r = receipt(await text(`${house.url}/v1/receipts/${record.id}`, token))
  const decoy = sha256(Buffer.from('a decoy')).toString('base64url')
  const digests = [...r.disclosures.map(digest), decoy]
  assert.equal(new Set(digests).size, digests.length)
  const { filing, ...told } = await claims(issue(digests, r.disclosures))      // who filed it, beside the fields
  assert.deepEqual(told, record.values)
  assert.ok(filing === undefined || filing.length === 5)
  for (const [i, d] of r.disclosures.entries()) {
    const [salt, name, value] = JSON.parse(Buffer.from(d, 'base64url'))
    assert.equal(Buffer.from(salt, 'base64url').length, 16)
    assert.deepEqual(await claims(issue(digests, [d])), { [name]: value })
    const others = r.disclosures.filter((_, k) => k !== i)
    await refuses(name, digests, [...others, b64(JSON.stringify([salt, name, '别的值']))])
    await refuses(name, digests, [...others, b64(JSON.stringify([salt.replace(/^./, c => c === 'A' ? 'B' : 'A'), name, value]))])
    await refuses(name, digests.filter(x => x !== digest(d)), r.disclosures)
  }
  return r
}

if (!core) {
  skip('disclosures in the eyes of @sd-jwt/core', 'tests/outside/node_modules is not installed')
} else {
  const house = await demo(program)
  let whole = 0
  for (const [who, lists] of Object.entries(LISTS))
    for (const list of lists)
      await test(`@sd-jwt/core reads every disclosure of ${list} as the ${who} sees them, and no changed one`, async () => {
        const all = (await records(house, list, house.tokens[who])).filter(x => x.mine)
        assert.ok(all.length > 0, 'there is a record')
        for (const record of all) {
          const r = await one(house, record, house.tokens[who])
          const leaf = JSON.parse(r.leaf)
          if (leaf.n !== r.disclosures.length) continue
          whole++           // every slot is told: the digests alone must give the root the entry commits to
          const slots = r.disclosures.map(d => sha256(Buffer.from([0x10]), Buffer.from(digest(d), 'base64url')))
          assert.equal(root(b => sha256(b), slots, 0x11).toString('base64url'), leaf.r)
        }
      })
  await test('a record with all its slots told has the root that its entry commits to', () => assert.ok(whole > 0))
  await test('a stranger is handed no disclosure of a blind record', async () => {
    for (const record of await records(house, 'sales', house.tokens.maker))
      assert.deepEqual(receipt(await text(`${house.url}/v1/receipts/${record.id}`)).disclosures, [])
  })
  await test('a token signed by another key is refused', async () => {
    const token = issue([], [])
    await claims(token)
    await assert.rejects(claims(token.replace(/\.[^.~]+~/, m => '.' + 'A'.repeat(m.length - 2) + '~')))
  })
}
done()
