import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { openKey } from '@countersign/adapters/keys/open-key.ts'
import { makeKeySurroundings } from '@countersign/adapters/testing/key-surroundings.ts'
import { missingParts } from '../harness/parts.ts'
import { HSM_PIN, makeSoftHsm, type SoftHsm } from '../harness/soft-hsm.ts'
import { tempFolder } from '../harness/temp-folder.ts'

const PAYLOAD = Buffer.from('payload')

describe('a token that does not sign says why', { skip: missingParts('softhsm2-util', 'pkcs11-tool') }, () => {
  let hsm: SoftHsm
  before(() => {
    hsm = makeSoftHsm()
    hsm.addKey('EC:prime256v1', { label: 'build', id: '01' })
    hsm.addKey('EC:prime256v1', { label: 'twin', id: '02' })
    hsm.addKey('EC:prime256v1', { label: 'twin', id: '03' })
  })
  const sign = async (uri: string, env: Readonly<Record<string, string>> = {}) => {
    const { signer } = await openKey(`pkcs11:${uri}`, {}, makeKeySurroundings({ ...hsm.env, PKCS11_MODULE_PATH: hsm.module, ...env }))
    return await signer.sign(PAYLOAD)
  }

  for (const [name, uri, env, code, words] of [
    ['no PIN', 'token=demo;object=build', {}, 'UNAUTHENTICATED', /write --passphrase-file FILE or pin-source/],
    ['a wrong PIN', 'token=demo;object=build', { COUNTERSIGN_PKCS11_PIN: '9999' }, 'UNAUTHENTICATED', /the PIN is wrong/],
    ['no such token', 'token=other;object=build', {}, 'NOT_FOUND', /--list-token-slots/],
    ['no such key', 'token=demo;object=other', {}, 'NOT_FOUND', /--list-objects/],
    ['two keys of one label', 'token=demo;object=twin', {}, 'INVALID_ARGUMENT', /add one of id=%02, id=%03/],
    ['no such module', 'token=demo;object=build?module-path=/nowhere.so', {}, 'INVALID_ARGUMENT', /module-path=/],
    ['no OpenSC', 'token=demo;object=build', { PATH: '/nowhere' }, 'FAILED_PRECONDITION', /install OpenSC/],
  ] as const) {
    test(name, async () => {
      await assert.rejects(sign(uri, env), (error) => error instanceof Error && 'code' in error && error.code === code && words.test(error.message))
    })
  }

  test('one of two keys of one label is named by its id, and the PIN may stand in a file', async () => {
    const pin = join(tempFolder(), 'pin')
    writeFileSync(pin, `${HSM_PIN}\n`)
    assert.ok((await sign(`token=demo;object=twin;id=%03?pin-source=${pin}`)).length > 60)
  })
})
