import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SignaturePayloadInput } from './signature-payload.ts'
import { formatSignaturePayload, parseSignaturePayload } from './signature-payload.ts'

const VECTORS = new URL('../../../../vectors/payload/', import.meta.url)

for (const { name } of readdirSync(VECTORS, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  test(`vector payload/${name}: these bytes, and they name this image`, () => {
    const input = JSON.parse(readFileSync(new URL(`${name}/input.json`, VECTORS), 'utf8')) as SignaturePayloadInput
    const payload = readFileSync(new URL(`${name}/payload.json`, VECTORS))
    assert.deepEqual(Buffer.from(formatSignaturePayload(input)), payload)
    const parsed = parseSignaturePayload(payload)
    assert.deepEqual(parsed.ok && [parsed.repository, parsed.digest], [input.repository, input.digest])
  })
}
