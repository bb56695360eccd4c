import { setTimeout as sleep } from 'node:timers/promises'
import type { Attestor } from '@countersign/core/attestation/attestor.ts'
import { SYSTEM_POLICY } from '@countersign/core/policy/system-policy.ts'
import { checkAttestation } from '@countersign/evidence/attestation/check-attestation.ts'
import { type LoadedKeys, loadKeys } from '@countersign/evidence/attestation/loaded-keys.ts'
import { importPublicKey } from '@countersign/evidence/key/import-key.ts'
import type { Store } from '@countersign/adapters/store/store.ts'
import { makeTokens, type Tokens } from '@countersign/service/access/tokens.ts'
import { type Audit, makeAudit } from '@countersign/service/audit/audit.ts'
import { makeReceipts, type Receipts } from '@countersign/service/audit/receipts.ts'
import type { LogHead } from '@countersign/service/audit/seal-log.ts'
import { makeSealedLog, type SealedLog } from '@countersign/service/audit/sealed-log.ts'
import { type BreakGlass, makeBreakGlass } from '@countersign/service/break-glass/break-glass.ts'
import type { Surroundings } from '@countersign/service/changes/change.ts'
import type { PageTokens } from '@countersign/service/changes/page-token.ts'
import { type Gates, makeGates } from '@countersign/service/gates/gates.ts'
import { type AwaitEvidence, makeAwaitEvidence } from '@countersign/service/metadata/await-evidence.ts'
import { makeMetadataLists } from '@countersign/service/metadata/lists.ts'
import { makeNotes } from '@countersign/service/metadata/notes.ts'
import { makeOccurrences } from '@countersign/service/metadata/occurrences.ts'
import { makeSummary } from '@countersign/service/metadata/summary.ts'
import { type Attestors, makeAttestors } from '@countersign/service/policy/attestors.ts'
import { type Exemptions, makeExemptions } from '@countersign/service/policy/exemptions.ts'
import { makePolicies, type Policies } from '@countersign/service/policy/policies.ts'
import { type Clusters, makeClusters } from '@countersign/service/registration/clusters.ts'
import { makeProjects, type Projects } from '@countersign/service/registration/projects.ts'
import { type Evaluation, evaluatePolicy, type EvaluationRequest } from '@countersign/service/validation/evaluate-policy.ts'
import type { AttestationChecker } from '@countersign/service/validation/ports.ts'
import { validateAttestationOccurrence, type ValidationRequest, type ValidationResult } from '@countersign/service/validation/validate-attestation.ts'
import type { Caller } from '@countersign/service/access/caller.ts'
import type { Metadata } from '../api/metadata.ts'

/** A flood of bogus attestations under one note for one digest ends here (DESIGN §8). */
const MAX_PER_DIGEST = { count: 1000, bytes: 4 * 1024 * 1024 }
const MAX_LOADED_ATTESTORS = 1000
/** As many vulnerabilities as one summary may count. */
const MAX_SUMMARIZED = 50_000

/** Every flow, over one store. */
export interface Flows {
  readonly tokens: Tokens
  readonly projects: Projects
  readonly clusters: Clusters
  readonly policies: Policies
  readonly attestors: Attestors
  readonly exemptions: Exemptions
  readonly breakGlass: BreakGlass
  readonly metadata: Metadata
  readonly awaitEvidence: AwaitEvidence
  readonly audit: Audit
  readonly receipts: Receipts
  readonly sealedLog: SealedLog
  readonly gates: Gates
  readonly validate: (caller: Caller, request: ValidationRequest) => Promise<ValidationResult>
  readonly evaluate: (caller: Caller, request: EvaluationRequest) => Promise<readonly Evaluation[]>
}

export interface FlowParts {
  readonly store: Store
  readonly surroundings: Surroundings
  readonly pageTokens: PageTokens
  /** The newest checkpoint of the audit log. */
  readonly logHead: () => LogHead | undefined
}

/** Hands each flow the ports that it asks for. */
export function makeFlows({ store, surroundings, pageTokens, logHead }: FlowParts): Flows {
  const { changes, feed } = store
  const writing = { changes, surroundings }
  const checker = makeChecker()
  const validation = { changes, surroundings, checkAttestation: checker }
  return {
    tokens: makeTokens(writing),
    projects: makeProjects({ ...writing, pageTokens }),
    clusters: makeClusters({ ...writing, pageTokens }),
    policies: makePolicies({ ...writing, systemPolicy: SYSTEM_POLICY }),
    attestors: makeAttestors({ ...writing, pageTokens, importKey: (key) => importPublicKey(key, { now: surroundings.now() }) }),
    exemptions: makeExemptions({ ...writing, pageTokens }),
    breakGlass: makeBreakGlass({ ...writing, pageTokens }),
    metadata: {
      notes: makeNotes(writing),
      occurrences: makeOccurrences({ ...writing, maxPerDigest: MAX_PER_DIGEST }),
      lists: makeMetadataLists({ changes, pageTokens }),
      summarize: makeSummary({ changes, maxOccurrences: MAX_SUMMARIZED }),
    },
    awaitEvidence: makeAwaitEvidence({ feed, now: surroundings.now, sleep: (ms) => sleep(ms, undefined, { ref: false }) }),
    audit: makeAudit({ changes, pageTokens }),
    receipts: makeReceipts({ changes, pageTokens, systemPolicy: SYSTEM_POLICY }),
    sealedLog: makeSealedLog({ changes, pageTokens, head: logHead }),
    gates: makeGates({ ...writing, decisions: store }),
    validate: (caller, request) => validateAttestationOccurrence(validation, caller, request),
    evaluate: (caller, request) => evaluatePolicy({ ...validation, feed, systemPolicy: SYSTEM_POLICY }, caller, request),
  }
}

/** Checks with keys that are parsed once for each version of an attestor: the object is that version's. */
function makeChecker(): AttestationChecker {
  const loaded = new Map<string, Promise<LoadedKeys>>()
  const keysOf = (attestor: Attestor): Promise<LoadedKeys> => {
    const version = `${attestor.uid} ${JSON.stringify(attestor.publicKeys)}`
    const found = loaded.get(version)
    if (found !== undefined) return found
    if (loaded.size >= MAX_LOADED_ATTESTORS) loaded.clear()
    const keys = loadKeys(attestor.publicKeys)
    loaded.set(version, keys)
    return keys
  }
  return async (attestation, attestor, digest) => checkAttestation(attestation, await keysOf(attestor), digest === undefined ? {} : { digest })
}
