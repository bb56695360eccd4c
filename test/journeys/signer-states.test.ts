import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment, startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'

const POLICY = `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata: { name: journey }
spec:
  imageVulnerabilityRequirements: { maximumFixableSeverity: MEDIUM, maximumUnfixableSeverity: LOW }
  scanRequirements: { trustedScanners: [{ note: projects/demo/notes/scan, identity: "IDENTITY" }], maximumScanAge: 30d }
`
const ADMISSION = `{"admissionWhitelistPatterns": [], "defaultAdmissionRule": {"evaluationMode": "REQUIRE_ATTESTATION",
  "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG", "requireAttestationsBy": ["projects/demo/attestors/scanned"]}}`
const FINDING = {
  effectiveSeverity: 'HIGH',
  packageIssue: [
    {
      affectedCpeUri: 'cpe:/o:a:b:1',
      affectedPackage: 'openssl',
      affectedVersion: { kind: 'NORMAL', name: '1.0' },
      fixedCpeUri: 'cpe:/o:a:b:1',
      fixedPackage: 'openssl',
      fixedVersion: { kind: 'NORMAL', name: '1.1' },
    },
  ],
}

/** What the scanner writes of an image, and how check-only and check-and-sign end. */
const STATES: readonly (readonly [name: string, discovery: Readonly<Record<string, unknown>> | undefined, isViolating: boolean, exit: number])[] = [
  ['no scan', undefined, false, 3],
  ['pending', { analysisStatus: 'SCANNING' }, false, 3],
  ['failed', { analysisStatus: 'FINISHED_FAILED' }, false, 3],
  ['unsupported', { analysisStatus: 'FINISHED_UNSUPPORTED' }, false, 3],
  ['stale', { analysisStatus: 'FINISHED_SUCCESS', lastScanTime: '2020-01-31T12:00:00Z' }, false, 3],
  ['violating', { analysisStatus: 'FINISHED_SUCCESS' }, true, 1],
  ['clean', { analysisStatus: 'FINISHED_SUCCESS' }, false, 0],
]

test('a report in every state, through check-only, check-and-sign and bypass-and-sign, to the gate’s judgement', async (t) => {
  const server = await startServer()
  t.after(() => server.stop())
  const cwd = tempFolder()
  const env = { ...clientEnvironment(server), COUNTERSIGN_PROJECT: 'demo' }
  const cli = async (...args: readonly string[]) => await runCli(args, { env, cwd })
  const must = async (...args: readonly string[]) => assert.equal((await cli(...args)).code, 0, args.join(' '))
  const post = async (path: string, body: unknown): Promise<void> => {
    const headers = { authorization: `Bearer ${readFileSync(server.adminTokenFile, 'utf8').trim()}`, 'content-type': 'application/json' }
    const answer = await fetch(new URL(path, server.apiUrl), { method: 'POST', headers, body: JSON.stringify(body) })
    assert.equal(answer.status, 200, await answer.text())
  }
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const files = {
    'key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'pub.pem': publicKey.export({ type: 'spki', format: 'pem' }),
    'policy.json': ADMISSION,
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  await must('projects', 'create', 'demo')
  await post('/v1/projects/demo/notes?noteId=scan', { discovery: { analysisKind: 'VULNERABILITY' } })
  await post('/v1/projects/demo/notes?noteId=CVE-2020-0001', {
    vulnerability: { details: [{ affectedCpeUri: 'cpe:/o:a:b:1', affectedPackage: 'openssl' }] },
  })
  await post('/v1/projects/demo/notes?noteId=built', { attestation: { hint: { humanReadableName: 'built' } } })
  await must('attestors', 'create', 'scanned', '--attestation-authority-note=built', '--attestation-authority-note-project=demo')
  const key = ['--pkix-public-key-file=pub.pem', '--pkix-public-key-algorithm=ecdsa-p256-sha256']
  await must('attestors', 'public-keys', 'add', '--attestor=scanned', ...key)
  await must('policy', 'import', 'policy.json')

  const sign = ['-note_name', 'projects/demo/notes/built', '-pkix_private_key', 'key.pem', '-pkix_alg', 'ecdsa-p256-sha256']
  for (const [index, [name, discovery, isViolating, exit]] of STATES.entries()) {
    const image = `registry.example/demo/app@sha256:${String(index).repeat(64)}`
    const resourceUri = `https://${image}`
    if (discovery !== undefined) await post('/v1/projects/demo/occurrences', { noteName: 'projects/demo/notes/scan', resourceUri, discovery })
    if (isViolating) {
      await post('/v1/projects/demo/occurrences', { noteName: 'projects/demo/notes/CVE-2020-0001', resourceUri, vulnerability: FINDING })
    }
    if (index === 0) {
      const { stdout } = await cli('tokens', 'list', '-o', 'json')
      const [token] = JSON.parse(stdout) as readonly { readonly name: string }[]
      writeFileSync(join(cwd, 'policy.yaml'), POLICY.replace('IDENTITY', `token:${token?.name.split('/').at(-1)}`))
    }
    const check = ['signer', '-image', image, '-policy', 'policy.yaml', '-vulnz_timeout', '0']
    const admits = async (): Promise<boolean> => (await cli('evaluate', '--image', image)).code === 0
    assert.equal((await cli(...check, '-mode', 'check-only')).code, exit, `${name}: check-only`)
    assert.equal((await cli(...check, ...sign)).code, exit, `${name}: check-and-sign`)
    assert.equal(await admits(), exit === 0, `${name}: the gate after check-and-sign`)
    const bypassed = await cli('signer', '-mode', 'bypass-and-sign', '-image', image, ...sign)
    assert.equal(bypassed.code, 0, `${name}: bypass-and-sign: ${bypassed.stderr}`)
    assert.equal(await admits(), true, `${name}: the gate after bypass-and-sign`)
  }
})
