import { formatIssue } from '@countersign/core/parsed.ts'
import { parsePolicyEnvelope } from '@countersign/core/policy/parse.ts'
import type { Policy } from '@countersign/core/policy/policy.ts'
import type { Context } from '../context.ts'
import { type EvidenceFile, formatEvidenceFile, parseEvidenceFile } from '../evaluation/evidence-file.ts'
import type { Judgement, Place, Subjects } from '../evaluation/judgement.ts'
import { evaluateOffline } from '../evaluation/offline.ts'
import { evaluateOnServer } from '../evaluation/on-server.ts'
import { readSubjects } from '../evaluation/read-subjects.ts'
import { exitCodeOf, showJudgements } from '../evaluation/report.ts'
import { gatherEvidenceFile } from '../evaluation/save-evidence.ts'
import { EXIT, type ExitCode, UsageError } from '../terminal.ts'
import type { Given } from './given.ts'
import { readPolicyFile } from './policy/read-file.ts'
import type { Verb } from './verb.ts'

export const evaluate: Verb = {
  usage: 'evaluate [manifests...]',
  summary: 'Judge manifests or images by a policy, before a cluster does',
  details: [
    'Manifests are files with one or many documents, folders, or - for standard input.',
    'With a project the server judges, by its policy or by the one in --policy; nothing is admitted and nothing recorded.',
    'With --evidence, or without a project, no server is asked: the policy comes from --policy or from the evidence file.',
    'Exit codes for CI: 0 every workload may run · 1 one may not · 2 usage · 3 one could not be decided.',
  ].join('\n'),
  examples: [
    'countersign evaluate deploy/ --project demo --cluster us-central1.demo-cluster',
    'helm template . | countersign evaluate - --policy policy.yaml --evidence evidence.json',
    'countersign evaluate --image registry.example/app@sha256:02115bc7… --project demo --namespace prod',
    'countersign evaluate deploy/ --project demo --save-evidence evidence.json',
  ],
  options: [
    { flags: '--image <image>', summary: 'judge this image; several are the containers of one Pod', kind: 'list' },
    { flags: '--cluster <cluster>', summary: 'where it would run: LOCATION.NAME (default: a cluster that no rule names)' },
    { flags: '--namespace <namespace>', summary: 'goes before what the manifests name' },
    { flags: '--service-account <name>', summary: 'goes before what the manifests name' },
    { flags: '--policy <file>', summary: 'try this policy instead of the project’s' },
    { flags: '--evidence <file>', summary: 'judge by this evidence instead of a server’s' },
    { flags: '--save-evidence <file>', summary: 'keep what the server knows, for later evaluations without it' },
  ],
  async run(context, given): Promise<ExitCode> {
    const subjects = await readSubjects(context.terminal, given.rest(0), given.list('--image'))
    if (given.has('--save-evidence')) await saveEvidence(context, given, subjects)
    if (subjects.subjects.length === 0 && given.rest(0).length === 0) {
      if (given.has('--save-evidence')) return EXIT.YES
      throw new UsageError('There is nothing to evaluate', 'Name manifests, folders, - for standard input, or images with --image')
    }
    const judgements = await judge(context, given, subjects)
    await showJudgements(context, judgements)
    return exitCodeOf(judgements)
  },
}

async function judge(context: Context, given: Given, { subjects }: Subjects): Promise<readonly Judgement[]> {
  const [evidenceFile, policyFile] = [given.text('--evidence'), given.text('--policy')]
  const tried = policyFile === undefined ? undefined : (await readPolicyFile(context.terminal, policyFile)).envelope.policy
  const project = context.findProject()
  if (evidenceFile === undefined && (tried === undefined || project !== undefined || context.hasServer)) {
    const api = await context.api()
    return await evaluateOnServer(api, context.project(), { subjects, place: placeOf(given), ...(tried === undefined ? {} : { policy: tried }) })
  }
  const evidence = evidenceFile === undefined ? undefined : await readEvidence(context, evidenceFile)
  const policy = tried ?? policyOf(evidence, evidenceFile ?? '')
  const offline = {
    project: project ?? (evidence?.project || 'offline'),
    policy,
    now: context.terminal.now(),
    ...(evidence === undefined ? {} : { evidence }),
  }
  return await evaluateOffline(offline, subjects, placeOf(given))
}

function placeOf(given: Given): Place {
  const [cluster, namespace, serviceAccount] = ['--cluster', '--namespace', '--service-account'].map((flag) => given.text(flag))
  return {
    ...(cluster === undefined ? {} : { cluster }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
  }
}

async function readEvidence({ terminal }: Context, file: string): Promise<EvidenceFile> {
  return parseEvidenceFile(new TextDecoder().decode(await terminal.files.read(file)), file)
}

function policyOf(evidence: EvidenceFile | undefined, file: string): Policy {
  const parsed = parsePolicyEnvelope(evidence?.policy)
  if (parsed.ok) return parsed.value.policy
  throw new UsageError(`The policy in "${file}" is not valid: ${parsed.issues.map(formatIssue).join('; ')}`)
}

async function saveEvidence(context: Context, given: Given, { digests }: Subjects): Promise<void> {
  const file = given.required('--save-evidence')
  if (given.has('--evidence')) throw new UsageError('Only one of --evidence and --save-evidence can be given')
  const savedAt = new Date(context.terminal.now()).toISOString()
  const evidence = await gatherEvidenceFile(await context.api(), context.project(), { digests, savedAt })
  await context.terminal.files.write(file, formatEvidenceFile(evidence))
  context.terminal.say(`Saved ${evidence.attestors.length} attestors and ${evidence.attestations.length} attestations to "${file}".`)
}
