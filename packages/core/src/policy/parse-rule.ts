import { parseAttestorName } from '../name/resource-name.ts'
import type { AttestorName } from '../name/resource-name.ts'
import type { Issue } from '../parsed.ts'
import { readEnum, readRequiredEnum } from '../reading/enumeration.ts'
import type { Enumeration } from '../reading/enumeration.ts'
import { describe, readFields, readList } from '../reading/fields.ts'
import type { IssueList } from '../reading/issue-list.ts'
import type { AdmissionRule, EnforcementMode, EvaluationMode, GlobalPolicyEvaluationMode } from './policy.ts'

type Path = Issue['path']

/** The original's quota of attestor references per policy (§1.10), here per rule. */
const MAX_ATTESTORS_PER_RULE = 200

const EVALUATION_MODE: Enumeration<EvaluationMode> = {
  unspecified: 'EVALUATION_MODE_UNSPECIFIED',
  values: ['ALWAYS_ALLOW', 'REQUIRE_ATTESTATION', 'ALWAYS_DENY'],
  yes: 'ALWAYS_ALLOW',
  no: 'ALWAYS_DENY',
}
const ENFORCEMENT_MODE: Enumeration<EnforcementMode> = {
  unspecified: 'ENFORCEMENT_MODE_UNSPECIFIED',
  values: ['ENFORCED_BLOCK_AND_AUDIT_LOG', 'DRYRUN_AUDIT_LOG_ONLY'],
  yes: 'ENFORCED_BLOCK_AND_AUDIT_LOG',
  no: 'DRYRUN_AUDIT_LOG_ONLY',
}
const GLOBAL_MODE: Enumeration<Exclude<GlobalPolicyEvaluationMode, 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED'>> = {
  unspecified: 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED',
  values: ['ENABLE', 'DISABLE'],
  yes: 'ENABLE',
  no: 'DISABLE',
}
const RULE_FIELDS = ['evaluationMode', 'requireAttestationsBy', 'enforcementMode'] as const

/** Reads an admission rule by the conditions of §1.1 and §1.9. Undefined where something was reported. */
export function readRule(tree: unknown, path: Path, issues: IssueList): AdmissionRule | undefined {
  const fields = readFields(tree, RULE_FIELDS, path, issues)
  if (fields === undefined) return undefined
  const evaluationMode = readRequiredEnum(fields.evaluationMode, EVALUATION_MODE, [...path, 'evaluationMode'], issues)
  const requireAttestationsBy = readAttestors(fields.requireAttestationsBy, [...path, 'requireAttestationsBy'], issues)
  const enforcementMode = readRequiredEnum(fields.enforcementMode, ENFORCEMENT_MODE, [...path, 'enforcementMode'], issues)
  if (evaluationMode === undefined || requireAttestationsBy === undefined) return undefined
  const fault = findMismatch(evaluationMode, requireAttestationsBy)
  if (fault !== undefined) issues.add([...path, 'requireAttestationsBy'], fault)
  return enforcementMode === undefined ? undefined : { evaluationMode, requireAttestationsBy, enforcementMode }
}

/** Reads `globalPolicyEvaluationMode`; unset and unspecified are one. */
export function readGlobalMode(value: unknown, path: Path, issues: IssueList): GlobalPolicyEvaluationMode {
  return readEnum(value, GLOBAL_MODE, path, issues) ?? 'GLOBAL_POLICY_EVALUATION_MODE_UNSPECIFIED'
}

function readAttestors(value: unknown, path: Path, issues: IssueList): readonly AttestorName[] | undefined {
  const before = issues.all.length
  const names = new Set<AttestorName>()
  for (const [index, item] of readList(value, MAX_ATTESTORS_PER_RULE, path, issues).entries()) readAttestor(item, names, [...path, index], issues)
  return issues.all.length === before ? [...names] : undefined
}

function readAttestor(item: unknown, names: Set<AttestorName>, path: Path, issues: IssueList): void {
  if (typeof item !== 'string') return issues.add(path, `Expected projects/PROJECT/attestors/ATTESTOR, found ${describe(item)}`)
  const parsed = parseAttestorName(item)
  if (!parsed.ok) return issues.add(path, parsed.issues[0]?.message ?? 'Attestor name is not valid')
  if (names.has(parsed.value)) return issues.add(path, `Attestor ${parsed.value} is named twice: one valid attestation satisfies both, remove one`)
  names.add(parsed.value)
}

function findMismatch(mode: EvaluationMode, attestors: readonly AttestorName[]): string | undefined {
  if (mode === 'REQUIRE_ATTESTATION' && attestors.length === 0)
    return 'REQUIRE_ATTESTATION needs an attestor: add projects/PROJECT/attestors/ATTESTOR'
  if (mode !== 'REQUIRE_ATTESTATION' && attestors.length > 0) {
    return `${mode} asks no attestor: remove them, or write evaluationMode: REQUIRE_ATTESTATION`
  }
  return undefined
}
