// Our canonical JSON (RFC 8785) beside canonicalize and json-canonicalize, and our strict reader beside JSON.parse.
// test_canon.mjs CANON_DRIVER
import assert from 'node:assert/strict'
import { test, skip, done, installed, Talker } from './lib.mjs'

const [driverPath] = process.argv.slice(2)
const RANDOM = 4000
const driver = new Talker(driverPath)
const MAX = Number.MAX_SAFE_INTEGER

/** What our reader and writer make of a text: its canonical form, or null when it is refused. */
async function ours(text) {
  const said = await driver.ask(Buffer.from(text).toString('hex'))
  if (said.startsWith('ok ')) return Buffer.from(said.slice(3), 'hex').toString('utf8')
  assert.match(said, /^bad \d+$/)
  return null
}
const show = t => JSON.stringify(Buffer.from(t).toString('latin1').slice(0, 120))

// ---- texts whose one canonical form all three must write ----
const texts = [
  '{}', '[]', '""', '0', '-1', '1', 'true', 'false', 'null', ' [ ] ', '\t{\n"a"\r:\n1 }\n', '[[[[[[[[[[[[]]]]]]]]]]]]',
  `${MAX}`, `-${MAX}`, `[${MAX},-${MAX},${MAX - 1}]`, '[0,10,100,1000000000000000]',
  '{"b":1,"a":2}', '{"":1," ":2}', '{"aa":1,"a":2,"ab":3,"A":4,"Z":5,"_":6}', '{"1":1,"10":2,"2":3,"02":4}',
  '{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}',
  '{"\\uffff":1,"\\ud800\\udc00":2,"\\ud7ff":3,"\\ue000":4,"\\udbff\\udfff":5,"\\u0000":6}'.replace(',"\\u0000":6', ''),
  '{"𐀀":1,"\uffff":2,"\ue000":3,"z":4}', '{"𠮷":1,"吉":2,"｡":3,"豈":4}', '{"é":1,"e\u0301":2,"z":3}', '{"ä":{"ö":{"ü":[]}},"a":{"b":{"c":{}}}}',
  '"\\u20ac$\\u000f\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"', '"\\b\\t\\n\\f\\r"', '"\\u0001\\u001f\\u007f\\u0080\\u2028\\u2029\\ufeff\\uffff"', '"/\\/\\u002f"', '"\\u003c\\u003e\\u0026"',
  '"溯源：钢丝绳 6×36WS+IWRC"', '"\\ud834\\udd1e"', '"𝄞"', '{"a":[{"c":1,"b":[{"z":"x","y":[]}]}]}', '{"中":1,"文":2,"a":3}', '{"__proto__x":1,"constructor":2,"toString":3,"length":4,"hasOwnProperty":5}'
]
for (let c = 0; c < 0x80; c++) if (c) texts.push(`"\\u${c.toString(16).padStart(4, '0')}"`, JSON.stringify({ ['k' + String.fromCharCode(c)]: String.fromCharCode(c), k: 1 }))

// ---- texts that JSON.parse takes and we must not: two meanings, or a number that is none of ours ----
const stricter = [
  ['a name twice', '{"a":1,"a":2}'], ['a name twice, spelled otherwise', '{"a":1,"\\u0061":2}'], ['a name twice, deep', '[{"x":{"a":1,"b":2,"a":1}}]'], ['the empty name twice', '{"":1,"":1}'],
  ['a name twice, as a pair', '{"\\ud83d\\ude00":1,"😀":2}'], ['a name twice, far apart', `{"a":0,${Array.from({ length: 300 }, (_, i) => `"k${i}":1`).join()},"a":1}`],
  ['a fraction', '1.5'], ['a fraction of nothing', '1.0'], ['an exponent', '1e2'], ['an exponent', '1E+2'], ['a small one', '[0.1]'], ['minus zero', '-0'],
  ['beyond 2^53-1', `${MAX + 1}`], ['beyond -(2^53-1)', `-${MAX + 1}`], ['beyond 2^63', '9223372036854775808'], ['beyond 2^64', '18446744073709551616'], ['very long', '1' + '0'.repeat(400)],
  ['half a pair', '"\\ud800"'], ['the other half', '"\\udc00"'], ['halves in the wrong order', '"\\udc00\\ud800"'], ['two first halves', '"\\ud800\\ud800"'], ['half a pair in a name', '{"\\ud83d":1}'],
  ['half a pair before a letter', '"\\ud83dx"'], ['half a pair before an escape', '"\\ud83d\\n"'], ['too deep', '['.repeat(200) + ']'.repeat(200)], ['too deep', '{"a":'.repeat(200) + '1' + '}'.repeat(200)]
]

// ---- texts that both refuse ----
const refused = [
  '', ' ', '{', '}', '[', ']', '"', '"a', "'a'", '{a:1}', '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '[1,]', '[,1]', '[1 2]', '{"a":1 "b":2}', '{"a":1}x', '1 2', '[]]', 'nul', 'nulll', 'True', 'TRUE', 'NaN', 'Infinity',
  '-', '+1', '01', '-01', '00', '1.', '.5', '1e', '0x10', '1_000', '"\\x41"', '"\\u12"', '"\\u12g4"', '"\\U0041"', '"\\\n"', '"\n"', '"\t"', '"\u0000"', '"\u001f"', '/**/1', '1//', '#1', '\ufeff1', '\u00a01', '\u2028[]', '\u000b1', '\u000c1',
  '[1}', '{1:2}', '{"a":1]', '{"a"::1}', '[[]', '"\\"', '\u0000', '1\u0000'
]
// Bytes that are no UTF-8: JSON.parse never sees them; we must not guess.
const noText = ['22ff22', '22c080' + '22', '22eda08022', '22edb08022', '22f4908080' + '22', '22e282' + '22', '22f09f9822', '22c3', '2280' + '22', '22f8888080' + '8022', '22c1bf22', '22e0808022', '22f080808022', '7b22ff223a317d', 'efbbbf31']

// ---- random texts, the same every time ----
let seed = 20261128
const roll = n => { seed = (Math.imul(seed, 1103515245) + 12345) >>> 0; return Math.floor(seed / 65536) % n }
const letters = ['a', 'b', 'Z', '0', '', '"', '\\', '/', '\b', '\n', '\u0001', '\u001f', '\u007f', '\u0080', 'ö', '溯', '\ud7ff', '\ue000', '\ufb33', '\uffff', '\ufffd', '\u2028', '𐀀', '😀', '\udbff\udfff', ' ']
const word = () => Array.from({ length: roll(5) }, () => letters[roll(letters.length)]).join('')
function thing(depth) {
  switch (roll(depth > 4 ? 4 : 6)) {
    case 0: return word()
    case 1: return roll(2) ? roll(32768) - 16384 : (roll(2) ? 1 : -1) * (MAX - roll(3))
    case 2: return !!roll(2)
    case 3: return roll(4) ? word() : null
    case 4: return Array.from({ length: roll(5) }, () => thing(depth + 1))
    default: return Object.fromEntries(Array.from({ length: roll(7) }, () => [word(), thing(depth + 1)]))
  }
}
/** The same value with its members in another order, escapes where none are needed, and room between. */
function respelled(v) {
  const room = () => [' ', '\n', '', '', '\t', '\r'][roll(6)]
  const text = s => '"' + Array.from({ length: s.length }, (_, i) => roll(3) && !'"\\'.includes(s[i]) && s[i] >= ' ' && !/[\ud800-\udfff]/.test(s[i]) ? s[i] : '\\u' + s.charCodeAt(i).toString(16).padStart(4, '0')).join('') + '"'
  if (typeof v === 'string') return room() + text(v) + room()
  if (Array.isArray(v)) return room() + '[' + v.map(respelled).join() + ']' + room()
  if (v && typeof v === 'object') return room() + '{' + Object.keys(v).reverse().map(k => room() + text(k) + room() + ':' + respelled(v[k])).join() + '}' + room()
  return room() + JSON.stringify(v) + room()
}
const parsed = t => { try { return { v: JSON.parse(t) } } catch { return null } }

const others = []
let why = ''
try {
  others.push(['canonicalize', (await import('canonicalize')).default])       // a module of the new kind: no require
} catch (e) {
  if (e.code !== 'ERR_MODULE_NOT_FOUND') throw e
  why = 'tests/outside/node_modules is not installed'
}
const second = installed('json-canonicalize')
if (second) others.push(['json-canonicalize', second.canonicalize])

if (others.length < 2) {
  skip('canonical JSON beside other libraries', why || 'tests/outside/node_modules is not installed')
} else {
  for (const [name, canonicalize] of others) {
    await test(`${texts.length} texts have one canonical form: ours is that of ${name}`, async () => {
      for (const t of texts) assert.equal(await ours(t), canonicalize(JSON.parse(t)), show(t))
    })
    await test(`${RANDOM} random texts, spelled in two ways, have the form ${name} writes`, async () => {
      for (let i = 0; i < RANDOM; i++) {
        const v = thing(0)
        const want = canonicalize(v)
        assert.equal(await ours(JSON.stringify(v)), want)
        assert.equal(await ours(respelled(v)), want)
        assert.equal(await ours(want), want)
      }
    })
  }
}
await test(`${stricter.length} texts that JSON.parse takes are refused`, async () => {
  for (const [what, t] of stricter) {
    assert.ok(parsed(t), what)
    assert.equal(await ours(t), null, `${what}: ${show(t)}`)
  }
})
await test(`${refused.length} texts that JSON.parse refuses are refused`, async () => {
  for (const t of refused) {
    assert.equal(parsed(t), null, show(t))
    assert.equal(await ours(t), null, show(t))
  }
})
await test(`${noText.length} runs of bytes that are no UTF-8 are refused`, async () => {
  for (const hex of noText) assert.equal(await ours(Buffer.from(hex, 'hex')), null, hex)
})
await test('no text with a byte changed, gone or added is read otherwise than JSON.parse reads it', async () => {
  let taken = 0
  for (let i = 0; i < RANDOM; i++) {
    const b = [...Buffer.from(roll(2) ? respelled(thing(0)) : texts[roll(texts.length)])]
    const at = roll(b.length || 1)
    b.splice(at, roll(2), ...(roll(3) ? [[34, 44, 48, 45, 46, 92, 123, 125, 91, 93, 58, 32, 101, 0, 128, 255, 117][roll(17)]] : []))
    const bytes = Buffer.from(b)
    const said = await ours(bytes)
    if (said === null) continue
    taken++
    const js = parsed(bytes.toString('utf8'))
    assert.ok(js && Buffer.compare(Buffer.from(bytes.toString('utf8')), bytes) === 0, `only we take ${show(bytes)}`)
    if (others.length) assert.equal(said, others[0][1](js.v), show(bytes))
  }
  assert.ok(taken > RANDOM / 20)
})
done()
