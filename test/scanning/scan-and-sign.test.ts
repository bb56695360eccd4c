import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type CliResult, runCli } from '../harness/cli.ts'
import { missingParts, runPart } from '../harness/parts.ts'
import { startRegistry } from '../harness/registry.ts'
import { clientEnvironment, startServer } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { makeDebianImages, trackerOf } from './debian-images.ts'

const POLICY = `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata: { name: production }
spec: { imageVulnerabilityRequirements: { maximumFixableSeverity: MEDIUM, maximumUnfixableSeverity: ALLOW_ALL } }
`
const RULES = `defaultAdmissionRule:
  evaluationMode: REQUIRE_ATTESTATION
  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG
  requireAttestationsBy: [projects/demo/attestors/scanned]
`

/** An image with a known hole cannot be signed; the one that Debian mended can, and is let in (DESIGN §3, flows 1 to 3). */
test('an old Debian image is found wanting, the patched one is signed and let in', {
  skip: missingParts('docker-registry', 'skopeo', 'umoci'),
}, async (t) => {
  const images = await makeDebianImages()
  if (typeof images === 'string') return t.skip(images)
  const { cves, tree } = trackerOf(images.old, images.patched)
  assert.ok(cves.length > 0, 'the changelog names CVEs that the patched version mends')
  const [registry, server] = await Promise.all([startRegistry(), startServer()])
  t.after(() => Promise.all([registry.stop(), server.stop()]))
  const folder = tempFolder()
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const [feed, policy, rules] = [file('tracker.json', JSON.stringify(tree)), file('policy.yaml', POLICY), file('rules.yaml', RULES)]
  const cli = async (code: number, ...args: readonly string[]): Promise<CliResult> => {
    const ended = await runCli(['--project', 'demo', ...args], { env: clientEnvironment(server) })
    assert.equal(ended.code, code, `${args.join(' ')}\n${ended.stderr}${ended.stdout}`)
    return ended
  }
  /** Pushes an image, scans it as a pipeline does, and gives its name with the digest. */
  const scan = async (code: number, tag: 'old' | 'patched'): Promise<string> => {
    const target = `${registry.host}/demo/app:${tag}`
    await runPart('skopeo', ['--insecure-policy', 'copy', '-q', '--dest-tls-verify=false', `oci:${images[tag].layout}`, `docker://${target}`])
    const shown = await cli(code, 'scan', target, '--feeds', feed, '--fail-on', 'HIGH', '--upload', '-o', 'json')
    return (JSON.parse(shown.stdout) as { readonly image: string }).image
  }
  for (const project of ['demo', 'goog-analysis', 'goog-vulnz']) await cli(0, 'projects', 'create', project)

  const old = await scan(1, 'old')
  const refused = await cli(1, 'signer', '-mode', 'check-only', '-image', old, '-policy', policy, '-vulnz_timeout', '20s')
  for (const cve of cves) assert.ok(refused.stdout.includes(cve), `${cve} is named in ${refused.stdout}`)
  assert.match(
    (await cli(1, 'scan', old, '--feeds', feed, '--fail-on', 'HIGH', '--upload')).stderr,
    new RegExp(`0 findings are new, 0 changed, ${cves.length} stayed, 0 were withdrawn`),
  )

  const patched = await scan(0, 'patched')
  await cli(0, 'signer', '-mode', 'check-only', '-image', patched, '-policy', policy, '-vulnz_timeout', '20s')
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = file('key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const publicFile = file('key.pub.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString())
  await cli(0, 'notes', 'create', 'scanned')
  await cli(0, 'attestors', 'create', 'scanned', '--attestation-authority-note=scanned')
  await cli(
    0,
    'attestors',
    'public-keys',
    'add',
    '--attestor=scanned',
    `--pkix-public-key-file=${publicFile}`,
    '--pkix-public-key-algorithm=ecdsa-p256-sha256',
  )
  const signing = ['-note_name', 'projects/demo/notes/scanned', '-pkix_private_key', key, '-pkix_alg', 'ecdsa-p256-sha256']
  await cli(0, 'signer', '-mode', 'check-and-sign', '-image', patched, '-policy', policy, ...signing)
  await cli(0, 'policy', 'import', rules)
  await cli(0, 'evaluate', '--image', patched)
  await cli(1, 'evaluate', '--image', old)
  // What the feed takes back is withdrawn, and the scan of before counts no more.
  const silent = file(
    'silent.json',
    JSON.stringify({ openssl: { 'CVE-2000-0001': { releases: { bookworm: { status: 'resolved', fixed_version: '0.9' } } } } }),
  )
  assert.match((await cli(0, 'scan', old, '--feeds', silent, '--upload')).stderr, new RegExp(`${cves.length} were withdrawn`))
  await cli(0, 'signer', '-mode', 'check-only', '-image', old, '-policy', policy, '-vulnz_timeout', '20s')
})
