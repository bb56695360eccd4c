import type { Doors } from '../../test/harness/server.ts'
import type { DemoCluster } from './cluster.ts'
import type { DemoImage } from './image.ts'
import type { Stage } from './stage.ts'

/*
 * The founding story: "Denying All Images" to "Handling Emergency Situations" of the GKE Binary Authorization demo, with `gcloud beta container binauthz`
 * replaced by `countersign`, and an API server that is played by the demo itself.
 */
/** The log follows the answers; it is given this long. */
const LOG_PATIENCE_MS = 10_000
const CLUSTER = 'us-central1-a.my-cluster-1'
const DENIED_BY_CLUSTER =
  /denied by Binary Authorization cluster admission rule for us-central1-a\.my-cluster-1\. Denied by always_deny admission rule/

export interface Cast {
  readonly image: DemoImage
  readonly server: Doors
  readonly openCluster: (webhookUrl: string) => DemoCluster
}

/** Plays every chapter in order; throws at the first surprise. */
export async function playStory(stage: Stage, { image, server, openCluster }: Cast): Promise<void> {
  stage.chapter('Setting up', `A server runs at ${server.apiUrl}. ${image.told}`)
  await stage.type('countersign projects create $PROJECT')
  await stage.type(`countersign clusters register ${CLUSTER}`, { shows: /webhook/ })
  const registered = await stage.type(`countersign clusters describe ${CLUSTER} --format='value(webhookUrl)'`)
  const kubectl = openCluster(registered.output.trim())
  if (image.registry !== undefined) await stage.type(`countersign images list-tags ${image.repository}`, { shows: /latest/ })
  const pods = writePods(stage, image)

  await denyAll(stage, kubectl, pods)
  await allowByPattern(stage, kubectl, { pods, image })
  await vouch(stage, { image, server })
  await requireAttestation(stage, kubectl, pods)
  await breakGlass(stage, kubectl, pods)
  stage.chapter('The end', 'Every record of the story is chained by hash.')
  await stage.type('countersign audit verify', { shows: /intact/, withinMs: LOG_PATIENCE_MS })
}

/** Takes the attestor away and lets the policy allow as at first. */
export async function tearDown(stage: Stage): Promise<void> {
  stage.chapter('Teardown', 'The attestor goes, and the policy allows as at first.')
  await stage.type(`countersign attestors delete "$(countersign attestors list --format='value(name)')"`, { shows: /Deleted attestor/ })
  await stage.type('countersign policy reset', { shows: /ALWAYS_ALLOW/ })
}

type Pods = Readonly<Record<'nginx' | 'signed' | 'unsigned' | 'breakGlass' | 'labelled', Parameters<DemoCluster['create']>[0]>>

function writePods(stage: Stage, { repository, digest, unsigned }: DemoImage): Pods {
  const pod = (name: string, image: string, marks: { readonly annotations?: object; readonly labels?: object } = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...marks },
    spec: { containers: [{ name: 'nginx', image }] },
  })
  const pods = {
    nginx: pod('nginx', `${repository}:latest`),
    signed: pod('nginx-signed', `${repository}@${digest}`),
    unsigned: pod('nginx-unsigned', unsigned),
    breakGlass: pod('nginx-breakglass', 'nginx:latest', { annotations: { 'alpha.image-policy.k8s.io/break-glass': 'true' } }),
    labelled: pod('nginx-labelled', unsigned, { labels: { 'image-policy.k8s.io/break-glass': 'true' } }),
  }
  stage.file('nginx.yaml', manifest(pods.nginx))
  return pods
}

function manifest({ metadata, spec }: Pods['nginx']): string {
  const marks = [...marksOf('annotations', metadata.annotations), ...marksOf('labels', metadata.labels)].join('')
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${metadata.name}
${marks}spec:
  containers:
  - name: nginx
    image: "${spec.containers[0]?.image}"
`
}

function marksOf(field: 'annotations' | 'labels', marks: object = {}): readonly string[] {
  const lines = Object.entries(marks).map(([key, value]) => `    ${key}: "${value}"\n`)
  return lines.length === 0 ? [] : [`  ${field}:\n`, ...lines]
}

function policy(clusterRule: readonly string[], patterns: readonly string[] = []): string {
  return [
    ...(patterns.length === 0 ? [] : ['admissionWhitelistPatterns:', ...patterns.map((pattern) => `- namePattern: ${pattern}`)]),
    'clusterAdmissionRules:',
    `  ${CLUSTER}:`,
    ...clusterRule.map((line) => `    ${line}`),
    'defaultAdmissionRule:',
    '  enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG',
    '  evaluationMode: ALWAYS_DENY',
    'globalPolicyEvaluationMode: ENABLE',
    '',
  ].join('\n')
}

const ENFORCED = 'enforcementMode: ENFORCED_BLOCK_AND_AUDIT_LOG'
const ALLOW = [ENFORCED, 'evaluationMode: ALWAYS_ALLOW']
const DENY = [ENFORCED, 'evaluationMode: ALWAYS_DENY']

async function denyAll(stage: Stage, kubectl: DemoCluster, pods: Pods): Promise<void> {
  stage.chapter('Denying all images', 'First the cluster allows everything, then nothing. What already runs stays.')
  await stage.type('countersign policy export', { shows: /ALWAYS_ALLOW/ })
  stage.file('policy.yaml', policy(ALLOW))
  await stage.type('countersign policy import policy.yaml')
  await stage.play('kubectl apply -f nginx.yaml', () => kubectl.create(pods.nginx, 'nginx.yaml'), { shows: /created/ })
  stage.file('policy.yaml', policy(DENY))
  await stage.type('countersign policy import policy.yaml')
  await stage.play('kubectl get pods', async () => kubectl.list(), { shows: /nginx .*Running/ })
  await stage.play('kubectl label pod nginx team=web', () => kubectl.label('nginx'), { shows: /labeled/ })
  await stage.play('kubectl delete pod nginx', () => kubectl.remove('nginx'))
  await stage.play('kubectl apply -f nginx.yaml', () => kubectl.create(pods.nginx, 'nginx.yaml'), { code: 1, shows: DENIED_BY_CLUSTER })
  stage.chapter('An older API server', 'asks by ImagePolicyWebhook, and reads the texts of its generation.')
  await stage.play('kubectl apply -f nginx.yaml', () => kubectl.createByImageReview(pods.nginx), {
    code: 1,
    shows: /Denied by cluster admission rule for us-central1-a\.my-cluster-1\. Overridden by evaluation mode/,
  })
  await stage.type(`countersign audit list --filter='resource.type="k8s_cluster" protoPayload.status.message="PERMISSION_DENIED"'`, {
    shows: /pods\.create/,
    withinMs: LOG_PATIENCE_MS,
  })
  await stage.type(`countersign evaluate nginx.yaml --cluster ${CLUSTER}`, { code: 1, shows: /denied/ })
}

async function allowByPattern(
  stage: Stage,
  kubectl: DemoCluster,
  { pods, image }: { readonly pods: Pods; readonly image: DemoImage },
): Promise<void> {
  stage.chapter('Denying images except from allowed registries', 'A pattern lets in what comes from one place.')
  stage.file('policy.yaml', policy(DENY, [`${image.repository}*`]))
  await stage.type('countersign policy import policy.yaml')
  await stage.play('kubectl apply -f nginx.yaml', () => kubectl.create(pods.nginx, 'nginx.yaml'), { shows: /created/ })
  stage.file('policy.yaml', policy(DENY))
  await stage.type('countersign policy import policy.yaml')
}

async function vouch(stage: Stage, { image, server }: Pick<Cast, 'image' | 'server'>): Promise<void> {
  stage.chapter('Enforcing attestations', 'A note, a PGP key, an attestor; then a person signs the image.')
  stage.file(
    'note_payload.json',
    `{
  "name": "projects/my-project/notes/Human-Attestor-Note",
  "attestation_authority": { "hint": { "human_readable_name": "Human Attestation Note Demo" } }
}
`,
  )
  const post = `curl -sS -X POST -H "Content-Type: application/json" -H "Authorization: Bearer $TOKEN" --data-binary @note_payload.json`
  await stage.type(`${post} "${server.apiUrl}/v1beta1/projects/$PROJECT/notes/?noteId=Human-Attestor-Note"`, { shows: /"kind": "ATTESTATION"/ })
  await stage.type(`gpg --batch --quiet --passphrase '' --quick-generate-key --yes attestor@example.com`)
  await stage.type('gpg --armor --export attestor@example.com > generated-key.pgp')
  const authority = '--attestation-authority-note=Human-Attestor-Note --attestation-authority-note-project=$PROJECT'
  await stage.type(`countersign --project=$PROJECT attestors create manually-verified ${authority}`)
  await stage.type('countersign attestors public-keys add --attestor=manually-verified --public-key-file=generated-key.pgp > /dev/null')
  await stage.type('countersign attestors list', { shows: /manually-verified .*Human-Attestor-Note .*1 / })
  const url = `${image.repository}@${image.digest}`
  await stage.type(`countersign create-signature-payload --artifact-url=${url} > generated_payload.json`)
  await stage.type('cat generated_payload.json', { shows: new RegExp(image.digest) })
  await stage.type('gpg --batch --quiet --local-user attestor@example.com --armor --output generated_signature.pgp --sign generated_payload.json')
  await stage.type('head -3 generated_signature.pgp', { shows: /BEGIN PGP MESSAGE/ })
  const fingerprint = '"$(gpg --list-keys attestor@example.com | head -2 | tail -1 | awk \'{print $1}\')"'
  const attestor = '--attestor=projects/$PROJECT/attestors/manually-verified'
  await stage.type(
    `countersign attestations create --artifact-url=${url} ${attestor} --signature-file=generated_signature.pgp --pgp-key-fingerprint=${fingerprint} > /dev/null`,
  )
  await stage.type(`countersign attestations validate ${attestor} --artifact-url=${url}`, { shows: /counts/ })
}

async function requireAttestation(stage: Stage, kubectl: DemoCluster, pods: Pods): Promise<void> {
  stage.chapter('Running an image with attestation enforcement', 'Only what the attestor vouched for may run, and it is named by its digest.')
  stage.file(
    'policy.yaml',
    policy([ENFORCED, 'evaluationMode: REQUIRE_ATTESTATION', 'requireAttestationsBy:', '- projects/my-project/attestors/manually-verified']),
  )
  await stage.type('countersign policy import policy.yaml')
  await stage.play('kubectl delete pod nginx', () => kubectl.remove('nginx'))
  await stage.play('kubectl apply -f nginx.yaml', () => kubectl.create(pods.nginx, 'nginx.yaml'), {
    code: 1,
    shows: /Expected digest with sha256 scheme, but got tag or malformed digest/,
  })
  stage.file('nginx-unsigned.yaml', manifest(pods.unsigned))
  await stage.play('kubectl apply -f nginx-unsigned.yaml', () => kubectl.create(pods.unsigned, 'nginx-unsigned.yaml'), {
    code: 1,
    shows: /denied by attestor projects\/my-project\/attestors\/manually-verified: No attestations found/,
  })
  stage.file('nginx-signed.yaml', manifest(pods.signed))
  await stage.play('kubectl apply -f nginx-signed.yaml', () => kubectl.create(pods.signed, 'nginx-signed.yaml'), { shows: /nginx-signed created/ })
}

async function breakGlass(stage: Stage, kubectl: DemoCluster, pods: Pods): Promise<void> {
  stage.chapter('Handling emergency situations', 'An annotation or a label breaks the glass. It is recorded, and found by a filter.')
  stage.file('nginx-breakglass.yaml', manifest(pods.breakGlass))
  await stage.play('kubectl apply -f nginx-breakglass.yaml', () => kubectl.create(pods.breakGlass, 'nginx-breakglass.yaml'), { shows: /created/ })
  await stage.play('kubectl get pods', async () => kubectl.list(), { shows: /nginx-breakglass .*Running/ })
  const filter = 'resource.type="k8s_cluster" protoPayload.request.metadata.annotations."alpha.image-policy.k8s.io/break-glass"="true"'
  await stage.type(`countersign audit list --filter='${filter}'`, { shows: /nginx-breakglass/, withinMs: LOG_PATIENCE_MS })
  stage.file('nginx-labelled.yaml', manifest(pods.labelled))
  await stage.play('kubectl apply -f nginx-labelled.yaml', () => kubectl.create(pods.labelled, 'nginx-labelled.yaml'), { shows: /created/ })
  await stage.type(`countersign audit list --filter='labels."imagepolicywebhook.image-policy.k8s.io/break-glass"="true"'`, {
    shows: /nginx-labelled[^]*nginx-breakglass|nginx-breakglass[^]*nginx-labelled/,
    withinMs: LOG_PATIENCE_MS,
  })
}
