import { readArmor, readArmorBody } from './armor.ts'

/** The packets of all key blocks of a text, one after another. */
export type KeyBlock = { readonly ok: true; readonly packets: Uint8Array } | { readonly ok: false; readonly reason: string }

const MAX_KEY_TEXT = 262_144

/**
 * Reads what `gpg --export --armor` prints; also several such texts in a row, and the base64 body alone, whose BEGIN and END lines were
 * lost on the way (binary-authorization.md §2.4). A private key is refused, and the reason says what to export instead.
 */
export function readKeyBlock(text: string): KeyBlock {
  if (text.length > MAX_KEY_TEXT) return no(`the key text has ${text.length} characters, expected at most ${MAX_KEY_TEXT}`)
  if (!text.includes('-----BEGIN ')) return readBareBody(text)
  const armor = readArmor(text)
  if (!armor.ok) return armor
  const foreign = armor.blocks.find((block) => block.label !== 'PUBLIC KEY BLOCK')
  if (foreign !== undefined) return no(explainLabel(foreign.label))
  return { ok: true, packets: Buffer.concat(armor.blocks.map((block) => block.body)) }
}

function readBareBody(text: string): KeyBlock {
  const lines = text.split('\n').map((line) => line.trim())
  const afterHeaders = lines.findIndex((line) => line === '' || !line.includes(':'))
  const packets = readArmorBody(lines.slice(Math.max(afterHeaders, 0)).filter((line) => line !== '' && !line.startsWith('-----')))
  return packets === undefined ? no('found no armored block, expected the output of: gpg --armor --export KEY') : { ok: true, packets }
}

function explainLabel(label: string): string {
  if (label === 'PRIVATE KEY BLOCK') return 'this is a private key: keep it secret, and give the public one, which gpg --armor --export KEY prints'
  return `found a PGP ${label}, expected a PGP PUBLIC KEY BLOCK`
}

function no(reason: string): KeyBlock {
  return { ok: false, reason }
}
