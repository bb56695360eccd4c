import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingControlPlane } from './control-plane.ts'
import { guardedCluster, IMAGE_REVIEW } from './guarded-cluster.ts'
import { expectOutput } from './kubectl.ts'
import { pod } from './objects.ts'
import { ALLOW_ALL, DENY_ALL, requireBuiltRule } from './policies.ts'
import { imageNamed, namespaceOf, openNamespace, projectOn, type Room } from './room.ts'

const skip = missingControlPlane()
const ATTESTOR = `projects/${IMAGE_REVIEW}/attestors/built`
const ANNOTATION = 'alpha.image-policy.k8s.io/break-glass'
const KEY = 'imagepolicywebhook.image-policy.k8s.io'
const guarded = { ...ALLOW_ALL, kubernetesNamespaceAdmissionRules: { [IMAGE_REVIEW]: requireBuiltRule(IMAGE_REVIEW) } }
const refusal = (name: string, image: string) =>
  `pods "${name}" is forbidden: image policy webhook backend denied one or more images: Denied by namespace admission rule for ${IMAGE_REVIEW}. ` +
  `Denied by Attestor. Image ${image} denied by ${ATTESTOR}: No attestations found that were valid and signed by a key trusted by the attestor\n`

let opened: Promise<{ readonly room: Room; readonly sign: (image: string) => Promise<void> }> | undefined

/** One namespace for all tests here: an API server has one ImagePolicyWebhook backend. No webhook object guards it. */
function imageReviewRoom() {
  opened ??= open()
  return opened
}

async function open() {
  const cluster = await guardedCluster()
  const project = projectOn(cluster.countersign, IMAGE_REVIEW)
  const sign = await project.openAttestor()
  await openNamespace(cluster, IMAGE_REVIEW)
  await project.setPolicy(guarded)
  return { room: { ...project, ...namespaceOf(cluster, IMAGE_REVIEW) }, sign }
}

test('§6.4 generation A: ImagePolicyWebhook refuses in the original’s words, and admits what was signed', { skip }, async () => {
  const { room, sign } = await imageReviewRoom()
  const image = imageNamed('reviewed')
  assert.deepEqual(await room.kubectl(['apply', '-f', '-'], pod('reviewed', image)), {
    code: 1,
    stdout: '',
    stderr: `Error from server (Forbidden): error when creating "STDIN": ${refusal('reviewed', image)}`,
  })
  await sign(image)
  assert.deepEqual(await room.kubectl(['apply', '-f', '-'], pod('reviewed', image)), { code: 0, stdout: 'pod/reviewed created\n', stderr: '' })
  await expectOutput(room.kubectl(['wait', '--for=condition=Ready', 'pod/reviewed', '--timeout=60s']))
})

test('§6.5: ImagePolicyWebhook sees the annotation, and the audit log what it overrode', { skip }, async () => {
  const { room } = await imageReviewRoom()
  const image = imageNamed('urgent')
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('urgent', image, { annotations: { [ANNOTATION]: 'true' } })))
  const annotations = await room.auditAnnotations('create', 'urgent')
  assert.equal(annotations[`${KEY}/break-glass`], 'true')
  assert.match(annotations[`${KEY}/overridden-verification-result`] ?? '', new RegExp(`^'${image}': Image ${image} denied by ${ATTESTOR}: `))
})

test('ImagePolicyWebhook asks about ephemeral containers, and about nothing else of their Pod', { skip }, async () => {
  const { room, sign } = await imageReviewRoom()
  await sign(imageNamed('debugged'))
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('debugged', imageNamed('debugged'))))
  const debug = (image: string) => room.kubectl(['debug', 'debugged', `--image=${image}`, '--container=probe', '--attach=false', '--profile=general'])
  const refused = await debug(imageNamed('debugger'))
  assert.equal(refused.code, 1)
  assert.ok(refused.stderr.endsWith(refusal('debugged', imageNamed('debugger'))), refused.stderr)
  await sign(imageNamed('debugger'))
  const admitted = await debug(imageNamed('debugger'))
  assert.equal(admitted.code, 0, admitted.stderr)
})

// What Kubernetes does not send nobody can judge: DESIGN §5, test-infrastructure.md §3.4. Where it matters, the webhook is the way.
test('ImagePolicyWebhook never shows image volumes: its limit, and a known one', { skip }, async () => {
  const { room, sign } = await imageReviewRoom()
  await sign(imageNamed('carrier'))
  const volumes = [{ name: 'data', image: { reference: imageNamed('unseen') } }]
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('carrier', imageNamed('carrier'), { volumes })))
})

// An ImageReview names the images and not what they were before: under this plugin, unlike under the webhook, a policy change reaches running Pods.
test('ImagePolicyWebhook asks again on every update: a running Pod that is refused now keeps no new label, but its status and its end', {
  skip,
}, async () => {
  const { room, sign } = await imageReviewRoom()
  const image = imageNamed('withdrawn')
  await sign(image)
  await expectOutput(room.kubectl(['apply', '-f', '-'], pod('withdrawn', image)))
  await room.setPolicy({ ...ALLOW_ALL, kubernetesNamespaceAdmissionRules: { [IMAGE_REVIEW]: DENY_ALL['defaultAdmissionRule'] } })
  const labelled = await room.kubectl(['label', 'pod', 'withdrawn', 'colour=red'])
  await expectOutput(room.kubectl(['wait', '--for=condition=Ready', 'pod/withdrawn', '--timeout=60s']))
  await expectOutput(room.kubectl(['delete', 'pod', 'withdrawn', '--timeout=60s']))
  await room.setPolicy(guarded)
  assert.deepEqual(labelled, {
    code: 1,
    stdout: '',
    stderr:
      'Error from server (Forbidden): pods "withdrawn" is forbidden: image policy webhook backend denied one or more images: ' +
      `Denied by namespace admission rule for ${IMAGE_REVIEW}. Overridden by evaluation mode\n`,
  })
})

test('DESIGN §5: a policy that needs a service account is no answer to an ImageReview, which has none: the plugin’s own default speaks', {
  skip,
}, async () => {
  const { room } = await imageReviewRoom()
  await room.setPolicy({ ...ALLOW_ALL, kubernetesServiceAccountAdmissionRules: { [`${IMAGE_REVIEW}:default`]: ALLOW_ALL['defaultAdmissionRule'] } })
  const { code, stderr } = await room.kubectl(['apply', '-f', '-'], pod('undecided', imageNamed('undecided')))
  await room.setPolicy(guarded)
  assert.equal(code, 1)
  assert.match(stderr, /pods "undecided" is forbidden: Countersign could not decide \(NEEDS_SERVICE_ACCOUNT\): /)
})
