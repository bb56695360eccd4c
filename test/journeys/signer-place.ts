import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CliResult, runCli } from '../harness/cli.ts'
import { clientEnvironment } from '../harness/server.ts'
import { tempFolder } from '../harness/temp-folder.ts'
import { admit } from './cluster.ts'
import { openPlace } from './place.ts'
import { PROJECT } from './story.ts'

/** Where a pipeline signs what a cluster runs: a server with an attestor `scanned`, a scanner's note, and a policy that asks for the attestor. */
export interface SignerPlace {
  readonly apiUrl: string
  /** The folder in which commands run; `policy.yaml` in it believes the scanner. */
  readonly cwd: string
  /** The note to sign under. */
  readonly note: string
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<CliResult>
  /** As `run`, which must end with 0; what it wrote. */
  readonly must: (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string>
  /** The scanner's part: says that it has scanned an image and found nothing. */
  readonly scan: (image: string) => Promise<void>
  /** A cluster's part: whether a Pod with this image is let in by the webhook. */
  readonly admits: (image: string) => Promise<boolean>
  /** The attestations of an image under the note, oldest first. */
  readonly attestationsOf: (image: string) => Promise<readonly string[]>
  readonly stop: () => Promise<unknown>
}

const ADMISSION = `{"admissionWhitelistPatterns": [], "defaultAdmissionRule": {"evaluationMode": "REQUIRE_ATTESTATION",
  "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG", "requireAttestationsBy": ["projects/${PROJECT}/attestors/scanned"]}}`

/** Starts it on free ports. */
export async function openSignerPlace(): Promise<SignerPlace> {
  const { server, webhookUrl } = await openPlace()
  const cwd = tempFolder()
  const token = readFileSync(server.adminTokenFile, 'utf8').trim()
  const run: SignerPlace['run'] = async (args, env) =>
    await runCli(args, { cwd, env: { ...clientEnvironment(server), COUNTERSIGN_PROJECT: PROJECT, ...env } })
  const must: SignerPlace['must'] = async (args, env) => {
    const { code, stdout, stderr } = await run(args, env)
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const post = async (path: string, body: unknown): Promise<void> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answer = await fetch(new URL(path, server.apiUrl), { method: 'POST', headers, body: JSON.stringify(body) })
    assert.equal(answer.status, 200, await answer.text())
  }
  const attestationsOf: SignerPlace['attestationsOf'] = async (image) => {
    const query = new URLSearchParams({ filter: `resourceUrl="https://${image}" AND kind="ATTESTATION"` })
    const answer = await fetch(new URL(`/v1/projects/${PROJECT}/occurrences?${query}`, server.apiUrl), {
      headers: { authorization: `Bearer ${token}` },
    })
    const { occurrences = [] } = (await answer.json()) as { readonly occurrences?: readonly { readonly name: string; readonly createTime: string }[] }
    return [...occurrences].sort((one, other) => (one.createTime < other.createTime ? -1 : 1)).map(({ name }) => name)
  }
  await post(`/v1/projects/${PROJECT}/notes?noteId=scan`, { discovery: { analysisKind: 'VULNERABILITY' } })
  await must(['notes', 'create', 'built'])
  await must(['attestors', 'create', 'scanned', '--attestation-authority-note=built'])
  const [listed] = JSON.parse(await must(['tokens', 'list', '-o', 'json'])) as readonly { readonly name: string }[]
  writeFileSync(join(cwd, 'policy.yaml'), signingPolicy(`token:${listed?.name.split('/').at(-1)}`))
  writeFileSync(join(cwd, 'admission.json'), ADMISSION)
  await must(['policy', 'import', 'admission.json'])
  return {
    apiUrl: server.apiUrl,
    cwd,
    note: `projects/${PROJECT}/notes/built`,
    run,
    must,
    scan: async (image) =>
      await post(`/v1/projects/${PROJECT}/occurrences`, {
        noteName: `projects/${PROJECT}/notes/scan`,
        resourceUri: `https://${image}`,
        discovery: { analysisStatus: 'FINISHED_SUCCESS' },
      }),
    admits: async (image) => (await admit(webhookUrl, server.caFile, { name: 'app', image })).allowed,
    attestationsOf,
    stop: server.stop,
  }
}

function signingPolicy(identity: string): string {
  return `apiVersion: kritis.grafeas.io/v1beta1
kind: VulnzSigningPolicy
metadata: { name: journey }
spec:
  imageVulnerabilityRequirements: { maximumFixableSeverity: MEDIUM, maximumUnfixableSeverity: LOW }
  scanRequirements: { trustedScanners: [{ note: projects/${PROJECT}/notes/scan, identity: "${identity}" }], maximumScanAge: 30d }
`
}
