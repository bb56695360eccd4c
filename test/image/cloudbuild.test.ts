import assert from 'node:assert/strict'
import { chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeGoogleKms } from '@countersign/adapters/testing/fake-google-kms.ts'
import { plainEnvironment, startChild } from '../harness/child.ts'
import { runCli } from '../harness/cli.ts'
import { clientEnvironment, startServer } from '../harness/server.ts'
import { buildLayout, missingForImages, unpackImage } from './unpacked.ts'

/*
 * Founding document 1: the step "vulnsign" of its cloudbuild.yaml runs in our image as it is written there, with the image's name exchanged and
 * Cloud Build's substitutions filled in. A container is a root folder here; Cloud KMS is a fake that Google's own client works with.
 */
const DIGEST = `sha256:${'ab'.repeat(32)}`
const IMAGE = `gcr.io/my-project/app@${DIGEST}`
const POLICY = 'infrastructure/gcp/cloudbuild/binauthz/kritis-policy.yaml'
const SCRIPT =
  'echo gcr.io/$PROJECT_ID/kritis-signer && /bin/cat image-digest.txt && ' +
  `/kritis/signer -mode check-and-sign -image $(/bin/cat image-digest.txt) -policy ${POLICY} -vulnz_timeout 60m ` +
  '-kms_key_name ${_KMS_KEY_NAME} -kms_digest_alg ${_KMS_DIGEST_ALG} -note_name ${_NOTE_NAME}'

test("the document's step of cloudbuild.yaml signs in the pipeline image what is within the policy, and nothing beyond it", {
  skip: missingForImages(),
}, async (t) => {
  const layout = await buildLayout()
  const root = unpackImage(layout.folder, layout.digests['countersign-signer'] ?? assert.fail('no such image'))
  const server = await startServer()
  t.after(() => server.stop())
  const kms = await FakeGoogleKms.start()
  t.after(() => kms.close())

  const cli = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCli(['--project=my-project', ...args], { env: { ...clientEnvironment(server), ...kms.env } })
    assert.equal(code, 0, stderr)
    return stdout
  }

  const send = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${readFileSync(server.adminTokenFile, 'utf8').trim()}` }
    const answer = await fetch(`${server.apiUrl}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    assert.equal(answer.status, 200, await answer.text())
  }

  /** The scanner's report: it looked at the image, and found one vulnerability of this severity that can be mended. */
  const report = async (severity: string): Promise<void> => {
    const about = { resourceUri: `https://${IMAGE}` }
    await send('/v1/projects/goog-analysis/notes?noteId=PACKAGE_VULNERABILITY', { discovery: { analysisKind: 'VULNERABILITY' } })
    await send('/v1/projects/goog-vulnz/notes?noteId=CVE-2024-0001', { vulnerability: { severity } })
    const issue = {
      affectedCpeUri: 'cpe:/o:debian:debian_linux:12',
      affectedPackage: 'openssl',
      affectedVersion: { name: '3.0.8', revision: '1', fullName: '3.0.8-1', kind: 'NORMAL' },
    }
    const fix = {
      fixedCpeUri: issue.affectedCpeUri,
      fixedPackage: 'openssl',
      fixedVersion: { name: '3.0.9', revision: '1', fullName: '3.0.9-1', kind: 'NORMAL' },
      fixAvailable: true,
    }
    await send('/v1/projects/my-project/occurrences', {
      ...about,
      noteName: 'projects/goog-vulnz/notes/CVE-2024-0001',
      vulnerability: { effectiveSeverity: severity, packageIssue: [{ ...issue, ...fix, effectiveSeverity: severity }] },
    })
    await send('/v1/projects/my-project/occurrences', {
      ...about,
      noteName: 'projects/goog-analysis/notes/PACKAGE_VULNERABILITY',
      discovery: { analysisStatus: 'FINISHED_SUCCESS', continuousAnalysis: 'ACTIVE', lastScanTime: new Date().toISOString() },
    })
  }

  const runStep = async (version: string) => {
    const environment = {
      PROJECT_ID: 'my-project',
      _KMS_KEY_NAME: version,
      _KMS_DIGEST_ALG: 'SHA256',
      _NOTE_NAME: 'projects/my-project/notes/vulnz',
      COUNTERSIGN_SERVER: server.apiUrl,
      COUNTERSIGN_TOKEN_FILE: '/workspace/token',
    }
    const inside = ['--userspec=65532:65532', root, '/bin/bash', '-c', 'cd /workspace && exec /bin/bash -e -c "$0"', SCRIPT]
    const child = startChild('chroot', inside, { env: plainEnvironment({ ...environment, ...kms.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }) })
    const { code } = await child.ended
    return { code, stdout: child.stdout(), stderr: child.stderr() }
  }

  const layOutWorkspace = (): void => {
    const workspace = join(root, 'workspace')
    mkdirSync(join(workspace, POLICY, '..'), { recursive: true })
    writeFileSync(join(workspace, 'image-digest.txt'), IMAGE)
    writeFileSync(join(workspace, POLICY), policy)
    copyFileSync(server.adminTokenFile, join(workspace, 'token'))
    // What belongs to root outside belongs to the step's user inside.
    for (const path of [workspace, join(workspace, 'token')]) chownSync(path, 65532, 65532)
  }

  for (const project of ['my-project', 'goog-analysis', 'goog-vulnz']) await cli('projects', 'create', project)
  const { version } = kms.addKey('attestor', 'ECDSA_P256_SHA256')
  await cli('notes', 'create', 'vulnz')
  await cli('attestors', 'create', 'vulnz', '--attestation-authority-note=vulnz')
  await cli('attestors', 'public-keys', 'add', '--attestor=vulnz', `--keyversion=${version}`)
  await report('HIGH')
  layOutWorkspace()
  const refused = await runStep(version)
  assert.deepEqual([refused.code, /CVE-2024-0001/.test(refused.stdout + refused.stderr)], [1, true], refused.stdout + refused.stderr)
  writeFileSync(join(root, 'workspace', POLICY), policy.replace('maximumFixableSeverity: MEDIUM', 'maximumFixableSeverity: HIGH'))
  const signed = await runStep(version)
  assert.equal(signed.code, 0, signed.stdout + signed.stderr)
  const verdicts = JSON.parse(
    await cli('attestations', 'validate', '--attestor=vulnz', `--artifact-url=${IMAGE}`, '-o', 'json'),
  ) as readonly Verdict[]
  assert.deepEqual(
    verdicts.map(({ result }) => result),
    ['VERIFIED'],
  )
})

interface Verdict {
  readonly result: string
}

const policy = `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata:
  name: kritis-policy
spec:
  imageVulnerabilityRequirements:
    maximumFixableSeverity: MEDIUM
    maximumUnfixableSeverity: LOW
    allowlistCVEs: []
`
