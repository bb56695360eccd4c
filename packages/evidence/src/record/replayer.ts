import { RECEIPT_VERSION, type DecisionReceipt, type ReceiptAttestor } from '@countersign/core/admission/receipt.ts'
import type { Attestor, AttestorPublicKey } from '@countersign/core/attestation/attestor.ts'
import { type Replay, replayReceipt } from '@countersign/core/audit/replay.ts'
import { isJsonObject } from '@countersign/core/json-object.ts'
import { type AttestorName, parseAttestorName, parseNoteName } from '@countersign/core/name/resource-name.ts'
import { type CompiledPolicy, compilePolicy } from '@countersign/core/policy/compile.ts'
import { DEFAULT_POLICY } from '@countersign/core/policy/default-policy.ts'
import { parsePolicy } from '@countersign/core/policy/parse.ts'
import { digestInput, digestReceipt, type SealedReceipt } from './receipt.ts'

/** A line of a bundle that names an input: a version that the store kept, as JSON. Nothing about it is trusted. */
export type BundledInput =
  | { readonly policy: unknown; readonly project: string; readonly etag: string }
  | { readonly systemPolicy: unknown; readonly etag: string }
  | { readonly attestor: unknown; readonly etag: string }

/** What came of a sealed receipt. */
export type Replayed =
  | Exclude<Replay, { readonly outcome: 'INPUTS_DIFFER' }>
  /** The receipt or an input is not what its digest names: somebody changed it. */
  | { readonly outcome: 'ALTERED'; readonly detail: string }
  /** An input is not there, or the receipt is of a version that this program does not read. */
  | { readonly outcome: 'MISSING'; readonly detail: string }

/** Decides sealed receipts again from the inputs that it was given before (docs/spec/receipt.md, "Bundles"). */
export interface Replayer {
  /** Takes an input. A later one of the same name stands in its place. False where it cannot be read. */
  learn(input: BundledInput): boolean
  replay(sealed: SealedReceipt): Replayed
}

/** Makes a replayer that knows the default policy and nothing else. */
export function makeReplayer(): Replayer {
  const policies = new Map<string, CompiledPolicy>()
  const attestors = new Map<string, Attestor>()
  const learnPolicy = (key: string, tree: unknown, etag: string): boolean => {
    const parsed = parsePolicy(tree)
    if (parsed.ok) policies.set(key, compilePolicy(parsed.value, etag))
    return parsed.ok
  }
  const policyOf = (receipt: DecisionReceipt): CompiledPolicy | undefined =>
    receipt.policy.etag === '' ? compilePolicy(DEFAULT_POLICY, '') : policies.get(`${receipt.request.project} ${receipt.policy.etag}`)
  return {
    learn: (input) => {
      if ('policy' in input) return learnPolicy(`${input.project} ${input.etag}`, input.policy, input.etag)
      if ('systemPolicy' in input) return learnPolicy(`system ${input.etag}`, input.systemPolicy, input.etag)
      const attestor = parseBundledAttestor(input.attestor)
      if (attestor !== undefined) attestors.set(`${attestor.uid} ${input.etag}`, attestor)
      return attestor !== undefined
    },
    replay: translating((sealed) => {
      const opened = openReceipt(sealed)
      if (!opened.ok) return opened.replayed
      const { receipt } = opened
      const policy = policyOf(receipt)
      if (policy === undefined) return missing(`policy version ${receipt.policy.etag} of project "${receipt.request.project}"`)
      if (receipt.policy.digest !== undefined && digestInput('policy', policy.policy) !== receipt.policy.digest)
        return { outcome: 'ALTERED', detail: `Policy version ${policy.etag} is not the text that the receipt names` }
      const system = receipt.systemPolicy && policies.get(`system ${receipt.systemPolicy.etag}`)
      if (receipt.systemPolicy !== undefined && system === undefined) return missing(`system policy ${receipt.systemPolicy.etag}`)
      const kept = findAttestors(receipt, attestors)
      if (typeof kept === 'string') return missing(kept)
      const replay = replayReceipt(receipt, { policy, ...(system === undefined ? {} : { systemPolicy: system }), attestors: kept })
      return replay.outcome === 'INPUTS_DIFFER' ? { outcome: 'ALTERED', detail: 'An attestor is not the one that the receipt names' } : replay
    }),
  }
}

/** A receipt whose members are not what its version says: a gate that was taken over may have shipped it, to keep others from being replayed. */
function translating(replay: Replayer['replay']): Replayer['replay'] {
  return (sealed) => {
    try {
      return replay(sealed)
    } catch {
      return { outcome: 'ALTERED', detail: 'The receipt has not the form of its version: no gate of ours wrote it' }
    }
  }
}

/** A receipt, or why there is none. The receipt stands apart: whoever sealed it chose its members. */
export type OpenedReceipt =
  | { readonly ok: true; readonly receipt: DecisionReceipt }
  | { readonly ok: false; readonly replayed: Extract<Replayed, { readonly outcome: 'ALTERED' | 'MISSING' }> }

/** Reads a sealed receipt that is the one its digest names, in the one version that this program knows. */
export function openReceipt({ canonical, digest }: SealedReceipt): OpenedReceipt {
  if (digestReceipt(canonical) !== digest)
    return { ok: false, replayed: { outcome: 'ALTERED', detail: 'The receipt does not have the digest that names it' } }
  const receipt: unknown = JSON.parse(canonical)
  if (isJsonObject(receipt) && receipt['version'] === RECEIPT_VERSION) return { ok: true, receipt: receipt as unknown as DecisionReceipt }
  return { ok: false, replayed: missing(`a program that reads this version of receipts: this one reads ${RECEIPT_VERSION}`) }
}

function missing(what: string): { readonly outcome: 'MISSING'; readonly detail: string } {
  return { outcome: 'MISSING', detail: `Missing: ${what}` }
}

type Present = Extract<ReceiptAttestor, { readonly state: 'PRESENT' }>

function findAttestors({ attestors }: DecisionReceipt, known: ReadonlyMap<string, Attestor>): Readonly<Record<AttestorName, Attestor>> | string {
  const found: Record<AttestorName, Attestor> = {}
  const present = Object.entries(attestors).filter((entry): entry is [AttestorName, Present] => entry[1].state === 'PRESENT')
  for (const [name, { uid, etag }] of present) {
    const attestor = known.get(`${uid} ${etag}`)
    if (attestor === undefined) return `version ${etag} of attestor ${name}`
    found[name] = attestor
  }
  return found
}

function parseBundledAttestor(tree: unknown): Attestor | undefined {
  const { name, uid, note, noteUid, publicKeys }: Readonly<Record<string, unknown>> = isJsonObject(tree) ? tree : {}
  const [parsedName, parsedNote] = [parseAttestorName(String(name)), parseNoteName(String(note))]
  if (!parsedName.ok || !parsedNote.ok || typeof uid !== 'string' || typeof noteUid !== 'string' || !Array.isArray(publicKeys)) return undefined
  const keys = publicKeys.filter((key: unknown): key is AttestorPublicKey => isJsonObject(key) && typeof key['id'] === 'string')
  return keys.length === publicKeys.length ? { name: parsedName.value, uid, note: parsedNote.value, noteUid, publicKeys: keys } : undefined
}
