import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { StatusError } from '@countersign/core/status.ts'
import { mayReceivePassword } from './address.ts'
import { parseChallenge } from './challenge.ts'
import { runCredentialHelper } from './credential-helper.ts'
import { dockerCredentials } from './credentials.ts'

const NO_HELPER = async (): Promise<undefined> => undefined
const auth = (text: string): string => Buffer.from(text).toString('base64')

test('dockerCredentials() finds a host however docker wrote it', async () => {
  const auths = {
    'registry.example': { auth: auth('ann:a:b') },
    'https://other.example/v2/': { username: 'bob', password: 'c' },
    'https://index.docker.io/v1/': { auth: auth('hub:d') },
    'token.example': { identitytoken: 'refresh' },
    'part.example/team': { auth: auth('part:e') },
  }
  const source = dockerCredentials(JSON.stringify({ auths }), NO_HELPER)
  assert.deepEqual(await source('registry.example'), { kind: 'PASSWORD', username: 'ann', password: 'a:b' })
  assert.deepEqual(await source('other.example'), { kind: 'PASSWORD', username: 'bob', password: 'c' })
  assert.deepEqual(await source('docker.io'), { kind: 'PASSWORD', username: 'hub', password: 'd' })
  assert.deepEqual(await source('token.example'), { kind: 'IDENTITY_TOKEN', token: 'refresh' })
  assert.equal(await source('part.example'), undefined)
  assert.equal(await source('nobody.example'), undefined)
})

test('dockerCredentials() asks the host’s helper, else the store, else the file', async () => {
  const asked: string[] = []
  const helper = async (name: string, server: string) => {
    asked.push(`${name} ${server}`)
    return name === 'empty' ? undefined : ({ kind: 'PASSWORD', username: name, password: 'p' } as const)
  }
  const config = {
    credHelpers: { 'a.example': 'special', 'b.example': 'empty' },
    credsStore: 'common',
    auths: { 'b.example': { auth: auth('file:f') } },
  }
  const source = dockerCredentials(JSON.stringify(config), helper)
  assert.equal((await source('a.example'))?.kind, 'PASSWORD')
  assert.deepEqual(await source('b.example'), { kind: 'PASSWORD', username: 'file', password: 'f' })
  await source('docker.io')
  assert.deepEqual(asked, ['special a.example', 'empty b.example', 'common https://index.docker.io/v1/'])
})

test('dockerCredentials() refuses a damaged file without quoting it, and a helper that is a path', async () => {
  for (const text of ['{"auths": s3cret', JSON.stringify({ credsStore: '../../bin/sh' })]) {
    const error: unknown = await dockerCredentials(text, NO_HELPER)('registry.example').catch((reason: unknown) => reason)
    assert(error instanceof StatusError)
    assert.equal(error.code, 'FAILED_PRECONDITION')
    assert.doesNotMatch(error.message, /s3cret/)
  }
})

test('runCredentialHelper() speaks docker’s protocol with a real program', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cs-helper-'))
  const path = process.env['PATH']
  t.after(() => {
    process.env['PATH'] = path
    rmSync(folder, { recursive: true, force: true })
  })
  const program = (name: string, script: string): void => {
    writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, `docker-credential-${name}`), 0o755)
  }
  program('good', 'read server; echo "{\\"Username\\":\\"ann\\",\\"Secret\\":\\"for $server\\"}"')
  program('token', 'echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"refresh\\"}"')
  program('none', 'echo "credentials not found in native keychain"; exit 1')
  program('broken', 'echo no; exit 3')
  process.env['PATH'] = `${folder}:${path}`
  assert.deepEqual(await runCredentialHelper('good', 'registry.example'), { kind: 'PASSWORD', username: 'ann', password: 'for registry.example' })
  assert.deepEqual(await runCredentialHelper('token', 'registry.example'), { kind: 'IDENTITY_TOKEN', token: 'refresh' })
  assert.equal(await runCredentialHelper('none', 'registry.example'), undefined)
  await assert.rejects(runCredentialHelper('broken', 'registry.example'), { code: 'FAILED_PRECONDITION' })
  await assert.rejects(runCredentialHelper('absent', 'registry.example'), { code: 'FAILED_PRECONDITION' })
})

test('C14: which token services may be shown a registry’s password', () => {
  const rows: readonly (readonly [registry: string, realm: string, allowed: boolean])[] = [
    ['https://registry.example', 'https://registry.example/token', true],
    ['https://registry.example', 'https://registry.example:8443/token', true],
    ['https://registry.gitlab.com', 'https://gitlab.com/jwt/auth', true],
    ['https://registry.example', 'https://auth.registry.example/token', true],
    ['https://registry-1.docker.io', 'https://auth.docker.io/token', true],
    ['https://registry.example', 'https://allowed.example/token', true],
    ['https://registry.example', 'http://registry.example/token', false],
    ['https://registry.example', 'https://evil.example/token', false],
    ['https://registry.example', 'https://evilregistry.example/token', false],
    ['https://evil.example', 'https://auth.docker.io/token', false],
    ['https://registry.example', 'https://example/token', false],
    ['http://127.0.0.1:5000', 'http://10.127.0.0.1.evil/token', false],
  ]
  for (const [registry, realm, allowed] of rows) {
    assert.equal(mayReceivePassword(new URL(realm), new URL(registry), ['allowed.example']), allowed, `${registry} → ${realm}`)
  }
})

test('parseChallenge() reads what registries write, in linear time', () => {
  assert.deepEqual(parseChallenge('Basic realm="x"'), { scheme: 'BASIC' })
  assert.deepEqual(parseChallenge('Bearer realm="https://a.example/t?x=\\"1\\"",service="s, t",scope="repository:x:pull"'), {
    scheme: 'BEARER',
    realm: 'https://a.example/t?x="1"',
    service: 's, t',
  })
  assert.deepEqual(parseChallenge('bearer service=s, realm=https://a.example/t'), { scheme: 'BEARER', realm: 'https://a.example/t', service: 's' })
  assert.equal(parseChallenge('Bearer service="s"'), undefined)
  assert.equal(parseChallenge('Negotiate'), undefined)
  assert.equal(parseChallenge(`Bearer ${'a'.repeat(5000)}`), undefined)
})
