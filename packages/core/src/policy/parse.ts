import { isJsonObject } from '../json-object.ts'
import type { Issue, Parsed } from '../parsed.ts'
import { describe, readFields, readList, readText } from '../reading/fields.ts'
import { IssueList } from '../reading/issue-list.ts'
import { lintPolicy } from './lint.ts'
import { readGlobalMode, readRule } from './parse-rule.ts'
import { parsePattern } from './pattern.ts'
import type { AdmissionRule, AdmissionWhitelistPattern, Policy } from './policy.ts'
import { RULE_MAPS } from './rule-maps.ts'
import type { RuleMap, RuleMapField } from './rule-maps.ts'

/** A policy message: the policy, and the members that only the service writes but a written file may carry (§1.8). */
export interface PolicyEnvelope {
  readonly policy: Policy
  readonly name?: string
  /** Absent or empty: write without condition (AIP-154). */
  readonly etag?: string
  readonly updateTime?: string
}

/** Bounds of a policy: generous for people, finite for memory and for the time of a validation. */
const MAX_PATTERNS = 100_000
const MAX_RULES_PER_MAP = 10_000
const MAX_DESCRIPTION_LENGTH = 4_096
const MAX_ETAG_LENGTH = 128
const MAX_NAME_LENGTH = 256

const FIELDS = [
  'name',
  'description',
  'globalPolicyEvaluationMode',
  'admissionWhitelistPatterns',
  'clusterAdmissionRules',
  'kubernetesNamespaceAdmissionRules',
  'kubernetesServiceAccountAdmissionRules',
  'istioServiceIdentityAdmissionRules',
  'defaultAdmissionRule',
  'updateTime',
  'etag',
] as const
type PolicyFields = { readonly [field in (typeof FIELDS)[number]]?: unknown }
type Rules = Record<string, AdmissionRule>

/**
 * Parses a policy from a tree of plain values (proto3 JSON, or YAML of the same shape) by binary-authorization.md §1.1 to
 * §1.5 and §1.9, and gives every issue at once. `notes` hold what `lintPolicy` has to say. Bounds: 100,000 patterns, 10,000
 * rules, 200 attestors a rule, 100 issues. Never throws.
 */
export function parsePolicy(tree: unknown): Parsed<Policy> {
  const parsed = parsePolicyEnvelope(tree)
  return parsed.ok ? { ...parsed, value: parsed.value.policy } : parsed
}

/** Parses a policy together with its name, etag and update time. */
export function parsePolicyEnvelope(tree: unknown): Parsed<PolicyEnvelope> {
  const issues = new IssueList()
  const fields: PolicyFields = readFields(tree, FIELDS, [], issues) ?? {}
  const policy = isJsonObject(tree) ? readPolicy(fields, issues) : undefined
  const written = readWritten(fields, issues)
  if (policy === undefined || issues.all.length > 0) return { ok: false, issues: issues.all }
  const notes = lintPolicy(policy)
  return { ok: true, value: { policy, ...written }, ...(notes.length === 0 ? {} : { notes }) }
}

function readPolicy(fields: PolicyFields, issues: IssueList): Policy | undefined {
  const description = readText(fields.description, MAX_DESCRIPTION_LENGTH, ['description'], issues)
  const globalPolicyEvaluationMode = readGlobalMode(fields.globalPolicyEvaluationMode, ['globalPolicyEvaluationMode'], issues)
  const admissionWhitelistPatterns = readPatterns(fields.admissionWhitelistPatterns, issues)
  const rules = readRuleMaps(fields, issues)
  const defaultAdmissionRule = readDefaultRule(fields.defaultAdmissionRule, issues)
  if (defaultAdmissionRule === undefined) return undefined
  return {
    ...(description === undefined || description === '' ? {} : { description }),
    globalPolicyEvaluationMode,
    admissionWhitelistPatterns,
    ...rules,
    defaultAdmissionRule,
  }
}

function readWritten(fields: PolicyFields, issues: IssueList): Omit<PolicyEnvelope, 'policy'> {
  const name = readText(fields.name, MAX_NAME_LENGTH, ['name'], issues)
  const etag = readText(fields.etag, MAX_ETAG_LENGTH, ['etag'], issues)
  const { updateTime } = fields
  return {
    ...(name === undefined ? {} : { name }),
    ...(etag === undefined ? {} : { etag }),
    // Some YAML readers make a date of it: it is ignored all the same.
    ...(typeof updateTime === 'string' ? { updateTime } : {}),
  }
}

function readDefaultRule(tree: unknown, issues: IssueList): AdmissionRule | undefined {
  if (tree !== undefined) return readRule(tree, ['defaultAdmissionRule'], issues)
  issues.add(['defaultAdmissionRule'], 'Field is required: write a rule with evaluationMode and enforcementMode')
  return undefined
}

function readPatterns(value: unknown, issues: IssueList): readonly AdmissionWhitelistPattern[] {
  const patterns: AdmissionWhitelistPattern[] = []
  for (const [index, item] of readList(value, MAX_PATTERNS, ['admissionWhitelistPatterns'], issues).entries()) {
    if (issues.isFull) break
    const pattern = readPattern(item, ['admissionWhitelistPatterns', index], issues)
    if (pattern !== undefined) patterns.push(pattern)
  }
  return patterns
}

function readPattern(item: unknown, path: Issue['path'], issues: IssueList): AdmissionWhitelistPattern | undefined {
  if (typeof item === 'string') issues.add(path, `Expected an object with namePattern, found ${describe(item)}: write namePattern before it`)
  const namePattern = typeof item === 'string' ? undefined : readFields(item, ['namePattern'], path, issues)?.namePattern
  if (typeof namePattern === 'string') {
    const parsed = parsePattern(namePattern)
    if (parsed.ok) return { namePattern }
    for (const { message } of parsed.issues) issues.add([...path, 'namePattern'], message)
  } else if (isJsonObject(item))
    issues.add([...path, 'namePattern'], `Expected a pattern such as registry.example/team/*, found ${describe(namePattern)}`)
  return undefined
}

function readRuleMaps(fields: PolicyFields, issues: IssueList): Readonly<Record<RuleMapField, Rules>> {
  const used = RULE_MAPS.filter(({ field }) => isJsonObject(fields[field]) && Object.keys(fields[field]).length > 0)
  for (const { field } of used.slice(1)) {
    issues.add([field], `A policy holds specific rules of one kind only, and this one has ${used[0]?.field}: remove one of the two`)
  }
  return {
    clusterAdmissionRules: readRules(fields, 'clusterAdmissionRules', issues),
    kubernetesNamespaceAdmissionRules: readRules(fields, 'kubernetesNamespaceAdmissionRules', issues),
    kubernetesServiceAccountAdmissionRules: readRules(fields, 'kubernetesServiceAccountAdmissionRules', issues),
    istioServiceIdentityAdmissionRules: readRules(fields, 'istioServiceIdentityAdmissionRules', issues),
  }
}

function readRules(fields: PolicyFields, field: RuleMapField, issues: IssueList): Rules {
  const tree = fields[field]
  const map = RULE_MAPS.find((candidate) => candidate.field === field)
  if (tree === undefined || map === undefined) return {}
  if (!isJsonObject(tree)) {
    issues.add([field], `Expected an object of rules by key, found ${describe(tree)}`)
    return {}
  }
  return readEntries(tree, map, issues)
}

function readEntries(tree: Readonly<Record<string, unknown>>, map: RuleMap, issues: IssueList): Rules {
  const keys = Object.keys(tree)
  if (keys.length > MAX_RULES_PER_MAP) {
    issues.add([map.field], `Expected at most ${MAX_RULES_PER_MAP} rules, found ${keys.length}`)
    return {}
  }
  const rules = new Map<string, AdmissionRule>()
  const seen = new Map<string, string>()
  for (const written of keys) {
    if (issues.isFull) break
    const path = [map.field, written]
    const key = readKey(written, { map, seen }, issues)
    const rule = readRule(tree[written], path, issues)
    if (key !== undefined && rule !== undefined) rules.set(key, rule)
  }
  return Object.fromEntries(rules)
}

function readKey(
  written: string,
  { map, seen }: { readonly map: RuleMap; readonly seen: Map<string, string> },
  issues: IssueList,
): string | undefined {
  const parsed = map.parseKey(written)
  if (!parsed.ok) {
    for (const { message } of parsed.issues) issues.add([map.field, written], message)
    return undefined
  }
  const earlier = seen.get(parsed.value)
  if (earlier !== undefined) issues.add([map.field, written], `Key means the same as ${JSON.stringify(earlier)}: remove one of the two`)
  seen.set(parsed.value, written)
  return parsed.value
}
