import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePkcs11Uri } from './pkcs11-uri.ts'

test('RFC 7512: token, key and where module and PIN are', () => {
  assert.deepEqual(parsePkcs11Uri('token=my%20token;object=build;type=private?module-path=/usr/lib/hsm.so&pin-source=file:/run/pin'), {
    token: 'my token',
    object: 'build',
    modulePath: '/usr/lib/hsm.so',
    pinSource: '/run/pin',
  })
  assert.deepEqual(parsePkcs11Uri('slot-id=3;id=%01%0Aa'), { slotId: '3', id: '010a61' })
})

for (const [rest, words] of [
  ['token=demo', /names no key/],
  ['object=build', /names no token/],
  ['token=demo;object=build?pin-value=1234', /a PIN in it can be read by every process/],
  ['token=demo;object=build?module-path=/hsm.so?pin-value=1234', /a PIN in it can be read by every process/],
  ['token=demo;object=build;object=other?pin-value=1234', /a PIN in it can be read by every process/],
  ['token=demo;object=build?module-path=/hsm.so?pin-source=/run/pin', /is not valid: write & between module-path and what follows/],
  ['token=demo;object=build;serial=1', /attribute "serial" is not supported/],
  ['token=demo;object=build;object=other', /stands there twice/],
  ['token=demo;object=--output-file', /is not valid/],
  ['token=demo;object=a%00b', /is not valid/],
  ['token=demo;object=%zz', /is not valid/],
  ['token=demo;id=%1', /is not valid/],
  ['token=demo;object=build;type=cert', /expected to be private/],
  [`token=demo;object=${'x'.repeat(3000)}`, /longer than 2048/],
] as const) {
  test(`refused: ${rest.slice(0, 40)}`, () => {
    assert.throws(
      () => parsePkcs11Uri(rest),
      (error) =>
        error instanceof Error &&
        'code' in error &&
        error.code === 'INVALID_ARGUMENT' &&
        words.test(error.message) &&
        !error.message.includes('1234'),
    )
  })
}
