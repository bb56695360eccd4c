import { RULE_MAPS } from '@countersign/core/policy/rule-maps.ts'
import { isTree, pathOf, textIn, type Tree, treesIn } from '../../connection/api.ts'
import type { Context } from '../../context.ts'
import type { Verb } from '../verb.ts'

export const describePolicy: Verb = {
  usage: 'describe',
  summary: 'Show what the policy says, rule by rule, in the order in which an image meets it',
  examples: ['countersign policy describe --project demo'],
  async run(context) {
    const policy = await (await context.api()).call('GET', pathOf('/v1', `projects/${context.project()}/policy`))
    if (context.hasFormat && context.format('table').kind !== 'table') return await context.showOne(policy)
    await showSteps(context, policy)
  },
}

async function showSteps(context: Context, policy: Tree): Promise<void> {
  const system =
    textIn(policy, 'globalPolicyEvaluationMode') === 'ENABLE' ? [step('kube-system', 'system policy', 'allow Kubernetes’ own images')] : []
  const patterns = treesIn(policy, 'admissionWhitelistPatterns').map((pattern) => step('everywhere', textIn(pattern, 'namePattern'), 'allow'))
  const specific = RULE_MAPS.flatMap(({ field, kind }) => {
    const rules = policy[field]
    return isTree(rules) ? Object.entries(rules).map(([key, rule]) => step(`${NOUNS[kind] ?? kind} ${key}`, 'every other image', verdict(rule))) : []
  })
  const rest = step(specific.length > 0 ? 'elsewhere' : 'everywhere', 'every other image', verdict(policy['defaultAdmissionRule']))
  await context.showRows(
    [...system, ...patterns, ...specific, rest],
    [
      { heading: 'WHERE', value: 'where' },
      { heading: 'IMAGES', value: 'images' },
      { heading: 'THEN', value: 'outcome' },
    ],
  )
}

const NOUNS: Readonly<Record<string, string>> = {
  CLUSTER: 'cluster',
  KUBERNETES_NAMESPACE: 'namespace',
  KUBERNETES_SERVICE_ACCOUNT: 'service account',
  ISTIO_SERVICE_IDENTITY: 'service identity',
}

function step(where: string, images: string, outcome: string): Tree {
  return { where, images, outcome }
}

function verdict(rule: unknown): string {
  const dryRun = textIn(rule, 'enforcementMode') === 'DRYRUN_AUDIT_LOG_ONLY' ? ' (dry run: log only)' : ''
  const mode = textIn(rule, 'evaluationMode')
  if (mode !== 'REQUIRE_ATTESTATION') return `${mode === 'ALWAYS_ALLOW' ? 'allow' : 'deny'}${dryRun}`
  const by = isTree(rule) && Array.isArray(rule['requireAttestationsBy']) ? rule['requireAttestationsBy'] : []
  return `require attestation by ${by.join(' and ')}${dryRun}`
}
